# SPDX-License-Identifier: Apache-2.0
"""Signed notes (C2SP signed-note): text, a blank line, and one signature line per key."""

from __future__ import annotations

import base64
import re
from typing import Protocol

from sluicegate.errors import LedgerError
from sluicegate.ledger import verify
from sluicegate.ledger.holding import holding
from sluicegate.ledger.verify import VerifierKey

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Signer(Protocol):
    """Signs for one named Ed25519 key: a key file, or a device that never gives its key away.

    `sign` may be called from several threads at once, answers with 64 bytes over exactly the bytes given
    (RFC 8032, no pre-hashing), and raises LedgerError where it cannot; the caller retries.
    """

    @property
    def name(self) -> str:
        """Key name: printable, no space, no plus; by custom a URL without its scheme."""

    @property
    def key_id(self) -> bytes:
        """Four bytes, see `verify.key_id`."""

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""


class LogSigner(Signer, Protocol):
    """The signer of an installation, which signs for each of its logs under that log's own name."""

    @property
    def public(self) -> VerifierKey:
        """The verifier key that signatures hold under."""

    def under(self, log: str) -> LogSigner:
        """The same key as the signer of a log: its name is `NAME/LOG`. Takes no private key to make."""


def check_text(text: str) -> bytes:
    """The bytes that a signature on a note is over. Raises LedgerError where it cannot be a note's text."""
    try:
        message = text.encode("utf-8")
    except UnicodeEncodeError:
        raise LedgerError("a note holds no lone surrogates") from None
    if not text.endswith("\n") or _CONTROL.search(text):
        raise LedgerError("a note is text without control characters that ends in a line feed")
    return message


def sign(text: str, signer: Signer) -> str:
    """The note over `text` with one signature.

    Raises:
        LedgerError: the text does not end in a line feed, holds a control character or a lone surrogate, or
            the signer's answer is not a signature.
    """
    message = check_text(text)
    signature = signer.sign(message)
    if len(signature) != 64 or len(signer.key_id) != 4:
        raise LedgerError("the signing device answered with something else than a signature")
    encoded = base64.b64encode(signer.key_id + signature).decode("ascii")
    return f"{text}\n\u2014 {signer.name} {encoded}\n"


def signed_length(text: str, signer: Signer) -> int:
    """Bytes of UTF-8 that `sign` would give, without asking the signer for anything but its name."""
    return len(f"{text}\n\u2014 {signer.name} \n".encode()) + 92  # base64 of 4 + 64 bytes


def verifier_key(text: str) -> VerifierKey:
    """A verifier key from its text form `name+id+key`; VerifyError where it is none."""
    with holding():
        return verify.read_key(text)


def check_name(name: str) -> None:
    """Raises LedgerError unless `name` can be the name of a key."""
    if not 0 < len(name) <= 200 or not name.isprintable() or re.search(r"[\s+]", name):
        raise LedgerError(
            "the name of a key is printable, has no space and no plus, and 200 characters at most"
        )
