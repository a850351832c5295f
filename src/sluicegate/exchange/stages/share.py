# SPDX-License-Identifier: Apache-2.0
"""Stages 7 to 11: retain, share or withhold, relay or mute, close.

The receipt is written when the copy is shared or withheld, never when the partner answers: a receipt that
waited would tell by its hour whether the partner had found something (promise silence-is-total).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.exchange.case import (
    ANSWERS_LOG,
    Case,
    Enrolment,
    Fact,
    Json,
    Message,
    MessageKind,
    State,
    Step,
)
from sluicegate.exchange.stages.answer import message_id
from sluicegate.facts import FactKind
from sluicegate.policy.decide import left_to_requests
from sluicegate.policy.decision import Decision
from sluicegate.terms import Gate, Outcome

PARTNER_CHANNEL = "partner"
STATE_CHANNEL = "state"


def home_of(decisions: Mapping[Gate, Decision]) -> str:
    """The repository a booking belongs to: open only where the partner may look it up later (G3).

    A booking whose look-ups a rule leaves to who asks, and for what, is there too: each look-up is judged.
    """
    look_up = decisions[Gate.LOOKUP]
    return "open" if look_up.outcome is Outcome.OPEN or left_to_requests(look_up) else "filtered"


def retain(case: Case, *, home: str, template: bytes, transaction: bytes) -> Step:
    """Keep the prints where RET asks for it, in the open or in the filtered repository."""
    number = case.text("number")
    keep = case.noted("ret") is True and bool(number)
    kept = home if keep else "none"
    enrol = (Enrolment(home, number, template, transaction),) if keep else ()
    return Step(
        to=State.FILED,
        facts=(Fact(FactKind.FILED, {"case": case.case_id, "kept": kept}),),
        note={"kept": kept},
        enrol=enrol,
    )


@dataclass(frozen=True, slots=True)
class Papers:
    """What share needs ready-made: the receipt's text, and the copy with its proof where G1 is open."""

    receipt: str
    copy: bytes | None
    decision_seq: int


def share(case: Case, decision: Decision, papers: Papers, channel: str) -> Step:
    """The copy and the fact that says so, in one commit; or no copy at all, and the fact that says that."""
    receipt = Message(
        message_id(case, MessageKind.RECEIPT),
        MessageKind.RECEIPT,
        channel,
        case.ori,
        papers.receipt.encode(),
    )
    if decision.outcome is not Outcome.OPEN or papers.copy is None:
        fact = Fact(FactKind.WITHHELD, {"case": case.case_id, "decision_seq": papers.decision_seq})
        return Step(to=State.WITHHELD, facts=(fact,), messages=(receipt,))
    copy = Message(
        message_id(case, MessageKind.COPY), MessageKind.COPY, PARTNER_CHANNEL, "partner", papers.copy
    )
    fact = Fact(
        FactKind.SHARED,
        {"case": case.case_id, "message": copy.message_id, "decision_seq": papers.decision_seq},
    )
    return Step(to=State.SHARED, facts=(fact,), messages=(receipt, copy))


@dataclass(frozen=True, slots=True)
class Reply:
    """The partner's word on one copy."""

    matched: bool
    lines: tuple[str, ...] = ()  # the determined status, for people, when there is one
    turned_away: str = ""  # why the partner's intake refused the copy
    kept: bool = False  # G4: whether prints that matched nobody were kept


def relay(
    case: Case,
    reply: Reply,
    recipients: Mapping[str, Outcome],
    second: Mapping[str, bytes],
    decision_seq: int,
) -> Step:
    """A second response for each recipient that G2 lets through; silence for the others, and for no match.

    `second` holds the ready envelope per recipient. Nothing that an agency can see differs between a muted
    answer and no answer.
    """
    if reply.turned_away:
        alarm = f"Case {case.case_id}: the partner turned the copy away; look at its reasons."
        fact = Fact(FactKind.ALERTED, {"case": case.case_id, "reason": "copy-turned-away"})
        return Step(State.SILENT, (fact,), note={"partner": "turned-away"}, alerts=(alarm,), log=ANSWERS_LOG)
    if not reply.matched:
        said = Fact(FactKind.SILENT, {"case": case.case_id})
        return Step(State.SILENT, (said,), note={"partner": "no-match"}, log=ANSWERS_LOG)
    facts: list[Fact] = []
    messages: list[Message] = []
    for recipient, outcome in recipients.items():
        body: dict[str, Json] = {"case": case.case_id, "recipient": recipient, "decision_seq": decision_seq}
        if outcome is Outcome.OPEN and recipient in second:
            message = Message(
                message_id(case, MessageKind.SECOND, recipient),
                MessageKind.SECOND,
                STATE_CHANNEL,
                recipient,
                second[recipient],
            )
            messages.append(message)
            facts.append(Fact(FactKind.RELAYED, {**body, "message": message.message_id}))
        else:
            facts.append(Fact(FactKind.MUTED, body))
    to = State.RELAYED if messages else State.MUTED
    note: dict[str, Json] = {"partner": "match", "relayed": bool(messages)}
    return Step(to, tuple(facts), tuple(messages), note=note, log=ANSWERS_LOG)


def close(case: Case) -> Step:
    """The end: the received bytes are erased here; what RET asked to keep is in its repository."""
    log = ANSWERS_LOG if case.state in (State.RELAYED, State.MUTED, State.SILENT) else ""
    return Step(State.CLOSED, (Fact(FactKind.CLOSED, {"case": case.case_id}),), log=log)
