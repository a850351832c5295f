# SPDX-License-Identifier: Apache-2.0
"""Encryption at rest in which every piece has a data key of its own, so that one piece can be destroyed.

What is sealed opens only with the store's key and with the piece's data key together. Data keys lie in a flat
file, 32 bytes each at a place of its own, which is never part of a backup: once the place is overwritten, no
copy of the piece can be read, wherever it is. NIST SP 800-88 calls this cryptographic erase.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
import struct
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sluicegate.errors import Missing, StoreError

_MAGIC = b"SGB2"
_HEAD = struct.Struct(">4sQ12s")  # magic, place of the data key, nonce
_KEY = 32
_GONE = bytes(_KEY)


class DataKeys:
    """The file of data keys of one store. Several threads and processes may use it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return
        _flush(path.parent)  # a blob must never be durable before the file that its key is in

    def new(self) -> tuple[int, bytes]:
        """A fresh key and its place, durable on return. Raises OSError where the disk refuses."""
        key = secrets.token_bytes(_KEY)
        handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # If we crash while writing, the next key begins after the torn one, which nothing names.
            place = -(-os.fstat(handle).st_size // _KEY)
            os.pwrite(handle, key, place * _KEY)
            os.fsync(handle)
        finally:
            os.close(handle)
        return place, key

    def get(self, place: int) -> bytes:
        """The key at a place. Raises Missing where it was destroyed or never was."""
        handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            key = os.pread(handle, _KEY, place * _KEY) if place < 2**56 else b""
        finally:
            os.close(handle)
        if len(key) != _KEY or key == _GONE:
            raise Missing("The key of these bytes was destroyed.")
        return key

    def destroy(self, place: int) -> None:
        """Overwrite a key, durably; nothing happens where there is none."""
        handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if place < 2**56 and (place + 1) * _KEY <= os.fstat(handle).st_size:
                os.pwrite(handle, _GONE, place * _KEY)
                os.fsync(handle)
        finally:
            os.close(handle)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Vault:
    """Seals pieces under the store's key and, where there is a file for them, a data key for each."""

    def __init__(self, key: bytes, keys: DataKeys | None = None) -> None:
        self._key = key
        self._keys = keys

    def seal(self, plain: bytes, label: str) -> bytes | None:
        """The piece sealed, or None where this vault has no data keys. Raises OSError."""
        if self._keys is None:
            return None
        place, own = self._keys.new()
        nonce = secrets.token_bytes(12)
        return _HEAD.pack(_MAGIC, place, nonce) + self._box(own).encrypt(nonce, plain, label.encode())

    def open(self, sealed: bytes, label: str) -> bytes:
        """What was sealed. Raises Missing where its key was destroyed, StoreError where it was altered."""
        place = place_of(sealed)
        if place is None or self._keys is None:
            raise StoreError("A piece has no data key of its own.")
        box = self._box(self._keys.get(place))
        try:
            return box.decrypt(sealed[12:24], sealed[24:], label.encode())
        except InvalidTag:
            raise StoreError("A piece was altered, or belongs to another key.") from None

    def destroy(self, sealed: bytes) -> None:
        """Destroy the data key of a piece; one that was sealed without is not touched."""
        place = place_of(sealed)
        if place is not None and self._keys is not None:
            self._keys.destroy(place)

    def can_open(self, head: bytes) -> bool:
        """Whether the data key of a piece is there, by the piece's first bytes."""
        place = place_of(head)
        try:
            return place is not None and self._keys is not None and bool(self._keys.get(place))
        except Missing:
            return False

    def _box(self, own: bytes) -> AESGCM:
        return AESGCM(hmac.new(self._key, b"sluicegate piece" + own, hashlib.sha256).digest())


def place_of(sealed: bytes) -> int | None:
    """Where the data key of a piece lies, read from its head; None for a piece of an earlier version."""
    if len(sealed) < _HEAD.size or sealed[:4] != _MAGIC:
        return None
    return int(_HEAD.unpack(sealed[: _HEAD.size])[1])


HEAD_BYTES = _HEAD.size
