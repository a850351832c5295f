# SPDX-License-Identifier: Apache-2.0
"""A packed finger read in NumPy, with its cylinders: the twin of `read_finger` in `native/compare_body.h`.

Cylinders are those of `cylinders.py` in whole numbers: a cell's value is the sum, over the nearest neighbors
in reach, of three table entries multiplied, each product rounded down to 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.comparing_record import unpacked
from sluicegate.ridge.comparing_tables import ROWS


@dataclass(frozen=True, slots=True, eq=False)
class Finger:
    """Minutiae: places in pixels as int64 and float32, directions as 1/256 turns and unit vectors, quality
    in fifteenths; and their cylinders, bits uint32 (n, 8) by column of cells, and how many are set."""

    ix: NDArray[np.int64]
    iy: NDArray[np.int64]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    theta: NDArray[np.int64]
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    quality: NDArray[np.int64]
    bits: NDArray[np.uint32]
    ones: NDArray[np.int64]


def read(record: NDArray[np.uint8], n: Any) -> Finger:
    """The finger of a whole record."""
    given = unpacked(record)
    ix, iy, theta = given["ix"], given["iy"], given["theta"]
    bits = _bits(ix, iy, theta, n)
    return Finger(
        ix=ix,
        iy=iy,
        x=ix.astype(np.float32),
        y=iy.astype(np.float32),
        theta=theta,
        u=n["cosine"][theta],
        v=n["sine"][theta],
        quality=given["quality"],
        bits=bits,
        ones=np.bitwise_count(bits).sum(axis=1, dtype=np.int64),
    )


def _bits(
    ix: NDArray[np.int64], iy: NDArray[np.int64], theta: NDArray[np.int64], n: Any
) -> NDArray[np.uint32]:
    count = len(ix)
    value = np.zeros((count, 8, 32), dtype=np.int64)
    dx, dy = ix[None, :] - ix[:, None], iy[None, :] - iy[:, None]
    apart = dx * dx + dy * dy
    np.fill_diagonal(apart, int(n["reach"]) + 1)
    # Out of reach sorts last; a neighbor is the farther the larger its distance, then its row.
    key = np.where(apart <= n["reach"], apart << 9 | np.arange(count), np.iinfo(np.int64).max)
    reached = np.minimum((apart <= n["reach"]).sum(axis=1), n["neighbors"])
    order = np.argsort(key, axis=1, kind="stable")
    cosine, sine = (n[name][theta].astype(np.int64) for name in ("cosine14", "sine14"))
    for k in range(int(reached.max(initial=0))):
        rows = np.flatnonzero(reached > k)
        j = order[rows, k]
        x, y, c, s = dx[rows, j], dy[rows, j], cosine[rows], sine[rows]
        # u along the minutia's direction, v to the left of it, in half pixels from the edge of the tables.
        u = ((x * c - y * s + (1 << 12)) >> 13) + ROWS // 2
        v = ((-x * s - y * c + (1 << 12)) >> 13) + ROWS // 2
        sector = n["sector"][(theta[j] - theta[rows]) & 255].astype(np.int64)
        sides = (n["along"][v].astype(np.int64)[:, None, :] * sector[:, :, None] >> 16).reshape(-1, 32)
        value[rows] += n["across"][u].astype(np.int64)[:, :, None] * sides[:, None, :] >> 16
    flags = (value >= n["cell_bar"]) & (reached >= n["least_neighbors"])[:, None, None]
    words = (flags.astype(np.int64) << np.arange(32)).sum(axis=2)
    return np.asarray(words & n["circle"], dtype=np.uint32)
