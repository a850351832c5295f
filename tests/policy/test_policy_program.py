# SPDX-License-Identifier: Apache-2.0
"""A program is loaded whole or not at all, and what is wrong with it is named."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import changed, rule, shipped, table, with_row, with_rules

from sluicegate.errors import ProgramError
from sluicegate.policy.program import load, overlay, problems
from sluicegate.policy.table import COLUMNS, OPTIONAL

_SHIPPED = shipped()
_DAY = "2010-11-08"


def _agency(**cells: str) -> dict[str, str]:
    sound = {"ori": "VA0070900", "jurisdiction": "US-VA-013", "name": "A test"}
    return {**sound, "source": "SRC-GK", "confidence": "M", **cells}


def _place(**cells: str) -> dict[str, str]:
    sound = {"id": "US-VA-999", "name": "A test", "kind": "county", "parent": "US-VA"}
    return {**sound, "zone": "America/New_York", "source": "SRC-GK", "confidence": "M", **cells}


def _mode(**cells: str) -> dict[str, str]:
    sound = {"mode": "NEW", "gate": "G1", "effect": "closed", "sentence": "a test"}
    return {**sound, "source": "SRC-GK", "confidence": "M", **cells}


def _sound(**cells: str) -> dict[str, str]:
    return rule(**{"confidence": "M", **cells})


_BROKEN_ROWS = [
    ("rules.csv", _sound(valid_until="2010-11-01"), "is not after"),
    ("rules.csv", _sound(valid_until=_DAY), "is not after"),
    ("rules.csv", _sound(mode_in_force="SOMETIMES"), "not in this program"),
    ("rules.csv", _sound(mode_asked="SOMETIMES"), "not in this program"),
    ("rules.csv", _sound(jurisdiction="US-ZZ"), "not in this program"),
    ("rules.csv", _sound(wording="V99"), "not in this program"),
    ("rules.csv", _sound(source=""), "source is missing"),
    ("rules.csv", _sound(source="SRC-NOT"), "not in this program"),
    ("rules.csv", _sound(legal_basis=""), "legal_basis is missing"),
    ("rules.csv", _sound(issuer_level="papal"), "not in this program"),
    ("rules.csv", _sound(id="R001"), "is there twice"),
    ("rules.csv", _sound(id="C001"), "is there twice"),
    ("rules.csv", _sound(id="a b"), "is not an id"),
    ("rules.csv", _sound(id="DOUBT"), "reserved"),
    ("rules.csv", _sound(supersedes="T1"), "in a circle"),
    ("rules.csv", _sound(supersedes="R013"), "of its own jurisdiction"),
    ("rules.csv", _sound(kind="rumor"), "not one of"),
    ("rules.csv", _sound(kind="request", mode_asked="FULL"), "cannot put a mode in force"),
    ("rules.csv", _sound(kind="request", mode_in_force=""), "does not say for what"),
    ("rules.csv", _sound(mode_in_force=""), "names none"),
    ("rules.csv", _sound(kind="activation", mode_in_force="JURISDICTION_FILTER"), "opens something"),
    ("rules.csv", _sound(kind="statement", mode_in_force="", supersedes="R007"), "cannot end a row in force"),
    ("rules.csv", _sound(valid_from=""), "valid_from is missing"),
    ("rules.csv", _sound(valid_from="8 Nov 2010"), "is not a date"),
    ("rules.csv", _sound(valid_from="2010-02-30"), "is not a date"),
    ("rules.csv", _sound(valid_from="20101108"), "is not a date"),
    ("rules.csv", _sound(confidence="?"), "not one of"),
    ("rules.csv", _sound(confidence="X"), "a scenario may stand in an overlay only"),
    ("rules.csv", _sound(issuer=" blank"), "blanks at its edge"),
    ("rules.csv", _sound(kind="default", valid_from=""), "exactly one default"),
    ("modes.csv", _mode(mode="FULL"), "already has gate G1"),
    ("modes.csv", _mode(), "does not say what it does to G2, G3"),
    ("modes.csv", _mode(mode="FULL", gate="G4"), "the program declares"),
    ("modes.csv", _mode(effect="ajar"), "not one of"),
    ("modes.csv", _mode(gate="G5"), "not one of"),
    ("modes.csv", _mode(mode="UNKNOWN"), "reserved"),
    ("jurisdictions.csv", _place(id="US-VA"), "is there twice"),
    ("jurisdictions.csv", _place(parent="US-ZZ"), "not in this program"),
    ("jurisdictions.csv", _place(parent="US-VA-999"), "its own ancestor"),
    ("jurisdictions.csv", _place(parent=""), "has a parent"),
    ("jurisdictions.csv", _place(zone="America/Nowhere"), "not a time zone"),
    ("jurisdictions.csv", _place(zone="../../etc/passwd"), "not a time zone"),
    ("jurisdictions.csv", _place(kind="kingdom"), "not one of"),
    ("agencies.csv", _agency(jurisdiction="US-ZZ"), "not in this program"),
    ("agencies.csv", _agency(ori="va0070900"), "nine capital letters"),
    ("agencies.csv", _agency(ori="VA0070100"), "two places at one time"),
    ("agencies.csv", _agency(**{"from": _DAY, "until": "2010-01-01"}), "is not after"),
    ("sources.csv", {"id": "SRC-GK", "locator": "a", "kind": "b"}, "is there twice"),
    (
        "charges.csv",
        {"charge": "robbery", "level": "1", "shared": "no", "source": "SRC-GK", "confidence": "M"},
        "already in the list",
    ),
    (
        "charges.csv",
        {"charge": "NEW", "level": "1", "shared": "maybe", "source": "SRC-GK", "confidence": "M"},
        "yes or no",
    ),
]

_BROKEN_TEXT = [
    ("program.toml", 'doubt = "closed"', 'doubt = "open"', "doubt must be closed"),
    ("program.toml", 'root_jurisdiction = "US"', 'root_jurisdiction = "EU"', "root jurisdiction"),
    ("program.toml", '"city", "program"]', '"program", "city"]', "must end with program"),
    ("program.toml", '"city", "program"]', '"city"]', "must contain program"),
    ("program.toml", '["closer", "later"]', '["closer", "cheaper"]', "exactly closer and later"),
    ("program.toml", '["closer", "later"]', '"closer"', "must be a list"),
    ("program.toml", 'declared = "closed"', 'declared = "ajar"', "can only be declared open or closed"),
    ("program.toml", "[claims]", "[claim]", "claims must be a table"),
    ("program.toml", "[gates.G3]", "[gates.G9]", "G3 must be a table"),
    ("program.toml", 'state = "State', 'county = "State', "exactly bureau, partner and state"),
    ("program.toml", 'name = "secure-communities"', "name = 7", "name must be text"),
    ("program.toml", 'name = "secure-communities"', "name = ", "not TOML"),
    ("rules.csv", "R000,US,default,,NOT_ACTIVATED", "R000,US,default,,FULL", "must not open a gate"),
    ("rules.csv", "R000,US,default", "R000,US-CA,default", "for the root jurisdiction"),
    ("rules.csv", "R000,US,default", "R000,US,statement", "exactly one default"),
    ("wording.csv", "V12,2010-11-05,2011-08-05,V13", "V12,2010-11-05,2011-08-05,V12", "in a circle"),
    ("wording.csv", "V12,2010-11-05,2011-08-05,V13", "V12,2010-11-05,2011-08-05,V99", "not in this program"),
    ("sources.csv", "id,locator,kind", "id,locator,sort", "the header must be"),
    ("sources.csv", "id,locator,kind", '"id,locator,kind', "not CSV"),
]


@pytest.mark.parametrize(("name", "row", "why"), _BROKEN_ROWS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_broken_row_is_named_and_nothing_is_loaded(name: str, row: dict[str, str], why: str) -> None:
    """A program with one broken row is refused, and the refusal says what is wrong."""
    with pytest.raises(ProgramError, match=why):
        load(with_row(name, row))


@pytest.mark.parametrize(("name", "old", "new", "why"), _BROKEN_TEXT)
def test_a_broken_file_is_named_and_nothing_is_loaded(name: str, old: str, new: str, why: str) -> None:
    """A program with one broken line is refused, and the refusal says what is wrong."""
    with pytest.raises(ProgramError, match=why):
        load(changed(name, old, new))


def test_the_refusal_names_file_and_row() -> None:
    """Whoever must mend a row is told which row of which file it is."""
    files = with_row("rules.csv", _sound(jurisdiction="US-ZZ"))
    with pytest.raises(ProgramError) as caught:
        load(files)
    assert caught.value.file == "rules.csv"
    assert caught.value.row == files["rules.csv"].count(b"\n")


def test_every_problem_is_listed_at_once() -> None:
    """Two broken rows are both named in one refusal."""
    files = with_row("rules.csv", _sound(jurisdiction="US-ZZ"))
    files = with_row("agencies.csv", _agency(ori="x"), files)
    assert {(p.file, p.text.split(" ")[0]) for p in problems(files)} == {
        ("rules.csv", "jurisdiction"),
        ("agencies.csv", "ori"),
    }
    with pytest.raises(ProgramError, match=r"agencies\.csv.*rules\.csv|rules\.csv.*agencies\.csv"):
        load(files)


def test_a_circle_of_wordings_over_two_rows_is_found() -> None:
    """Two wordings that each claim to have replaced the other are refused."""
    files = changed("wording.csv", "V14,2014-11-20,2017-01-25,V15", "V14,2014-11-20,2017-01-25,V13")
    assert {(p.file, p.row) for p in problems(files)} == {("wording.csv", 14), ("wording.csv", 15)}


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - OPTIONAL))
def test_a_program_without_one_of_its_files_is_refused(name: str) -> None:
    """A missing file is a refusal, not an empty table."""
    files = {key: data for key, data in _SHIPPED.items() if key != name}
    with pytest.raises(ProgramError, match="is missing"):
        load(files)


def test_a_file_nobody_knows_is_refused() -> None:
    """A misspelled file name is a refusal, not a file that is overlooked."""
    with pytest.raises(ProgramError, match="no table of that name"):
        load({**_SHIPPED, "rule.csv": _SHIPPED["rules.csv"]})


def test_a_file_that_is_not_utf8_is_refused() -> None:
    """Bytes that are not UTF-8 are refused."""
    with pytest.raises(ProgramError, match="not UTF-8"):
        load({**_SHIPPED, "rules.csv": b"\xff"})


def test_an_overlay_cannot_change_settings() -> None:
    """Extra rows cannot bring another conflict order with them."""
    with pytest.raises(ProgramError, match="cannot change"):
        overlay(_SHIPPED, {"program.toml": _SHIPPED["program.toml"]})


def test_a_problem_in_an_overlay_is_named_there() -> None:
    """A broken row of an overlay is named by the overlay's file and row."""
    with pytest.raises(ProgramError) as caught:
        overlay(_SHIPPED, with_rules(rule(), rule(id="T2", wording="V99")))
    assert (caught.value.file, caught.value.row) == ("overlay/rules.csv", 3)


def test_the_root_does_not_depend_on_line_ends_or_order_of_rows() -> None:
    """Two installations that hold the same rows have the same policy root."""
    files = {}
    for name, data in _SHIPPED.items():
        head, *rows = data.decode().splitlines()
        turned = [head, *reversed(rows)] if name.endswith(".csv") else [head, *rows]
        files[name] = "\r\n".join([*turned, ""]).encode()
    assert load(files).root == load(_SHIPPED).root


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(COLUMNS) & set(_SHIPPED)))
def test_the_root_depends_on_every_cell(name: str) -> None:
    """No cell of a row can be changed without changing the policy root."""
    rows = list(csv.DictReader(io.StringIO(_SHIPPED[name].decode())))
    before = load(_SHIPPED).root
    free = {
        "name",
        "sentence",
        "note",
        "locator",
        "authority",
        "meaning",
        "level",
        "fips",
        "document",
        "zone",
    }
    for column in free & set(COLUMNS[name]):
        new = "America/Detroit" if column == "zone" else rows[-1][column] + "!"
        files = {**_SHIPPED, name: table(name, *rows[:-1], {**rows[-1], column: new})}
        assert load(files).root != before, column


def test_an_overlay_has_a_root_of_its_own() -> None:
    """A decision made with extra rows cannot pass for one made without them."""
    assert overlay(_SHIPPED, with_rules(rule())).root != load(_SHIPPED).root
    assert overlay(_SHIPPED, {}).root == load(_SHIPPED).root


@pytest.mark.slow
@settings(deadline=None)
@given(st.sampled_from(sorted(_SHIPPED)), st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_program_or_are_refused(name: str, data: bytes) -> None:
    """Whatever stands in a file, loading ends in a program or in our own refusal."""
    with pytest.raises(ProgramError):
        load({**_SHIPPED, name: data})


_CELL = st.sampled_from(["", "US", "FULL", "R000", "T1", "2010-11-08", "X", "default", "V01", "\x00", " "])


@pytest.mark.slow
@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS["rules.csv"]), _CELL | st.text(max_size=8), max_size=6))
def test_any_row_is_taken_or_refused(cells: dict[str, str]) -> None:
    """Whatever an extra rule says, the outcome is a program or our own refusal."""
    encodable = {key: text.encode("utf-8", "replace").decode() for key, text in cells.items()}
    try:
        made = overlay(_SHIPPED, with_rules(rule(**encodable)))
    except ProgramError:
        return
    assert made.rules[encodable.get("id", "T1")].source
