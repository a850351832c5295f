# SPDX-License-Identifier: Apache-2.0
"""What a side has made public, read again from its tiles and shown as it was found: values, no HTTP."""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sluicegate.audit.findings import Finding
from sluicegate.audit.logs import Side, check_logs
from sluicegate.audit.material import Material
from sluicegate.ledger import statement as statements
from sluicegate.ledger import tiles, verify
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import JSON, NotVerified

WITHHELD = "/withheld"
_COSIGNATURE_BYTES = 4 + 8 + 64  # key id, time, Ed25519: C2SP tlog-cosignature, cosignature/v1
_STALE_S = 3 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature line under a checkpoint, as it says of itself: it is for its key's holder to verify."""

    name: str
    time: datetime
    stale: bool


@dataclass(frozen=True, slots=True)
class LogRow:
    """One public log: its newest checkpoint, and the statement of the master log that covers it."""

    name: str
    place: str
    withheld: bool
    size: int
    root: str
    stated: int | None
    at: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """One statement: its number in the master log, where its bytes lie, and what it says."""

    number: int
    file: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Ledgers:
    """Everything of one side, read and checked.

    `findings` is empty where all of it holds; `counted` says what was gone through; `note` is the newest
    checkpoint of the master log as published.
    """

    side: Side
    note: str
    size: int
    root: str
    newest: str
    cosigned: tuple[Cosigned, ...]
    logs: tuple[LogRow, ...]
    statements: tuple[Spoken, ...]
    findings: tuple[Finding, ...]
    counted: Mapping[str, int]


class Reader:
    """Reads a side when its newest checkpoint is another than last time."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._lock = threading.Lock()
        self._seen: bytes | None = None
        self._held: Ledgers | None = None

    def read(self) -> Ledgers | None:
        """Everything of the side; None where nothing was published yet."""
        with self._lock:
            note = self._material.read("checkpoint")
            if note is None:
                return None
            mark = hashlib.sha256(note + "\0".join(self._material.names("logs")).encode()).digest()
            if self._held is None or self._seen != mark:
                self._held, self._seen = _read(self._material), mark
            return self._held


def _read(material: Material) -> Ledgers:
    side, trees, spoken = check_logs(material)
    shown = side.master.shown
    said = tuple(_spoken(number, one, len(side.master.entries)) for number, one in side.said)
    newest = max((one.at for _, one in side.said), default="")
    return Ledgers(
        side=side,
        note=side.master.note.decode("utf-8", "replace"),
        size=shown.size if shown else 0,
        root=_text(shown.root) if shown else "",
        newest=newest,
        cosigned=cosigned(side.master.note, material.key.name, newest),
        logs=_logs(side),
        statements=said,
        findings=(*trees.findings, *spoken.findings),
        counted={**trees.counted, **spoken.counted},
    )


def _text(root: bytes) -> str:
    return base64.b64encode(root).decode("ascii")


def _spoken(number: int, one: Statement, size: int) -> Spoken:
    first = number - number % tiles.WIDTH
    bundle = tiles.Tile(None, first // tiles.WIDTH, min(tiles.WIDTH, size - first))
    return Spoken(number, f"/public/{bundle.path}", one)


def cosigned(note: bytes, operator: str, newest: str) -> tuple[Cosigned, ...]:
    """Cosignature lines of a checkpoint, the operator's left out. Nothing is verified: that takes keys."""
    try:
        _, lines = verify.split_note(note, "checkpoint")
    except NotVerified:
        return ()
    found = []
    for name, encoded in lines:
        time = None if name.startswith(operator) else _time(encoded)
        if time is not None:
            behind = bool(newest) and (_moment(newest) - time).total_seconds() > _STALE_S
            found.append(Cosigned(name, time, behind))
    return tuple(found)


def _time(encoded: str) -> datetime | None:
    try:
        raw = base64.b64decode(encoded, validate=True)
        if len(raw) != _COSIGNATURE_BYTES:
            return None
        return datetime.fromtimestamp(int.from_bytes(raw[4:12], "big"), UTC)
    except (binascii.Error, ValueError, OverflowError, OSError):
        return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _logs(side: Side) -> tuple[LogRow, ...]:
    stated: dict[str, tuple[int, str]] = {}
    own = side.material.origin("")
    for number, one in side.of_kind(StatementKind.CHECKPOINT):
        stated[statements.checkpoint_in(one).origin.removeprefix(own)] = number, one.at
    rows = []
    for name, held in sorted(side.logs.items()):
        said = stated.get(name)
        size, root = (held.shown.size, _text(held.shown.root)) if held.shown else (0, "")
        place = name.removesuffix(WITHHELD)
        covered, at = said or (None, "")
        rows.append(LogRow(name, place, name.endswith(WITHHELD), size, root, covered, at))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class DayRow:
    """What was told of one day of a place, the newest word: sizes of the three sets, and the partner's word.

    `taken` is None where the partner has said nothing of that day; `revisions` counts earlier words.
    """

    day: str
    shared: int
    withheld: int
    pending: int
    taken: int | None
    stated: Spoken
    revisions: int

    @property
    def received(self) -> int:
        """Bookings of that day."""
        return self.shared + self.withheld + self.pending


def days(ours: Ledgers, theirs: Ledgers | None, place: str) -> tuple[DayRow, ...]:
    """The days of a place, the newest first."""
    told: dict[str, list[Spoken]] = {}
    for one in ours.statements:
        if one.statement.kind is StatementKind.DAY and one.statement.subject == place:
            told.setdefault(str(one.statement.parts["day"]), []).append(one)
    taken: dict[str, int] = {}
    for one in theirs.statements if theirs else ():
        if one.statement.kind is StatementKind.TAKEN and one.statement.subject == place:
            taken[str(one.statement.parts["day"])] = _size(one.statement.parts["taken"])
    rows = []
    for day, words in sorted(told.items(), reverse=True):
        parts = words[-1].statement.parts
        shared, withheld, pending = (_size(parts[name]) for name in ("shared", "withheld", "pending"))
        rows.append(DayRow(day, shared, withheld, pending, taken.get(day), words[-1], len(words) - 1))
    return tuple(rows)


def _size(told: JSON) -> int:
    size = told.get("size") if isinstance(told, dict) else None
    return size if isinstance(size, int) else 0


def history(ours: Ledgers, log: str) -> tuple[Spoken, ...]:
    """Every checkpoint that was stated of a log, the newest first."""
    origin = ours.side.material.origin(log)
    return tuple(
        one
        for one in reversed(ours.statements)
        if one.statement.kind is StatementKind.CHECKPOINT and one.statement.subject == origin
    )
