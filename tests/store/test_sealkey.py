# SPDX-License-Identifier: Apache-2.0
"""Seal keys: what the public part closes, only the private part opens, and only whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import SettingsError, VerifyError
from sluicegate.store import sealkey
from sluicegate.store.sealkey import SealPublic


def test_what_was_sealed_opens_with_the_private_part(tmp_path: Path) -> None:
    """A box sealed with the .pub file opens with the private file, under the label it was given."""
    made = sealkey.create(tmp_path / "court.seal")
    box = sealkey.load_public(tmp_path / "court.seal.pub").seal(b"all of it", "case")
    key = sealkey.load(tmp_path / "court.seal")
    assert key.public == made.public
    assert key.open(box, "case") == b"all of it"
    with pytest.raises(VerifyError):
        key.open(box, "another case")


def test_two_boxes_of_the_same_differ(tmp_path: Path) -> None:
    """Nobody can tell from two boxes that they hold the same."""
    key = sealkey.create(tmp_path / "court.seal")
    assert key.public.seal(b"x", "case") != key.public.seal(b"x", "case")


@given(st.integers(0, 200), st.binary(max_size=120))
def test_an_altered_box_never_opens(tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes) -> None:
    """A box with one byte changed, cut short, or of noise is refused."""
    folder = tmp_path_factory.mktemp("seal")
    key = sealkey.create(folder / "k")
    box = bytearray(key.public.seal(b"all of it", "case"))
    box[at % len(box)] ^= 1
    for bad in (bytes(box), bytes(box[: at % len(box)]), noise):
        with pytest.raises(VerifyError):
            key.open(bad, "case")


def test_a_passphrase_locks_the_private_part(tmp_path: Path) -> None:
    """A key made under a passphrase opens with that one only."""
    made = sealkey.create(tmp_path / "k", "correct horse")
    assert sealkey.needs_passphrase(tmp_path / "k")
    assert sealkey.load(tmp_path / "k", "correct horse").public == made.public
    for wrong in (None, "battery staple"):
        with pytest.raises(SettingsError, match="passphrase"):
            sealkey.load(tmp_path / "k", wrong)


def test_a_key_file_that_others_can_read_is_refused_and_none_is_overwritten(tmp_path: Path) -> None:
    """The private file is its owner's alone, and making a key never destroys one."""
    sealkey.create(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsError, match="exists"):
        sealkey.create(tmp_path / "k")
    (tmp_path / "k").chmod(0o640)
    with pytest.raises(SettingsError, match="others"):
        sealkey.load(tmp_path / "k")


def test_a_point_of_small_order_is_no_key() -> None:
    """A public key with which anybody could open the box seals nothing."""
    with pytest.raises(SettingsError, match="no key"):
        SealPublic(bytes(32)).seal(b"x", "case")


@given(st.text(max_size=80))
def test_any_text_is_a_public_key_or_refused(text: str) -> None:
    """Text that is no key is refused with advice."""
    with pytest.raises(SettingsError):
        sealkey.read_public(text)
