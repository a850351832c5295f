# SPDX-License-Identifier: Apache-2.0
"""Which rule is in force, from which instant, and why every other one lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from policy_world import ARLINGTON, NOBODY, booking, rule, shipped, table, utc, with_row, with_rules
from tools.policy_oracle import Oracle

from sluicegate.errors import UsageError
from sluicegate.policy.decide import decide_all
from sluicegate.policy.places import midnight
from sluicegate.policy.program import Program, load, overlay
from sluicegate.terms import Ori
from sluicegate.testing.nation import nation

_TICK = timedelta(microseconds=1)


def _mode(program: Program, place: str, at: datetime) -> str:
    return str(program.in_force(place, at).mode)


def _with(*rows: dict[str, str]) -> Program:
    return overlay(shipped(), with_rules(*rows))


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("America/New_York", date(2010, 11, 8), datetime(2010, 11, 8, 5, tzinfo=UTC)),
        ("America/New_York", date(2010, 7, 1), datetime(2010, 7, 1, 4, tzinfo=UTC)),
        # the days on which clocks change begin by the old time
        ("America/New_York", date(2010, 11, 7), datetime(2010, 11, 7, 4, tzinfo=UTC)),
        ("America/Chicago", date(2013, 3, 10), datetime(2013, 3, 10, 6, tzinfo=UTC)),
        ("America/Chicago", date(2013, 3, 11), datetime(2013, 3, 11, 5, tzinfo=UTC)),
        ("America/Phoenix", date(2010, 7, 1), datetime(2010, 7, 1, 7, tzinfo=UTC)),
        ("Pacific/Honolulu", date(2010, 7, 1), datetime(2010, 7, 1, 10, tzinfo=UTC)),
        # clocks that skip midnight: the first instant of that day
        ("America/Sao_Paulo", date(2010, 10, 17), datetime(2010, 10, 17, 3, tzinfo=UTC)),
        # clocks that repeat midnight: the first of the two
        ("America/Havana", date(2010, 10, 31), datetime(2010, 10, 31, 4, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_its_first_local_instant(zone: str, day: date, instant: datetime) -> None:
    """A date means the first instant of that day where the jurisdiction is, also when clocks change."""
    assert midnight(day, zone) == instant


def test_a_rule_begins_at_local_midnight_not_before() -> None:
    """The last microsecond of the day before still has the old rule."""
    program = _with(rule())
    start = datetime(2010, 11, 8, 5, tzinfo=UTC)
    assert _mode(program, "US-VA-013", start - _TICK) == "FULL"
    assert _mode(program, "US-VA-013", start) == "RESPONSE_OPT_OUT"


def test_a_rule_ends_at_local_midnight_of_its_last_date() -> None:
    """The day on which a rule ends is the first day without it."""
    program = _with(rule(valid_until="2010-11-10"))
    end = datetime(2010, 11, 10, 5, tzinfo=UTC)
    assert _mode(program, "US-VA-013", end - _TICK) == "RESPONSE_OPT_OUT"
    assert _mode(program, "US-VA-013", end) == "FULL"


@pytest.mark.parametrize(
    ("place", "hour"), [("US-NY-061", 5), ("US-IL-031", 6), ("US-TX-141", 7), ("US-AZ-013", 7), ("US-HI", 10)]
)
def test_a_national_rule_begins_at_each_jurisdictions_own_midnight(
    program: Program, place: str, hour: int
) -> None:
    """One national date begins at a different instant in each time zone, also inside Texas."""
    start = datetime(2013, 1, 22, hour, tzinfo=UTC)
    assert _mode(program, place, start - _TICK) == "NOT_ACTIVATED"
    assert _mode(program, place, start) == "FULL"


def test_a_federal_rule_prevails_over_a_county_rule() -> None:
    """The conflict order of the program is applied as written, and the loser is named with the reason."""
    ruling = _with(rule(issuer_level="county", mode_in_force="JURISDICTION_FILTER")).in_force(
        "US-VA-013", utc(2010, 11, 15)
    )
    assert (ruling.rule.id, ruling.mode) == ("R007", "FULL")
    assert {one.rule.id: one.why for one in ruling.lost}["T1"] == (
        "county rows give way to federal rows in this program's conflict order"
    )


def test_the_conflict_order_is_data() -> None:
    """A program that puts counties first lets the county's rule win; no code is changed."""
    files = shipped()
    files["program.toml"] = files["program.toml"].replace(
        b'["federal", "state", "county", "city", "program"]', b'["county", "state", "federal", "program"]'
    )
    row = rule(issuer_level="county", mode_in_force="JURISDICTION_FILTER", confidence="M")
    ruling = load(with_row("rules.csv", row, files)).in_force("US-VA-013", utc(2010, 11, 15))
    assert (ruling.rule.id, ruling.mode) == ("T1", "JURISDICTION_FILTER")


def test_the_smaller_jurisdictions_rule_prevails_at_one_level() -> None:
    """Of two federal rows the one for the county prevails over the one for the nation, though it is older."""
    ruling = _with(rule()).in_force("US-VA-013", utc(2014, 1, 1))
    assert ruling.rule.id == "T1"
    whys = {one.rule.id: one.why for one in ruling.lost}
    assert whys["R013"] == "the rule in force stands for a smaller jurisdiction"
    assert whys["R007"] == "the rule in force began later"


def test_two_rules_alike_in_all_are_settled_by_id() -> None:
    """There is never more than one winner, and it does not depend on the order of rows."""
    one, two = rule(), rule(id="T2")
    for rows in ((one, two), (two, one)):
        ruling = _with(*rows).in_force("US-VA-013", utc(2010, 11, 15))
        assert ruling.rule.id == "T1"
        assert {lost.rule.id: lost.why for lost in ruling.lost}["T2"] == "the rule in force has the lower id"


@pytest.mark.parametrize("kind", ["entry-into-force", "override", "capability"])
def test_only_an_activation_switches_a_jurisdiction_on(kind: str) -> None:
    """No other kind of row opens anything for a county that was never activated."""
    modes = {"entry-into-force": "RESPONSE_OPT_OUT", "override": "FULL", "capability": "STATE_NO_RELAY"}
    ruling = _with(rule(jurisdiction="US-IL-031", kind=kind, mode_in_force=modes[kind])).in_force(
        "US-IL-031", utc(2010, 11, 15)
    )
    assert (ruling.rule.id, ruling.mode) == ("R000", "NOT_ACTIVATED")
    assert "no activation" in {one.rule.id: one.why for one in ruling.lost}["T1"]


def test_a_filter_may_be_in_force_without_an_activation() -> None:
    """A jurisdiction that is not on may already have its filter in force."""
    row = rule(jurisdiction="US-IL-031", issuer_level="county", mode_in_force="JURISDICTION_FILTER")
    assert _mode(_with(row), "US-IL-031", utc(2010, 11, 15)) == "JURISDICTION_FILTER"


def test_a_capability_limits_an_activated_county() -> None:
    """A state that cannot relay closes the relay of a county that is on, whatever the county's rule says."""
    row = rule(jurisdiction="US-VA", kind="capability", issuer_level="state", mode_in_force="STATE_NO_RELAY")
    ruling = _with(row).in_force("US-VA-013", utc(2010, 11, 15))
    assert ruling.mode == "STATE_NO_RELAY"
    whys = {one.rule.id: one.why for one in ruling.lost}
    assert whys["R007"] == "no rule can make an installation do what it cannot"


@pytest.mark.parametrize("charges", [(), ("BURGLARY",), ("no such charge",)])
def test_a_capability_never_opens_what_a_filter_by_charge_stops(charges: tuple[str, ...]) -> None:
    """A state that cannot relay does not open a copy whose charge its county does not share."""
    able = rule(jurisdiction="US-VA", kind="capability", issuer_level="state", mode_in_force="STATE_NO_RELAY")
    kept = rule(id="T2", mode_in_force="OFFENCE_LEVEL_FILTER")
    program = overlay(shipped(), with_rules(able, kept))
    found = decide_all(program, booking(ARLINGTON, utc(2010, 11, 15), *charges))
    assert {one.mode for one in found.values()} == {"OFFENCE_LEVEL_FILTER"}
    assert not any(one.open for one in found.values())


def test_a_capability_never_opens_what_a_filter_closes() -> None:
    """A state that cannot relay does not undo a county's filter."""
    able = rule(jurisdiction="US-VA", kind="capability", issuer_level="state", mode_in_force="STATE_NO_RELAY")
    ruling = _with(able, rule(id="T2", mode_in_force="JURISDICTION_FILTER")).in_force(
        "US-VA-013", utc(2010, 11, 15)
    )
    assert ruling.mode == "JURISDICTION_FILTER"
    whys = {one.rule.id: one.why for one in ruling.lost}
    assert whys["T1"] == "it would open what the rule in force closes"


def test_a_superseded_row_ends_when_the_new_one_begins() -> None:
    """A row that was replaced does not come back when its replacement ends."""
    program = _with(
        rule(mode_in_force="JURISDICTION_FILTER"),
        rule(id="T2", supersedes="T1", valid_from="2010-12-01", valid_until="2011-01-01"),
    )
    assert _mode(program, "US-VA-013", utc(2010, 11, 15)) == "JURISDICTION_FILTER"
    assert _mode(program, "US-VA-013", utc(2010, 12, 15)) == "RESPONSE_OPT_OUT"
    assert _mode(program, "US-VA-013", utc(2011, 1, 15)) == "FULL"


def test_an_activation_that_is_superseded_leaves_the_jurisdiction_off() -> None:
    """When a filter replaces the activation itself and then ends, nothing is shared."""
    program = _with(rule(mode_in_force="JURISDICTION_FILTER", supersedes="R007", valid_until="2011-01-01"))
    assert _mode(program, "US-VA-013", utc(2011, 1, 15)) == "NOT_ACTIVATED"


def test_what_was_asked_for_is_the_nearest_jurisdictions_claim(program: Program) -> None:
    """A county that asks is shown with its own claim, a county that does not with its state's."""
    at = utc(2010, 11, 15)
    own, states = program.in_force("US-CA-075", at).asked, program.in_force("US-CA-081", at).asked
    assert own is not None
    assert states is not None
    assert (own.mode, own.rule.jurisdiction) == ("JURISDICTION_FILTER", "US-CA-075")
    assert (states.mode, states.rule.jurisdiction) == ("FULL", "US-CA-081")


def test_asking_twice_counts_from_the_first_time(program: Program) -> None:
    """San Francisco's second letter does not reset the day since which it asks."""
    asked = program.in_force("US-CA-075", utc(2010, 9, 15)).asked
    assert asked is not None
    assert (asked.rule.id, asked.since) == ("C005", date(2010, 5, 18))


def test_an_agency_moves_on_its_day() -> None:
    """From the local midnight of a new row an agency answers to another jurisdiction; in a gap to none."""
    base = {"ori": "VA0070900", "name": "A test", "source": "SRC-GK", "confidence": "M"}
    program = overlay(
        shipped(),
        {
            "agencies.csv": table(
                "agencies.csv",
                {**base, "jurisdiction": "US-VA-013", "until": "2010-11-08"},
                {**base, "jurisdiction": "US-VA-059", "from": "2010-11-08", "until": "2011-01-01"},
                {**base, "jurisdiction": "US-VA", "from": "2012-01-01"},
            )
        },
    )
    start = datetime(2010, 11, 8, 5, tzinfo=UTC)
    stays = [program.place(Ori("VA0070900"), at) for at in (start - _TICK, start)]
    assert [s.jurisdiction.id if s else "" for s in stays] == ["US-VA-013", "US-VA-059"]
    assert program.place(Ori("VA0070900"), utc(2011, 6, 1)) is None


def test_a_placement_names_county_state_and_nation(program: Program) -> None:
    """The chain of a county's agency ends with the nation."""
    placement = program.place(ARLINGTON, utc(2010, 11, 15))
    assert placement is not None
    assert [one.id for one in placement.chain] == ["US-VA-013", "US-VA", "US"]
    assert program.place(NOBODY, utc(2010, 11, 15)) is None


def test_rulings_follow_one_another_without_gap(program: Program) -> None:
    """Every instant of every jurisdiction has exactly one ruling."""
    for line in program.timelines.values():
        assert [one.begins for one in line.rulings] == list(line.starts)
        ends = [one.ends for one in line.rulings]
        assert ends[:-1] == list(line.starts[1:])
        assert line.at(datetime.min.replace(tzinfo=UTC)) is line.rulings[0]
        assert line.at(datetime.max.replace(tzinfo=UTC)) is line.rulings[-1]


def test_asking_about_an_unknown_place_or_a_naive_moment_is_refused(program: Program) -> None:
    """The registry does not answer a question that has no answer."""
    with pytest.raises(UsageError, match="not in program"):
        program.in_force("US-ZZ", utc(2010, 1, 1))
    with pytest.raises(UsageError, match="time zone"):
        program.in_force("US-CA", datetime(2010, 1, 1))


def test_a_ruling_says_when_it_became_public() -> None:
    """A rule that people could know only later says so in every decision."""
    ruling = _with(rule(public_from="2011-02-16")).in_force("US-VA-013", utc(2010, 11, 15))
    assert "T1 began on 2010-11-08 and was public from 2011-02-16" in {r.text for r in ruling.reasons}


@pytest.mark.slow
def test_a_plain_scan_of_the_rows_puts_the_same_mode_in_force() -> None:
    """A second reading of the CSV files without index or intervals agrees on every question asked."""
    files = nation(seed=5, jurisdictions=160, agencies=240)
    program, oracle = load(files), Oracle(files)
    start = utc(2008, 6, 1)
    for number, ori in enumerate(oracle.oris):
        for step in range(8):
            at = start + timedelta(days=260 * step + number, hours=number)
            found = decide_all(program, booking(Ori(ori), at, "ROBBERY"))
            assert {one.mode for one in found.values()} == {oracle.mode(ori, at)}
            assert all(one.open == oracle.open(one.mode, gate, "listed") for gate, one in found.items())
