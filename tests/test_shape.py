# SPDX-License-Identifier: Apache-2.0
"""Budgets of form: sizes of functions and modules, claims of tests, and the error tree as drawn."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import sluicegate
from sluicegate import errors

SOURCE = Path(sluicegate.__file__).parent
TESTS = Path(__file__).parent
LONGEST_FUNCTION = 60
LONGEST_MODULE = 450
ALONE = {"verify.py": 975}  # the verifier is handed over as one file, and so may be longer
HEAD = "# SPDX-License-Identifier: Apache-2.0"


@cache
def trees() -> dict[Path, ast.Module]:
    """Every Python file of the package and of its tests."""
    files = [*SOURCE.rglob("*.py"), *TESTS.rglob("*.py")]
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(files)}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a tree, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_functions_are_short() -> None:
    """No function of the package or of its tests is longer than sixty lines."""
    long = [
        f"{path.name}: {one.name} has {length} lines"
        for path, tree in trees().items()
        for one in functions(tree)
        if (length := (one.end_lineno or 0) - one.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []


def test_modules_are_short() -> None:
    """No module is longer than four hundred and fifty lines, but for the one that ships alone."""
    sizes = {path.name: len(path.read_text("utf-8").splitlines()) for path in trees()}
    assert {name: size for name, size in sizes.items() if size > ALONE.get(name, LONGEST_MODULE)} == {}


def test_every_file_names_its_license_first() -> None:
    """The first line of every file that holds anything names the license."""
    heads = {path: path.read_text("utf-8").split("\n", 1)[0] for path, tree in trees().items() if tree.body}
    assert [path.name for path, head in heads.items() if head != HEAD] == []


def test_every_module_says_what_it_is() -> None:
    """Every module of the package that holds anything begins with a docstring."""
    package = {path: tree for path, tree in trees().items() if SOURCE in path.parents}
    assert [p.name for p, tree in package.items() if tree.body and not ast.get_docstring(tree)] == []


def test_every_test_states_its_claim() -> None:
    """Every test has a docstring of one sentence or more, closed by a full stop."""
    silent = [
        f"{path.name}: {one.name}"
        for path, tree in trees().items()
        if TESTS in path.parents and path.name.startswith("test_")
        for one in functions(tree)
        if one.name.startswith("test_") and not (ast.get_docstring(one) or "").rstrip().endswith(".")
    ]
    assert silent == []


def test_no_test_uses_a_mock_or_sleeps() -> None:
    """No file imports unittest.mock, and no test calls sleep."""
    wrong = [
        path.name
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(a.name.startswith("unittest") for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest"))
        or (path.name.startswith("test_") and isinstance(node, ast.Attribute) and node.attr == "sleep")
    ]
    assert wrong == []


def drawn() -> dict[str, str]:
    """Class to parent as the drawing at the head of errors.py has it."""
    assert errors.__doc__
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in errors.__doc__.splitlines():
        found = re.match(r"    ((?:\|   |    )*)(\+-- )?([A-Z]\w+)\b", line)
        if not found:
            continue
        depth = len(found[1]) // 4 + 1 if found[2] else 0
        above[depth:] = [found[3]]
        parents[found[3]] = above[depth - 1] if depth else "Exception"
    return parents


def test_the_error_tree_is_as_drawn() -> None:
    """The drawing at the head of errors.py and the classes below it are the same tree."""
    built = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert drawn() == built


@pytest.mark.parametrize("name", sorted(drawn()))
def test_every_error_has_a_sentence_of_its_own(name: str) -> None:
    """Raised with nothing said, an error still says one sentence to a person."""
    kind = getattr(errors, name)
    assert len(str(kind()).split()) >= 2
