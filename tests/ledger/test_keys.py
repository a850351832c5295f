# SPDX-License-Identifier: Apache-2.0
"""Key files: made once, readable by their owner alone, refused with advice otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from ledger_world import NAME

from sluicegate.errors import SettingsError
from sluicegate.ledger import keys, note, verify


def test_a_key_that_was_made_can_be_loaded_and_signs_the_same(tmp_path: Path) -> None:
    """The loaded key is the made one: same name, same id, and its signature holds under the public file."""
    made = keys.create(tmp_path / "ledger.key", NAME)
    loaded = keys.load(tmp_path / "ledger.key")
    assert loaded.public == made.public == keys.load_public(tmp_path / "ledger.key.pub")
    assert verify.open_note(note.sign("said\n", loaded), made.public, "note") == "said\n"


@pytest.mark.slow
def test_a_passphrase_locks_the_key(tmp_path: Path) -> None:
    """A key made with a passphrase opens with that one only, and its file does not hold it in the clear."""
    path = tmp_path / "ledger.key"
    made = keys.create(path, NAME, passphrase="correct horse")
    assert b"ENCRYPTED" in path.read_bytes()
    assert keys.load(path, passphrase="correct horse").public == made.public
    for wrong in (None, "battery staple"):
        with pytest.raises(SettingsError, match="passphrase") as caught:
            keys.load(path, passphrase=wrong)
        assert caught.value.advice


def test_an_empty_passphrase_is_taken_for_a_slip(tmp_path: Path) -> None:
    """An empty passphrase makes no key, so that a blank setting leaves no key in the clear."""
    with pytest.raises(SettingsError, match="empty"):
        keys.create(tmp_path / "ledger.key", NAME, passphrase="")
    assert not (tmp_path / "ledger.key").exists()


def test_the_private_file_is_its_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    """The private file has mode 0600 and the public one 0644."""
    keys.create(tmp_path / "ledger.key", NAME)
    assert (tmp_path / "ledger.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ledger.key.pub").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666, 0o777])
def test_a_key_that_others_may_reach_is_refused_with_advice(tmp_path: Path, mode: int) -> None:
    """A private key that its group or the world could read or change is not used."""
    path = tmp_path / "ledger.key"
    keys.create(path, NAME)
    path.chmod(mode)
    with pytest.raises(SettingsError, match="others than its owner") as caught:
        keys.load(path)
    assert "chmod 600" in caught.value.advice


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    """Making a key where there is one is refused, and the old key stays."""
    made = keys.create(tmp_path / "ledger.key", NAME)
    with pytest.raises(SettingsError, match="exists already"):
        keys.create(tmp_path / "ledger.key", NAME)
    assert keys.load(tmp_path / "ledger.key").public == made.public


def test_a_crash_between_the_two_files_is_told_with_advice(tmp_path: Path) -> None:
    """A private key whose public file was never written is refused, and the operator is told what to do."""
    keys.create(tmp_path / "ledger.key", NAME)
    os.unlink(tmp_path / "ledger.key.pub")
    with pytest.raises(SettingsError, match="public key file") as caught:
        keys.load(tmp_path / "ledger.key")
    assert caught.value.advice


def test_two_files_of_different_keys_are_not_a_key(tmp_path: Path) -> None:
    """A public file that belongs to another private key is noticed before anything is signed."""
    keys.create(tmp_path / "a", NAME)
    keys.create(tmp_path / "b", NAME)
    os.replace(tmp_path / "b.pub", tmp_path / "a.pub")
    with pytest.raises(SettingsError, match="do not belong together"):
        keys.load(tmp_path / "a")


def test_missing_and_damaged_files_are_told_apart_from_keys(tmp_path: Path) -> None:
    """A missing file, a folder, rubbish, and a key of another kind are each refused as a setting."""
    with pytest.raises(SettingsError, match="cannot be read"):
        keys.load(tmp_path / "none")
    with pytest.raises(SettingsError, match="cannot be read"):
        keys.load(tmp_path)
    with pytest.raises(SettingsError, match="cannot be written"):
        keys.create(tmp_path / "no-folder" / "ledger.key", NAME)
    path = tmp_path / "ledger.key"
    keys.create(path, NAME)
    path.write_bytes(b"-----BEGIN RUBBISH-----\n")
    with pytest.raises(SettingsError, match="cannot be opened"):
        keys.load(path)
    path.write_bytes(
        generate_private_key(SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    with pytest.raises(SettingsError, match="not an Ed25519 key"):
        keys.load(path)
    for rubbish in (b"", b"\xff", b"name+00000000+AAAA"):
        (tmp_path / "bad.pub").write_bytes(rubbish)
        with pytest.raises(SettingsError, match="damaged"):
            keys.load_public(tmp_path / "bad.pub")


def test_a_key_never_shows_its_private_part() -> None:
    """What a key says of itself in a log or a traceback holds no private bytes."""
    assert repr(keys.from_seed(NAME, b"\x01" * 32)) == f"FileKey(name='{NAME}')"
