# SPDX-License-Identifier: Apache-2.0
"""Coordinates, angles and qualities of exchanged minutiae, brought into the frame of `template` and back.

Frame: 500 ppi, y down, angles counter-clockwise from the positive x axis (ISO/IEC 19794-2:2005). An image
within 1 % of 500 ppi counts as one of 500 (ANSI/NIST-ITL), so 197 pixels per centimeter scale nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import TemplateError
from sluicegate.ridge.template import MAX_SIDE, FingerTemplate, Minutiae, best

PPI = 500.0
PPI_TOLERANCE = 0.01  # of 500
PPI_RANGE = (200.0, 2400.0)  # what extraction takes, too: beyond it lies no fingerprint
UNREPORTED = 0.5
"""Quality of a minutia of which no quality was said: neither better nor worse than others."""

_TAU = 2.0 * math.pi


def to_frame(ppi: float) -> float:
    """Factor from pixels at `ppi` to pixels at 500. Raises TemplateError for no fingerprint's resolution."""
    if not PPI_RANGE[0] <= ppi <= PPI_RANGE[1]:
        raise TemplateError(
            f"A resolution of {ppi:.0f} ppi is not that of a fingerprint.",
            advice="Say the resolution at which the minutiae were found.",
        )
    return 1.0 if abs(ppi - PPI) <= PPI * PPI_TOLERANCE else PPI / ppi


def finger(
    fgp: int,
    imp: int,
    size: tuple[int, int],
    ppi: tuple[float, float],
    rows: NDArray[np.float64],
) -> FingerTemplate:
    """One finger in the frame.

    `rows`, shape (n, 4), are x, y (pixels at `ppi`, y down), angle (radians), quality (0 to 1). A minutia
    outside the image widens the image; of more than 1,000 the best are kept. Raises TemplateError.
    """
    across, down = (to_frame(one) for one in ppi)
    scaled = np.array(rows, dtype=np.float64).reshape(-1, 4)
    if across != down:
        # Only unequal axes turn a direction; equal ones leave it to the bit.
        scaled[:, 2] = np.arctan2(np.sin(scaled[:, 2]) * down, np.cos(scaled[:, 2]) * across)
    scaled[:, 0] *= across
    scaled[:, 1] *= down
    scaled[:, 2] = np.mod(scaled[:, 2], _TAU)
    width = max(round(size[0] * across), math.ceil(scaled[:, 0].max(initial=0)))
    height = max(round(size[1] * down), math.ceil(scaled[:, 1].max(initial=0)))
    if max(width, height) > MAX_SIDE:
        raise TemplateError(f"The image is larger than {MAX_SIDE} pixels at 500 ppi.")
    minutiae: Minutiae = scaled.astype(np.float32)
    minutiae[minutiae[:, 2] >= np.float32(_TAU), 2] = 0.0  # rounding up to a whole turn is angle 0
    return FingerTemplate(fgp, imp, width, height, best(minutiae))


def angle_units(theta: NDArray[np.float32], turn: int) -> NDArray[np.int32]:
    """Radians as whole units of which `turn` are a turn."""
    return (np.rint(theta.astype(np.float64) * (turn / _TAU)).astype(np.int64) % turn).astype(np.int32)


def radians(units: NDArray[np.int32], turn: int) -> NDArray[np.float64]:
    """Units of which `turn` are a turn as radians."""
    return np.mod(units.astype(np.float64), turn) * (_TAU / turn)


def fraction(percent: NDArray[np.int32]) -> NDArray[np.float64]:
    """Quality 1 to 100 as 0.01 to 1; 0 says nothing (`UNREPORTED`), over 100 counts as 100."""
    said = np.minimum(percent, 100) / 100.0
    return np.where(percent == 0, UNREPORTED, said)


def percent(quality: NDArray[np.float32]) -> NDArray[np.int32]:
    """Quality 0 to 1 as 1 to 100: 0 would say that no quality is reported."""
    return np.clip(np.rint(quality.astype(np.float64) * 100), 1, 100).astype(np.int32)


def places(values: NDArray[np.float32], factor: float, side: int) -> NDArray[np.int32]:
    """Coordinates in the frame as whole pixels at another resolution, inside an image of that side."""
    return np.minimum(np.rint(values.astype(np.float64) * factor), side - 1).astype(np.int32)
