# SPDX-License-Identifier: Apache-2.0
"""The ledger's signing key in a file. The one part of the ledger that touches files.

``NAME`` holds the private key (PKCS #8 PEM, encrypted where a passphrase is given, mode 0600); ``NAME.pub``
beside it holds the verifier key as text, for anybody.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sluicegate.errors import SettingsError, VerifyError
from sluicegate.ledger import note
from sluicegate.ledger.verify import VerifierKey, key_id

_MAX_FILE = 10_000


@dataclass(frozen=True, slots=True)
class FileKey:
    """A signing key held in memory; a `note.LogSigner`. Its representation never shows the private part."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> VerifierKey:
        """The verifier key that belongs to it; `str()` of it is its text form."""
        raw = self.private.public_key().public_bytes_raw()
        return VerifierKey(self.name, key_id(self.name, raw), raw)

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key in a signature."""
        return self.public.key_id

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""
        return self.private.sign(message)

    def under(self, log: str) -> FileKey:
        """The same key as the signer of a log."""
        return FileKey(f"{self.name}/{log}", self.private)


def from_seed(name: str, seed: bytes) -> FileKey:
    """The key of a 32-byte seed, for tests and demonstrations."""
    note.check_name(name)
    return FileKey(name, Ed25519PrivateKey.from_private_bytes(seed))


def public_path(path: Path) -> Path:
    """Where the verifier key of the key at `path` lies."""
    return path.with_name(path.name + ".pub")


def create(path: Path, name: str, *, passphrase: str | None = None) -> FileKey:
    """Makes a key and its two files; an existing file is never overwritten.

    If we crash between the two files, `load` refuses the first for want of the second and says what to do.

    Raises:
        SettingsError: a file exists or cannot be written.
        LedgerError: the name cannot be the name of a key.
    """
    note.check_name(name)
    key = FileKey(name, Ed25519PrivateKey.generate())
    secret = _secret(passphrase)
    locked = serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    _write_new(path, key.private.private_bytes(serialization.Encoding.PEM, form, locked), 0o600)
    _write_new(public_path(path), f"{key.public}\n".encode(), 0o644)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a key that signed must outlive a power cut
    finally:
        os.close(folder)
    return key


def _secret(passphrase: str | None) -> bytes | None:
    if passphrase == "":
        # An empty setting is a slip, and must not quietly leave the key in the clear.
        raise SettingsError("The passphrase is empty.", advice="Give one, or leave the setting out.")
    return passphrase.encode("utf-8") if passphrase is not None else None


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)  # whatever the umask
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise SettingsError(
            f"The key file {path.name} exists already.", advice="Choose another name."
        ) from None
    except OSError as error:
        raise SettingsError(f"The key file {path.name} cannot be written: {error.strerror}.") from None


def load(path: Path, *, passphrase: str | None = None) -> FileKey:
    """The key in `path`, with the name that its public file gives it.

    Raises:
        SettingsError: with advice, where a file is missing or damaged, others than its owner may read or
            write it, the passphrase is wrong, or the two files do not belong together.
    """
    pem = _read_private(path)
    secret = _secret(passphrase)
    try:
        private = serialization.load_pem_private_key(pem, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(
            f"The key file {path.name} cannot be opened with this passphrase.",
            advice="Give the one it was made with, or none if it was made without; else it is damaged.",
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise SettingsError(f"The key in {path.name} is not an Ed25519 key.")
    public = load_public(public_path(path))
    key = FileKey(public.name, private)
    if key.public != public:
        raise SettingsError(
            f"The files {path.name} and {public_path(path).name} do not belong together.",
            advice="Restore both from the same backup.",
        )
    return key


def is_protected(path: Path) -> bool:
    """Whether the key in this file is encrypted. Raises SettingsError where it cannot be read."""
    return b"BEGIN ENCRYPTED PRIVATE KEY" in _read_private(path)


def protect(path: Path, passphrase: str, *, before: str | None = None) -> None:
    """Encrypt the private key at `path` under a passphrase, in place; `before` opens it now.

    It is written beside and renamed: if we crash, one of the two forms stands whole. The plain bytes are
    overwritten first to last before their file goes, as far as the disk heeds that.

    Raises SettingsError: see `load`.
    """
    key = load(path, passphrase=before)
    secret = _secret(passphrase)
    assert secret is not None, "a passphrase is given"
    form = serialization.PrivateFormat.PKCS8
    locked = serialization.BestAvailableEncryption(secret)
    spare = path.with_name(f".{path.name}.new")
    spare.unlink(missing_ok=True)  # of a crash
    _write_new(spare, key.private.private_bytes(serialization.Encoding.PEM, form, locked), 0o600)
    with path.open("r+b") as old:
        kept = spare.with_name(f".{path.name}.old")
        kept.unlink(missing_ok=True)
        os.link(path, kept)
        spare.rename(path)
        old.write(b"\0" * os.fstat(old.fileno()).st_size)
        old.flush()
        os.fsync(old.fileno())
        kept.unlink()


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) or mode & 0o077:
                raise SettingsError(
                    f"The key file {path.name} can be read or changed by others than its owner.",
                    advice=f"Run: chmod 600 {path.name}. If others may have read it, make a new key.",
                )
            return file.read(_MAX_FILE)
    except OSError as error:
        raise SettingsError(
            f"The key file {path.name} cannot be read: {error.strerror}.",
            advice="Make a key, or correct the path and the owner of the file.",
        ) from None


def load_public(path: Path) -> VerifierKey:
    """The verifier key in a public file.

    Raises:
        SettingsError: with advice, where it is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            return note.verifier_key(file.read(_MAX_FILE).decode("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The public key file {path.name} cannot be read: {error.strerror}.",
            advice="It lies beside the private key; without it, remove the private key and make a new one.",
        ) from None
    except (VerifyError, UnicodeDecodeError):
        raise SettingsError(
            f"The public key file {path.name} is damaged.", advice="It is one line: name+id+key."
        ) from None
