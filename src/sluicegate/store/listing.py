# SPDX-License-Identifier: Apache-2.0
"""Bookings in a list, newest first, a page at a time: by TCN, agency, state and time, with no name in it.

The place in the list is a booking, not a number of rows: what arrives meanwhile moves nothing, and a page far
down costs what the first one costs. All that a list needs is in one index, so a filter opens no dossier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sluicegate.exchange.case import State
from sluicegate.store.journal import Store, moment, stamp

_LAST = "~"
"""Sorts after every moment and every case."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; empty for everything.

    Attributes:
        name: part of a TCN, or a whole case id.
        agency: an ORI; the booking's ORI (1.008) or its CRI (2.073).
        state: one state.
        begins: received at or after this moment (UTC).
        ends: received before it.
        after: the booking that the page before ended with: moment and case id.
    """

    name: str = ""
    agency: str = ""
    state: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    after: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One booking in a list."""

    case_id: str
    received: datetime
    state: State
    tcn: str
    ori: str
    cri: str
    tot: str
    channel: str
    size: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and whether more follows."""

    lines: tuple[Line, ...]
    more: bool


def page(store: Store, wanted: Wanted, limit: int = 50) -> Listed:
    """At most `limit` bookings, newest first."""
    ends = stamp(wanted.ends) if wanted.ends else _LAST
    if wanted.after:
        ends = min(ends, stamp(wanted.after[0]) + _LAST)  # so that the index is entered where the page begins
    rows = store.rows(
        "listed",
        part=wanted.name,
        agency=wanted.agency,
        state=wanted.state,
        begins=stamp(wanted.begins) if wanted.begins else "",
        ends=ends,
        after_at=stamp(wanted.after[0]) if wanted.after else _LAST,
        after_case=wanted.after[1] if wanted.after else _LAST,
        limit=limit + 1,
    )
    lines = tuple(
        Line(**{**row, "received": moment(row["received"]), "state": State(row["state"])})
        for row in rows[:limit]
    )
    return Listed(lines, len(rows) > limit)


def tally(store: Store) -> dict[State, int]:
    """How many bookings stand in each state."""
    return {State(row["state"]): int(row["n"]) for row in store.rows("counts")}
