# SPDX-License-Identifier: Apache-2.0
"""The tree of a log in tables: a frontier that grows in the commit of its entries, and nodes for proofs.

Nothing is appended to a tree that does not add up: before the first row is written the frontier is held
against the number of leaves and against the stored nodes. A LedgerError then ends the commit, and with it
whatever the entries were to allow (promise doubt-denies).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sluicegate.errors import LedgerError
from sluicegate.ledger import merkle
from sluicegate.ledger.merkle import Frontier, Reader
from sluicegate.ledger.verify import HASH_BYTES, leaf_hash
from sluicegate.store.sql import queries

_T = TypeVar("_T")
_RUN = 256  # hashes read at once where neighbors are asked for


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees of all logs whose leaves lie in one table.

    `leaves` names its queries: `<leaves>_last`, `<leaves>_leaves` and `<leaves>_run`.
    """

    engine: sa.Engine
    leaves: str

    # -- growing ---------------------------------------------------------------------------------------

    def open(self, session: Session, log: str) -> Frontier:
        """The frontier to append to, locked until the session's commit. Raises LedgerError, see above."""
        # This write takes the lock; reading the frontier first could lose an append that races us.
        connection = session.connection()
        run(connection, "lock_tree", log=log)
        tree = self._frontier(connection, log)
        last = run(connection, f"{self.leaves}_last", log=log).scalar_one()
        count = 0 if last is None else int(last) + 1
        if count != tree.size:
            raise LedgerError(f"The tree of log {log} counts {tree.size} leaves, its table {count}.")
        peaks = tree.peaks()
        held = self._nodes(connection, log, {(one.level, one.index) for one in peaks})
        if any(held[one.level, one.index] != one.hash for one in peaks):
            raise LedgerError(f"The frontier of log {log} is not that of its stored nodes.")
        return tree

    def grow(self, session: Session, log: str, tree: Frontier, leaves: Iterable[bytes], at: str) -> None:
        """Write what the leaf hashes `leaves` add to `tree`, which `open` gave; `at` is their moment."""
        # A crash at any write from `open` on leaves the tree as it was: all of it is one commit.
        after, completed = tree.extend(leaves)
        rows: list[dict[str, object]] = [
            {"log": log, "level": level, "place": place, "hash": one} for level, place, one in completed
        ]
        if rows:
            insert_many(session, "insert_node", rows)
        run(session.connection(), "set_frontier", log=log, tree=after.encode(), newest=at)

    # -- reading ---------------------------------------------------------------------------------------

    def size(self, log: str) -> int:
        """Leaves of a log; 0 where there is no such log."""
        with self.engine.connect() as connection:
            return self.size_of(connection, log)

    def size_of(self, connection: sa.Connection, log: str) -> int:
        """`size` over a connection that is open already."""
        return self._frontier(connection, log).size

    def root(self, log: str, size: int) -> bytes:
        """Root of a log's tree at a size. Raises LedgerError where it has not got that far."""
        with self.engine.connect() as connection:
            return self.root_of(connection, log, size)

    def root_of(self, connection: sa.Connection, log: str, size: int) -> bytes:
        """`root` over a connection that is open already."""
        return self.proven(log, size, lambda read: merkle.root_at(read, size), connection)

    def inclusion(self, log: str, index: int, size: int) -> tuple[bytes, ...]:
        """Inclusion proof of a leaf in the tree of that size. Raises LedgerError."""
        return self.proven(log, size, lambda read: merkle.inclusion(read, index, size))

    def consistency(self, log: str, old: int, new: int) -> tuple[bytes, ...]:
        """Proof that the tree of size `old` is a prefix of the one of size `new`. Raises LedgerError."""
        return self.proven(log, new, lambda read: merkle.consistency(read, old, new))

    def proven(
        self, log: str, size: int, ask: Callable[[Reader], _T], connection: sa.Connection | None = None
    ) -> _T:
        """What `ask` makes of the nodes of a log's tree of that size, all read at once.

        `ask` is called twice: first to learn which nodes it reads, then with their hashes.
        Raises LedgerError where the log has not got that far, or a node is missing.
        """
        if connection is None:
            with self.engine.connect() as own:
                return self.proven(log, size, ask, own)
        if not 0 <= size <= self._frontier(connection, log).size:
            raise LedgerError(f"Log {log} has not got to {size} entries.")
        wanted: set[tuple[int, int]] = set()

        def note(level: int, index: int) -> bytes:
            wanted.add((level, index))
            return bytes(HASH_BYTES)

        ask(note)
        held = self._nodes(connection, log, wanted)
        return ask(lambda level, index: held[level, index])

    def level(self, connection: sa.Connection, log: str, level: int, low: int, high: int) -> list[bytes]:
        """The hashes of nodes `low` to `high` (not included) of one level. Raises LedgerError."""
        given = {"log": log, "level": level, "low": low, "high": high}
        if level == 0:
            rows = connection.execute(queries()[f"{self.leaves}_run"], given)
            found = {int(row[0]): leaf_hash(_blob(row[1])) for row in rows}
        else:
            found = {int(r[0]): _blob(r[1]) for r in connection.execute(queries()["level_run"], given)}
        for place in range(low, high):
            if place not in found:
                raise _missing(log, level, place)
        return [found[place] for place in range(low, high)]

    def data(self, connection: sa.Connection, log: str, low: int, high: int) -> list[bytes]:
        """Leaf data `low` to `high` (not included), as entry bundles hold it. Raises LedgerError."""
        rows = connection.execute(queries()[f"{self.leaves}_run"], {"log": log, "low": low, "high": high})
        found = [_blob(row[1]) for row in rows]
        if len(found) != high - low:
            raise LedgerError(f"An entry of log {log} between {low} and {high} is missing.")
        return found

    def _frontier(self, connection: sa.Connection, log: str) -> Frontier:
        held = run(connection, "frontier", log=log).scalar_one_or_none()
        return Frontier.decode(_blob(held)) if held is not None else Frontier()

    def _nodes(
        self, connection: sa.Connection, log: str, wanted: set[tuple[int, int]]
    ) -> dict[tuple[int, int], bytes]:
        places = [index for level, index in wanted if level == 0]
        above = [one for one in wanted if one[0] > 0]
        held: dict[tuple[int, int], bytes] = {}
        if above:
            rows = run(connection, "nodes", log=log, wanted=json.dumps(above))
            held.update({(row[0], row[1]): _blob(row[2]) for row in rows})
        if places:
            rows = run(connection, f"{self.leaves}_leaves", log=log, places=json.dumps(places))
            held.update({(0, row[0]): leaf_hash(_blob(row[1])) for row in rows})
        for level, index in wanted:
            if len(held.get((level, index), b"")) != HASH_BYTES:
                raise _missing(log, level, index)
        return held


@dataclass(slots=True)
class Derived:
    """A tree that is derived again from its leaves and held against what is stored of it."""

    log: str
    tree: Frontier = field(default_factory=Frontier)

    def take(self, leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """Append leaf hashes; the nodes of level 1 and up that they completed."""
        self.tree, completed = self.tree.extend(leaves)
        return {(level, place): one for level, place, one in completed}

    def compare(self, connection: sa.Connection, expected: dict[tuple[int, int], bytes]) -> None:
        """Hold the stored frontier and nodes against the derived ones. Raises LedgerError."""
        held = connection.execute(queries()["frontier"], {"log": self.log}).scalar_one_or_none()
        if held is None or _blob(held) != self.tree.encode():
            raise LedgerError(f"Log {self.log} does not add up to its tree.")
        for row in connection.execute(queries()["all_nodes"], {"log": self.log}):
            if expected.pop((row[0], row[1]), None) != _blob(row[2]):
                raise LedgerError(f"Node {row[1]} at level {row[0]} of log {self.log} does not add up.")
        for level, place in sorted(expected):
            raise _missing(self.log, level, place)


def run(connection: sa.Connection, name: str, **given: object) -> sa.CursorResult[*tuple[Any, ...]]:
    """A named query handed to the driver as it is: the way through SQLAlchemy's own parameters costs more
    than all the hashing. SQLite takes `:name`; another database may not."""
    return connection.exec_driver_sql(queries()[name].text, given)


def insert_many(session: Session, name: str, rows: list[dict[str, object]]) -> None:
    """Insert rows by a named query, in the manner of `run`."""
    session.connection().exec_driver_sql(queries()[name].text, rows)


def _blob(value: object) -> bytes:
    """A column of bytes; a damaged one of any other type is no bytes at all, and equals nothing."""
    return value if isinstance(value, bytes) else b""


def _missing(log: str, level: int, place: int) -> LedgerError:
    return LedgerError(
        f"Node {place} at level {level} of log {log} is missing.", advice="Run: sluicegate audit check"
    )
