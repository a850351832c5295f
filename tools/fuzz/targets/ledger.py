# SPDX-License-Identifier: Apache-2.0
"""Receipts, checkpoints, decision proofs, keys and entries, as strangers may write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.facts import FactKind
from sluicegate.ledger import canonical, checkpoint, entry, keys, merkle, note, proof, receipt
from sluicegate.ledger.receipt import Placed
from sluicegate.terms import Gate
from tools.fuzz import samples
from tools.fuzz.claims import hold, refused

MAX_LEN = 6144
TOKENS = (
    b"\n\n\xe2\x80\x94 ",
    b"c2sp.org/tlog-proof@v1",
    b"Sluicegate receipt v1\n",
    b"G1 open: ",
    b'"kind":"decided"',
    b'"decision"',
    b'"outcome":"open"',
    b'"path":[',
    b"9007199254740991",
    b"\\ud800",
    b"1e5",
    b"-0",
)

_SALT = bytes(32)
_DIGEST = "0" * 64
_WORDS = {gate: f"What {gate.value} did is said here in as many words as it takes." for gate in Gate}


@cache
def _key() -> keys.FileKey:
    return keys.from_seed("bureau.example/ledger", bytes(32))


def _decided() -> entry.Entry:
    told = {gate.value: {"gate": gate.value, "outcome": "open", "mode": "FULL"} for gate in Gate}
    facts = {"case": "C1", "tcn": "T1", "digest": _DIGEST, "cri": samples.AGENCY, "ori": samples.AGENCY}
    facts["received"] = "2026-11-22T12:00:00Z"
    return entry.Entry(0, "2026-11-22T12:00:00Z", FactKind.DECIDED, entry.decided_body(facts, told))


def _placed(made: entry.Entry) -> Placed:
    """The entry in a tree of two leaves."""
    leaves = [entry.leaf(_SALT, entry.canonical(made)), merkle.leaf_hash(b"other")]
    path = merkle.inclusion(merkle.in_memory(leaves), 0, 2)
    return Placed(made, _SALT, path, checkpoint.sign(_key().name, 2, merkle.root(leaves), _key()))


def seeds() -> Iterator[bytes]:
    """One of each, sound."""
    placed = _placed(_decided())
    share = proof.DecisionProof(placed.entry, _SALT, tuple(placed.path), placed.checkpoint_note)
    yield entry.canonical(placed.entry)
    yield receipt.compose(placed, _WORDS, _key()).encode()
    yield receipt.compose(placed, _WORDS, _key()).rpartition("\n\n")[0].encode() + b"\n"
    yield placed.checkpoint_note.encode()
    yield proof.encode(share).encode()
    yield str(_key().public).encode()
    yield json.dumps({"a": [1, True, None, {"b": "c"}]}, separators=(",", ":")).encode()


def one(data: bytes) -> None:
    """Nothing but our own errors; what is read is written as it was; what can be entered can be receipted."""
    key = str(_key().public)
    text = data.decode("utf-8", "surrogateescape")
    ways: tuple[Callable[[], object], ...] = (
        lambda: checkpoint.parse(data),
        lambda: checkpoint.verify(data, key),
        lambda: receipt.parse(text),
        lambda: receipt.verify(data, key),
        lambda: note.verifier_key(text),
        lambda: receipt.entry_of(receipt.verify(_signed(text), key)),
        lambda: checkpoint.verify(_signed(text), key),
    )
    for way in ways:
        refused(way, LedgerError)
    value = refused(lambda: (canonical.decode(data),), LedgerError)
    hold(value is None or canonical.encode(value[0]) == data, "canonical JSON has two spellings")
    _proof(data, key)
    _entry(data)


def _signed(text: str) -> str:
    """The text as a note that bears a sound signature, so that what is behind it is reached."""
    return note.sign(text, _key())


def _proof(data: bytes, key: str) -> None:
    found = refused(lambda: proof.decode(data), VerifyError)
    if found is None:
        return
    hold(proof.encode(found).encode() == data, "a proof is not written as it was read")
    refused(lambda: proof.verify_share(found, key, _DIGEST), VerifyError)


def _entry(data: bytes) -> None:
    """Whatever entry decides four gates gets a receipt that holds, or is refused before it is signed."""
    made = refused(lambda: entry.decode(data), LedgerError)
    if made is None:
        return
    hold(entry.canonical(made) == data, "an entry is not written as it was read")
    placed = _placed(replace(made, seq=0))
    written = refused(lambda: receipt.compose(placed, _WORDS, _key()), LedgerError)
    if written is not None:
        held = receipt.verify(written, str(_key().public))
        hold(receipt.entry_of(held) == placed.entry, "a receipt does not hold its entry")
