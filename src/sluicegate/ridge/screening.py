# SPDX-License-Identifier: Apache-2.0
"""Stage 1, fast: how alike a probe's finger is to every finger of a gallery, in whole numbers.

The method is that of `screen.py`: a probe's cylinder scores with the stored one most like it among those
turned no further than a hand turns. The finger's score is the sum of these shares' fourth powers: the best
share with a stranger is 0.29 in the median (FVC2002), and many such outweighed the few that fit. The rows
have a fixed form of 448 bytes, and the work is done by one of several kernels that give the same integers
(`native/screen.h`). More of the probe's cylinders are tried than in `screen.py`, and fewer are stored:
vectors of 32 lanes make the former nearly free, and the latter is what a gallery costs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge import screening_numpy
from sluicegate.ridge.cylinders import Cylinders
from sluicegate.ridge.fusion import is_single
from sluicegate.ridge.native.dispatch import Kernel, chosen, usable
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.screen import built
from sluicegate.ridge.screening_form import BYTES, FORM, ROW, Probed, Rows, packed_probe, packed_row
from sluicegate.ridge.template import FingerTemplate

try:
    from sluicegate.ridge.native import _screen
except ImportError:  # no compiler was at hand when this was installed
    KERNELS = usable(())
else:
    # Kernels built from older sources would give other scores: they count as not built.
    KERNELS = usable(_screen.kernels() if _screen.form() == FORM else ())
"""The kernels that can run here, fastest first."""

_TURN = 256.0 / (2.0 * math.pi)


def rows_of(finger: FingerTemplate, parameters: Parameters) -> Rows:
    """The rows a gallery keeps of a finger, dtype ROW: shape (1,), for an undivided slap (slap_factor,)."""
    cylinders = built(finger, parameters)
    stored = parameters.fast_screen.stored
    rows = 1 if is_single(finger) else parameters.screen.slap_factor
    # Dealt in turn, so that each of a slap's rows has its share of the most telling cylinders.
    parts = [_cut(cylinders, cylinders.rank[: stored * rows][i::rows]) for i in range(rows)]
    return np.concatenate([packed_row(*part) for part in parts])


def probe_of(finger: FingerTemplate, parameters: Parameters) -> Probed:
    """A probe's finger, ready to meet rows; for an undivided slap the cylinders of several fingers."""
    cylinders = built(finger, parameters)
    probed = parameters.fast_screen.probed
    limit = probed * (1 if is_single(finger) else parameters.screen.slap_factor)
    gate = min(127, round(parameters.screen.rotation * _TURN))
    return packed_probe(*_cut(cylinders, cylinders.rank[:limit]), best=probed, gate=gate)


def scores(probed: Probed, rows: Rows, *, kernel: Kernel | None = None) -> NDArray[np.uint32]:
    """Score of one probe finger against every row, uint32 (rows,): at most `best` times MOST.

    Scores of one probe finger order rows; between fingers they are compared only after standardizing.

    Raises:
        UsageError: the kernel asked for cannot run here.
        ValueError: `rows` is not a contiguous array of dtype ROW.
    """
    return np.asarray(scores_many([probed], rows, kernel=kernel)[0], dtype=np.uint32)


def scores_many(probes: Sequence[Probed], rows: Rows, *, kernel: Kernel | None = None) -> NDArray[np.uint32]:
    """Scores of several probe fingers in one pass over the rows, uint32 (probes, rows); raises as `scores`.

    Rows are read from memory once for all probes, so a batch is not slowed by a gallery larger than a cache.
    """
    if rows.dtype != ROW or rows.ndim != 1 or not rows.flags.c_contiguous:
        raise ValueError("rows must be a contiguous array of dtype ROW, shape (rows,)")
    name = chosen(kernel, KERNELS)
    if not probes or not len(rows):
        return np.zeros((len(probes), len(rows)), dtype=np.uint32)
    if name is Kernel.NUMPY:
        return np.stack([screening_numpy.scores(probed, rows) for probed in probes])
    out = np.empty((len(probes), len(rows)), dtype=np.uint32)
    for best in sorted({probed.best for probed in probes}):
        which = [i for i, probed in enumerate(probes) if probed.best == best]
        part = out if len(which) == len(probes) else np.empty((len(which), len(rows)), dtype=np.uint32)
        groups = np.concatenate([probes[i].groups for i in which])
        counts = np.array([len(probes[i].groups) for i in which], dtype=np.uint8)
        _screen.scores(name, groups.data, counts.data, best, rows.data, part.data)
        if part is not out:
            out[which] = part
    return out


def _cut(cylinders: Cylinders, which: NDArray[np.int32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The bits, uint8 (n, BYTES), and angles, uint8 (n,), of these cylinders."""
    bits = cylinders.bits[which].astype("<u8").view(np.uint8).reshape(len(which), 32)[:, :BYTES]
    turns = np.rint(cylinders.minutiae[which, 2].astype(np.float64) * _TURN).astype(np.int64) % 256
    return bits, turns.astype(np.uint8)
