# SPDX-License-Identifier: Apache-2.0
"""A key that this process does not hold: each signature is asked of a signing process over a Unix socket."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sluicegate.errors import LedgerError
from sluicegate.ledger import signing
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.signing import MAX_BYTES, Request
from sluicegate.ledger.verify import VerifierKey

WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A `note.LogSigner` whose private key lies with the process that listens at `path`.

    Nothing is believed that comes back: a signature that does not hold under `public` is refused.
    """

    public: VerifierKey
    path: Path
    within_s: float = WITHIN_S

    @property
    def name(self) -> str:
        """The key's name."""
        return self.public.name

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key in a signature."""
        return self.public.key_id

    def under(self, log: str) -> RemoteKey:
        """The same key as the signer of a log."""
        return RemoteKey(standalone.key_of(self.public, f"{self.name}/{log}"), self.path, self.within_s)

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes. Raises LedgerError where the signer is gone, refuses, or lies."""
        try:
            request = Request(self.name, message.decode("utf-8"))
        except UnicodeDecodeError:
            raise LedgerError("the signing process signs the text of notes only") from None
        signature, _ = self._ask(request)
        try:
            Ed25519PublicKey.from_public_bytes(self.public.public).verify(signature, message)
        except InvalidSignature:
            raise LedgerError(
                "The signing process signed with another key.",
                advice="Give it the key whose .pub file lies in this home, or bring that file up to date.",
            ) from None
        return signature

    def need(self) -> None:
        """Raises LedgerError unless the signer is there and holds the key that this home knows."""
        _, held = self._ask(Request(self.name, None))
        if held != str(self.public):
            raise LedgerError("The signing process holds another key than this home knows.")

    def _ask(self, request: Request) -> tuple[bytes, str]:
        asked = signing.ask(request)
        try:
            with closing(socket.socket(socket.AF_UNIX)) as line:
                line.settimeout(self.within_s)
                line.connect(str(self.path))
                with suppress(BrokenPipeError):  # it refused before it had read everything
                    line.sendall(asked)
                    line.shutdown(socket.SHUT_WR)
                told = receive(line)
        except OSError as error:
            raise LedgerError(
                f"The signing process cannot be asked: {error.strerror or 'no answer in time'}.",
                advice="Start it: sluicegate keys serve ROLE --socket PATH",
            ) from None
        return signing.read_answer(told)


def receive(line: socket.socket) -> bytes:
    """What the other side says until it has said all. Raises LedgerError where that is too long, OSError."""
    held = b""
    while len(held) <= MAX_BYTES:
        got = line.recv(MAX_BYTES + 1 - len(held))
        if not got:
            return held
        held += got
    raise LedgerError(f"a request to sign has {MAX_BYTES} bytes at most")
