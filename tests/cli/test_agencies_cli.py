# SPDX-License-Identifier: Apache-2.0
"""`agencies`: a list is shown, written as rows of a program, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_world import run

from sluicegate import app
from sluicegate.policy.program import overlay
from sluicegate.store.programs import read_folder, shipped

_LIST = """ori,agency_name,agency_type,state,county,county_fips,county_from
TX2290000,Hudspeth County Sheriff's Office,County,TX,Hudspeth County,48229,agency name
TX1010000,Harris County Sheriff's Office,County,TX,Harris County,48201,agency name
NB0160000,Cherry County Sheriff's Office,County,NE,Cherry County,31031,ORI county code
AK0010200,Fairbanks Police Department,City,AK,,,
TX0000009,=1+1,City,TX,Harris County,48201,
"""
_PROGRAM = ("--program", "secure-communities")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list with two new agencies, one known, and two that cannot be placed."""
    path = tmp_path / "agencies.csv"
    path.write_text(_LIST, "utf-8")
    return path


def test_a_check_counts_what_is_placed_and_names_what_is_not(listed: Path) -> None:
    """Rows by county and by state are counted, and every row without a place is named with its reason."""
    ran = run("agencies", "check", listed, *_PROGRAM)
    assert ran.code == 0
    assert "5 rows, 3 placed, 2 not placed" in ran.out
    assert "AK0010200" in ran.out
    assert "the list names no county" in ran.out
    assert "US-NE-031" in ran.out
    assert "doubt shares nothing" in ran.out


def test_the_same_figures_for_machines(listed: Path) -> None:
    """With --json the same figures come as one document, with every row that is not placed."""
    told = run("agencies", "check", listed, *_PROGRAM, "--json").document
    assert (told["rows"], told["new"], told["already"], told["jurisdictions"]) == (5, 2, 1, 2)
    assert told["placed"]["county"] == 3
    assert [(one["line"], one["ori"]) for one in told["unplaced"]] == [(5, "AK0010200"), (6, "TX0000009")]


def test_what_an_import_writes_loads_on_the_program(listed: Path, tmp_path: Path) -> None:
    """The rows that an import writes are tables that the program takes."""
    ran = run("agencies", "import", listed, *_PROGRAM, "--to", tmp_path / "more")
    assert ran.code == 0
    assert "registry propose" in ran.out
    program = overlay(shipped("secure-communities"), read_folder(tmp_path / "more"))
    assert program.jurisdictions["US-TX-229"].zone == "America/Denver"


def test_an_import_never_writes_over_a_folder(listed: Path, tmp_path: Path) -> None:
    """A folder that is there already is refused, and nothing in it is touched."""
    (tmp_path / "more").mkdir()
    ran = run("agencies", "import", listed, *_PROGRAM, "--to", tmp_path / "more")
    assert (ran.code, list((tmp_path / "more").iterdir())) == (2, [])


def test_an_import_for_a_home_asks_the_home_what_it_has(listed: Path, tmp_path: Path) -> None:
    """Without --program a list is placed in the program of the home, and importing puts nothing in force."""
    app.lay_out(tmp_path / "home", "secure-communities", "")
    told = run(
        "agencies", "import", listed, "--to", tmp_path / "more", "--json", home=tmp_path / "home"
    ).document
    assert told["new"] == 2
    explained = run("policy", "explain", "--ori", "TX2290000", home=tmp_path / "home")
    assert explained.code == 5


def test_single_agencies_are_shown_with_their_place(listed: Path) -> None:
    """An agency is shown with jurisdiction, reason and time zone; one without a place ends in exit code 5."""
    ran = run("agencies", "place", listed, "TX2290000", *_PROGRAM)
    assert (ran.code, "Hudspeth County (US-TX-229)" in ran.out, "America/Denver" in ran.out) == (
        0,
        True,
        True,
    )
    told = run("agencies", "place", listed, "AK0010200", "ZZ9999999", *_PROGRAM, "--json")
    assert told.code == 5
    assert told.document["not_in_the_list"] == ["ZZ9999999"]


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"", b"x," * 1_000_000, b'ori,"'], ids=("utf8", "empty", "wide", "quote")
)
def test_a_broken_list_is_one_error_and_nothing_is_written(data: bytes, tmp_path: Path) -> None:
    """A list that cannot be read ends in one sentence that names the file, and no folder is made."""
    path = tmp_path / "broken.csv"
    path.write_bytes(data)
    ran = run("agencies", "import", path, *_PROGRAM, "--to", tmp_path / "more")
    assert (ran.code, "broken.csv" in ran.err, (tmp_path / "more").exists()) == (2, True, False)


@pytest.mark.parametrize(
    "words",
    [("--source", "a b"), ("--program", "no/where"), ("--program", "nothing"), ("--counties", __file__)],
)
def test_a_wrong_option_is_told_in_a_sentence(listed: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """A source that is no id, a program that is not there, and a list of no counties are refused."""
    given = words if "--program" in words else (*_PROGRAM, *words)
    ran = run("agencies", "import", listed, "--to", tmp_path / "more", *given)
    assert (ran.code, ran.out, (tmp_path / "more").exists()) == (2, "", False)
