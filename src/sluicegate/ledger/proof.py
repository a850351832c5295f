# SPDX-License-Identifier: Apache-2.0
"""The decision proof that travels with a copy, so that the partner's door can refuse what was not allowed.

It is canonical JSON of `checkpoint` (signed), `entry` (of kind decided), `path` (inclusion), `salt` and `v`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import canonical as canon
from sluicegate.ledger import entry as entries
from sluicegate.ledger import verify
from sluicegate.ledger.entry import Entry
from sluicegate.ledger.holding import holding
from sluicegate.ledger.verify import HASH_BYTES, JSON, SALT_BYTES
from sluicegate.terms import Gate, Outcome

VERSION = 1
MAX_BYTES = 16_384
MAX_PATH = 63


@dataclass(frozen=True, slots=True)
class DecisionProof:
    """A decided entry and all that shows it to be in the ledger. Believe nothing before `verify_share`."""

    entry: Entry
    salt: bytes
    path: tuple[bytes, ...]
    checkpoint_note: str


def encode(proof: DecisionProof) -> str:
    """The proof as text.

    Raises:
        LedgerError: it would be longer than MAX_BYTES.
    """
    parts = {
        "v": VERSION,
        "entry": canon.decode(entries.canonical(proof.entry)),
        "salt": base64.b64encode(proof.salt).decode("ascii"),
        "path": [base64.b64encode(one).decode("ascii") for one in proof.path],
        "checkpoint": proof.checkpoint_note,
    }
    data = canon.encode(parts)
    if len(data) > MAX_BYTES:
        raise LedgerError(f"a decision proof has {MAX_BYTES} bytes at most")
    return data.decode("utf-8")


def decode(text: str | bytes) -> DecisionProof:
    """The proof in received text; VerifyError where it is none."""
    try:
        data = text.encode("utf-8") if isinstance(text, str) else text
        if len(data) > MAX_BYTES:
            raise VerifyError(f"decision proof: it is longer than {MAX_BYTES} bytes")
        return _from_json(canon.decode(data))
    except VerifyError:
        raise
    except (LedgerError, UnicodeEncodeError):
        raise VerifyError("decision proof: it is damaged") from None


def _from_json(value: JSON) -> DecisionProof:
    match value:
        case {
            "v": int(version),
            "entry": dict(entry),
            "salt": str(salt),
            "path": list(path),
            "checkpoint": str(checkpoint),
            **rest,
        } if version == VERSION and not rest and len(path) <= MAX_PATH:
            hashes = [one for one in path if isinstance(one, str)]
            if len(hashes) == len(path):
                return DecisionProof(
                    entries.decode(canon.encode(entry)),
                    _bytes(salt, SALT_BYTES),
                    tuple(_bytes(one, HASH_BYTES) for one in hashes),
                    checkpoint,
                )
    raise VerifyError(f"decision proof: it does not have the parts of version {VERSION}")


def _bytes(text: str, size: int) -> bytes:
    with holding():
        return verify.unbase64(text, size, "decision proof")


def verify_share(proof: DecisionProof, verifier_key: str, digest: str) -> Entry:
    """The entry, once it is shown that this copy was allowed to leave. Four steps:

    1. The checkpoint is signed by the key.
    2. The entry is in the ledger under it.
    3. The entry is a decision about these bytes: `digest` is the SHA-256, in hex, of what was received.
    4. Gate G1 is open.

    Raises:
        VerifyError: the first step that does not hold, named.
    """
    with holding():
        checkpoint = verify.open_checkpoint(proof.checkpoint_note, verify.read_key(verifier_key))
        leaf = verify.leaf_hash(verify.commitment(proof.salt, entries.canonical(proof.entry)))
        verify.check_inclusion(leaf, proof.entry.seq, checkpoint.size, proof.path, checkpoint.root)
        if proof.entry.body.get("digest") != digest:
            raise VerifyError("entry: it is not a decision about these bytes")
        raw = verify.read_entry(entries.canonical(proof.entry).decode("utf-8"))
        share = verify.decisions_of(raw)[Gate.SHARE.value]
    if share["outcome"] != Outcome.OPEN.value:
        raise VerifyError("gate G1: it is closed; this booking must not be shared")
    return proof.entry
