# SPDX-License-Identifier: Apache-2.0
"""Contradictions: between statements, of words with what was enforced, and from one statement to the next."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_world import changed, shipped

from sluicegate.policy.contradictions import Degree, clashes, degree, gaps, named, periods, turns
from sluicegate.policy.model import Answer, Kind
from sluicegate.policy.program import Program, load
from sluicegate.policy.wording import claims_of, in_force, public
from sluicegate.terms import Gate, Outcome

_MAY, _NOVEMBER = date(2010, 5, 18), date(2010, 11, 5)


def test_every_statement_from_may_to_november_2010_contradicts_another(program: Program) -> None:
    """The nine statements of those six months each clash with, or turn or are turned by, another one."""
    touched = {claim.wording for one in clashes(program) for claim in (one.first, one.second)}
    touched |= {claim.wording for one in turns(program) for claim in (one.before, one.after)}
    assert {f"V{number:02}" for number in range(4, 13)} <= touched


def test_contradictions_begin_in_may_and_the_last_new_one_in_november_2010(program: Program) -> None:
    """The first clash begins on 18 May 2010, and no pair of statements begins to clash after 5 November."""
    begun: dict[tuple[str, str], date] = {}
    for one in clashes(program):
        begun.setdefault((one.first.wording, one.second.wording), one.begins)
    assert min(begun.values()) == _MAY
    assert max(begun.values()) == _NOVEMBER


def test_in_public_the_copy_goes_and_inside_it_does_not(program: Program) -> None:
    """While a newspaper was told that every print goes, an internal message had none go from who is out."""
    (one,) = [c for c in clashes(program) if (c.question, c.second.wording) == ("copy", "V04")]
    assert (one.first.wording, one.first.answer, one.second.answer) == ("V02", Answer.NO, Answer.YES)
    assert (one.begins, one.ends, one.secret) == (_MAY, date(2010, 8, 17), ("V02",))
    assert not one.same_audience


def test_a_secret_memorandum_contradicted_the_public_statement_until_it_came_out(program: Program) -> None:
    """The clash of October 2010 over a duty by law is told in two periods, cut where the secret came out."""
    found = [c for c in clashes(program) if (c.first.wording, c.second.wording) == ("V10", "V11")]
    assert [(c.question, c.begins, c.ends, c.secret) for c in found] == [
        ("duty", date(2010, 10, 6), date(2011, 1, 17), ("V10",)),
        ("duty", date(2011, 1, 17), date(2011, 8, 5), ()),
    ]


def test_what_opting_out_means_turned_twice_in_seven_weeks(program: Program) -> None:
    """On 17 August 2010 copies no longer went from who is out, and on 1 October they did again."""
    days = {(one.day, one.after.answer) for one in turns(program) if one.question == "copy"}
    assert days == {(date(2010, 8, 17), Answer.NO), (date(2010, 10, 1), Answer.YES)}


@pytest.mark.parametrize(
    ("place", "wording", "claimed", "enforced", "begins", "ends"),
    [
        ("US-CA-075", "V06", Outcome.CLOSED, Outcome.OPEN, date(2010, 8, 17), date(2010, 10, 1)),
        ("US-CA-085", "V06", Outcome.CLOSED, Outcome.OPEN, date(2010, 9, 28), date(2010, 10, 1)),
        ("US-VA-013", "V06", Outcome.CLOSED, Outcome.OPEN, date(2010, 9, 28), date(2010, 10, 1)),
        ("US-DC", "V11", Outcome.OPEN, Outcome.CLOSED, date(2010, 10, 6), date(2011, 8, 5)),
    ],
)
def test_words_against_what_was_enforced(
    program: Program, place: str, wording: str, claimed: Outcome, enforced: Outcome, begins: date, ends: date
) -> None:
    """Who asked to stay out by the published way was shared all the same; who was said to be in was not."""
    (one,) = [
        g
        for g in gaps(program)
        if (g.period.jurisdiction.id, g.claim.wording, g.gate) == (place, wording, Gate.SHARE)
    ]
    assert (one.claimed, one.enforced, one.begins, one.ends) == (claimed, enforced, begins, ends)


def test_a_letter_to_one_county_is_not_held_against_another_place(program: Program) -> None:
    """What Cook County was told makes no gap for the District of Columbia."""
    assert named(program, program.wording["V05"]) == {"US-IL-031"}
    assert named(program, program.wording["V12"]) == {"US-VA-013", "US-CA-075", "US-CA-085"}
    assert named(program, program.wording["V06"]) == frozenset()
    assert not [g for g in gaps(program) if g.claim.wording in ("V05", "V12")]


def test_where_no_activation_is_on_record_nothing_is_claimed(program: Program) -> None:
    """Illinois before 2013 makes no gap, because the record names no county of it that was on."""
    illinois = [one for one in periods(program) if one.jurisdiction.id == "US-IL"]
    assert [one.on_record for one in illinois] == [False, False, True]
    assert "R009" in {rule.id for rule in illinois[1].beside}
    assert not [g for g in gaps(program) if g.period.jurisdiction.id == "US-IL"]


def test_asked_for_and_in_force_stand_together_for_everybody_that_asked(program: Program) -> None:
    """Every jurisdiction with a request of its own to stay out is told with what was in force meanwhile."""
    found = {one.jurisdiction.id for one in periods(program)}
    asking = {
        rule.jurisdiction
        for rule in program.rules.values()
        if rule.kind is Kind.REQUEST and rule.asked != "FULL"
    }
    assert asking <= found
    assert {one.asked.refused.id for one in periods(program) if one.asked.refused} >= {"C009", "C010", "C011"}


def test_a_rule_stands_on_the_row_that_switched_the_place_on(program: Program) -> None:
    """That New York was in full from 2013 rests on a row that is not verified, and is told with it."""
    (last,) = [one for one in periods(program) if one.jurisdiction.id == "US-NY" and one.on_record]
    assert [rule.id for rule in last.stands_on] == ["R010", "R013"]


def test_a_program_without_claims_has_no_contradictions() -> None:
    """Without claims nothing contradicts, and asked for beside in force is still told."""
    files = shipped()
    del files["claims.csv"]
    bare = load(files)
    assert (clashes(bare), gaps(bare), turns(bare)) == ((), (), ())
    assert periods(bare)


def test_an_altered_answer_makes_or_ends_a_contradiction() -> None:
    """Had the newspaper been told that no copy goes, it would not clash with the internal message."""
    altered = load(changed("claims.csv", "V04,copy,yes", "V04,copy,no"))
    assert not [c for c in clashes(altered) if (c.question, c.second.wording) == ("copy", "V04")]


_PROGRAM = load(shipped())
_GAPS = gaps(_PROGRAM)
_ANSWERS = st.sampled_from(list(Answer))


@given(first=_ANSWERS, second=_ANSWERS)
def test_contradiction_has_no_direction_and_silence_never_contradicts(first: Answer, second: Answer) -> None:
    """Two answers contradict each other both ways or not at all; unclear or silent contradicts nothing."""
    assert degree(first, second) is degree(second, first)
    if {first, second} & {Answer.UNCLEAR, Answer.SILENT} or first is second:
        assert degree(first, second) is None
    assert (degree(first, second) is Degree.OPPOSED) == ({first, second} == {Answer.YES, Answer.NO})


@given(day=st.dates(date(2008, 1, 1), date(2014, 1, 1)))
def test_on_every_day_exactly_the_pairs_that_disagree_are_told(day: date) -> None:
    """On any day the clashes told are those found by comparing every two statements in force, one by one."""
    live = [one for one in _PROGRAM.wording.values() if in_force(one, day)]
    wanted = {
        (frozenset({one.id, other.id}), question)
        for one in live
        for other in live
        for question, claim in claims_of(_PROGRAM, one.id).items()
        if degree(claim.answer, claims_of(_PROGRAM, other.id)[question].answer)
    }
    told = [c for c in clashes(_PROGRAM) if c.begins <= day and (c.ends is None or day < c.ends)]
    assert {(frozenset({c.first.wording, c.second.wording}), c.question) for c in told} == wanted
    assert len(told) == len(wanted)
    for one in told:
        hidden = {name for name in (one.first.wording, one.second.wording) if not _seen(name, day)}
        assert set(one.secret) == hidden


def _seen(name: str, day: date) -> bool:
    return public(_PROGRAM.wording[name], day)


@given(days=st.integers(0, 1500))
def test_every_gap_is_what_the_rules_decide_on_that_day(days: int) -> None:
    """A gap told for a day is the mode that the rules put in force at noon of that day."""
    day = _MAY + timedelta(days=days)
    noon = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    for one in _GAPS:
        if one.begins <= day and (one.ends is None or day < one.ends):
            ruling = _PROGRAM.in_force(one.period.jurisdiction.id, noon)
            assert ruling.mode == one.period.mode
            assert one.claimed is not one.enforced
