# SPDX-License-Identifier: Apache-2.0
"""The exact comparison on packed fingers: the method of `compare.py`, made fast and equal everywhere.

`compare.py` says the method readably in floating point; its steps, numbers and score are kept. A finger is a
record of four bytes a minutia (`comparing_record`), cylinders are rebuilt from it at every comparison, and
one of several kernels does the work: C for the processor at hand (`native/compare_body.h`) or NumPy
(`comparing_numpy`). All give the same similarities and pairs, bit for bit.

What differs from `compare.py`: coordinates in whole pixels, directions in 1/256 turns and quality in
fifteenths; of the placements tried, only the one whose pairs weigh most is refitted, bent and scored.

Bounds: a record holds at most 448 minutiae, of a single finger at most `fast_compare.minutiae`. For p and r
minutiae one comparison takes at most `tries` + 5 steps for each of p r pairs of minutiae (one likeness,
`tries` + 3 pairings, one overlap), one for each of r r pairs to find neighbors, 32 r neighbors summed for the
cylinders, and (`seeds` + `tries`) times `pairs` votes. No arrangement of minutiae makes it take more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge import comparing_numpy
from sluicegate.ridge.compare import NOTHING, Comparison
from sluicegate.ridge.comparing_record import kept_rows, length_at, packed
from sluicegate.ridge.comparing_tables import tables
from sluicegate.ridge.native.dispatch import Kernel, chosen, usable
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import FingerTemplate

try:
    from sluicegate.ridge.native import _compare
except ImportError:  # no compiler was at hand when this was installed
    KERNELS = usable(())
else:
    KERNELS = usable(_compare.kernels())
"""The kernels that can run here, fastest first."""

__all__ = ["KERNELS", "Prepared", "compare_many", "compare_one", "compare_prepared", "packed", "prepare"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A finger packed for comparison, and which row of its template each packed minutia was."""

    record: bytes
    rows: NDArray[np.int32]
    parameters: Parameters


def prepare(finger: FingerTemplate, parameters: Parameters) -> Prepared:
    """Pack a finger once for many comparisons.

    Raises:
        TemplateError: a minutia lies outside its image, or a value is out of range or not a number.
    """
    return Prepared(packed(finger, parameters), kept_rows(finger, parameters), parameters)


def compare_many(
    probe: Prepared,
    blob: NDArray[np.uint8],
    offsets: NDArray[np.uint64],
    *,
    kernel: Kernel | None = None,
) -> NDArray[np.float32]:
    """Similarities, float32 (n,), of the probe and the records that begin at `offsets`, uint64, in `blob`.

    Templates of different extractors must not meet here; records do not say who made them. Python's lock is
    given back meanwhile, so that threads may share a search.

    Raises:
        ValueError: there is no whole record at an offset.
        UsageError: the kernel asked for cannot run here.
    """
    name = chosen(kernel, KERNELS)
    blob = np.ascontiguousarray(blob, dtype=np.uint8)
    starts = np.ascontiguousarray(offsets, dtype="<u8")
    numbers = tables(probe.parameters)
    if name is Kernel.NUMPY:
        found, done = comparing_numpy.compare_many(numbers, probe.record, blob, starts)
    else:
        found = np.zeros(len(starts), dtype=np.float32)
        done = _compare.compare_many(name, numbers.view(np.uint8), probe.record, blob, starts, found)
    if done < len(starts):
        raise ValueError(f"there is no whole record at offset {int(starts[done])}")
    return found


def compare_one(probe: Prepared, reference: FingerTemplate, *, kernel: Kernel | None = None) -> Comparison:
    """The comparison with one finger; its pairs are rows of the two fingers' templates.

    Raises:
        TemplateError: the reference holds a minutia outside its image, or a value that is not in range.
        UsageError: the kernel asked for cannot run here.
    """
    return compare_prepared(probe, prepare(reference, probe.parameters), kernel=kernel)


def compare_prepared(probe: Prepared, reference: Prepared, *, kernel: Kernel | None = None) -> Comparison:
    """The same, of two fingers prepared before; raises as `compare_many`."""
    name = chosen(kernel, KERNELS)
    numbers = tables(probe.parameters)
    given = np.frombuffer(reference.record, dtype=np.uint8)
    if not length_at(given, 0):
        raise ValueError("the reference is not a whole record")
    if name is Kernel.NUMPY:
        found = comparing_numpy.compare_one(numbers, probe.record, given)
    else:
        found = _compare.compare_one(name, numbers.view(np.uint8), probe.record, given)
    similarity, cosine, sine, x, y, pairs = found
    if not pairs:
        return NOTHING
    packed_rows = np.frombuffer(pairs, dtype=np.uint16).reshape(-1, 2)
    named = np.stack([probe.rows[packed_rows[:, 0]], reference.rows[packed_rows[:, 1]]], axis=1)
    return Comparison(similarity, named, math.atan2(sine, cosine), (x, y))
