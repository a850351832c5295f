# SPDX-License-Identifier: Apache-2.0
"""A slap told apart into its fingers.

Patches of ridges are found, those that are no fingertips are dropped, and if exactly as many remain as there
should be, they are named from left to right along the hand's own axis (EBTS FGP codes; palms down, so a right
slap begins with the index finger and a left one with the little finger). How many there should be is what the
finger position code promises, less the fingers that the transaction says are missing (EBTS 2.084, AMP).

INVARIANT: no position is ever guessed. If another number of tips remains, if they do not lie side by side, if
the hand leans too far or its tips bend the wrong way (a sheet put in upside down), the slap stays whole under
its own code and is compared as it is. Two things are believed and cannot be seen here: which hand it is, left
or right, and, of two thumbs or of fewer than four fingers, that the sheet is not upside down.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
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

HAND = 4  # fingers of a hand without its thumb

SMALLEST = 0.3  # of the largest patch: what is smaller is no fingertip
ABOVE = 0.3  # share of a patch's width under another patch that makes it a second joint
APART = 0.5  # of two neighbors' mean width: tips whose middles are closer do not lie side by side
LONGER = 1.2  # spread along the fingers over spread across them, below which no axis can be told
STEEPEST = 45.0  # degrees; a hand that leans further is not told apart
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


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """A patch in the hand's frame, in blocks: `across` from left to right, `down` away from the tips."""

    label: int
    across: tuple[float, float]
    down: tuple[float, float]

    @property
    def middle(self) -> float:
        return sum(self.across) / 2

    @property
    def width(self) -> float:
        return self.across[1] - self.across[0]


def split(pixels: Pixels, fgp: int, missing: Collection[int] = ()) -> Slap | None:
    """The fingers of a plain impression at 500 ppi, or None where they cannot be told apart.

    `missing` are the finger positions 1 to 10 that the transaction says have no print.
    """
    promised = FINGERS.get(fgp, ())
    wanted = tuple(name for name in promised if name not in missing)
    labels, sizes = patches(ridge_blocks(pixels))
    if not wanted or not sizes.any():
        return None
    large = _large(labels, sizes)
    lean = _lean(large) if len(promised) == HAND else 0.0  # thumbs point where they will
    if lean is None:
        return None
    tips = _fingertips(_turned(large, lean))
    if len(promised) == 1:
        tips = tips[:1]
    tips.sort(key=lambda tip: tip.middle)
    if len(tips) != len(wanted) or not _like_a_hand(tips):
        return None
    names = np.zeros(len(sizes), dtype=np.int32)
    names[[tip.label for tip in tips]] = np.arange(1, len(tips) + 1)
    return Slap(wanted, names[_grown(labels)])


def _large(labels: NDArray[np.int32], sizes: NDArray[np.int64]) -> dict[int, NDArray[np.float64]]:
    """The blocks, as (x, y), of each patch that is large enough for a fingertip; largest patch first."""
    least = max(1, SMALLEST * sizes.max())
    order = [n for n in np.argsort(-sizes, kind="stable").tolist() if sizes[n] >= least]
    return {n: np.argwhere(labels == n)[:, ::-1].astype(np.float64) for n in order}


def _lean(large: dict[int, NDArray[np.float64]]) -> float | None:
    """Radians by which the fingers point to the right of upright; None where it is too far.

    The axis is that along which all patches together, each about its own middle, spread the most.
    """
    about = np.concatenate([blocks - blocks.mean(axis=0) for blocks in large.values()])
    spreads, axes = np.linalg.eigh(about.T @ about)
    if spreads[1] < LONGER**2 * spreads[0]:
        return 0.0  # round patches: as good as upright
    x, y = axes[:, 1]
    lean = math.atan2(x, -y) if y < 0 else math.atan2(-x, y)
    return lean if abs(lean) <= math.radians(STEEPEST) else None


def _turned(large: dict[int, NDArray[np.float64]], lean: float) -> list[_Patch]:
    turned = []
    for label, blocks in large.items():
        across = blocks[:, 0] * math.cos(lean) + blocks[:, 1] * math.sin(lean)
        down = blocks[:, 1] * math.cos(lean) - blocks[:, 0] * math.sin(lean)
        (left, right), (top, bottom) = (
            (float(one.min()) - 0.5, float(one.max()) + 0.5) for one in (across, down)
        )
        turned.append(_Patch(label, (left, right), (top, bottom)))
    return turned


def _fingertips(large: list[_Patch]) -> list[_Patch]:
    """The patches that are not second joints, in the order given."""
    return [low for low in large if not any(_under(low, high) for high in large if high is not low)]


def _under(low: _Patch, high: _Patch) -> bool:
    """Whether `low` begins below the middle of `high` and shares its columns: a second joint, not a tip."""
    shared = min(low.across[1], high.across[1]) - max(low.across[0], high.across[0])
    return 2 * low.down[0] >= sum(high.down) and shared >= ABOVE * min(low.width, high.width)


def _like_a_hand(tips: list[_Patch]) -> bool:
    """Whether tips from left to right lie side by side and, of four, the middle two reach further up."""
    for a, b in pairwise(tips):
        if b.middle - a.middle < APART * (a.width + b.width) / 2:
            return False
    tops = [tip.down[0] for tip in tips]
    return len(tips) != HAND or tops[1] + tops[2] <= tops[0] + tops[3]


def _grown(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Each block gets the label of the nearest patch within reach. All patches grow, so that what belongs to
    a second joint or a neighboring print is not given to a finger."""
    distance, (rows, columns) = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    grown: NDArray[np.int32] = np.where(distance <= REACH, labels[rows, columns], 0)
    return grown
