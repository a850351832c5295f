# SPDX-License-Identifier: Apache-2.0
"""Three programs of two kinds run on one engine that knows the words of none, and the first is complete."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from policy_world import shipped, utc

import sluicegate
from sluicegate.policy.account import account
from sluicegate.policy.check import check
from sluicegate.policy.decide import Facts, decide, decide_all
from sluicegate.policy.model import Confidence
from sluicegate.policy.program import Program, load
from sluicegate.terms import Gate, Ori

NAMES = ("secure-communities", "priority-enforcement", "driver-records")
PROGRAMS = {name: load(shipped(name)) for name in NAMES}
SOURCE = Path(sluicegate.__file__).parent

SAN_FRANCISCO, ILLINOIS, NEW_YORK, OREGON = (
    Ori("CA0380000"),
    Ori("IL0848900"),
    Ori("NY315SP00"),
    Ori("OROSP1000"),
)
CENTER, POLICE, STRANGER = Ori("VTICE0900"), Ori("COCSP0000"), Ori("ZZ9999999")
_THEN = utc(2025, 12, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_program_that_ships_is_sound(name: str) -> None:
    """No program that ships leaks, and every promise holds on every cell of it."""
    report = check(PROGRAMS[name])
    assert report.sound
    assert report.cells > 1000


@pytest.mark.parametrize("name", NAMES)
def test_every_program_has_wording_that_answers_its_questions(name: str) -> None:
    """In every program each wording answers something, and each question is answered by some wording."""
    program = PROGRAMS[name]
    assert {one.wording for one in program.claims} == set(program.wording)
    assert {one.question for one in program.claims} == set(program.settings.questions)


@pytest.mark.parametrize("name", NAMES)
def test_every_program_answers_for_each_of_its_agencies(name: str) -> None:
    """For every agency of a program, on days before, within and after it, every gate has a decision."""
    program = PROGRAMS[name]
    for agency in program.agencies:
        for day in (utc(2005, 1, 1), utc(2010, 11, 15), utc(2015, 11, 15), _THEN):
            made = decide_all(program, Facts(agency.ori, agency.ori, day))
            assert set(made) == set(Gate)
            assert all(one.program == name for one in made.values())


def _gates(program: Program, ori: Ori, at: datetime) -> str:
    made = decide_all(program, Facts(ori, ori, at))
    return "".join("o" if made[gate].open else "c" for gate in Gate)


def test_the_successor_lets_the_same_prints_flow() -> None:
    """While the successor is in force its gates stand as those of the program that it follows."""
    first, second = PROGRAMS["secure-communities"], PROGRAMS["priority-enforcement"]
    at = utc(2015, 11, 15)
    for agency in second.agencies:
        assert _gates(second, agency.ori, at) == _gates(first, agency.ori, at) == "oooc"


def test_the_successor_begins_and_ends_at_local_midnight() -> None:
    """The successor opens at midnight in San Francisco of its first day, and closes at that of its last."""
    program = PROGRAMS["priority-enforcement"]
    for moment, gates in (
        (utc(2014, 11, 20, 7, 59, 59), "cccc"),
        (utc(2014, 11, 20, 8), "oooc"),
        (utc(2017, 1, 25, 7, 59, 59), "oooc"),
        (utc(2017, 1, 25, 8), "cccc"),
    ):
        assert _gates(program, SAN_FRANCISCO, moment) == gates


def test_the_follow_up_is_told_and_no_gate_hangs_on_it() -> None:
    """What the successor asks after a match is a claim of its wording, and a question without a gate."""
    program = PROGRAMS["priority-enforcement"]
    asked = program.settings.questions["notice-first"]
    assert asked.gate is None
    said = {one.wording: one.answer.value for one in program.claims if one.question == "notice-first"}
    assert said == {"W00": "silent", "W01": "yes", "W02": "no"}


@pytest.mark.parametrize(
    ("keeper", "requester", "purpose", "via", "opened", "code"),
    [
        (ILLINOIS, CENTER, "criminal justice", (), False, "POL-REQUEST-CLOSED"),
        (ILLINOIS, CENTER, "criminal justice", (POLICE,), False, "POL-REQUEST-CLOSED"),
        (ILLINOIS, POLICE, "criminal justice", (), True, "POL-REQUEST-OPEN"),
        (ILLINOIS, POLICE, "criminal justice", (CENTER,), True, "POL-REQUEST-OPEN"),
        (ILLINOIS, Ori(""), "criminal justice", (POLICE,), False, "POL-REQUESTER-NONE"),
        (ILLINOIS, STRANGER, "criminal justice", (), False, "POL-REQUESTER-UNKNOWN"),
        (ILLINOIS, POLICE, "", (), False, "POL-PURPOSE-NONE"),
        (NEW_YORK, CENTER, "criminal justice", (), False, "POL-REQUEST-CLOSED"),
        (NEW_YORK, CENTER, "Judicial warrant", (), True, "POL-REQUEST-OPEN"),
        (NEW_YORK, POLICE, "criminal justice", (), True, "POL-REQUEST-OPEN"),
        (NEW_YORK, POLICE, "civil immigration enforcement", (), False, "POL-REQUEST-CLOSED"),
        (OREGON, CENTER, "", (), True, "POL-OPEN"),
    ],
)
def test_a_look_up_of_driver_records_is_judged_by_who_asked_first_and_for_what(
    keeper: Ori, requester: Ori, purpose: str, via: tuple[Ori, ...], opened: bool, code: str
) -> None:
    """The state that keeps the record answers by requester and purpose, whoever passes the request on."""
    facts = Facts(keeper, keeper, _THEN, (), requester, purpose, via)
    made = decide(PROGRAMS["driver-records"], facts, Gate.LOOKUP)
    assert (made.open, made.reasons[0].code) == (opened, code)


def test_a_state_that_only_asks_to_block_has_not_blocked() -> None:
    """Oregon is on record as about to block: that is shown as asked for, and does not close the gate."""
    made = account(PROGRAMS["driver-records"], Facts(OREGON, OREGON, _THEN)).decisions[Gate.LOOKUP]
    assert (made.asked_for, made.mode, made.open) == ("AGENCY_BLOCK", "ANSWERED", True)


def test_what_a_state_chose_goes_before_the_switch() -> None:
    """The order of conflict is the program's: with driver records the state has the last word."""
    assert PROGRAMS["driver-records"].settings.issuers[0] == "state"
    assert PROGRAMS["secure-communities"].settings.issuers[0] == "federal"


_OUR_PROMISES = {"policy/analysis/promises.py"}  # the promises of the design are stated for modes by name
_SQL = {"store/sql.py"}  # FULL is a word of SQLite there


def _texts(path: Path) -> Iterator[str]:
    """Every text in the code of a module, docstrings aside."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in said:
            yield one.value


@pytest.mark.slow
def test_no_word_of_any_program_stands_in_the_code() -> None:
    """No mode, place, issuer or name of any program occurs in code that decides, stores or sends."""
    words = {str(mode) for program in PROGRAMS.values() for mode in program.modes}
    words |= {place.id for program in PROGRAMS.values() for place in program.jurisdictions.values()} - {"US"}
    words |= {rule.issuer for program in PROGRAMS.values() for rule in program.rules.values()} - {"Program"}
    words |= {*NAMES, "ICE", "DHS", "FBI", "IDENT", "Nlets", "NLETS", "Arlington", "sanctuary", "detainer"}
    found = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, sorted(words)))})(?![\w-])")
    places = ("policy", "exchange", "store", "ledger", "statistics", "releases", "delivery", "intake")
    wrong = [
        f"{path.relative_to(SOURCE)}: {text[:60]}"
        for place in places
        for path in sorted((SOURCE / place).rglob("*.py"))
        if path.relative_to(SOURCE).as_posix() not in _OUR_PROMISES | _SQL
        for text in _texts(path)
        if found.search(text)
    ]
    assert wrong == []


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.shared
def test_every_version_of_the_language_on_record_is_in_the_program(shared_data: Path) -> None:
    """All 18 versions are there, with the days, the confidence and the first public day of the record."""
    versions = _read(shared_data / "domain" / "policy_language.csv")
    wording = PROGRAMS["secure-communities"].wording
    assert len(versions) == 18
    assert {one["id"] for one in versions} == set(wording)
    for one in versions:
        row = wording[one["id"]]
        begins, public = date.fromisoformat(one["valid_from"]), date.fromisoformat(one["public_from"][:10])
        ends = date.fromisoformat(one["valid_to"]) if one["valid_to"] else None
        assert (row.begins, row.ends, row.public) == (begins, ends, public), one["id"]
        assert row.confidence.value == one["confidence"][0], one["id"]
        assert row.source in PROGRAMS["secure-communities"].sources
        assert (row.legal_basis == "none on record") == (one["legal_basis_cited"] == "-"), one["id"]


_EVENTS = {
    ("Harris County TX", "2008-10-27"): ["R001"],
    ("California", "2009-01-23"): ["C001"],
    ("Illinois", "2009-07-23"): ["R008"],
    ("Illinois", "2009-11-02"): ["C002"],
    ("Santa Clara County CA", "2010-05-01"): ["R002"],
    ("San Mateo County CA", "2010-05-25"): ["R003"],
    ("San Francisco CA", "2010-05-18"): ["C003", "C004"],
    ("San Francisco CA", "2010-06-08"): ["R004"],
    ("District of Columbia", "2010-07-01"): ["C006", "R012"],
    ("San Francisco CA", "2010-08-31"): ["C005"],
    ("Santa Clara County CA", "2010-09-28"): ["C007"],
    ("Arlington County VA", "2010-09-28"): ["C008"],
    ("Illinois", "2010-11-09"): ["C012"],
    ("Illinois", "2011-05-04"): ["C013", "R009"],
    ("New York", "2011-06-01"): ["C014", "R010"],
    ("Massachusetts", "2011-06-06"): ["C015"],
    ("All states", "2011-08-05"): ["R011"],
    ("All", "2013-01-22"): ["R013"],
    ("IL MA MN NY WA (OR in process)", "2025-11-12"): ["C016", "C017", "C018", "C019", "C020"],
}
"""The events on record, and the rows that hold each."""

_OTHER_DAYS = {"R002": date(2010, 5, 31), "C004": date(2010, 5, 25), "R012": date(2012, 6, 30)}
"""Rows whose day is not that of the event: it is in the text, or not on record, and doubt takes the last."""


@pytest.mark.shared
def test_every_event_on_record_is_in_the_program(shared_data: Path) -> None:
    """All 19 events are there, each as rows of its own day, with the confidence of the record."""
    events = _read(shared_data / "domain" / "jurisdiction_events.csv")
    rules = PROGRAMS["secure-communities"].rules
    assert {(one["jurisdiction"], one["date"]) for one in events} == set(_EVENTS)
    assert len(events) == 19
    for one in events:
        rows = [rules[key] for key in _EVENTS[one["jurisdiction"], one["date"]]]
        for row in rows:
            assert row.begins == _OTHER_DAYS.get(row.id, date.fromisoformat(one["date"])), row.id
        assert rows[0].confidence.value == one["confidence"][0], one


@pytest.mark.parametrize("name", NAMES)
def test_every_row_says_how_well_it_is_known(name: str) -> None:
    """No row of a program that ships is a scenario, and every rule names a source and a legal basis."""
    program = PROGRAMS[name]
    for rule in program.rules.values():
        assert rule.confidence is not Confidence.SCENARIO
        assert rule.source in program.sources
        assert rule.legal_basis
