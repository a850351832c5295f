# SPDX-License-Identifier: Apache-2.0
"""Reads a public folder as a stranger would: with one public key, and without a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import statement as statements
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.tiles import Tiled
from sluicegate.ledger.verify import Checkpoint, VerifierKey, key_id
from sluicegate.store.master import MASTER_LOG
from sluicegate.store.publish import check_name, fetch_from, read_file


@dataclass(frozen=True, slots=True)
class PublicLogs:
    """What a public folder holds, all of it shown to be under signed checkpoints.

    `ahead` names logs whose checkpoint no public statement tells of yet: a publication was cut short, or the
    log was not published by it.
    """

    statements: tuple[Statement, ...]
    sizes: dict[str, int]
    ahead: tuple[str, ...]


def open_log(folder: Path, log: str, key: VerifierKey) -> Tiled:
    """A log of a public folder at its public checkpoint, which is signed by the key under the log's name.

    Raises:
        VerifyError: the checkpoint is missing or does not hold, or the tiles at its edge do not.
    """
    place = folder if log == MASTER_LOG else folder / "logs" / check_name(log)
    note = read_file(place / "checkpoint")
    if note is None:
        raise VerifyError(f"checkpoint of log {log}: it is missing")
    origin = f"{key.name}/{log}"
    own = VerifierKey(origin, key_id(origin, key.public), key.public)
    try:
        return Tiled(fetch_from(place), checkpoints.verify(note, str(own)))
    except VerifyError as error:
        raise VerifyError(f"log {log}, {error.message}") from None


def check_public(folder: Path, key: VerifierKey) -> PublicLogs:
    """Read every tile, every bundle and every statement of a public folder.

    Raises:
        VerifyError: the first thing that does not hold, with its log and its path.
    """
    master = open_log(folder, MASTER_LOG, key)
    try:
        said = tuple(statements.decode(data) for data in master.entries())
        master.check()
    except LedgerError as error:
        raise VerifyError(f"log {MASTER_LOG}, {error.message}") from None
    told: dict[str, list[Checkpoint]] = {}
    for one in said:
        if one.kind is StatementKind.CHECKPOINT:
            stated = statements.checkpoint_in(one)
            if not stated.origin.startswith(f"{key.name}/"):
                raise VerifyError("master log: it speaks of a log of another key")
            told.setdefault(stated.origin.removeprefix(f"{key.name}/"), []).append(stated)
    sizes, ahead = {}, []
    for log in sorted({*told, *_logs(folder)}):
        tiled = open_log(folder, log, key)
        sizes[log] = _check(log, tiled, told.get(log, []))
        if all(one.size != tiled.size for one in told.get(log, [])):
            ahead.append(log)
    return PublicLogs(said, sizes, tuple(ahead))


def _logs(folder: Path) -> set[str]:
    found = (folder / "logs").rglob("checkpoint")
    names = {path.parent.relative_to(folder / "logs").as_posix() for path in found}
    return {name for name in names if not re.search(r"(^|/)tile(/|$)", name)}


def _check(log: str, tiled: Tiled, told: list[Checkpoint]) -> int:
    """Size of a log of which every tile holds, and everything that was stated of it."""
    try:
        for one in told:
            if one.size > tiled.size:
                raise VerifyError(f"it shows {tiled.size} entries, the master log states {one.size}")
            if tiled.root_at(one.size) != one.root:
                raise VerifyError(f"it is not what the master log stated of it at {one.size} entries")
        return tiled.check()
    except VerifyError as error:
        raise VerifyError(f"log {log}, {error.message}") from None
