# SPDX-License-Identifier: Apache-2.0
"""Measures how the exchange is: the bureau's tables and files, and what both sides have published.

Nothing of the partner is opened but its public folder. Reading the published days costs most, so the
comparison is kept until one of the two publishes again.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sluicegate.errors import LedgerError, Missing, SettingsError, SluicegateError, StoreError
from sluicegate.exchange.case import State
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import cosign, verify
from sluicegate.ledger import keys as files
from sluicegate.ledger.days import SHARING, TAKING
from sluicegate.ledger.statement import StatementKind
from sluicegate.ledger.verify import NotVerified, Policy
from sluicegate.settings import Settings
from sluicegate.store import keyfile
from sluicegate.store.journal import Store, moment, stamp
from sluicegate.store.keyfile import KeyBook
from sluicegate.store.served import is_served
from sluicegate.store.sides import compare, read_side
from sluicegate.web.operator import health_view as view
from sluicegate.web.operator.frame import Desk
from sluicegate.web.source import PublicSource
from sluicegate.witness.client import Outcome
from sluicegate.witness.publishing import published
from sluicegate.witness.record import Record

POLICY, RECORD, PARTNER_PUBLIC = "witnesses.txt", "cosignatures.db", "partner-public"
NEWEST_ALERTS = 20
MOST_FILES = 20_000
"""Files of a store that are counted; beyond that its size is told as at least."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it was raised."""

    at: datetime
    case_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that the page shows."""

    at: datetime
    checks: tuple[view.Check, ...]
    queues: tuple[view.Queue, ...]
    standings: tuple[view.Standing, ...]
    alerts: tuple[Alert, ...]
    keys: tuple[view.Key, ...]
    stores: tuple[view.Store, ...]
    differences: tuple[str, ...]

    @property
    def verdict(self) -> view.Verdict:
        """The worst of all checks."""
        return view.worst([one.verdict for one in self.checks])


class Measuring:
    """Measures the bureau of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._compared: tuple[object, view.Compared] | None = None

    def health(self) -> Health:
        """All of it, now."""
        now, real = self._desk.clock(), datetime.now(UTC)
        side = self._desk.bureau
        store, settings = side.office.store, side.settings
        home = settings.home
        queues = tuple(view.judged_queue(one, now) for one in _queues(store))
        standings = tuple(view.judged_standing(one, now) for one in _standings(store))
        alerts = tuple(_alerts(store))
        count = int(store.rows("alert_count")[0]["n"])
        stores = tuple(_stores(home))
        held, where = self._keys(settings, store, now)
        both = self._sides(home)
        checks = (
            view.serving(self._desk.serving or is_served(home)),
            view.queues(queues, now),
            view.bookings(standings, now),
            view.alerts(count, alerts[0].at if alerts else None, now),
            view.witnesses(witnesses_of(home), now),
            view.sides(both),
            view.storage(stores, shutil.disk_usage(home).free),
            view.keys(held, where, now),
            view.clock(now, real, _newest(store), bool(settings.clock)),
        )
        return Health(now, checks, queues, standings, alerts, held, stores, both.alarms)

    def _keys(self, settings: Settings, store: Store, now: datetime) -> tuple[tuple[view.Key, ...], str]:
        home = settings.home
        path = keyfile.path_of(home, "bureau")
        try:
            ring = KeyBook(home, "bureau", store, lambda: now).ring()
        except SluicegateError:
            return (), "unknown"
        told = []
        for one in ring.periods:
            note = "signs" if one is ring.newest else "overlaps" if one.holds(stamp(now)) else "ended"
            until = moment(one.until) if one.until else None
            note = "revoked" if one.revoked else note
            told.append(view.Key(one.key.key_id.hex(), moment(one.since), until, note))
        return tuple(told), _lies(path, apart=settings.signer("bureau") is not None)

    def _sides(self, home: Path) -> view.Compared:
        """The comparison of both sides' published days, made again when one of them publishes."""
        source = self._desk.site.source
        folders = (source.folder, home / PARTNER_PUBLIC)
        mark = [_mark(folder / "checkpoint") for folder in folders]
        with self._lock:
            if self._compared is None or self._compared[0] != mark:
                self._compared = mark, compared(source, folders[1])
            return self._compared[1]


def _queues(store: Store) -> Iterator[view.Queue]:
    for row in store.rows("queue_lengths"):
        times = moment(row["oldest"]), moment(row["next_try"])
        yield view.Queue(
            row["channel"], int(row["n"]), times[0], int(row["attempts"]), str(row["trouble"]), times[1]
        )


def _standings(store: Store) -> Iterator[view.Standing]:
    for row in store.rows("oldest_by_state"):
        yield view.Standing(State(row["state"]), int(row["n"]), moment(row["oldest"]))


def _alerts(store: Store) -> Iterator[Alert]:
    for row in store.rows("newest_alerts", limit=NEWEST_ALERTS):
        yield Alert(moment(row["at"]), str(row["case_id"] or ""), str(row["reason"]))


def _newest(store: Store) -> datetime | None:
    """The latest moment that any log has seen."""
    seen = [str(row["newest"]) for row in store.rows("logs") if row["newest"]]
    return moment(max(seen)) if seen else None


def _lies(path: Path, *, apart: bool) -> str:
    """How the private key lies: plain, locked, apart (another process holds it), or both."""
    if apart:
        return "both" if path.exists() else "apart"
    try:
        return "locked" if files.is_protected(path) else "plain"
    except SettingsError:
        return "unknown"


def _stores(home: Path) -> Iterator[view.Store]:
    """Databases and folders of the bureau, with their sizes."""
    folder = home / "bureau"
    yield view.Store("story.db", sum(_size(folder / f"story.db{end}") for end in ("", "-wal")))
    for name in ("spool", "outgoing", "sealed", "open", "filtered"):
        yield folder_of(name, folder / name)
    yield folder_of("public", home / "public")


def folder_of(name: str, folder: Path) -> view.Store:
    """The size of all files below a folder, or of as many as are counted."""
    total = count = 0
    for where, _, names in os.walk(folder):
        for one in names:
            total += _size(Path(where) / one)
            count += 1
            if count >= MOST_FILES:
                return view.Store(name, total, cut=True)
    return view.Store(name, total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # erased at this moment
        return 0


def _mark(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def compared(source: PublicSource, partner: Path) -> view.Compared:
    """What a comparison of both sides' published days comes to, from two folders and two public keys."""
    if source.partner is None or not _mark(source.folder / "checkpoint") or not _mark(partner / "checkpoint"):
        return view.Compared()
    try:
        ours = read_side(source.folder, source.key, StatementKind.DAY)
        theirs = read_side(partner, source.partner.key, StatementKind.TAKEN)
    except (LedgerError, StoreError) as error:
        return view.Compared(why=error.message)
    found = compare(ours, theirs)
    counted: Mapping[str, object] = dict.fromkeys(SHARING, ours) | dict.fromkeys(TAKING, theirs)
    counts = {
        name: sum(len(day.sets[name]) for day in (ours if held is ours else theirs).days.values())
        for name, held in counted.items()
    }
    alarms = tuple(one.what for one in found if one.alarm)
    return view.Compared(counts, len(ours.days), alarms, len(found) - len(alarms))


def witnesses_of(home: Path) -> view.WitnessState:
    """What the published checkpoint and the record of cosignatures tell. Raises LedgerError, StoreError."""
    policy = _policy(home / POLICY)
    try:
        note = published(home / "public")
    except Missing:
        return view.WitnessState(policy is not None, published=False)
    read = checkpoints.parse(note)
    forked = _forked(home / RECORD, read.origin)
    if policy is None:
        return view.WitnessState(False, True, read.size, forked=forked)
    finality = cosign.final(note, policy)
    newest = max((time for _, time in finality.signed), default=0)
    when = datetime.fromtimestamp(newest, UTC) if newest else None
    return view.WitnessState(True, True, read.size, finality.final, finality.words, when, forked)


def _policy(path: Path) -> Policy | None:
    try:
        return verify.read_policy(path.read_bytes())
    except (FileNotFoundError, NotVerified):
        return None


def _forked(path: Path, origin: str) -> tuple[str, ...]:
    if not path.exists():
        return ()
    record = Record(path)
    try:
        every = record.contacts(origin).values()
        return tuple(one.witness for one in every if one.outcome == Outcome.FORKED)
    finally:
        record.close()
