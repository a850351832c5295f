# SPDX-License-Identifier: Apache-2.0
"""Stage 1: a coarse, fast order of all subjects by how alike a few of their bit cylinders are.

Per finger position a block holds, for every enrolled image, its most telling cylinders. A probe's cylinder
scores with the stored one most like it; a finger's score is the mean over the probe's cylinders; a finger's
scores over the gallery are standardized, so that fingers add fairly and few fingers are not outvoted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.cylinders import WORDS, Cylinders, build
from sluicegate.ridge.fusion import by_position, is_single
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import FingerTemplate, Template

_CHUNK = 1024  # rows whose words stay in a core's cache together
_TURN = 256.0 / (2.0 * math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Stored cylinders of one image: bits uint64 (WORDS, stored); ones and angle uint8 (stored,)."""

    bits: NDArray[np.uint64]
    ones: NDArray[np.uint8]
    angle: NDArray[np.uint8]


@dataclass(slots=True, eq=False)
class Block:
    """All rows of one finger position. A view taken earlier never sees a later write."""

    bits: NDArray[np.uint64]
    ones: NDArray[np.uint8]
    angle: NDArray[np.uint8]
    serial: NDArray[np.int64]
    count: int

    @classmethod
    def empty(cls, stored: int, room: int = 64) -> Block:
        """A block without rows, with room for some."""
        return cls(
            np.zeros((room, WORDS, stored), dtype=np.uint64),
            np.zeros((room, stored), dtype=np.uint8),
            np.zeros((room, stored), dtype=np.uint8),
            np.zeros(room, dtype=np.int64),
            0,
        )

    def append(self, row: Row, serial: int) -> None:
        """Write a row beyond the end, in new arrays if these are full."""
        if self.count == len(self.serial):
            more = Block.empty(self.ones.shape[1], room=len(self.serial))
            self.bits = np.concatenate([self.bits, more.bits])
            self.ones = np.concatenate([self.ones, more.ones])
            self.angle = np.concatenate([self.angle, more.angle])
            self.serial = np.concatenate([self.serial, more.serial])
        at = self.count
        self.bits[at], self.ones[at], self.angle[at], self.serial[at] = row.bits, row.ones, row.angle, serial
        self.count = at + 1

    def drop(self, serial: int) -> None:
        """Copy without the rows of one subject; does nothing where there are none."""
        stays = self.serial[: self.count] != serial
        if stays.all():
            return
        kept = Block.empty(self.ones.shape[1], room=len(self.serial))
        kept.count = int(stays.sum())
        for name in ("bits", "ones", "angle", "serial"):
            getattr(kept, name)[: kept.count] = getattr(self, name)[: self.count][stays]
            setattr(self, name, getattr(kept, name))
        self.count = kept.count

    def view(self) -> Block:
        """The rows as they stand."""
        n = self.count
        return Block(self.bits[:n], self.ones[:n], self.angle[:n], self.serial[:n], n)


def built(finger: FingerTemplate, parameters: Parameters) -> Cylinders:
    """The finger's cylinders; a slap may hold more minutiae than one finger."""
    compare = parameters.compare
    limit = compare.minutiae if is_single(finger) else compare.slap_minutiae
    return build(finger.minutiae, parameters.cylinder, limit=limit)


def rows_of(template: Template, parameters: Parameters) -> Iterator[tuple[int, Row]]:
    """The rows that a template adds, with their positions; a slap adds several to each finger it may hold."""
    done: dict[int, list[Row]] = {}
    for position, index in by_position(template).items():
        if index not in done:
            done[index] = _rows(template.fingers[index], parameters)
        for row in done[index]:
            yield position, row


def screen(
    probe: Template,
    blocks: Mapping[int, Block],
    names: Mapping[int, str],
    parameters: Parameters,
    *,
    keep: int,
) -> tuple[str, ...]:
    """The `keep` likeliest subjects, the likeliest first; equals in the order of their names."""
    serials = np.array(sorted(names), dtype=np.int64)
    total = np.zeros(len(serials))
    fingers = np.zeros(len(serials))
    for position, index in by_position(probe).items():
        block = blocks[position]
        scores = finger_scores(probe.fingers[index], block, parameters)
        if not len(scores):
            continue
        best = np.full(len(serials), -np.inf)
        np.maximum.at(best, np.searchsorted(serials, block.serial), scores)
        present = np.isfinite(best)
        spread = float(best[present].std()) or 1.0
        total[present] += (best[present] - best[present].mean()) / spread
        fingers[present] += 1
    worth = np.where(fingers > 0, total / np.sqrt(np.maximum(fingers, 1)), -np.inf)
    # Rounded, so that the last bit of a float sum never decides who is looked at.
    ranked = sorted(zip(np.round(-worth, 9).tolist(), (names[int(s)] for s in serials), strict=True))
    return tuple(name for _, name in ranked[:keep])


def finger_scores(finger: FingerTemplate, block: Block, parameters: Parameters) -> NDArray[np.float32]:
    """Score of one probe finger against every row of a block, 0 to 1, float32 (rows,)."""
    cylinders = built(finger, parameters)
    numbers = parameters.screen
    probed = cylinders.rank[: numbers.probed * (1 if is_single(finger) else numbers.slap_factor)]
    if not len(probed) or not block.count:
        return np.zeros(block.count, dtype=np.float32)
    gate = np.uint8(min(127, round(numbers.rotation * _TURN)))
    scores = np.empty((len(probed), block.count), dtype=np.float32)
    for start in range(0, block.count, _CHUNK):
        part = slice(start, min(start + _CHUNK, block.count))
        for i, row in enumerate(probed):
            angle = _byte_angle(cylinders.minutiae[row, 2])
            scores[i, part] = _nearest(
                cylinders.bits[row], int(cylinders.ones[row]), angle, block, part, gate
            )
    # A slap's cylinders belong to four fingers: only as many as one finger has can be right at once.
    return np.asarray(np.sort(scores, axis=0)[-numbers.probed :].mean(axis=0), dtype=np.float32)


def _nearest(
    bits: NDArray[np.uint64], ones: int, angle: np.uint8, block: Block, part: slice, gate: np.uint8
) -> NDArray[np.float32]:
    """For one probe cylinder, the similarity of the stored cylinder most like it, per row."""
    stored = block.bits[part]
    common = np.bitwise_count(stored[:, 0] & bits[0])
    for word in range(1, WORDS):
        common += np.bitwise_count(stored[:, word] & bits[word])
    # Angles are bytes, so their difference wraps around by itself.
    off = block.angle[part] - angle
    common[np.minimum(off, -off) > gate] = 0
    share = common / (block.ones[part] + np.float32(max(ones, 1)))
    return np.asarray(2.0 * share.max(axis=1), dtype=np.float32)


def _byte_angle(theta: np.float32) -> np.uint8:
    return np.uint8(round(float(theta) * _TURN) % 256)


def _rows(finger: FingerTemplate, parameters: Parameters) -> list[Row]:
    cylinders = built(finger, parameters)
    stored = parameters.screen.stored
    rows = 1 if is_single(finger) else parameters.screen.slap_factor
    # Dealt in turn, so that each of a slap's rows has its share of the most telling cylinders.
    return [_row(cylinders, cylinders.rank[: stored * rows][i::rows], stored) for i in range(rows)]


def _row(cylinders: Cylinders, chosen: NDArray[np.int32], stored: int) -> Row:
    row = Row(
        np.zeros((WORDS, stored), dtype=np.uint64),
        np.zeros(stored, dtype=np.uint8),
        np.zeros(stored, dtype=np.uint8),
    )
    n = len(chosen)
    row.bits[:, :n] = cylinders.bits[chosen].T
    row.ones[:n] = cylinders.ones[chosen]
    row.angle[:n] = [_byte_angle(theta) for theta in cylinders.minutiae[chosen, 2]]
    return row
