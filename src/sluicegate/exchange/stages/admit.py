# SPDX-License-Identifier: Apache-2.0
"""Stage 1: is this a booking that conforms? Stage 2: what does the rule in force allow for it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sluicegate.ebts.submission import Submission
from sluicegate.exchange.case import Case, Fact, Json, State, Step
from sluicegate.facts import FactKind
from sluicegate.itl.model import Defect, Severity
from sluicegate.ledger.entry import decided_body
from sluicegate.policy.decision import Decision
from sluicegate.terms import Gate, Outcome


def admit(case: Case, booking: Submission, defects: Sequence[Defect], *, twin: bool) -> Step:
    """Admitted, or refused with the codes of what is wrong (no received value is noted)."""
    identity = {
        "tcn": booking.tcn[:40],
        "ori": booking.ori[:9],
        "cri": (booking.cri[0] if booking.cri else "")[:9],
        "tot": booking.tot[:16],
    }
    errors = [d for d in defects if d.severity is Severity.ERROR]
    warnings: list[Json] = [f"{d.code} {d.place}" for d in defects if d.severity is not Severity.ERROR]
    if errors:
        return refuse(case, errors[0].code, "defects", identity)
    if twin:
        return refuse(case, "H0001", "duplicate-tcn", identity)
    return Step(
        to=State.ADMITTED,
        facts=(
            Fact(
                FactKind.ADMITTED,
                {
                    "case": case.case_id,
                    "tcn": identity["tcn"],
                    "ori": identity["ori"],
                    "cri": identity["cri"],
                    "tot": identity["tot"],
                },
            ),
        ),
        note={"warnings": warnings[:50], "ret": booking.ret, "fingers": len(booking.images)},
        identity=identity,
    )


def refuse(case: Case, code: str, reason: str, identity: Mapping[str, str] | None = None) -> Step:
    """Refused: an ERRT will say why, composed from the received bytes when it is written."""
    tcn = (identity or {}).get("tcn", case.tcn)
    return Step(
        to=State.REFUSED,
        facts=(Fact(FactKind.REFUSED, {"case": case.case_id, "tcn": tcn, "code": code}),),
        note={"refusal": reason, "refusal_code": code},
        identity=identity or {},
    )


def authorize(
    case: Case, decisions: Mapping[Gate, Decision], hearers: Mapping[str, Outcome], *, unknown: bool
) -> Step:
    """One decision per gate, in one entry. An agency that cannot be placed at all is refused.

    `hearers` says for each agency that the booking names whether it may get the second response. It is
    settled here, with the gates, so that no later change of a rule opens it (promise choice-at-booking).
    """
    if unknown:
        step = refuse(case, "A0001", "unknown-agency")
        alarm = f"Case {case.case_id}: neither CRI nor ORI belongs to an agency on file; nothing was shared."
        told = Fact(FactKind.ALERTED, {"case": case.case_id, "reason": "unknown-agency"})
        return Step(step.to, (*step.facts, told), note=step.note, alerts=(alarm,))
    share = decisions[Gate.SHARE]
    full: dict[str, dict[str, Json]] = {str(gate): decisions[gate].to_json() for gate in Gate}
    booking = {
        "case": case.case_id,
        "tcn": case.tcn,
        "digest": case.digest,
        "cri": case.cri,
        "ori": case.ori,
        "received": case.received.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    facts = [Fact(FactKind.DECIDED, decided_body(booking, full))]
    alerts: tuple[str, ...] = ()
    if share.substituted:
        facts.insert(0, Fact(FactKind.SUBSTITUTED, {"case": case.case_id, "cri": case.cri, "ori": case.ori}))
        alerts = (f"Case {case.case_id}: CRI is not on file; the header's ORI stood in, gates stay closed.",)
    elif retired := [one.text for one in share.reasons if one.code == "POL-RETIRED"]:
        said: dict[str, Json] = {
            "case": case.case_id,
            "cri": case.cri,
            "ori": case.ori,
            "said": list(retired),
        }
        facts.insert(0, Fact(FactKind.SUBSTITUTED, said))
    elif not share.jurisdiction_id:
        alerts = (f"Case {case.case_id}: no rule could be found; all gates stay closed.",)
    return Step(
        to=State.AUTHORIZED,
        facts=tuple(facts),
        note={
            "decisions": dict(full),
            "recipients": {name: str(outcome) for name, outcome in hearers.items()},
            "log": log_of(share),
            "jurisdiction": share.jurisdiction_id,
        },
        alerts=alerts,
    )


def log_of(share: Decision) -> str:
    """The log that this booking's facts go to.

    Withheld bookings have logs of their own: a checkpoint that the partner sees then counts nothing but
    what the partner was given.
    """
    place = share.jurisdiction_id or "unplaced"
    return place if share.outcome is Outcome.OPEN else f"{place}/withheld"
