# SPDX-License-Identifier: Apache-2.0
"""Signed notes and checkpoints, against the published example and against tampering."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import NAME

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import checkpoint, keys, note, verify
from sluicegate.ledger.checkpoint import Checkpoint

# The worked example of the Go reference implementation of signed notes (golang.org/x/mod/sumdb/note).
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_OTHER = (
    "\u2014 EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
ROOT = hashlib.sha256(b"a root").digest()


def test_the_published_example_is_signed_and_verified_bit_for_bit() -> None:
    """The example of the reference implementation comes out of our signer, and its key out of our key."""
    key = keys.from_seed("PeterNeumann", GO_SEED)
    assert str(key.public) == GO_VERIFIER
    signed = note.sign(GO_TEXT, key)
    assert signed == f"{GO_TEXT}\n{GO_SIGNATURE}"
    assert verify.open_note(signed, note.verifier_key(GO_VERIFIER), "note") == GO_TEXT


def test_signatures_of_unknown_keys_are_ignored_and_never_enough() -> None:
    """A second signature by an unknown key changes nothing; alone it convinces nobody."""
    key = note.verifier_key(GO_VERIFIER)
    assert verify.open_note(f"{GO_TEXT}\n{GO_SIGNATURE}{GO_OTHER}", key, "note") == GO_TEXT
    assert verify.open_note(f"{GO_TEXT}\n{GO_OTHER}{GO_SIGNATURE}", key, "note") == GO_TEXT
    with pytest.raises(verify.NotVerified, match="not signed by the given key"):
        verify.open_note(f"{GO_TEXT}\n{GO_OTHER}", key, "note")


@pytest.mark.parametrize(
    "data",
    [
        GO_TEXT,
        GO_TEXT + "\n",
        f"{GO_TEXT}\n{GO_SIGNATURE[:-1]}",
        f"\x01{GO_TEXT}\n{GO_SIGNATURE}",
        b"\xff" + f"{GO_TEXT}\n{GO_SIGNATURE}".encode(),
        f"{GO_TEXT}\n{GO_SIGNATURE.replace('PeterNeumann', 'Bad Name')}",
        f"{GO_TEXT}\n{GO_SIGNATURE}Unexpected line.\n",
        f"{GO_TEXT}\n" + GO_SIGNATURE * 65,
        "x" * 20_000 + f"\n\n{GO_SIGNATURE}",
        "",
        "\ud800",
    ],
    ids=range(11),
)
def test_a_malformed_note_is_refused(data: str | bytes) -> None:
    """A note with a missing, damaged or superfluous line, or with control characters, is refused."""
    with pytest.raises(verify.NotVerified):
        verify.open_note(data, note.verifier_key(GO_VERIFIER), "note")


def test_every_part_of_a_verifier_key_counts() -> None:
    """A verifier key that was shortened anywhere, or changed in any character, is refused."""
    for cut in range(1, len(GO_VERIFIER)):
        for damaged in (GO_VERIFIER[:cut], GO_VERIFIER[cut:]):
            with pytest.raises(VerifyError):
                note.verifier_key(damaged)
    for spot, character in enumerate(GO_VERIFIER):
        with pytest.raises(VerifyError):
            note.verifier_key(GO_VERIFIER[:spot] + chr(ord(character) + 1) + GO_VERIFIER[spot + 1 :])


@given(st.text(max_size=80))
def test_arbitrary_text_is_a_verifier_key_or_refused(text: str) -> None:
    """Text that nobody vouches for never crashes the reader of keys."""
    try:
        key = note.verifier_key(text)
    except VerifyError:
        return
    assert str(key) == text


def test_a_key_of_another_kind_is_refused() -> None:
    """A key of an unknown kind is refused even where its id fits."""
    raw = b"\x65" + b"\x01" * 32
    written_id = hashlib.sha256(b"PeterNeumann\n" + raw).hexdigest()[:8]
    with pytest.raises(VerifyError):
        note.verifier_key(f"PeterNeumann+{written_id}+{base64.b64encode(raw).decode()}")


def test_a_checkpoint_is_three_lines_and_comes_back(key: keys.FileKey) -> None:
    """A signed checkpoint has name, size and root on its lines, and verifies to the same values."""
    signed = checkpoint.sign(NAME, 1234, ROOT, key)
    assert signed.split("\n")[:4] == [NAME, "1234", base64.b64encode(ROOT).decode(), ""]
    assert checkpoint.parse(signed) == Checkpoint(NAME, 1234, ROOT)
    assert checkpoint.verify(signed, str(key.public)) == Checkpoint(NAME, 1234, ROOT)


@given(st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32))
def test_every_checkpoint_comes_back(key: keys.FileKey, size: int, root: bytes) -> None:
    """Whatever the size and the root, the signed checkpoint gives them back."""
    signed = checkpoint.sign(NAME, size, root, key)
    assert checkpoint.verify(signed.encode(), str(key.public)) == Checkpoint(NAME, size, root)


def test_extension_lines_are_allowed_and_mean_nothing(key: keys.FileKey) -> None:
    """A checkpoint with further lines, as the specification allows, is read by its first three."""
    text = checkpoint.format_text(Checkpoint(NAME, 5, ROOT)) + "something else\n"
    assert checkpoint.verify(note.sign(text, key), str(key.public)) == Checkpoint(NAME, 5, ROOT)


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME}\n05\n{base64.b64encode(ROOT).decode()}\n",
        f"{NAME}\n-5\n{base64.b64encode(ROOT).decode()}\n",
        f"{NAME}\n5\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"{NAME}\n5\n{base64.b64encode(ROOT).decode()[:-2]}F=\n",
        f"{NAME}\n5\n",
        f"\n5\n{base64.b64encode(ROOT).decode()}\n",
    ],
    ids=range(6),
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(key: keys.FileKey, text: str) -> None:
    """The right signature under something that is not a checkpoint does not make it one."""
    with pytest.raises(VerifyError, match=r"^checkpoint: "):
        checkpoint.verify(note.sign(text, key), str(key.public))


def test_a_log_speaks_only_for_itself(key: keys.FileKey) -> None:
    """A key cannot sign the checkpoint of a log of another name, and none such is believed."""
    with pytest.raises(LedgerError):
        checkpoint.sign("other.example/ledger", 5, ROOT, key)
    foreign = note.sign(checkpoint.format_text(Checkpoint("other.example/ledger", 5, ROOT)), key)
    with pytest.raises(VerifyError, match="origin"):
        checkpoint.verify(foreign, str(key.public))


def test_a_checkpoint_by_another_key_of_the_same_name_is_refused(key: keys.FileKey) -> None:
    """Bearing the log's name is not enough; the key must be the one that was given."""
    impostor = keys.from_seed(NAME, b"\x02" * 32)
    with pytest.raises(VerifyError, match="not signed by the given key"):
        checkpoint.verify(checkpoint.sign(NAME, 5, ROOT, impostor), str(key.public))


def test_what_cannot_be_a_checkpoint_is_never_signed(key: keys.FileKey) -> None:
    """Impossible sizes, roots, names and texts are refused before anything is signed."""
    for attempt in (
        lambda: checkpoint.sign(NAME, -1, ROOT, key),
        lambda: checkpoint.sign(NAME, 2**53, ROOT, key),
        lambda: checkpoint.sign(NAME, 5, b"short", key),
        lambda: checkpoint.format_text(Checkpoint("has space", 5, ROOT)),
        lambda: note.sign("no line feed", key),
        lambda: note.sign("bell \x07\n", key),
        lambda: note.sign("\ud800\n", key),
        lambda: keys.from_seed("a+b", b"\x01" * 32),
        lambda: keys.from_seed("", b"\x01" * 32),
        lambda: keys.from_seed("a\u00a0b", b"\x01" * 32),
    ):
        with pytest.raises(LedgerError):
            attempt()


class BrokenDevice:
    """A signing device that answers with rubbish."""

    name = NAME
    key_id = b"abcd"

    def sign(self, message: bytes) -> bytes:
        """Too short for a signature."""
        return b"rubbish"


def test_a_device_that_answers_with_rubbish_is_told_from_one_that_signs() -> None:
    """Whatever stands in for the key file must give a signature; anything else stops the checkpoint."""
    with pytest.raises(LedgerError, match="signing device"):
        checkpoint.sign(NAME, 5, ROOT, BrokenDevice())


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_never_a_checkpoint(key: keys.FileKey, data: bytes) -> None:
    """Bytes that nobody signed are refused with a VerifyError and nothing else."""
    with pytest.raises(VerifyError):
        checkpoint.verify(data, str(key.public))
