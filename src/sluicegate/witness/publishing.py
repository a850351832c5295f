# SPDX-License-Identifier: Apache-2.0
"""The published checkpoint of the master log, and the cosignatures that are put under it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sluicegate.errors import LedgerError, Missing, StoreError
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import cosign, tiles, verify
from sluicegate.ledger.holding import holding
from sluicegate.ledger.tiles import Fetch, Tiled
from sluicegate.ledger.verify import HASH_BYTES, MAX_NOTE_BYTES, Policy
from sluicegate.witness import client
from sluicegate.witness.client import Collected
from sluicegate.witness.record import Record

CHECKPOINT = "checkpoint"


def fetch(folder: Path) -> Fetch:
    """Reads files below a folder of tiles; a file that is larger than any tile is cut, and so never holds.

    A partial hash tile that is not there is cut out of a wider one: a log need not have stopped at every
    size that somebody signed, and whatever is read here is held against the checkpoint anyway.
    """

    def read(path: str) -> bytes | None:
        found = _file(folder, path)
        tile = tiles.parse_path(path)
        if found is not None or tile.level is None or tile.width == tiles.WIDTH:
            return found
        for width in range(tile.width + 1, tiles.WIDTH):
            wider = _file(folder, replace(tile, width=width).path)
            if wider is not None:
                return wider[: tile.width * HASH_BYTES]
        return None

    return read


def _file(folder: Path, path: str) -> bytes | None:
    try:
        with (folder / path).open("rb") as file:
            return file.read(tiles.MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LedgerError(f"{path}: it cannot be read: {error.strerror}") from None


def published(public: Path) -> str:
    """The note in `public/checkpoint`. Raises Missing, LedgerError; VerifyError where it is no checkpoint."""
    try:
        with (public / CHECKPOINT).open("rb") as file:
            data = file.read(MAX_NOTE_BYTES + 1)
    except FileNotFoundError:
        raise Missing(
            "No checkpoint of the master log is published.", advice="Run: sluicegate ledger publish"
        ) from None
    except OSError as error:
        raise LedgerError(f"The published checkpoint cannot be read: {error.strerror}.") from None
    checkpoints.parse(data)
    return data.decode("utf-8")


def gather(
    public: Path,
    policy: Policy,
    urls: Mapping[str, str],
    record: Record,
    *,
    clock: Callable[[], int],
    timeout_s: float = client.TIMEOUT_S,
) -> Collected:
    """Ask the witnesses to cosign the published checkpoint, and put what they gave under it.

    Proofs come from the published tiles alone: what a witness is shown is what everybody can see.

    Raises:
        Missing, LedgerError: nothing is published. VerifyError: see `client.collect`; also where the tiles
            do not lead to the checkpoint. StoreError: record or file cannot be written.
    """
    note = published(public)
    tiled = Tiled(fetch(public), checkpoints.parse(note))
    collected = client.collect(
        note, policy, urls, tiled.consistency, record, clock=clock, timeout_s=timeout_s
    )
    put_under(public, collected.note, policy)
    return collected


def put_under(public: Path, cosigned: str, policy: Policy) -> bool:
    """Put the cosignatures of a note under the published one, if it is over the same text.

    False, and nothing is done, where another checkpoint was published meanwhile: its cosignatures are
    gathered next time, and those of this one stay on record. If we crash here, either note is whole.
    """
    with _alone(public):
        note = published(public)
        with holding():
            text, signatures = verify.split_note(cosigned, "checkpoint")
            if text != verify.split_note(note, "checkpoint")[0]:
                return False
        whole = cosign.merge(note, [f"\u2014 {name} {one}\n" for name, one in signatures], policy)
        if whole != note:
            _replace(public / CHECKPOINT, whole.encode("utf-8"))
    return True


@contextmanager
def _alone(public: Path) -> Iterator[None]:
    """Keeps a publisher, which takes the same lock, from swapping between our look and our write."""
    try:
        handle = os.open(public.parent / f".{public.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"The lock of the published files refused: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, data: bytes) -> None:
    spare = path.with_name(f".{path.name}.cosigned")  # one name: what a crash left is written over
    try:
        with spare.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        spare.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(f"The published checkpoint cannot be written: {error.strerror}.") from error
