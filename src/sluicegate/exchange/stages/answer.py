# SPDX-License-Identifier: Apache-2.0
"""Stage 6: everyone is answered, once. SRE for a search, ERRT for a refusal."""

from __future__ import annotations

from sluicegate.exchange.case import Case, Fact, Message, MessageKind, State, Step
from sluicegate.facts import FactKind


def answer_tcn(case: Case, kind: MessageKind) -> str:
    """TCN of an answer, derived from the case: making the answer again makes the same one."""
    return f"SG{case.case_id}{kind.value}"[:40]


def message_id(case: Case, kind: MessageKind, recipient: str = "") -> str:
    """Name of a message, derived from the case for the same reason."""
    return f"{case.case_id}.{kind.value}" + (f".{recipient}" if recipient else "")


def agency_channel(case: Case, recipient: str, default: str) -> str:
    """The queue that reaches an agency: the way it came for the submitter, the default way for others."""
    if recipient == case.ori and case.channel == "http":
        return f"http:{case.case_id}"
    kind = case.channel if recipient == case.ori and case.channel in {"smtp", "folder"} else default
    return f"{kind}:{recipient}"


def _answer(case: Case, kind: MessageKind, body: bytes, to: State, channel: str) -> Step:
    message = Message(message_id(case, kind), kind, channel, case.ori, body)
    fact = Fact(FactKind.ANSWERED, {"case": case.case_id, "tot": kind.value, "message": message.message_id})
    return Step(to=to, facts=(fact,), messages=(message,))


def respond(case: Case, sre: bytes, channel: str) -> Step:
    """SRE goes to the outbox. It never waits for the partner."""
    return _answer(case, MessageKind.SRE, sre, State.ANSWERED, channel)


def reject(case: Case, errt: bytes, channel: str, receipt: str) -> Step:
    """ERRT goes to the outbox, and a receipt where the gates were decided; nothing is shared, ever."""
    step = _answer(case, MessageKind.ERRT, errt, State.REJECTED, channel)
    if not receipt:
        return step  # refused before the gates were decided
    paper = Message(
        message_id(case, MessageKind.RECEIPT), MessageKind.RECEIPT, channel, case.ori, receipt.encode()
    )
    return Step(step.to, step.facts, (*step.messages, paper))
