# SPDX-License-Identifier: Apache-2.0
"""Error rates: against cases counted by hand and against counting every threshold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sluicegate.ridge.evaluate import (
    Compared,
    compared,
    det,
    evaluated,
    first_only,
    mean_of,
    pooled,
    rates,
)

Table = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]


def made(mates: list[float], others: list[float], fingers: int = 3) -> Compared:
    """A database of these similarities, dealt to its fingers in turn."""
    turn = np.arange(len(others))
    return Compared(
        "made",
        fingers,
        np.array(mates, dtype=np.float64),
        np.arange(len(mates)) % fingers,
        np.array(others, dtype=np.float64),
        np.stack([turn % fingers, (turn + 1) % fingers], axis=1),
        turn % 2 == 0,
    )


def table(seed: int, fingers: int, impressions: int) -> Table:
    """Similarities in which mates are mostly the higher, with their fingers and impressions."""
    rng = np.random.default_rng(seed)
    finger = np.repeat(np.arange(fingers), impressions)
    same = finger[:, None] == finger[None, :]
    similarity = rng.exponential(1.0, same.shape) + 3.0 * same * rng.random(same.shape)
    return similarity, finger, np.tile(np.arange(impressions), fingers)


def test_mates_above_all_others_make_no_errors() -> None:
    """Where every mate is more similar than every stranger, no rate is above zero."""
    found = rates(made([5.0, 6.0, 7.0], [1.0] * 200))
    assert (found.eer, found.missed) == (0.0, (0.0, None, None))


def test_rates_are_those_counted_by_hand() -> None:
    """Of ten mates one lies below the highest of a hundred strangers: FMR100 lets one stranger pass."""
    found = rates(made([0.5, *[9.0] * 9], [*[0.1] * 98, 0.6, 0.8]))
    # Above 0.6 one in a hundred passes and the mate of 0.5 is missed; at 0.5 two pass and none is missed.
    assert found.missed == (0.1, None, None)
    assert found.eer == pytest.approx((0.0 + 0.02) / 2)


def test_a_hundred_strangers_say_nothing_of_one_in_a_thousand() -> None:
    """A rate that too few strangers could show is left out, not called zero."""
    assert rates(made([5.0], [1.0] * 99)).missed == (None, None, None)


def test_no_comparisons_give_no_rates() -> None:
    """A database without mates or without strangers has no equal error rate."""
    assert math.isnan(rates(made([], [1.0])).eer)
    assert math.isnan(rates(made([1.0], [])).eer)


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=30), st.lists(st.floats(0, 10), min_size=1, max_size=200)
)
def test_rates_are_those_of_trying_every_threshold(mates: list[float], others: list[float]) -> None:
    """FMR100 is the fewest missed mates of all thresholds that let at most one stranger in a hundred pass."""
    found = rates(made(mates, others))
    bars = [*sorted({*mates, *others}), math.inf]
    missed = [sum(one < bar for one in mates) / len(mates) for bar in bars]
    passed = [sum(one >= bar for one in others) / len(others) for bar in bars]
    fine = min(m for m, p in zip(missed, passed, strict=True) if p <= 0.01 + 1e-12)
    assert found.missed[0] == (pytest.approx(fine) if len(others) >= 100 else None)
    gap = min(abs(m - p) for m, p in zip(missed, passed, strict=True))
    assert any(
        found.eer == pytest.approx((m + p) / 2)
        for m, p in zip(missed, passed, strict=True)
        if abs(m - p) <= gap + 1e-9
    )


def test_every_pair_of_prints_counts_once() -> None:
    """Of 4 fingers with 3 impressions each, 12 pairs are mates and 54 are not, 6 of them of first ones."""
    one = compared("x", *table(1, 4, 3))
    assert (len(one.mates), len(one.others)) == (12, 54)
    assert len(first_only(one).others) == 6
    assert len(first_only(one).mates) == 12


def test_only_the_earlier_print_is_the_probe() -> None:
    """What stands below the diagonal of the similarities is not read."""
    similarity, finger, impression = table(2, 4, 3)
    spoiled = similarity.copy()
    spoiled[np.tril_indices(len(finger))] = 1e9
    a, b = compared("x", similarity, finger, impression), compared("x", spoiled, finger, impression)
    assert (a.mates == b.mates).all()
    assert (a.others == b.others).all()


def test_intervals_hold_what_was_measured() -> None:
    """A 95 % interval holds the measured rate, is not a point, and is the same at every run."""
    one = compared("x", *table(3, 10, 4))
    first, again = evaluated(one, 100), evaluated(one, 100)
    assert first == again
    ends = first.intervals[0]
    assert ends is not None
    assert ends[0] <= first.rates.eer <= ends[1]
    assert ends[0] < ends[1]


def test_pooling_keeps_databases_apart() -> None:
    """Pooled fingers of two databases are counted as different ones, under one threshold."""
    parts = [compared("a", *table(4, 4, 3)), compared("b", *table(5, 5, 3))]
    both = pooled(parts)
    assert both.fingers == 9
    assert len(both.others) == sum(len(one.others) for one in parts)
    assert both.other_fingers.max() == 8
    assert (both.other_fingers[:, 0] != both.other_fingers[:, 1]).all()


def test_the_mean_is_of_rates_each_at_its_own_threshold() -> None:
    """Databases whose similarities differ in scale alone have the mean of their rates, not worse ones."""
    similarity, finger, impression = table(6, 6, 3)
    parts = [
        compared("a", similarity, finger, impression),
        compared("b", 10 * similarity, finger, impression),
    ]
    assert mean_of(parts, 10).rates.eer == pytest.approx(rates(parts[0]).eer)
    assert rates(pooled(parts)).eer > rates(parts[0]).eer


def test_the_trade_off_falls_one_way() -> None:
    """As the threshold rises fewer strangers pass and more mates are missed, from all to none."""
    curve = det(compared("x", *table(7, 10, 8)))
    assert (np.diff(curve.fmr) <= 0).all()
    assert (np.diff(curve.fnmr) >= 0).all()
    assert (curve.fmr[0], curve.fnmr[0], curve.fmr[-1], curve.fnmr[-1]) == (1.0, 0.0, 0.0, 1.0)
