# SPDX-License-Identifier: Apache-2.0
"""What the gates do: the design's table cell by cell, doubt in every form, choice at booking, recipients."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import (
    ARLINGTON,
    COOK,
    DISTRICT,
    HARRIS,
    NOBODY,
    booking,
    rule,
    shipped,
    utc,
    with_rules,
)

from sluicegate.policy.decide import Facts, decide, decide_all, decide_lookup, decide_recipient
from sluicegate.policy.decision import Decision
from sluicegate.policy.program import Program, load, overlay
from sluicegate.terms import Gate, Ori, Outcome

_NOV = utc(2010, 11, 15)
_OPEN, _SHUT = Outcome.OPEN, Outcome.CLOSED
_SHIPPED = load(shipped())

# The table of the design, gate by gate: G1 share, G2 relay, G3 look-up, G4 keep.
_TABLE = {
    "FULL": ("POL-OPEN", "POL-OPEN", "POL-OPEN"),
    "RESPONSE_OPT_OUT": ("POL-OPEN", "POL-CLOSED", "POL-OPEN"),
    "STATE_NO_RELAY": ("POL-OPEN", "POL-CLOSED", "POL-OPEN"),
    "JURISDICTION_FILTER": ("POL-CLOSED", "POL-NOTHING", "POL-CLOSED"),
    "OFFENCE_LEVEL_FILTER": ("POL-CHARGE-NONE", "POL-CHARGE-NONE", "POL-CHARGE-NONE"),
    "NOT_ACTIVATED": ("POL-CLOSED", "POL-NOTHING", "POL-CLOSED"),
}


def _under(mode: str) -> Program:
    return overlay(shipped(), with_rules(rule(mode_in_force=mode)))


def _code(decision: Decision) -> str:
    return decision.reasons[0].code


def test_the_table_of_this_test_has_every_mode(program: Program) -> None:
    """No mode of the program is missing from the table checked here."""
    assert set(program.modes) == set(_TABLE)


@pytest.mark.parametrize("mode", sorted(_TABLE))
def test_every_mode_does_to_every_gate_what_the_design_says(mode: str) -> None:
    """Under each mode each gate is open or closed exactly as the design's table has it."""
    decisions = decide_all(_under(mode), booking(ARLINGTON, _NOV))
    assert {one.mode for one in decisions.values()} == {mode}
    codes = [_code(decisions[gate]) for gate in Gate]
    assert codes == [*_TABLE[mode], "POL-DECLARED"]
    assert [one.open for one in decisions.values()] == [code == "POL-OPEN" for code in codes]


@pytest.mark.parametrize(
    ("charges", "code"),
    [
        (("ROBBERY",), "POL-CHARGE-LISTED"),
        (("  armed   Robbery ",), "POL-CHARGE-LISTED"),
        (("THEFT", "HOMICIDE"), "POL-CHARGE-LISTED"),
        (("THEFT",), "POL-CHARGE-NOT-LISTED"),
        (("ROBBERY", "SORCERY"), "POL-CHARGE-UNKNOWN"),
        (("SORCERY",), "POL-CHARGE-UNKNOWN"),
        (("ROBBERY", ""), "POL-CHARGE-NONE"),
        (("",), "POL-CHARGE-NONE"),
        ((), "POL-CHARGE-NONE"),
    ],
)
def test_by_charge_opens_only_for_known_and_listed_charges(charges: tuple[str, ...], code: str) -> None:
    """A charge that is missing or unknown keeps all three gates closed, whatever stands beside it."""
    decisions = decide_all(_under("OFFENCE_LEVEL_FILTER"), booking(ARLINGTON, _NOV, *charges))
    for gate in (Gate.SHARE, Gate.RELAY, Gate.LOOKUP):
        assert _code(decisions[gate]) == code
        assert decisions[gate].open == (code == "POL-CHARGE-LISTED")


def test_a_charge_matters_only_where_the_mode_asks_for_it(program: Program) -> None:
    """The gravest charge opens nothing under a filter."""
    decisions = decide_all(program, booking(DISTRICT, _NOV, "HOMICIDE"))
    assert not any(one.open for one in decisions.values())


class _Unmoored(tzinfo):
    def utcoffset(self, _: datetime | None) -> timedelta:
        raise ArithmeticError


_FAR = timezone(timedelta(hours=-23))
_DOUBTS = {
    "no program": (None, booking(HARRIS, _NOV), "POL-NO-PROGRAM"),
    "unknown agencies": (_SHIPPED, booking(NOBODY, _NOV), "POL-UNPLACED"),
    "empty CRI": (_SHIPPED, booking(Ori(""), _NOV, ori=Ori("")), "POL-UNPLACED"),
    "lower case CRI": (_SHIPPED, booking(Ori(HARRIS.lower()), _NOV), "POL-UNPLACED"),
    "only the header known": (_SHIPPED, booking(NOBODY, _NOV, ori=HARRIS), "POL-SUBSTITUTED"),
    "naive time": (_SHIPPED, booking(HARRIS, _NOV.replace(tzinfo=None)), "POL-NO-TIME"),
    "no time": (_SHIPPED, booking(HARRIS, None), "POL-NO-TIME"),  # type: ignore[arg-type]
    "time out of range": (_SHIPPED, booking(HARRIS, datetime.max.replace(tzinfo=_FAR)), "POL-NO-TIME"),
    "broken clock": (_SHIPPED, booking(HARRIS, _NOV.replace(tzinfo=_Unmoored())), "POL-BROKEN"),
    "facts that are no facts": (_SHIPPED, None, "POL-BROKEN"),
    "broken rule": (replace(_SHIPPED, wording={}), booking(HARRIS, _NOV), "POL-BROKEN"),
    "lost timelines": (replace(_SHIPPED, timelines={}), booking(HARRIS, _NOV), "POL-BROKEN"),
    "lost modes": (replace(_SHIPPED, modes={}), booking(HARRIS, _NOV), "POL-BROKEN"),
}


@pytest.mark.parametrize("doubt", sorted(_DOUBTS))
@pytest.mark.parametrize("gate", [Gate.SHARE, Gate.RELAY, Gate.LOOKUP])
def test_doubt_denies(doubt: str, gate: Gate) -> None:
    """Whatever is unknown, broken or lost, the gate is closed and the decision says which doubt it was."""
    program, facts, code = _DOUBTS[doubt]
    decision = decide(program, facts, gate)  # type: ignore[arg-type]
    assert (decision.outcome, _code(decision), decision.rule_id) == (_SHUT, code, "DOUBT")


def test_a_mode_that_does_not_speak_of_a_gate_closes_it() -> None:
    """A gate without an effect is closed, not forgotten."""
    silent = replace(_SHIPPED.modes["FULL"], effects={})
    decision = decide(replace(_SHIPPED, modes={"FULL": silent}), booking(HARRIS, _NOV), Gate.SHARE)
    assert (decision.outcome, _code(decision)) == (_SHUT, "POL-NO-EFFECT")


def test_a_gate_that_does_not_exist_is_closed() -> None:
    """Asking about a fifth gate opens nothing."""
    decision = decide(_SHIPPED, booking(HARRIS, _NOV), "G5")  # type: ignore[arg-type]
    assert not decision.open


def test_the_headers_ori_never_opens_a_gate(program: Program) -> None:
    """Where only the header's ORI is known, every gate is closed and the substitution is on record."""
    decisions = decide_all(program, booking(NOBODY, _NOV, ori=HARRIS))
    assert {(one.outcome, one.substituted) for one in decisions.values()} == {(_SHUT, True)}
    assert {one.jurisdiction_id for one in decisions.values()} == {"US-TX-201"}


def test_the_cri_decides_and_not_the_header(program: Program) -> None:
    """A booking from the District is filtered also when a fully sharing agency passes it on."""
    facts = booking(DISTRICT, _NOV, ori=HARRIS)
    assert decide(program, facts, Gate.SHARE).jurisdiction_id == "US-DC"
    assert not decide(program, facts, Gate.SHARE).open


_ORIS = st.sampled_from([ARLINGTON, COOK, DISTRICT, HARRIS, NOBODY]) | st.text(max_size=12).map(Ori)
_ZONES = st.none() | st.timezones() | st.just(_Unmoored()) | st.just(_FAR)


@settings(deadline=None)
@given(
    _ORIS,
    _ORIS,
    st.datetimes(timezones=_ZONES, allow_imaginary=True),
    st.lists(st.text(max_size=20) | st.just("ROBBERY"), max_size=3).map(tuple),
    st.sampled_from(sorted(_TABLE)),
)
def test_deciding_never_raises(cri: Ori, ori: Ori, at: datetime, charges: tuple[str, ...], mode: str) -> None:
    """For any strings and any moment every gate gets a decision, closed unless the table opens it."""
    program = _PROGRAMS[mode]
    for gate, decision in decide_all(program, Facts(cri, ori, at, charges)).items():
        assert decision.gate is gate
        effect = program.modes[decision.mode].effects.get(gate) if decision.mode in program.modes else None
        assert not decision.open or effect in ("open", "by_charge")


_PROGRAMS = {mode: _under(mode) for mode in _TABLE}


@pytest.mark.parametrize("then", sorted(_TABLE))
@pytest.mark.parametrize("now", sorted(_TABLE))
def test_a_lookup_takes_the_most_restrictive_of_then_and_now(then: str, now: str) -> None:
    """A later tightening closes look-ups; a later loosening never opens them: all pairs of modes."""
    facts = booking(ARLINGTON, _NOV)
    at_booking = decide(_PROGRAMS[then], facts, Gate.LOOKUP)
    later = decide_lookup(at_booking, _PROGRAMS[now], facts, utc(2010, 12, 24))
    both = _TABLE[then][2] == "POL-OPEN" and _TABLE[now][2] == "POL-OPEN"
    assert later.open == both
    if not at_booking.open:
        assert (later.rule_id, later.at) == (at_booking.rule_id, at_booking.at)
        assert later.reasons[-1].code == "POL-BOOKING-CLOSED"
    else:
        assert later.mode == now
        assert later.reasons[-1].code == ("POL-OPEN-BOTH" if both else "POL-TIGHTENED")


def test_the_mode_in_force_at_receipt_binds_the_booking(program: Program) -> None:
    """A booking taken in the District in 2010 stays out of reach after the activation of 2013."""
    facts = booking(DISTRICT, _NOV)
    at_booking = decide(program, facts, Gate.LOOKUP)
    assert decide(program, booking(DISTRICT, utc(2014, 1, 1)), Gate.LOOKUP).open
    assert not decide_lookup(at_booking, program, facts, utc(2014, 1, 1)).open


@pytest.mark.parametrize(
    ("program_now", "now", "code"),
    [
        (None, utc(2011, 1, 1), "POL-NO-PROGRAM"),
        (_SHIPPED, None, "POL-NO-TIME"),
        (_SHIPPED, utc(2010, 11, 14), "POL-CLOCK"),
    ],
)
def test_doubt_at_the_time_of_a_lookup_denies(program_now: Program | None, now: datetime, code: str) -> None:
    """A lost program, a missing clock or one that runs backwards closes the look-up."""
    facts = booking(HARRIS, _NOV)
    later = decide_lookup(decide(_SHIPPED, facts, Gate.LOOKUP), program_now, facts, now)
    assert (later.outcome, _code(later)) == (_SHUT, code)


def test_a_lookup_is_not_decided_by_a_decision_on_another_gate(program: Program) -> None:
    """An open G1 decision does not open a look-up, nor a relay."""
    facts = booking(HARRIS, _NOV)
    share = decide(program, facts, Gate.SHARE)
    for wrong in (decide_lookup(share, program, facts, _NOV), decide_recipient(program, share, HARRIS, _NOV)):
        assert (wrong.outcome, _code(wrong)) == (_SHUT, "POL-WRONG-GATE")


@pytest.mark.parametrize(
    ("sender", "recipient", "outcome", "code"),
    [
        (HARRIS, HARRIS, _OPEN, "POL-OPEN"),
        (HARRIS, ARLINGTON, _SHUT, "POL-CLOSED"),
        (HARRIS, COOK, _SHUT, "POL-NOTHING"),
        (HARRIS, DISTRICT, _SHUT, "POL-NOTHING"),
        (HARRIS, NOBODY, _SHUT, "POL-RECIPIENT-UNPLACED"),
        (ARLINGTON, HARRIS, _SHUT, "POL-CLOSED"),
        (COOK, HARRIS, _SHUT, "POL-NOTHING"),
        (NOBODY, HARRIS, _SHUT, "POL-UNPLACED"),
    ],
)
def test_a_recipient_needs_the_bookings_gate_and_its_own(
    sender: Ori, recipient: Ori, outcome: Outcome, code: str
) -> None:
    """The second response reaches a recipient only if both the booking's and its own jurisdiction let it."""
    program = _PROGRAMS["RESPONSE_OPT_OUT"]
    sent = decide(program, booking(sender, _NOV), Gate.RELAY)
    decision = decide_recipient(program, sent, recipient, _NOV)
    assert (decision.gate, decision.outcome, _code(decision)) == (Gate.RELAY, outcome, code)


def test_response_opt_out_silences_every_recipient() -> None:
    """Under RESPONSE_OPT_OUT no agency of the whole program gets the second response."""
    program = _PROGRAMS["RESPONSE_OPT_OUT"]
    sent = decide(program, booking(ARLINGTON, _NOV), Gate.RELAY)
    for agency in program.agencies:
        assert not decide_recipient(program, sent, agency.ori, _NOV).open


def test_a_recipient_decided_by_charge_needs_the_charge() -> None:
    """A recipient under the offense filter is closed unless the booking's charge is handed in and listed."""
    program = _PROGRAMS["OFFENCE_LEVEL_FILTER"]
    sent = decide(program, booking(HARRIS, _NOV), Gate.RELAY)
    assert not decide_recipient(program, sent, ARLINGTON, _NOV).open
    assert decide_recipient(program, sent, ARLINGTON, _NOV, charges=("ROBBERY",)).open
    assert not decide_recipient(program, sent, ARLINGTON, _NOV, charges=("THEFT",)).open
