# SPDX-License-Identifier: Apache-2.0
"""Witnesses: whose word is asked, what a cosignature covers, and when there are enough of them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.ledger import checkpoint, keys, merkle, verify
from sluicegate.ledger.verify import COSIGNATURE, NotVerified, VerifierKey

LOG = keys.from_seed("bureau.example/master", b"\x11" * 32)
TREE = merkle.root([merkle.leaf_hash(bytes([one])) for one in range(9)])
NOTE = checkpoint.sign(LOG.name, 9, TREE, LOG)
WITNESSES = {f"w{i}": keys.from_seed(f"witness{i}.example", bytes([0x20 + i]) * 32) for i in (1, 2, 3)}


def vkey(name: str) -> VerifierKey:
    """The public key of a witness, for cosigning."""
    own = WITNESSES[name].public
    return VerifierKey(own.name, verify.key_id(own.name, own.public, COSIGNATURE), own.public, COSIGNATURE)


def cosignature(name: str, time: int = 1_290_000_000, note: str = NOTE) -> str:
    """One cosignature line of a witness over a checkpoint."""
    text, _ = verify.split_note(note, "test")
    signature = WITNESSES[name].sign(verify.cosigned_message(time, text))
    raw = vkey(name).key_id + time.to_bytes(8, "big") + signature
    return f"\u2014 {vkey(name).name} {base64.b64encode(raw).decode()}\n"


def policy(quorum: str = "group all 2 w1 w2 w3\nquorum all", log: str = f"log {LOG.public}\n") -> str:
    """A policy of the one log and the three witnesses."""
    return log + "".join(f"witness {name} {vkey(name)}\n" for name in WITNESSES) + quorum + "\n"


def test_enough_cosignatures_name_who_signed_and_when() -> None:
    """Two of three witnesses make the quorum, each with the moment of its own clock."""
    held = verify.check_cosignatures(
        NOTE + cosignature("w1", 1_290_000_001) + cosignature("w3"), verify.read_policy(policy())
    )
    assert held == {"w1": 1_290_000_001, "w3": 1_290_000_000}


def test_the_example_of_the_specification_is_read_alike() -> None:
    """The line of the published example is a cosignature of 76 bytes that tells the time it was made."""
    start = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl"
    raw = verify.unbase64(f"{start}rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==", 76, "test")
    assert int.from_bytes(raw[4:12], "big") == 1679315147
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert verify.cosigned_message(1679315147, body) == b"cosignature/v1\ntime 1679315147\n" + body.encode()


@pytest.mark.parametrize(
    ("quorum", "signed", "enough"),
    [
        ("quorum none", "", True),
        ("quorum w1", "w1", True),
        ("quorum w1", "w2 w3", False),
        ("group g any w1 w2\nquorum g", "w2", True),
        ("group g all w1 w2\nquorum g", "w2", False),
        ("group g all w1 w2\nquorum g", "w1 w2", True),
        ("group a 1 w1 w2\ngroup b all a w3\nquorum b", "w1 w2", False),
        ("group a 1 w1 w2\ngroup b all a w3\nquorum b", "w2 w3", True),
    ],
)
def test_a_quorum_counts_groups_as_the_policy_says(quorum: str, signed: str, enough: bool) -> None:
    """A witness, a number of a group, and a group of groups each count as they are written."""
    note = NOTE + "".join(cosignature(name) for name in signed.split())
    read = verify.read_policy(policy(quorum))
    if enough:
        assert set(verify.check_cosignatures(note, read)) == set(signed.split())
    else:
        with pytest.raises(NotVerified, match=r"^witnesses: .* not the quorum"):
            verify.check_cosignatures(note, read)


def test_one_witness_cannot_count_twice() -> None:
    """Two cosignatures of one witness are one witness, told with the later time."""
    note = NOTE + cosignature("w1", 7) + cosignature("w1", 9)
    read = verify.read_policy(policy())
    assert verify.cosigners(note, read) == {"w1": 9}
    with pytest.raises(NotVerified, match="not the quorum"):
        verify.check_cosignatures(note, read)


def test_a_cosignature_covers_time_and_checkpoint() -> None:
    """A cosignature moved to another time, another checkpoint or another witness does not hold."""
    other = checkpoint.sign(LOG.name, 8, TREE, LOG)
    good = cosignature("w1").split(" ")[2]
    later = bytearray(base64.b64decode(good))
    later[11] ^= 1
    forged = f"\u2014 {vkey('w1').name} {base64.b64encode(bytes(later)).decode()}\n"
    read = verify.read_policy(policy("quorum none"))
    for note in (NOTE + forged, other + cosignature("w1")):
        with pytest.raises(NotVerified, match=r"^witnesses: a cosignature does not hold"):
            verify.cosigners(note, read)
    assert verify.cosigners(NOTE + f"\u2014 {vkey('w2').name} {good}", read) == {}


def test_witnesses_do_not_stand_in_for_the_log() -> None:
    """A checkpoint that no log of the policy signed is refused, whoever cosigned it."""
    stranger = keys.from_seed(LOG.name, b"\x99" * 32)
    note = checkpoint.sign(LOG.name, 9, TREE, stranger)
    note += cosignature("w1", note=note) + cosignature("w2", note=note)
    with pytest.raises(NotVerified, match=r"^checkpoint: it is not signed by a log of the policy"):
        verify.check_cosignatures(note, verify.read_policy(policy()))
    assert set(verify.check_cosignatures(note, verify.read_policy(policy(log="")))) == {"w1", "w2"}


def test_comments_space_and_addresses_are_allowed() -> None:
    """Comments, tabs, blank lines and the address of a log or a witness change nothing."""
    busy = f"# whom we trust\n\n\t log\t{LOG.public}  https://log.example/ \n"
    busy += f"witness w1 {vkey('w1')} https://w.example\nquorum w1\n"
    read = verify.read_policy(busy.encode())
    assert (read.logs, dict(read.witnesses), read.quorum) == ((LOG.public,), {"w1": vkey("w1")}, "w1")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "quorum none\nquorum none",
        "quorum w1",
        f"log {vkey('w1')}\nquorum none",
        f"witness w1 {LOG.public}\nquorum w1",
        f"witness none {vkey('w1')}\nquorum none",
        f"witness w1 {vkey('w1')}\nwitness w1 {vkey('w2')}\nquorum w1",
        f"witness w1 {vkey('w1')}\nwitness w2 {vkey('w1')}\nquorum w1",
        f"log {LOG.public}\nlog {LOG.public}\nquorum none",
        f"witness w1 {vkey('w1')}\ngroup g 2 w1\nquorum g",
        f"witness w1 {vkey('w1')}\ngroup g 0 w1\nquorum g",
        f"witness w1 {vkey('w1')}\ngroup g 01 w1\nquorum g",
        f"witness w1 {vkey('w1')}\ngroup g 2 w1 w1\nquorum g",
        f"witness w1 {vkey('w1')}\ngroup g any\nquorum g",
        f"witness w1 {vkey('w1')}\ngroup g any g\nquorum g",
        f"witness w1 {vkey('w1')}\ngroup g any none\nquorum g",
        f"witness w1 {vkey('w1')}\ngroup g any w1\ngroup h any w1\nquorum h",
        f"group g any w1\nwitness w1 {vkey('w1')}\nquorum g",
        "trust everybody\nquorum none",
        "quorum none\r",
        "quorum\u00a0none",
        "# " + "x" * 70_000 + "\nquorum none",
    ],
)
def test_a_policy_that_could_be_misread_is_refused(bad: str) -> None:
    """Names used twice or before they are defined, wrong keys and thresholds, no quorum or two: refused."""
    with pytest.raises(NotVerified, match=r"^(policy|key): "):
        verify.read_policy(bad)


@given(st.binary(max_size=300) | st.text(max_size=200))
def test_any_policy_text_is_read_or_refused(data: bytes | str) -> None:
    """Whatever stands in a policy file, it is read or refused, and nothing else happens."""
    with pytest.raises(NotVerified):  # a policy by chance would need the word quorum
        verify.read_policy(data)


@given(st.integers(0, 10**6), st.integers(0, 7))
def test_no_bit_of_a_needed_cosignature_can_be_changed(spot: int, bit: int) -> None:
    """Where both witnesses are needed, one changed bit anywhere in the note undoes it."""
    good = (NOTE + cosignature("w1") + cosignature("w2")).encode()
    bad = bytearray(good)
    bad[spot % len(good)] ^= 1 << bit
    with pytest.raises(NotVerified):
        verify.check_cosignatures(bytes(bad), verify.read_policy(policy("group g all w1 w2\nquorum g")))
