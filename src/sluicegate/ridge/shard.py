# SPDX-License-Identifier: Apache-2.0
"""A shard: some of a gallery's subjects, searched in steps whose answers merge exactly.

Each step is a function of a snapshot and a question, without state: screen everybody by a few fingers,
screen the best by all fingers, compare. Between the steps whoever asks merges the answers of all shards and
says who goes on, so the cut is made once over the whole gallery, and any split of it into shards gives the
answer that the whole gives. A question travels as the bytes of its template; a shard makes it ready itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.coarse import Question, Worth, worths
from sluicegate.ridge.compare import Comparison
from sluicegate.ridge.forms import exact, exact_many
from sluicegate.ridge.fusion import FingerMatch, is_single
from sluicegate.ridge.gallery_packed import PackedSnapshot, Part
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.segment import Segment
from sluicegate.ridge.template import FingerTemplate, Template, decode

_A = TypeVar("_A")
_B = TypeVar("_B")
_CHUNK = 256  # comparisons that one thread takes at a time


class Place(NamedTuple):
    """Where a snapshot holds a subject; means nothing to another snapshot."""

    part: int
    row: int


class Screened(NamedTuple):
    """A subject that the coarse pass looked at. Sorted as tuples, the likeliest come first, ties by name."""

    unworth: float
    subject: str
    place: Place


Matches = dict[int, FingerMatch]
"""One subject's fingers compared, by position."""


class Shard(Protocol):
    """Some subjects of a gallery as they stood at one version; answers carry how many comparisons it took."""

    @property
    def version(self) -> str:
        """The version of the gallery that it is part of."""

    def __len__(self) -> int:
        """How many subjects there are."""

    def everybody(self) -> list[Screened]:
        """Every subject, unscreened."""

    def screen(
        self, asked: Sequence[Question], keep: Sequence[int]
    ) -> tuple[list[list[Screened]], list[int]]:
        """For each question its `keep` likeliest subjects by the most telling fingers."""

    def rescreen(self, asked: Question, places: Sequence[Place]) -> tuple[list[Screened], int]:
        """These subjects again, by all fingers."""

    def compare(
        self, asked: Question, places: Sequence[Place], *, fingers: range, pairs: bool
    ) -> tuple[list[Matches], int]:
        """Compare these subjects exactly by some of the fingers they have, counted from 0, the most telling.

        With `pairs` the corresponding minutiae are named; without, only where fusion needs them.
        """


class Spread(Protocol):
    """Applies a function to each item, perhaps in several threads; answers come in the order of the items."""

    def __call__(self, do: Callable[[_A], _B], items: Iterable[_A], /) -> Iterator[_B]: ...


class LocalShard:
    """A snapshot in this process."""

    def __init__(self, snapshot: PackedSnapshot, parameters: Parameters, spread: Spread = map) -> None:
        self._snapshot = snapshot
        self._parameters = parameters
        self._spread = spread

    @property
    def version(self) -> str:
        return self._snapshot.version

    def __len__(self) -> int:
        return len(self._snapshot)

    def everybody(self) -> list[Screened]:
        return [
            Screened(0.0, part.segment.name(row), Place(number, row))
            for number, part in enumerate(self._snapshot.parts)
            for row in range(len(part.segment))
            if part.has(row)
        ]

    def screen(
        self, asked: Sequence[Question], keep: Sequence[int]
    ) -> tuple[list[list[Screened]], list[int]]:
        parts = self._snapshot.parts
        done = list(self._spread(lambda part: worths(asked, part.segment), parts))
        found = [_top([worth[i] for worth, _ in done], parts, most) for i, most in enumerate(keep)]
        return found, [sum(made[i] for _, made in done) for i in range(len(asked))]

    def rescreen(self, asked: Question, places: Sequence[Place]) -> tuple[list[Screened], int]:
        found: list[Screened] = []
        made = 0
        for number, part in enumerate(self._snapshot.parts):
            rows = [place.row for place in places if place.part == number]
            if not rows:
                continue
            among = np.zeros(len(part.segment), dtype=np.bool_)
            among[rows] = True
            (worth,), (count,) = worths([asked], part.segment, among)
            found.extend(
                Screened(-float(worth[row]), part.segment.name(row), Place(number, row)) for row in rows
            )
            made += count
        return found, made

    def compare(
        self, asked: Question, places: Sequence[Place], *, fingers: range, pairs: bool
    ) -> tuple[list[Matches], int]:
        faced = [
            _Subject(asked, self._snapshot.parts[place.part].segment, place.row, fingers) for place in places
        ]
        made = _compared(asked, faced, pairs, self._spread)
        return [one.matches() for one in faced], made


def _top(worth: Sequence[Worth], parts: Sequence[Part], keep: int) -> list[Screened]:
    """The best of all parts; names are read only of those that reach the bar."""
    live = [
        np.asarray(one if part.live is None else one[part.live])
        for one, part in zip(worth, parts, strict=True)
    ]
    every = np.concatenate([np.zeros(0), *live])
    bar = float(np.partition(every, -keep)[-keep]) if len(every) > keep else -np.inf
    found = [
        Screened(-float(one[row]), part.segment.name(int(row)), Place(number, int(row)))
        for number, (one, part) in enumerate(zip(worth, parts, strict=True))
        for row in np.flatnonzero(one >= bar)
        if part.has(int(row))
    ]
    return sorted(found)[:keep]


class _Subject:
    """One subject face to face with a question: which images meet, and how each meeting came out."""

    def __init__(self, asked: Question, segment: Segment, row: int, fingers: range) -> None:
        self.segment = segment
        self.asked = asked
        self.row = row
        self._whole: dict[int, Template | None] = {}
        first, last = int(segment.image_at[row]), int(segment.image_at[row + 1])
        shown = segment.image_positions[first:last]
        faced = {
            position: [first + int(image) for image in images]
            for position in asked.telling
            if len(images := np.flatnonzero(shown & np.uint16(1 << (position - 1))))
        }
        self.open = {position: faced[position] for position in list(faced)[fingers.start : fingers.stop]}
        self.found: dict[tuple[int, int], Comparison] = {}

    def meetings(self) -> Iterator[tuple[int, int]]:
        """Each image of the probe with each of the subject's that it meets, once."""
        met = (
            (self.asked.facing[position], image) for position, images in self.open.items() for image in images
        )
        yield from dict.fromkeys(met)

    def finger(self, image: int) -> FingerTemplate | None:
        """The full template's finger that an image is; None where that is not kept, or being expunged."""
        number = int(self.segment.image_template[image])
        if number not in self._whole:
            self._whole[number] = _decoded(self.segment.template(self.row, number))
        whole = self._whole[number]
        return whole.fingers[int(self.segment.image_finger[image])] if whole else None

    def matches(self) -> Matches:
        """The best meeting of each position, of equal ones that with the oldest template."""
        return {position: self._best(position) for position in self.open}

    def _best(self, position: int) -> FingerMatch:
        probe, segment = self.asked.facing[position], self.segment
        met = (
            FingerMatch(
                probe,
                int(segment.image_template[image]),
                int(segment.image_finger[image]),
                self.found[probe, image],
            )
            for image in self.open[position]
        )
        return max(met, key=lambda match: (match.comparison.similarity, -match.template))


_NO_PAIRS: NDArray[np.int32] = np.zeros((0, 2), dtype=np.int32)


def _compared(asked: Question, faced: Sequence[_Subject], pairs: bool, spread: Spread) -> int:
    """Fill in what every meeting comes to; returns how many there were."""
    by_image: dict[int, list[tuple[_Subject, int]]] = {}
    for subject in faced:
        for probe, image in subject.meetings():
            by_image.setdefault(probe, []).append((subject, image))
    for probe, met in by_image.items():
        # A slap's fingers are told apart by where their minutiae correspond.
        named = pairs or not is_single(asked.probe.fingers[probe])
        chunks = [met[at : at + _CHUNK] for at in range(0, len(met), _CHUNK)]
        done = spread(partial(_met, asked, probe, named), chunks)
        for chunk, results in zip(chunks, done, strict=True):
            for (subject, image), comparison in zip(chunk, results, strict=True):
                subject.found[probe, image] = comparison
    return sum(len(met) for met in by_image.values())


def _met(asked: Question, probe: int, named: bool, met: Sequence[tuple[_Subject, int]]) -> list[Comparison]:
    # Copied before they are read: a subject being expunged from a file turns to zeros under our eyes.
    records = [_record(subject.segment, image) for subject, image in met]
    ready = asked.images[probe]
    assert ready is not None, "an image that faces a position was made ready"
    if named:
        fingers = [subject.finger(image) for subject, image in met]
        return [exact(ready, record, finger) for record, finger in zip(records, fingers, strict=True)]
    return [Comparison(float(one), _NO_PAIRS, 0.0, (0.0, 0.0)) for one in exact_many(ready, records)]


def _decoded(data: bytes) -> Template | None:
    return decode(data) if any(data) else None


def _record(segment: Segment, image: Any) -> bytes:
    return segment.records[int(segment.record_at[image]) : int(segment.record_at[image + 1])].tobytes()
