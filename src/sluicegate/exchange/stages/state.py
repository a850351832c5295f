# SPDX-License-Identifier: Apache-2.0
"""The state's story: it passes a second response on to the agency, or it cannot."""

from __future__ import annotations

from sluicegate.exchange.case import Case, Fact, Message, MessageKind, State, Step
from sluicegate.exchange.stages.answer import message_id
from sluicegate.facts import FactKind


def pass_on(case: Case, *, able: bool, recipient: str, idr: bytes, channel: str) -> Step:
    """The IDR goes to the agency; a state that cannot relay keeps it back and says so to its operator."""
    if not able:
        alarm = f"Case {case.case_id}: this state cannot relay second responses; one was kept back."
        fact = Fact(FactKind.MUTED, {"case": case.case_id, "recipient": recipient, "decision_seq": -1})
        return Step(State.KEPT_BACK, (fact,), alerts=(alarm,))
    message = Message(message_id(case, MessageKind.IDR), MessageKind.IDR, channel, recipient, idr)
    fact = Fact(
        FactKind.RELAYED,
        {
            "case": case.case_id,
            "recipient": recipient,
            "message": message.message_id,
            "decision_seq": -1,
        },
    )
    return Step(State.PASSED_ON, (fact,), (message,))


def conclude(case: Case) -> Step:
    """Nothing remains at the state but the fact that it passed through."""
    return Step(State.CLOSED, (Fact(FactKind.CLOSED, {"case": case.case_id}),))
