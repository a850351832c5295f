# SPDX-License-Identifier: Apache-2.0
"""The coarse pass over packed subjects: how much each is worth an exact comparison.

A subject's worth follows from the probe and that subject alone: the sum of the finger scores above what a
stranger's finger has on average, over the square root of their number, so that a subject with few fingers is
not outvoted. No mean over the gallery enters, so any split of a gallery into shards gives the same order.
The few most telling fingers are scored for everybody; who lacks some of them is scored by further ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.forms import Ready, Rows, coarse, ready
from sluicegate.ridge.fusion import by_position
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.segment import Mask, Segment
from sluicegate.ridge.template import Template, decode, encode

Worth = NDArray[np.float64]
"""One number per subject of a segment; minus infinity where no finger was scored."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A probe made ready: `images` by their place in the template, which of them faces each position, and the
    positions from the most telling, the one with most minutiae in the probe, to the least; the `first` of
    them are scored for everybody."""

    probe: Template
    images: tuple[Ready | None, ...]
    facing: dict[int, int]
    telling: tuple[int, ...]
    first: int


def question(probe: Template, parameters: Parameters) -> Question:
    """Make a probe ready, as its bytes have it; images that stand for no finger position are left out.

    Raises:
        TemplateError: the probe is not whole.
    """
    probe = decode(encode(probe))
    facing = by_position(probe)
    used = set(facing.values())
    images = tuple(ready(f, parameters) if i in used else None for i, f in enumerate(probe.fingers))
    return Question(probe, images, facing, _telling(probe, facing), parameters.fast.telling)


def renumbered(asked: Question, order: Template, first: int) -> Question:
    """The same images with their fingers numbered as another template of them has it."""
    fingers = tuple(
        replace(ours, fgp=other.fgp) for ours, other in zip(asked.probe.fingers, order.fingers, strict=True)
    )
    probe = replace(asked.probe, fingers=fingers)
    facing = by_position(probe)
    return Question(probe, asked.images, facing, _telling(probe, facing), first)


@dataclass(slots=True, eq=False)
class _Sum:
    """Running sums of one question over one segment."""

    total: NDArray[np.int64]
    fingers: NDArray[np.int64]

    def add(self, scores: NDArray[np.int64], owner: NDArray[np.uint32]) -> None:
        """Add one finger, given as what each row scores above a stranger's: of a subject's rows the best."""
        if not len(owner):
            return
        if len(owner) == len(self.total) and np.array_equal(owner, np.arange(len(owner))):
            self.total += scores
            self.fingers += 1
            return
        starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
        whose = owner[starts]
        self.total[whose] += np.maximum.reduceat(scores, starts)
        self.fingers[whose] += 1

    def worth(self) -> Worth:
        """Worth of every subject."""
        return np.where(self.fingers > 0, self.total / np.sqrt(np.maximum(self.fingers, 1)), -np.inf)


def worths(
    asked: Sequence[Question], segment: Segment, among: Mask | None = None
) -> tuple[list[Worth], list[int]]:
    """For each question the worth of each subject by its most telling fingers, and the comparisons made.

    Several questions share one pass over the rows of a finger position. With `among`, only these subjects are
    scored, and by all fingers.
    """
    sums = [_Sum(np.zeros(len(segment), np.int64), np.zeros(len(segment), np.int64)) for _ in asked]
    first = [one.first if among is None else len(segment.rows) for one in asked]
    made = [0] * len(asked)
    for index, (rows, owner) in enumerate(zip(segment.rows, segment.owner, strict=True)):
        facing = [i for i, one in enumerate(asked) if index + 1 in one.telling[: first[i]]]
        if not facing or not len(owner):
            continue
        if among is not None:
            wanted = among[owner]
            rows, owner = rows[wanted], owner[wanted]  # noqa: PLW2901 - the subjects asked about
        for i, scores in zip(facing, _scores([asked[i] for i in facing], index + 1, rows), strict=True):
            sums[i].add(scores, owner)
            made[i] += len(owner)
    for i, one in enumerate(asked):
        made[i] += _filled_up(one, sums[i], segment, first[i])
    return [done.worth() for done in sums], made


def _filled_up(one: Question, done: _Sum, segment: Segment, first: int) -> int:
    """Score further fingers of the subjects who lack some of the most telling; returns comparisons made."""
    made = 0
    for position in one.telling[first:]:
        lacking = done.fingers < first
        if not lacking.any():
            break
        owner = segment.owner[position - 1]
        wanted = lacking[owner]
        if wanted.any():
            (scores,) = _scores([one], position, segment.rows[position - 1][wanted])
            done.add(scores, owner[wanted])
            made += int(wanted.sum())
    return made


def _scores(asked: Sequence[Question], position: int, rows: Rows) -> NDArray[np.int64]:
    """What each row scores above a stranger's finger, for each question, int64 (questions, rows)."""
    images = [image for one in asked if (image := one.images[one.facing[position]]) is not None]
    usual = np.array([[image.usual] for image in images], dtype=np.int64)
    return coarse(images, rows).astype(np.int64) - usual


def _telling(probe: Template, facing: dict[int, int]) -> tuple[int, ...]:
    return tuple(sorted(facing, key=lambda p: (-len(probe.fingers[facing[p]].minutiae), p)))
