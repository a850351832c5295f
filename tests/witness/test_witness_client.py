# SPDX-License-Identifier: Apache-2.0
"""A log that asks its witnesses: honest, slow, dead and hostile ones, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from witness_world import PAPER, hostile, said

from sluicegate.errors import LedgerError, Missing, StoreError, VerifyError
from sluicegate.ledger import cosign, keys, verify
from sluicegate.testing.witnesses import NOON, History, LyingLog, Witnesses
from sluicegate.witness import client, publishing
from sluicegate.witness.client import Collected, Outcome
from sluicegate.witness.record import Record
from sluicegate.witness.wire import SIZE_TYPE

NAMES = ["court", "paper", "university"]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    """What the log remembers of its witnesses."""
    kept = Record(tmp_path / "cosignatures.db")
    yield kept
    kept.close()


@pytest.fixture
def public(tmp_path: Path, told: History) -> Path:
    """The public folder, with the first four entries."""
    folder = tmp_path / "public"
    History(told.key, told.entries[:4]).publish(folder)
    return folder


def gather(public: Path, policy: str, record: Record, *, timeout_s: float = 20.0) -> Collected:
    """Ask all that the policy gives an address for."""
    read, urls = verify.read_policy(policy), client.addresses(policy)
    return publishing.gather(public, read, urls, record, clock=lambda: NOON, timeout_s=timeout_s)


def outcomes(found: Collected) -> dict[str, str]:
    """What came of each witness."""
    return {one.witness: one.outcome.value for one in found.asked}


def final(public: Path, policy: str) -> cosign.Finality:
    """Whether what lies in the public folder is final."""
    return cosign.final((public / "checkpoint").read_bytes(), verify.read_policy(policy))


def test_three_witnesses_make_a_checkpoint_final(three: Witnesses, public: Path, record: Record) -> None:
    """All cosign; their lines lie under the published checkpoint and on record, with the time."""
    policy = three.policy(2)
    assert not final(public, policy).final
    found = gather(public, policy, record)
    assert outcomes(found) == dict.fromkeys(NAMES, "signed")
    assert final(public, policy) == found.finality
    assert found.finality.signed == tuple((name, NOON) for name in NAMES)
    assert [one.witness for one in record.over(found.checkpoint)] == NAMES
    assert {one.outcome for one in record.contacts(found.checkpoint.origin).values()} == {"signed"}


@pytest.mark.slow
def test_a_log_that_grew_is_cosigned_from_where_it_was(
    three: Witnesses, public: Path, record: Record, told: History
) -> None:
    """The next checkpoint is proven from the size that each witness knows, even if the record was lost."""
    gather(public, three.policy(2), record)
    told.publish(public)
    assert not final(public, three.policy(2)).final
    assert gather(public, three.policy(2), record).finality.final
    fresh = Record(public.parent / "fresh.db")
    (public / "checkpoint").write_text(told.note(), "utf-8")
    assert gather(public, three.policy(3), fresh).finality.final
    fresh.close()


@pytest.mark.slow
def test_dead_and_unlisted_witnesses_stop_nobody(three: Witnesses, public: Path, record: Record) -> None:
    """One that is down and one without an address are told as such; two of four still make it final."""
    three.each["paper"].stop()
    lines = three.policy(2).replace(three.each["court"].policy_line.strip(), _without_address(three, "court"))
    found = gather(public, lines, record)
    assert outcomes(found) == {"court": "unasked", "paper": "silent", "university": "signed"}
    assert not found.finality.final
    three.each["paper"].start()
    assert gather(public, lines, record).finality.final
    assert outcomes(gather(public, lines, record))["paper"] == "signed"


def _without_address(three: Witnesses, name: str) -> str:
    return " ".join(three.each[name].policy_line.split()[:3])


@pytest.mark.slow
def test_a_witness_that_hangs_or_drips_is_left_behind(three: Witnesses, public: Path, record: Record) -> None:
    """A witness that says nothing, or half of it, costs the deadline once, and nobody else anything."""
    policy = three.policy(2)
    with hostile(hang=True) as dumb, hostile(b"HTTP/1.1 200 OK\r\nContent-Le", hang=True) as half:
        policy = policy.replace(three.each["court"].url, dumb)
        found = gather(public, policy.replace(three.each["paper"].url, half), record, timeout_s=0.8)
    assert outcomes(found) == {"court": "silent", "paper": "silent", "university": "signed"}
    assert record.over(found.checkpoint)[0].witness == "university"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", Outcome.SILENT),
        (b"\x00\xff garbage", Outcome.SILENT),
        (said("200 OK", b""), Outcome.REFUSED),
        (said("200 OK", b"\xff\xfe\x00"), Outcome.REFUSED),
        (said("200 OK", b"\xe2\x80\x94 paper.example/witness AAAA\n"), Outcome.REFUSED),
        (said("200 OK", b"x" * 70_000), Outcome.SILENT),
        (said("302 Found", b""), Outcome.REFUSED),
        (said("404 Not Found", b"<script>"), Outcome.REFUSED),
        (said("409 Conflict", b"0\n", SIZE_TYPE), Outcome.REFUSED),
        (said("409 Conflict", b"many\n", SIZE_TYPE), Outcome.REFUSED),
        (said("409 Conflict", b"4\n"), Outcome.REFUSED),
        (said("409 Conflict", b"4\n", SIZE_TYPE), Outcome.FORKED),
        (said("409 Conflict", b"5\n", SIZE_TYPE), Outcome.AHEAD),
        (said("422 Unprocessable", b""), Outcome.FORKED),
        (said("503 Busy", b""), Outcome.REFUSED),
    ],
    ids=range(15),
)
def test_whatever_a_witness_answers_is_told_in_our_words(
    public: Path, record: Record, told: History, answer: bytes, outcome: Outcome
) -> None:
    """No answer makes the log fail or repeat what it was sent; false cosignatures never get into the note."""
    before = (public / "checkpoint").read_bytes()
    with hostile(answer) as url:
        found = gather(public, one_witness(told, url), record)
    (paper,) = found.asked
    assert paper.outcome is outcome
    assert paper.said.isascii()
    assert "<" not in paper.said
    assert (public / "checkpoint").read_bytes() == before
    assert [one.witness for one in found.alarms] == (["paper"] if outcome in ("forked", "ahead") else [])


def one_witness(told: History, url: str) -> str:
    """A policy of one witness at an address."""
    return f"log {told.key.public}\nwitness paper {cosign.verifier_key(PAPER)} {url}\nquorum paper\n"


def test_a_split_view_raises_an_alarm(three: Witnesses, public: Path, record: Record, told: History) -> None:
    """A log that shows its witnesses another history of the same size hears from each that it saw another."""
    gather(public, three.policy(2), record)
    lie = History(told.key, (b"other", *told.entries[1:4]))
    lie.publish(public)
    found = gather(public, three.policy(2), record)
    assert outcomes(found) == dict.fromkeys(NAMES, "forked")
    assert len(found.alarms) == 3
    assert not final(public, three.policy(2)).final
    assert len(three.each["paper"].state.forks()) == 1


def test_a_log_that_went_back_is_told(three: Witnesses, public: Path, record: Record, told: History) -> None:
    """An installation that was restored from an old backup hears that its witnesses have seen more."""
    told.publish(public)
    gather(public, three.policy(2), record)
    History(told.key, told.entries[:4]).publish(public)
    found = gather(public, three.policy(2), record)
    assert outcomes(found) == dict.fromkeys(NAMES, "ahead")
    assert "has seen 9 entries of this log, more than these 4" in found.asked[0].said


def test_cosignatures_outlive_a_crash_before_they_are_published(
    three: Witnesses, public: Path, record: Record
) -> None:
    """What is on record is put under the checkpoint again without asking anybody."""
    before = (public / "checkpoint").read_bytes()
    gather(public, three.policy(2), record)
    (public / "checkpoint").write_bytes(before)
    for one in three.each.values():
        one.stop()
    found = gather(public, three.policy(2), record)
    assert [one.said for one in found.asked] == ["cosigned earlier"] * 3
    assert final(public, three.policy(2)).final


def test_a_record_that_cannot_be_written_publishes_nothing(
    three: Witnesses, public: Path, record: Record
) -> None:
    """No cosignature is put under the checkpoint that is not on record; a later round gets them all again."""
    before = (public / "checkpoint").read_bytes()
    broken = Record(public.parent / "broken.db")
    broken.close()
    with pytest.raises(StoreError):
        gather(public, three.policy(2), broken)
    assert (public / "checkpoint").read_bytes() == before
    assert gather(public, three.policy(3), record).finality.final


def test_a_checkpoint_that_cannot_be_written_loses_no_cosignature(
    three: Witnesses, public: Path, record: Record
) -> None:
    """When the public folder refuses, the published checkpoint stays whole, and the record has all of it."""
    before = (public / "checkpoint").read_bytes()
    in_the_way = public / ".checkpoint.cosigned"
    in_the_way.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        gather(public, three.policy(2), record)
    assert (public / "checkpoint").read_bytes() == before
    in_the_way.rmdir()
    assert [one.said for one in gather(public, three.policy(2), record).asked] == ["cosigned earlier"] * 3


def test_a_checkpoint_that_was_published_meanwhile_is_not_overwritten(
    three: Witnesses, public: Path, record: Record, told: History
) -> None:
    """Cosignatures over an older checkpoint stay on record and do not touch the newer one."""
    found = gather(public, three.policy(2), record)
    told.publish(public)
    policy = verify.read_policy(three.policy(2))
    assert not publishing.put_under(public, found.note, policy)
    assert (public / "checkpoint").read_text("utf-8") == told.note()


def test_cosignatures_of_two_rounds_add_up(three: Witnesses, public: Path, record: Record) -> None:
    """Putting fewer cosignatures under a checkpoint takes none away that lie there already."""
    bare = (public / "checkpoint").read_text("utf-8")
    whole = gather(public, three.policy(2), record).note
    assert publishing.put_under(public, bare, verify.read_policy(three.policy(2)))
    assert (public / "checkpoint").read_text("utf-8") == whole


def test_nobody_is_asked_about_what_the_log_did_not_sign(
    three: Witnesses, public: Path, record: Record
) -> None:
    """A published checkpoint by another key than the policy's log, or none, ends it before any question."""
    thief = LyingLog(three.each["paper"].state.logs()[0].origin, b"\x08" * 32).history(b"x")
    thief.publish(public)
    with pytest.raises(VerifyError, match="not signed by a log of the policy"):
        gather(public, three.policy(2), record)
    (public / "checkpoint").unlink()
    with pytest.raises(Missing):
        gather(public, three.policy(2), record)


def test_tiles_that_do_not_lead_to_the_checkpoint_end_it(
    three: Witnesses, public: Path, record: Record, told: History
) -> None:
    """A log that cannot show what it signed asks nobody."""
    (public / "checkpoint").write_text(told.note(), "utf-8")
    with pytest.raises(LedgerError, match="missing"):
        gather(public, three.policy(2), record)


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "javascript:alert(1)", "http://x/?q", "http://[", "file:///etc"]
)
def test_an_address_that_cannot_be_asked_is_refused(told: History, url: str) -> None:
    """A policy whose addresses are not http or https is refused before anybody is asked."""
    with pytest.raises(VerifyError, match=r"^policy: "):
        client.addresses(one_witness(told, url))


def test_the_deadline_is_for_all_together(told: History, record: Record) -> None:
    """With three witnesses that hang the log waits once, and what they never said is told."""
    keys_ = {name: keys.from_seed(f"{name}.example/w", name[:1].encode() * 32) for name in NAMES}
    with hostile(hang=True) as url:
        lines = [f"witness {name} {cosign.verifier_key(key)} {url}\n" for name, key in keys_.items()]
        policy = "".join([f"log {told.key.public}\n", *lines, "quorum court\n"])
        found = client.collect(
            told.note(),
            verify.read_policy(policy),
            client.addresses(policy),
            told.prove,
            record,
            clock=lambda: NOON,
            timeout_s=0.1,
        )
    assert outcomes(found) == dict.fromkeys(NAMES, "silent")
    assert {one.said for one in found.asked} == {"no answer within 0.1 seconds"}
    assert found.note == told.note()
