# SPDX-License-Identifier: Apache-2.0
"""What a log remembers of its witnesses: every cosignature it was given, and how each last answered.

A cosignature is evidence that cannot be had again for the same moment, so it is committed before anything is
made of it. The rest is convenience: lost, it is asked for again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluicegate.errors import StoreError
from sluicegate.ledger.verify import Checkpoint

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cosignature (
  origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
  witness TEXT NOT NULL, time INTEGER NOT NULL, line TEXT NOT NULL,
  PRIMARY KEY (origin, size, root, witness, time)
) STRICT;
CREATE TABLE IF NOT EXISTS contact (
  origin TEXT NOT NULL, witness TEXT NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL,
  outcome TEXT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (origin, witness)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Given:
    """One cosignature: the policy's name of the witness, its time (Unix seconds), and the line itself."""

    witness: str
    time: int
    line: str


@dataclass(frozen=True, slots=True)
class Contact:
    """How a witness last answered, and for which size it was asked; `at` in Unix seconds."""

    witness: str
    at: int
    size: int
    outcome: str
    said: str


class Record:
    """The record of one installation, a file of SQLite. Raises StoreError where the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._db = _opened(path)
            path.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The record of cosignatures cannot be opened: {error}.") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, checkpoint: Checkpoint, given: Given) -> None:
        """Keep a cosignature; on return it is on the disk. One that is kept already changes nothing."""
        with self._writing() as db:
            query = "INSERT INTO cosignature VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
            place = (checkpoint.origin, checkpoint.size, checkpoint.root)
            db.execute(query, (*place, given.witness, given.time, given.line))

    def over(self, checkpoint: Checkpoint) -> list[Given]:
        """Every cosignature over one checkpoint, oldest first."""
        query = (
            "SELECT witness, time, line FROM cosignature"
            " WHERE origin = ? AND size = ? AND root = ? ORDER BY time, witness"
        )
        return [Given(*row) for row in self._rows(query, checkpoint.origin, checkpoint.size, checkpoint.root)]

    def last_size(self, origin: str, witness: str) -> int:
        """The largest size of a log that a witness is known to have cosigned; 0 where none is."""
        query = "SELECT MAX(size) FROM cosignature WHERE origin = ? AND witness = ?"
        return int(self._rows(query, origin, witness)[0][0] or 0)

    def note(self, origin: str, contact: Contact) -> None:
        """Keep how a witness answered, in place of how it answered before."""
        with self._writing() as db:
            row = (contact.witness, contact.at, contact.size, contact.outcome, contact.said)
            db.execute("INSERT OR REPLACE INTO contact VALUES (?, ?, ?, ?, ?, ?)", (origin, *row))

    def contacts(self, origin: str) -> dict[str, Contact]:
        """How each witness of a log last answered, by its name in the policy."""
        query = "SELECT witness, at, size, outcome, said FROM contact WHERE origin = ? ORDER BY witness"
        return {str(row[0]): Contact(*row) for row in self._rows(query, origin)}

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return list(self._db.execute(query, values))
        except sqlite3.Error as error:
            raise StoreError(f"The record of cosignatures cannot be read: {error}.") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._db  # each statement is a commit of its own
        except sqlite3.Error as error:
            raise StoreError(f"The record of cosignatures cannot be written: {error}.") from error


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.executescript(_SCHEMA)
    except BaseException:
        db.close()
        raise
    return db
