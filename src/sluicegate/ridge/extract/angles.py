# SPDX-License-Identifier: Apache-2.0
"""The two conventions for the direction of a minutia, and the way between them.

Ours is that of ISO/IEC 19794-2:2005 (and of ANSI INCITS 378): counter-clockwise from the positive x axis, at
an ending back along the ridge, at a bifurcation along the valley between the two branches. The other one, of
the text output of NBIS, points the opposite way at both. The extractors here hand out the first, which a test
shows on drawn ridges; a reader of files in the second brings its angles through `opposite`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Angles = NDArray[np.float32]
"""Radians, 0 up to but not including 2 pi."""

TAU = 2.0 * math.pi


def opposite(theta: Angles) -> Angles:
    """The same directions in the other convention: half a turn further, 0 up to 2 pi. Its own inverse, but
    for rounding."""
    turned = np.mod(np.asarray(theta, dtype=np.float64) + math.pi, TAU).astype(np.float32)
    # In single precision the largest angles round up to a whole turn.
    return np.where(turned >= np.float32(TAU), np.float32(0.0), turned).astype(np.float32)
