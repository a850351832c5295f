# SPDX-License-Identifier: Apache-2.0
"""The ledger's tables: what they take, what they refuse, and what stands after a crash at any write."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from sluicegate.errors import LedgerError, Missing
from sluicegate.exchange.case import Fact
from sluicegate.facts import FactKind
from sluicegate.ledger import canonical, entry, merkle
from sluicegate.ledger.entry import Entry
from sluicegate.store.entries import EntryLog
from sluicegate.store.sql import open_database
from sluicegate.store.writes import APPEND

NOW = datetime(2010, 11, 15, 12, tzinfo=UTC)
LOG = "US-CA-075"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A fresh database."""
    made = open_database(tmp_path / "story.db", "schema.sql")
    yield made
    made.dispose()


def facts(count: int, start: int = 0) -> list[Fact]:
    """Facts, each different."""
    return [Fact(FactKind.CLOSED, {"case": f"C{number}"}) for number in range(start, start + count)]


def append(log: EntryLog, count: int, start: int = 0, name: str = LOG) -> None:
    """Some facts in a commit of their own."""
    with Session(log.trees.engine) as session, session.begin():
        log.append(session, facts(count, start), "CASE", NOW, name)


def alter(engine: sa.Engine, change: str) -> None:
    """Change the tables behind the ledger's back."""
    with engine.begin() as connection:
        assert connection.exec_driver_sql(change).rowcount != 0


def rows(engine: sa.Engine) -> list[dict[str, object]]:
    """Every entry as it lies in the table."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT * FROM entry ORDER BY log, seq").mappings()
        return [dict(row) for row in found]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
BODIES = st.dictionaries(
    st.text(st.characters(max_codepoint=127), max_size=8),
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), TEXT, st.lists(TEXT)),
    max_size=5,
)


@given(BODIES, st.integers(0, 2**53 - 1))
def test_an_entry_is_spelled_as_its_canonical_json(body: dict[str, canonical.JSON], seq: int) -> None:
    """The quick spelling of an entry is byte for byte the canonical JSON of at, body, kind and seq."""
    at, full = "2010-11-15T12:00:00.000000Z", {**body, "case": "C"}
    whole = {"at": at, "body": full, "kind": "closed", "seq": seq}
    assert entry.canonical(Entry(seq, at, FactKind.CLOSED, full)) == canonical.encode(whole)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_in_whatever_batches_entries_come_the_tree_is_that_of_their_commitments(
    tmp_path_factory: pytest.TempPathFactory, batches: list[int]
) -> None:
    """Batches of any sizes give the tree of RFC 9162 over the commitments, and its check adds up."""
    engine = open_database(tmp_path_factory.mktemp("log") / "story.db", "schema.sql")
    log = EntryLog(engine)
    for size in batches:
        append(log, size)
    leaves = [merkle.leaf_hash(bytes(row["leaf"])) for row in rows(engine)]  # type: ignore[call-overload]
    assert log.check() == log.sizes() == {LOG: sum(batches)}
    read = merkle.in_memory(leaves)
    for size in (1, len(leaves) // 2, len(leaves)):
        assert log.trees.root(LOG, size) == merkle.root(leaves[:size])
    path = log.trees.consistency(LOG, batches[0], len(leaves))
    assert path == merkle.consistency(read, batches[0], len(leaves))
    assert log.trees.inclusion(LOG, 0, len(leaves)) == merkle.inclusion(read, 0, len(leaves))
    engine.dispose()


def test_what_is_beyond_the_tree_is_not_proven(engine: sa.Engine) -> None:
    """A proof or root of a size that the log has not reached is refused, and so is one of no log."""
    log = EntryLog(engine)
    append(log, 5)
    for ask in (
        lambda: log.trees.root(LOG, 6),
        lambda: log.trees.inclusion(LOG, 5, 6),
        lambda: log.trees.consistency(LOG, 2, 7),
        lambda: log.trees.root("nowhere", 1),
    ):
        with pytest.raises(LedgerError):
            ask()


def decided(log: EntryLog) -> None:
    """A decision about the case DECIDED."""
    gate: canonical.JSON = {"outcome": "closed"}
    body: dict[str, canonical.JSON] = {"case": "D", "tcn": "T", "digest": "0" * 64}
    body["decision"] = dict.fromkeys(("G1", "G2", "G3", "G4"), gate)
    with Session(log.trees.engine) as session, session.begin():
        log.append(session, [Fact(FactKind.DECIDED, body)], "DECIDED", NOW, LOG)


def test_an_erased_entry_is_gone_and_every_proof_stays(engine: sa.Engine) -> None:
    """After erasing, body and salt are nowhere, tree, proofs and check are as before, and more can come."""
    log = EntryLog(engine)
    append(log, 5)
    decided(log)
    before = log.decided("DECIDED")
    root, path = log.trees.root(LOG, 6), log.trees.inclusion(LOG, 2, 6)
    with Session(engine) as session, session.begin():
        assert log.erase(session, LOG, [2, 5, 99]) == 2
    with Session(engine) as session, session.begin():
        assert log.erase(session, LOG, [2, 5]) == 0
    kept = {row["seq"]: (row["body"], row["salt"]) for row in rows(engine)}
    assert kept[2] == kept[5] == (None, None)
    assert None not in kept[3]
    assert log.trees.root(LOG, 6) == root
    assert log.trees.inclusion(LOG, 2, 6) == path
    merkle.verify_inclusion(
        entry.leaf(before.salt, entry.canonical(before.entry)), 5, 6, before.path, before.root
    )
    with pytest.raises(Missing, match="erased"):
        log.decided("DECIDED")
    append(log, 3)
    assert log.check() == {LOG: 9}


def test_a_decision_can_be_proven_at_an_earlier_size(engine: sa.Engine) -> None:
    """A proof at the size that was published is given, and one at a size before the entry is refused."""
    log = EntryLog(engine)
    append(log, 3)
    decided(log)
    append(log, 9)
    at_four, now = log.decided("DECIDED", 4), log.decided("DECIDED")
    assert (at_four.size, now.size) == (4, 13)
    leaf = entry.leaf(now.salt, entry.canonical(now.entry))
    for one in (at_four, now):
        merkle.verify_inclusion(leaf, 3, one.size, one.path, one.root)
    with pytest.raises(LedgerError):
        log.decided("DECIDED", 3)


BREAKS = {
    "a peak is missing": "DELETE FROM node WHERE level = 2",
    "a peak was altered": "UPDATE node SET hash = zeroblob(32) WHERE level = 2",
    "a peak has a wrong length": "UPDATE node SET hash = x'00' WHERE level = 2",
    "the frontier is damaged": "UPDATE frontier SET tree = x'0102'",
    "the frontier was altered": "UPDATE frontier SET tree = substr(tree, 1, 8) || zeroblob(96)",
    "the frontier was set back": "UPDATE frontier SET tree = zeroblob(8)",
    "the frontier is gone": "DELETE FROM frontier",
    "the last entry is gone": "DELETE FROM entry WHERE seq = 6",
    "the last leaf was altered": "UPDATE entry SET leaf = zeroblob(32) WHERE seq = 6",
}


@pytest.mark.parametrize("change", BREAKS.values(), ids=BREAKS)
def test_nothing_is_appended_to_a_tree_that_does_not_add_up(engine: sa.Engine, change: str) -> None:
    """With a node, an entry or the frontier missing or altered, an append raises and commits nothing."""
    log = EntryLog(engine)
    append(log, 7)  # peaks at levels 2, 1 and 0
    alter(engine, change)
    before = rows(engine)
    with pytest.raises(LedgerError):
        append(log, 1, 7)
    assert rows(engine) == before
    with pytest.raises(LedgerError):
        log.check()


HIDDEN = {
    "an inner node was altered": "UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND place = 0",
    "an inner node is missing": "DELETE FROM node WHERE level = 1 AND place = 1",
    "there is a node too many": "INSERT INTO node VALUES ('US-CA-075', 9, 0, zeroblob(32))",
    "there are nodes of no log": "INSERT INTO node VALUES ('US-CA-001', 1, 0, zeroblob(32))",
    "a body was altered": """UPDATE entry SET body = '{"case":"X"}' WHERE seq = 1""",
    "a salt was altered": "UPDATE entry SET salt = zeroblob(32) WHERE seq = 1",
    "a leaf was altered": "UPDATE entry SET leaf = zeroblob(32) WHERE seq = 1",
    "a moment was altered": "UPDATE entry SET at = '2010-11-15T13:00:00.000000Z' WHERE seq = 1",
    "a kind was altered": "UPDATE entry SET kind = 'silent' WHERE seq = 1",
    "a log has no frontier": "DELETE FROM frontier",
    "an erased leaf was altered": "UPDATE entry SET body = NULL, salt = NULL, leaf = x'00' WHERE seq = 1",
}


@pytest.mark.parametrize("change", HIDDEN.values(), ids=HIDDEN)
def test_the_check_finds_what_was_changed_anywhere(engine: sa.Engine, change: str) -> None:
    """Whatever is changed in entries, commitments, nodes or frontier, deriving the log again finds it."""
    log = EntryLog(engine)
    append(log, 7)
    alter(engine, change)
    with pytest.raises(LedgerError):
        log.check()


def test_a_body_without_its_salt_cannot_be_stored(engine: sa.Engine) -> None:
    """Half an erasure is refused by the table itself."""
    log = EntryLog(engine)
    append(log, 1)
    with pytest.raises(sa.exc.IntegrityError):
        alter(engine, "UPDATE entry SET salt = NULL")


def test_facts_do_not_go_into_the_master_log(engine: sa.Engine) -> None:
    """The master log holds statements only."""
    log = EntryLog(engine)
    with pytest.raises(LedgerError, match="statements"):
        append(log, 1, name="master")


class PowerCutError(Exception):
    """The power went."""


TABLES = {
    "lock": "UPDATE frontier",
    "entries": "INSERT INTO entry",
    "nodes": "INSERT INTO node",
    "frontier": "INSERT INTO frontier",
}


class Cut:
    """Cuts the power at one named write of an append, before it reaches the database or just after."""

    def __init__(self, engine: sa.Engine, name: str, *, landed: bool) -> None:
        self.name, self.landed, self.seen = name, landed, list[str]()
        sa.event.listen(engine, "before_cursor_execute", self._before)
        sa.event.listen(engine, "after_cursor_execute", self._after)
        sa.event.listen(engine, "commit", self._commit)

    def _of(self, statement: str) -> str | None:
        return next((name for name, head in TABLES.items() if statement.startswith(head)), None)

    def _before(self, _c: object, _u: object, statement: str, *_rest: object) -> None:
        if name := self._of(statement):
            self.seen.append(name)
            if name == self.name and not self.landed:
                raise PowerCutError

    def _after(self, _c: object, _u: object, statement: str, *_rest: object) -> None:
        if self._of(statement) == self.name and self.landed:
            raise PowerCutError

    def _commit(self, connection: sa.Connection) -> None:
        self.seen.append("commit")
        if self.name == "commit":
            if self.landed:
                connection.connection.commit()
            raise PowerCutError


@pytest.mark.parametrize("landed", [False, True], ids=["lost", "landed"])
@pytest.mark.parametrize("name", [one.name for one in APPEND])
def test_after_a_crash_at_any_write_of_an_append_the_log_is_whole(
    tmp_path: Path, name: str, landed: bool
) -> None:
    """Cut the power at any write of an append: all of it is there or nothing, it derives, and it goes on."""
    first = open_database(tmp_path / "story.db", "schema.sql")
    append(EntryLog(first), 5)
    first.dispose()
    hurt = open_database(tmp_path / "story.db", "schema.sql")
    log = EntryLog(hurt)
    Cut(hurt, name, landed=landed)
    with suppress(PowerCutError):
        append(log, 4, 5)
        pytest.fail("the power was never cut")
    hurt.dispose()
    again = open_database(tmp_path / "story.db", "schema.sql")
    log = EntryLog(again)
    size = log.check()[LOG]
    assert size == (9 if name == "commit" and landed else 5)
    append(log, 4, size)
    assert log.check() == {LOG: size + 4}
    again.dispose()


def test_the_table_of_writes_names_every_write_of_an_append(engine: sa.Engine) -> None:
    """What an append writes, and in which order, is what the documented list says."""
    log = EntryLog(engine)
    cut = Cut(engine, "", landed=False)
    append(log, 2)
    assert cut.seen == [one.name for one in APPEND]


OLD = """
CREATE TABLE entry (log TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
  case_id TEXT, body TEXT NOT NULL, salt BLOB NOT NULL, PRIMARY KEY (log, seq));
CREATE INDEX entry_case ON entry (case_id, at);
CREATE INDEX entry_when ON entry (log, at);
CREATE TABLE node (log TEXT NOT NULL, level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (log, level, place)) WITHOUT ROWID;
CREATE TABLE frontier (log TEXT PRIMARY KEY, tree BLOB NOT NULL);
"""


def old_home(path: Path, count: int) -> list[bytes]:
    """A database as the version before erasure left it; its leaf hashes."""
    leaves = []
    with closing(sqlite3.connect(path)) as made:
        made.executescript(OLD)
        tree = merkle.Frontier()
        for seq in range(count):
            at, body, salt = f"2010-11-15T12:00:00.00000{seq}Z", {"case": f"C{seq}"}, bytes([seq]) * 32
            said = canonical.encode({"at": at, "body": body, "kind": "closed", "seq": seq})
            leaves.append(hashlib.sha256(b"\0" + hashlib.sha256(salt + said).digest()).digest())
            spaced = json.dumps(body, sort_keys=True, ensure_ascii=False)
            row = (LOG, seq, at, "closed", "CASE", spaced, salt)
            made.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            tree, nodes = tree.append(leaves[-1])
            for one in nodes:
                made.execute("INSERT INTO node VALUES (?, ?, ?, ?)", (LOG, one.level, one.index, one.hash))
        made.execute("INSERT INTO frontier VALUES (?, ?)", (LOG, tree.encode()))
        made.commit()
    return leaves


def test_a_home_made_before_opens_and_keeps_its_trees(tmp_path: Path) -> None:
    """A ledger of an earlier version opens with the same roots and proofs, and can erase and grow."""
    leaves = old_home(tmp_path / "story.db", 7)
    for _ in range(2):  # the second opening finds nothing to do
        engine = open_database(tmp_path / "story.db", "schema.sql")
        log = EntryLog(engine)
        assert log.check() == {LOG: 7}
        assert log.trees.root(LOG, 7) == merkle.root(leaves)
        assert log.trees.inclusion(LOG, 3, 7) == merkle.inclusion(merkle.in_memory(leaves), 3, 7)
        newest = log.newest(LOG)
        assert newest is not None
        assert newest.microsecond == 6
        engine.dispose()
    engine = open_database(tmp_path / "story.db", "schema.sql")
    log = EntryLog(engine)
    with Session(engine) as session, session.begin():
        log.erase(session, LOG, range(3))
    append(log, 2)
    assert log.check() == {LOG: 9}
    engine.dispose()


def test_a_crash_while_an_old_home_is_brought_up_to_date_changes_nothing(tmp_path: Path) -> None:
    """Cut the power in the middle of it: the old tables stand, and the next opening does it again."""
    old_home(tmp_path / "story.db", 7)
    engine = open_database(tmp_path / "story.db", "schema.sql")

    def cut(_c: object, _u: object, statement: str, *_rest: object) -> None:
        if statement.startswith("DROP TABLE"):
            raise PowerCutError

    sa.event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(PowerCutError):
        EntryLog(engine)
    engine.dispose()
    engine = open_database(tmp_path / "story.db", "schema.sql")
    assert EntryLog(engine).check() == {LOG: 7}
    engine.dispose()


def test_a_new_database_has_the_very_tables_that_an_old_one_is_given(tmp_path: Path) -> None:
    """The table of entries that the upgrade makes is that of the schema, column for column."""
    old_home(tmp_path / "old.db", 1)
    told = []
    for name in ("old.db", "new.db"):
        engine = open_database(tmp_path / name, "schema.sql")
        EntryLog(engine)
        with engine.connect() as connection:
            columns = [tuple(row) for row in connection.exec_driver_sql("PRAGMA table_info(entry)")]
            indices = {row[1] for row in connection.exec_driver_sql("PRAGMA index_list(entry)")}
        told.append((columns, indices))
        engine.dispose()
    assert told[0] == told[1]
