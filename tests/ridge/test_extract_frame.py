# SPDX-License-Identifier: Apache-2.0
"""One frame for all: resolutions other than 500 ppi, and which way the angle of a minutia points."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_ridges import ending, whirls
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sluicegate.ridge.extract.angles import opposite
from sluicegate.ridge.extract.interface import Extractor
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.template import Minutiae

TAU = 2 * np.pi


@pytest.fixture(scope="module")
def extractors() -> dict[str, Extractor]:
    """Both extractors that look at ridges."""
    return {name: EXTRACTORS[name]() for name in ("leader", "mindtct")}


def off(theta: np.ndarray, other: np.ndarray | float) -> np.ndarray:
    """Angle between directions, in degrees, 0 to 180."""
    return np.abs(np.rad2deg((theta - other + np.pi) % TAU - np.pi))


def nearest(found: Minutiae, wanted: Minutiae) -> tuple[np.ndarray, np.ndarray]:
    """For each wanted minutia: pixels to the nearest one found, and degrees between the two."""
    distance = np.hypot(wanted[:, None, 0] - found[None, :, 0], wanted[:, None, 1] - found[None, :, 1])
    return distance.min(axis=1), off(wanted[:, 2], found[distance.argmin(axis=1), 2])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["leader", "mindtct"])
@pytest.mark.parametrize("degrees", [0, 45, 90, 135, 180, 225, 270, 315])
def test_the_angle_of_a_drawn_ending_is_that_of_the_iso_standard(
    extractors: dict[str, Extractor], name: str, degrees: int
) -> None:
    """In all eight directions both extractors say the angle that was drawn, within 25 degrees."""
    found = extractors[name].extract(ending(degrees), 500)
    middle = found[np.hypot(found[:, 0] - 120, found[:, 1] - 120) < 12]
    best = middle[middle[:, 3].argmax()]
    assert off(best[2], np.deg2rad(degrees)) < 25


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "ppi", "pixels", "degrees"),
    [
        ("leader", 1000, 2, 10),
        ("leader", 500.38, 1, 5),  # 197 pixels a centimeter
        ("leader", 600, 3, 10),
        ("leader", 250, 5, 20),
        ("mindtct", 1000, 8, 30),
        ("mindtct", 600, 8, 30),
        ("mindtct", 250, 10, 30),
    ],
)
def test_minutiae_of_other_resolutions_come_in_the_500_ppi_frame(
    extractors: dict[str, Extractor], name: str, ppi: float, pixels: float, degrees: float
) -> None:
    """The five drawn minutiae are found in the frame of 500 ppi, within the pixels and degrees stated."""
    scale = ppi / 500
    same = extractors["leader"].extract(whirls(300, 280), 500)
    sure = same[same[:, 3] > 0.9]
    assert len(sure) == 5
    found = extractors[name].extract(whirls(round(300 * scale), round(280 * scale), scale), ppi)
    distance, turned = nearest(found, sure)
    assert distance.max() <= pixels
    assert turned.max() <= degrees


ANGLES = arrays.arrays(np.float32, st.integers(0, 20), elements=st.floats(0, 6.25, width=32))


@given(ANGLES)
def test_the_opposite_of_the_opposite_is_the_angle_itself(theta: np.ndarray) -> None:
    """Twice half a turn comes back, within the rounding of single precision, and stays within a turn."""
    once = opposite(theta)
    assert once.dtype == np.float32
    assert ((once >= 0) & (once < np.float32(TAU))).all()
    assert (off(opposite(once), theta) < 1e-3).all()
    assert (np.abs(off(once, theta) - 180) < 1e-3).all()
