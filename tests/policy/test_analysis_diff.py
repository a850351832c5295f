# SPDX-License-Identifier: Apache-2.0
"""What a change changes is listed whole, and a change that falsifies a promise is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from policy_world import changed, rule, shipped, table, with_row, with_rules

from sluicegate.policy.analysis.diff import diff
from sluicegate.policy.analysis.refuse import objections, openings
from sluicegate.policy.decide import Facts, decide
from sluicegate.policy.program import Program, load, overlay
from sluicegate.terms import Gate, Ori
from sluicegate.testing.nation import nation

_TODAY = date(2026, 11, 22)
_PUBLIC = {"public_from": "2026-11-22"}


def test_nothing_differs_from_itself(program: Program) -> None:
    """A program read twice differs nowhere."""
    found = diff(program, load(shipped()))
    assert (found.changes, found.moves, found.restated) == ((), (), 0)


def test_the_scenario_changes_one_gate(program: Program, scenario: Program) -> None:
    """The demonstration's row closes the answer to Arlington from 8 November 2010 on, and nothing else."""
    (one,) = diff(program, scenario).changes
    assert (one.jurisdiction, one.gate, one.begins, one.ends) == ("US-VA-013", Gate.RELAY, "2010-11-08", "")
    assert (one.before.mode, one.before.answer) == ("FULL", "open")
    assert (one.after.mode, one.after.answer) == ("RESPONSE_OPT_OUT", "closed")
    assert one.before.asked == one.after.asked == "JURISDICTION_FILTER"
    assert not one.widens


def test_adjacent_periods_are_told_as_one(program: Program) -> None:
    """A filter from 2012 on closes three gates once each, although other rows begin and end in its time."""
    after = overlay(shipped(), with_rules(rule(mode_in_force="JURISDICTION_FILTER", valid_from="2012-01-01")))
    found = diff(program, after).changes
    spans = [(one.gate, one.begins, one.ends, one.before.rule) for one in found]
    assert spans == [(gate, "2012-01-01", "", "R007") for gate in (Gate.SHARE, Gate.RELAY, Gate.LOOKUP)]
    assert not any(one.widens for one in found)


@pytest.mark.slow
def test_the_difference_is_exactly_where_decisions_differ() -> None:
    """For each county of a nation in which forty rows are added, decide differs just where the list says."""
    files = nation(seed=5, jurisdictions=300, agencies=400)
    before = load(files)
    places = [one for one in before.jurisdictions if one.count("-") == 2][:40]
    modes = ("JURISDICTION_FILTER", "FULL", "RESPONSE_OPT_OUT", "OFFENCE_LEVEL_FILTER")
    rows = [
        rule(
            id=f"T{n}", jurisdiction=place, mode_in_force=modes[n % 4], source="SRC-SYNTHETIC", confidence="I"
        )
        for n, place in enumerate(places)
    ]
    after = load({**files, "rules.csv": files["rules.csv"] + table("rules.csv", *rows, header=False)})
    listed = diff(before, after).changes
    assert {one.jurisdiction for one in listed} <= set(places)
    homes = {one.jurisdiction: one.ori for one in before.agencies}
    for place in places:
        for day in (
            date(2009, 3, 1),
            date(2010, 11, 7),
            date(2010, 11, 8),
            date(2012, 7, 4),
            date(2020, 1, 1),
        ):
            assert _listed(listed, place, day) == _decided(before, after, homes[place], day)


def _listed(listed: object, place: str, day: date) -> set[Gate]:
    assert isinstance(listed, tuple)
    text = day.isoformat()
    return {
        one.gate
        for one in listed
        if one.jurisdiction == place and one.begins <= text and (not one.ends or text < one.ends)
    }


def _decided(before: Program, after: Program, ori: Ori, day: date) -> set[Gate]:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(hours=8)
    found = set()
    for charges in ((), ("MURDER",), ("TRESPASS",)):
        facts = Facts(ori, ori, at, charges)
        found |= {g for g in Gate if decide(before, facts, g).open != decide(after, facts, g).open}
    return found


def test_a_list_of_charges_that_grows_is_told(program: Program) -> None:
    """If a charge is added to the list, every gate that goes by charge answers otherwise, and is listed."""
    filtered = with_rules(rule(mode_in_force="OFFENCE_LEVEL_FILTER"))
    row = {"charge": "PIRACY", "level": "1", "shared": "yes", "source": "SRC-LEVELS", "confidence": "M"}
    found = diff(overlay(shipped(), filtered), overlay(with_row("charges.csv", row), filtered)).changes
    assert {one.jurisdiction for one in found} == {"US-VA-013"}
    assert {one.before.mode for one in found} == {"OFFENCE_LEVEL_FILTER"}
    assert all(one.before.answer != one.after.answer for one in found)
    assert program.charges.get("PIRACY") is None


def test_an_agency_that_moves_is_told(program: Program) -> None:
    """An agency that stands in another county afterwards is listed with both."""
    moved = changed("agencies.csv", "CA0010300,US-CA-001,", "CA0010300,US-CA-075,")
    (one,) = diff(program, load(moved)).moves
    assert (one.ori, one.before, one.after) == ("CA0010300", ("US-CA-001",), ("US-CA-075",))


def _change(**cells: str) -> Program:
    return overlay(shipped(), with_rules(rule(**{**_PUBLIC, **cells})))


def test_a_sound_change_meets_no_objection(program: Program) -> None:
    """A filter that is published on the day it is registered falsifies nothing."""
    assert objections(program, _change(mode_in_force="JURISDICTION_FILTER"), today=_TODAY) == ()


def test_a_row_published_in_the_past_is_refused(program: Program) -> None:
    """A row that claims to have been public before it was registered falsifies no-back-dating."""
    found = objections(program, _change(public_from="2010-11-09"), today=_TODAY)
    assert {one.promise for one in found} == {"no-back-dating"}
    assert any("claims to have been public" in one.why for one in found)
    assert any("what was known" in one.why for one in found)


def test_a_row_without_a_public_day_is_refused(program: Program) -> None:
    """A row that does not say since when it is public falsifies no-back-dating."""
    (one,) = objections(program, _change(public_from=""), today=_TODAY)
    assert one.why == "it does not say since when it is public"


def test_rows_may_only_be_added(program: Program) -> None:
    """Taking a row away, or altering one, is refused and named."""
    gone = changed("choices.csv", "C006,US-DC,entry-into-force,", "C099,US-DC,entry-into-force,")
    altered = changed("rules.csv", ",The default for every jurisdiction", ",A default for every jurisdiction")
    assert ("a row on record is gone", "C006") in [
        (one.why, one.rule) for one in objections(program, load(gone))
    ]
    assert [(one.why, one.rule) for one in objections(program, load(altered))] == [
        ("a row on record is altered", "R000")
    ]


def test_a_mode_that_changes_is_refused(program: Program) -> None:
    """A mode that would do something else at a gate changes what was chosen, and is refused."""
    files = changed("modes.csv", "RESPONSE_OPT_OUT,G2,closed,", "RESPONSE_OPT_OUT,G2,open,")
    promises = {one.promise for one in objections(program, load(files))}
    assert promises >= {"choice-at-booking", "silence-is-total"}


def test_a_late_opening_is_shown(program: Program) -> None:
    """A row that opens a gate for days gone by is no reason to refuse, and is listed as such."""
    change = _change(
        jurisdiction="US-IL-031", kind="activation", mode_in_force="FULL", valid_from="2011-01-01"
    )
    assert objections(program, change, today=_TODAY) == ()
    shown = openings(program, change, _TODAY)
    assert {one.jurisdiction for one in shown} == {"US-IL-031"}
    assert min(one.begins for one in shown) == "2011-01-01"
    assert all(one.late and one.widens for one in shown)
