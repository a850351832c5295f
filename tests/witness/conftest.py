# SPDX-License-Identifier: Apache-2.0
"""A log that can lie, a witness without a network, and three on the loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from witness_world import PAPER

from sluicegate.testing.witnesses import HeldClock, History, LyingLog, Witnesses
from sluicegate.witness import state
from sluicegate.witness.judge import Witness
from sluicegate.witness.state import Commit, State, commit_to_disk


@pytest.fixture(scope="session")
def log() -> LyingLog:
    """The log, with a fixed key."""
    return LyingLog()


@pytest.fixture
def told(log: LyingLog) -> History:
    """What the log says to most: nine entries."""
    return log.history(*(b"entry %d" % number for number in range(9)))


@pytest.fixture
def clock() -> HeldClock:
    """A clock that stands still."""
    return HeldClock()


@pytest.fixture
def opened(tmp_path: Path, log: LyingLog, clock: HeldClock) -> Iterator[Callable[..., tuple[Witness, State]]]:
    """Opens the one witness of this test, again and again as after a crash; its disk may fail to commit."""
    path = tmp_path / "witness.db"
    state.create(path)
    held: list[State] = []

    def open_(commit: Commit = commit_to_disk) -> tuple[Witness, State]:
        memory = State(path, commit=commit)
        held.append(memory)
        return Witness(PAPER, memory, clock), memory

    _, memory = open_()
    memory.add_log(log.key.public)
    yield open_
    for one in held:
        one.close()


@pytest.fixture
def three(tmp_path: Path, log: LyingLog) -> Iterator[Witnesses]:
    """Three witnesses, listening."""
    with Witnesses(tmp_path / "witnesses", ("court", "paper", "university"), [log.key.public]) as running:
        yield running
