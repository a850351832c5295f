# SPDX-License-Identifier: Apache-2.0
"""What a witness cosigns, what it refuses, and what it still knows after a crash."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from witness_world import PAPER

from sluicegate.errors import LedgerError, Missing, SettingsError, StoreError, UsageError
from sluicegate.ledger import checkpoint, cosign, keys, verify
from sluicegate.testing.witnesses import NOON, HeldClock, History, LyingLog
from sluicegate.witness import state
from sluicegate.witness.judge import Reply, Witness
from sluicegate.witness.state import Seen, State, commit_to_disk
from sluicegate.witness.wire import SIZE_TYPE, write_request

Opened = Callable[..., tuple[Witness, State]]


def ask(witness: Witness, history: History, old: int, size: int | None = None) -> Reply:
    """Ask as an honest log does, from `old` entries to `size`."""
    new = len(history.entries) if size is None else size
    return witness.add_checkpoint(
        write_request(old, history.prove(old, new) if old < new else (), history.note(size))
    )


def test_a_log_that_grows_is_cosigned_each_time(opened: Opened, told: History, clock: HeldClock) -> None:
    """From nothing to nine entries by steps, each is cosigned at its time, and holds for the verifier."""
    witness, _ = opened()
    key = cosign.verifier_key(PAPER)
    policy = verify.read_policy(f"log {told.key.public}\nwitness paper {key}\nquorum paper\n")
    old = 0
    for size in (0, 1, 4, 9, 9):
        clock.now += 60
        answer = ask(witness, told, old, size)
        assert (answer.status, answer.body.count("\n")) == (200, 1)
        assert verify.check_cosignatures(told.note(size) + answer.body, policy) == {"paper": clock.now}
        old = size


def test_a_witness_never_goes_back(opened: Opened, told: History) -> None:
    """A smaller checkpoint than the one known is refused, whatever size the request claims to come from."""
    witness, memory = opened()
    assert ask(witness, told, 0).status == 200
    assert ask(witness, told, 0, 4) == Reply(409, "9\n", SIZE_TYPE)
    assert witness.add_checkpoint(write_request(9, (), told.note(4))).status == 400
    seen = memory.seen(told.key.name)
    assert seen is not None
    assert seen.size == 9


def test_a_fork_of_one_size_is_refused_and_kept_as_evidence(
    opened: Opened, told: History, log: LyingLog
) -> None:
    """Another history of the size known is answered 409, and both signed checkpoints are kept, once."""
    witness, memory = opened()
    ask(witness, told, 0)
    other = log.history(*told.entries[:8], b"another")
    for old in (9, 9, 0):
        assert witness.add_checkpoint(write_request(old, (), other.note())) == Reply(409, "9\n", SIZE_TYPE)
    (fork,) = memory.forks()
    assert (fork.known, fork.shown, fork.size) == (told.note(), other.note(), 9)


def test_a_rewritten_beginning_is_refused(opened: Opened, told: History, log: LyingLog) -> None:
    """A larger history that begins otherwise has no proof; every one that is tried is answered 422."""
    witness, memory = opened()
    ask(witness, told, 0, 4)
    other = log.history(b"rewritten", *told.entries[1:])
    for proof in (other.prove(4, 9), told.prove(4, 9), (), (b"\x00" * 32,) * 63):
        assert witness.add_checkpoint(write_request(4, proof, other.note())).status == 422
    seen = memory.seen(told.key.name)
    assert seen is not None
    assert seen.size == 4


def test_a_claim_to_come_from_nothing_does_not_help_a_fork(
    opened: Opened, log: LyingLog, told: History
) -> None:
    """Who asks from size 0, which needs no proof, is told the size that is known instead."""
    witness, _ = opened()
    ask(witness, told, 0, 4)
    assert ask(witness, log.history(b"a", b"b", b"c", b"d", b"e"), 0) == Reply(409, "4\n", SIZE_TYPE)


def test_the_status_says_what_is_wrong(opened: Opened, told: History) -> None:
    """Malformed is 400, a log not watched 404, a key not trusted 403; nothing of them is remembered."""
    witness, memory = opened()
    stranger, thief = LyingLog("stranger.example/master"), LyingLog(told.key.name, b"\x08" * 32)
    assert witness.add_checkpoint(b"").status == 400
    assert witness.add_checkpoint(write_request(0, (), "no checkpoint\n")).status == 400
    assert witness.add_checkpoint(write_request(0, (), stranger.history(b"x").note())).status == 404
    assert witness.add_checkpoint(write_request(0, (), thief.history(b"x").note())).status == 403
    assert [(one.size, one.note) for one in memory.logs()] == [(0, "")]


def test_a_new_key_of_a_log_signs_for_the_same_history(opened: Opened, told: History) -> None:
    """After a change of keys both are trusted until the old one is dropped, and neither may fork the log."""
    witness, memory = opened()
    ask(witness, told, 0, 4)
    newer = LyingLog(told.key.name, b"\x08" * 32)
    assert memory.add_log(newer.key.public)
    assert not memory.add_log(newer.key.public)
    assert ask(witness, newer.history(*told.entries), 4).status == 200
    assert ask(witness, newer.history(b"other", *told.entries[1:]), 9).status == 409
    memory.drop_key(told.key.public)
    assert ask(witness, told, 9).status == 403
    with pytest.raises(Missing):
        memory.drop_key(told.key.public)


def test_the_time_of_a_witness_never_goes_back(opened: Opened, told: History, clock: HeldClock) -> None:
    """A clock that is set back does not make a larger checkpoint look older than a smaller one."""
    witness, memory = opened()
    ask(witness, told, 0, 4)
    clock.now -= 3600
    assert ask(witness, told, 4).status == 200
    seen = memory.seen(told.key.name)
    assert seen is not None
    assert (seen.size, seen.time) == (9, NOON)


def lost(_connection: sqlite3.Connection) -> None:
    """The disk fails, and nothing was written."""
    raise sqlite3.OperationalError("disk I/O error")


def landed(connection: sqlite3.Connection) -> None:
    """The disk fails after it was written."""
    commit_to_disk(connection)
    raise sqlite3.OperationalError("disk I/O error")


@pytest.mark.parametrize(("failure", "after"), [(lost, 4), (landed, 9)])
def test_no_cosignature_leaves_that_is_not_remembered(
    opened: Opened, told: History, failure: state.Commit, after: int
) -> None:
    """When the commit fails, lost or landed, nothing is answered; asked again, the witness cosigns."""
    ask(opened()[0], told, 0, 4)
    broken, _ = opened(failure)
    with pytest.raises(StoreError):
        ask(broken, told, 4)
    witness, memory = opened()
    seen = memory.seen(told.key.name)
    assert seen is not None
    assert seen.size == after
    if after == 9:
        assert ask(witness, told, 4) == Reply(409, "9\n", SIZE_TYPE)
    assert ask(witness, told, after).status == 200
    assert ask(witness, told, 4).status == 409


@pytest.mark.parametrize("failure", [lost, landed])
def test_every_other_write_may_fail_as_well(
    opened: Opened, told: History, log: LyingLog, failure: state.Commit
) -> None:
    """A failed commit of a log's key or of evidence is told; done again, it is there once."""
    ask(opened()[0], told, 0)
    other = log.history(*told.entries[:8], b"another")
    newer = keys.from_seed(log.key.name, b"\x09" * 32)
    broken, memory = opened(failure)
    for work in (
        lambda: memory.add_log(newer.public),
        lambda: ask(broken, other, 9),
        lambda: memory.drop_key(newer.public),
    ):
        with pytest.raises((StoreError, Missing)):
            work()
    witness, memory = opened()
    memory.add_log(newer.public)
    assert ask(witness, other, 9).status == 409
    assert (len(memory.keys(log.key.name)), len(memory.forks())) == (2, 1)


def test_of_two_requests_judged_alike_one_wins(opened: Opened, told: History) -> None:
    """Compare and swap: what was judged against a memory that is gone changes nothing."""
    _, memory = opened()
    known = memory.seen(told.key.name)
    assert known is not None
    four = checkpoint.parse(told.note(4))
    newer = Seen(known.origin, 4, four.root, NOON, told.note(4))
    assert memory.advance(known, newer)
    assert not memory.advance(known, newer)
    with pytest.raises(LedgerError):
        memory.advance(newer, known)


@pytest.mark.slow
def test_two_histories_at_once_never_both_pass(opened: Opened, told: History, log: LyingLog) -> None:
    """Sixteen threads that show two histories of every size get cosignatures for one history only."""
    witness, memory = opened()
    other = log.history(b"other", *told.entries[1:])
    passed: list[tuple[int, int]] = []
    start = threading.Barrier(16)

    def show(number: int) -> None:
        start.wait()
        for upto, old in ((size, old) for size in range(1, 10) for old in range(size + 1)):
            if ask(witness, (told, other)[number % 2], old, upto).status == 200:
                passed.append((upto, number % 2))

    threads = [threading.Thread(target=show, args=(number,)) for number in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len({which for _, which in passed}) == 1
    assert {size for size, _ in passed} <= set(range(1, 10))
    assert len(memory.logs()) == 1


def test_a_witness_without_its_memory_does_not_serve(tmp_path: Path) -> None:
    """A missing memory is never made on the way, and an existing one is never made anew."""
    with pytest.raises(SettingsError, match="missing"):
        State(tmp_path / "witness.db")
    state.create(tmp_path / "witness.db")
    with pytest.raises(UsageError, match="exists already"):
        state.create(tmp_path / "witness.db")
    with pytest.raises(SettingsError, match="cannot be made"):
        state.create(tmp_path / "nowhere" / "witness.db")


def test_a_damaged_memory_is_told(tmp_path: Path) -> None:
    """Bytes that are no database are refused in words, and not written over."""
    path = tmp_path / "witness.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="cannot be opened"):
        State(path)
    assert path.read_bytes() == b"not a database" * 100


@pytest.mark.slow
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 9)), max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_what_was_cosigned_is_one_history(
    tmp_path_factory: pytest.TempPathFactory, told: History, log: LyingLog, steps: list[tuple[bool, int, int]]
) -> None:
    """After any questions about two histories, all that was cosigned is of one of them, and never fell."""
    path = tmp_path_factory.mktemp("any") / "witness.db"
    state.create(path)
    memory = State(path)
    memory.add_log(log.key.public)
    witness = Witness(PAPER, memory, HeldClock())
    other = log.history(b"other", *told.entries[1:])
    sizes, roots = [0], set()
    for lie, old, size in steps:
        history = other if lie else told
        if ask(witness, history, min(old, size), size).status == 200:
            sizes.append(size)
            roots |= {lie} if size else set()
    memory.close()
    assert sizes == sorted(sizes)
    assert len(roots) <= 1
