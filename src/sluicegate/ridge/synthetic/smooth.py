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
def spline_basis(samples: int, spans: int) -> FloatArray:
    """Weights (samples, spans + 3) of a uniform cubic B-spline of `spans` spans at `samples` even places."""
    place = np.linspace(0.0, spans, samples)
    first = np.minimum(place.astype(np.intp), spans - 1)
    u = place - first
    weights = (
        np.stack([(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3], axis=1) / 6
    )
    basis = np.zeros((samples, spans + 3), np.float32)
    np.put_along_axis(basis, first[:, None] + np.arange(4), weights.astype(np.float32), axis=1)
    # The cached array is shared by all callers.
    basis.setflags(write=False)
    return basis


def surface(rng: np.random.Generator, shape: tuple[int, int], knot_distance: float) -> FloatArray:
    """A smooth surface of about unit spread, whose knots are about `knot_distance` pixels apart."""
    spans_y = max(1, round(shape[0] / knot_distance))
    spans_x = max(1, round(shape[1] / knot_distance))
    knots = rng.standard_normal((spans_y + 3, spans_x + 3), dtype=np.float32)
    # A spline of white knots has a spread of about 0.48 per axis pair; 2.1 brings it back to one.
    spread = np.float32(2.1)
    smooth: FloatArray = (
        spline_basis(shape[0], spans_y) @ (spread * knots) @ spline_basis(shape[1], spans_x).T
    )
    return smooth
