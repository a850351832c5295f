# SPDX-License-Identifier: Apache-2.0
"""Galleries in files: what survives, what is gone, who may write, what readers see, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_people import finger, print_of, second, template
from gallery_kinds import P
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sluicegate.errors import Conflict, Missing, SluicegateError, StoreError, UsageError
from sluicegate.ridge import gallery_disk, gallery_log, segment_file
from sluicegate.ridge.fast import FastEngine
from sluicegate.ridge.forms import form_of, record_of
from sluicegate.ridge.gallery_file import FileGallery
from sluicegate.ridge.gallery_packed import PackedGallery
from sluicegate.ridge.segment import joined, packed
from sluicegate.ridge.template import Template, decode, encode

ENGINE = FastEngine(P)


def print_one(number: int) -> Template:
    """One finger of a person."""
    return template(finger(2, print_of(number, 2)))


PRINTS = {number: print_one(number) for number in range(12)}
SPARSE = {n: template(finger(2, print_of(n, 2)[:30])) for n in range(12)}
"""Prints of few minutiae, for tests that write hundreds of times."""


class PowerCutError(Exception):
    """The power went."""


class Cut:
    """Cuts the power at a chosen write to the disk: before it, in the middle of it, or after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at, self.how, self.count = -1, "lost", 0
        for name in ("pwrite", "fsync", "open", "ftruncate"):
            write = (lambda _: None) if name == "fsync" else getattr(gallery_disk.os, name)
            monkeypatch.setattr(gallery_disk.os, name, self._through(write, name))
        for name in ("rename", "unlink"):
            monkeypatch.setattr(Path, name, self._through(getattr(Path, name), name))

    def plan(self, at: int, how: str) -> None:
        """Cut at write number `at` counted from now; none where it is negative."""
        self.at, self.how, self.count = at, how, 0

    def _through(self, write: Callable[..., Any], name: str) -> Callable[..., Any]:
        def through(*given: Any, **named: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if number == self.at and self.how == "lost":
                raise PowerCutError
            if number == self.at and self.how == "torn" and name == "pwrite":
                handle, data, at = given
                write(handle, data[: len(data) // 2], at)
                raise PowerCutError
            done = write(*given, **named)
            if number == self.at:
                raise PowerCutError
            return done

        return through


def everything(folder: Path) -> bytes:
    """All bytes of all files of a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def holds(folder: Path, subject: str, one: Template) -> list[str]:
    """Which of a subject's bytes can be found anywhere in a folder."""
    data = everything(folder)
    whole = packed(subject, [one], P, cold=True)
    row = whole.rows[1].tobytes()
    pieces = {
        "name": subject.encode(),
        "template": encode(one)[40:120],
        "record": record_of(decode(encode(one)).fingers[0], P)[40:100],
        "row": row[: len(row) // 8],
        "mark": whole.marks.tobytes(),
    }
    return [what for what, piece in pieces.items() if piece in data]


def state(gallery: PackedGallery) -> dict[str, tuple[bytes, ...]]:
    """Who is enrolled, with which templates."""
    snapshot = gallery.snapshot()
    return {name: tuple(encode(t) for t in snapshot.references(name)) for name in snapshot.subjects()}


def story(gallery: FileGallery, step: int, prints: dict[int, Template] = SPARSE) -> None:
    """One of a few writes that use every way of writing."""
    if step == 0:
        for _ in gallery.add_many([(f"bulk-{n}", [prints[n]]) for n in range(4)], at_once=3):
            pass
    elif step == 1:
        gallery.enrol("single", prints[5])
    elif step == 2:
        gallery.enrol("bulk-1", prints[6])
    elif step == 3:
        gallery.replace("single", [prints[7], prints[8]])
    elif step == 4:
        gallery.expunge("bulk-2")
    elif step == 5:
        gallery.expunge("single")
    elif step == 6:
        gallery.enrol("last", prints[9])
    else:
        gallery.compact()


STEPS = 8


def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    """A gallery opened again has the version, the subjects and the templates that it had, however written."""
    memory = PackedGallery(P)
    with_files = FileGallery(tmp_path / "g", P, write=True)
    for number in range(4):
        memory.enrol(f"bulk-{number}", SPARSE[number])
    story(with_files, 0)
    memory.enrol("single", SPARSE[5])
    memory.enrol("bulk-1", SPARSE[6])
    memory.replace("single", [SPARSE[7], SPARSE[8]])
    memory.expunge("bulk-2")
    for step in range(1, 5):
        story(with_files, step)
    with_files.close()
    for write in (False, True):
        again = FileGallery(tmp_path / "g", P, write=write)
        assert again.version == memory.version
        assert state(again) == state(memory)
        assert again.extractor == memory.extractor
        again.close()


def test_compaction_changes_nothing_but_the_files(tmp_path: Path) -> None:
    """After compaction version, subjects and answers are the same, and room is given back."""
    gallery = FileGallery(tmp_path / "g", P, write=True)
    for step in range(5):
        story(gallery, step)
    before = state(gallery), gallery.version, gallery.size()
    probe = template(finger(2, second(print_of(7, 2), 3)))
    found = ENGINE.identify(probe, [gallery])
    gallery.compact()
    after = gallery.size()
    assert (state(gallery), gallery.version) == before[:2]
    assert (after.subjects, after.images) == (before[2].subjects, before[2].images)
    assert after.logged == 0
    assert after.bytes < before[2].bytes
    again = ENGINE.identify(probe, [gallery])
    assert [(c.subject, c.similarity) for c in again.candidates] == [
        (c.subject, c.similarity) for c in found.candidates
    ]
    gallery.enrol("after", PRINTS[10])
    gallery.close()
    assert "after" in state(FileGallery(tmp_path / "g", P))


@pytest.mark.parametrize("where", ["segment", "log", "compacted", "second template"])
def test_an_expunged_subjects_bytes_are_nowhere_in_the_folder(tmp_path: Path, where: str) -> None:
    """Name, template, compare record, row and mark of an expunged subject are in no file, at once."""
    folder = tmp_path / "g"
    gallery = FileGallery(folder, P, write=True)
    name = "SUBJECT-4711"
    if where == "segment":
        list(gallery.add_many([("a", [PRINTS[1]]), (name, [PRINTS[2]]), ("b", [PRINTS[3]])]))
    else:
        for one, number in (("a", 1), (name, 2), ("b", 3)):
            gallery.enrol(one, PRINTS[number])
    if where == "compacted":
        gallery.compact()
    if where == "second template":
        gallery.enrol(name, PRINTS[4])
    assert holds(folder, name, PRINTS[2])[:4] == ["name", "template", "record", "row"]
    gallery.expunge(name)
    assert holds(folder, name, PRINTS[2]) == []
    assert set(state(gallery)) == {"a", "b"}
    assert sum(gallery.verify()) >= 0
    gallery.close()
    assert set(state(FileGallery(folder, P))) == {"a", "b"}


def test_replaced_templates_are_gone_from_the_files_too(tmp_path: Path) -> None:
    """What was replaced is overwritten as what is expunged."""
    gallery = FileGallery(tmp_path / "g", P, write=True)
    list(gallery.add_many([("somebody-77", [PRINTS[1]])]))
    gallery.replace("somebody-77", [PRINTS[2]])
    gallery.replace("somebody-77", [PRINTS[3]])
    for number in (1, 2):
        assert holds(tmp_path / "g", "nobody-at-all", PRINTS[number]) == []
    assert holds(tmp_path / "g", "somebody-77", PRINTS[3])[:4] == ["name", "template", "record", "row"]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["lost", "torn", "landed"])
def test_a_power_cut_at_any_write_loses_nothing_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Cut at every write of every kind of change: opened again, the gallery is as before the change or as
    after it, whoever was expunged by then is in no file, and going on ends as if nothing had happened."""
    cut = Cut(monkeypatch)
    folder, cuts = tmp_path / "g", 0
    gallery = FileGallery(folder, P, write=True)
    for step in range(STEPS):
        kept = tmp_path / f"kept-{step}"
        gallery.close()
        shutil.copytree(folder, kept)
        after = _after(kept, tmp_path / "scratch", step)
        at = 0
        while True:
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)
            gallery = FileGallery(folder, P, write=True)
            before = state(gallery)
            cut.plan(at, how)
            try:
                story(gallery, step)
                finished = True
            except PowerCutError:
                finished = False
            cut.plan(-1, how)
            gallery.close()
            if finished:
                break
            cuts += 1
            gallery = FileGallery(folder, P, write=True)
            now = state(gallery)
            _holds_only(folder, now)
            if step == 0 and len(now) == 3:  # the first of two segments had landed: each is a write
                list(gallery.add_many([("bulk-3", [SPARSE[3]])]))
            elif now == before:
                story(gallery, step)
            reopened = state(gallery)
            gallery.close()
            assert reopened == after
            at += 1
        gallery = FileGallery(folder, P, write=True)
        assert gallery.version
    assert cuts > 60


def _holds_only(folder: Path, now: dict[str, tuple[bytes, ...]]) -> None:
    """Nobody is in the files who is not enrolled, and everybody's checksums hold."""
    data = everything(folder)
    kept = {one for templates in now.values() for one in templates}
    for one in SPARSE.values():
        assert (encode(one)[40:120] in data) == (encode(one) in kept)
    for _ in FileGallery(folder, P).verify():
        pass


def _after(kept: Path, scratch: Path, step: int) -> dict[str, tuple[bytes, ...]]:
    """What a step makes of a folder when nothing is cut."""
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(kept, scratch)
    gallery = FileGallery(scratch, P, write=True)
    story(gallery, step)
    gallery.close()
    return state(gallery)


def test_a_full_disk_is_told_and_nothing_is_half_enrolled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk refuses, the write is refused with advice, and the next one that it takes is whole."""
    gallery = FileGallery(tmp_path / "g", P, write=True)
    gallery.enrol("a", PRINTS[1])
    before = gallery.version, state(gallery)
    real = gallery_disk.os.pwrite

    def full(handle: int, data: bytes, at: int) -> int:
        real(handle, data[:100], at)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(gallery_disk.os, "pwrite", full)
        with pytest.raises(StoreError) as refused:
            gallery.enrol("b", PRINTS[2])
    assert "No space left" in refused.value.message
    assert refused.value.advice
    assert (gallery.version, state(gallery)) == before
    gallery.enrol("c", PRINTS[3])
    gallery.close()
    assert set(state(FileGallery(tmp_path / "g", P))) == {"a", "c"}


def test_one_writes_and_others_follow(tmp_path: Path) -> None:
    """A second writer is refused; a reader cannot write, and sees each change once it looks again."""
    writer = FileGallery(tmp_path / "g", P, write=True)
    with pytest.raises(Conflict):
        FileGallery(tmp_path / "g", P, write=True)
    reader = FileGallery(tmp_path / "g", P)
    for refused in (lambda: reader.enrol("x", PRINTS[1]), lambda: list(reader.add_many([])), reader.compact):
        with pytest.raises(UsageError):
            refused()
    for step in range(STEPS):
        story(writer, step)
        assert reader.refresh()
        assert not reader.refresh()
        assert state(reader) == state(writer)
        assert reader.version == writer.version
    writer.close()
    FileGallery(tmp_path / "g", P, write=True).close()


def test_a_search_goes_on_while_files_are_replaced(tmp_path: Path) -> None:
    """A snapshot taken before compaction answers the same after its files have lost their names."""
    writer = FileGallery(tmp_path / "g", P, write=True)
    story(writer, 0)
    story(writer, 1)
    reader = FileGallery(tmp_path / "g", P)
    earlier = reader.snapshot()
    before = {name: earlier.references(name)[0].fingers[0].minutiae.tobytes() for name in earlier.subjects()}
    writer.enrol("bulk-0", SPARSE[10])
    writer.compact()
    assert reader.refresh()
    assert {n: earlier.references(n)[0].fingers[0].minutiae.tobytes() for n in earlier.subjects()} == before
    assert earlier.screen(SPARSE[3], keep=1) == ("bulk-3",)
    assert earlier.version != reader.version


def test_who_is_enrolled_is_not_added_again(tmp_path: Path) -> None:
    """Adding many refuses a subject who is enrolled or comes twice, and lands only whole segments."""
    gallery = FileGallery(tmp_path / "g", P, write=True)
    gallery.enrol("a", PRINTS[1])
    for people in ([("b", [PRINTS[2]]), ("a", [PRINTS[3]])], [("b", [PRINTS[2]]), ("b", [PRINTS[3]])]):
        with pytest.raises(Conflict):
            list(gallery.add_many(people))
        assert set(state(gallery)) == {"a"}


def test_a_folder_without_a_gallery_is_missing(tmp_path: Path) -> None:
    """A reader makes nothing: where there is no gallery it says so."""
    with pytest.raises(Missing):
        FileGallery(tmp_path, P)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_no_changed_byte_of_a_folder_goes_unnoticed(tmp_path: Path) -> None:
    """A byte changed in any file is found at opening or by the whole check, as an error with a sentence."""
    gallery = FileGallery(tmp_path / "g", P, write=True)
    for step in range(3):
        story(gallery, step)
    gallery.close()
    rng = np.random.default_rng(5)
    tried = 0
    for path in sorted((tmp_path / "g").iterdir()):
        whole = path.read_bytes()
        for at in rng.integers(0, max(len(whole), 1), 60 if whole else 0):
            changed = bytearray(whole)
            changed[at] ^= 1 << int(rng.integers(0, 8))
            path.write_bytes(bytes(changed))
            try:
                again = FileGallery(tmp_path / "g", P)
                list(again.verify())
                noticed = False
            except SluicegateError:
                noticed = True
            # What is between the columns says nothing; the torn end of a log is a write never acknowledged.
            if not noticed:
                assert state(again) == state(gallery) or path.name.startswith("log-")
            tried += 1
        path.write_bytes(whole)
    assert tried >= 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_lead_a_reader_astray(data: st.DataObject) -> None:
    """Bytes that are no segment or log, changed or cut, are refused or read within bounds."""
    whole = data.draw(st.sampled_from((_SEGMENT, _LOG)))
    cut = data.draw(st.integers(0, len(whole)))
    changed = bytearray(whole[:cut] if data.draw(st.booleans()) else whole)
    for _ in range(data.draw(st.integers(0, 4))):
        if changed:
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(StoreError):
        _, segment = segment_file.from_buffer(np.frombuffer(bytes(changed), np.uint8))
        for place in range(len(segment)):
            segment.is_whole(place)
            segment.name(place)
    with suppress(StoreError):
        found, end = gallery_log.entries(bytes(changed))
        assert end <= len(changed)
        assert all(one.end <= len(changed) for one in found)


_PEOPLE = joined([packed(f"s{n}", [PRINTS[n]], P, cold=True) for n in range(2)])
_SEGMENT = segment_file.to_bytes(_PEOPLE, "made", "1", form_of(P))
_LOG = b"".join(
    gallery_log.to_bytes(gallery_log.Entry(n, n, bytes(32), gallery_log.Out(), b"body" * n))
    for n in (1, 2, 3)
)


def test_a_segment_read_is_the_segment_written() -> None:
    """Written and read, a segment has the same columns and gives the same bytes again."""
    head, again = segment_file.from_buffer(np.frombuffer(_SEGMENT, np.uint8))
    assert (head.extractor, head.parameters, head.form) == ("made", "1", form_of(P))
    assert segment_file.to_bytes(again, head.extractor, head.parameters, head.form) == _SEGMENT
    assert [again.name(place) for place in range(2)] == ["s0", "s1"]
