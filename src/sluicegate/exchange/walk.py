# SPDX-License-Identifier: Apache-2.0
"""A booking's whole walk, as the bureau's store has it: moves with their times, candidates, gates, messages.

The command line and the operators' pages tell it from here, each in its own form. No personal data is in it:
names, images and the numbers of persons come from `Bureau.reread` and from the dossier's candidates, and are
for pages that enter the view first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sluicegate.exchange.bureau import decisions_of
from sluicegate.exchange.case import EMPTIED, Case, MessageKind, State
from sluicegate.policy.decision import Decision
from sluicegate.store.journal import Outgoing, Store, moment
from sluicegate.terms import Gate

GATE_NAMES = {Gate.SHARE: "share", Gate.RELAY: "relay", Gate.LOOKUP: "look-up", Gate.KEEP: "keep"}

SEARCHED = {
    "accept": "one candidate, clearly above the threshold",
    "grey": "a candidate in the grey band: a person decides",
    "none": "no candidate",
}
"""What a search came to, by band."""

ENDED = frozenset({State.REJECTED, State.CLOSED})
UNDECIDED = frozenset(
    {
        State.SPOOLED,
        State.ADMITTED,
        State.AUTHORIZED,
        State.PROBED,
        State.SEARCHED,
        State.AWAITING,
        State.RESOLVED,
        State.ANSWERED,
        State.FILED,
    }
)
"""States in which nothing was shared or withheld yet."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step: its stage, the state that it led to, when, and how long after the step before it."""

    stage: str
    after: State
    at: datetime
    took: timedelta


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate of the search; `subject` is a person's number, for pages that enter the view."""

    rank: int
    subject: str
    repository: str
    similarity: float
    fingers: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """All of it. `alerts` are moment and sentence, `facts` log, number, moment and kind of each entry."""

    case: Case
    moves: tuple[Move, ...]
    warnings: tuple[str, ...]
    minutiae: tuple[tuple[int, int], ...]
    candidates: tuple[Candidate, ...]
    decisions: Mapping[Gate, Decision]
    messages: tuple[Outgoing, ...]
    alerts: tuple[tuple[datetime, str], ...]
    facts: tuple[tuple[str, int, datetime, str], ...]

    @property
    def emptied(self) -> bool:
        """Whether only the count is left."""
        return self.case.state in EMPTIED


def walk(store: Store, case_id: str) -> Walk:
    """The walk of a case. Raises Missing."""
    case = store.case(case_id)
    decided = isinstance(case.noted("decisions"), dict)
    return Walk(
        case=case,
        moves=_moves(case, store.rows("journal_of", case_id=case_id)),
        warnings=tuple(str(one) for one in _list(case, "warnings")),
        minutiae=tuple(
            (int(one[0]), int(one[1])) for one in _list(case, "minutiae") if isinstance(one, list)
        ),
        candidates=candidates_of(case),
        decisions=decisions_of(case) if decided else {},
        messages=tuple(store.messages_of(case_id)),
        alerts=tuple(
            (moment(row["at"]), str(row["reason"])) for row in store.rows("alerts_of", case_id=case_id)
        ),
        facts=tuple(
            (str(row["log"]), int(row["seq"]), moment(row["at"]), str(row["kind"]))
            for row in store.rows("entries_of", case_id=case_id)
        ),
    )


def _list(case: Case, key: str) -> Sequence[Any]:
    held = case.noted(key)
    return held if isinstance(held, list) else []


def _moves(case: Case, rows: Sequence[Mapping[str, Any]]) -> tuple[Move, ...]:
    moves: list[Move] = []
    before = case.received
    for row in rows:
        at = moment(row["at"])
        moves.append(Move(str(row["stage"]), State(row["after"]), at, max(at - before, timedelta())))
        before = at
    return tuple(moves)


def candidates_of(case: Case) -> tuple[Candidate, ...]:
    """What the search noted, best first."""
    found: list[Candidate] = []
    for one in _list(case, "candidates"):
        if isinstance(one, dict) and isinstance(one.get("similarity"), int):
            notes = tuple(str(note) for note in one.get("notes", []))
            subject, repository = str(one["subject"]), str(one["repository"])
            similarity, fingers = one["similarity"] / 1000, int(one["fingers"])
            found.append(Candidate(len(found) + 1, subject, repository, similarity, fingers, notes))
    return tuple(found)


def receipt_of(store: Store, case: Case) -> bytes | None:
    """The receipt as it was sent; None where there is none, or none any more."""
    if case.state in EMPTIED:
        return None
    for message in store.messages_of(case.case_id):
        if message.kind == MessageKind.RECEIPT:
            return store.outgoing.get(message.digest)
    return None


def partner_said(case: Case) -> str:
    """What the partner said of the copy, and what became of it, in words for people of the bureau."""
    match case.text("partner"):
        case "match":
            relayed = case.noted("relayed") is True
            return "matched; " + ("a second response went back" if relayed else "G2 let nothing back")
        case "no-match":
            return "matched nobody; the copy was deleted and that is attested; nothing comes back"
        case "turned-away":
            return "turned the copy away; see `sluicegate alerts`"
        case _:
            return "has the copy; its word is awaited"
