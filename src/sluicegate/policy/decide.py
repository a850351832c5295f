# SPDX-License-Identifier: Apache-2.0
"""Decides. Pure and total: the same program, facts and gate give the same decision, and nothing raises.

In order: is there a program, is there a moment, where does the agency stand, which rule is in force there at
the moment of receipt, what does its mode do to the gate. Whatever cannot be answered closes the gate
(promise `doubt-denies`); the rule in force at receipt binds the booking (promise `choice-at-booking`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sluicegate.policy.decision import Decision, Grounds
from sluicegate.policy.gating import Effected, by_charge, by_request, settled
from sluicegate.policy.model import DOUBT_RULE, NO_BASIS, UNKNOWN_MODE, Effect
from sluicegate.policy.places import Placement
from sluicegate.policy.program import Program, Sitting
from sluicegate.policy.reasons import Reason, plain
from sluicegate.policy.rules import Ruling
from sluicegate.terms import Gate, Ori, Outcome


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision may look at: the agency that took the prints, the header's ORI, receipt, charges.

    Nothing about the Subject but the charges is here, so nothing else can matter. For a look-up: the ORI that
    asked first, the purpose that it states, and whoever passed the request on (`via`), which opens nothing.
    """

    cri: Ori
    ori: Ori
    received: datetime
    charges: tuple[str, ...] = ()
    requester: Ori = Ori("")  # noqa: RUF009 - a NewType makes nothing
    purpose: str = ""
    via: tuple[Ori, ...] = ()


def decide(program: Program | None, facts: Facts, gate: Gate) -> Decision:
    """What the rule in force at receipt does to one gate. No program, or any doubt, closes it."""
    try:
        return _decide(program, facts, gate)
    except Exception:  # noqa: BLE001 - a rule that fails closes the gate, whatever the failure (doubt-denies)
        return _doubt(program, gate, "POL-BROKEN", None)


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
    return _noted(own, plain("POL-RECIPIENT"))


def decide_lookup(
    at_booking: Decision,
    program_now: Program | None,
    facts: Facts,
    now: datetime,
    *,
    program_then: Program | None = None,
) -> Decision:
    """Whether the partner finds a booking now: open only if it was open at receipt and is open still.

    `at_booking` is the G3 decision that the ledger holds; loosening a rule later never opens it. Where the
    rule of then left look-ups to the request, the request is judged by `program_then`, the program whose root
    that decision names, and by the program of now; without the former it stays closed.
    """
    if at_booking.gate is not Gate.LOOKUP:
        return _shut(at_booking, "POL-WRONG-GATE", gate=Gate.LOOKUP)
    then = _asked_then(at_booking, program_then, facts)
    if not then.open:
        return _noted(then, plain("POL-BOOKING-CLOSED"))
    later = decide(program_now, _at(facts, now), Gate.LOOKUP)
    if later.moment and (then.moment is None or later.moment < then.moment):
        return _shut(then, "POL-CLOCK")
    return _noted(later, plain("POL-OPEN-BOTH") if later.open else plain("POL-TIGHTENED"))


def left_to_requests(at_booking: Decision) -> bool:
    """Whether all that closed G3 at receipt was that nobody had asked: the rule leaves it to each request."""
    return at_booking.gate is Gate.LOOKUP and at_booking.reasons[0].code == "POL-REQUEST-NONE"


def _asked_then(at_booking: Decision, then: Program | None, facts: Facts) -> Decision:
    """The decision at receipt, judged again with the request if that is all that kept it closed."""
    if not left_to_requests(at_booking) or then is None or then.known:
        return at_booking
    again = decide(then, facts, Gate.LOOKUP)
    same = (again.root, again.at, again.rule_id, again.jurisdiction_id) == (
        at_booking.root,
        at_booking.at,
        at_booking.rule_id,
        at_booking.jurisdiction_id,
    )
    return again if same else at_booking


def _at(facts: Facts, now: datetime) -> Facts:
    # Built afresh, not by replace(): facts that are not Facts must end in a closed gate, not in an exception.
    return Facts(
        getattr(facts, "cri", Ori("")),
        getattr(facts, "ori", Ori("")),
        now,
        getattr(facts, "charges", ()),
        getattr(facts, "requester", Ori("")),
        getattr(facts, "purpose", ""),
        getattr(facts, "via", ()),
    )


def _decide(program: Program | None, facts: Facts, gate: Gate) -> Decision:
    if program is None:
        return _doubt(None, gate, "POL-NO-PROGRAM", None)
    moment = _utc(facts.received)
    if moment is None:
        return _doubt(program, gate, "POL-NO-TIME", None)
    sitting = program.sitting(facts.cri, moment)
    if sitting is None:
        standing_in = program.place(facts.ori, moment)
        code = "POL-SUBSTITUTED" if standing_in else "POL-UNPLACED"
        return _doubt(program, gate, code, moment, standing_in)
    return Decision(sitting.fixed.get(gate) or _grounds(program, sitting, facts, moment, gate), moment)


def _utc(moment: datetime) -> datetime | None:
    if type(moment) is datetime and moment.tzinfo is UTC:
        return moment
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _grounds(program: Program, sitting: Sitting, facts: Facts, at: datetime, gate: Gate) -> Grounds:
    """The grounds of a decision, kept for later ones where no booking can change them."""
    gate = Gate(gate)
    found = [_effect(program, ruling, facts, at, gate) for ruling in sitting.rulings]
    # The first closed one decides; where all are open, the first of the row.
    chosen = next((n for n, (outcome, _) in enumerate(found) if outcome is Outcome.CLOSED), 0)
    made = _shared(program, sitting.rulings[chosen], gate, found[chosen])
    notes = _placing(sitting, [outcome for outcome, _ in found])
    if notes:
        made = replace(made, reasons=(*made.reasons, *notes))
    if all(settled(program, program.modes[one.mode], gate) for one in sitting.rulings):
        sitting.fixed[gate] = made
    return made


def _effect(program: Program, ruling: Ruling, facts: Facts, at: datetime, gate: Gate) -> Effected:
    mode = program.modes[ruling.mode]
    fixed = settled(program, mode, gate)
    if fixed:
        return fixed
    if mode.effects[gate] is Effect.BY_CHARGE:
        return by_charge(program, facts.charges)
    zone = ruling.jurisdiction.zone
    if facts.via and not facts.requester:
        return Outcome.CLOSED, plain("POL-REQUESTER-NONE")
    return by_request(program, mode, facts.requester, facts.purpose, at=at, zone=zone)


def _placing(sitting: Sitting, outcomes: list[Outcome]) -> list[Reason]:
    """What is to be said of an agency that stands in several jurisdictions, or for a retired ORI."""
    notes = []
    if len(outcomes) > 1:
        each = ", ".join(
            f"{one.jurisdiction.name} ({one.mode}: {outcome})"
            for one, outcome in zip(sitting.rulings, outcomes, strict=True)
        )
        notes.append(Reason("POL-SEVERAL", f"the agency stands in {each}; the most restrictive decides"))
    for step in sitting.placement.retired:
        since = f"{step.ori} is retired since {step.begins.isoformat()}"
        notes.append(Reason("POL-RETIRED", f"{since}; its bookings are placed through {step.replaced_by}"))
    return notes


def _shared(program: Program, ruling: Ruling, gate: Gate, effected: Effected) -> Grounds:
    """One object for all that one ruling says of a gate for one reason."""
    key = (ruling, gate, effected)
    made = program.memo.grounds.get(key)
    return made or program.memo.grounds.setdefault(key, _ruled(program, ruling, gate, effected))


def _ruled(program: Program, ruling: Ruling, gate: Gate, effected: Effected) -> Grounds:
    rule, asked = ruling.rule, ruling.asked
    outcome, why = effected
    reasons = (why, *ruling.reasons)
    if program.known and rule.wording not in program.wording:
        wording_id = wording_digest = ""
        reasons = (*reasons, plain("POL-WORDING-SECRET"))
    else:
        wording = program.wording[rule.wording]
        wording_id, wording_digest = wording.id, wording.digest
    return Grounds(
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
        wording_id=wording_id,
        wording_digest=wording_digest,
        reasons=reasons,
        substituted=False,
    )


def _doubt(
    program: Program | None, gate: Gate, code: str, at: datetime | None, standing_in: Placement | None = None
) -> Decision:
    grounds = Grounds(
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
        substituted=standing_in is not None,
    )
    return Decision(grounds, at)


def _noted(decision: Decision, note: Reason) -> Decision:
    """The decision with one reason more at the end."""
    return Decision(replace(decision.grounds, reasons=(*decision.reasons, note)), decision.moment)


def _shut(decision: Decision, code: str, *, gate: Gate | None = None) -> Decision:
    """The decision closed for a reason that comes before its own."""
    grounds = replace(
        decision.grounds,
        gate=gate or decision.gate,
        outcome=Outcome.CLOSED,
        reasons=(plain(code), *decision.reasons),
    )
    return Decision(grounds, decision.moment)
