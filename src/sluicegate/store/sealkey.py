# SPDX-License-Identifier: Apache-2.0
"""Seal keys: what is sealed under the public part opens with the private part alone, which is kept elsewhere.

A key pair was taken rather than a passphrase: the exchange and whoever took a copy must be able to seal with
nobody present, and what they know must not open anything. X25519 with a fresh key for each box, HKDF-SHA256,
AES-256-GCM.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sluicegate.errors import SettingsError, VerifyError

_MAGIC = b"SGS1"
_TEXT = re.compile(r"sluicegate-seal\+([0-9a-f]{8})\+([A-Za-z0-9+/]{43}=)")
_MAX_FILE = 10_000
_ZERO_NONCE = bytes(12)  # each box has a key of its own, so that no nonce can repeat under it


@dataclass(frozen=True, slots=True)
class SealPublic:
    """The part that seals. `str()` is its text: `sluicegate-seal+ID+BASE64`."""

    raw: bytes

    @property
    def key_id(self) -> str:
        """Eight hex digits that name the key."""
        return hashlib.sha256(b"sluicegate seal" + self.raw).hexdigest()[:8]

    def __str__(self) -> str:
        return f"sluicegate-seal+{self.key_id}+{base64.b64encode(self.raw).decode('ascii')}"

    def seal(self, plain: bytes, label: str) -> bytes:
        """The bytes sealed; `label` must be given again to open them."""
        once = X25519PrivateKey.generate()
        try:
            shared = once.exchange(X25519PublicKey.from_public_bytes(self.raw))
        except ValueError:  # a point of small order: anybody could open it
            raise SettingsError("That seal key is no key.") from None
        head = _MAGIC + once.public_key().public_bytes_raw()
        return head + _box(shared, head, self.raw).encrypt(_ZERO_NONCE, plain, label.encode())


@dataclass(frozen=True, slots=True)
class SealKey:
    """The part that opens. Its representation never shows it."""

    private: X25519PrivateKey = field(repr=False)

    @property
    def public(self) -> SealPublic:
        """The part that seals."""
        return SealPublic(self.private.public_key().public_bytes_raw())

    def open(self, sealed: bytes, label: str) -> bytes:
        """What was sealed. Raises VerifyError: altered, of another label, or sealed under another key."""
        head, body = sealed[:36], sealed[36:]
        try:
            if len(head) < 36 or head[:4] != _MAGIC:
                raise InvalidTag
            shared = self.private.exchange(X25519PublicKey.from_public_bytes(head[4:]))
            return _box(shared, head, self.public.raw).decrypt(_ZERO_NONCE, body, label.encode())
        except (InvalidTag, ValueError):
            raise VerifyError("seal: this key does not open it, or it was altered") from None


def _box(shared: bytes, head: bytes, public: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=head, info=b"sluicegate seal" + public).derive(shared))


def read_public(text: str) -> SealPublic:
    """A seal key's public part from its text. Raises SettingsError."""
    found = _TEXT.fullmatch(text.strip())
    key = SealPublic(base64.b64decode(found[2])) if found else None
    if key is None or found is None or key.key_id != found[1]:
        raise SettingsError("That is no public seal key.", advice="It is one line: sluicegate-seal+ID+KEY.")
    return key


def create(path: Path, passphrase: str | None = None) -> SealKey:
    """Make a key and its two files, `path` (mode 0600) and `path`.pub. Raises SettingsError."""
    key = SealKey(X25519PrivateKey.generate())
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        locked = serialization.BestAvailableEncryption(passphrase.encode("utf-8"))
    form = serialization.PrivateFormat.PKCS8
    _write_new(path, key.private.private_bytes(serialization.Encoding.PEM, form, locked), 0o600)
    _write_new(path.with_name(path.name + ".pub"), f"{key.public}\n".encode(), 0o644)
    return key


def load(path: Path, passphrase: str | None = None) -> SealKey:
    """The private key in a file that only its owner may read. Raises SettingsError."""
    pem = _read(path, private=True)
    try:
        secret = passphrase.encode("utf-8") if passphrase and is_locked(pem) else None
        key = serialization.load_pem_private_key(pem, secret)
    except (ValueError, TypeError):
        raise SettingsError(f"The seal key {path.name} cannot be opened with this passphrase.") from None
    if not isinstance(key, X25519PrivateKey):
        raise SettingsError(f"The key in {path.name} is no seal key.")
    return SealKey(key)


def load_public(path: Path) -> SealPublic:
    """The public key in a file. Raises SettingsError."""
    return read_public(_read(path, private=False).decode("utf-8", "replace"))


def is_locked(pem: bytes) -> bool:
    """Whether a private key is under a passphrase."""
    return b"BEGIN ENCRYPTED PRIVATE KEY" in pem


def needs_passphrase(path: Path) -> bool:
    """Whether the private key in a file is under a passphrase. Raises SettingsError."""
    return is_locked(_read(path, private=True))


def _read(path: Path, *, private: bool) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if private and (not stat.S_ISREG(mode) or mode & 0o077):
                raise SettingsError(
                    f"The seal key {path.name} can be read by others.", advice=f"Run: chmod 600 {path.name}"
                )
            return file.read(_MAX_FILE)
    except OSError as error:
        raise SettingsError(f"The seal key {path.name} cannot be read: {error.strerror}.") from None


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise SettingsError(f"{path.name} exists already.", advice="Choose another name.") from None
    except OSError as error:
        raise SettingsError(f"The seal key {path.name} cannot be written: {error.strerror}.") from None
