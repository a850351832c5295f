# SPDX-License-Identifier: Apache-2.0
"""A power cut at every commit of a booking's life, lost or landed, and what stands afterwards.

Each booking of a world has one power cut, at the next commit than the booking before it; then the
installation starts from its disk and goes on. What the booking left behind must be what an undisturbed one
leaves, as facts, messages, mail and kept prints.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from scenes import SCENES, Town, rows, scratch
from sluicegate.errors import StoreError
from sluicegate.exchange.case import State
from sluicegate.facts import FactKind
from sluicegate.store.blobs import BlobStore
from sluicegate.store.journal import FLEETING
from sluicegate.testing.world import CrashError

Life = Callable[[Town], str]
_OURS = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_CHANGES = {
    "digest",
    "element",
    "template",
    "decision_seq",
    "sequence",
    "galleries",
    "received",
    "tcn",
    "size",
    "explanation",
}
"""What differs between two bookings of one kind: names, counters, moments and what is derived from them."""


def full_match(town: Town) -> str:
    """Full participation, the partner knows the person, two recipients."""
    town.enrol(town.exchange.gallery, 5000, "P00005000")
    return live(town, town.draft("full", 5000, sco=("CA0430800",), ret=False))


def full_silent(town: Town) -> str:
    """Full participation, the partner knows nobody."""
    return live(town, town.draft("full", 5000 + town.taken))


def muted(town: Town) -> str:
    """The agency opted out of the answer, and there is one."""
    town.enrol(town.exchange.gallery, 5000, "P00005000")
    return live(town, town.draft("no-answer", 5000, ret=False))


def withheld(town: Town) -> str:
    """The jurisdiction is filtered out."""
    return live(town, town.draft("filter", 5000 + town.taken))


def refused(town: Town) -> str:
    """HGT (2.027) is no height."""
    return live(town, town.draft("full", 5000 + town.taken).replace(b"2.027:508", b"2.027:XYZ"))


def examined(town: Town) -> str:
    """Two subjects fit, and an examiner says that the first is the same."""
    for letter in "GH":
        town.enrol(town.exchange.open, 5000, f"{letter}00005000")
    return live(town, town.draft("full", 5000, ret=False))


LIVES: dict[str, Life] = {
    life.__name__: life for life in (full_match, full_silent, muted, withheld, refused, examined)
}


def live(town: Town, data: bytes) -> str:
    """A booking from the door to the end, through every power cut: whoever was not heard tries again."""
    while True:
        try:
            case_id = town.submit(data)
            town.settle()
            for case in town.exchange.bureau.store.cases_in([State.AWAITING]):
                town.exchange.bureau.examine(case.case_id, same=True, by="examiner 3")
            town.finish()
        except CrashError:
            town.faults.plan(-1, landed=False)
            town.reopen()
            continue
        return case_id


def said(value: object) -> object:
    """A ledger body without what differs between two bookings of one kind."""
    if isinstance(value, dict):
        return {key: said(one) for key, one in value.items() if key not in _CHANGES}
    return _OURS.sub("ID", value) if isinstance(value, str) else value


def trace(town: Town, case_id: str) -> dict[str, object]:
    """What a booking left behind, without names, counters and moments."""
    bureau, partner, state = (town.exchange.offices[role].store for role in ("bureau", "partner", "state"))
    of_copy = [str(r["case_id"]) for r in rows(partner, "story") if case_id in str(r["dossier"])]
    of_second = [str(r["case_id"]) for r in rows(state, "story") if case_id in str(r["dossier"])]
    ids = {case_id, *of_copy, *of_second}
    facts: Counter[str] = Counter()
    messages: Counter[tuple[str, str, str]] = Counter()
    for role, store in (("bureau", bureau), ("partner", partner), ("state", state)):
        for row in rows(store, "entry"):
            # A repeat that the door absorbs is the sender's doing, not a loss.
            if row["case_id"] in ids and row["kind"] != "duplicate":
                facts[
                    f"{role} {row['kind']} {json.dumps(said(json.loads(str(row['body']))), sort_keys=True)}"
                ] += 1
        for row in rows(store, "message"):
            if row["case_id"] in ids:
                messages[role, str(row["kind"]), str(row["state"])] += 1
    mail = Counter(
        (recipient, kind)
        for recipient, letters in town.mail.items()
        for kind, message_id, _ in letters
        if message_id.partition(".")[0] in ids
    )
    stages = [(str(r["stage"]), str(r["after"])) for r in rows(bureau, "journal") if r["case_id"] == case_id]
    return {
        "facts": facts,
        "messages": messages,
        "mail": mail,
        "stages": stages,
        "copies": len(of_copy),
        "seconds": len(of_second),
        "kept": {name: case_id in origins(town, name) for name in ("open", "filtered", "gallery")},
    }


def origins(town: Town, name: str) -> set[str]:
    """Cases that a repository keeps prints of."""
    repository = getattr(town.exchange, name)
    with repository._engine.connect() as connection:
        return {row[0] for row in connection.exec_driver_sql("SELECT origin FROM reference")}


def assert_whole(town: Town) -> None:
    """No channel has a gap, every log adds up, and no bytes lie about that nothing names."""
    for office in town.exchange.offices.values():
        counted: dict[str, list[int]] = {}
        for message in office.store.messages():
            counted.setdefault(message.channel, []).append(message.sequence)
        assert all(found == list(range(1, len(found) + 1)) for found in counted.values())
        office.store.log.check()
    town.exchange.sweep_orphans()
    for office in town.exchange.offices.values():
        assert office.spool.digests() == set()
        kept = {m.digest for m in office.store.messages() if m.kind not in FLEETING}
        assert office.store.outgoing.digests() == kept


@pytest.fixture
def towns() -> Iterator[Callable[[], Town]]:
    """Makes fresh worlds."""
    made: list[Town] = []
    with scratch() as folder:

        def make() -> Town:
            made.append(Town(folder / f"home{len(made)}"))
            return made[-1]

        yield make
        for one in made:
            one.close()


@pytest.mark.slow
@pytest.mark.parametrize("landed", [False, True], ids=["lost", "landed"])
@pytest.mark.parametrize("name", LIVES)
def test_a_power_cut_at_any_commit_loses_nothing_and_repeats_nothing(
    towns: Callable[[], Town], name: str, landed: bool
) -> None:
    """Cut the power at any commit of a booking's life: in the end nothing is lost and nothing said twice."""
    town, life = towns(), LIVES[name]
    town.faults.plan(-1, landed=False)
    undisturbed = trace(town, life(town))
    commits = town.faults.count
    assert commits >= 3
    for number in range(commits):
        town.faults.plan(number, landed=landed)
        case_id = life(town)
        assert town.faults.at == -1, f"commit {number} was never reached"
        assert trace(town, case_id) == undisturbed, f"commit {number} of {commits}"
        answers = Counter(
            kind for letters in town.mail.values() for kind, m, _ in letters if m.startswith(case_id)
        )
        assert answers["SRE"] + answers["ERRT"] == 1
    assert_whole(town)


class BrokenDisk:
    """Makes one `put` of one blob store fail, before or after the bytes are safe."""

    def __init__(self, store: BlobStore, at: int, *, after: bool) -> None:
        self.puts = 0
        self._at, self._after, self._put = at, after, store.put
        store.put = self.put  # type: ignore[method-assign]

    def put(self, data: bytes) -> str:
        number, self.puts = self.puts, self.puts + 1
        if number == self._at and not self._after:
            raise StoreError("The bytes could not be stored: no space left on device.")
        digest = self._put(data)
        if number == self._at:
            raise CrashError
        return digest


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["refused", "cut-after"])
@pytest.mark.parametrize("place", ["bureau spool", "bureau outgoing", "partner spool", "state outgoing"])
def test_a_disk_that_fails_at_any_write_of_bytes_loses_nothing_and_repeats_nothing(
    towns: Callable[[], Town], place: str, after: bool
) -> None:
    """Let any write of bytes fail, or the power go right after it: in the end nothing is lost or repeated."""
    town = towns()
    undisturbed = trace(town, full_match(town))
    role, which = place.split()
    for number in range(8):
        office = town.exchange.offices[role]
        disk = BrokenDisk(office.spool if which == "spool" else office.store.outgoing, number, after=after)
        data = town.draft("full", 5000, sco=("CA0430800",), ret=False)
        with suppress(CrashError, StoreError):
            town.submit(data)
            town.settle()
            town.finish()
        reached = disk.puts > number
        town.reopen()
        assert trace(town, live(town, data)) == undisturbed, f"write {number}"
        if not reached:
            break
    else:
        pytest.fail("a booking writes fewer blobs than this")
    assert number >= 1
    assert_whole(town)


def test_bytes_refused_by_the_disk_were_never_taken(tmp_path: Path) -> None:
    """Where the disk refuses at the door, the sender hears it, no case exists and no entry speaks of it."""
    with scratch() as folder:
        town = Town(folder / "home")
        BrokenDisk(town.exchange.offices["bureau"].spool, 0, after=False)
        with pytest.raises(StoreError):
            town.book("full", 1)
        assert rows(town.exchange.bureau.store, "story") == []
        told = {entry["kind"] for entry in rows(town.exchange.bureau.store, "entry")}
        assert told == {FactKind.REGISTERED}  # of the rules, when the home was made
        town.close()


def test_every_scene_of_the_crash_test_is_one_of_the_table() -> None:
    """The lives that are cut cover an open, a muted and a withheld booking."""
    assert {SCENES[name].mode for name in ("full", "no-answer", "filter")} == {
        "FULL",
        "RESPONSE_OPT_OUT",
        "JURISDICTION_FILTER",
    }
