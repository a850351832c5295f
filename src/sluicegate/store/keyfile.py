# SPDX-License-Identifier: Apache-2.0
"""The signing keys of a role in its home: the one that signs, those it replaced, and how they are opened.

`ROLE-ledger.key` signs. A rotation lays its successor beside it as `ROLE-ledger.next.key`, states both
periods in one commit, and then swaps the files; the one replaced stays as `ROLE-ledger.ID.key`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sluicegate.errors import SettingsError, UsageError, VerifyError
from sluicegate.ledger import keyring, keys
from sluicegate.ledger.keyring import Keyring, Period
from sluicegate.ledger.keys import FileKey
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import VerifierKey
from sluicegate.store.journal import Store, stamp
from sluicegate.store.master import MasterLog
from sluicegate.store.publish import write_durably

PASSPHRASE = "SLUICEGATE_PASSPHRASE"  # noqa: S105 the name of a variable
PASSPHRASE_FILE = "SLUICEGATE_PASSPHRASE_FILE"  # noqa: S105 the name of a variable
HISTORY = "keys/history.json"
_MAX = 4096


def passphrase() -> str | None:
    """As the environment gives it, or the file that a secret manager wrote. Raises SettingsError."""
    given = os.environ.get(PASSPHRASE)
    named = os.environ.get(PASSPHRASE_FILE)
    if given or not named:
        return given or None
    try:
        return Path(named).read_bytes()[:_MAX].decode("utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            "The file with the passphrase cannot be read.", advice=f"Look at {PASSPHRASE_FILE}."
        ) from None


def path_of(home: Path, role: str, name: str = "") -> Path:
    """Where a role's key lies; `name` is an id or `next`."""
    return home / "keys" / f"{role}-ledger{f'.{name}' if name else ''}.key"


def open_key(home: Path, role: str, name: str = "") -> FileKey:
    """Open a key of a role, with the passphrase where it is encrypted. Raises SettingsError with advice."""
    _finish(home, role)
    return open_file(path_of(home, role, name))


def open_file(path: Path) -> FileKey:
    """Open a key file, with the passphrase where it is encrypted. Raises SettingsError with advice."""
    if not path.exists() or not keys.is_protected(path):
        return keys.load(path)
    phrase = passphrase()
    if phrase is None:
        raise SettingsError(
            f"The key {path.name} is encrypted, and no passphrase is given.",
            advice=f"Set {PASSPHRASE}, or {PASSPHRASE_FILE} to a file that your secret manager writes.",
        )
    return keys.load(path, passphrase=phrase)


def publics(home: Path, role: str) -> tuple[VerifierKey, ...]:
    """The public keys of a role: the one that signs, then those it replaced and nobody revoked."""
    own = path_of(home, role)
    rest = sorted(home.glob(f"keys/{role}-ledger.????????.key.pub"))
    return tuple(keys.load_public(path) for path in (keys.public_path(own), *rest))


class KeyBook:
    """The key history of one role: what its master log states, and the file that the public reads."""

    def __init__(self, home: Path, role: str, store: Store, clock: Callable[[], datetime]) -> None:
        self._home = home
        self._role = role
        self._store = store
        self._clock = clock
        self._master = MasterLog(store.engine)

    def statements(self) -> list[Statement]:
        """Every statement about this role's keys, oldest first."""
        name = keys.load_public(keys.public_path(path_of(self._home, self._role))).name
        return [one.statement for one in self._master.about(StatementKind.KEY, name)]

    def ring(self) -> Keyring:
        """The history, verified; of a home that never rotated, its one key. Raises VerifyError."""
        told = self.statements()
        own = keys.load_public(keys.public_path(path_of(self._home, self._role)))
        if not told:
            return Keyring((Period(own, self._since(), None, None),))
        ring = keyring.verify(told)
        if ring.newest.key != own and not self._next().exists():
            raise VerifyError("key history: its newest key is not the one that signs here")
        return ring

    def rotate(self, overlap: timedelta) -> Keyring:
        """Put a new key in the place of the present one, which ends after the overlap.

        Doing it again after a crash goes on with it. Raises SettingsError, LedgerError, StoreError.
        """
        old = open_key(self._home, self._role)
        ring = self._begun(old)
        place = self._next()
        phrase = passphrase() if keys.is_protected(path_of(self._home, self._role)) else None
        # If we crash before the commit, the successor lies there unstated and the next rotation takes it.
        new = open_key(self._home, self._role, "next") if place.exists() else None
        new = new or keys.create(place, old.name, passphrase=phrase)
        if ring.newest.key != new.public:
            now = self._clock()
            said = keyring.rotation(ring, old, new, new.public, stamp(now), stamp(now + overlap))
            self._state(said)
        # If we crash from here on, the new key is stated, and `_finish` swaps the files when one is opened.
        _swap(self._home, self._role, old.key_id.hex())
        self.publish()
        return self.ring()

    def revoke(self, hex_id: str, since: datetime) -> Keyring:
        """State that a key is revoked since a moment. Raises LedgerError, UsageError."""
        if self._next().exists():
            raise UsageError("A rotation is not finished.", advice="Run: sluicegate keys rotate")
        signer = open_key(self._home, self._role)
        ring = self._begun(signer)
        self._state([keyring.revocation(ring, hex_id, signer, stamp(self._clock()), stamp(since))])
        # The old private key is worth nothing any more; its public part no longer vouches for anything.
        for path in (
            path_of(self._home, self._role, hex_id),
            keys.public_path(path_of(self._home, self._role, hex_id)),
        ):
            path.unlink(missing_ok=True)
        self.publish()
        return self.ring()

    def publish(self) -> Path:
        """Write the history to the public folder; the file's path."""
        path = self._home / "public" / HISTORY
        write_durably(path, keyring.encode(self.statements()))
        return path

    def overlapping(self) -> tuple[FileKey, ...]:
        """Keys that were replaced and have not ended: they sign checkpoints beside the new one."""
        now = stamp(self._clock())
        held = [p for p in self.ring().periods[:-1] if p.holds(now) and not p.revoked]
        names = [p.key.key_id.hex() for p in held]
        return tuple(
            open_key(self._home, self._role, n) for n in names if path_of(self._home, self._role, n).exists()
        )

    def _next(self) -> Path:
        return path_of(self._home, self._role, "next")

    def _begun(self, key: FileKey) -> Keyring:
        """The history; its first statement is made where there is none."""
        if not self.statements():
            first = Period(key.public, self._since(), None, None)
            self._state([keyring.stated(stamp(self._clock()), first, (key,))])
        return self.ring()

    def _since(self) -> str:
        at = self._store.rows("first_entry")[0]["at"]
        return str(at) if at is not None else stamp(self._clock())

    def _state(self, said: list[Statement]) -> None:
        keyring.verify([*self.statements(), *said])  # what does not verify is never stated
        with self._store.session() as session:
            self._master.state(session, said)


def _swap(home: Path, role: str, old_id: str) -> None:
    own, fresh, kept = path_of(home, role), path_of(home, role, "next"), path_of(home, role, old_id)
    for one, other in ((own, kept), (keys.public_path(own), keys.public_path(kept))):
        if not other.exists():
            os.link(one, other)
    fresh.rename(own)
    _finish(home, role)


def _finish(home: Path, role: str) -> None:
    """The second half of a swap: the private key was renamed, its public part not yet."""
    fresh = path_of(home, role, "next")
    if not fresh.exists() and keys.public_path(fresh).exists():
        keys.public_path(fresh).rename(keys.public_path(path_of(home, role)))
