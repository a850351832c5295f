# SPDX-License-Identifier: Apache-2.0
"""A slap told apart into its fingers.

Patches of ridges are found, those that are no fingertips are dropped, and if exactly as many remain as the
finger position code promises, they are named from left to right (EBTS FGP codes; palms down, so a right slap
begins with the index finger and a left one with the little finger). If another number remains, nothing is
guessed: the slap stays whole under its own code and is compared as it is.

The hand is taken to stand upright, its fingers side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sluicegate.ridge.extract.frame import Box
from sluicegate.ridge.extract.interface import Pixels
from sluicegate.ridge.extract.ridges import BLOCK, patches, ridge_blocks
from sluicegate.ridge.template import Minutiae

FINGERS: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {11: (1,), 12: (6,), 13: (2, 3, 4, 5), 14: (10, 9, 8, 7), 15: (6, 1)}
)
"""FGP of a plain impression to the FGPs of its fingers, from left to right."""

SMALLEST = 0.3  # of the largest patch: what is smaller is no fingertip
ABOVE = 0.3  # share of a patch's width under another patch that makes it a second joint
REACH = 5  # blocks: how far from its patch a finger's minutiae may lie


@dataclass(frozen=True, slots=True, eq=False)
class Slap:
    """Which block belongs to which finger: `labels` holds 1 + index into `fgps`, or 0 for nobody."""

    fgps: tuple[int, ...]
    labels: NDArray[np.int32]

    def box(self, index: int, pixels: Pixels) -> Box:
        """The box around one finger's blocks, within the slap's pixels."""
        rows, columns = ndimage.find_objects(self.labels)[index]
        return Box(
            rows.start * BLOCK,
            min(rows.stop * BLOCK, pixels.shape[0]),
            columns.start * BLOCK,
            min(columns.stop * BLOCK, pixels.shape[1]),
        )

    def finger(self, index: int, minutiae: Minutiae) -> Minutiae:
        """The minutiae, at 500 ppi in the slap's frame, that lie on one of its fingers."""
        rows = np.minimum(minutiae[:, 1].astype(np.int64) // BLOCK, self.labels.shape[0] - 1)
        columns = np.minimum(minutiae[:, 0].astype(np.int64) // BLOCK, self.labels.shape[1] - 1)
        own: Minutiae = minutiae[self.labels[rows, columns] == index + 1]
        return own


def split(pixels: Pixels, fgp: int) -> Slap | None:
    """The fingers of a plain impression at 500 ppi, or None where they cannot be told apart."""
    wanted = FINGERS.get(fgp, ())
    labels, sizes = patches(ridge_blocks(pixels))
    tips = _fingertips(labels, sizes)
    if len(wanted) == 1:
        tips = tips[:1]
    if not tips or len(tips) != len(wanted):
        return None
    where = ndimage.find_objects(labels)
    tips.sort(key=lambda label: where[label - 1][1].start + where[label - 1][1].stop)
    names = np.zeros(len(sizes), dtype=np.int32)
    names[tips] = np.arange(1, len(tips) + 1)
    return Slap(wanted, names[_grown(labels)])


def _fingertips(labels: NDArray[np.int32], sizes: NDArray[np.int64]) -> list[int]:
    """Labels of the patches that may be fingertips, largest first."""
    where = ndimage.find_objects(labels)
    large = [
        n for n in np.argsort(-sizes, kind="stable").tolist() if sizes[n] >= max(1, SMALLEST * sizes.max())
    ]
    return [n for n in large if not any(_under(where[n - 1], where[m - 1]) for m in large if m != n)]


def _under(low: tuple[slice, slice], high: tuple[slice, slice]) -> bool:
    """Whether `low` begins below the middle of `high` and shares its columns: a second joint, not a tip."""
    shared = min(low[1].stop, high[1].stop) - max(low[1].start, high[1].start)
    width = min(low[1].stop - low[1].start, high[1].stop - high[1].start)
    return bool(2 * low[0].start >= high[0].start + high[0].stop and shared >= ABOVE * width)


def _grown(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Each block gets the label of the nearest patch within reach. All patches grow, so that what belongs to
    a second joint or a neighboring print is not given to a finger."""
    distance, (rows, columns) = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    grown: NDArray[np.int32] = np.where(distance <= REACH, labels[rows, columns], 0)
    return grown
