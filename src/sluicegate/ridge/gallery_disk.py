# SPDX-License-Identifier: Apache-2.0
"""The folder of a gallery on disk: what is written stays written, whole or not at all.

The one part of `ridge` that touches files. Nothing here knows what a gallery is.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sluicegate.errors import Conflict, Missing, StoreError
from sluicegate.ridge.segment import U8

_SPARE = ".new"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under its name whole or not at all, and flush it and its folder. Raises StoreError."""
    spare = path.with_name(path.name + _SPARE)
    with _told(path.name):
        handle = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        spare.rename(path)
        flush_folder(path.parent)


def append(path: Path, data: bytes, at: int) -> None:
    """Write at the end of a file, which is known to be at `at`, and flush. Raises StoreError."""
    with _told(path.name), path.open("r+b", buffering=0) as out:
        if os.fstat(out.fileno()).st_size > at:
            os.ftruncate(out.fileno(), at)  # what a write that failed left behind
        for begin in range(0, len(data), 1 << 20):
            _write_all(out.fileno(), data[begin : begin + (1 << 20)], at + begin)
        os.fsync(out.fileno())


def blank(path: Path, spans: list[tuple[int, int]]) -> None:
    """Overwrite these parts of a file, first byte and length, with zeros, and flush. Raises StoreError."""
    with _told(path.name), path.open("r+b", buffering=0) as out:
        for at, length in spans:
            _write_all(out.fileno(), bytes(length), at)
        os.fsync(out.fileno())


def _write_all(handle: int, data: bytes, at: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(handle, data[done:], at + done)


def read(path: Path) -> bytes:
    """All of a file. Raises Missing where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Missing(f"The gallery has no file {path.name}.") from None


def mapped(path: Path) -> U8:
    """A file's bytes, read as they are used, changing as the file does. Raises Missing, StoreError."""
    try:
        return np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)
    except FileNotFoundError:
        raise Missing(f"The gallery has no file {path.name}.") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"The gallery's file {path.name} cannot be read.") from error


def remove(path: Path) -> None:
    """Remove a file if it is there, and flush its folder."""
    with _told(path.name):
        path.unlink(missing_ok=True)
        flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the names of a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def only_writer(folder: Path) -> int:
    """Take the folder for writing until `let_go`, or until this process ends. Raises Conflict, StoreError."""
    with _told("lock"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise Conflict(
            "Another process writes to this gallery.", advice="Wait for it, or open the gallery for reading."
        ) from None
    return handle


def let_go(handle: int) -> None:
    """Give the folder back."""
    os.close(handle)


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The gallery's file {name} could not be written: {error.strerror or 'the disk refused'}.",
            advice="Free space or mend permissions, and open it again: no write that was done is lost.",
        ) from error
