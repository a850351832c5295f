# SPDX-License-Identifier: Apache-2.0
"""The shipped program tells the record: what was asked for, what was in force, how well it is known."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from policy_world import (
    ARLINGTON,
    COOK,
    DISTRICT,
    HARRIS,
    PHOENIX,
    RALEIGH,
    SAN_FRANCISCO,
    booking,
    utc,
)

from sluicegate.policy.decide import decide, decide_all
from sluicegate.policy.model import NO_BASIS, Confidence, Kind
from sluicegate.policy.program import Program
from sluicegate.terms import Gate, Ori

_NOV = utc(2010, 11, 15)


@pytest.mark.parametrize(
    ("cri", "at", "asked", "since", "mode"),
    [
        (HARRIS, utc(2008, 10, 26), "", "", "NOT_ACTIVATED"),
        (HARRIS, utc(2008, 10, 27), "FULL", "2008-10-27", "FULL"),
        (ARLINGTON, _NOV, "JURISDICTION_FILTER", "2010-09-28", "FULL"),
        (SAN_FRANCISCO, utc(2010, 6, 1), "JURISDICTION_FILTER", "2010-05-18", "NOT_ACTIVATED"),
        (SAN_FRANCISCO, _NOV, "JURISDICTION_FILTER", "2010-05-18", "FULL"),
        (DISTRICT, _NOV, "JURISDICTION_FILTER", "2010-07-01", "JURISDICTION_FILTER"),
        (COOK, _NOV, "JURISDICTION_FILTER", "2010-11-09", "NOT_ACTIVATED"),
        (COOK, utc(2014, 6, 1), "TERMINATED", "2011-05-04", "FULL"),
        (RALEIGH, _NOV, "", "", "NOT_ACTIVATED"),
        (RALEIGH, utc(2014, 6, 1), "", "", "FULL"),
        (PHOENIX, utc(2014, 6, 1), "", "", "FULL"),
        (Ori("MA0130000"), utc(2012, 6, 1), "NOT_SIGNED", "2011-06-06", "NOT_ACTIVATED"),
        (Ori("NY0400000"), utc(2014, 6, 1), "SUSPENDED", "2011-06-01", "FULL"),
        (Ori("IL0450000"), utc(2009, 8, 1), "", "", "NOT_ACTIVATED"),
    ],
)
def test_what_was_asked_for_and_what_was_in_force(
    program: Program, cri: Ori, at: object, asked: str, since: str, mode: str
) -> None:
    """Each decision shows the claim beside the effect, as the record has them on that day."""
    decision = decide(program, booking(cri, at), Gate.SHARE)  # type: ignore[arg-type]
    assert (decision.asked_for, decision.asked_since, decision.mode) == (asked, since, mode)


def test_the_record_puts_nobody_under_response_opt_out(program: Program) -> None:
    """What was offered in 2010 is not shown as in force anywhere, because no source says that it was."""
    modes = {ruling.mode for line in program.timelines.values() for ruling in line.rulings}
    assert "RESPONSE_OPT_OUT" not in modes


def test_the_scenario_is_marked_as_one(scenario: Program) -> None:
    """The demonstration's choice applies to Arlington from 8 November 2010 and says it is no history."""
    before = decide(scenario, booking(ARLINGTON, utc(2010, 11, 7)), Gate.RELAY)
    decisions = decide_all(scenario, booking(ARLINGTON, _NOV))
    assert before.mode == "FULL"
    assert [one.open for one in decisions.values()] == [True, False, True, False]
    assert "POL-SCENARIO" in {one.code for one in decisions[Gate.RELAY].reasons}


def test_the_activation_of_2013_is_shown_as_unverified(program: Program) -> None:
    """Every decision that stands on the row of 2013 says that the row is not verified."""
    for cri in (COOK, RALEIGH, PHOENIX):
        reasons = decide(program, booking(cri, utc(2014, 6, 1)), Gate.SHARE).reasons
        assert any(r.code == "POL-UNVERIFIED" and r.text.startswith("R013 ") for r in reasons)


def test_every_decision_in_force_names_a_rule(program: Program) -> None:
    """Also where nothing was ever switched on, a decision names the rule that closed the gates."""
    decision = decide(program, booking(HARRIS, utc(2001, 1, 1)), Gate.SHARE)
    assert (decision.rule_id, decision.mode, decision.open) == ("R000", "NOT_ACTIVATED", False)


def test_no_binding_row_claims_a_basis_that_nobody_named(program: Program) -> None:
    """A row in force carries the basis that was named for it, or says that none is on record."""
    bases = {one.legal_basis for one in program.rules.values() if one.kind is Kind.ACTIVATION}
    assert bases == {NO_BASIS}


def test_every_row_has_a_source_and_a_confidence(program: Program) -> None:
    """No fact of the program stands without where it was read and how well it is known."""
    for one in (*program.rules.values(), *program.wording.values()):
        assert one.source in program.sources
        assert one.confidence is not Confidence.SCENARIO


@pytest.mark.shared
def test_the_eighteen_versions_of_the_language_are_all_there(program: Program, shared_data: Path) -> None:
    """Every version of the opt-out language is in the registry with its three dates."""
    with (shared_data / "domain" / "policy_language.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(program.wording)
    for key, row in rows.items():
        ours = program.wording[key]
        assert str(ours.begins) == row["valid_from"]
        assert (str(ours.ends) if ours.ends else "") == row["valid_to"]
        assert str(ours.public) == row["public_from"].split(" ")[0]
        assert ours.confidence == row["confidence"][0]


@pytest.mark.shared
def test_every_event_of_the_record_has_a_row(program: Program, shared_data: Path) -> None:
    """Each event of a jurisdiction is in the registry; where only the month is known, in that month."""
    with (shared_data / "domain" / "jurisdiction_events.csv").open(encoding="utf-8", newline="") as file:
        events = list(csv.DictReader(file))
    days = {str(rule.begins) for rule in program.rules.values()}
    months = {day[:7] for day in days}
    assert len(events) == 19
    for event in events:
        known = months if "day unknown" in event["event"] else days
        assert (event["date"][:7] if known is months else event["date"]) in known, event["event"]


@pytest.mark.shared
def test_agencies_are_those_of_the_public_list(program: Program, shared_data: Path) -> None:
    """Every agency that names the public list as its source is in it, under that name and in that county."""
    with (shared_data / "agencies" / "agencies-all.csv").open(encoding="utf-8", newline="") as file:
        public = {row["ori"]: row for row in csv.DictReader(file)}
    listed = [one for one in program.agencies if one.ori in public]
    assert len(listed) >= 40
    for one in listed:
        row, fips = public[one.ori], program.jurisdictions[one.jurisdiction].fips
        assert one.name == row["agency_name"]
        assert not (row["county_fips"] and len(fips) == 5) or row["county_fips"] == fips
        assert one.confidence is Confidence.SECONDARY


@pytest.mark.shared
def test_counties_carry_their_census_code(program: Program, shared_data: Path) -> None:
    """Each county's id, name and FIPS code agree with the Census list of 2010."""
    with (shared_data / "agencies" / "counties_2010.csv").open(encoding="utf-8", newline="") as file:
        census = {(r["statefp"] + r["countyfp"], r["name"]) for r in csv.DictReader(file)}
    counties = [one for one in program.jurisdictions.values() if one.kind == "county"]
    assert {(one.fips, one.name) for one in counties} <= census
    assert all(one.id.endswith(one.fips[2:]) for one in counties)
