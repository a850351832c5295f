# SPDX-License-Identifier: Apache-2.0
"""The master log: what an installation says to the public, one tree over statements in plain JSON.

Everybody who watches it sees the same checkpoints of every jurisdiction log, the same days, keys and changes
of the program. Its tree is kept as every other log's is; its leaves are the statements themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sluicegate.errors import LedgerError
from sluicegate.ledger import statement as statements
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import leaf_hash
from sluicegate.store.sql import queries
from sluicegate.store.trees import Derived, Trees, insert_many

MASTER_LOG = "master"
"""Its name: in the tables, and after the name of the key in its origin."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement and its number in the master log."""

    seq: int
    statement: Statement


class MasterLog:
    """Appends statements and finds them again."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.trees = Trees(engine, "statement")

    def state(self, session: Session, said: Sequence[Statement]) -> tuple[Stated, ...]:
        """Append statements in the session's commit. Raises LedgerError; then nothing is committed.

        What is stated will be published as it stands and can never be taken back.
        """
        if not said:
            return ()
        tree = self.trees.open(session, MASTER_LOG)
        stated = tuple(Stated(seq, one) for seq, one in enumerate(said, tree.size))
        bodies = [statements.encode(one) for one in said]
        rows: list[dict[str, object]] = [
            {
                "seq": one.seq,
                "kind": one.statement.kind.value,
                "subject": one.statement.subject,
                "body": body.decode("utf-8"),
            }
            for one, body in zip(stated, bodies, strict=True)
        ]
        # If we crash at any of these writes, or before the commit that they are part of has landed, nothing
        # was stated. If it landed and nobody heard, whoever publishes next finds it stated.
        insert_many(session, "insert_statement", rows)
        newest = max(one.at for one in said)
        self.trees.grow(session, MASTER_LOG, tree, map(leaf_hash, bodies), newest)
        return stated

    def size(self) -> int:
        """How many statements there are."""
        return self.trees.size(MASTER_LOG)

    def newest(self, kind: StatementKind, subject: str) -> Stated | None:
        """The latest statement of a kind about a subject (see `Statement.subject`), or None."""
        found = self._read("newest_statement", kind=kind.value, subject=subject)
        return found[0] if found else None

    def newest_of_each(self, kind: StatementKind) -> list[Stated]:
        """The latest statement of a kind about every subject that has one."""
        return self._read("newest_statements", kind=kind.value)

    def about(self, kind: StatementKind, subject: str | None = None) -> list[Stated]:
        """Every statement of a kind, about one subject where given, oldest first."""
        if subject is None:
            return self._read("statements_of_kind", kind=kind.value)
        return self._read("statements_about", kind=kind.value, subject=subject)

    def every(self) -> list[Stated]:
        """Every statement, oldest first."""
        return self._read("all_statements")

    def covering(self, origin: str, seq: int) -> Stated | None:
        """The first stated checkpoint of a log that covers its entry `seq`, or None."""
        for one in self.about(StatementKind.CHECKPOINT, origin):
            if statements.checkpoint_in(one.statement).size > seq:
                return one
        return None

    def check(self, connection: sa.Connection, entries: Trees, logs: Iterable[str]) -> int:
        """Derive the master log again, and every checkpoint that it states; its size. Raises LedgerError."""
        derived = Derived(MASTER_LOG)
        expected: dict[tuple[int, int], bytes] = {}
        known = sorted(logs, key=len, reverse=True)
        for row in connection.execute(queries()["all_statements"]).mappings():
            if row["seq"] != derived.tree.size:
                raise LedgerError(f"The master log has a gap before statement {row['seq']}.")
            data = str(row["body"]).encode("utf-8")
            said = statements.decode(data)
            if (said.kind, said.subject) != (row["kind"], row["subject"]):
                raise LedgerError(f"Statement {row['seq']} is filed as another than it is.")
            if said.kind is StatementKind.CHECKPOINT:
                _check_stated(connection, entries, known, Stated(row["seq"], said))
            expected.update(derived.take((leaf_hash(data),)))
        if derived.tree.size or connection.execute(queries()["frontier"], {"log": MASTER_LOG}).first():
            derived.compare(connection, expected)
        return derived.tree.size

    def _read(self, name: str, **given: object) -> list[Stated]:
        with self._engine.connect() as connection:
            rows = connection.execute(queries()[name], given).mappings().all()
        return [Stated(int(row["seq"]), statements.decode(str(row["body"]).encode("utf-8"))) for row in rows]


def _check_stated(connection: sa.Connection, entries: Trees, logs: Sequence[str], one: Stated) -> None:
    """What was stated of a log must be what the log was at that size."""
    told = statements.checkpoint_in(one.statement)
    log = next((log for log in logs if told.origin.endswith(f"/{log}")), None)
    if log is None:
        raise LedgerError(f"Statement {one.seq} is about a log that is not here.")
    if entries.root_of(connection, log, told.size) != told.root:
        raise LedgerError(f"Statement {one.seq} is not what log {log} was at {told.size} entries.")
