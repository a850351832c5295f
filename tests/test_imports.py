# SPDX-License-Identifier: Apache-2.0
"""Which way imports point, read from the sources: docs/design, Layout, as a table with reasons."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import sluicegate

SOURCE = Path(sluicegate.__file__).parent

WORDS = {"terms", "errors", "facts"}
ALLOWED: dict[str, set[str]] = {
    # value types: import nothing of ours
    "terms": set(),
    "errors": set(),
    "facts": set(),
    "settings": {"errors"},
    "httpd": {"errors"},
    # pure formats and deciders
    "itl": {"errors"},
    "ebts": {"itl", *WORDS},
    "policy": WORDS - {"facts"},
    "ledger": WORDS,
    # images and fingers: a picture taken out of a transaction is an itl.model.Image
    "raster": {"errors", "itl.model"},
    "ridge": {"errors", "itl.model", "raster"},
    # pieces of a gallery in processes or actors of their own
    "shards": {"errors", "ridge"},
    # the store keeps cases, facts, programs and references, and so knows the values of each, and no stage
    "store": {
        *WORDS,
        "exchange.case",
        "ledger",
        "policy",  # the registry keeps the rows of programs and shows what a change would do
        "ridge.gallery",
        "ridge.parameters",
        "ridge.template",
        "statistics.figures",
    },
    # figures and releases: values in, files' bytes out
    "statistics": {"errors", "ledger"},
    "releases": {"errors", "ledger"},
    # the story: its desks gather from the store, its stages only decide
    # the record of a booking is written as a document that can be released
    "exchange": {*WORDS, "itl", "ebts", "raster", "ridge", "policy", "ledger", "releases", "store"},
    # the edges: bytes in, bytes out; neither knows of policy or of the ledger
    "intake": {*WORDS, "httpd", "itl", "ebts", "exchange", "store"},
    "delivery": {*WORDS, "exchange", "store"},
    # a witness runs at somebody else's: it knows the formats of the ledger and nothing of an exchange
    "witness": {*WORDS, "httpd", "ledger"},
    # a signing process holds a key and knows the formats of the ledger
    "signing": {"errors", "ledger"},
    # an audit reads what others wrote and decides again what they decided; it writes nothing
    "audit": {
        "errors",
        "facts",
        "terms",
        "ledger",
        "policy",
        "statistics",
        "releases",
        "exchange.replay",
        "store",
    },
    # where everything meets
    "web": {"*"},
    "app": {"*"},
    "engines": {"raster", "ridge", "settings"},
    "cli": {"*"},
    "testing": {"*"},
}

PUBLIC_PAGES = {
    *WORDS,
    "audit",
    "ledger",
    "policy",
    "releases",
    "statistics",
    "store.publish",
    "store.registry",
    "web.assets",
    "web.catalog",
    "web.frame",
    "web.pages",
    "web.public",
    "web.source",
}
"""What the site's public pages may import: public files and the rules, never a story, a case or a desk."""

PURE = (
    "terms",
    "errors",
    "facts",
    "itl",
    "ebts",
    "policy",
    "ridge",
    "ledger",
    "exchange/stages",
    "statistics",
    "releases",
)
IMPURE_MODULES = {
    "asyncio", "http", "logging", "multiprocessing", "os", "random", "secrets", "shutil", "signal", "socket",
    "sqlite3", "sqlalchemy", "subprocess", "tempfile", "time", "urllib",
}  # fmt: skip
EXCEPTIONS = {
    "ledger/keys.py": {"os"},  # the one part of the ledger that touches files
    "ridge/gallery_disk.py": {"os"},  # the one part of ridge that touches files
}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its path inside it."""
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


def top(path: str) -> str:
    """The package or top module that a file belongs to."""
    return path.split("/")[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names that a tree imports; what is taken from a package counts as a module of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole way"
            assert node.module
            is_package = (SOURCE.parent / node.module.replace(".", "/")).is_dir()
            yield from (f"{node.module}.{alias.name}" if is_package else node.module for alias in node.names)


def ours(tree: ast.AST) -> set[str]:
    """Modules of this package that a tree imports, without the package's name."""
    names = (name.removeprefix("sluicegate.") for name in imported(tree) if name.startswith("sluicegate."))
    return {name for name in names if name != "__version__"}


def may(package: str, target: str) -> bool:
    """Whether the table lets a package import a module."""
    allowed = ALLOWED[package]
    return "*" in allowed or target.split(".")[0] in {package, *allowed} or target in allowed


def test_the_table_names_every_package() -> None:
    """Every top module and package of the source has a row in the table of imports, and no row is stale."""
    assert {top(path) for path in modules() if path != "__init__.py"} == set(ALLOWED)


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_up_the_table_only(package: str) -> None:
    """No module imports a package that the table of the design does not let it import."""
    wrong = [
        f"{path} imports {target}"
        for path, tree in modules().items()
        if top(path) == package
        for target in sorted(ours(tree))
        if not may(package, target)
    ]
    assert wrong == []


def test_pure_packages_have_no_way_to_files_sockets_clock_or_chance() -> None:
    """What decides or reads formats imports nothing that touches files, sockets, clocks, chance or logs."""
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules().items()
        if path.startswith(PURE)
        for name in sorted({name.split(".")[0] for name in imported(tree)})
        if name in IMPURE_MODULES - EXCEPTIONS.get(path, set())
    ]
    assert wrong == []


def test_public_pages_cannot_reach_what_is_not_public() -> None:
    """No page that everybody may see imports a store of cases, a desk, an exchange or an operator's page."""
    wrong = [
        f"{path} imports {target}"
        for path, tree in modules().items()
        if path.startswith(("web/public/", "web/source", "web/frame"))
        for target in sorted(ours(tree))
        if target not in PUBLIC_PAGES
        and not any(target.startswith(f"{one}.") for one in PUBLIC_PAGES if one not in {"web", "store"})
    ]
    assert wrong == []


def test_no_import_of_ours_hides_inside_a_function() -> None:
    """Every import of our own stands at the head of its module: a hidden one hides a cycle."""
    hidden = [
        f"{path}: {function.name}"
        for path, tree in modules().items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and ours(function)
    ]
    assert hidden == []


def test_package_files_are_empty() -> None:
    """No package's own file holds code, so importing one module never imports its neighbors."""
    assert [p for p, tree in modules().items() if p.endswith("__init__.py") and tree.body] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    """The modules can be put in an order in which each imports only what came before it."""
    names = {path.removesuffix(".py").replace("/", "."): ours(tree) for path, tree in modules().items()}
    left = {name: {t for t in targets if t in names and t != name} for name, targets in names.items()}
    while ready := [name for name, targets in left.items() if not targets & set(left)]:
        for name in ready:
            del left[name]
    assert sorted(left) == []


def test_the_verifier_that_ships_alone_imports_nothing_of_ours() -> None:
    """An auditor can take the one file of the verifier away and run it without this project."""
    assert ours(modules()["ledger/verify.py"]) == set()
