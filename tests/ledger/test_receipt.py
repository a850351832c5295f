# SPDX-License-Identifier: Apache-2.0
"""Receipts: what they say follows from the ledger, and nothing in them can be changed unseen."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import NAME, SEQ, SIZE, WORDS, Booked, decided, decision, place

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.facts import FactKind
from sluicegate.ledger import checkpoint, entry, keys, merkle, note, receipt, verify
from sluicegate.ledger.receipt import Placed
from sluicegate.terms import Gate

Book = Callable[..., Booked]


def resigned(booked: Booked, old: str, new: str) -> str:
    """A receipt that its own operator forged: the text altered, and signed again with the right key."""
    text, _ = verify.split_note(booked.receipt, "receipt")
    assert old in text
    return note.sign(text.replace(old, new), booked.key)


@pytest.mark.parametrize(
    "outcomes", ["open open open closed", "closed closed closed closed", "open closed open open"]
)
def test_a_receipt_says_what_the_ledger_decided(book: Book, outcomes: str) -> None:
    """A composed receipt verifies, and tells each gate open or closed as the entry decided it."""
    booked = book(outcomes)
    held = receipt.verify(booked.receipt, booked.verifier)
    assert [told for told, _ in held.words.values()] == outcomes.split()
    assert list(receipt.outcomes(held).values()) == outcomes.split()
    assert [said for _, said in held.words.values()] == list(WORDS.values())
    assert receipt.entry_of(held) == booked.placed.entry
    assert receipt.parse(booked.receipt.encode()) == held


def test_the_words_of_a_receipt_can_be_read_aloud(booked: Booked) -> None:
    """Who was booked where, what was asked for and what was in force stand side by side at the top."""
    lines = booked.receipt.split("\n")
    assert lines[0] == "Sluicegate receipt v1"
    assert lines[1] == "Booking: TCN VA007000020101108000017, case 01J9ZD3V7K2M4N6P8Q0R2S4T6V"
    assert lines[2] == "Agency: CRI VA0070000, ORI VA0070100"
    assert lines[3] == "Received: 2010-11-08T14:03:00Z"
    assert lines[4].startswith("Program: secure-communities, root ")
    assert lines[5].startswith("Wording: V07, SHA-256 ")
    assert lines[6].startswith("Asked for: JURISDICTION_FILTER. In force: JURISDICTION_FILTER, rule R012. ")
    assert lines[6].endswith("Legal basis: none on record.")
    assert lines[7] == f"G1 closed: {WORDS[Gate.SHARE]}"


@pytest.mark.slow
def test_no_single_bit_of_a_receipt_can_be_changed(booked: Booked) -> None:
    """Whichever bit of whichever byte is flipped, the receipt no longer verifies."""
    good = booked.receipt.encode()
    for spot in range(len(good)):
        for bit in (0, 1, 2, 3, 4, 5, 6, 7) if spot % 8 == 0 else (spot % 8,):
            bad = bytearray(good)
            bad[spot] ^= 1 << bit
            with pytest.raises(VerifyError):
                receipt.verify(bytes(bad), booked.verifier)


def test_every_bit_of_the_signature_line_counts(booked: Booked) -> None:
    """Not even the spare bits at the end of the signature's base64 can be changed."""
    good = booked.receipt.encode()
    start = good.rindex(b"\n\n")
    for spot in range(start, len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[spot] ^= 1 << bit
            with pytest.raises(VerifyError):
                receipt.verify(bytes(bad), booked.verifier)


@given(st.integers(0, 5000))
def test_a_cut_receipt_is_refused(booked: Booked, length: int) -> None:
    """A receipt that lost its end, at any place, is refused."""
    good = booked.receipt.encode()
    with pytest.raises(VerifyError):
        receipt.verify(good[: min(length, len(good) - 1)], booked.verifier)


def test_a_receipt_of_another_key_is_refused(booked: Booked) -> None:
    """A receipt signed by another key is refused, also where that key bears the same name."""
    for other in (keys.from_seed(NAME, b"\x02" * 32), keys.from_seed("other.example", b"\x01" * 32)):
        with pytest.raises(VerifyError, match=r"^receipt signature: it is not signed by the given key"):
            receipt.verify(booked.receipt, str(other.public))


@pytest.mark.parametrize(
    ("step", "old", "new"),
    [
        ("layout", "Sluicegate receipt v1", "Sluicegate receipt v2"),
        ("layout", "G4 closed", "G5 closed"),
        ("layout", "G1 closed", "G1 shut"),
        ("layout", f"index {SEQ}", f"index {SEQ + 1}"),
        ("layout", "\nLedger entry", "\n\nLedger entry"),
        ("checkpoint", f"\n{SIZE}\n", f"\n{SIZE + 1}\n"),
        ("checkpoint", f"\n{NAME}\n{SIZE}", f"\nother.example\n{SIZE}"),
        ("inclusion", '"rule_id":"R012"', '"rule_id":"R013"'),
        ("inclusion", '"outcome":"closed"', '"outcome":"open"'),
        ("entry", '"rule_id":"R012"', '"rule_id": "R012"'),
        ("entry", '"rule_id":"R012"', '"rule_id":1.5'),
        ("entry", '"kind":"decided"', '"kine":"decided"'),
        ("words", "Booking: TCN VA", "Booking: TCN CA"),
        ("words", "Asked for: JURISDICTION_FILTER", "Asked for: FULL"),
        ("words", "Legal basis: none on record", "Legal basis: 8 USC 1722"),
        ("words", "Wording: V07", "Wording: V08"),
        ("gates", "G1 closed", "G1 open"),
        ("gates", "G4 closed", "G4 open"),
    ],
)
def test_not_even_the_operator_can_make_a_receipt_say_otherwise(
    booked: Booked, step: str, old: str, new: str
) -> None:
    """A receipt altered and signed again by the operator fails, and the failing step is named."""
    with pytest.raises(VerifyError, match=f"^{step}: "):
        receipt.verify(resigned(booked, old, new), booked.verifier)


def test_another_salt_is_another_entry(booked: Booked) -> None:
    """Under any other salt the same words are not what the ledger holds."""
    salt = booked.receipt.split(", salt ")[1][:44]
    with pytest.raises(VerifyError, match=r"^inclusion: "):
        receipt.verify(resigned(booked, salt, "A" * 43 + "="), booked.verifier)


def test_an_entry_of_another_place_or_kind_is_no_receipt(booked: Booked) -> None:
    """An entry that bears another number than its place, or that does not decide, gives no receipt."""
    text, _ = verify.split_note(booked.receipt, "receipt")
    good = booked.placed.entry
    ajar = {gate.value: {"outcome": "ajar"} for gate in Gate}
    for bad in (
        entry.Entry(SEQ + 1, good.at, good.kind, good.body),
        entry.Entry(SEQ, good.at, FactKind.CLOSED, good.body),
        entry.Entry(SEQ, good.at, good.kind, {**good.body, "decision": ajar}),
        entry.Entry(SEQ, good.at, good.kind, {**good.body, "decision": {"G1": {"outcome": "closed"}}}),
    ):
        salt = booked.placed.salt
        leaves = [merkle.leaf_hash(bytes([i])) for i in range(SIZE)]
        leaves[SEQ] = entry.leaf(salt, entry.canonical(bad))
        signed = checkpoint.sign(NAME, SIZE, merkle.root(leaves), booked.key)
        old, new = entry.canonical(good).decode(), entry.canonical(bad).decode()
        forged = text.replace(old, new).replace(booked.placed.checkpoint_note, signed)
        with pytest.raises(VerifyError, match=r"^entry: "):
            receipt.verify(note.sign(forged, booked.key), booked.verifier)


def test_a_checkpoint_is_not_a_receipt_and_a_receipt_not_a_checkpoint(booked: Booked) -> None:
    """What the ledger's key signed for one purpose cannot be passed off for another."""
    with pytest.raises(VerifyError, match=r"^layout: "):
        receipt.verify(booked.placed.checkpoint_note, booked.verifier)
    with pytest.raises(VerifyError, match=r"^checkpoint: "):
        checkpoint.verify(booked.receipt, booked.verifier)


@given(st.binary(max_size=400) | st.text(max_size=200))
def test_arbitrary_input_is_refused_and_never_crashes(booked: Booked, data: bytes | str) -> None:
    """Bytes or text that nobody signed raise VerifyError and nothing else, from parse and from verify."""
    for attempt in (lambda: receipt.parse(data), lambda: receipt.verify(data, booked.verifier)):
        with pytest.raises(VerifyError):
            attempt()


@given(st.integers(0, 10**9), st.binary(max_size=12))
def test_a_receipt_with_foreign_bytes_inside_is_read_or_refused(
    booked: Booked, seed: int, spliced: bytes
) -> None:
    """With bytes spliced into any place, parse gives a receipt or a VerifyError, and verify a VerifyError."""
    good = booked.receipt.encode()
    spot = random.Random(seed).randrange(len(good))  # noqa: S311 - a place, not a secret
    bad = good[:spot] + spliced + good[spot + len(spliced) :]
    with suppress(VerifyError):
        receipt.parse(bad)
    if bad != good:
        with pytest.raises(VerifyError):
            receipt.verify(bad, booked.verifier)


def at_a_million(booked: Booked) -> Placed:
    """The booking as entry 812345 of 1,000,000, with a path as long as such a tree's, of made-up siblings."""
    made = dataclasses.replace(booked.placed.entry, seq=812_345)
    computed = entry.leaf(booked.placed.salt, entry.canonical(made))
    path, fn, sn = [], 812_345, 999_999
    while sn:
        if fn & 1 or fn != sn:
            path.append(merkle.leaf_hash(bytes([len(path)])))
            left = fn & 1
            computed = merkle.node_hash(path[-1], computed) if left else merkle.node_hash(computed, path[-1])
        fn, sn = fn >> 1, sn >> 1
    signed = checkpoint.sign(NAME, 1_000_000, computed, booked.key)
    return Placed(made, booked.placed.salt, path, signed)


def test_a_receipt_from_a_ledger_of_a_million_entries_fits_three_kilobytes(book: Book) -> None:
    """With the longest TCN, realistic words and a million entries, nothing has to be cut from a receipt."""
    booked = book(tcn="VA0070000-2010-11-08-0000000000000000017")
    placed = at_a_million(booked)
    assert len(placed.path) == 20
    text = receipt.compose(placed, WORDS, booked.key)
    assert len(text.encode()) <= receipt.MAX_BYTES == 3072
    held = receipt.verify(text, booked.verifier)
    assert [said for _, said in held.words.values()] == list(WORDS.values())


@given(st.lists(st.text(min_size=1, max_size=2000).filter(str.strip), min_size=4, max_size=4))
def test_words_of_any_length_and_kind_still_give_a_receipt(booked: Booked, words: list[str]) -> None:
    """Sentences too long are cut to fit, hidden characters are shown, and the receipt verifies."""
    text = receipt.compose(booked.placed, dict(zip(Gate, words, strict=True)), booked.key)
    assert len(text.encode()) <= receipt.MAX_BYTES
    held = receipt.verify(text, booked.verifier)
    assert all(said.isprintable() for _, said in held.words.values())


def test_a_cut_is_visible_and_the_longest_sentence_is_cut_first(booked: Booked) -> None:
    """A sentence that does not fit ends in a mark; those that are short stay whole."""
    words = {**WORDS, Gate.SHARE: "This is a very long explanation. " * 100}
    held = receipt.verify(receipt.compose(booked.placed, words, booked.key), booked.verifier)
    assert held.words["G1"][1].endswith(" [...]")
    assert held.words["G1"][1].startswith("This is a very long explanation. This")
    assert [held.words[gate][1] for gate in ("G2", "G3", "G4")] == list(WORDS.values())[1:]


def test_a_sentence_cannot_smuggle_in_a_line_of_its_own(booked: Booked) -> None:
    """Line breaks, escape sequences and direction marks in a sentence become visible text."""
    words = {**WORDS, Gate.SHARE: "Sent.\n\nG2 open: \x1b[31mred \u202eback"}
    held = receipt.verify(receipt.compose(booked.placed, words, booked.key), booked.verifier)
    assert held.words["G1"] == ("closed", "Sent. G2 open: \\u001b[31mred \\u202eback")
    assert held.words["G2"][0] == "closed"


def test_received_text_in_the_entry_is_shown_escaped(book: Book) -> None:
    """A TCN with control characters or direction marks cannot rearrange the lines of a receipt."""
    booked = book(tcn="A\n\nB\u202eC\x9b")
    assert "Booking: TCN A\\u000a\\u000aB\\u202eC\\u009b, case" in booked.receipt
    receipt.verify(booked.receipt, booked.verifier)


def test_a_doubtful_decision_still_gets_its_receipt(booked: Booked) -> None:
    """Where no rule, wording or program was found, the receipt says so and that all was closed."""
    nothing = dict.fromkeys(("root", "mode", "rule_id", "wording_id", "wording_digest", "asked_for"), None)
    facts = {name: str(booked.placed.entry.body[name]) for name in ("case", "tcn", "digest", "cri", "ori")}
    body = entry.decided_body(
        {**facts, "received": "2010-11-08T14:03:00Z"},
        {gate.value: decision(gate.value, "closed", **nothing) for gate in Gate},
    )
    placed = place(dataclasses.replace(booked.placed.entry, body=body), booked.key)
    text = receipt.compose(placed, WORDS, booked.key)
    receipt.verify(text, booked.verifier)
    assert "In force: none on record, rule none on record." in text


def test_a_receipt_that_would_not_verify_is_never_signed(booked: Booked) -> None:
    """A missing sentence or a wrong salt, path, checkpoint, key or kind stops the receipt unsigned."""
    good = booked.placed
    other = keys.from_seed("other.example", b"\x03" * 32)
    silent = dataclasses.replace(good.entry, kind=FactKind.CLOSED)
    for placed, words, key in (
        (good, {Gate.SHARE: "Only one."}, booked.key),
        (good, {**WORDS, Gate.KEEP: " \n"}, booked.key),
        (dataclasses.replace(good, salt=b"\0" * 32), WORDS, booked.key),
        (dataclasses.replace(good, salt=b"short"), WORDS, booked.key),
        (dataclasses.replace(good, path=good.path[1:]), WORDS, booked.key),
        (dataclasses.replace(good, checkpoint_note="rubbish"), WORDS, booked.key),
        (good, WORDS, other),
        (place(silent, booked.key), WORDS, booked.key),
    ):
        with pytest.raises(LedgerError):
            receipt.compose(placed, words, key)


def test_an_entry_too_long_for_any_receipt_is_told_so(booked: Booked) -> None:
    """If even shortened words do not fit, composing fails loudly instead of breaking the limit."""
    made = decided(case="x" * 1500)
    with pytest.raises(LedgerError, match="does not fit"):
        receipt.compose(place(made, booked.key), WORDS, booked.key)


def test_destroying_an_entry_leaves_every_other_receipt_valid(booked: Booked) -> None:
    """When a neighbor's entry and salt are expunged, only its leaf stays, and that is all a receipt needs."""
    records: dict[int, tuple[bytes, entry.Entry]] = {}
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = merkle.Frontier()
    for seq in range(5):
        made = dataclasses.replace(booked.placed.entry, seq=seq)
        records[seq] = (bytes([seq]) * 32, made)
        frontier, completed = frontier.append(entry.leaf(records[seq][0], entry.canonical(made)))
        nodes.update({(node.level, node.index): node.hash for node in completed})
    del records[2]
    signed = checkpoint.sign(NAME, 5, frontier.root(), booked.key)
    for seq, (salt, made) in records.items():
        path = merkle.inclusion(lambda level, index: nodes[level, index], seq, 5)
        text = receipt.compose(Placed(made, salt, path, signed), WORDS, booked.key)
        assert receipt.verify(text, booked.verifier).index == seq
