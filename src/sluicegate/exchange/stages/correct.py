# SPDX-License-Identifier: Apache-2.0
"""Corrects a determined answer that was wrong: the new one follows the old one to whoever got it.

The first determination stays as it was made; a correction is added to it and never replaces it. At the bureau
the gate is the one that was decided when the booking came: a correction reaches nobody whom the answer itself
could not have reached (promise silence-is-total), and makes no entry in the log of a jurisdiction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.errors import Conflict, UsageError
from sluicegate.exchange.case import ANSWERS_LOG, Case, Fact, Json, Message, MessageKind, State, Step
from sluicegate.exchange.stages.answer import message_id
from sluicegate.exchange.stages.partner import BUREAU_CHANNEL, NOT_SAME, STATUSES
from sluicegate.exchange.stages.relied import Relied
from sluicegate.exchange.stages.share import STATE_CHANNEL
from sluicegate.facts import FactKind
from sluicegate.terms import Outcome

MOST = 99
"""Corrections of one answer; the TCN of an answer holds two digits for them."""

REPLACES = "CORRECTION: this replaces the earlier second response to this booking, which was wrong."
LATE = "CORRECTION: this booking got no second response, and should have had this one."
OF_ANOTHER = (
    "The record that the earlier response spoke of is another person's. Nothing was determined about the "
    "subject of this booking."
)


@dataclass(frozen=True, slots=True)
class Correction:
    """The partner's word that an earlier word was wrong. `number` counts those of one copy from 1."""

    number: int
    matched: bool
    lines: tuple[str, ...]


def given(case: Case) -> list[dict[str, Json]]:
    """The corrections of a determination, oldest first, as the dossier holds them."""
    held = case.noted("corrections")
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def standing(case: Case) -> str:
    """The status that stands now, or the empty string where nobody determined one."""
    told = given(case)
    return str(told[-1]["status"]) if told else case.text("status")


def words(case: Case, status: str) -> tuple[str, ...]:
    """The lines that a correction to this status says. What it is not is added to them where it is sent."""
    before = [case.text("status"), *(str(one["status"]) for one in given(case))]
    heard = any(one != NOT_SAME for one in before)
    return (REPLACES if heard else LATE, STATUSES.get(status, OF_ANOTHER))


def require_correctable(case: Case, status: str) -> None:
    """Raises Conflict where no answer went out, UsageError where the status says nothing new."""
    if status != NOT_SAME and status not in STATUSES:
        raise UsageError(
            "That is not a status that can be determined.",
            advice=f"Use one of: {', '.join(STATUSES)}, {NOT_SAME}.",
        )
    if case.state is not State.CLOSED or not case.text("status"):
        raise Conflict(
            f"There is no determined answer to correct: the copy is {case.state}.",
            advice="A query that still waits is determined; an answer is corrected once it is out.",
        )
    if status == standing(case):
        raise UsageError("That is the status that stands already.", advice="Nothing was changed.")
    if len(given(case)) >= MOST:
        raise UsageError(f"An answer can be corrected {MOST} times.")


def correct(case: Case, *, status: str, by: str, relied: Relied, at: datetime) -> Step:
    """The new determination, its fact, and the word to the bureau, the same for every mode.

    Raises as `require_correctable`.
    """
    require_correctable(case, status)
    told = given(case)
    number = len(told) + 1
    said: dict[str, Json] = {"number": number, "by": by, **relied.to_json()}
    fact = Fact(FactKind.CORRECTED, {"copy": case.case_id, **said})
    kept: list[Json] = [*told, {**said, "status": status, "was": standing(case), "at": at.isoformat()}]
    reply: dict[str, Json] = {
        "copy": case.case_id,
        "reference": case.text("reference"),
        "correction": number,
        "matched": status != NOT_SAME,
        "lines": list(words(case, status)),
        "kept": False,
    }
    message = Message(
        message_id(case, MessageKind.REPLY, str(number)),
        MessageKind.REPLY,
        BUREAU_CHANNEL,
        "bureau",
        json.dumps(reply, sort_keys=True).encode(),
    )
    return Step(State.CLOSED, (fact,), (message,), note={"corrections": kept})


def passed(case: Case) -> int:
    """Number of the last correction that the bureau passed on or muted; 0 for none."""
    number = case.noted("corrected")
    return number if isinstance(number, int) else 0


def part_of(number: int, recipient: str) -> str:
    """How the name of a corrected second response ends, so that it is not that of the one before."""
    return f"{recipient}.C{number}"


def relay(
    case: Case,
    correction: Correction,
    recipients: Mapping[str, Outcome],
    second: Mapping[str, bytes],
    decision_seq: int,
) -> Step:
    """A corrected second response for each recipient that G2 let hear, and a fact for each that it did not.

    `second` holds the ready envelope per recipient; nobody else gets anything, whatever is in force now.
    """
    number = correction.number
    facts = [Fact(FactKind.CORRECTION_HEARD, {"case": case.case_id, "number": number})]
    messages: list[Message] = []
    for recipient, outcome in recipients.items():
        body: dict[str, Json] = {
            "case": case.case_id,
            "recipient": recipient,
            "decision_seq": decision_seq,
            "correction": number,
        }
        if outcome is not Outcome.OPEN or recipient not in second:
            facts.append(Fact(FactKind.MUTED, body))
            continue
        name = message_id(case, MessageKind.SECOND, part_of(number, recipient))
        messages.append(Message(name, MessageKind.SECOND, STATE_CHANNEL, recipient, second[recipient]))
        facts.append(Fact(FactKind.RELAYED, {**body, "message": name}))
    note: dict[str, Json] = {"corrected": number, "partner": "match" if correction.matched else "no-match"}
    return Step(State.CLOSED, tuple(facts), tuple(messages), note=note, log=ANSWERS_LOG)
