# SPDX-License-Identifier: Apache-2.0
"""The bytes of stage 1: the row of a gallery's finger, and a probe cut into groups of cylinders.

Both forms are those of `native/screen.h`, which every kernel reads; the row is also what a gallery file
keeps. A row is 448 bytes: its 16 most telling cylinders, 26 bytes (208 bits) each, a count of set bits and
an angle for each (a turn is 256). A place without a cylinder is all zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PLACES = 16
BYTES = 26
LANES = 32
MOST_GROUPS = 8

_NEVER = -1
_LANE_OF = np.arange(LANES).reshape(2, 2, 2, 4).transpose(2, 0, 1, 3).ravel()
"""Where a group's cylinders go, by angle: each run of eight to lanes that the kernel of 256 bits works on at
once, so that it can leave out a run that the gate keeps from a stored cylinder, as it mostly does."""

WHOLE = 2048
"""The share that a cylinder of 8 set bits or more has with one that equals it, but for rounding down."""

MOST = 65_408
"""What one cylinder adds to a score at most."""

ROW = np.dtype([("bits", "u1", (PLACES, BYTES)), ("ones", "u1", (PLACES,)), ("angle", "u1", (PLACES,))])
"""One finger of a gallery."""

GROUP = np.dtype(
    [
        ("planes", "u1", (7, 2, 16, 4)),
        ("reciprocal", "=u2", (256, LANES)),
        ("gate", "=u4", (256,)),
    ]
)
"""32 cylinders of a probe, with everything about them that can be worked out before the gallery is seen."""

FORM = (1, ROW.itemsize, GROUP.itemsize)
"""Number of the definition of a score in `native/screen.h`, and the sizes of both forms."""

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
    turned = np.argsort(angles, kind="stable")
    bits, angles = bits[turned], angles[turned]
    row["bits"][0, :count] = bits
    row["ones"][0, :count] = np.bitwise_count(bits).sum(axis=1)
    row["angle"][0, :count] = angles
    return row


def packed_probe(bits: NDArray[np.uint8], angles: NDArray[np.uint8], *, best: int, gate: int) -> Probed:
    """A probe of at most MOST_GROUPS * LANES cylinders: uint8 (n, BYTES) and their angles, uint8 (n,).

    `best`, at most LANES, says how many cylinders count; `gate` how far stored angles may be off, 0 to 128.
    """
    turned = np.argsort(angles, kind="stable")
    bits, angles = bits[turned], angles[turned]
    cuts = range(0, max(len(bits), 1), LANES)
    groups = np.concatenate([_group(bits[at : at + LANES], angles[at : at + LANES], gate) for at in cuts])
    return Probed(groups, best)


def whole(group: np.void) -> NDArray[np.uint8]:
    """A group's cylinders, uint8 (LANES, 28): BYTES of each and two zeros, in the order of the lanes."""
    split = np.asarray(group["planes"]).reshape(7, 2, 4, 4, 4)
    return np.ascontiguousarray(split.transpose(2, 1, 3, 0, 4)).reshape(LANES, 28)


def _group(bits: NDArray[np.uint8], angles: NDArray[np.uint8], gate: int) -> NDArray[np.void]:
    group = np.zeros(1, dtype=GROUP)
    count = len(bits)
    lanes = _LANE_OF[:count]
    rows = np.zeros((LANES, 28), dtype=np.uint8)
    rows[lanes, :BYTES] = bits
    turned = np.full(LANES, _NEVER)
    turned[lanes] = angles
    # Cylinder 8b + 4h + w goes to half h, place 4b + w: packing the halves' counts puts them in order again.
    split = rows.reshape(4, 2, 4, 7, 4)
    group["planes"][0] = split.transpose(3, 1, 0, 2, 4).reshape(7, 2, 16, 4)
    # Twenty bits over the sum of two counts. Below 16 it would leave 16 bits, and so few bits tell little.
    total = np.arange(256)[:, None] + np.bitwise_count(rows).sum(axis=1, dtype=np.int64)[None, :]
    group["reciprocal"][0] = (2**20 - 1) // np.maximum(total, 16)
    off = np.arange(256)[:, None] - turned[None, :]
    meets = (np.minimum(off % 256, -off % 256) <= gate) & (turned != _NEVER)[None, :]
    group["gate"][0] = (meets << np.arange(LANES)[None, :]).sum(axis=1)
    return group
