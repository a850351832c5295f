# SPDX-License-Identifier: Apache-2.0
"""Decides. Pure and total: the same program, facts and gate give the same decision, and nothing raises.

In order: is there a program, is there a moment, where does the agency stand, which rule is in force there at
the moment of receipt, what does its mode do to the gate. Whatever cannot be answered closes the gate
(promise `doubt-denies`); the rule in force at receipt binds the booking (promise `choice-at-booking`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sluicegate.policy.decision import Decision
from sluicegate.policy.model import DOUBT_RULE, NO_BASIS, UNKNOWN_MODE, Effect
from sluicegate.policy.parse import folded
from sluicegate.policy.places import Placement
from sluicegate.policy.program import Program
from sluicegate.policy.reasons import Reason, plain
from sluicegate.policy.rules import Ruling
from sluicegate.terms import Gate, Ori, Outcome


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision may look at: the agency that took the prints, the header's ORI, receipt, charges.

    Nothing about the Subject but the charges is here, so nothing else can matter.
    """

    cri: Ori
    ori: Ori
    received: datetime
    charges: tuple[str, ...] = ()


def decide(program: Program | None, facts: Facts, gate: Gate) -> Decision:
    """What the rule in force at receipt does to one gate. No program, or any doubt, closes it."""
    try:
        return _decide(program, facts, gate)
    except Exception:  # noqa: BLE001 - a rule that fails closes the gate, whatever the failure (doubt-denies)
        return _doubt(program, gate, "POL-BROKEN", "")


def decide_all(program: Program | None, facts: Facts) -> dict[Gate, Decision]:
    """`decide` for every gate."""
    return {gate: decide(program, facts, gate) for gate in Gate}


def decide_recipient(
    program: Program | None,
    booking: Decision,
    recipient: Ori,
    received: datetime,
    *,
    charges: tuple[str, ...] = (),
) -> Decision:
    """Whether one recipient gets the second response: the booking's G2 and the recipient's own must be open.

    A recipient whose jurisdiction decides by charge needs the booking's `charges`; without them it is closed.
    """
    if booking.gate is not Gate.RELAY:
        return _shut(booking, "POL-WRONG-GATE", gate=Gate.RELAY)
    if not booking.open:
        return booking
    own = decide(program, Facts(recipient, recipient, received, charges), Gate.RELAY)
    if own.open:
        return own
    if own.reasons[0].code == "POL-UNPLACED":
        return _shut(own, "POL-RECIPIENT-UNPLACED")
    return replace(own, reasons=(*own.reasons, plain("POL-RECIPIENT")))


def decide_lookup(at_booking: Decision, program_now: Program | None, facts: Facts, now: datetime) -> Decision:
    """Whether the partner finds a booking now: open only if it was open at receipt and is open still.

    `at_booking` is the G3 decision that the ledger holds; loosening a rule later never opens it.
    """
    if at_booking.gate is not Gate.LOOKUP:
        return _shut(at_booking, "POL-WRONG-GATE", gate=Gate.LOOKUP)
    if not at_booking.open:
        return replace(at_booking, reasons=(*at_booking.reasons, plain("POL-BOOKING-CLOSED")))
    later = decide(program_now, _at(facts, now), Gate.LOOKUP)
    if later.at and later.at < at_booking.at:
        return _shut(at_booking, "POL-CLOCK")
    note = plain("POL-OPEN-BOTH") if later.open else plain("POL-TIGHTENED")
    return replace(later, reasons=(*later.reasons, note))


def _at(facts: Facts, now: datetime) -> Facts:
    # Built afresh, not by replace(): facts that are not Facts must end in a closed gate, not in an exception.
    return Facts(
        getattr(facts, "cri", Ori("")), getattr(facts, "ori", Ori("")), now, getattr(facts, "charges", ())
    )


def _decide(program: Program | None, facts: Facts, gate: Gate) -> Decision:
    if program is None:
        return _doubt(None, gate, "POL-NO-PROGRAM", "")
    moment = _utc(facts.received)
    if moment is None:
        return _doubt(program, gate, "POL-NO-TIME", "")
    at = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
    placement = program.place(facts.cri, moment)
    if placement is None:
        standing_in = program.place(facts.ori, moment)
        code = "POL-SUBSTITUTED" if standing_in else "POL-UNPLACED"
        return _doubt(program, gate, code, at, standing_in)
    ruling = program.in_force(placement.jurisdiction.id, moment)
    outcome, why = _effect(program, ruling, gate, facts.charges)
    return _ruled(program, ruling, gate, outcome, why, at)


def _utc(moment: datetime) -> datetime | None:
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _effect(program: Program, ruling: Ruling, gate: Gate, charges: Sequence[str]) -> tuple[Outcome, Reason]:
    declared = program.settings.gates[gate]
    if declared.declared is not None:
        outcome = Outcome.OPEN if declared.declared is Effect.OPEN else Outcome.CLOSED
        return outcome, Reason("POL-DECLARED", declared.sentence)
    mode = program.modes[ruling.mode]
    effect = mode.effects.get(gate)
    said = mode.sentences.get(gate, "")
    if effect is Effect.OPEN:
        return Outcome.OPEN, Reason("POL-OPEN", said)
    if effect is Effect.BY_CHARGE:
        return _by_charge(program, charges)
    if effect is Effect.CLOSED:
        return Outcome.CLOSED, Reason("POL-CLOSED", said)
    if effect is Effect.NOTHING:
        return Outcome.CLOSED, Reason("POL-NOTHING", said)
    return Outcome.CLOSED, plain("POL-NO-EFFECT")


def _by_charge(program: Program, charges: Sequence[str]) -> tuple[Outcome, Reason]:
    """Open if every charge is known and one of them is listed; the charges themselves are not repeated."""
    named = [folded(one) for one in charges]
    if not named or not all(named):
        return Outcome.CLOSED, plain("POL-CHARGE-NONE")
    shared = [program.charges.get(one) for one in named]
    if None in shared:
        return Outcome.CLOSED, plain("POL-CHARGE-UNKNOWN")
    if True in shared:
        return Outcome.OPEN, plain("POL-CHARGE-LISTED")
    return Outcome.CLOSED, plain("POL-CHARGE-NOT-LISTED")


def _ruled(program: Program, ruling: Ruling, gate: Gate, outcome: Outcome, why: Reason, at: str) -> Decision:
    rule, asked = ruling.rule, ruling.asked
    wording = program.wording[rule.wording]
    return Decision(
        gate=gate,
        outcome=outcome,
        mode=ruling.mode,
        rule_id=rule.id,
        rule_version=rule.version,
        program=program.settings.name,
        root=program.root,
        jurisdiction_id=ruling.jurisdiction.id,
        jurisdiction_name=ruling.jurisdiction.name,
        asked_for=asked.mode if asked else "",
        asked_since=asked.since.isoformat() if asked and asked.since else "",
        legal_basis=rule.legal_basis,
        issuer=rule.issuer,
        wording_id=wording.id,
        wording_digest=wording.digest,
        reasons=(why, *ruling.reasons),
        at=at,
        substituted=False,
    )


def _doubt(
    program: Program | None, gate: Gate, code: str, at: str, standing_in: Placement | None = None
) -> Decision:
    return Decision(
        gate=gate,
        outcome=Outcome.CLOSED,
        mode=UNKNOWN_MODE,
        rule_id=DOUBT_RULE,
        rule_version="",
        program=program.settings.name if program else "",
        root=program.root if program else "",
        jurisdiction_id=standing_in.jurisdiction.id if standing_in else "",
        jurisdiction_name=standing_in.jurisdiction.name if standing_in else "",
        asked_for="",
        asked_since="",
        legal_basis=NO_BASIS,
        issuer="",
        wording_id="",
        wording_digest="",
        reasons=(plain(code),),
        at=at,
        substituted=standing_in is not None,
    )


def _shut(decision: Decision, code: str, *, gate: Gate | None = None) -> Decision:
    """The decision closed for a reason that comes before its own."""
    return replace(
        decision,
        gate=gate or decision.gate,
        outcome=Outcome.CLOSED,
        reasons=(plain(code), *decision.reasons),
    )
