# SPDX-License-Identifier: Apache-2.0
"""The census lists what is in the code, row by row; the page shows the census; both name tests that exist.

What is missing is printed by `python tests/promises/census_paths.py`, as rows for a person to fill in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from census_home import everything
from census_page import HEADS, PAGE, page
from census_paths import (
    CENSUS,
    ROOT,
    SOURCE,
    UNJUDGED,
    Path_,
    Row,
    commands,
    compare,
    found,
    listed,
    lying,
    pattern,
    served,
    sources,
    words,
)

from scenes import Town
from sluicegate.cli.main import sluicegate
from sluicegate.facts import FactKind
from sluicegate.intake.web import api

pytestmark = pytest.mark.slow
PROMISES = ROOT / "docs" / "explanation" / "promises.md"
NAMES = (
    "filter-never-shares",
    "choice-at-booking",
    "silence-is-total",
    "no-back-dating",
    "decision-before-egress",
    "doubt-denies",
    "everyone-is-answered",
    "a-person-decides",
)
FIRST_HAND = {"fact", "state", "statement", "carrier", "message", "file"}
"""Kinds that the modules' sources do not give."""


# -- the census against the code -------------------------------------------------------------------------


def test_the_census_lists_every_path_of_the_code_and_no_other() -> None:
    """Routes, commands, carriers, facts, files, jobs, sentences: all are listed, and no row is stale."""
    missing, stale = compare(everything(), listed())
    assert (missing, stale) == ([], []), "run: python tests/promises/census_paths.py"


def test_every_kind_of_file_in_a_home_is_listed() -> None:
    """After every kind of booking and everything that publishes, a home holds the files listed, no other."""
    lie = {one for one in everything() if one[0] == "file"}
    assert len(lie) > 50
    assert lie == {(row.kind, row.id) for row in listed() if row.kind == "file"}


def test_every_row_is_judged_and_is_there_once() -> None:
    """No row is a question mark, none is doubled, and each says what, who, by what, and which test."""
    rows = listed()
    assert len({(row.kind, row.id) for row in rows}) == len(rows)
    for row in rows:
        cells = (row.carries, row.who, row.gate, row.test)
        assert all(cells), row
        assert UNJUDGED not in cells, row
    assert {row.kind for row in rows} == set(HEADS)


def test_every_row_names_a_test_that_exists() -> None:
    """The test of each row is a function of a file under tests/, or a whole file of tests."""
    defined = {path: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    names = {
        f"{path.relative_to(ROOT / 'tests').as_posix()}::{name}"
        for path, text in defined.items()
        for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)
    } | {path.relative_to(ROOT / "tests").as_posix() for path in defined}
    assert sorted({row.test for row in listed()} - names) == []


def test_applications_serve_the_routes_that_their_sources_name(town: Town) -> None:
    """The routes that the web intake has when it is built are those that the census finds in its source."""
    stores = [town.exchange.bureau.store]
    built = served(api(town.exchange.door, stores, clock=town.clock, secret=bytes(32)), "intake/web.py")
    assert built == {one for one in everything() if one[0] == "route" and one[1].startswith("intake/")}


# -- something new is noticed ----------------------------------------------------------------------------

NEW = {
    "route": 'Route("/v1/peek", see, methods=["GET"])',
    "log line": 'log.error("seen name=%s", name)',
    "alert": 'store.alert(session, f"Look at {name}", None, now)',
    "refusal": 'raise InputRefused("It was withheld.")',
    "defect": "d = Defect(1)",
    "reply": 'x = "250 2.0.0 it was withheld"',
    "job": "threading.Thread(target=see).start()",
    "write": "def see():\n    path.write_text(name)",
    "socket": "socket.socket().connect(path)",
    "database": "sqlite3.connect(path)",
    "query": 'x = "SELECT name FROM story"',
}


@pytest.mark.parametrize("kind", sorted(NEW))
def test_something_new_in_a_source_is_missing_in_the_census(kind: str) -> None:
    """One line more in some module, of each kind that sources give: the census lacks exactly that path."""
    tree = {"intake/new.py": ast.parse(NEW[kind])}
    missing, _ = compare(found(tree, sluicegate, ()), listed())
    assert [(one[0], one[1].split()[0]) for one in missing] == [(kind, "intake/new.py")]


def test_the_sources_that_are_read_are_all_modules_of_the_package() -> None:
    """No module of the package is left out of the search, whichever folder it is in."""
    assert set(sources()) == {one.relative_to(SOURCE).as_posix() for one in SOURCE.rglob("*.py")}
    assert {name.split("/")[0] for name in sources()} >= {"cli", "exchange", "store", "witness", "statistics"}


def test_every_kind_of_path_is_tried_with_something_new() -> None:
    """No kind of path is without a test that something new of it is noticed."""
    assert {*NEW, *FIRST_HAND, "command", "setting"} == set(HEADS)


def test_a_new_command_and_a_new_option_are_missing_in_the_census() -> None:
    """A command that nobody listed, and a listed one with one more option, are both missing."""

    @click.command("peek")
    @click.option("--all")
    def peek() -> None: ...

    status = sluicegate.commands["status"]
    wider = click.Command("status", params=[*status.params, click.Option(["--of-partner"])])
    group = click.Group(commands={**sluicegate.commands, "peek": peek, "status": wider})
    rows = [row for row in listed() if row.kind == "command"]
    missing, stale = compare(set(commands(group)), rows)
    assert [one[1].split(" [")[0] for one in missing] == ["peek", "status"]
    assert [one[1].split(" [")[0] for one in stale] == ["status"]


@pytest.mark.parametrize("kind", sorted(FIRST_HAND - {"file"}))
def test_a_new_word_is_missing_and_a_dropped_one_is_stale(kind: str) -> None:
    """A fact, state, statement, carrier or message that no row lists is missing; a row of none is stale."""
    rows = listed()
    all_of = {one for one in everything() if one[0] == kind}
    dropped = [row for row in rows if row.kind == kind][1:]
    assert compare(all_of, dropped)[0] == [min(all_of - {(r.kind, r.id) for r in dropped})]
    extra = [*(r for r in rows if r.kind == kind), Row(kind, "peeked", "x", "x", "x", "x")]
    assert compare(all_of, extra)[1] == [(kind, "peeked")]


def test_words_are_taken_from_the_closed_sets_of_the_code() -> None:
    """Every fact that the ledger can say is among the words, and so is each carrier that is given."""
    told = set(words(["pigeon"]))
    assert {("fact", kind.value) for kind in FactKind} <= told
    assert ("carrier", "pigeon") in told


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("partner/peek.txt", "partner/peek.txt"),
        ("public/logs/US-CA-075/peek", "public/logs/<place>/peek"),
        (
            "answers/CA0430000/000001-015H80SEC0H1HAG20EPXTJB4YA.SRE.an2",
            "answers/<ORI>/<number>-<case>.<kind>.an2",
        ),
    ],
)
def test_a_new_file_in_a_home_is_missing_in_the_census(tmp_path: Path, name: str, kind: str) -> None:
    """A file of a kind that nobody listed is found in a home; one of a known kind is that kind."""
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("x")
    assert lying(tmp_path) == {("file", kind)}
    assert (pattern(name) in {row.id for row in listed()}) == name.startswith("answers")


# -- what sentences and lines may say --------------------------------------------------------------------


def of(kind: str, where: Callable[[Path_], bool] = lambda _: True) -> list[str]:
    """Ids of the paths of a kind."""
    return sorted(one[1] for one in everything() if one[0] == kind and where(one))


def test_no_sentence_that_leaves_speaks_of_gates_or_other_agencies() -> None:
    """No refusal, reply or ticket says filter, withheld, muted, partner or jurisdiction to a sender."""
    doors = ("intake/", "itl/", "ebts/", "raster/", "ridge/", "exchange/searching")
    said = [*of("refusal", lambda one: one[1].startswith(doors)), *of("reply")]
    assert len(said) > 50
    forbidden = ("filter", "withheld", "muted", "partner", "jurisdiction", "gate ", "opt")
    told = [one.partition(" ")[2].lower().replace("options", "") for one in said]
    assert [one for one in told if any(word in one for word in forbidden)] == []


def test_log_lines_carry_names_of_cases_and_kinds_of_errors_only() -> None:
    """A log line names a role, case, message, kind, count, size, log, file of rules or a page's pattern."""
    allowed = {"role", "case", "message", "kind", "tries", "thread", "roles", "pid", "file", "row", "size"}
    allowed |= {"known", "why", "from", "number", "reason", "log", "page"}
    named = {name for line in of("log line") for name in re.findall(r"(\w+)=", line)}
    assert named <= allowed
    loose = [line for line in of("log line") if re.search(r"(?<!=)%[sd]|\{", line)]
    assert loose == []


def test_alerts_name_nothing_of_a_booking_but_its_case() -> None:
    """What an alert fills in is the case's name, the words of an error, or a challenge's number and day."""
    filled = {value for one in of("alert") for value in re.findall(r"\{([^}]*)\}", one)}
    known = {"case.case_id", "error.message", "error.advice", "sentence", "reason", "alert"}
    assert filled <= known | {"one.number", "one.due.date()", "TOO_LATE"}


# -- the pages -------------------------------------------------------------------------------------------


def test_the_page_shows_the_census() -> None:
    """The tables of the page are those of the census; `census_paths.py --page` writes them anew."""
    text = PAGE.read_text("utf-8")
    assert page(text, listed()) == text, "run: python tests/promises/census_paths.py --page"
    assert len(listed()) > 500
    assert CENSUS.is_file()


@pytest.mark.parametrize("name", [PAGE, PROMISES], ids=["census", "promises"])
def test_every_test_that_a_page_names_exists(name: Path) -> None:
    """A page that says which test shows a claim names a test that is there."""
    named = re.findall(r"`((?:\w+/)+test_\w+\.py)(?:::(test_\w+))?`", name.read_text("utf-8"))
    assert named
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / "tests" / file).is_file()
        or (test and f"def {test}(" not in (ROOT / "tests" / file).read_text("utf-8"))
    ]
    assert missing == []


def test_the_page_on_promises_explains_each_of_them() -> None:
    """Every promise has a section of its own, with its test and with what it does not cover."""
    text = PROMISES.read_text("utf-8")
    sections = {part.split("\n")[0].strip("` "): part for part in text.split("\n## ")[1:]}
    assert [name for name in sections if name in NAMES] == list(NAMES)
    for name in NAMES:
        assert "**Shown by**" in sections[name]
        assert "**Not covered.**" in sections[name]
