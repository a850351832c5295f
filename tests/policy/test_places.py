# SPDX-License-Identifier: Apache-2.0
"""Where an agency stands: midnights of every kind, several counties, retired ORIs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from policy_world import ARLINGTON, HARRIS, NOBODY, booking, rule, shipped, table, utc, with_rules

from sluicegate.errors import ProgramError
from sluicegate.exchange.case import Case, State
from sluicegate.exchange.stages.admit import authorize
from sluicegate.facts import FactKind
from sluicegate.policy.decide import decide, decide_all, decide_recipient
from sluicegate.policy.places import midnight
from sluicegate.policy.program import Program, overlay
from sluicegate.terms import Gate, Ori, Outcome

_TICK = timedelta(microseconds=1)
_NOV = utc(2010, 11, 15)
BOTH, OLD, OLDER = Ori("VA0070X00"), Ori("VA00OLD00"), Ori("VA0OLDER0")
_COMMON = {"source": "SRC-GK", "confidence": "X"}

# Zone, day, and the UTC instant at which that day begins there, from the published rules of each zone.
_MIDNIGHTS = [
    ("Pacific/Honolulu", "2010-11-08", "2010-11-08T10:00Z"),
    ("America/Phoenix", "2010-07-01", "2010-07-01T07:00Z"),  # Arizona keeps no summer time
    ("America/Phoenix", "2010-12-01", "2010-12-01T07:00Z"),
    ("America/Denver", "2010-07-01", "2010-07-01T06:00Z"),
    ("America/Indiana/Indianapolis", "2005-07-01", "2005-07-01T05:00Z"),  # no summer time before 2006
    ("America/Indiana/Indianapolis", "2010-07-01", "2010-07-01T04:00Z"),
    ("America/New_York", "2010-03-14", "2010-03-14T05:00Z"),
    ("America/New_York", "2010-03-15", "2010-03-15T04:00Z"),
    ("America/New_York", "2010-11-08", "2010-11-08T05:00Z"),
    ("America/Puerto_Rico", "2010-07-01", "2010-07-01T04:00Z"),
    ("America/Adak", "2010-12-01", "2010-12-01T10:00Z"),
    ("Pacific/Guam", "2010-11-08", "2010-11-07T14:00Z"),  # west of the date line
    ("Pacific/Pago_Pago", "2010-11-08", "2010-11-08T11:00Z"),  # east of it
    ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z"),  # a day that Samoa never had
    ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z"),
    ("America/Sao_Paulo", "2010-10-17", "2010-10-17T03:00Z"),  # clocks skip midnight
    ("America/Havana", "2010-10-31", "2010-10-31T04:00Z"),  # clocks repeat midnight
    ("America/St_Johns", "2010-11-07", "2010-11-07T02:30Z"),  # back at one minute past midnight
]


def _place(zone: str) -> dict[str, bytes]:
    """An overlay: a county in a zone, switched on in 2005 and filtered from a day on, and its agency."""
    place = {"id": "US-VA-999", "name": "Far County", "kind": "county", "parent": "US-VA", "zone": zone}
    return {
        "jurisdictions.csv": table("jurisdictions.csv", {**place, **_COMMON}),
        "agencies.csv": table(
            "agencies.csv", {"ori": BOTH, "jurisdiction": "US-VA-999", "name": "Far Police", **_COMMON}
        ),
    }


@pytest.mark.parametrize(("zone", "day", "instant"), _MIDNIGHTS)
def test_a_rule_begins_at_the_first_instant_of_its_local_day(zone: str, day: str, instant: str) -> None:
    """One microsecond before local midnight the gate is open, at midnight it is closed, in every zone."""
    begins = datetime.fromisoformat(instant.replace("Z", "+00:00"))
    assert midnight(date.fromisoformat(day), zone) == begins
    on = rule(
        id="T0",
        jurisdiction="US-VA-999",
        kind="activation",
        mode_in_force="FULL",
        valid_from="2004-01-01",
        issuer_level="county",
    )
    shut = rule(id="T1", jurisdiction="US-VA-999", mode_in_force="JURISDICTION_FILTER", valid_from=day)
    program = overlay(shipped(), {**_place(zone), **with_rules(on, shut)})
    assert decide(program, booking(BOTH, begins - _TICK), Gate.SHARE).open
    assert not decide(program, booking(BOTH, begins), Gate.SHARE).open


def test_noon_of_a_day_is_after_its_midnight_in_every_zone_known() -> None:
    """No zone has a day that begins later than its own noon, so a date may be asked about at noon."""
    for zone, day, _ in _MIDNIGHTS:
        noon = midnight(date.fromisoformat(day), zone) + timedelta(hours=12)
        assert noon.astimezone(UTC) > midnight(date.fromisoformat(day), zone)


def _several(first: str, second: str, *rules: dict[str, str]) -> Program:
    agency = {"ori": BOTH, "jurisdiction": f"{first} {second}", "name": "Both", **_COMMON}
    return overlay(shipped(), {"agencies.csv": table("agencies.csv", agency), **with_rules(*rules)})


_MODES = ("FULL", "RESPONSE_OPT_OUT", "JURISDICTION_FILTER", "OFFENCE_LEVEL_FILTER")


@pytest.mark.slow
@pytest.mark.parametrize("one", _MODES)
@pytest.mark.parametrize("other", _MODES)
def test_the_most_restrictive_of_several_counties_decides_each_gate(one: str, other: str) -> None:
    """An agency in two counties has a gate open only where both open it, whichever is named first."""
    rules = (
        rule(id="T1", jurisdiction="US-VA-013", mode_in_force=one),
        rule(id="T2", jurisdiction="US-TX-201", mode_in_force=other),
    )
    ahead = _several("US-VA-013", "US-TX-201", *rules)
    behind = _several("US-TX-201", "US-VA-013", *rules)
    for charges in ((), ("ROBBERY",)):
        alone = [decide_all(ahead, booking(cri, _NOV, *charges)) for cri in (ARLINGTON, HARRIS)]
        for program in (ahead, behind):
            for gate, found in decide_all(program, booking(BOTH, _NOV, *charges)).items():
                assert found.open == all(each[gate].open for each in alone)
                assert [one.code for one in found.reasons].count("POL-SEVERAL") == 1
                assert found.mode in {each[gate].mode for each in alone if each[gate].open == found.open}


def test_the_decision_names_every_county_and_what_each_does() -> None:
    """Whoever reads the decision sees all counties of the agency, and which one closed the gate."""
    program = _several("US-TX-201", "US-VA-013", rule(mode_in_force="JURISDICTION_FILTER"))
    found = decide(program, booking(BOTH, _NOV), Gate.SHARE)
    assert (found.outcome, found.jurisdiction_id) == (Outcome.CLOSED, "US-VA-013")
    assert found.reasons[-1].text == (
        "the agency stands in Harris County (FULL: open), Arlington County (JURISDICTION_FILTER: closed); "
        "the most restrictive decides"
    )


def test_an_agency_in_two_time_zones_is_placed_only_while_its_row_holds_in_both() -> None:
    """Between the midnights of two zones the agency stands nowhere, and nothing is shared."""
    agency = {"ori": BOTH, "jurisdiction": "US-TX-201 US-VA-013", "name": "Both", "from": "2010-11-08"}
    program = overlay(shipped(), {"agencies.csv": table("agencies.csv", {**agency, **_COMMON})})
    assert program.place(BOTH, utc(2010, 11, 8, 5)) is None  # midnight in Virginia, not yet in Texas
    assert program.place(BOTH, utc(2010, 11, 8, 6)) is not None


def _retired(*rows: dict[str, str], agencies: tuple[dict[str, str], ...] = ()) -> dict[str, bytes]:
    filled = [{**row, **_COMMON} for row in rows]
    extra = {"substitutions.csv": table("substitutions.csv", *filled)}
    if agencies:
        extra["agencies.csv"] = table("agencies.csv", *({**row, **_COMMON} for row in agencies))
    return extra


_TO_ARLINGTON = {"ori": OLD, "replaced_by": ARLINGTON, "from": "2010-11-08"}


def test_a_retired_ori_is_placed_through_its_successor_from_that_day_on() -> None:
    """Before the day the retired ORI stands nowhere; from local midnight on its successor's rule decides."""
    program = overlay(shipped(), _retired(_TO_ARLINGTON))
    begins = midnight(date(2010, 11, 8), "America/New_York")
    assert decide(program, booking(OLD, begins - _TICK), Gate.SHARE).reasons[0].code == "POL-UNPLACED"
    found = decide(program, booking(OLD, begins), Gate.SHARE)
    direct = decide(program, booking(ARLINGTON, begins), Gate.SHARE)
    assert (found.outcome, found.rule_id, found.substituted) == (direct.outcome, direct.rule_id, False)
    assert found.reasons[:-1] == direct.reasons
    assert found.reasons[-1].code == "POL-RETIRED"
    assert found.reasons[-1].text.endswith(f"its bookings are placed through {ARLINGTON}")


def test_a_retired_successor_hands_on_to_its_own() -> None:
    """Two retirements in a row are followed to the end, and both are named."""
    row = {"ori": OLDER, "replaced_by": OLD, "from": "2010-01-01"}
    program = overlay(shipped(), _retired(row, _TO_ARLINGTON))
    assert program.place(OLDER, utc(2010, 11, 1)) is None
    codes = [one.code for one in decide(program, booking(OLDER, _NOV), Gate.SHARE).reasons]
    assert codes.count("POL-RETIRED") == 2


def test_a_second_successor_takes_over_from_its_own_day() -> None:
    """An ORI that is replaced again is placed through the later successor from the later day on."""
    later = {"ori": OLD, "replaced_by": HARRIS, "from": "2011-03-01"}
    program = overlay(shipped(), _retired(later, _TO_ARLINGTON))
    places = [program.place(OLD, at) for at in (_NOV, utc(2011, 3, 2))]
    assert [one.jurisdiction.id for one in places if one] == ["US-VA-013", "US-TX-201"]


def test_an_own_row_that_has_ended_comes_before_the_successor() -> None:
    """An ORI keeps its own place until its row ends, and is placed through its successor afterwards."""
    own = {"ori": OLD, "jurisdiction": "US-TX-201", "name": "Was here", "until": "2010-11-08"}
    program = overlay(shipped(), _retired(_TO_ARLINGTON, agencies=(own,)))
    places = [program.place(OLD, at) for at in (utc(2010, 11, 1), _NOV)]
    assert [one.jurisdiction.id for one in places if one] == ["US-TX-201", "US-VA-013"]


def test_a_retired_recipient_hears_what_its_successor_hears() -> None:
    """The second response to a retired ORI is decided as for the agency that stands for it."""
    program = overlay(shipped(), {**_retired(_TO_ARLINGTON), **with_rules(rule())})
    sent = decide(program, booking(HARRIS, _NOV), Gate.RELAY)
    assert not decide_recipient(program, sent, OLD, _NOV).open
    assert decide_recipient(program, sent, HARRIS, _NOV).open


_BAD = [
    ({**_TO_ARLINGTON, "replaced_by": NOBODY}, "is no agency of this program"),
    ({**_TO_ARLINGTON, "replaced_by": OLD}, "in a circle"),
    ({**_TO_ARLINGTON, "from": ""}, "from is missing"),
    ({**_TO_ARLINGTON, "from": "8 Nov"}, "is not a date"),
    ({**_TO_ARLINGTON, "ori": "old"}, "nine capital letters"),
    ({**_TO_ARLINGTON, "ori": HARRIS}, "is still an agency when it is replaced"),
]


@pytest.mark.parametrize(("row", "why"), _BAD)
def test_a_substitution_that_cannot_be_is_refused(row: dict[str, str], why: str) -> None:
    """A broken row of retired ORIs is named, and nothing of the program is loaded."""
    with pytest.raises(ProgramError, match=why):
        overlay(shipped(), _retired(row))


def test_two_successors_on_one_day_are_refused() -> None:
    """One ORI cannot be replaced by two on one day."""
    with pytest.raises(ProgramError, match="twice on one day"):
        overlay(shipped(), _retired(_TO_ARLINGTON, {**_TO_ARLINGTON, "replaced_by": HARRIS}))


@pytest.mark.parametrize(
    ("places", "why"),
    [
        ("US-VA-013 US-ZZ", "not in this program"),
        ("US-VA-013  US-TX-201", "one blank between"),
        ("US-VA-013 US-VA-013", "named twice"),
    ],
)
def test_an_agency_with_a_place_nobody_knows_is_refused(places: str, why: str) -> None:
    """Every one of several jurisdictions must be in the program, once."""
    agency = {"ori": BOTH, "jurisdiction": places, "name": "Both", **_COMMON}
    with pytest.raises(ProgramError, match=why):
        overlay(shipped(), {"agencies.csv": table("agencies.csv", agency)})


def test_a_substitution_is_entered_in_the_ledger() -> None:
    """The exchange notes beside the decision that a retired ORI was placed through its successor."""
    program = overlay(shipped(), _retired(_TO_ARLINGTON))
    case = Case(
        case_id="C",
        digest="0" * 64,
        size=1,
        channel="folder",
        received=_NOV,
        state=State.ADMITTED,
        version=1,
        tcn="T",
        ori=OLD,
        cri=OLD,
    )
    step = authorize(case, decide_all(program, booking(OLD, _NOV)), {}, unknown=False)
    first, second = step.facts[:2]
    assert (first.kind, second.kind) == (FactKind.SUBSTITUTED, FactKind.DECIDED)
    assert first.body["cri"] == OLD
    assert ARLINGTON in str(first.body["said"])
