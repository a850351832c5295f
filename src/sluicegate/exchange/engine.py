# SPDX-License-Identifier: Apache-2.0
"""One move of one case: read it, let its desk decide, commit. The only place where a story advances.

A desk gathers what a stage needs and calls the decider; it changes nothing that lasts, except that
`before` may write what is keyed by the case and therefore safe to write again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from sluicegate.errors import Conflict
from sluicegate.exchange.case import Case, State, Step
from sluicegate.exchange.story import STORIES, WAITING
from sluicegate.store.journal import Store


class Clock(Protocol):
    """Tells the time, always in UTC."""

    def __call__(self) -> datetime: ...


class Desk(Protocol):
    """One installation: its role, its store, and how it prepares each step.

    `prepare` may be slow and may run more than once for the same step; `before` and `tidy` are idempotent.
    """

    role: str
    store: Store
    clock: Clock

    def prepare(self, case: Case) -> Step: ...

    def before(self, case: Case, step: Step) -> None: ...

    def tidy(self, case: Case) -> None: ...


def advance(desk: Desk, case_id: str, session: Session) -> State:
    """Move a case by one commit and return its state; a case that waits or has ended is left alone.

    If we crash before the commit, the case stands where it stood and the next run prepares it again.
    If we crash after it, the case stands one further. There is nothing in between.
    """
    case = desk.store.case(case_id)
    story = STORIES[desk.role]
    while (stage := story.get(case.state)) is not None:
        step = desk.prepare(case)
        assert step.to in stage.leads_to, f"{stage.name} may not lead to {step.to}"
        # If we crash here: repositories may hold a reference whose case is one stage behind. Enrolling
        # again under the same case changes nothing.
        desk.before(case, step)
        case = desk.store.commit(session, case, stage.name, step, desk.clock())
        if not stage.joins_next:
            break
    return case.state


def happen(desk: Desk, case: Case, event: str, step: Step) -> Case:
    """Move a waiting case because something outside happened. Raises Conflict where it no longer waits."""
    waiting = WAITING.get(case.state)
    if waiting is None or waiting.name != event:
        raise Conflict(f"The case does not wait for this: it is {case.state}.")
    stays = waiting.may_stay and step.to is case.state
    assert stays or step.to in waiting.leads_to, f"{event} may not lead to {step.to}"
    desk.before(case, step)
    with desk.store.session() as session:
        return desk.store.commit(session, case, event, step, desk.clock())


def walk(desk: Desk, case_id: str) -> State:
    """Move a case as far as it goes, one database commit at a time, in this thread.

    The durable runner does the same with recorded steps; this is the plain form for tools and tests.
    """
    state = desk.store.case(case_id).state
    while state in STORIES[desk.role]:
        with desk.store.session() as session:
            state = advance(desk, case_id, session)
    desk.tidy(desk.store.case(case_id))
    return state
