# SPDX-License-Identifier: Apache-2.0
"""Builders of a small ledger with one decided booking in it, for tests of receipts and proofs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sluicegate.facts import FactKind
from sluicegate.ledger import checkpoint, entry, keys, merkle, receipt
from sluicegate.ledger.receipt import Placed
from sluicegate.terms import Gate

NAME = "bureau.example/ledger"
SEQ, SIZE = 37, 100


@dataclass(frozen=True, slots=True)
class Booked:
    """A decided booking in a signed ledger, and the receipt for it."""

    key: keys.FileKey
    placed: Placed
    words: dict[Gate, str]

    @property
    def verifier(self) -> str:
        """Text form of the public key."""
        return str(self.key.public)

    @property
    def receipt(self) -> str:
        """The signed receipt."""
        return receipt.compose(self.placed, self.words, self.key)

    @property
    def digest(self) -> str:
        """Digest of the booking's bytes, as the entry has it."""
        return str(self.placed.entry.body["digest"])


def decision(gate: str, outcome: str, **other: str | None) -> dict[str, str | None]:
    """As much of a decision's JSON as the ledger looks at, and one key that it does not."""
    return {
        "gate": gate,
        "outcome": outcome,
        "program": "secure-communities",
        "root": hashlib.sha256(b"registry").hexdigest(),
        "mode": "JURISDICTION_FILTER",
        "rule_id": "R012",
        "wording_id": "V07",
        "wording_digest": hashlib.sha256(b"wording").hexdigest(),
        "asked_for": "JURISDICTION_FILTER",
        "legal_basis": None,
        "issuer": "Arlington County Board",
    } | other


def place(made: entry.Entry, key: keys.FileKey, size: int = SIZE) -> Placed:
    """The entry among other leaves, under a checkpoint that `key` signed."""
    salt = hashlib.sha256(b"a salt for tests").digest()
    leaves = [merkle.leaf_hash(bytes([i % 256])) for i in range(size)]
    leaves[made.seq] = entry.leaf(salt, entry.canonical(made))
    path = merkle.inclusion(merkle.in_memory(leaves), made.seq, size)
    return Placed(made, salt, path, checkpoint.sign(key.name, size, merkle.root(leaves), key))


def decided(outcomes: str = "closed closed closed closed", **booking: str) -> entry.Entry:
    """A DECIDED entry with these outcomes of G1 to G4."""
    facts = {
        "case": "01J9ZD3V7K2M4N6P8Q0R2S4T6V",
        "tcn": "VA007000020101108000017",
        "digest": hashlib.sha256(b"the bytes of a booking").hexdigest(),
        "cri": "VA0070000",
        "ori": "VA0070100",
        "received": "2010-11-08T14:03:00Z",
    } | booking
    told = dict(zip(("G1", "G2", "G3", "G4"), outcomes.split(), strict=True))
    body = entry.decided_body(facts, {gate: decision(gate, outcome) for gate, outcome in told.items()})
    return entry.Entry(SEQ, "2010-11-08T14:03:02.125000Z", FactKind.DECIDED, body)


WORDS = {
    Gate.SHARE: "Your prints were not sent to the partner. The County Board asked for this on 2010-09-28.",
    Gate.RELAY: "There was nothing to relay, because no copy went to the partner.",
    Gate.LOOKUP: "Later look-ups by the partner do not find this booking.",
    Gate.KEEP: "The partner received no prints to keep.",
}
