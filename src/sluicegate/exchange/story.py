# SPDX-License-Identifier: Apache-2.0
"""The story: one table from state to stage. Read this first.

A booking walks down `BOOKING`; a copy that gate G1 let through walks down `COPY` at the partner; a second
response that gate G2 let through walks down `SECOND` at the state. A state that is in none of the tables
waits for a person or another installation (`WAITING`), or is the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from sluicegate.exchange.case import State


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a story: its name, where it may lead, and whether the next may share its commit."""

    name: str
    leads_to: frozenset[State]
    joins_next: bool = False


def _stage(name: str, *leads_to: State, joins_next: bool = False) -> Stage:
    return Stage(name, frozenset(leads_to), joins_next)


BOOKING: dict[State, Stage] = {
    State.SPOOLED: _stage("admit", State.ADMITTED, State.REFUSED, joins_next=True),
    State.ADMITTED: _stage("authorize", State.AUTHORIZED, State.REFUSED),
    State.AUTHORIZED: _stage("extract", State.PROBED, State.REFUSED),
    State.PROBED: _stage("identify", State.SEARCHED, joins_next=True),
    State.SEARCHED: _stage("resolve", State.RESOLVED, State.AWAITING, joins_next=True),
    State.RESOLVED: _stage("respond", State.ANSWERED),
    State.REFUSED: _stage("reject", State.REJECTED, joins_next=True),
    State.ANSWERED: _stage("retain", State.FILED, joins_next=True),
    State.FILED: _stage("share", State.SHARED, State.WITHHELD, joins_next=True),
    State.WITHHELD: _stage("close", State.CLOSED),
    State.REJECTED: _stage("close", State.CLOSED),
    State.RELAYED: _stage("close", State.CLOSED),
    State.MUTED: _stage("close", State.CLOSED),
    State.SILENT: _stage("close", State.CLOSED),
}

COPY: dict[State, Stage] = {
    # Not joined: concluding erases the copy, and may do so only once the commit that says so holds.
    State.TAKEN: _stage("search", State.QUERIED, State.DELETED),
    State.DETERMINED: _stage("conclude", State.CLOSED),
    State.DELETED: _stage("conclude", State.CLOSED),
}

SECOND: dict[State, Stage] = {
    State.HELD: _stage("pass-on", State.PASSED_ON, State.KEPT_BACK, joins_next=True),
    State.PASSED_ON: _stage("conclude", State.CLOSED),
    State.KEPT_BACK: _stage("conclude", State.CLOSED),
}

STORIES: dict[str, dict[State, Stage]] = {"bureau": BOOKING, "partner": COPY, "state": SECOND}

FIRST: dict[str, State] = {"bureau": State.SPOOLED, "partner": State.TAKEN, "state": State.HELD}


@dataclass(frozen=True, slots=True)
class Event:
    """Something from outside that moves a waiting case; `may_stay`: one more word, and it waits on.

    That ends too: nobody gives two words on a case.
    """

    name: str
    leads_to: frozenset[State]
    may_stay: bool = False


WAITING: dict[State, Event] = {
    State.AWAITING: Event("examine", frozenset({State.RESOLVED}), may_stay=True),
    State.SHARED: Event("relay", frozenset({State.RELAYED, State.MUTED, State.SILENT})),
    State.QUERIED: Event("determine", frozenset({State.DETERMINED})),
}


def runnable(role: str) -> frozenset[State]:
    """States of this role's story that the engine moves on by itself."""
    return frozenset(STORIES[role])
