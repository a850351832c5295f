# SPDX-License-Identifier: Apache-2.0
"""A gallery in a folder of memory-mapped files: docs/reference/gallery.md has the forms.

A manifest names segment files, which hold nearly everybody, and a log, which holds the writes since. A write
is one entry of the log, flushed before it is acknowledged. Expunging also overwrites the subject's bytes with
zeros at once, in segment or log; compaction gives the room back. One process writes; any number read, and
follow by `refresh` without stopping: a search keeps the files it began with, though their names be gone.

A search that runs in the very moment when a subject is expunged or replaced may see that subject fade: zeros
are similar to nobody. Enrolling never does that: what it writes anew stays readable where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sluicegate.errors import Conflict, StoreError, UsageError, quoted
from sluicegate.ridge import gallery_disk as disk
from sluicegate.ridge import gallery_log as log
from sluicegate.ridge import segment_file
from sluicegate.ridge.forms import form_of
from sluicegate.ridge.gallery import History
from sluicegate.ridge.gallery_manifest import MANIFEST, Manifest, log_name, segment_name
from sluicegate.ridge.gallery_packed import FULL_SEGMENT, Change, PackedGallery
from sluicegate.ridge.gallery_view import View, look
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.segment import COLUMNS, Segment, joined, kept, packed
from sluicegate.ridge.template import Template, digest, encode

_TRIES = 3  # a reader may come between two writes of an expunction; the next look finds both


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: subjects, their finger images, segment files, entries of the log, bytes of all."""

    subjects: int
    images: int
    segments: int
    logged: int
    bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Some new subjects as one segment: who made the templates, and each subject's templates' digests."""

    segment: Segment
    maker: Template
    marks: tuple[tuple[str, ...], ...]


class FileGallery(PackedGallery):
    """A gallery in a folder. Opened with `write` it makes the folder, and is the only one that may write.

    Raises:
        Conflict: another process writes. Missing: there is no gallery to read. StoreError: it is damaged.
    """

    def __init__(
        self, folder: Path, parameters: Parameters, *, write: bool = False, cold: bool = True
    ) -> None:
        super().__init__(parameters, cold=cold)
        self._folder = folder
        self._form = form_of(parameters)
        self._writer = disk.only_writer(folder) if write else -1
        try:
            if write and not (folder / MANIFEST).exists():
                disk.write_whole(folder / MANIFEST, Manifest(form=self._form).to_bytes())
            self._take_up(self._looked(None))
            if write:
                self._tidy()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process write; what was read stays readable while a snapshot is held."""
        if self._writer >= 0:
            disk.let_go(self._writer)
        self._writer = -1

    def refresh(self) -> bool:
        """Follow what the writer did since; whether anything changed. Searches that run are not touched."""
        with self._lock:
            before = self._view.manifest.generation, self.version
            if self._writer < 0:
                self._take_up(self._looked(self._view))
            return (self._view.manifest.generation, self.version) != before

    def size(self) -> Size:
        """Counts and bytes."""
        with self._lock:
            images = 0
            for part in self._state.parts:
                own = np.diff(part.segment.image_at)
                images += int(own.sum() if part.live is None else own[part.live].sum())
            total = sum(path.stat().st_size for path in self._folder.iterdir())
            return Size(len(self), images, len(self._view.files), self._view.last, total)

    def verify(self) -> Iterator[int]:
        """Read everything and check every checksum, giving how many subjects of a file were read as it goes.

        Raises:
            StoreError: something is damaged; the message says in which file.
        """
        view = self._view
        for number, one in view.files.items():
            for place in range(len(one.segment)):
                if not one.segment.is_whole(place):
                    raise StoreError(f"A subject in {segment_name(number)} is damaged.")
            yield len(one.segment)
        if view.manifest.log:
            log.entries(disk.read(self._folder / log_name(view.manifest.log)))

    def add_many(
        self, people: Iterable[tuple[str, Sequence[Template]]], *, at_once: int = FULL_SEGMENT
    ) -> Iterator[int]:
        """Enrol people who are all new, straight into segments, giving how many are in as it goes.

        Each segment of `at_once` subjects is one write, lost or landed whole.

        Raises:
            Conflict: a subject is enrolled already. TemplateError: as for `enrol`.
        """
        with self._lock:
            self._require_writer()
            waiting: dict[str, Segment] = {}
            history, maker = self._history, self._state.maker
            for subject, templates in people:
                if subject in waiting or self._state.find(subject) is not None:
                    raise Conflict(f"The subject {quoted(subject)} is enrolled already.")
                self._require_comparable(templates, maker)
                maker = maker or Template(templates[0].extractor, templates[0].parameters, ())
                waiting[subject] = packed(subject, templates, self._parameters, cold=self._cold)
                for one in templates:
                    history = history.after("enrol", subject, digest(encode(one)))
                if len(waiting) == at_once:
                    self._add_segment(joined(list(waiting.values())), history, maker)
                    yield len(waiting)
                    waiting = {}
            if waiting and maker:
                self._add_segment(joined(list(waiting.values())), history, maker)
                yield len(waiting)

    def add_packed(self, lots: Iterable[Packed]) -> Iterator[int]:
        """Enroll people packed elsewhere, as `add_many` does: each lot is one segment and one write.

        Raises:
            Conflict: a subject is enrolled already. TemplateError: a lot was made by another extractor.
        """
        with self._lock:
            self._require_writer()
            for lot in lots:
                segment, history = lot.segment, self._history
                names = [segment.name(place) for place in range(len(segment))]
                taken = [name for name in names if self._state.find(name) is not None]
                if taken or len(set(names)) < len(names):
                    raise Conflict("A subject is enrolled already.", advice="Each is enrolled once.")
                self._require_comparable([lot.maker])
                for name, marks in zip(names, lot.marks, strict=True):
                    for mark in marks:
                        history = history.after("enrol", name, mark)
                self._add_segment(segment, history, lot.maker)
                yield len(segment)

    def compact(self) -> None:
        """Write anew what is small, thinned out or in the log; the version stays, as nothing else changes."""
        with self._lock:
            self._require_writer()
            maker = self._state.maker
            if maker is None:
                return
            stay: list[int] = []
            loose: list[Segment] = []
            numbers = {segment_name(number): number for number in self._view.files}
            for part in self._state.parts:
                if part.file and len(part) == len(part.segment) >= FULL_SEGMENT // 2:
                    stay.append(numbers[part.file])
                elif len(part):
                    loose.append(part.segment if part.live is None else kept(part.segment, part.live))
            number = self._view.manifest.next
            for segment in _heaped(loose):
                self._write_segment(number, segment, maker)
                stay.append(number)
                number += 1
            self._switch(stay, self._history, maker, fresh_log=True)
            self._take_up(self._looked(self._view))
            self._sweep()

    def _looked(self, before: View | None) -> View:
        for left in reversed(range(_TRIES)):
            try:
                return look(self._folder, self._parameters, self._form, before)
            except StoreError:
                if not left or self._writer >= 0:
                    raise
        raise AssertionError("the last try returns or raises")

    def _take_up(self, view: View) -> None:
        self._view, self._history, self._state = view, view.history, view.state

    def _require_writer(self) -> None:
        if self._writer < 0:
            raise UsageError("This gallery is open for reading only.")

    def _write(self, change: Change) -> None:
        """First the log, then the memory, then the zeros."""
        self._require_writer()
        maker = change.maker or self._state.maker
        assert maker is not None, "who takes out or puts in has a maker"
        if not self._view.manifest.log:
            self._switch(self._view.manifest.segments, self._history, self._state.maker, fresh_log=True)
            self._take_up(self._looked(self._view))
        view = self._view
        history = self._history.after(change.what, change.subject, *change.marks)
        out, body = self._out(change), b""
        if change.into is not None:
            body = segment_file.to_bytes(change.into, maker.extractor, maker.parameters, self._form)
        entry = log.Entry(view.last + 1, history.writes, bytes.fromhex(history.digest), out, body)
        data = log.to_bytes(entry)
        disk.append(self._folder / log_name(view.manifest.log), data, view.end)
        begin = view.end + log.HEAD_BYTES
        view.bodies[entry.number] = (begin, begin + len(body))
        view.end, view.last = view.end + len(data), entry.number
        view.logged.pop(change.subject, None)
        if body:
            view.logged[change.subject] = entry.number
        if out.moved:
            view.moved[entry.number] = out
        super()._write(change)
        view.history, view.state = self._history, self._state
        if not out.moved:
            self._blank(out)

    def _out(self, change: Change) -> log.Out:
        if change.out is None:
            return log.Out()
        part, place = change.out
        if self._state.parts[part].file:
            return log.Out(log.SEGMENT, list(self._view.files)[part], place, change.what == "enrol")
        return log.Out(log.LOG, self._view.logged[change.subject], 0, change.what == "enrol")

    def _blank(self, out: log.Out) -> None:
        """Overwrite with zeros what an entry took out, wherever it lay; doing it again changes nothing."""
        if out.kind == log.SEGMENT:
            one = self._view.files[out.number]
            spans = [
                (one.head.at[name] + first * COLUMNS[name].itemsize, (last - first) * COLUMNS[name].itemsize)
                for name, first, last in one.segment.content(out.place)
            ]
            disk.blank(self._folder / segment_name(out.number), spans)
        elif out.kind == log.LOG:
            at, end = self._view.bodies[out.number]
            disk.blank(self._folder / log_name(self._view.manifest.log), [(at, end - at)])
            if out.number in self._view.moved:
                self._blank(self._view.moved[out.number])

    def _tidy(self) -> None:
        """Finish what a crash cut off: an entry half written, zeros of expunctions, files of no manifest."""
        if self._view.manifest.log:
            path = self._folder / log_name(self._view.manifest.log)
            disk.append(path, b"", self._view.end)
            for entry in log.entries(disk.read(path))[0]:
                if not entry.out.moved:
                    self._blank(entry.out)
        self._sweep()

    def _sweep(self) -> None:
        manifest = self._view.manifest
        named = {MANIFEST, log_name(manifest.log), *map(segment_name, manifest.segments)}
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(("segment-", "log-", MANIFEST)) and path.name not in named:
                disk.remove(path)

    def _add_segment(self, segment: Segment, history: History, maker: Template) -> None:
        number = self._view.manifest.next
        self._write_segment(number, segment, maker)
        self._switch([*self._view.manifest.segments, number], history, maker, fresh_log=False)
        self._take_up(self._looked(self._view))

    def _write_segment(self, number: int, segment: Segment, maker: Template) -> None:
        data = segment_file.to_bytes(segment, maker.extractor, maker.parameters, self._form)
        disk.write_whole(self._folder / segment_name(number), data)

    def _switch(
        self, segments: Sequence[int], history: History, maker: Template | None, *, fresh_log: bool
    ) -> None:
        """Make another set of files the gallery, at once; `fresh_log`: all writes so far are in them."""
        manifest = self._view.manifest
        free = max([manifest.next, *(number + 1 for number in segments)])
        if fresh_log:
            disk.write_whole(self._folder / log_name(free), b"")
        after = replace(
            manifest,
            generation=manifest.generation + 1,
            history=history,
            maker=(maker.extractor, maker.parameters) if maker else None,
            segments=tuple(segments),
            log=free if fresh_log else manifest.log,
            next=free + 1 if fresh_log else free,
        )
        disk.write_whole(self._folder / MANIFEST, after.to_bytes())


def _heaped(loose: Sequence[Segment]) -> Iterator[Segment]:
    """The same subjects in few segments, none of them over full."""
    heap: list[Segment] = []
    for segment in loose:
        if heap and sum(map(len, heap)) + len(segment) > FULL_SEGMENT:
            yield joined(heap)
            heap = []
        heap.append(segment)
    if heap:
        yield joined(heap)
