# SPDX-License-Identifier: Apache-2.0
"""Background templates: minutiae without a picture, shaped like those of rolled prints."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.templates import FRAME, minutiae_template


def nearest(template: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distance from each minutia to the nearest other one."""
    places = template[:, 0] + 1j * template[:, 1].astype(np.float64)
    apart = np.abs(places[:, None] - places[None, :])
    np.fill_diagonal(apart, np.inf)
    return apart.min(axis=1)


@given(seed=st.integers(0, 2**70), fgp=st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_every_template_is_well_formed(seed: int, fgp: int) -> None:
    """Whatever the seed, a template has 60 to 140 minutiae in its frame, angles and qualities in range."""
    template = minutiae_template(seed, fgp)
    assert template.dtype == np.float32
    assert template.shape[1] == 4
    assert 60 <= len(template) <= 140
    assert np.isfinite(template).all()
    x, y, theta, quality = template.T
    assert x.min() >= 0
    assert x.max() < FRAME[1]
    assert y.min() >= 0
    assert y.max() < FRAME[0]
    assert theta.min() >= 0
    assert float(theta.max()) < 2 * np.pi
    assert quality.min() >= 0
    assert quality.max() <= 1
    assert (np.diff(quality) <= 0).all()
    assert nearest(template).min() > 6.9


def test_templates_are_reproducible_and_distinct() -> None:
    """The same person and finger give the same bytes; any other gives others."""
    drawn = [minutiae_template(seed, fgp).tobytes() for seed in range(5) for fgp in range(1, 11)]
    assert len(set(drawn)) == 50
    assert drawn == [minutiae_template(seed, fgp).tobytes() for seed in range(5) for fgp in range(1, 11)]


def test_neighbors_share_the_flow_of_the_ridges() -> None:
    """Minutiae close together lie along nearly parallel ridges, minutiae of different people do not."""
    templates = [minutiae_template(seed, 2) for seed in range(20)]
    own, foreign = [], []
    for template, other in zip(templates, templates[1:] + templates[:1], strict=True):
        for angles, into in ((template, own), (other, foreign)):
            apart = np.hypot(*(template[:, None, :2] - angles[None, :, :2]).transpose(2, 0, 1))
            close = (apart > 0) & (apart < 25)
            into.append(np.cos(2 * (template[:, None, 2] - angles[None, :, 2]))[close].mean())
    assert float(np.mean(own)) > 0.7
    assert float(np.mean(own)) > float(np.mean(foreign)) + 0.2


def test_a_position_that_is_no_finger_is_refused() -> None:
    """A template is made for one of ten fingers of a seed that is not negative, else refused."""
    for seed, fgp in ((1, 0), (1, 11), (-1, 5)):
        with pytest.raises(UsageError, match="finger position"):
            minutiae_template(seed, fgp)
