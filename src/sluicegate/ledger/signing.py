# SPDX-License-Identifier: Apache-2.0
"""What a signing device signs for an exchange, and the words between the two (docs/how-to/rotate-keys.md).

The device holds the private key; the exchange asks for one signature at a time. The device reads what it is
to sign and refuses everything but the three things that an exchange signs while it runs: a checkpoint of a
log under that log's name, a receipt over such a checkpoint, and an attestation.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from enum import StrEnum

from sluicegate.errors import LedgerError, quoted
from sluicegate.ledger import note
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.verify import NotVerified, VerifierKey

MAX_BYTES = 16_384
"""Of a request or an answer; a receipt has 3072 bytes at most."""

ATTESTATION = "Sluicegate attestation of deletion, version 1"
SEALING = "Sluicegate attestation of sealing, version 1"


class Kind(StrEnum):
    """What was signed, for counting."""

    CHECKPOINT = "checkpoint"
    RECEIPT = "receipt"
    ATTESTATION = "attestation"


@dataclass(frozen=True, slots=True)
class Request:
    """What an exchange asks: a signature over `text` as the key `name`; with no text, who the device is."""

    name: str
    text: str | None


def ask(request: Request) -> bytes:
    """The request as bytes. Raises LedgerError where it is too long."""
    return _bounded(json.dumps({"v": 1, "name": request.name, "text": request.text}).encode())


def read_request(data: bytes) -> Request:
    """Raises LedgerError where it is none."""
    match _object(data):
        case {"v": 1, "name": str(name), "text": (str() | None) as text}:
            return Request(name, text)
    raise LedgerError("the request does not have its parts")


def answer(signature: bytes = b"", *, key: str = "", refused: str = "") -> bytes:
    """An answer as bytes: a signature, the device's own verifier key, or why it refuses."""
    told = {"signature": base64.b64encode(signature).decode("ascii"), "key": key, "refused": refused}
    return _bounded(json.dumps({"v": 1, **told}).encode())


def read_answer(data: bytes) -> tuple[bytes, str]:
    """Signature and verifier key. Raises LedgerError where the device refuses, or said something else."""
    match _object(data):
        case {"v": 1, "signature": str(signature), "key": str(key), "refused": str(refused)}:
            if refused:
                raise LedgerError(f"the signing device refuses: {quoted(refused, 200)}")
            try:
                return base64.b64decode(signature, validate=True), key
            except ValueError:
                pass
    raise LedgerError("the signing device answered with something else than a signature")


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise LedgerError(f"a request to sign has {MAX_BYTES} bytes at most")
    return data


def _object(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def judge(key: VerifierKey, request: Request) -> Kind:
    """What the request asks to sign, where it is one of the three things. Raises LedgerError otherwise."""
    text = request.text or ""
    if request.name != key.name and not request.name.startswith(f"{key.name}/"):
        raise LedgerError("that is the name of another key")
    note.check_name(request.name)
    note.check_text(text)
    try:
        if request.name == key.name:
            return _attestation(key, text)
        if text.startswith(f"{standalone.HEADER}\n"):
            return _receipt(key, request.name, text)
        return _checkpoint(request.name, text)
    except NotVerified:
        raise LedgerError("it is neither a checkpoint of that log nor a receipt over one") from None


def _attestation(key: VerifierKey, text: str) -> Kind:
    lines = text.split("\n")
    if lines[0] not in {ATTESTATION, SEALING} or len(lines) < 4 or lines[2] != f"By: {key.name}":
        raise LedgerError("under its own name, the key signs attestations only")
    return Kind.ATTESTATION


def _receipt(key: VerifierKey, name: str, text: str) -> Kind:
    one = standalone.read_receipt(text)
    # The checkpoint in a receipt was signed here a moment ago: no receipt is signed over a foreign tree.
    standalone.open_checkpoint(one.checkpoint_note, standalone.key_of(key, name))
    return Kind.RECEIPT


def _checkpoint(name: str, text: str) -> Kind:
    if standalone.read_checkpoint(text).origin != name or text.count("\n") != 3:
        raise LedgerError("the first line of a checkpoint is the name of its log, and it has three lines")
    return Kind.CHECKPOINT
