# SPDX-License-Identifier: Apache-2.0
"""A gallery of packed segments in this process's memory, and the snapshot that file galleries share with it.

A gallery is a short list of segments that nobody changes: enrolling adds a segment of one subject, and small
neighbors are joined until they hold thousands, so a write costs little and a search meets few of them. A
subject's templates live together: enrolling one more writes the subject anew. Expunging writes the subject's
segment anew without them; the old one goes with the last snapshot that saw it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sluicegate.errors import Missing, TemplateError, quoted
from sluicegate.ridge.coarse import question, worths
from sluicegate.ridge.gallery import History
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.segment import MARK, Mask, Segment, extended, joined, kept, only, packed
from sluicegate.ridge.template import Template, decode, digest, encode, require_same

FULL_SEGMENT = 8192
"""Subjects from which on a segment is not joined with its neighbors; bounds what an expunction copies."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A segment and who of it is enrolled: `live` bool (subjects,), all of them where None.

    `file` names the file that it is mapped from; empty for one in memory.
    """

    segment: Segment
    live: Mask | None = None
    file: str = ""

    def __len__(self) -> int:
        return len(self.segment) if self.live is None else int(np.count_nonzero(self.live))

    def has(self, place: int) -> bool:
        """Whether the subject at this place is enrolled."""
        return self.live is None or bool(self.live[place])

    def without(self, place: int) -> Part:
        """Marked where it lies in a file, copied without the subject where it lies in memory."""
        mask = np.ones(len(self.segment), dtype=np.bool_) if self.live is None else self.live.copy()
        mask[place] = False
        if not self.file:
            return Part(kept(self.segment, mask))
        self.segment.forget(place)
        return replace(self, live=mask)


@dataclass(frozen=True, slots=True, eq=False)
class PackedSnapshot:
    """A packed gallery as it stood at one version; see `gallery.Snapshot`."""

    version: str
    maker: Template | None
    parts: tuple[Part, ...]
    parameters: Parameters

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    def screen(self, probe: Template, *, keep: int) -> tuple[str, ...]:
        """See `gallery.Snapshot.screen`; here for engines that take one probe at a time."""
        self.require_comparable(probe)
        asked = question(probe, self.parameters)
        if len(self) <= keep:
            names = (
                part.segment.name(p) for part in self.parts for p in range(len(part.segment)) if part.has(p)
            )
            return tuple(sorted(names))
        found: list[tuple[float, str]] = []
        for part in self.parts:
            (worth,), _ = worths([asked], part.segment)
            found.extend((-float(worth[p]), part.segment.name(p)) for p in range(len(worth)) if part.has(p))
        return tuple(name for _, name in sorted(found)[:keep])

    def subjects(self) -> Iterator[str]:
        """Who is enrolled, by name, in no order."""
        for part in self.parts:
            yield from (part.segment.name(place) for place in range(len(part.segment)) if part.has(place))

    def references(self, subject: str) -> tuple[Template, ...]:
        """The subject's full templates, oldest first; empty where they are not kept or there is nobody."""
        where = self.find(subject)
        if where is None:
            return ()
        whole = self.parts[where[0]].segment.templates(where[1])
        return tuple(decode(one) for one in whole if one)

    def holders(self, template_digest: str) -> tuple[str, ...]:
        """The subjects enrolled with exactly this template, by name."""
        wanted = np.frombuffer(bytes.fromhex(template_digest)[:MARK], np.uint8)
        found: set[str] = set()
        for part in self.parts:
            rows = np.flatnonzero((part.segment.marks.reshape(-1, MARK) == wanted).all(axis=1))
            places = np.searchsorted(part.segment.template_at, rows, side="right") - 1
            found |= {part.segment.name(int(p)) for p in places if part.has(int(p))}
        return tuple(sorted(found - {""}))

    def find(self, subject: str) -> tuple[int, int] | None:
        """Where a subject lies: number of the part, and place in it."""
        for number, part in enumerate(self.parts):
            place = part.segment.places().get(subject)
            if place is not None and part.has(place):
                return number, place
        return None

    def require_comparable(self, probe: Template) -> None:
        """Pass if the probe may be compared with what is enrolled here. Raises TemplateError."""
        if self.maker is not None:
            require_same(probe, self.maker)


@dataclass(frozen=True, slots=True)
class Change:
    """One write: what it is called, whose, what is taken out, and what is put in its place, if anything."""

    what: str
    subject: str
    out: tuple[int, int] | None
    into: Segment | None
    marks: tuple[str, ...] = ()
    maker: Template | None = None


class PackedGallery:
    """A gallery in this process's memory: some 900 bytes a finger, and its template's unless `cold` is off.

    Without full templates `references` is empty: for galleries beside another store, and for measuring.
    """

    def __init__(self, parameters: Parameters, *, cold: bool = True) -> None:
        self._parameters = parameters
        self._cold = cold
        self._lock = threading.RLock()
        self._history = History()
        self._state = PackedSnapshot(self._history.version, None, (), parameters)

    @property
    def version(self) -> str:
        return self._state.version

    @property
    def extractor(self) -> tuple[str, str] | None:
        maker = self._state.maker
        return (maker.extractor, maker.parameters) if maker else None

    def __len__(self) -> int:
        return len(self._state)

    def snapshot(self) -> PackedSnapshot:
        """The gallery as it stands now."""
        return self._state

    def enrol(self, subject: str, template: Template) -> None:
        """See `gallery.Gallery`."""
        with self._lock:
            before = self._state.find(subject)
            change = self._change("enrol", subject, before, [template])
            if before is not None and change.into is not None:
                own = only(self._state.parts[before[0]].segment, before[1])
                change = replace(change, into=extended(own, change.into))
            self._write(change)

    def replace(self, subject: str, templates: Iterable[Template]) -> None:
        """See `gallery.Gallery`."""
        given = list(templates)
        if not given:
            raise TemplateError("a subject without templates is expunged, not replaced")
        with self._lock:
            self._write(self._change("replace", subject, self._whereabouts(subject), given))

    def expunge(self, subject: str) -> None:
        """See `gallery.Gallery`."""
        with self._lock:
            self._write(Change("expunge", subject, self._whereabouts(subject), None))

    def _whereabouts(self, subject: str) -> tuple[int, int]:
        where = self._state.find(subject)
        if where is None:
            raise Missing(f"no subject {quoted(subject)} is enrolled here")
        return where

    def _change(
        self,
        what: str,
        subject: str,
        out: tuple[int, int] | None,
        templates: Sequence[Template],
    ) -> Change:
        self._require_comparable(templates)
        into = packed(subject, templates, self._parameters, cold=self._cold)
        marks = tuple(digest(encode(one)) for one in templates)
        # Only who made it is kept of the first template: not one of its minutiae outlives an expunction.
        maker = self._state.maker or Template(templates[0].extractor, templates[0].parameters, ())
        return Change(what, subject, out, into, marks, maker)

    def _require_comparable(self, templates: Sequence[Template], maker: Template | None = None) -> None:
        first = maker or self._state.maker or templates[0]
        for template in templates:
            require_same(template, first)

    def _write(self, change: Change) -> None:
        """Take out and put in, as one new state."""
        history = self._history.after(change.what, change.subject, *change.marks)
        parts = changed(self._state.parts, change.out, change.into)
        maker = change.maker or self._state.maker
        self._history = history
        self._state = PackedSnapshot(history.version, maker, parts, self._parameters)


def changed(parts: tuple[Part, ...], out: tuple[int, int] | None, into: Segment | None) -> tuple[Part, ...]:
    """The parts after one subject is taken out and another put in; small parts in memory are joined."""
    after = list(parts)
    if out is not None:
        after[out[0]] = after[out[0]].without(out[1])
    if into is not None:
        after.append(Part(into))
        while len(after) > 1 and _join_worthy(after[-2], after[-1]):
            last, before = after.pop(), after.pop()
            after.append(Part(joined([before.segment, last.segment])))
    return tuple(part for part in after if part.file or len(part))


def _join_worthy(before: Part, last: Part) -> bool:
    """Whether two parts in memory become one: each subject is copied as often as its segment doubles."""
    sizes = len(before.segment), len(last.segment)
    return not before.file and not last.file and sizes[0] <= 2 * sizes[1] and sum(sizes) <= FULL_SEGMENT
