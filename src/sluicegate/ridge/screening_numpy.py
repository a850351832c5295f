# SPDX-License-Identifier: Apache-2.0
"""The kernel of stage 1 without compiled code: the same integers as `native/screen.h` defines, from NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.screening_form import BYTES, LANES, WHOLE, Probed, Rows, whole

_CHUNK = 512  # rows whose words stay in a core's cache together


def scores(probed: Probed, rows: Rows) -> NDArray[np.uint32]:
    """Score of every row, uint32 (rows,)."""
    out = np.empty(len(rows), dtype=np.uint32)
    for start in range(0, len(rows), _CHUNK):
        out[start : start + _CHUNK] = _chunk(probed, rows[start : start + _CHUNK])
    return out


def _chunk(probed: Probed, rows: Rows) -> NDArray[np.uint32]:
    ones, angle = rows["ones"], rows["angle"]
    padded = np.zeros((*ones.shape, 32), dtype=np.uint8)
    padded[..., :BYTES] = rows["bits"]
    words = np.ascontiguousarray(padded.view("<u8").transpose(2, 0, 1))
    values = np.zeros((len(probed.groups) * LANES, len(rows)), dtype=np.uint32)
    for number, group in enumerate(probed.groups):
        meets = group["gate"][angle]
        for lane, own in enumerate(np.pad(whole(group), ((0, 0), (0, 4))).view("<u8")):
            if not own.any():
                continue
            common = np.bitwise_count(words[0] & own[0])
            for word in range(1, 4):
                common += np.bitwise_count(words[word] & own[word])
            reciprocal = group["reciprocal"][:, lane][ones]
            share = (common.astype(np.uint32) << 8) * reciprocal >> 16
            share *= meets >> lane & 1
            values[number * LANES + lane] = _worth(share.max(axis=1))
    # A slap's cylinders belong to several fingers: only as many as one finger has can be right at once.
    return np.asarray(np.sort(values, axis=0)[-probed.best :].sum(axis=0), dtype=np.uint32)


def _worth(share: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The fourth power of a share, so that what strangers have in common weighs little."""
    scaled = np.minimum(share, WHOLE - 1) << 5
    square = scaled * scaled >> 16
    return np.asarray(square * square >> 16, dtype=np.uint32)
