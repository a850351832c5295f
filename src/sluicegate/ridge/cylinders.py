# SPDX-License-Identifier: Apache-2.0
"""Bit cylinders: what surrounds a minutia, in 208 bits that do not change as the finger turns.

After Cappelli, Ferrara and Maltoni, Minutia Cylinder-Code (IEEE PAMI 32(12), 2010): around a minutia lies a
disc of cells, turned with the minutia, and every cell has one bit per sector of direction. A neighbor sets
the bits of the cells near it, in the sectors near its own direction as seen from the minutia. We leave out
the paper's convex hull and per-cell validity, and build from the nearest neighbors only: the work is bounded
for any input. Cylinders are built from ALL minutiae; what is stored or probed is a choice among them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.parameters import CylinderParameters
from sluicegate.ridge.template import Minutiae

WORDS = 4
"""64-bit words per cylinder; 52 cells x 4 sectors fill 208 of their 256 bits."""

_TAU = 2.0 * math.pi


@dataclass(frozen=True, slots=True, eq=False)
class Cylinders:
    """Minutiae with their cylinders.

    `minutiae` float32 (n, 4); `index` int32 (n,) says which row of the finger's minutiae each one is; `bits`
    uint64 (n, WORDS), all zero where too few neighbors are in reach; `ones` int32 (n,) counts the set bits;
    `rank` int32 (n,) lists the rows from the most to the least telling, those without bits left out.
    """

    minutiae: Minutiae
    index: NDArray[np.int32]
    bits: NDArray[np.uint64]
    ones: NDArray[np.int32]
    rank: NDArray[np.int32]


def build(minutiae: Minutiae, parameters: CylinderParameters, *, limit: int) -> Cylinders:
    """Cylinders of the best `limit` minutiae; cost grows with limit squared, never more."""
    kept = np.arange(len(minutiae), dtype=np.int32)
    if len(minutiae) > limit:
        kept = np.sort(np.argsort(-minutiae[:, 3], kind="stable")[:limit]).astype(np.int32)
    rows = np.ascontiguousarray(minutiae[kept], dtype=np.float32)
    bits, reached = _bits(rows, parameters)
    ones = np.bitwise_count(bits).sum(axis=1, dtype=np.int32)
    worth = rows[:, 3] * np.minimum(reached, 8)
    order = np.lexsort((kept, -worth)).astype(np.int32)
    return Cylinders(rows, kept, bits, ones, order[ones[order] > 0])


def alike(a: Cylinders, b: Cylinders) -> NDArray[np.float32]:
    """Likeness of every pair of cylinders, 0 to 1, float32 (len a, len b): Dice's share of common bits."""
    common = np.zeros((len(a.bits), len(b.bits)), dtype=np.uint8)
    for word in range(WORDS):
        common += np.bitwise_count(a.bits[:, None, word] & b.bits[None, :, word])
    total = np.maximum(a.ones[:, None] + b.ones[None, :], 1).astype(np.float32)
    return np.asarray(2.0 * common / total, dtype=np.float32)


def _bits(rows: Minutiae, parameters: CylinderParameters) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Bits (n, WORDS) and how many neighbors each minutia reaches (n,)."""
    count = len(rows)
    nearest = min(parameters.neighbors, count - 1)
    if nearest < 1:
        return np.zeros((count, WORDS), dtype=np.uint64), np.zeros(count, dtype=np.int64)
    x, y, theta = rows[:, 0], rows[:, 1], rows[:, 2]
    dx, dy = x[None, :] - x[:, None], y[None, :] - y[:, None]
    apart = dx * dx + dy * dy
    np.fill_diagonal(apart, np.inf)
    near = np.argsort(apart, axis=1, kind="stable")[:, :nearest]
    dx, dy, apart = (np.take_along_axis(grid, near, axis=1) for grid in (dx, dy, apart))
    reach = parameters.radius + 2.0 * parameters.spatial_sigma
    within = apart <= reach * reach
    # Seen from the minutia: u along its direction, v to the left of it (y points down in the image).
    cos, sin = np.cos(theta)[:, None], np.sin(theta)[:, None]
    u, v = dx * cos - dy * sin, -dx * sin - dy * cos
    turned = np.mod(theta[near] - theta[:, None], _TAU)
    weight = _sectors(turned, parameters) * within[..., None]
    across, along = _nearness(u, parameters), _nearness(v, parameters)
    # A Gaussian of the plane is the product of two of the axes: sum over neighbors as one matrix product.
    sides = (along[..., :, None] * weight[..., None, :]).reshape(count, nearest, -1)
    value = np.matmul(across.transpose(0, 2, 1), sides)
    value = value.reshape(count, parameters.side**2, parameters.directions)[:, cells_within(parameters)]
    reached = within.sum(axis=1)
    flags = (value >= parameters.threshold) & (reached >= parameters.least)[:, None, None]
    return _packed(flags.reshape(count, -1)), reached


def _sectors(turned: NDArray[np.float32], parameters: CylinderParameters) -> NDArray[np.float32]:
    """How much a neighbor's direction belongs to each sector: a Gaussian of the angle to its middle."""
    middles = (np.arange(parameters.directions, dtype=np.float32) + 0.5) * np.float32(
        _TAU / parameters.directions
    )
    off = np.abs(turned[..., None] - middles)
    off = np.minimum(off, np.float32(_TAU) - off)
    return np.asarray(np.exp(-0.5 * (off / np.float32(parameters.angular_sigma)) ** 2), dtype=np.float32)


def _nearness(along: NDArray[np.float32], parameters: CylinderParameters) -> NDArray[np.float32]:
    """How near each neighbor is to the middle of every column of cells, along one axis."""
    spread = np.float32(-0.5 / parameters.spatial_sigma**2)
    return np.asarray(np.exp((along[..., None] - _columns(parameters)) ** 2 * spread), dtype=np.float32)


def _columns(parameters: CylinderParameters) -> NDArray[np.float32]:
    """Middles of the columns of cells, pixels."""
    step = 2.0 * parameters.radius / parameters.side
    return ((np.arange(parameters.side) - (parameters.side - 1) / 2.0) * step).astype(np.float32)


def cells_within(parameters: CylinderParameters) -> NDArray[np.bool_]:
    """Which cells of the square grid have their center within the circle, bool (side * side,)."""
    axis = _columns(parameters)
    return np.hypot(axis[:, None], axis[None, :]).ravel() <= parameters.radius


def _packed(flags: NDArray[np.bool_]) -> NDArray[np.uint64]:
    padded = np.zeros((len(flags), WORDS * 64), dtype=np.bool_)
    padded[:, : flags.shape[1]] = flags
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)
