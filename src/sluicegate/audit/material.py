# SPDX-License-Identifier: Apache-2.0
"""Public material as the checks read it: files by name below a folder, and the keys that may sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger.holding import holding
from sluicegate.ledger.verify import Checkpoint, VerifierKey, key_of

Tick = Callable[[int], None]
"""Told how many things were just gone through, for a progress bar."""


def silent(_done: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Material:
    """What one side has made public.

    Attributes:
        side: "bureau" or "partner".
        key: the public key of that side, from a source the reader trusts.
        read: the bytes of a file by its name below the folder, or None where there is none.
        names: the names of all files below a folder of it, sorted.
        more: further keys, which a verified history of keys allows.
    """

    side: str
    key: VerifierKey
    read: Callable[[str], bytes | None]
    names: Callable[[str], tuple[str, ...]]
    more: tuple[VerifierKey, ...] = ()

    def origin(self, log: str) -> str:
        """The full name of a log."""
        return f"{self.key.name}/{log}"

    def checkpoint(self, note: bytes, log: str) -> Checkpoint:
        """The checkpoint in a note signed by one of the keys. Raises VerifyError."""
        return checkpoints.verify(note, str(self._named(self.signer(note, log), log)))

    def signer(self, note: bytes, log: str) -> VerifierKey:
        """The key among the further ones that signed a note; without any such, the given one."""
        return next((one for one in self.more if self.signed_by(note, one, log)), self.key)

    def signed_by(self, note: bytes, key: VerifierKey, log: str = "master") -> bool:
        """Whether a checkpoint of a log is signed by a key."""
        try:
            checkpoints.verify(note, str(self._named(key, log)))
        except VerifyError:
            return False
        return True

    def _named(self, key: VerifierKey, log: str) -> VerifierKey:
        with holding():
            return key_of(key, self.origin(log))


def of_files(side: str, key: VerifierKey, files: Mapping[str, bytes]) -> Material:
    """Material that is held in memory, by name."""

    def names(folder: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in files if name.startswith(folder)))

    return Material(side, key, files.get, names)


def held(error: LedgerError | VerifyError) -> str:
    """What an error says, without the full stop."""
    return error.message.removesuffix(".")
