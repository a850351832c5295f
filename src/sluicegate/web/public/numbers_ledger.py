# SPDX-License-Identifier: Apache-2.0
"""What the master log tells of days and of published figures, read from its tiles under a signed summary.

A log only grows: what was read and held once is not read again, once the newer summary is shown to extend
the older one.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from sluicegate.audit.findings import Check, Result
from sluicegate.audit.keys import with_history
from sluicegate.audit.material import Material
from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import canonical
from sluicegate.ledger import statement as statements
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.tiles import WIDTH, Tiled
from sluicegate.ledger.verify import Checkpoint, VerifierKey
from sluicegate.statistics import check
from sluicegate.statistics.export import DATA, DEFINITIONS, FORMAT, LONG, MANIFEST, TABLE, digest_of

_KINDS = (StatementKind.DAY, StatementKind.STATISTICS)
_FILES = (DATA, DEFINITIONS, TABLE, LONG, MANIFEST)


@dataclass(frozen=True, slots=True)
class Said:
    """A statement and its number in the master log."""

    number: int
    statement: Statement


@dataclass(frozen=True, slots=True)
class Told:
    """What is told so far.

    Attributes:
        checkpoint: the signed summary under which everything here was found.
        newest: moment of the newest statement, or empty.
        days: the newest word on each (jurisdiction, day).
        figures: every statement about published figures, by the SHA-256 of the manifest.
    """

    checkpoint: Checkpoint
    newest: str
    days: Mapping[tuple[str, str], Said]
    figures: Mapping[str, Said]


@dataclass(frozen=True, slots=True)
class Export:
    """The published figures of a month, as stated under a number.

    `document` is `statistics.json`; `manifest` the SHA-256 that was stated.
    """

    folder: str
    month: str
    said: Said
    manifest: str
    document: Mapping[str, object]


@dataclass(slots=True)
class Ledger:
    """Reads a side's master log; safe to be asked by several threads."""

    material: Material
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _note: bytes = b""
    _told: Told | None = None
    _whole: list[Said] = field(default_factory=list)  # of bundles that are full and never change
    _bundles: int = 0
    _exports: dict[str, Export | None] = field(default_factory=dict)

    def told(self) -> Told | None:
        """What is told, or None where nothing is published.

        Raises LedgerError (VerifyError) where files and signature do not agree.
        """
        with self._lock:
            note = self.material.read("checkpoint")
            if note is None:
                return None
            if self._told is None or note != self._note:
                self._told, self._note = self._read(note), note
            return self._told

    def _read(self, note: bytes) -> Told:
        material, _ = with_history(self.material, Result(Check.LOGS))
        checkpoint = material.checkpoint(note, "master")
        tiled = Tiled(self.material.read, checkpoint)
        if self._told is not None:
            before = self._told.checkpoint
            if before.size > checkpoint.size or tiled.root_at(before.size) != before.root:
                raise VerifyError("checkpoint: it does not extend the one that was read before")
        newest, rest = "", []
        for index in range(self._bundles, -(-checkpoint.size // WIDTH)):
            held = tiled.bundle(index)
            found, newest = _about(held, index * WIDTH, newest)
            if len(held) == WIDTH:
                self._whole += found
                self._bundles = index + 1
            else:
                rest = found
        if not newest and self._told is not None:
            newest = self._told.newest
        return _told(checkpoint, newest, [*self._whole, *rest])

    def exports(self, told: Told) -> tuple[tuple[Export, ...], int]:
        """The newest stated figures of each month, oldest first; and how many folders are not stated."""
        folders = {name.split("/")[1] for name in self.material.names("statistics") if name.count("/") == 2}
        newest: dict[str, Export] = {}
        strange = 0
        for folder in sorted(folders):
            one = self._export(folder, told)
            if one is None:
                strange += 1
            elif one.month not in newest or newest[one.month].said.number < one.said.number:
                newest[one.month] = one
        return tuple(newest[month] for month in sorted(newest)), strange

    def _export(self, folder: str, told: Told) -> Export | None:
        """The figures of a folder, or None where they were not stated or are not what was stated."""
        digest = digest_of(self.material.read(f"statistics/{folder}/{MANIFEST}") or b"")
        said = told.figures.get(digest)
        if said is None:
            return None
        if f"{folder} {digest}" not in self._exports:
            self._exports[f"{folder} {digest}"] = self._open(folder, digest, said)
        return self._exports[f"{folder} {digest}"]

    def _open(self, folder: str, digest: str, said: Said) -> Export | None:
        files = {name: self.material.read(f"statistics/{folder}/{name}") for name in _FILES}
        try:
            check.read_manifest({k: v for k, v in files.items() if v is not None}, "statistics")
            document = canonical.decode(files[DATA] or b"")
        except LedgerError:
            return None
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            return None
        return Export(folder, str(document["month"]), said, digest, document)


def _about(entries: tuple[bytes, ...], first: int, newest: str) -> tuple[list[Said], str]:
    found = []
    for place, entry in enumerate(entries):
        one = statements.decode(entry)
        newest = max(newest, one.at)
        if one.kind in _KINDS:
            found.append(Said(first + place, one))
    return found, newest


def _told(checkpoint: Checkpoint, newest: str, said: list[Said]) -> Told:
    days: dict[tuple[str, str], Said] = {}
    figures: dict[str, Said] = {}
    for one in said:
        if one.statement.kind is StatementKind.DAY:
            days[one.statement.subject, str(one.statement.parts["day"])] = one
        else:
            figures[one.statement.subject] = one
    return Told(checkpoint, newest, days, figures)


def verifier_keys(material: Material) -> tuple[tuple[VerifierKey, str], ...]:
    """The keys that receipts and summaries are signed with, newest first, each with its last moment or empty.

    A history that does not hold, or that lacks the key this site trusts, adds none to that key.
    """
    _, ring = with_history(material, Result(Check.LOGS))
    periods = ring.periods if ring else ()
    if not any(one.key == material.key for one in periods):
        return ((material.key, ""),)
    return tuple((one.key, one.until or "") for one in reversed(periods) if not one.revoked)
