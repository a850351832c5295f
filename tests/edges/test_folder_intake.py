# SPDX-License-Identifier: Apache-2.0
"""The door as a folder."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from edges_world import NOW, World

from sluicegate.intake.door import Accepted, Door
from sluicegate.intake.folder import FolderIntake
from sluicegate.testing.agency import AgencySimulator

Booker = Callable[..., bytes]


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    """The watched folder."""
    (tmp_path / "incoming").mkdir()
    (tmp_path / "refused").mkdir()
    return tmp_path / "incoming"


@pytest.fixture
def watch(world: World, incoming: Path) -> FolderIntake:
    """The watch, not started: tests look by themselves."""
    return FolderIntake(world.door, incoming, incoming.parent / "refused")


def test_a_dropped_booking_is_taken_and_deleted(
    world: World, watch: FolderIntake, incoming: Path, agency: AgencySimulator, book: Booker
) -> None:
    """A file that lies still is stored as it was, and only then deleted."""
    agency.drop(incoming, "card.an2", book())
    assert [watch.scan_once(), watch.scan_once()] == [0, 1]
    assert world.stored() == [book()]
    assert os.listdir(incoming) == []


def test_a_growing_file_is_left_alone(
    world: World, watch: FolderIntake, incoming: Path, book: Booker
) -> None:
    """A file that is still being written is not taken before it has stopped growing."""
    with (incoming / "card.an2").open("wb") as file:
        for start in range(0, len(book()), 400):
            file.write(book()[start : start + 400])
            file.flush()
            assert watch.scan_once() == 0
    assert watch.scan_once() == 1
    assert world.stored() == [book()]


def test_a_refused_file_is_moved_with_the_reason_beside_it(
    world: World, watch: FolderIntake, incoming: Path
) -> None:
    """What cannot be taken is kept for the sender, with a sentence; its namesakes too."""
    refused = incoming.parent / "refused"
    for content in (b"%PDF-1.7", b"%PDF-1.8"):
        (incoming / "card.an2").write_bytes(content)
        assert [watch.scan_once(), watch.scan_once()] == [0, 0]
    kept = sorted(p for p in refused.iterdir() if not p.name.endswith(".why.txt"))
    assert [p.read_bytes() for p in kept] == [b"%PDF-1.7", b"%PDF-1.8"]
    assert "not an ANSI/NIST transaction" in (refused / "card.an2.why.txt").read_text()
    assert len(list(refused.iterdir())) == 4
    assert os.listdir(incoming) == []
    assert world.kinds() == []


def test_an_oversize_file_is_refused_without_reading_it_whole(watch: FolderIntake, incoming: Path) -> None:
    """A file far over the limit is moved aside with the reason."""
    with (incoming / "huge").open("wb") as file:
        file.truncate(10**11)
    watch.scan_once()
    watch.scan_once()
    assert "larger than 1000000 bytes" in (incoming.parent / "refused" / "huge.why.txt").read_text()


def test_what_is_no_finished_file_is_left_alone(
    world: World, watch: FolderIntake, incoming: Path, book: Booker, tmp_path: Path
) -> None:
    """Links, pipes, folders, hidden files and unfinished files stay where they are."""
    (tmp_path / "elsewhere").write_bytes(book())
    (incoming / "link").symlink_to(tmp_path / "elsewhere")
    (incoming / "folder").mkdir()
    os.mkfifo(incoming / "pipe")
    (incoming / ".hidden").write_bytes(book())
    (incoming / "card.part").write_bytes(book())
    assert [watch.scan_once(), watch.scan_once(), watch.scan_once()] == [0, 0, 0]
    assert sorted(os.listdir(incoming)) == [".hidden", "card.part", "folder", "link", "pipe"]
    assert world.kinds() == []


def test_a_full_disk_leaves_the_file_in_place(
    world: World, watch: FolderIntake, incoming: Path, book: Booker, tmp_path: Path
) -> None:
    """When the spool cannot be written the file stays, and it is taken once the spool is back."""
    (incoming / "card.an2").write_bytes(book())
    shutil.rmtree(tmp_path / "spool")
    assert [watch.scan_once(), watch.scan_once()] == [0, 0]
    assert os.listdir(incoming) == ["card.an2"]
    (tmp_path / "spool").mkdir()
    assert watch.scan_once() == 1
    assert world.stored() == [book()]


def test_a_crash_before_the_deletion_opens_no_second_case(
    world: World, watch: FolderIntake, incoming: Path, book: Booker
) -> None:
    """A file that was taken but not yet deleted is absorbed and deleted at the next start."""
    world.door.accept(book(), "folder")
    (incoming / "card.an2").write_bytes(book())
    watch.scan_once()
    watch.scan_once()
    assert world.kinds() == ["received", "duplicate"]
    assert os.listdir(incoming) == []


def test_a_file_replaced_meanwhile_is_not_deleted(world: World, incoming: Path, book: Booker) -> None:
    """A file that takes the name of the one being taken in is another file, and is taken in its turn."""

    class SlowDoor(Door):
        def accept(self, data: bytes, channel: str) -> Accepted:
            accepted = super().accept(data, channel)
            if len(world.store.rows("all_entries")) == 1:
                AgencySimulator().drop(incoming, "card.an2", book(2))
            return accepted

    watch = FolderIntake(SlowDoor(world.store, world.spool, lambda: NOW, 10**6), incoming, incoming)
    (incoming / "card.an2").write_bytes(book(1))
    watch.scan_once()
    watch.scan_once()
    assert os.listdir(incoming) == ["card.an2"]
    watch.scan_once()
    watch.scan_once()
    assert sorted(world.stored()) == sorted([book(1), book(2)])


def test_the_watch_takes_in_by_itself(world: World, incoming: Path, book: Booker) -> None:
    """Once started the watch takes files in, and one bad file does not stop it."""
    taken = threading.Event()

    class TellingDoor(Door):
        def accept(self, data: bytes, channel: str) -> Accepted:
            if data == b"crash":
                raise KeyError
            accepted = super().accept(data, channel)
            taken.set()
            return accepted

    door = TellingDoor(world.store, world.spool, lambda: NOW, 10**6)
    watch = FolderIntake(door, incoming, incoming.parent / "refused", pause_s=0.01)
    (incoming / "a-bad").write_bytes(b"crash")
    watch.start()
    AgencySimulator().drop(incoming, "b-card.an2", book())
    assert taken.wait(30)
    watch.close()
    assert world.stored() == [book()]
    assert os.listdir(incoming) == ["a-bad"]
