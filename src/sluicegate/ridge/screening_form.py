# SPDX-License-Identifier: Apache-2.0
"""The bytes of stage 1: the row of a gallery's finger, and a probe cut into groups of cylinders.

Both forms are those of `native/screen.h`, which every kernel reads; the row is also what a gallery file
keeps. A row is 672 bytes: its 24 most telling cylinders, 26 bytes (208 bits) each, a count of set bits and
an angle for each (a turn is 256). A place without a cylinder is all zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PLACES = 24
BYTES = 26
LANES = 32
MOST_GROUPS = 8

WHOLE = 2048
"""A cylinder's share with one that equals it (17 set bits or more); shares are whole numbers."""

ROW = np.dtype([("bits", "u1", (PLACES, BYTES)), ("ones", "u1", (PLACES,)), ("angle", "u1", (PLACES,))])
"""One finger of a gallery."""

GROUP = np.dtype(
    [
        ("planes", "u1", (7, 2, 16, 4)),
        ("reciprocal", "=u2", (256, LANES)),
        ("gate", "=u4", (256,)),
        ("whole", "u1", (LANES, 32)),
    ]
)
"""32 cylinders of a probe, with everything about them that can be worked out before the gallery is seen."""

Rows = NDArray[np.void]
"""Of dtype ROW, shape (rows,), C-contiguous."""


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """One finger of a probe, ready to meet rows: `groups` of dtype GROUP; the `best` cylinders count."""

    groups: NDArray[np.void]
    best: int


def packed_row(bits: NDArray[np.uint8], angles: NDArray[np.uint8]) -> Rows:
    """A row, shape (1,), of at most PLACES cylinders: uint8 (n, BYTES) and their angles, uint8 (n,)."""
    row = np.zeros(1, dtype=ROW)
    count = len(bits)
    row["bits"][0, :count] = bits
    row["ones"][0, :count] = np.bitwise_count(bits).sum(axis=1)
    row["angle"][0, :count] = angles
    return row


def packed_probe(bits: NDArray[np.uint8], angles: NDArray[np.uint8], *, best: int, gate: int) -> Probed:
    """A probe of at most MOST_GROUPS * LANES cylinders: uint8 (n, BYTES) and their angles, uint8 (n,).

    `best`, at most LANES, says how many cylinders count; `gate` how far stored angles may be off, 0 to 128.
    """
    cuts = range(0, max(len(bits), 1), LANES)
    groups = np.concatenate([_group(bits[at : at + LANES], angles[at : at + LANES], gate) for at in cuts])
    return Probed(groups, best)


def _group(bits: NDArray[np.uint8], angles: NDArray[np.uint8], gate: int) -> NDArray[np.void]:
    group = np.zeros(1, dtype=GROUP)
    count = len(bits)
    whole = np.zeros((LANES, 32), dtype=np.uint8)
    whole[:count, :BYTES] = bits
    group["whole"][0] = whole
    # Cylinder 8b + 4h + w goes to half h, place 4b + w: packing the halves' counts puts them in order again.
    split = whole[:, :28].reshape(4, 2, 4, 7, 4)
    group["planes"][0] = split.transpose(3, 1, 0, 2, 4).reshape(7, 2, 16, 4)
    # Twenty bits over the sum of two counts. Below 16 it would leave 16 bits, and so few bits tell little.
    total = np.arange(256)[:, None] + np.bitwise_count(whole).sum(axis=1, dtype=np.int64)[None, :]
    group["reciprocal"][0] = (2**20 - 1) // np.maximum(total, 16)
    off = np.arange(256)[:, None] - np.pad(angles.astype(np.int64), (0, LANES - count))[None, :]
    off = np.minimum(off % 256, -off % 256)
    meets = (off <= gate) & (np.arange(LANES) < count)[None, :]
    group["gate"][0] = (meets << np.arange(LANES)[None, :]).sum(axis=1)
    return group
