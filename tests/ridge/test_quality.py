# SPDX-License-Identifier: Apache-2.0
"""The quality of a finger."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sluicegate.ridge.extract.quality import poor, quality
from sluicegate.ridge.template import FingerTemplate, Template

ROWS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(0, 60), st.just(4)),
    elements=st.floats(0, 1, width=32),
)


def finger(rows: np.ndarray, fgp: int = 2) -> FingerTemplate:
    """A finger whose minutiae lie at shares 0 to 1 of 600 by 600 pixels."""
    minutiae = rows * np.array([600, 600, 6, 1], dtype=np.float32)
    return FingerTemplate(fgp, 0, 600, 600, minutiae.astype(np.float32))


def spread(count: int, confidence: float, side: float = 1.0) -> np.ndarray:
    """Minutiae strewn over a square of `side` times 600 pixels."""
    rows = np.random.default_rng(4).uniform(0, side, (count, 4)).astype(np.float32)
    rows[:, 3] = confidence
    return rows


@given(ROWS)
def test_quality_is_a_whole_number_from_0_to_100(rows: np.ndarray) -> None:
    """Any minutiae give a whole number within the scale."""
    assert quality(finger(rows)) in range(101)


@given(ROWS, st.randoms(use_true_random=False))
def test_quality_does_not_depend_on_the_order_of_minutiae(rows: np.ndarray, rng: object) -> None:
    """The same minutiae in another order have the same quality, but for the last digit of a sum."""
    order = list(range(len(rows)))
    rng.shuffle(order)  # type: ignore[attr-defined]
    assert abs(quality(finger(rows)) - quality(finger(rows[order]))) <= 1


@given(ROWS)
def test_another_minutia_never_lowers_quality(rows: np.ndarray) -> None:
    """One more minutia adds confidence and area, or leaves them."""
    more = np.concatenate([rows, np.array([[0.5, 0.5, 0, 0.7]], dtype=np.float32)])
    assert quality(finger(more)) >= quality(finger(rows))


def test_minutiae_on_a_line_or_at_one_place_have_no_quality() -> None:
    """What spans no area has quality 0, however many and sure the minutiae are."""
    line = spread(50, 1.0)
    line[:, 1] = 0.5
    heap = np.full((50, 4), 0.5, dtype=np.float32)
    assert [quality(finger(rows)) for rows in (line, heap, spread(2, 1.0), spread(0, 1.0))] == [0, 0, 0, 0]


def test_surer_and_wider_spread_minutiae_have_more_quality() -> None:
    """The same places with half the confidence, or the same number on a tenth of the area, count less."""
    full = quality(finger(spread(40, 1.0)))
    assert full == 100
    assert quality(finger(spread(40, 0.5))) == 72
    assert quality(finger(spread(40, 1.0, side=0.3))) < 60


def test_a_position_is_poor_where_its_best_impression_is() -> None:
    """A good second impression of a finger takes its position off the list of the poor ones."""
    good, bad = spread(40, 1.0), spread(12, 0.4, side=0.3)
    fingers = (finger(bad, 2), finger(good, 2), finger(bad, 9), finger(good, 1), finger(bad, 3))
    assert poor(Template("x", "y", fingers)) == (3, 9)
