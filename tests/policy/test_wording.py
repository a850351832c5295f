# SPDX-License-Identifier: Apache-2.0
"""What people were told: every version answers every question, and what was current can be asked by day."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_world import shipped

from sluicegate.errors import ProgramError, UsageError
from sluicegate.policy.model import Answer, Confidence
from sluicegate.policy.program import Program, load
from sluicegate.policy.wording import addressed, claims_of, compare, current, in_force, in_order, public
from sluicegate.terms import Gate

_VERSIONS = [f"V{number:02}" for number in range(1, 19)]
_JULY = date(2010, 7, 30)


def _ids(program: Program, day: date, known: date, audience: str = "") -> dict[str, bool]:
    return {one.wording.id: one.public for one in current(program, day, known, audience)}


def test_every_version_says_something_or_is_said_to_be_silent_on_every_question(program: Program) -> None:
    """Each of the eighteen versions has exactly one answer to each question, with a source."""
    assert sorted(program.wording) == _VERSIONS
    asked = [(one.wording, one.question) for one in program.claims]
    assert sorted(asked) == sorted((v, q) for v in _VERSIONS for q in program.settings.questions)
    assert all(one.source in program.sources and one.words for one in program.claims)


def test_the_questions_about_gates_name_them(program: Program) -> None:
    """Whether a copy goes, an answer comes back or a look-up finds can be held against what is enforced."""
    gates = {name: one.gate for name, one in program.settings.questions.items() if one.gate}
    assert gates == {"copy": Gate.SHARE, "answer": Gate.RELAY, "look-up": Gate.LOOKUP}


def test_what_is_our_reading_is_marked_as_inference(program: Program) -> None:
    """A claim whose words say that it is our reading is never marked as better known than that."""
    ours = [one for one in program.claims if "our reading" in one.words]
    assert ours
    assert {one.confidence for one in ours} == {Confidence.INFERRED}


def test_no_answer_is_better_known_than_its_version(program: Program) -> None:
    """A claim is marked as read in a primary text only where its version was."""
    for one in program.claims:
        if one.confidence is Confidence.PRIMARY:
            assert program.wording[one.wording].confidence is Confidence.PRIMARY


@pytest.mark.shared
def test_the_days_of_every_version_are_those_of_the_record(program: Program, shared_data: Path) -> None:
    """Each version's first, last and public day are those of the table that nobody on this project wrote."""
    with (shared_data / "domain" / "policy_language.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    for one in program.wording.values():
        row = rows[one.id]
        days = [day.isoformat() if day else "" for day in (one.begins, one.ends, one.public)]
        assert days == [row["valid_from"], row["valid_to"], row["public_from"][:10]]
        assert row["confidence"].startswith(one.confidence.value)


@pytest.mark.shared
def test_where_the_record_says_whether_prints_go_the_claims_say_the_same(
    program: Program, shared_data: Path
) -> None:
    """An answer about the copy never says the opposite of the record's column on prints."""
    with (shared_data / "domain" / "policy_language.csv").open(encoding="utf-8", newline="") as file:
        told = {row["id"]: row["prints_to_ident"] for row in csv.DictReader(file)}
    for name, cell in told.items():
        answer = claims_of(program, name)["copy"].answer
        plain = {"Y": Answer.YES, "N": Answer.NO}[cell[0]]
        assert answer in (plain, Answer.UNCLEAR), name
        assert answer is plain or "ambiguous" in cell or "on activation" in cell, name


def test_on_a_day_in_july_2010_three_of_four_statements_could_not_be_known(program: Program) -> None:
    """On 30 July 2010 four statements were in force, and only the one in the press was public."""
    assert _ids(program, _JULY, _JULY) == {"V02": False, "V03": False, "V04": True, "V05": False}


def test_what_was_current_then_looks_different_from_later(program: Program) -> None:
    """Seen from March 2011 the internal message and the letter of July 2010 are public, the packet is not."""
    seen = _ids(program, _JULY, date(2011, 3, 1))
    assert seen == {"V02": True, "V03": False, "V04": True, "V05": True}


def test_an_audience_hears_what_was_said_to_it_and_what_was_public(program: Program) -> None:
    """Cook County could know the letter it got and the newspaper, and no internal message."""
    assert _ids(program, _JULY, _JULY, "cook county") == {"V04": True, "V05": False}
    assert addressed(program.wording["V12"], "Santa Clara")


def test_an_audience_that_nobody_addressed_is_told_who_was(program: Program) -> None:
    """A name to which no version is addressed is refused with the names that there are."""
    with pytest.raises(UsageError) as refused:
        current(program, _JULY, _JULY, "the moon")
    assert "Cook County" in refused.value.advice


def test_what_took_the_place_of_what_is_shown_with_the_version(program: Program) -> None:
    """The fact sheet of August 2010 took the place of four statements and gave way to another."""
    (one,) = [s for s in current(program, date(2010, 9, 30), date(2010, 9, 30)) if s.wording.id == "V06"]
    assert [older.id for older in one.replaces] == ["V02", "V03", "V04", "V05"]
    assert one.replaced_by is not None
    assert one.replaced_by.id == "V09"


def test_comparing_two_versions_goes_question_by_question_and_field_by_field(program: Program) -> None:
    """Between the fact sheet of August and the statement of October 2010 the answer about copies turned."""
    found = compare(program, "V06", "V11")
    said = {one.question.id: one for one in found.questions}
    assert list(said) == list(program.settings.questions)
    assert not said["copy"].same
    assert said["look-up"].same
    assert {line.name for line in found.lines if line.same} >= {"audience", "legal basis", "confidence"}
    assert all(one.same for one in compare(program, "V06", "V06").questions)


def test_a_version_that_does_not_exist_is_refused(program: Program) -> None:
    """Comparing with a version that is not in the program is refused by name."""
    with pytest.raises(UsageError, match="V99"):
        compare(program, "V06", "V99")


def test_a_program_without_claims_has_no_answers_and_still_its_versions() -> None:
    """A program that lacks claims loads, lists its versions, and answers nothing."""
    files = shipped()
    del files["claims.csv"]
    bare = load(files)
    assert [one.id for one in in_order(bare)] == _VERSIONS
    assert claims_of(bare, "V06") == {}
    assert all(one.same for one in compare(bare, "V04", "V06").questions)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"V06,copy,no", b"V66,copy,no", "V66"),
        (b"V06,copy,no", b"V06,cppy,no", "cppy"),
        (b"V06,copy,no", b"V06,copy,maybe", "maybe"),
        (b"V06,copy,no", b"V06,duty,no", "V06"),
    ],
)
def test_a_claim_that_names_what_is_not_there_stops_the_program(old: bytes, new: bytes, words: str) -> None:
    """A claim of an unknown version or question, of an unknown answer, or given twice, is refused by row."""
    files = shipped()
    assert files["claims.csv"].count(old) == 1
    files["claims.csv"] = files["claims.csv"].replace(old, new)
    with pytest.raises(ProgramError) as refused:
        load(files)
    assert refused.value.file == "claims.csv"
    assert refused.value.row
    assert words in refused.value.message or "twice" in refused.value.message


_PROGRAM = load(shipped())


@given(
    day=st.dates(date(2008, 1, 1), date(2027, 1, 1)),
    known=st.dates(date(2008, 1, 1), date(2027, 1, 1)),
)
def test_no_statement_is_hidden_and_none_is_called_public_too_early(day: date, known: date) -> None:
    """On any day all statements in force are shown, each public or not just as its row says."""
    found = current(_PROGRAM, day, known)
    assert {one.wording.id for one in found} == {
        one.id for one in _PROGRAM.wording.values() if in_force(one, day)
    }
    for one in found:
        assert one.public == (one.wording.public is not None and one.wording.public <= known)
        assert one.public is public(one.wording, known)
