# SPDX-License-Identifier: Apache-2.0
"""Bytes by digest, encrypted at rest, each store with a key of its own.

A blob is written to a temporary file, flushed to the disk, renamed, and its folder flushed: when `put`
returns, the bytes survive loss of power. Each blob has a data key (`store.vault`): erasing it destroys every
copy, backups too. Blobs of earlier versions have the store's key alone and stay readable.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sluicegate.errors import Missing, SettingsError, StoreError
from sluicegate.store.vault import HEAD_BYTES, DataKeys, Vault, place_of

_MAGIC = b"SGB1"
_SHORTEST = 4 + 12 + 16  # magic, nonce, seal


def digest_of(data: bytes) -> str:
    """SHA-256, hex: the name of a blob."""
    return hashlib.sha256(data).hexdigest()


def load_key(path: Path) -> bytes:
    """The 32-byte key in this file, made (mode 0600) where there is none yet."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
    if path.stat().st_mode & 0o077:
        raise SettingsError(
            f"The key file {path} can be read by other accounts.", advice=f"Run: chmod 600 {path}"
        )
    key = path.read_bytes()
    if len(key) != 32:
        raise SettingsError(
            f"The key file {path} is damaged: it has {len(key)} bytes instead of 32.",
            advice="Restore it from your key backup; a new key cannot open what the old one closed.",
        )
    return key


class BlobStore:
    """One folder of encrypted blobs."""

    def __init__(self, folder: Path, key: bytes, keys: DataKeys | None = None) -> None:
        self._folder = folder
        self._box = AESGCM(key)
        self._vault = Vault(key, keys)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise Missing("That is not the digest of a blob.")
        return self._folder / digest[:2] / digest

    def put(self, data: bytes) -> str:
        """Store and return the digest. Putting the same bytes twice keeps one copy.

        Raises StoreError when the disk refuses (full, read-only): then nothing of it remains.
        """
        digest = digest_of(data)
        path = self._path(digest)
        if self._held(path):
            return digest
        spare = path.with_name(f".{digest}.{secrets.token_hex(4)}")
        try:
            # If we crash here a data key lies about that no blob names; it opens nothing.
            sealed = self._vault.seal(data, digest) or self._sealed(data, digest)
            if not path.parent.exists():
                path.parent.mkdir(mode=0o700, exist_ok=True)
                _flush_folder(self._folder)
            _write_durably(spare, path, sealed)
        except OSError as error:
            with suppress(OSError):
                spare.unlink(missing_ok=True)
            raise StoreError(
                f"The bytes could not be stored: {error.strerror or 'the disk refused'}.",
                advice="Free space or mend permissions; the sender was told to try again.",
            ) from error
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of a digest. Raises Missing, or StoreError when they were altered."""
        try:
            sealed = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise Missing("There is no blob of that digest.") from None
        except OSError as error:
            raise StoreError(f"A blob could not be read: {error.strerror}.") from error
        if place_of(sealed) is not None:
            return self._vault.open(sealed, digest)
        try:
            if sealed[:4] != _MAGIC or len(sealed) < _SHORTEST:
                raise InvalidTag
            data = self._box.decrypt(sealed[4:16], sealed[16:], digest.encode())
        except InvalidTag:
            raise StoreError("A blob was altered, or belongs to another key.") from None
        return data

    def has(self, digest: str) -> bool:
        """Whether the bytes are here."""
        return self._path(digest).exists()

    def erase(self, digest: str) -> None:
        """Destroy the data key, which every copy needs, and remove the bytes; repeating it changes nothing.

        If we crash between the two, the bytes lie here and nobody can read them; the next run removes them.
        """
        path = self._path(digest)
        self._vault.destroy(_head(path))
        path.unlink(missing_ok=True)

    def _held(self, path: Path) -> bool:
        """Whether the bytes are here and can be opened: a copy put back from a backup cannot."""
        head = _head(path)
        if not head:
            return False
        return place_of(head) is None or self._vault.can_open(head)

    def _sealed(self, data: bytes, digest: str) -> bytes:
        nonce = secrets.token_bytes(12)
        return _MAGIC + nonce + self._box.encrypt(nonce, data, digest.encode())

    def digests(self, min_age_s: float = 0.0) -> set[str]:
        """Digests of everything that is here and was stored at least `min_age_s` seconds ago."""
        found = [path for path in self._folder.glob("??/*") if not path.name.startswith(".")]
        if min_age_s <= 0:
            return {path.name for path in found}
        latest = time.time() - min_age_s
        return {path.name for path in found if path.stat().st_mtime <= latest}


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except FileNotFoundError:
        return b""


def _write_durably(spare: Path, path: Path, sealed: bytes) -> None:
    handle = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(sealed)
        out.flush()
        os.fsync(out.fileno())
    spare.rename(path)
    # Without this a crash may forget the name although the bytes are on the disk.
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
