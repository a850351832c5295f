# SPDX-License-Identifier: Apache-2.0
"""Entries: what may be entered, how it is spelled, and the commitment that stands for it."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import decided, decision

from sluicegate.errors import LedgerError
from sluicegate.facts import REQUIRED, FactKind
from sluicegate.ledger import entry
from sluicegate.ledger.entry import Entry
from sluicegate.terms import Gate

AT = "2010-11-08T14:03:00Z"
GATES = ("G1", "G2", "G3", "G4")
BOOKING = {
    "case": "01J9",
    "tcn": "VA007000020101108000017",
    "digest": "ab" * 32,
    "cri": "VA0070000",
    "ori": "VA0070100",
    "received": AT,
}


@pytest.mark.parametrize("kind", FactKind)
def test_an_entry_carries_what_its_kind_requires(kind: FactKind) -> None:
    """An entry of any kind is taken with its required keys, and refused when any one of them is missing."""
    body = dict.fromkeys(REQUIRED[kind], "x")
    made = Entry(0, AT, kind, body)
    assert entry.decode(entry.canonical(made)) == made
    for key in REQUIRED[kind]:
        with pytest.raises(LedgerError, match=key):
            Entry(0, AT, kind, {name: one for name, one in body.items() if name != key})


@pytest.mark.parametrize("seq", [-1, 2**53, True])
def test_an_entry_is_numbered_from_zero(seq: int) -> None:
    """Only a whole number from 0 numbers an entry."""
    with pytest.raises(LedgerError):
        Entry(seq, AT, FactKind.SILENT, {"case": "x"})


@pytest.mark.parametrize(
    "at",
    [
        *("", "2010-11-08", "2010-11-08T14:03:00", "2010-11-08T14:03:00+00:00", "2010-11-08 14:03:00Z"),
        *("2010-02-30T14:03:00Z", "2010-11-08T25:03:00Z", "2010-11-08T14:03:00.1234567Z"),
        "2010-11-08T14:03:00Z\n",
    ],
)
def test_a_moment_has_one_form(at: str) -> None:
    """A moment that is not RFC 3339 in UTC, or that never was, is refused."""
    with pytest.raises(LedgerError):
        Entry(0, at, FactKind.SILENT, {"case": "x"})


def test_a_body_that_readers_could_disagree_about_is_refused() -> None:
    """A fraction in a body is refused when the entry is made, not when somebody fails to verify it."""
    with pytest.raises(LedgerError):
        Entry(0, AT, FactKind.SILENT, {"case": 1.5})  # type: ignore[dict-item]


def test_the_commitment_is_the_documented_formula() -> None:
    """The leaf is SHA-256(0x00 || SHA-256(salt || canonical JSON)), and nothing else."""
    data = entry.canonical(Entry(7, AT, FactKind.SILENT, {"case": "x"}))
    assert data == b'{"at":"2010-11-08T14:03:00Z","body":{"case":"x"},"kind":"silent","seq":7}'
    salt = bytes(range(32))
    inner = hashlib.sha256(salt + data).digest()
    assert entry.commitment(salt, data) == inner
    assert entry.leaf(salt, data) == hashlib.sha256(b"\x00" + inner).digest()


def test_the_same_entry_under_another_salt_cannot_be_recognized() -> None:
    """Two commitments to one entry differ with the salt, so a guess cannot be tried against a leaf."""
    data = entry.canonical(Entry(7, AT, FactKind.SILENT, {"case": "x"}))
    assert entry.commitment(b"\0" * 32, data) != entry.commitment(b"\1" * 32, data)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_salt_has_exactly_thirty_two_bytes(size: int) -> None:
    """A salt of another length is refused: a byte could otherwise move between salt and entry."""
    with pytest.raises(LedgerError):
        entry.commitment(b"s" * size, b"{}")


@pytest.mark.parametrize(
    "data",
    [
        b'{"at":"2010-11-08T14:03:00Z","body":{"case":"x"},"kind":"rumor","seq":7}',
        b'{"at":"2010-11-08T14:03:00Z","body":{},"kind":"silent","seq":7}',
        b'{"at":"2010-11-08T14:03:00Z","body":{"case":"x"},"extra":1,"kind":"silent","seq":7}',
        b'{"at":"2010-11-08T14:03:00Z","body":{"case":"x"},"kind":"silent","seq":true}',
        b'{"at":"2010-11-08T14:03:00Z","body":["x"],"kind":"silent","seq":7}',
        b"[]",
    ],
)
def test_bytes_that_are_no_entry_are_refused(data: bytes) -> None:
    """Canonical JSON that is not an entry of a known kind is refused."""
    with pytest.raises(LedgerError):
        entry.decode(data)


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_an_entry_or_refused(data: bytes) -> None:
    """Bytes that nobody vouches for never crash the reader of entries."""
    try:
        made = entry.decode(data)
    except LedgerError:
        return
    assert entry.canonical(made) == data


def test_what_all_gates_share_is_told_once_and_can_be_had_for_each() -> None:
    """The body tells mode, rule, root and wording once; each gate gets them back, and keeps its own."""
    decisions = {gate: decision(gate, "closed") for gate in GATES}
    decisions["G4"] = decision("G4", "open", mode="PROGRAM", rule_id="R900")
    made = Entry(0, AT, FactKind.DECIDED, entry.decided_body(BOOKING, decisions))
    assert made.body["decision"] == {
        "G1": {"outcome": "closed"},
        "G2": {"outcome": "closed"},
        "G3": {"outcome": "closed"},
        "G4": {"outcome": "open", "mode": "PROGRAM", "rule_id": "R900"},
    }
    for gate in Gate:
        told = entry.decision_of(made, gate)
        assert told == {name: decisions[gate.value][name] for name in told}
        assert {"outcome", "mode", "rule_id", "root", "wording_id", "wording_digest"} <= set(told)


def test_the_full_decision_is_bound_though_only_a_part_is_told() -> None:
    """Changing anything in a full decision, even what the entry leaves out, changes its explanation."""
    full = {gate: decision(gate, "closed") for gate in GATES}
    other = {**full, "G2": decision("G2", "closed", issuer="somebody else")}
    body = entry.decided_body(BOOKING, full)
    assert body["explanation"] == entry.explanation(full)
    assert entry.decided_body(BOOKING, other)["explanation"] != body["explanation"]
    assert entry.decided_body(BOOKING, other)["decision"] == body["decision"]


def test_a_long_legal_basis_is_cut_visibly() -> None:
    """A text too long for a receipt ends in a mark of the cut; the full text stays bound."""
    long = "Title 8, " * 100
    body = entry.decided_body(BOOKING, {gate: decision(gate, "closed", legal_basis=long) for gate in GATES})
    basis = body["legal_basis"]
    assert isinstance(basis, str)
    assert basis.endswith(" [...]")
    assert len(basis) <= 120


def test_a_decided_entry_decides_four_gates_of_a_whole_booking() -> None:
    """A gate left out, an outcome in between, or a booking without its agency is refused."""
    full = {gate: decision(gate, "closed") for gate in GATES}
    for booking, decisions in (
        (BOOKING, {gate: full[gate] for gate in GATES[:3]}),
        (BOOKING, {**full, "G2": decision("G2", "ajar")}),
        ({name: one for name, one in BOOKING.items() if name != "cri"}, full),
        ({**BOOKING, "name": "a person"}, full),
        ({**BOOKING, "received": "yesterday"}, full),
    ):
        with pytest.raises(LedgerError):
            entry.decided_body(booking, decisions)


def test_only_a_decided_entry_says_what_a_gate_did() -> None:
    """Asking another kind of entry for a decision is refused, not answered with a guess."""
    assert entry.decision_of(decided("open closed open closed"), Gate.SHARE)["outcome"] == "open"
    with pytest.raises(LedgerError):
        entry.decision_of(Entry(0, AT, FactKind.SILENT, {"case": "x"}), Gate.SHARE)
