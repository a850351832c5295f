# SPDX-License-Identifier: Apache-2.0
"""Rotation of the signing key of a home: crash at any file, old receipts for ever, none from a dead key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from scenes import Town, letter, scratch
from sluicegate.errors import SettingsError, VerifyError
from sluicegate.exchange.case import State
from sluicegate.exchange.papers import log_key
from sluicegate.ledger import keyring, keys
from sluicegate.ledger import receipt as receipts
from sluicegate.store import keyfile
from sluicegate.store.keyfile import KeyBook


@pytest.fixture
def town() -> Iterator[Town]:
    """A world with every mode in force somewhere."""
    with scratch() as folder:
        made = Town(folder / "home")
        yield made
        made.close()


def book(town: Town) -> KeyBook:
    """The key history of the bureau."""
    return KeyBook(town.home, "bureau", town.exchange.offices["bureau"].store, town.clock)


def holds(town: Town, paper: bytes, *, first: keys.VerifierKey) -> bool:
    """Whether a receipt verifies against the public history and its first key alone."""
    told = (town.home / "public" / keyfile.HISTORY).read_bytes()
    one = keyring.signer_of(paper, keyring.verify(keyring.decode(told), first))
    log = next(line for line in paper.decode().splitlines() if line.startswith(f"{one.key.name}/"))
    return bool(
        receipts.verify(paper, str(keys.VerifierKey(log, keys.key_id(log, one.key.public), one.key.public)))
    )


@pytest.mark.slow
def test_receipts_of_every_key_verify_against_the_history_for_ever(town: Town) -> None:
    """Receipts from before and after two rotations verify with the first key and the history alone."""
    first = town.exchange.offices["bureau"].key.public
    papers = []
    for person in range(3):
        case_id = town.book("full", 7 + person)
        town.finish()
        papers.append(letter(town, case_id, "RECEIPT"))
        book(town).rotate(timedelta(days=1))
        town.reopen()
        town.clock.now += timedelta(days=2)
    assert all(holds(town, paper, first=first) for paper in papers)
    assert len({town.exchange.offices["bureau"].key.public, first}) == 2


@pytest.mark.slow
def test_a_receipt_signed_by_a_key_after_its_end_does_not_verify(town: Town) -> None:
    """Who keeps the old private key can make receipts, but none that is younger than the key's end."""
    old = town.exchange.offices["bureau"].key
    case_id = town.book("full", 7)
    town.finish()
    book(town).rotate(timedelta(days=1))
    book(town).revoke(old.key_id.hex(), town.case(case_id).received - timedelta(seconds=1))
    paper = letter(town, case_id, "RECEIPT")
    with pytest.raises(VerifyError, match="revoked"):
        holds(town, paper, first=old.public)


@pytest.mark.slow
def test_copies_under_way_during_a_rotation_are_still_taken(town: Town) -> None:
    """A copy whose proof the old key signed is taken by a partner that opens after the rotation."""
    case_id = town.book("full", 7)
    while town.case(case_id).state is not State.SHARED:
        assert town._move_all()
    book(town).rotate(timedelta(days=1))
    town.reopen()
    town.finish()
    assert town.case(case_id).state is State.CLOSED
    assert town.case(case_id).text("partner") == "no-match"


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["made", "stated", "renamed"])
def test_a_rotation_that_was_cut_short_is_gone_on_with(town: Town, cut: str) -> None:
    """Wherever the power went, the home opens and the next rotation ends with one new key."""
    home, old = town.home, town.exchange.offices["bureau"].key
    fresh = keyfile.path_of(home, "bureau", "next")
    new = keys.create(fresh, old.name)
    held = book(town)
    if cut != "made":
        ring = held._begun(old)
        now = town.clock()
        at, until = (keyfile.stamp(now + timedelta(days=n)) for n in (0, 1))
        held._state(keyring.rotation(ring, old, new, new.public, at, until))
    if cut == "renamed":
        for one in (keyfile.path_of(home, "bureau"), keys.public_path(keyfile.path_of(home, "bureau"))):
            kept = keyfile.path_of(home, "bureau", old.key_id.hex())
            (kept if one.suffix == ".key" else keys.public_path(kept)).write_bytes(one.read_bytes())
        fresh.rename(keyfile.path_of(home, "bureau"))
    town.reopen()
    if cut != "renamed":
        book(town).rotate(timedelta(days=1))
    town.reopen()
    assert town.exchange.offices["bureau"].key.public == new.public
    assert [one.key for one in book(town).ring().periods] == [old.public, new.public]


def test_a_protected_key_opens_with_its_passphrase_only(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encrypted, the private key lies nowhere in the clear and the home opens with the passphrase alone."""
    path = keyfile.path_of(town.home, "bureau")
    before = town.exchange.offices["bureau"].key
    plain = path.read_bytes()
    keys.protect(path, "five large words here")
    assert all(plain not in one.read_bytes() for one in (town.home / "keys").iterdir() if one.is_file())
    with pytest.raises(SettingsError):
        keyfile.open_key(town.home, "bureau")
    monkeypatch.setenv(keyfile.PASSPHRASE, "five large words here")
    assert keyfile.open_key(town.home, "bureau").public == before.public
    secret = town.home / "secret"
    secret.write_text("five large words here\n", "utf-8")
    monkeypatch.delenv(keyfile.PASSPHRASE)
    monkeypatch.setenv(keyfile.PASSPHRASE_FILE, str(secret))
    assert log_key(keyfile.open_key(town.home, "bureau"), "x").name == f"{before.name}/x"
