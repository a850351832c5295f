# SPDX-License-Identifier: Apache-2.0
"""Every path out of an exchange, found in the code itself: what the leak census must list, and nothing else.

Run by itself it prints the rows that `census.csv` lacks, for a person to judge, and those that are stale.
With `--page` it writes the tables of docs/reference/leak-census.md anew.
"""

from __future__ import annotations

import ast
import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path

import click
from starlette.applications import Starlette

import sluicegate as package
from sluicegate.exchange.case import MessageKind, State
from sluicegate.facts import FactKind
from sluicegate.ledger.statement import StatementKind
from sluicegate.settings import Settings

SOURCE = Path(package.__file__).parent
ROOT = Path(__file__).resolve().parents[2]
CENSUS = Path(__file__).with_name("census.csv")
UNJUDGED = "?"
LEVELS = ("debug", "info", "warning", "error", "critical", "exception")
SENDERS = ("intake", "exchange", "delivery", "itl", "ebts", "raster", "ridge")
PROOFS = ("ledger/proof.py", "ledger/checkpoint.py", "ledger/note.py", "ledger/holding.py")
ERRORS = {
    "InputRefused", "ImageRefused", "TemplateError", "WorkerLost", "Trouble", "VerifyError", "Missing",
    "Conflict", "DeliveryError", "StoreError", "LedgerError",
}  # fmt: skip
WORKERS = {
    "Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "to_thread", "run_in_threadpool", "Popen",
    "Process", "fork", "BackgroundTask", "create_task", "run",
}  # fmt: skip
WRITERS = {
    "write_bytes", "write_text", "write_durably", "write_new", "mkdir", "makedirs", "rename", "symlink_to",
    "copy", "copyfile", "copytree", "move", "savefig", "save", "memmap", "touch", "link",
}  # fmt: skip
SPEAKS = {
    "socket.socket", "socket.create_server", "socket.create_connection", "socket.socketpair", "smtplib.SMTP",
    "SMTP", "uvicorn.Config", "bound", "Controller", "SocketController", "urlopen", "open_connection",
}  # fmt: skip
_READS = re.compile(r"\s*(?:--[^\n]*\n\s*)*(SELECT|WITH|PRAGMA)\b", re.IGNORECASE)
_QUERY_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)

Path_ = tuple[str, str]
"""Kind and id of one path, such as ("route", "intake/web.py GET /v1/health")."""


@dataclass(frozen=True, slots=True)
class Row:
    """One path as a person judged it: what it carries, who can get that, what guards it, what runs it."""

    kind: str
    id: str
    carries: str
    who: str
    gate: str
    test: str


# -- reading the sources ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """A call in the sources: its module, the function that it stands in, and that function's tree."""

    module: str
    where: str
    call: ast.Call
    scope: ast.AST

    @property
    def name(self) -> str:
        """The last part of what is called."""
        return called(self.call)


def called(call: ast.Call) -> str:
    """`c` for a call of `a.b.c(...)`."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the package, by its path inside it."""
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


def sites(trees: Mapping[str, ast.Module]) -> Iterator[Site]:
    """Every call of every module."""
    for module, tree in trees.items():
        yield from _sites_of(module, tree)


@cache
def _sites_of(module: str, tree: ast.Module) -> tuple[Site, ...]:
    return tuple(_calls(module, tree, "", tree))


def _calls(module: str, node: ast.AST, where: str, scope: ast.AST) -> Iterator[Site]:
    for child in ast.iter_child_nodes(node):
        inner, place = scope, where
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            place = f"{where}.{child.name}".lstrip(".")
            inner = child if not isinstance(child, ast.ClassDef) else scope
        if isinstance(child, ast.Call):
            yield Site(module, place or "module", child, scope)
        yield from _calls(module, child, place, inner)


def texts(node: ast.AST | None, scope: ast.AST) -> list[str]:
    """What an expression may say, values as {their source}: a name is followed to where it is assigned."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(_piece(one) for one in node.values)]
    if isinstance(node, ast.IfExp):
        return [*texts(node.body, scope), *texts(node.orelse, scope)]
    if isinstance(node, ast.Tuple | ast.List):
        return [said for one in node.elts for said in texts(one, scope)]
    if isinstance(node, ast.Name):
        given = [
            said
            for one in ast.walk(scope)
            if isinstance(one, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == node.id for t in one.targets)
            for said in texts(one.value, ast.Module([], []))
        ]
        return given or [f"{{{node.id}}}"]
    return [f"{{{ast.unparse(node)}}}"] if node is not None else []


def strings(node: ast.AST) -> Iterator[str]:
    """Every text that stands in a tree, but for docstrings; of one with values in it, the whole."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant | ast.JoinedStr):
            yield from texts(child, node)
        elif not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from strings(child)


def _piece(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return f"{{{ast.unparse(node.value)}}}" if isinstance(node, ast.FormattedValue) else ""


# -- one enumeration for each kind of path ---------------------------------------------------------------


def routes(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every address that some Starlette application serves, wherever in the package it is made.

    The site makes routes from tables; it is opened and asked instead (`census_site`).
    """
    for site in sites({name: tree for name, tree in trees.items() if not name.startswith("web/")}):
        if site.name in ("Route", "Mount", "WebSocketRoute", "add_route", "Host"):
            methods = next((k.value for k in site.call.keywords if k.arg == "methods"), None)
            verbs = ",".join(texts(methods, site.scope)) or "ANY"
            for path in texts(site.call.args[0], site.scope):
                yield "route", f"{site.module} {verbs} {path}"


def served(app: Starlette, module: str) -> set[Path_]:
    """The addresses of an application as it was built (HEAD comes with GET, and is not named)."""
    return {
        (
            "route",
            f"{module} {','.join(sorted((getattr(r, 'methods', None) or {'ANY'}) - {'HEAD'}))} {r.path}",
        )  # type: ignore[attr-defined]
        for r in app.routes
    }


def commands(root: click.Command) -> Iterator[Path_]:
    """Every command with all its options and arguments."""
    if isinstance(root, click.Group):
        for name, one in root.commands.items():
            for kind, said in commands(one):
                yield kind, f"{name} {said}" if isinstance(one, click.Group) else said
        return
    given = sorted(
        {max(p.opts, key=len) if isinstance(p, click.Option) else p.human_readable_name for p in root.params}
    )
    yield "command", f"{root.name} [{' '.join(given)}]"


def words(carriers: Iterable[str]) -> Iterator[Path_]:
    """The closed sets: message kinds, carriers, facts, states, statements, settings."""
    closed: dict[str, Iterable[str]] = {
        "message": (one.value for one in MessageKind),
        "carrier": carriers,
        "fact": (one.value for one in FactKind),
        "state": (one.value for one in State),
        "statement": (one.value for one in StatementKind),
        "setting": Settings.model_fields,
    }
    for kind, names in closed.items():
        for name in names:
            yield kind, name


def log_lines(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every line that can come into a log."""
    for site in sites(trees):
        func = site.call.func
        if (
            isinstance(func, ast.Attribute)
            and func.attr in LEVELS
            and ast.unparse(func.value) in ("log", "logger", "logging")
        ):
            for said in texts(site.call.args[0] if site.call.args else None, site.scope):
                yield "log line", f"{site.module} {said}"


def alerts(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every sentence that an operator can be alerted with."""
    for site in sites(trees):
        given = [k.value for k in site.call.keywords if k.arg == "alerts" and site.name == "Step"]
        if isinstance(site.call.func, ast.Attribute) and site.name == "alert" and len(site.call.args) > 1:
            given.append(site.call.args[1])
        for node in given:
            for said in filter(None, texts(node, site.scope)):
                yield "alert", f"{site.module} {said}"


def refusals(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every sentence of an error that can reach a sender, the partner or the state."""
    for site in sites(trees):
        if site.name in ERRORS and (site.module.startswith(SENDERS) or site.module in PROOFS):
            place = 1 if site.name == "Trouble" else 0
            said = texts(site.call.args[place] if len(site.call.args) > place else None, site.scope)
            for one in said or ["(its own sentence)"]:
                yield "refusal", f"{site.module} {site.name}: {one}"


def defects(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every place that makes a defect, which an ERRT tells the sender about the sender's own bytes."""
    for site in sites(trees):
        if site.name == "Defect":
            yield "defect", f"{site.module} {site.where}"


def replies(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every reply line of the mail door, and every line of an ERRT that is written as it stands."""
    for module, tree in trees.items():
        if module.startswith(("intake", "exchange")):
            for said in strings(tree):
                if re.match(r"(?:[245]\d\d [245]\.\d\.\d|[AHL]0\d\d\d - )", said):
                    yield "reply", f"{module} {said}"


def jobs(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every thread, pool and child process."""
    for site in sites(trees):
        func = ast.unparse(site.call.func)
        if site.name in WORKERS and (site.name != "run" or func.startswith(("subprocess.", "asyncio."))):
            yield "job", f"{site.module} {site.where} {site.name}"


def writes(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every function that writes files."""
    for site in sites(trees):
        if (site.name in WRITERS or _opens_to_write(site)) and not _only_looks(site):
            yield "write", f"{site.module} {site.where}"


def _opens_to_write(site: Site) -> bool:
    given = [*site.call.args, *(k.value for k in site.call.keywords)]
    said = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if site.name in ("open", "fdopen"):
        flags = ast.unparse(site.call)
        return (
            any(re.fullmatch(r"[rwax+b]*[wax+][rwax+b]*", one) for one in said)
            or "O_WRONLY" in flags
            or "O_RDWR" in flags
        )
    # pathlib's replace takes a path, str's and dataclasses' take more than one argument or keywords
    return site.name == "replace" and len(site.call.args) == 1 and not site.call.keywords


def _only_looks(site: Site) -> bool:
    """Names that other libraries use for things that write no file: `dict.copy()`, `Image.copy()`."""
    return site.name in ("copy", "save", "move", "link") and not site.call.args


def sockets(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every function that listens to others or speaks to them."""
    for site in sites(trees):
        func = ast.unparse(site.call.func)
        if func in SPEAKS or (func.startswith("httpx.") and func != "httpx.DecodingError"):
            yield "socket", f"{site.module} {site.where}"


def databases(trees: Mapping[str, ast.Module]) -> Iterator[Path_]:
    """Every place that opens a database."""
    for site in sites(trees):
        func = ast.unparse(site.call.func)
        if site.name in ("open_database", "create_engine", "DBOS") or func == "sqlite3.connect":
            yield "database", f"{site.module} {site.where}"


def queries(trees: Mapping[str, ast.Module], folder: Path = SOURCE) -> Iterator[Path_]:
    """Every statement that reads a database: named ones, and those written out in a module."""
    for path in sorted(folder.rglob("*.sql")):
        blocks = _QUERY_NAME.split(path.read_text("utf-8"))
        for name, body in zip(blocks[1::2], blocks[2::2], strict=True):
            if _READS.match(body):
                yield "query", f"{path.relative_to(folder).as_posix()} {name}"
    for module, tree in trees.items():
        for said in strings(tree):
            if _READS.match(said) and re.search(r"\bFROM\b|^\s*PRAGMA \w", said):
                yield "query", f"{module} {' '.join(said.split())}"


_NAMES = (
    (r"(?<=statistics/)\d{4}-\d\d(?:-[0-9a-f]{16})?", "<month>"),
    (r"[0-9A-HJKMNP-TV-Z]{26}", "<case>"),
    (r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", "<digest>"),
    (r"(?<=/)[0-9a-f]{2}(?=/)", "<xx>"),
    (r"(?<=answers/)[A-Z]{2}[0-9A-Z]{7}(?=/)", "<ORI>"),
    (r"US-[A-Z]{2}(?:-\d{3})?", "<place>"),
    (r"\d{4}-\d\d-\d\d", "<day>"),
    (r"(?<=refused/)[a-z]+\.an2", "<name>"),
    (r"tile/(\d|entries)/(?:x?\d{3}/?)+(?:\.p/\d+)?", r"tile/\1/<N>"),
    (r"(?<=/)\d{6}(?=-)", "<number>"),
    (r"programs/[a-z-]+/", "programs/<program>/"),
    (r"(?<=/)(?:\d{3,}|[a-z]+)(?=\.(?:note|csv|json|toml)$)", "*"),
    (r"\.r\d+\.", ".r<n>."),
    (r"<case>\.IDR|<case>\.[A-Z]+", "<case>.<kind>"),
)
"""What stands for what in the names of files: one pattern for all files of one kind."""


def pattern(name: str) -> str:
    """The kind of file that a name is of: `answers/<ORI>/<number>-<case>.<kind>.an2`."""
    for found_, instead in _NAMES:
        name = re.sub(found_, instead, name)
    return name


def lying(home: Path) -> set[Path_]:
    """The kinds of files that lie in a home. The companions of a database in use count as it does."""
    names = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    return {("file", pattern(name)) for name in names if not name.endswith(("-wal", "-shm"))}


def found(trees: Mapping[str, ast.Module], root: click.Command, carriers: Iterable[str]) -> set[Path_]:
    """Every path of the code."""
    kinds = (routes, log_lines, alerts, refusals, defects, replies, jobs, writes, sockets, databases, queries)
    paths = {one for kind in kinds for one in kind(trees)}
    return paths | set(commands(root)) | set(words(carriers))


# -- the census ------------------------------------------------------------------------------------------


def listed(path: Path = CENSUS) -> list[Row]:
    """The rows of the census."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(*(one[field.name] for field in fields(Row))) for one in csv.DictReader(file)]


def compare(paths: set[Path_], rows: Iterable[Row]) -> tuple[list[Path_], list[Path_]]:
    """Paths that no row lists, and rows of no path."""
    known = {(row.kind, row.id) for row in rows}
    return sorted(paths - known), sorted(known - paths)


def main(words: list[str]) -> int:
    """Print what is missing and what is stale as rows of CSV; with --page write the page."""
    sys.path.insert(0, str(ROOT / "tests"))
    from census_home import everything  # a home is walked through, which only this needs
    from census_page import PAGE, page

    rows = listed()
    if "--page" in words:
        PAGE.write_text(page(PAGE.read_text("utf-8"), rows), "utf-8")
        return 0
    missing, stale = compare(everything(), rows)
    out = csv.writer(sys.stdout, lineterminator="\n")
    for kind, one in missing:
        out.writerow(astuple(Row(kind, one, *[UNJUDGED] * 4)))
    for kind, one in stale:
        sys.stderr.write(f"stale, remove it: {kind}: {one}\n")
    sys.stderr.write(f"{len(missing)} missing, {len(stale)} stale, {len(rows)} listed\n")
    return bool(missing or stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
