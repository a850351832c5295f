# SPDX-License-Identifier: Apache-2.0
"""What the records desk shows of a booking: where it came from, who took something of it, what is held.

Nothing here is taken from the transaction but its numbers: no name, no date of birth, no prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.exchange.case import EMPTIED, Case, Json, MessageKind
from sluicegate.exchange.stages import challenge as stages
from sluicegate.exchange.stages.challenge import Challenge
from sluicegate.exchange.stages.expunge import subject_of
from sluicegate.store.journal import Outgoing

_AGENCY = (MessageKind.SRE, MessageKind.ERRT, MessageKind.RECEIPT)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which agency submitted a booking, when, and the digest of its bytes; and whether anything is left."""

    case: str
    tcn: str
    ori: str
    cri: str
    channel: str
    received: datetime
    digest: str
    state: str
    finding: str
    number: str
    kept: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Taker:
    """Who got what of a booking: key of `records.kind`, the receiver, and when it took it."""

    kind: str
    to: str
    at: datetime | None
    notice: bool  # whether it will be told to destroy or seal its part


@dataclass(frozen=True, slots=True)
class Attested:
    """What became of a notice to another installation."""

    about: str
    done: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A challenge in the list. `days` are left until it is due; below zero it is overdue."""

    one: Challenge
    days: int
    overdue: bool


def provenance(case: Case) -> Provenance:
    """From the case alone."""
    return Provenance(
        case.case_id,
        case.tcn,
        case.ori,
        case.cri,
        case.channel,
        case.received,
        "" if case.state in EMPTIED else case.digest,
        str(case.state),
        case.text("finding"),
        case.text("number"),
        case.text("kept"),
        case.state in EMPTIED,
    )


def takers(messages: Sequence[Outgoing]) -> tuple[Taker, ...]:
    """Everybody who was sent something, oldest first; notices and attestations are not of the booking."""
    told = (*_AGENCY, MessageKind.COPY, MessageKind.SECOND)
    return tuple(
        Taker(one.kind, one.recipient, one.delivered, one.kind in {MessageKind.COPY, MessageKind.SECOND})
        for one in messages
        if one.kind in told
    )


def line(one: Challenge, now: datetime) -> Line:
    """A challenge with the days that are left."""
    return Line(one, (one.due.date() - now.date()).days, one.overdue(now))


def attested(case: Case) -> tuple[tuple[str, ...], tuple[Attested, ...]]:
    """The signed words that a booking is gone, our own first, and which notices were attested."""
    heard, told = case.noted("attested"), case.noted("notices")
    said: dict[str, Json] = heard if isinstance(heard, dict) else {}
    names = [str(one) for one in told] if isinstance(told, list) else []
    texts = (case.text("attestation"), *(str(one) for one in said.values()))
    return texts, tuple(Attested(one, subject_of(one) in said) for one in names)


def can_amend(one: Challenge, case: Case) -> bool:
    """Whether an identification can be taken back."""
    return one.what == "identification" and case.state in stages.ANSWERED and case.text("finding") == "I"
