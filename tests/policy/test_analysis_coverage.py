# SPDX-License-Identifier: Apache-2.0
"""Gaps, overlaps and rows that decide nothing are found, with file and row."""

from __future__ import annotations

from policy_world import rule, shipped, table, with_rules

from sluicegate.policy.analysis.cells import Survey
from sluicegate.policy.analysis.coverage import Coverage, coverage, located
from sluicegate.policy.program import Program, overlay


def _of(*rows: dict[str, str]) -> Coverage:
    return coverage(Survey(overlay(shipped(), with_rules(*rows))))


def test_the_shipped_program_has_no_gap(program: Program) -> None:
    """No jurisdiction of the shipped record falls back to the default after something was in force."""
    found = coverage(Survey(program))
    assert found.gaps == ()
    assert found.unused_modes == ("OFFENCE_LEVEL_FILTER", "RESPONSE_OPT_OUT")
    assert found.waiting == len(program.jurisdictions)


def test_rows_that_decide_nothing_are_named_with_the_reason(program: Program) -> None:
    """Of the shipped record two rows are in force nowhere: each is named, and why."""
    why = {one.rule: one.why for one in coverage(Survey(program)).unreachable}
    assert set(why) == {"R008", "R011"}
    assert "no activation" in why["R008"]


def test_a_gap_is_found() -> None:
    """A county whose only activation ends early has a gap from that day to the next activation."""
    short = rule(
        jurisdiction="US-IL-031",
        kind="activation",
        mode_in_force="FULL",
        valid_from="2011-01-01",
        valid_until="2011-06-01",
    )
    (gap,) = _of(short).gaps
    assert (gap.jurisdiction, gap.begins, gap.ends, gap.after) == (
        "US-IL-031",
        "2011-06-01",
        "2013-01-22",
        "T1",
    )


def test_an_overlap_is_found_once() -> None:
    """Two rows of one county with different modes are one overlap, however many rows begin in its time."""
    two = (rule(), rule(id="T2", mode_in_force="JURISDICTION_FILTER", issuer_level="county"))
    found = [one for one in _of(*two).overlaps if "T2" in (one.rule, one.other)]
    assert [(one.jurisdiction, one.rule, one.other, one.begins, one.ends) for one in found] == [
        ("US-VA-013", "T1", "T2", "2010-11-08", "")
    ]
    assert not found[0].same_level


def test_a_row_that_always_gives_way_is_found() -> None:
    """A county's row that a federal one always outranks is in force never, and says to whom it gives way."""
    two = (rule(), rule(id="T2", mode_in_force="JURISDICTION_FILTER", issuer_level="county"))
    why = {one.rule: one.why for one in _of(*two).unreachable}
    assert why["T2"] == "it always gives way to T1"


def test_a_row_superseded_on_its_first_day_is_found() -> None:
    """A row that another supersedes on the day it begins never holds, and that is said of it."""
    two = (rule(), rule(id="T2", supersedes="T1", mode_in_force="JURISDICTION_FILTER"))
    why = {one.rule: one.why for one in _of(*two).unreachable}
    assert "supersedes it" in why["T1"]


def test_rows_are_found_in_their_files() -> None:
    """A rule is named with its file and row, also where it stands in an overlay."""
    where = located(shipped(), {"rules.csv": table("rules.csv", rule())})
    assert where["R000"] == ("rules.csv", 2)
    assert where["C001"] == ("choices.csv", 2)
    assert where["T1"] == ("overlay/rules.csv", 2)
