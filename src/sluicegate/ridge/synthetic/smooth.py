# SPDX-License-Identifier: Apache-2.0
"""Smooth random surfaces: uniform cubic B-splines over a coarse grid of random knots."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def stream(*key: int) -> np.random.Generator:
    """A generator of its own for each tuple of whole numbers >= 0; different tuples are independent."""
    return np.random.default_rng(np.random.SeedSequence(key))


@lru_cache(maxsize=64)
def _taps(samples: int, spans: int) -> tuple[NDArray[np.intp], FloatArray]:
    """First knot (samples,) and four weights (4, samples, 1) of a uniform cubic B-spline at even places."""
    place = np.linspace(0.0, spans, samples)
    first = np.minimum(place.astype(np.intp), spans - 1)
    u = place - first
    weights = np.stack([(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3]) / 6
    taps = first, weights.astype(np.float32)[:, :, None]
    for shared in taps:
        shared.setflags(write=False)
    return taps


def _spread_knots(knots: FloatArray, samples: int) -> FloatArray:
    """The spline through the rows of knots (spans + 3, n), at `samples` even places: (samples, n).

    Four products per sample and no matrix product, because a BLAS rounds as its number of threads has it and
    equal seeds must give equal bytes.
    """
    first, weights = _taps(samples, knots.shape[0] - 3)
    smooth: FloatArray = weights[0] * knots[first]
    for tap in range(1, 4):
        smooth += weights[tap] * knots[first + tap]
    return smooth


def surface(rng: np.random.Generator, shape: tuple[int, int], knot_distance: float) -> FloatArray:
    """A smooth surface of about unit spread, whose knots are about `knot_distance` pixels apart."""
    spans_y = max(1, round(shape[0] / knot_distance))
    spans_x = max(1, round(shape[1] / knot_distance))
    knots = rng.standard_normal((spans_y + 3, spans_x + 3), dtype=np.float32)
    # A spline of white knots has a spread of about 0.48 over both axes; 2.1 brings it back to one.
    columns = _spread_knots(np.float32(2.1) * knots.T, shape[1])
    return _spread_knots(np.ascontiguousarray(columns.T), shape[0])
