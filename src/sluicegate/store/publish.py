# SPDX-License-Identifier: Apache-2.0
"""Publishes the ledger as static files: state, stage, swap (C2SP tlog-tiles, one folder for each log).

A log is published up to the end of its jurisdiction's last finished day, so that nobody can read the hour of
a single booking off its growth. Running it again after any crash completes it: what it writes follows from
what the master log states. `store.writes.PUBLISH` lists its writes and what a crash at each means.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sluicegate.errors import LedgerError, StoreError, VerifyError, quoted
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import statement as statements
from sluicegate.ledger import tiles
from sluicegate.ledger.note import Signer
from sluicegate.ledger.statement import StatementKind
from sluicegate.ledger.verify import Checkpoint
from sluicegate.store.entries import COMMON_LOG, EntryLog
from sluicegate.store.master import MASTER_LOG, MasterLog
from sluicegate.store.sql import queries
from sluicegate.store.trees import Trees

PRIVATE_LOGS = frozenset({COMMON_LOG, "answers"})
"""Logs that are never public: an agency that gets no answers could count in them what was kept from it."""

UNPLACED = "unplaced"
"""Where bookings go whose agency no rule places. It is no jurisdiction's and is public all the same: its
receipts must become final too, and a log that nobody sees is where bookings could be put out of sight."""

LATEST_ZONE = "Etc/GMT+12"
"""For a log without a place: a day is finished there when it is finished everywhere."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(/withheld)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Published:
    """What one run did: entries public now by log, statements public now, and files that it wrote."""

    sizes: dict[str, int]
    waiting: dict[str, int]  # entries that wait for the end of a day
    kept: tuple[str, ...]  # logs that are not public: private ones, and what is no jurisdiction's
    statements: int
    files: int


def write_durably(path: Path, data: bytes) -> None:
    """Write a public file under its name whole or not at all, and flush it. Raises StoreError."""
    spare = path.with_name(f".{path.name}.new")
    try:
        _make_folder(path.parent)
        handle = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        spare.rename(path)
        _flush_folder(path.parent)  # without this a crash may forget the name although the bytes are there
    except OSError as error:
        raise StoreError(
            f"The public file {path.name} could not be written: {error.strerror or 'the disk refused'}.",
            advice="Free space or mend permissions, and publish again: nothing is lost.",
        ) from error


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(slots=True)
class Publisher:
    """Publishes the logs of one installation into a folder.

    Attributes:
        entries, master: its logs.
        session: opens a session whose block is one commit (`Store.session`).
        folder: the public folder; made where it is not there.
        signer_of: the signer of a log by the log's name; it signs as `<key name>/<log>`.
        also_of: further signers of a log, by its name: keys that were replaced and have not ended yet.
        zone_of: the time zone of a log's jurisdiction, or None where none is known.
        write: how a file is written; tests put a failing disk here.
        told: called with the name of each file written, for a progress bar.
    """

    entries: EntryLog
    master: MasterLog
    session: Callable[[], AbstractContextManager[Session]]
    folder: Path
    signer_of: Callable[[str], Signer]
    zone_of: Callable[[str], str | None]
    write: Callable[[Path, bytes], None] = write_durably
    told: Callable[[str], None] = lambda _name: None
    also_of: Callable[[str], Sequence[Signer]] = lambda _log: ()
    _files: int = field(default=0, init=False)

    def publish(self, now: datetime, *, everything: bool = False) -> Published:
        """Publish every finished day, or with `everything` all there is (for demonstrations and tests).

        Raises:
            LedgerError: what is public already is not what the database says it was. Then somebody changed
                one of the two, and nothing is written over either.
            StoreError: a file could not be written; run it again.
        """
        self._files = 0
        with self._alone():
            self._compare(*self._targets())  # before anything is stated: a fork must not even begin
            self._state(now, everything=everything)
            return self._lay_out()

    def export(self) -> Published:
        """Write what is stated, stating nothing new: a fresh copy of everything public into the folder."""
        self._files = 0
        with self._alone():
            return self._lay_out()

    # -- 1: state --------------------------------------------------------------------------------------

    def _state(self, now: datetime, *, everything: bool) -> None:
        """One commit: what every log will show."""
        known = self.stated()
        at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fresh = []
        for log, size in self.entries.sizes().items():
            if not self.is_public(log, known):
                continue
            check_name(log)
            origin = self.signer_of(log).name
            before = known.get(log, Checkpoint(origin, 0, b""))
            if before.size and self.entries.trees.root(log, before.size) != before.root:
                raise LedgerError(f"Log {log} is not what was stated of it at {before.size} entries.")
            upto = size if everything else self._finished(log, before.size, size, now)
            if upto > before.size:
                root = self.entries.trees.root(log, upto)
                fresh.append(statements.of_checkpoint(at, Checkpoint(origin, upto, root)))
        if fresh:
            # If we crash before this has landed, nothing was stated and the next run states it. If it landed,
            # the next run finds it stated, and publishes it.
            with self.session() as session:
                self.master.state(session, fresh)

    def is_public(self, log: str, stated: Collection[str]) -> bool:
        """Whether a log is a jurisdiction's of the program, or was when stated, or the unplaced one."""
        place = log.removesuffix("/withheld")
        known = place == UNPLACED or self.zone_of(place) is not None
        return log not in PRIVATE_LOGS and (known or log in stated)

    def _finished(self, log: str, low: int, size: int, now: datetime) -> int:
        """How many entries are from before the local midnight that began the day of `now`."""
        zone = ZoneInfo(self.zone_of(log.removesuffix("/withheld")) or LATEST_ZONE)
        midnight = datetime.combine(now.astimezone(zone).date(), time.min, zone).astimezone(UTC)
        given = {"log": log, "low": low, "at": midnight.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        with self.entries.trees.engine.connect() as connection:
            first = connection.execute(queries()["entry_first_after"], given).scalar_one()
        return size if first is None else int(first)

    def stated(self) -> dict[str, Checkpoint]:
        """The newest stated checkpoint of every log, by the log's name."""
        own = self.signer_of(MASTER_LOG).name.removesuffix(MASTER_LOG)
        found = {}
        for one in self.master.newest_of_each(StatementKind.CHECKPOINT):
            told = statements.checkpoint_in(one.statement)
            if not told.origin.startswith(own):
                raise LedgerError(f"Statement {one.seq} is about a log of another key.")
            found[check_name(told.origin.removeprefix(own))] = told
        return found

    # -- 2 and 3: stage, swap --------------------------------------------------------------------------

    def _lay_out(self) -> Published:
        """Every file that the stated checkpoints call for, then the checkpoints, the master's last."""
        stated, ours = self._targets()
        for log, told in stated.items():
            self._stage(self.folder / "logs" / log, self.entries.trees, log, told)
        self._stage(self.folder, self.master.trees, MASTER_LOG, ours)
        for log, told in stated.items():
            # If we crash before it has landed, the log's earlier checkpoint stands, with all that it covers.
            # If it landed, this log is ahead of the master's public checkpoint until the next run.
            self._swap(self.folder / "logs" / log, log, told)
        # If we crash before it has landed, the public sees the days before. If it landed, all is published.
        self._swap(self.folder, MASTER_LOG, ours)
        now = self.entries.sizes()
        sizes = {log: told.size for log, told in sorted(stated.items())}
        waiting = {
            log: now[log] - sizes.get(log, 0)
            for log in sorted(now)
            if self.is_public(log, stated) and now[log] > sizes.get(log, 0)
        }
        kept = tuple(sorted(log for log in now if not self.is_public(log, stated)))
        return Published(sizes, waiting, kept, ours.size, self._files)

    def _targets(self) -> tuple[dict[str, Checkpoint], Checkpoint]:
        """What is to be public: the stated checkpoint of each log, and the master log as it stands."""
        stated, size = self.stated(), self.master.size()
        root = self.master.trees.root(MASTER_LOG, size)
        return stated, Checkpoint(self.signer_of(MASTER_LOG).name, size, root)

    def _compare(self, stated: dict[str, Checkpoint], ours: Checkpoint) -> None:
        """Raises LedgerError where a public checkpoint is not one that the database can extend."""
        for log, told in stated.items():
            self._public(self.folder / "logs" / log, self.entries.trees, log, told)
        self._public(self.folder, self.master.trees, MASTER_LOG, ours)

    def _stage(self, folder: Path, trees: Trees, log: str, upto: Checkpoint) -> None:
        """The tiles and bundles that the folder's present checkpoint does not cover yet."""
        done = self._public(folder, trees, log, upto)
        with trees.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            # If we crash at any of these, no checkpoint covers the file yet. The next run writes it again, or
            # finds it written.
            for tile in tiles.bundles(upto.size, done):
                data = trees.data(connection, log, tile.first, tile.first + tile.width)
                self._put(folder / tile.path, tiles.encode_bundle(data))
            for tile in tiles.tiles(upto.size, done):
                assert tile.level is not None, "a hash tile has a level"
                level = tile.level * tiles.HEIGHT
                hashes = trees.level(connection, log, level, tile.first, tile.first + tile.width)
                self._put(folder / tile.path, b"".join(hashes))

    def _put(self, path: Path, data: bytes) -> None:
        """A tile or bundle. It never changes: where other bytes lie under its name, somebody must look."""
        held = read_file(path)
        if held == data:
            return
        if held is not None:
            raise LedgerError(
                f"{self._named(path)} is public already, with other bytes than the database gives.",
                advice="Leave both as they are and find out which was changed: sluicegate audit check",
            )
        self._write(path, data)

    def _swap(self, folder: Path, log: str, told: Checkpoint) -> None:
        path = folder / "checkpoint"
        held = read_file(path)
        if held is not None and checkpoints.parse(held) == told and self._is_by(held, self.signer_of(log)):
            return  # also where witnesses have put their signatures under it since
        note = checkpoints.sign(told.origin, told.size, told.root, self.signer_of(log))
        for more in self.also_of(log):
            note += checkpoints.sign(told.origin, told.size, told.root, more).rpartition("\n\n")[2]
        self._write(path, note.encode())

    def _is_by(self, held: bytes, signer: Signer) -> bool:
        """Whether the present key claims to have signed it: after a rotation it signs what stands anew."""
        lines = held.decode("utf-8").rpartition("\n\n")[2].splitlines()
        own = [line.rpartition(" ")[2] for line in lines if line.startswith(f"\u2014 {signer.name} ")]
        return any(base64.b64decode(text)[:4] == signer.key_id for text in own)

    def _public(self, folder: Path, trees: Trees, log: str, upto: Checkpoint) -> int:
        """How many entries the public checkpoint covers. Raises LedgerError where it is not of this log."""
        path = folder / "checkpoint"
        held = read_file(path)
        if held is None:
            return 0
        try:
            shown = checkpoints.parse(held)
        except VerifyError as error:
            raise LedgerError(f"{self._named(path)} is damaged: {error.message}.") from None
        if shown.origin != upto.origin:
            raise LedgerError(f"{self._named(path)} is of another log, {quoted(shown.origin, 120)}.")
        if shown.size > upto.size:
            raise LedgerError(
                f"{self._named(path)} shows {shown.size} entries, the database only {upto.size}.",
                advice="An older copy of the database was put back. Never publish from it: it would fork.",
            )
        if trees.root(log, shown.size) != shown.root:
            raise LedgerError(f"{self._named(path)} shows another log than the database: it was forked.")
        return shown.size

    def _write(self, path: Path, data: bytes) -> None:
        self.write(path, data)
        self._files += 1
        self.told(self._named(path))

    def _named(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one publisher at a time; the system drops the lock when the process ends, however it ends."""
        try:
            _make_folder(self.folder)
            lock = self.folder.parent / f".{self.folder.name}.lock"
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"The public folder cannot be written: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def check_name(log: str) -> str:
    """A log's name, once it is one that can be a folder's. Raises LedgerError."""
    if not _NAME.fullmatch(log):
        raise LedgerError(f"{quoted(log)} cannot be the name of a public log.")
    return log


def fetch_from(folder: Path) -> tiles.Fetch:
    """Reads a log from its folder: what `ledger.tiles.Tiled` wants."""

    def fetch(path: str) -> bytes | None:
        tiles.parse_path(path)
        return read_file(folder / path)

    return fetch


def read_file(path: Path) -> bytes | None:
    """The bytes of a public file, or None where there is none. Raises StoreError."""
    try:
        with path.open("rb") as file:
            return file.read(tiles.MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"The public file {path.name} cannot be read: {error.strerror}.") from error
