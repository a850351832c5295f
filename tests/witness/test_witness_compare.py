# SPDX-License-Identifier: Apache-2.0
"""Two checkpoints of one log: what they prove of each other, and evidence that stands alone."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import checkpoint, cosign, keys, verify
from sluicegate.ledger.tiles import Tiled
from sluicegate.testing.witnesses import History, LyingLog
from sluicegate.witness import compare, words
from sluicegate.witness.compare import Verdict

LOG = LyingLog()
KEY = LOG.key.public
TOLD = LOG.history(*(b"entry %d" % number for number in range(9)))
OTHER = LOG.history(b"other", *TOLD.entries[1:])


@pytest.mark.parametrize(
    ("one", "other", "tiles", "verdict"),
    [
        (TOLD.note(), TOLD.note(), None, Verdict.SAME),
        (TOLD.note(4), TOLD.note(), TOLD, Verdict.GROWN),
        (TOLD.note(), TOLD.note(8), TOLD, Verdict.GROWN),
        (TOLD.note(0), OTHER.note(), None, Verdict.GROWN),
        (TOLD.note(4), TOLD.note(), None, Verdict.UNPROVEN),
        (TOLD.note(), OTHER.note(), None, Verdict.SPLIT),
        (TOLD.note(4), OTHER.note(), None, Verdict.UNPROVEN),
        (TOLD.note(4), OTHER.note(), OTHER, Verdict.SPLIT),
        (TOLD.note(4), OTHER.note(), TOLD, Verdict.UNFOUNDED),
    ],
    ids=range(9),
)
def test_the_verdict_is_what_the_files_prove(
    one: str, other: str, tiles: History | None, verdict: Verdict
) -> None:
    """Equal, grown, split, or not shown: each is told apart, in whatever order the files are named."""
    opened = tiles.open if tiles else None
    for pair in ((one, other), (other, one)):
        found = compare.compare(*pair, KEY, opened)
        assert found.verdict is verdict
        assert found.first.size <= found.second.size


def test_an_empty_log_has_one_root() -> None:
    """A signed checkpoint of no entries with another root than that of nothing is a split view of its own."""
    odd = checkpoint.sign(KEY.name, 0, b"\x01" * 32, LOG.key)
    found = compare.compare(odd, TOLD.note(), KEY)
    assert found.verdict is Verdict.SPLIT
    assert compare.read_evidence(compare.evidence(found).encode()) == found


def test_what_another_key_signed_proves_nothing() -> None:
    """A checkpoint under the log's name by a stranger's key is refused before anything is compared."""
    thief = LyingLog(KEY.name, b"\x08" * 32).history(*TOLD.entries)
    with pytest.raises(VerifyError, match="not signed by the given key"):
        compare.compare(TOLD.note(), thief.note(), KEY)


SPLITS = (
    compare.compare(TOLD.note(), OTHER.note(), KEY),
    compare.compare(TOLD.note(4), OTHER.note(), KEY, OTHER.open),
    compare.compare(TOLD.note(7), OTHER.note(8), KEY, OTHER.open),
)


@pytest.mark.parametrize("found", SPLITS, ids=range(3))
def test_evidence_stands_alone(found: compare.Comparison) -> None:
    """The file alone, without tiles and without network, proves the split view again."""
    text = compare.evidence(found)
    assert compare.is_evidence(text.encode())
    assert compare.read_evidence(text.encode()) == found


@pytest.mark.slow
@pytest.mark.parametrize("found", SPLITS[:2], ids=range(2))
def test_any_byte_of_evidence_that_matters_is_held_to(found: compare.Comparison) -> None:
    """A change anywhere makes it refused, or leaves exactly the same proof: none turns into another claim."""
    good = compare.evidence(found).encode()

    @given(at=st.integers(0, len(good) - 1), flip=st.integers(1, 255))
    @settings(max_examples=200, deadline=None)
    def changed(at: int, flip: int) -> None:
        data = good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :]
        try:
            read = compare.read_evidence(data)
        except VerifyError:
            return
        assert (read.key, read.first, read.second) == (found.key, found.first, found.second)

    changed()


@given(data=st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: compare.HEADER.encode() + tail))
def test_any_other_bytes_are_no_evidence(data: bytes) -> None:
    """Whatever is not evidence is refused in our own words."""
    with pytest.raises(VerifyError, match=r"^evidence: "):
        compare.read_evidence(data)


def test_an_honest_log_cannot_be_accused() -> None:
    """From two consistent checkpoints no evidence can be made, not even by hand, with any proof at hand."""
    honest = compare.compare(TOLD.note(4), TOLD.note(), KEY, TOLD.open)
    with pytest.raises(VerifyError, match="they prove no split view"):
        compare.evidence(honest)
    with pytest.raises(VerifyError):
        compare.evidence(compare.compare(TOLD.note(), TOLD.note(), KEY))
    forged = dataclasses.replace(honest, beginning=OTHER.open(OTHER_AT).root_at(4), path=honest.path)
    with pytest.raises(VerifyError, match=r"^consistency: "):
        compare.evidence(forged)


OTHER_AT = checkpoint.parse(OTHER.note())


@pytest.mark.slow
@given(size=st.integers(1, 40), more=st.integers(0, 40), data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_rewriting_is_found_and_proven(size: int, more: int, data: st.DataObject) -> None:
    """Whichever entry is rewritten, at whatever sizes, the tiles show it, and the evidence holds alone."""
    entries = [b"entry %d" % number for number in range(size + more)]
    at = data.draw(st.integers(0, size - 1))
    mine = LOG.history(*entries[:size])
    theirs = LOG.history(*entries[:at], b"rewritten", *entries[at + 1 :])
    found = compare.compare(mine.note(), theirs.note(), KEY, theirs.open)
    assert found.verdict is Verdict.SPLIT
    assert compare.read_evidence(compare.evidence(found).encode()) == found
    grown = LOG.history(*entries)
    assert compare.compare(mine.note(), grown.note(), KEY, grown.open).verdict in (
        Verdict.GROWN,
        Verdict.SAME,
    )


def test_the_report_names_the_witness_that_signed_both() -> None:
    """A witness that cosigned two histories is named, and who it is that nobody verified is told as such."""
    paper = keys.from_seed("paper.example/w", b"\x33" * 32)
    text = f"log {KEY}\nwitness paper {cosign.verifier_key(paper)}\nquorum paper\n"
    notes = [one.note() + cosign.cosignature(one.note(), paper, 9) for one in (TOLD, OTHER)]
    found = compare.compare(*notes, KEY)
    policy = verify.read_policy(text)
    assert any("Cosigned on both sides by paper" in line for line in words.explanation(found, policy))
    assert not any("Cosigned" in line for line in words.explanation(found))
    assert words.cosigners(found.first_note, None).words == "1 not verified"
    assert words.cosigners(found.first_note, policy).words == "paper, 1970-01-01 00:00:09 UTC"
    moved = TOLD.note(4) + notes[0].rsplit("\n", 2)[1] + "\n"
    assert words.cosigners(moved, policy).words == "1 not verified; one that does not hold"


def test_the_words_say_what_is_not_shown() -> None:
    """Every verdict has its words; those of a split view say what it does not prove, and accuse nobody."""
    told = " ".join(words.explanation(SPLITS[0]))
    assert "does not show which of the two is true" in told
    unproven = compare.compare(TOLD.note(4), TOLD.note(), KEY)
    assert "cannot be told" in " ".join(words.explanation(unproven))
    missing = compare.compare(TOLD.note(4), TOLD.note(), KEY, _nothing)
    assert missing.verdict is Verdict.UNFOUNDED
    assert "no such folder" in " ".join(words.explanation(missing))
    assert set(words.HEADLINE) == set(Verdict)


def _nothing(_shown: object) -> Tiled:
    raise LedgerError("there is no such folder")
