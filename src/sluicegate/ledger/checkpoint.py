# SPDX-License-Identifier: Apache-2.0
"""Checkpoints (C2SP tlog-checkpoint): the log's name, its size and its root, in a signed note."""

from __future__ import annotations

import base64

from sluicegate.errors import LedgerError
from sluicegate.ledger import note
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.holding import holding
from sluicegate.ledger.note import Signer
from sluicegate.ledger.verify import HASH_BYTES, MAX_INTEGER, Checkpoint

__all__ = ["Checkpoint", "format_text", "sign", "parse", "verify"]


def format_text(checkpoint: Checkpoint) -> str:
    """The note text: origin, size in decimal, root in base64, each on its line.

    Raises:
        LedgerError: the origin cannot name a key, or size or root are out of range.
    """
    note.check_name(checkpoint.origin)
    if not 0 <= checkpoint.size <= MAX_INTEGER or len(checkpoint.root) != HASH_BYTES:
        raise LedgerError("a checkpoint has a size from 0 and a root of 32 bytes")
    root = base64.b64encode(checkpoint.root).decode("ascii")
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n"


def sign(origin: str, size: int, root: bytes, signer: Signer) -> str:
    """A signed checkpoint. INVARIANT for the caller: never sign two that no consistency proof connects.

    Raises:
        LedgerError: see `format_text`; also where the signer does not bear the name of the log.
    """
    if signer.name != origin:
        raise LedgerError("a log signs under its own name")
    return note.sign(format_text(Checkpoint(origin, size, root)), signer)


def parse(text: str | bytes) -> Checkpoint:
    """The checkpoint in a signed note; its signatures are not verified. VerifyError where it is none."""
    with holding():
        return standalone.read_checkpoint(standalone.split_note(text, "checkpoint")[0])


def verify(text: str | bytes, verifier_key: str) -> Checkpoint:
    """The checkpoint in a note signed by the key; VerifyError says what does not hold."""
    with holding():
        return standalone.open_checkpoint(text, standalone.read_key(verifier_key))
