# SPDX-License-Identifier: Apache-2.0
"""Key histories: who trusts the first key trusts every later one, and nobody else gets in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import keyring, keys
from sluicegate.ledger.keyring import Keyring, Period
from sluicegate.ledger.keys import FileKey
from sluicegate.ledger.statement import Statement

NAME = "sluicegate.example/bureau"
ONE, TWO, THREE, STRANGER = (keys.from_seed(NAME, bytes([n]) * 32) for n in (1, 2, 3, 9))
SINCE, FIRST, SECOND, LATER = (f"2010-1{m}-01T00:00:00.000000Z" for m in (0, 1, 2, 2))
MID, END = "2010-11-15T00:00:00.000000Z", "2010-12-15T00:00:00.000000Z"


def begun() -> list[Statement]:
    """A history of one key."""
    return [keyring.stated(SINCE, Period(ONE.public, SINCE, None, None), (ONE,))]


def rotated(said: list[Statement], old: FileKey, new: FileKey, at: str, until: str) -> list[Statement]:
    """The same with one more key."""
    return [*said, *keyring.rotation(keyring.verify(said), old, new, new.public, at, until)]


def two() -> list[Statement]:
    """A history of two keys that overlap for half a month."""
    return rotated(begun(), ONE, TWO, FIRST, MID)


def test_a_history_is_followed_from_its_first_key() -> None:
    """Three keys, each signed by the one before: the first is enough to trust all of them."""
    ring = keyring.verify(rotated(two(), TWO, THREE, SECOND, END), ONE.public)
    assert [one.key for one in ring.periods] == [ONE.public, TWO.public, THREE.public]
    assert [one.until for one in ring.periods] == [MID, END, None]
    assert keyring.verify(keyring.decode(keyring.encode(two())), ONE.public).newest.key == TWO.public


def test_another_first_key_is_refused() -> None:
    """A history that begins with another key than the trusted one is worth nothing."""
    with pytest.raises(VerifyError):
        keyring.verify(two(), STRANGER.public)


@pytest.mark.parametrize("signers", [(), (STRANGER,), (TWO,), (ONE,)])
def test_a_key_comes_in_only_by_the_one_it_replaces_and_itself(signers: tuple[FileKey, ...]) -> None:
    """Signed by nobody, by a stranger, by one of the two alone: no new key comes in."""
    fresh = Period(TWO.public, FIRST, None, ONE.key_id.hex())
    with pytest.raises(VerifyError):
        keyring.verify([*begun(), keyring.stated(FIRST, fresh, signers)])


def test_a_key_that_has_ended_brings_in_no_successor() -> None:
    """Whoever keeps a retired key cannot use it to put another in its place."""
    fresh = Period(THREE.public, END, None, ONE.key_id.hex())
    with pytest.raises(VerifyError):
        keyring.verify([*two(), keyring.stated(END, fresh, (ONE, THREE))])


@pytest.mark.parametrize("until", [None, END])
def test_the_end_of_a_key_never_moves_away(until: str | None) -> None:
    """A retired key is not brought back, not even by its successor."""
    longer = Period(ONE.public, SINCE, until, None)
    with pytest.raises(VerifyError):
        keyring.verify([*two(), keyring.stated(SECOND, longer, (ONE, TWO))])


def test_a_revoked_key_stays_revoked_and_signs_nothing() -> None:
    """After its revocation a key is not un-revoked, and it cannot revoke itself alone."""
    said = two()
    gone = keyring.revocation(keyring.verify(said), ONE.key_id.hex(), TWO, SECOND, SINCE)
    ring = keyring.verify([*said, gone])
    held = ring.of(ONE.key_id.hex())
    assert held is not None
    assert held.revoked
    assert held.until == SINCE
    back = replace(held, revoked=False)
    with pytest.raises(VerifyError):
        keyring.verify([*said, gone, keyring.stated(SECOND, back, (TWO,))])
    with pytest.raises(LedgerError):
        keyring.revocation(Keyring(ring.periods[1:]), TWO.key_id.hex(), TWO, SECOND, SINCE)


@given(st.integers(0, 1), st.sampled_from(["id", "public", "from", "until", "replaces", "revoked", "name"]))
def test_no_part_of_a_statement_can_be_changed(number: int, part: str) -> None:
    """Whatever is altered in a stated period, the history no longer verifies."""
    said = two()
    altered = {"until": END, "from": FIRST if number == 0 else SINCE, "revoked": True, "name": "other"}
    value = altered.get(
        part, STRANGER.key_id.hex() if part in ("id", "replaces") else str(STRANGER.public)[-44:]
    )
    said[number] = Statement(said[number].at, said[number].kind, {**said[number].parts, part: value})
    with pytest.raises((VerifyError, LedgerError)):
        keyring.verify(said, ONE.public)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_history_are_refused_or_read(data: bytes) -> None:
    """Whatever bytes are given as a history, the answer is statements or a VerifyError."""
    with suppress(VerifyError):
        assert isinstance(keyring.decode(data), tuple)
