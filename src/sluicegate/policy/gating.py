# SPDX-License-Identifier: Apache-2.0
"""What a mode does to a gate: one answer for every booking, by its charges, or by who asks and for what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sluicegate.policy.model import ANY, Effect, Mode, Request, Requester
from sluicegate.policy.parse import folded
from sluicegate.policy.places import midnight
from sluicegate.policy.program import Program
from sluicegate.policy.reasons import Reason, plain
from sluicegate.terms import Gate, Ori, Outcome

Effected = tuple[Outcome, Reason]


def settled(program: Program, mode: Mode, gate: Gate) -> Effected | None:
    """What the mode does to a gate whatever the booking; None where charges or a request decide."""
    declared = program.settings.gates[gate]
    if declared.declared is not None:
        outcome = Outcome.OPEN if declared.declared is Effect.OPEN else Outcome.CLOSED
        return outcome, Reason("POL-DECLARED", declared.sentence)
    effect = mode.effects.get(gate)
    said = mode.sentences.get(gate, "")
    if effect in (Effect.BY_CHARGE, Effect.BY_REQUEST):
        return None
    if effect is Effect.OPEN:
        return Outcome.OPEN, Reason("POL-OPEN", said)
    if effect is Effect.CLOSED:
        return Outcome.CLOSED, Reason("POL-CLOSED", said)
    if effect is Effect.NOTHING:
        return Outcome.CLOSED, Reason("POL-NOTHING", said)
    return Outcome.CLOSED, plain("POL-NO-EFFECT")


def by_charge(program: Program, charges: Sequence[str]) -> Effected:
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


def by_request(program: Program, mode: Mode, who: Ori, purpose: str, *, at: datetime, zone: str) -> Effected:
    """Open if the program opens the gate to what the requester is, for the purpose that it states.

    Whoever passes a request on is not looked at: `who` is the one that asked first. The most specific row
    decides; among equally specific ones a closed one. No row, no requester or no purpose is closed.
    """
    if not who and not purpose:
        return Outcome.CLOSED, plain("POL-REQUEST-NONE")
    if not who:
        return Outcome.CLOSED, plain("POL-REQUESTER-NONE")
    known = [one for one in program.requesters.get(who, ()) if _holds(one, at, zone)]
    if not known:
        return Outcome.CLOSED, plain("POL-REQUESTER-UNKNOWN")
    stated = folded(purpose)
    if not stated:
        return Outcome.CLOSED, plain("POL-PURPOSE-NONE")
    fit = [one for one in program.requests.get(mode.name, ()) if _fits(one, known[0].sort, stated)]
    if not fit:
        return Outcome.CLOSED, plain("POL-REQUEST-NOT-LISTED")
    best = min(fit, key=_order)
    if best.open:
        return Outcome.OPEN, Reason("POL-REQUEST-OPEN", best.sentence)
    return Outcome.CLOSED, Reason("POL-REQUEST-CLOSED", best.sentence)


def _holds(one: Requester, at: datetime, zone: str) -> bool:
    begun = one.begins is None or midnight(one.begins, zone) <= at
    return begun and (one.ends is None or at < midnight(one.ends, zone))


def _fits(one: Request, sort: str, purpose: str) -> bool:
    # A purpose that reads like the wildcard is the purpose of nobody: only a row can say "any".
    return one.sort in (ANY, sort) and one.purpose in (ANY, purpose) and purpose != ANY


def _order(one: Request) -> tuple[int, bool, str, str]:
    """The first is the one that decides: fewest wildcards, then closed before open."""
    return (one.sort == ANY) + (one.purpose == ANY), one.open, one.sort, one.purpose
