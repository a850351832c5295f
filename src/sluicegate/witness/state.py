# SPDX-License-Identifier: Apache-2.0
"""What a witness remembers: for each log the newest checkpoint that it let pass, in one row of SQLite.

This memory is the whole worth of a witness. Who restores it from a backup, or starts a new one under the same
key, lets the witness sign a second history without knowing; docs/how-to/run-a-witness.md says so.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluicegate.errors import LedgerError, Missing, SettingsError, StoreError, UsageError
from sluicegate.ledger.merkle import EMPTY_ROOT
from sluicegate.ledger.verify import VerifierKey, read_key

MAX_FORKS = 16  # kept for each log: one is proof enough, and only the log's own key can make them

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
  time INTEGER NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS log_key (
  origin TEXT NOT NULL REFERENCES log, vkey TEXT NOT NULL, PRIMARY KEY (origin, vkey)
) STRICT;
CREATE TABLE IF NOT EXISTS fork (
  origin TEXT NOT NULL REFERENCES log, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL,
  shown TEXT NOT NULL, known TEXT NOT NULL, PRIMARY KEY (origin, size, root)
) STRICT;
"""

_SEEN = "SELECT origin, size, root, time, note FROM log"

Commit = Callable[[sqlite3.Connection], None]
"""Makes the open SQLite commit durable; the seam at which tests cut the power."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest checkpoint of a log that this witness let pass.

    `time` is that of the last cosignature, Unix seconds; size 0 with an empty `note` means none yet.
    """

    origin: str
    size: int
    root: bytes
    time: int
    note: str


@dataclass(frozen=True, slots=True)
class Fork:
    """Two checkpoints of one size and different roots, both signed by the log: the shown and the known."""

    origin: str
    size: int
    time: int
    shown: str
    known: str


def commit_to_disk(connection: sqlite3.Connection) -> None:
    """The real commit: on return it survives loss of power (synchronous=FULL)."""
    connection.execute("COMMIT")


class State:
    """The memory of one witness. Methods may be called from several threads, and processes, at once.

    Raises StoreError where the disk refuses; nothing is remembered then, or, where the failure came after
    the commit had landed, everything: the caller cannot tell, and need not (see `judge`).
    """

    def __init__(self, path: Path, *, commit: Commit = commit_to_disk) -> None:
        if not path.is_file():
            # INVARIANT: never made on the way. A witness that lost its memory must not sign as if it had one.
            raise SettingsError(
                f"The memory of this witness, {path.name}, is missing.",
                advice="Make no empty one for the same key: make a new witness in another folder.",
            )
        self._lock = threading.Lock()
        self._commit = commit
        try:
            self._db = _opened(path)
        except sqlite3.Error as error:
            raise StoreError(f"The memory of this witness cannot be opened: {error}.") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add_log(self, key: VerifierKey) -> bool:
        """Watch the log of that key, or trust one more key of it. False where it was known already."""
        with self._writing() as db:
            values = (key.name, 0, EMPTY_ROOT, 0, "")
            db.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values)
            query = "INSERT INTO log_key VALUES (?, ?) ON CONFLICT DO NOTHING"
            return db.execute(query, (key.name, str(key))).rowcount == 1

    def drop_key(self, key: VerifierKey) -> None:
        """Trust a key of a log no longer; what was seen of the log stays. Raises Missing."""
        with self._writing() as db:
            query = "DELETE FROM log_key WHERE origin = ? AND vkey = ?"
            if db.execute(query, (key.name, str(key))).rowcount == 0:
                raise Missing("This witness does not trust that key.")

    def logs(self) -> list[Seen]:
        """Every log that is watched, by name."""
        return [Seen(*row) for row in self._rows(f"{_SEEN} ORDER BY origin")]

    def keys(self, origin: str) -> list[VerifierKey]:
        """The keys trusted for a log; none where it is not watched."""
        rows = self._rows("SELECT vkey FROM log_key WHERE origin = ? ORDER BY vkey", origin)
        return [read_key(str(row[0])) for row in rows]

    def seen(self, origin: str) -> Seen | None:
        """The newest checkpoint of a log, or None where it is not watched."""
        rows = self._rows(f"{_SEEN} WHERE origin = ?", origin)
        return Seen(*rows[0]) if rows else None

    def advance(self, known: Seen, newer: Seen) -> bool:
        """Replace what is known of a log by something newer, if it is still what is known.

        Compare and swap in one statement: of two requests that were judged against the same memory, one
        finds it gone. False then, and nothing was changed. True means that it is on the disk.
        """
        if newer.origin != known.origin or newer.size < known.size or newer.time < known.time:
            raise LedgerError("a witness never goes back")
        with self._writing() as db:
            query = (
                "UPDATE log SET size = ?, root = ?, time = ?, note = ?"
                " WHERE origin = ? AND size = ? AND root = ? AND time = ?"
            )
            fresh = (newer.size, newer.root, newer.time, newer.note)
            return db.execute(query, (*fresh, known.origin, known.size, known.root, known.time)).rowcount == 1

    def keep_fork(self, fork: Fork, root: bytes) -> None:
        """Keep the proof that a log signed two histories; the same one, or too many, are kept once."""
        with self._writing() as db:
            query = (
                "INSERT INTO fork SELECT ?, ?, ?, ?, ?, ?"
                " WHERE (SELECT COUNT(*) FROM fork WHERE origin = ?) < ? ON CONFLICT DO NOTHING"
            )
            row = (fork.origin, fork.size, root, fork.time, fork.shown, fork.known)
            db.execute(query, (*row, fork.origin, MAX_FORKS))

    def forks(self) -> list[Fork]:
        """Every proof of misbehavior that this witness holds, oldest first."""
        rows = self._rows("SELECT origin, size, time, shown, known FROM fork ORDER BY time, origin, size")
        return [Fork(*row) for row in rows]

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return list(self._db.execute(query, values))
        except sqlite3.Error as error:
            raise StoreError(f"The memory of this witness cannot be read: {error}.") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One commit. If we crash inside it SQLite drops it; once `_commit` returned it is on the disk."""
        try:
            with self._lock:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._commit(self._db)
                finally:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StoreError(f"The memory of this witness cannot be written: {error}.") from error


def create(path: Path) -> None:
    """Make an empty memory; an existing one is never touched. Raises UsageError, SettingsError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(descriptor)
        db = _opened(path)
        db.close()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        raise UsageError(f"The memory {path.name} exists already.", advice="Choose another folder.") from None
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(f"The memory {path.name} cannot be made: {error}.") from None


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")  # a cosignature must not outlive the memory of it
        db.execute("PRAGMA foreign_keys=ON")
        db.executescript(_SCHEMA)
    except BaseException:
        db.close()
        raise
    return db
