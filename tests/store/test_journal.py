# SPDX-License-Identifier: Apache-2.0
"""The store of one installation: a step is committed whole or not at all, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sluicegate.errors import Conflict, LedgerError, Missing
from sluicegate.exchange.case import Case, Fact, Message, MessageKind, State, Step
from sluicegate.facts import FactKind
from sluicegate.store.blobs import BlobStore
from sluicegate.store.entries import EntryLog
from sluicegate.store.journal import Store
from sluicegate.store.sql import open_database

NOW = datetime(2010, 11, 15, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh store on a disk."""
    engine = open_database(tmp_path / "story.db", "schema.sql")
    yield Store(engine, BlobStore(tmp_path / "outgoing", bytes(32)), EntryLog(engine))
    engine.dispose()


def received(case_id: str) -> Fact:
    """The fact of receipt."""
    body = {"case": case_id, "digest": "d", "size": 1, "channel": "smtp"}
    return Fact(FactKind.RECEIVED, body)


def opened(store: Store, name: str = "A") -> Case:
    """A new case in the store."""
    case = Case(name * 26, name * 64, 1, "smtp", NOW, State.SPOOLED, 0)
    with store.session() as session:
        store.open_case(session, case, (received(case.case_id),), NOW)
    return store.case(case.case_id)


def letter(case: Case, name: str, channel: str = "smtp:CA0430000") -> Message:
    """A message of a case."""
    return Message(f"{case.case_id}.{name}", MessageKind.SRE, channel, "CA0430000", name.encode())


def commit(store: Store, case: Case, step: Step, at: datetime = NOW) -> Case:
    """One step in a commit of its own."""
    with store.session() as session:
        return store.commit(session, case, "stage", step, at)


def test_a_step_is_committed_whole(store: Store) -> None:
    """State, journal, facts, messages and alerts of one step are there together after its commit."""
    case = opened(store)
    step = Step(
        State.REFUSED,
        (Fact(FactKind.CLOSED, {"case": case.case_id}),),
        (letter(case, "one"),),
        note={"key": "value"},
        alerts=("look here",),
    )
    after = commit(store, case, step)
    assert store.case(case.case_id) == after
    assert (after.state, after.version, after.text("key")) == (State.REFUSED, 1, "value")
    assert [row["after"] for row in store.rows("journal_of", case_id=case.case_id)] == ["refused"]
    assert [m.message_id for m in store.messages_of(case.case_id)] == [f"{case.case_id}.one"]
    assert [row["reason"] for row in store.rows("alerts")] == ["look here"]
    assert len(store.rows("entries_of", case_id=case.case_id)) == 2


def test_a_fact_that_the_ledger_refuses_takes_the_whole_step_with_it(store: Store) -> None:
    """Where an entry cannot be made, the state does not move and no message is queued."""
    case = opened(store)
    step = Step(State.REFUSED, (Fact(FactKind.SHARED, {"case": "x"}),), (letter(case, "one"),))
    with pytest.raises(LedgerError):
        commit(store, case, step)
    assert store.case(case.case_id) == case
    assert store.messages() == []


def test_of_two_who_move_a_case_the_second_writes_nothing(store: Store) -> None:
    """A step prepared on an older version of the case loses, and leaves no trace."""
    case = opened(store)
    commit(store, case, Step(State.ADMITTED))
    before = len(store.rows("all_entries"))
    with pytest.raises(Conflict):
        commit(store, case, Step(State.REFUSED, (received(case.case_id),), (letter(case, "two"),)))
    assert store.case(case.case_id).state is State.ADMITTED
    assert store.messages() == []
    assert len(store.rows("all_entries")) == before


def test_the_same_bytes_open_one_case(store: Store) -> None:
    """A second case of the same digest is a conflict, and makes no entry."""
    case = opened(store)
    twin = Case("B" * 26, case.digest, 1, "smtp", NOW, State.SPOOLED, 0)
    with pytest.raises(Conflict), store.session() as session:
        store.open_case(session, twin, (received(twin.case_id),), NOW)
    assert len(store.rows("all_entries")) == 1


def test_one_originator_uses_a_tcn_once(store: Store) -> None:
    """Two bookings of one ORI and TCN cannot both be admitted, whoever asks first; another ORI may."""
    cases = [opened(store, name) for name in "ABC"]
    step = Step(State.ADMITTED, identity={"tcn": "T1", "ori": "CA0430000"})
    commit(store, cases[0], step)
    with pytest.raises(Conflict):
        commit(store, cases[1], step)
    commit(store, cases[2], Step(State.ADMITTED, identity={"tcn": "T1", "ori": "VA0070100"}))
    assert store.has_twin(cases[1], "T1", "CA0430000")


def test_a_channel_keeps_its_order_and_counts_without_a_gap(store: Store) -> None:
    """Messages of a channel are numbered 1, 2, 3 and are due one after the other, never side by side."""
    case = opened(store)
    for state, name in ((State.ADMITTED, "one"), (State.AUTHORIZED, "two"), (State.PROBED, "three")):
        case = commit(store, case, Step(state, messages=(letter(case, name), letter(case, name + "x", "p"))))
    assert [(m.channel, m.sequence) for m in store.messages()] == [
        *(("p", n) for n in (1, 2, 3)),
        *(("smtp:CA0430000", n) for n in (1, 2, 3)),
    ]
    order: dict[str, list[int]] = {}
    while due := store.due(NOW):
        assert len({m.channel for m in due}) == len(due)
        for message in due:
            order.setdefault(message.channel, []).append(message.sequence)
            with store.session() as session:
                assert store.delivered(session, message, NOW)
    assert order == {"p": [1, 2, 3], "smtp:CA0430000": [1, 2, 3]}


def test_a_lost_commit_uses_up_no_number(store: Store) -> None:
    """A message whose commit did not hold leaves no gap behind it."""
    case = opened(store)
    with suppress(RuntimeError), store.session() as session:
        store.commit(session, case, "stage", Step(State.ADMITTED, messages=(letter(case, "one"),)), NOW)
        raise RuntimeError
    assert store.messages() == []
    commit(store, case, Step(State.ADMITTED, messages=(letter(case, "one"),)))
    assert [m.sequence for m in store.messages()] == [1]


def test_a_message_is_delivered_once(store: Store) -> None:
    """Marking a message as delivered a second time says so and makes no second entry."""
    case = commit(store, (c := opened(store)), Step(State.ADMITTED, messages=(letter(c, "one"),)))
    (message,) = store.messages_of(case.case_id)
    answers = []
    for _ in range(2):
        with store.session() as session:
            answers.append(store.delivered(session, message, NOW))
    assert answers == [True, False]
    assert [r["kind"] for r in store.rows("all_entries")].count("delivered") == 1


def test_trouble_waits_longer_each_time_and_blocks_its_channel_only(store: Store) -> None:
    """A message in trouble is due again later and later, at most five minutes on; other channels go on."""
    case = opened(store)
    case = commit(
        store, case, Step(State.ADMITTED, messages=(letter(case, "one"), letter(case, "two", "partner")))
    )
    waits = []
    now = NOW
    for _ in range(12):
        message = store.message(f"{case.case_id}.one")
        with store.session() as session:
            store.trouble(session, message, "refused", now)
        wait = next(s for s in range(400) if len(store.due(now + timedelta(seconds=s))) == 2)
        waits.append(wait)
        now += timedelta(seconds=wait)
    assert waits[:4] == [1, 2, 4, 8]
    assert waits == sorted(waits)
    assert waits[-1] == 300
    assert [m.channel for m in store.due(NOW)] == ["partner"]


def test_what_is_not_there_is_missing(store: Store) -> None:
    """A case or message of no such name is Missing, and of no digest is None."""
    with pytest.raises(Missing):
        store.case("A" * 26)
    with pytest.raises(Missing):
        store.message("x")
    assert store.case_of_digest("d") is None


def test_every_log_derives_again_and_an_altered_entry_is_noticed(store: Store) -> None:
    """The check derives each tree from its entries; a changed body, salt or order raises."""
    for name in "ABC":
        opened(store, name)
    assert store.log.check() == {"intake": 3}
    for change in (
        "UPDATE entry SET body = replace(body, 'smtp', 'http') WHERE seq = 1",
        "DELETE FROM entry WHERE seq = 2",
    ):
        with store.engine.begin() as connection:
            connection.exec_driver_sql(change)
        with pytest.raises(LedgerError):
            store.log.check()


def test_the_latest_moment_of_a_log_is_not_its_last_entry(store: Store) -> None:
    """After the clock was set back, the ledger still knows how late it has been."""
    opened(store, "A")
    with store.session() as session:
        store.log.append(session, (received("B"),), None, NOW - timedelta(days=1))
    assert store.log.newest() == NOW
    assert store.log.is_ahead_of(NOW - timedelta(minutes=2))
    assert not store.log.is_ahead_of(NOW - timedelta(seconds=59))
