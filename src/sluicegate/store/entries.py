# SPDX-License-Identifier: Apache-2.0
"""The ledger's tables: entries, tree nodes and frontiers, written in the commit of the step they speak of.

An installation keeps several logs: one for what is not yet placed, one for what the partner answered, and
two for each jurisdiction, of which the second holds the withheld bookings. A checkpoint that the partner sees
then counts only what the partner was given, and one that an agency sees counts no answers.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sluicegate.errors import LedgerError, Missing
from sluicegate.exchange.case import Fact
from sluicegate.facts import FactKind
from sluicegate.ledger import entry as entries
from sluicegate.ledger import merkle
from sluicegate.ledger.entry import Entry
from sluicegate.ledger.verify import SALT_BYTES, leaf_hash
from sluicegate.store.master import MASTER_LOG, MasterLog
from sluicegate.store.sql import queries
from sluicegate.store.trees import Derived, Trees, insert_many
from sluicegate.store.upgrade import upgrade

COMMON_LOG = "intake"
"""Where facts go before a booking is placed, and facts that belong to no booking."""

CLOCK_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry with its salt and a proof that it is in its log."""

    log: str
    entry: Entry
    salt: bytes
    size: int
    root: bytes
    path: tuple[bytes, ...]


class EntryLog:
    """Appends facts and proves them."""

    def __init__(self, engine: sa.Engine) -> None:
        upgrade(engine)
        self._engine = engine
        self.trees = Trees(engine, "entry")

    def append(
        self,
        session: Session,
        facts: Iterable[Fact],
        case_id: str | None,
        at: datetime,
        log: str = COMMON_LOG,
    ) -> None:
        """Append facts to a log in the session's commit. Raises LedgerError; then nothing is committed."""
        listed = list(facts)
        if not listed:
            return
        if log == MASTER_LOG:
            raise LedgerError("The master log holds statements, not facts.")
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        entries.check_time(stamp)
        tree = self.trees.open(session, log)
        chance = secrets.token_bytes(SALT_BYTES * len(listed))
        salts = [chance[start : start + SALT_BYTES] for start in range(0, len(chance), SALT_BYTES)]
        rows = [
            _row(log, seq, stamp, case_id, fact, salt)
            for seq, (fact, salt) in enumerate(zip(listed, salts, strict=True), tree.size)
        ]
        # If we crash at any of these writes, or before the commit that they are part of has landed, none of
        # them happened. If it landed and nobody heard, the story finds its step done.
        insert_many(session, "insert_entry", rows)
        self.trees.grow(session, log, tree, [leaf_hash(row["leaf"]) for row in rows], stamp)

    def erase(self, session: Session, log: str, seqs: Iterable[int]) -> int:
        """Destroy body and salt of entries; their commitments stay, and so every proof. How many had one.

        The caller commits, and sees to copies elsewhere: backups, and pages that the database has freed.
        """
        given = {"log": log, "places": json.dumps(sorted(set(seqs)))}
        done: sa.CursorResult[Any] = session.execute(queries()["erase_entries"], given)  # type: ignore[assignment]
        return done.rowcount

    @staticmethod
    def body(row: Mapping[str, Any]) -> dict[str, Any]:
        """The body of an entry's row; empty where it was erased."""
        held = json.loads(row["body"]) if row["body"] is not None else {}
        return dict(held)

    def newest(self, log: str = COMMON_LOG) -> datetime | None:
        """The latest moment that a log has ever seen, or None where it has no entry."""
        with self._engine.connect() as connection:
            at = connection.execute(queries()["newest_entry"], {"log": log}).scalar_one_or_none()
        return datetime.fromisoformat(str(at).replace("Z", "+00:00")) if at is not None else None

    def is_ahead_of(self, now: datetime) -> bool:
        """Whether an entry is from later than `now` by more than clocks and threads may differ.

        Then the clock was set back (or had been forward), and which rule is in force now cannot be told.
        """
        newest = self.newest()
        return newest is not None and newest > now + CLOCK_SLACK

    def sizes(self) -> dict[str, int]:
        """How many entries each log has, the master log not among them."""
        with self._engine.connect() as connection:
            rows = connection.execute(queries()["logs"]).mappings().all()
        return {
            str(row["log"]): merkle.Frontier.decode(bytes(row["tree"])).size
            for row in rows
            if row["log"] != MASTER_LOG
        }

    def decided(self, case_id: str, size: int | None = None) -> Proven:
        """The one DECIDED entry of a case, proven at a size of its log, or at its present one.

        Raises Missing where there is none or it was erased, LedgerError where the tree does not reach it.
        """
        with self._engine.connect() as connection:
            # One read transaction: the entry, the size and the nodes must be of the same moment.
            connection.exec_driver_sql("BEGIN")
            row = connection.execute(queries()["decided"], {"case_id": case_id}).mappings().first()
            if row is None:
                raise Missing("No decision about that case is in the ledger.")
            if row["salt"] is None:
                raise Missing("The decision about that case was erased; its leaf is still in the ledger.")
            log = str(row["log"])
            said = _entry(row)
            at = self.trees.size_of(connection, log) if size is None else size

            def ask(read: merkle.Reader) -> tuple[bytes, tuple[bytes, ...]]:
                return merkle.root_at(read, at), merkle.inclusion(read, said.seq, at)

            root, path = self.trees.proven(log, at, ask, connection)
            return Proven(log, said, bytes(row["salt"]), at, root, path)

    def check(self) -> dict[str, int]:
        """Derive every tree again from its entries, its stored nodes included; size by log.

        The master log is derived too, and held against the logs that it speaks of. An erased entry is held
        by its commitment alone. Raises LedgerError on a difference.
        """
        with self._engine.connect() as connection:
            # One read transaction: beside a running server, trees and entries must be of the same moment.
            connection.exec_driver_sql("BEGIN")
            known = {str(r["log"]) for r in connection.execute(queries()["logs"]).mappings()} - {MASTER_LOG}
            found = connection.execute(queries()["all_entries"]).mappings()
            sizes = {
                str(log): _derive(connection, str(log), rows)
                for log, rows in groupby(found, key=lambda row: row["log"])
            }
            if known != set(sizes):
                raise LedgerError("A log has a tree but no entries.")
            strays = {str(row[0]) for row in connection.execute(queries()["node_logs"])}
            if strays - set(sizes) - {MASTER_LOG}:
                raise LedgerError("There are nodes of a log that has no entries.")
            stated = MasterLog(self._engine).check(connection, self.trees, sizes)
            if stated:
                sizes[MASTER_LOG] = stated
        return sizes


def _row(log: str, seq: int, at: str, case_id: str | None, fact: Fact, salt: bytes) -> dict[str, Any]:
    body = entries.spell_body(fact.kind, fact.body)
    return {
        "log": log,
        "seq": seq,
        "at": at,
        "kind": fact.kind.value,
        "case_id": case_id,
        "leaf": entries.commitment(salt, entries.spell(seq, at, fact.kind, body)),
        "body": body,
        "salt": salt,
    }


def _entry(row: sa.RowMapping) -> Entry:
    return Entry(row["seq"], row["at"], FactKind(row["kind"]), json.loads(row["body"]))


def _derive(connection: sa.Connection, log: str, rows: Iterator[sa.RowMapping]) -> int:
    """Size of a log whose entries, commitments, nodes and frontier add up. Raises LedgerError."""
    derived = Derived(log)
    expected: dict[tuple[int, int], bytes] = {}
    for row in rows:
        if row["seq"] != derived.tree.size:
            raise LedgerError(f"Log {log} has a gap before entry {row['seq']}.")
        committed = bytes(row["leaf"])
        if row["body"] is not None:
            own = entries.commitment(bytes(row["salt"]), entries.canonical(_entry(row)))
            if own != committed:
                raise LedgerError(f"Entry {row['seq']} of log {log} is not the one that was entered.")
        expected.update(derived.take((leaf_hash(committed),)))
    derived.compare(connection, expected)
    return derived.tree.size
