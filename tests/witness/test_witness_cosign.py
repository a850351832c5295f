# SPDX-License-Identifier: Apache-2.0
"""Cosignatures as text: made, gathered under a checkpoint, and counted until it is final."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import cosign, keys, verify
from sluicegate.ledger.keys import FileKey
from sluicegate.ledger.verify import COSIGNATURE, Policy, VerifierKey
from sluicegate.testing.witnesses import History, LyingLog

NAMES = ("court", "paper", "university")
KEYS = {name: keys.from_seed(f"{name}.example/w", bytes([40 + n]) * 32) for n, name in enumerate(NAMES)}
TWO = "group enough 2 court paper university\nquorum enough\n"


def policy(quorum: str = TWO, log: VerifierKey | None = None) -> Policy:
    """A policy of the lying log and the three witnesses."""
    lines = [f"log {log or LyingLog().key.public}\n"]
    lines += [f"witness {name} {cosign.verifier_key(key)}\n" for name, key in KEYS.items()]
    return verify.read_policy("".join([*lines, quorum]))


def signed(note: str, *names: str, time: int = 1_300_000_000) -> str:
    """The note with the cosignatures of these."""
    return note + "".join(cosign.cosignature(note, KEYS[name], time) for name in names)


def test_a_cosignature_is_the_published_structure(told: History) -> None:
    """Key id of type 4, eight bytes of time, and a signature over header, time and checkpoint."""
    line = cosign.cosignature(told.note(), KEYS["court"], 1_300_000_000)
    key = cosign.verifier_key(KEYS["court"])
    raw = verify.unbase64(line.split(" ")[2].strip(), 76, "test")
    text = verify.split_note(told.note(), "test")[0]
    message = f"cosignature/v1\ntime 1300000000\n{text}".encode()
    assert raw[:4] == key.key_id == verify.key_id(key.name, key.public, COSIGNATURE)
    assert raw[4:12] == (1_300_000_000).to_bytes(8, "big")
    assert raw[12:] == KEYS["court"].sign(message)
    assert verify.read_key(str(key), COSIGNATURE) == key


@pytest.mark.parametrize("time", [-1, 2**63])
def test_a_time_that_does_not_fit_is_refused(told: History, time: int) -> None:
    """A cosignature has a time from 1970 on that a verifier can read."""
    with pytest.raises(LedgerError):
        cosign.cosignature(told.note(), KEYS["court"], time)


def test_a_device_that_does_not_sign_is_told(told: History) -> None:
    """Where the device answers with something else than a signature, no line is made of it."""

    class Broken(FileKey):
        def sign(self, message: bytes) -> bytes:
            return b""

    with pytest.raises(LedgerError, match="signing device"):
        cosign.cosignature(told.note(), Broken("x.example/w", KEYS["court"].private), 1)


@pytest.mark.parametrize(
    ("names", "final", "fewest"), [("", False, 2), ("court", False, 1), ("court paper", True, 0)]
)
def test_a_checkpoint_is_final_once_enough_cosigned(
    told: History, names: str, final: bool, fewest: int
) -> None:
    """Two of three make it final; before that it says how many more would do, and who did not sign."""
    found = cosign.final(signed(told.note(), *names.split()), policy())
    assert (found.final, found.fewest, found.needed) == (final, fewest, "2 of: court, paper, university")
    assert [name for name, _ in found.signed] == names.split()
    assert [*names.split(), *found.missing] == list(NAMES)
    assert found.words.startswith("FINAL: " if final else "NOT FINAL: ")


def test_groups_of_groups_are_counted_and_told_in_words(told: History) -> None:
    """A court, and one of a paper and a university: both parts are needed, and the words say so."""
    nested = policy("group press any paper university\ngroup both all court press\nquorum both\n")
    one = cosign.final(signed(told.note(), "paper", "university"), nested)
    assert (one.final, one.fewest, one.needed) == (False, 1, "2 of: court, (1 of: paper, university)")
    assert cosign.final(signed(told.note(), "court", "paper"), nested).final


def test_without_witnesses_nothing_is_final(told: History) -> None:
    """A policy that asks for nobody makes nothing final, cosigned or not, and the words do not hide it."""
    found = cosign.final(signed(told.note(), *NAMES), policy("quorum none\n"))
    assert not found.final
    assert "no witness is asked" in found.words
    assert "nothing can become final" in found.words


def test_a_log_cannot_be_its_own_witness(told: History) -> None:
    """A policy that names the key of a log as a witness, or no log at all, is refused."""
    own = cosign.verifier_key(told.key)
    for text in (f"log {told.key.public}\nwitness me {own}\nquorum me\n", f"witness me {own}\nquorum me\n"):
        with pytest.raises(VerifyError, match=r"^policy: "):
            cosign.final(told.note(), verify.read_policy(text))


def test_what_the_log_did_not_sign_is_never_final(told: History) -> None:
    """Witnesses do not stand in for the log: without its signature nothing is final."""
    thief = LyingLog(told.key.name, b"\x08" * 32)
    note = thief.history(*told.entries).note()
    with pytest.raises(VerifyError, match=r"^checkpoint: "):
        cosign.final(signed(note, *NAMES), policy())


def test_merging_keeps_the_newest_of_each_and_passes_over_the_rest(told: History) -> None:
    """Strangers, damaged lines and older cosignatures are left out; the log's own signature stays first."""
    note, other = told.note(), told.note(4)
    stranger = keys.from_seed("stranger.example/w", b"\x55" * 32)
    lines = [
        cosign.cosignature(note, KEYS["paper"], 7),
        cosign.cosignature(note, KEYS["court"], 9),
        cosign.cosignature(note, KEYS["court"], 8),
        cosign.cosignature(other, KEYS["university"], 8),
        cosign.cosignature(note, stranger, 8),
        "\u2014 court.example/w AAAA\n",
        "no line\n",
        "\n",
    ]
    merged = cosign.merge(note, lines, policy())
    assert merged == note + lines[1] + lines[0]
    assert cosign.merge(merged, [], policy()) == merged
    assert cosign.merge(merged, [cosign.cosignature(note, KEYS["paper"], 70)], policy()).count("paper") == 1


def test_a_false_cosignature_that_was_published_is_cleared_away(told: History) -> None:
    """A line under a witness's name that does not hold spoils the note until the note is merged again."""
    note = told.note() + cosign.cosignature(told.note(4), KEYS["court"], 7)
    with pytest.raises(VerifyError, match=r"^witnesses: "):
        cosign.final(note, policy())
    assert cosign.merge(note, [], policy()) == told.note()


@given(lines=st.lists(st.text(max_size=120).map(lambda text: text + "\n"), max_size=80))
def test_whatever_lines_are_received_the_note_stays_the_note(lines: list[str]) -> None:
    """Merging any text at all changes nothing, because nothing of it holds."""
    note = LyingLog().history(b"one").note()
    assert cosign.merge(note, lines, policy()) == note


def test_an_impossible_time_is_told_as_one() -> None:
    """A time after the year 9999 is shown in words instead of failing."""
    assert cosign.moment(0) == "1970-01-01 00:00:00 UTC"
    assert cosign.moment(2**62) == "at no possible time"
