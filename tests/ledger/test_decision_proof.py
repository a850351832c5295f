# SPDX-License-Identifier: Apache-2.0
"""The proof that travels with a copy: the partner's door opens for nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import NAME, Booked, place

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.facts import FactKind
from sluicegate.ledger import keys, proof
from sluicegate.ledger.proof import DecisionProof

Book = Callable[..., Booked]
SHARED = "open closed open closed"


def proof_of(booked: Booked) -> DecisionProof:
    """The decision proof of a booking."""
    placed = booked.placed
    return DecisionProof(placed.entry, placed.salt, tuple(placed.path), placed.checkpoint_note)


def test_a_copy_that_was_allowed_is_let_in(book: Book) -> None:
    """With G1 open, the proof comes through its text form and gives the entry that allowed the copy."""
    booked = book(SHARED)
    received = proof.decode(proof.encode(proof_of(booked)))
    assert received == proof_of(booked)
    assert proof.verify_share(received, booked.verifier, booked.digest) == booked.placed.entry


@pytest.mark.parametrize("outcomes", ["closed open open open", "closed closed closed closed"])
def test_a_copy_that_was_not_allowed_is_turned_away(book: Book, outcomes: str) -> None:
    """With G1 closed, a perfectly valid proof is refused, whatever the other gates say."""
    booked = book(outcomes)
    with pytest.raises(VerifyError, match=r"^gate G1: it is closed"):
        proof.verify_share(proof_of(booked), booked.verifier, booked.digest)


def test_a_proof_about_other_bytes_is_turned_away(book: Book) -> None:
    """A proof that was made for one booking does not let in another."""
    booked = book(SHARED)
    for digest in ("0" * 64, "", booked.digest.upper(), booked.digest[:-1]):
        with pytest.raises(VerifyError, match="not a decision about these bytes"):
            proof.verify_share(proof_of(booked), booked.verifier, digest)


def test_a_proof_of_another_ledger_is_turned_away(book: Book) -> None:
    """Only the ledger whose key the partner was given can allow a copy."""
    booked = book(SHARED)
    for other in (keys.from_seed(NAME, b"\x02" * 32), keys.from_seed("other.example", b"\x01" * 32)):
        with pytest.raises(VerifyError, match=r"^checkpoint: "):
            proof.verify_share(proof_of(booked), str(other.public), booked.digest)
    with pytest.raises(VerifyError, match=r"^key: "):
        proof.verify_share(proof_of(booked), "no key", booked.digest)


def test_no_part_of_a_proof_can_be_changed(book: Book) -> None:
    """Another outcome, moment, number, salt, path or checkpoint under the same proof is refused."""
    good = proof_of(book(SHARED))
    shut = proof_of(book("closed closed closed closed"))
    entry = shut.entry
    opened = {**entry.body, "decision": good.entry.body["decision"]}
    for bad in (
        dataclasses.replace(shut, entry=dataclasses.replace(entry, body=opened)),
        dataclasses.replace(good, entry=dataclasses.replace(good.entry, at="2010-11-08T14:03:03Z")),
        dataclasses.replace(good, entry=dataclasses.replace(good.entry, seq=good.entry.seq + 1)),
        dataclasses.replace(good, salt=b"\0" * 32),
        dataclasses.replace(good, path=good.path[::-1]),
        dataclasses.replace(good, path=good.path[:-1]),
        dataclasses.replace(good, checkpoint_note=shut.checkpoint_note),
        dataclasses.replace(good, checkpoint_note=good.checkpoint_note.replace("100", "101")),
    ):
        with pytest.raises(VerifyError, match=r"^(inclusion|checkpoint): "):
            proof.verify_share(bad, book(SHARED).verifier, str(good.entry.body["digest"]))


def test_an_entry_that_decides_nothing_lets_nothing_in(book: Book) -> None:
    """An entry of another kind, though in the ledger and about these bytes, is no permission."""
    booked = book(SHARED)
    made = dataclasses.replace(booked.placed.entry, kind=FactKind.CLOSED)
    placed = place(made, booked.key)
    bad = DecisionProof(made, placed.salt, tuple(placed.path), placed.checkpoint_note)
    with pytest.raises(VerifyError, match=r"^entry: "):
        proof.verify_share(bad, booked.verifier, booked.digest)


@pytest.mark.slow
def test_no_single_bit_of_the_text_can_be_changed(book: Book) -> None:
    """Whichever byte of an encoded proof has a bit flipped, the copy is not let in under the flipped text."""
    booked = book(SHARED)
    good = proof.encode(proof_of(booked)).encode()
    for spot in range(len(good)):
        bad = bytearray(good)
        bad[spot] ^= 1 << (spot % 8)
        with pytest.raises(VerifyError):
            proof.verify_share(proof.decode(bytes(bad)), booked.verifier, booked.digest)


@given(st.binary(max_size=200) | st.text(max_size=100))
def test_arbitrary_input_is_no_proof(data: bytes | str) -> None:
    """Bytes or text that nobody vouches for raise VerifyError and nothing else."""
    with pytest.raises(VerifyError):
        proof.decode(data)


@given(st.data())
def test_a_proof_with_foreign_parts_is_read_or_refused(book: Book, data: st.DataObject) -> None:
    """With other JSON spliced in, decoding gives a proof or a VerifyError."""
    good = proof.encode(proof_of(book(SHARED)))
    spot = data.draw(st.integers(0, len(good)))
    spliced = data.draw(st.sampled_from(['"', "{}", "[]", "null", "1", ",", "\\ud800", "[[[["]))
    try:
        assert proof.encode(proof.decode(good[:spot] + spliced + good[spot:]))
    except VerifyError:
        return


def test_the_size_of_a_proof_is_bounded_both_ways(book: Book) -> None:
    """A proof too large is neither sent nor read."""
    good = proof_of(book(SHARED))
    with pytest.raises(LedgerError):
        proof.encode(dataclasses.replace(good, checkpoint_note="x" * 20_000))
    with pytest.raises(VerifyError, match="longer than"):
        proof.decode(b" " * 20_000)
    long = proof.encode(dataclasses.replace(good, path=(b"\0" * 32,) * 64))
    with pytest.raises(VerifyError):
        proof.decode(long)
