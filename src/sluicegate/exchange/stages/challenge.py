# SPDX-License-Identifier: Apache-2.0
"""What a person may challenge in a record, how a challenge may end, and the corrected answer. Decides only.

After 28 CFR 16.34: the subject may write to the bureau, which asks the agency that submitted the data to
verify it, and changes what that agency does not confirm. How many days it may take an installation sets. No
text of the person is kept: parts, reasons and outcomes are codes, and the letter is a file number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.errors import Conflict, UsageError
from sluicegate.exchange.case import Case, Fact, Json, Message, MessageKind, State, Step
from sluicegate.exchange.stages.answer import message_id
from sluicegate.facts import FactKind
from sluicegate.terms import Finding

WHAT: Mapping[str, str] = {
    "identification": "The prints were put under somebody else's number.",
    "name": "Name or description is wrong.",
    "charge": "The charge is wrong.",
    "arrest": "The arrest did not happen, or not then or there.",
    "outcome": "How the case ended is missing or wrong.",
    "whole": "The whole record should not be kept.",
}
"""What may be challenged."""

OUTCOMES: Mapping[str, str] = {
    "amended": "The identification was wrong: the prints have a number of their own now.",
    "resubmitted": "The agency submitted it anew; the new booking was answered.",
    "removed": "The record was destroyed.",
    "denied": "The record stays as it is.",
}
"""How a challenge may end."""

REASONS: Mapping[str, str] = {
    "agency-verified": "The agency that submitted it verified it.",
    "another-person": "The record is not of the person who challenges it.",
    "not-here": "What is challenged was not recorded by this exchange.",
    "withdrawn": "The challenge was withdrawn.",
}
"""Why a challenge may be denied."""

ANSWERED = frozenset({State.CLOSED, State.SHARED})
"""States in which the criminal answer is out and the booking rests."""

_LETTER = re.compile(r"[A-Z0-9][A-Z0-9/.-]{0,29}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge as it stands. Moments are in UTC; None where it has not happened."""

    number: int
    case_id: str
    what: str
    letter: str
    received: datetime
    due: datetime
    asked: datetime | None
    alerted: datetime | None
    outcome: str
    reason: str
    settled: datetime | None

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been settled by now."""
        return not self.outcome and self.due < now


def check(what: str, letter: str) -> None:
    """Raises UsageError for a part that cannot be challenged, or a file number that is none."""
    if what not in WHAT:
        raise UsageError("Choose what is challenged.", advice=f"One of: {', '.join(WHAT)}.")
    if _LETTER.fullmatch(letter) is None or not any(one.isdigit() for one in letter):
        raise UsageError(
            "A file number has a digit and at most 30 of A-Z, 0-9, slash, dot and hyphen.",
            advice="Use the desk's own number of the letter, never a name.",
        )


def opened(one: Challenge, by: str) -> Fact:
    """That somebody challenges a record."""
    due = one.due.date().isoformat()
    body: dict[str, Json] = {"challenge": one.number, "case": one.case_id, "what": one.what, "due": due}
    return Fact(FactKind.CHALLENGED, {**body, "by": by})


def asked(one: Challenge, agency: str, by: str) -> Fact:
    """That the agency was asked."""
    body: dict[str, Json] = {"challenge": one.number, "case": one.case_id, "agency": agency, "by": by}
    return Fact(FactKind.CHALLENGE_ASKED, body)


def settled(one: Challenge, outcome: str, reason: str, by: str) -> Fact:
    """How it ended."""
    body: dict[str, Json] = {"challenge": one.number, "case": one.case_id, "outcome": outcome, "by": by}
    return Fact(FactKind.CHALLENGE_SETTLED, {**body, **({"reason": reason} if reason else {})})


def amendments(case: Case) -> int:
    """How often the answer of a booking was corrected."""
    number = case.noted("amended")
    return number if isinstance(number, int) else 0


def require_amendable(case: Case) -> None:
    """Raises Conflict unless an identification is out that can be taken back."""
    if case.state not in ANSWERED or case.text("finding") != Finding.IDENT:
        raise Conflict(
            "There is no identification to take back.",
            advice="Only an answer that is out and named somebody's number can be amended.",
        )


def part_of(number: int) -> str:
    """How the name of a corrected answer ends."""
    return f"C{number}"


def amend(case: Case, challenge: int, fresh: str, sre: bytes, channel: str, by: str) -> Step:
    """The finding taken back, and the corrected answer to whoever got the wrong one, in one commit.

    `fresh` is the number that the prints have now; empty where nothing is kept of them.
    """
    require_amendable(case)
    number = amendments(case) + 1
    name = message_id(case, MessageKind.SRE, part_of(number))
    body: dict[str, Json] = {"case": case.case_id, "challenge": challenge, "message": name, "by": by}
    return Step(
        case.state,
        (Fact(FactKind.AMENDED, body),),
        (Message(name, MessageKind.SRE, channel, case.ori, sre),),
        note={"finding": str(Finding.NON_IDENT), "number": fresh, "amended": number},
    )
