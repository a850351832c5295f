# SPDX-License-Identifier: Apache-2.0
"""The story tables, read as data."""

from __future__ import annotations

import pytest

from sluicegate.exchange.case import State
from sluicegate.exchange.story import FIRST, STORIES, WAITING, runnable

ENDS = {State.CLOSED}
BY_ORDER = {State.EXPUNGED, State.SEALED}  # not of any story: whatever has ended can be expunged or sealed


def leads(role: str, state: State) -> frozenset[State]:
    """Where a state of a role may go."""
    stage = STORIES[role].get(state) or WAITING.get(state)
    return stage.leads_to if stage else frozenset()


def reachable(role: str) -> set[State]:
    """States that a case of this role can get to."""
    seen, todo = set(), [FIRST[role]]
    while todo:
        state = todo.pop()
        if state not in seen:
            seen.add(state)
            todo.extend(leads(role, state))
    return seen


def test_every_state_is_moved_on_or_waits_or_is_the_end() -> None:
    """Each state is in exactly one story, or waits for somebody, or is the end: none is forgotten."""
    moved = [state for story in STORIES.values() for state in story]
    assert len(moved) == len(set(moved))
    assert not set(moved) & set(WAITING)
    assert {*moved, *WAITING} | ENDS | BY_ORDER == set(State)


def test_every_state_can_be_reached() -> None:
    """The tables lead from the first state of each role to every state that exists."""
    assert set().union(*(reachable(role) for role in STORIES)) == set(State) - BY_ORDER


@pytest.mark.parametrize("role", STORIES)
def test_no_state_is_a_dead_end(role: str) -> None:
    """From every state that a case can get to, the end can be reached."""
    for state in reachable(role):
        seen, todo = set(), [state]
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo.extend(leads(role, here))
        assert seen >= ENDS, f"{state} never ends"


@pytest.mark.parametrize("role", STORIES)
def test_no_story_turns_in_a_circle(role: str) -> None:
    """No state can be reached from itself, so every story is finite."""
    for state in reachable(role):
        seen: set[State] = set()
        todo = list(leads(role, state))
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo.extend(leads(role, here))
        assert state not in seen


def test_the_criminal_answer_comes_before_everything_that_concerns_the_partner() -> None:
    """A copy can only exist behind the answer: no way to Shared avoids Answered, so nothing waits for it."""
    todo, seen = [FIRST["bureau"]], set()
    while todo:
        here = todo.pop()
        if here is State.ANSWERED or here in seen:
            continue
        seen.add(here)
        todo.extend(leads("bureau", here))
    assert not seen & {State.SHARED, State.WITHHELD, State.RELAYED, State.MUTED, State.SILENT, State.FILED}


def test_what_waits_is_never_moved_by_the_engine() -> None:
    """A state that waits for a person or another installation is in no list of what the engine moves."""
    assert all(not set(WAITING) & runnable(role) for role in STORIES)


def test_a_refusal_never_leads_to_the_partner() -> None:
    """From a refusal, only a rejection and the end follow."""
    todo, seen = [State.REFUSED], set()
    while todo:
        here = todo.pop()
        seen.add(here)
        todo.extend(leads("bureau", here))
    assert seen == {State.REFUSED, State.REJECTED, State.CLOSED}
