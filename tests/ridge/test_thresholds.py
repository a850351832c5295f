# SPDX-License-Identifier: Apache-2.0
"""The thresholds in force are what the rule says of the strangers that were measured."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sluicegate.cli.ridge_scores import load
from sluicegate.errors import UsageError
from sluicegate.ridge import parameters
from sluicegate.ridge.evaluate import Compared, pooled, rates
from sluicegate.ridge.evaluate_calibrate import Calibration, calibrated, mates_of_persons
from sluicegate.ridge.evaluate_tail import (
    STEP,
    at_or_above,
    distribution,
    ratio_to_sums,
    reached_by,
    steepest_and_flattest,
    summed,
    tail_of,
)

MEASURED = Path(__file__).parent / "vectors" / "fvc2002-similarities.npz"


@cache
def fvc2002() -> tuple[Compared, ...]:
    """Every comparison of FVC2002 DB1 to DB4, set B, as the command kept it."""
    return tuple(load(MEASURED)[2])


@cache
def calibration() -> Calibration:
    """The calibration on them, without drawn people."""
    return calibrated(fvc2002(), parameters.load().fusion.grey, np.zeros((0, 10)))


def test_an_exponential_tail_is_recovered() -> None:
    """Of exponential similarities the tail has the scale, and one in a million is where it must be."""
    tail = tail_of(np.random.default_rng(1).exponential(0.3, 200_000), 0.01)
    assert abs(tail.scale - 0.3) < 4 * tail.error
    assert tail.reached_by(1e-6) == pytest.approx(0.3 * math.log(1e6), rel=0.05)
    assert tail.at_or_above(tail.reached_by(1e-7)) == pytest.approx(1e-7)


def test_too_few_similarities_give_no_tail() -> None:
    """A tail is not guessed from fewer than ten similarities."""
    with pytest.raises(UsageError, match="too few for a tail"):
        tail_of(np.linspace(0, 1, 900), 0.01)


def test_a_distribution_holds_everybody_and_is_never_too_low() -> None:
    """Probabilities sum to one, and of the sample no more lie above any similarity than is said."""
    sample = np.random.default_rng(2).gamma(4.0, 0.2, 5_000)
    shares = distribution(sample, tail_of(sample, 0.01))
    assert shares.sum() == pytest.approx(1.0)
    above = at_or_above(shares)
    for bar in (0.5, 1.0, 1.5):
        assert above[round(bar / STEP)] >= (sample >= bar).mean() - 1e-9


def test_sums_of_independent_fingers_are_convolved() -> None:
    """Sums over three fingers drawn independently reach what convolution says, within a percent."""
    rng = np.random.default_rng(3)
    sample = rng.exponential(0.4, 100_000)
    three = summed(distribution(sample, tail_of(sample)), 3)[2]
    assert three.sum() == pytest.approx(1.0)
    # The sum of three exponentials: one in a million reaches 0.4 times 19.12 (Erlang distribution).
    assert reached_by(three, 1e-6) == pytest.approx(0.4 * 19.12, rel=0.04)
    drawn = rng.choice(sample, (50_000, 3)).sum(axis=1)
    assert ratio_to_sums(sample, drawn, 3, (0.01, 0.001)) == pytest.approx((1.0, 1.0), abs=0.03)


def test_fingers_that_go_together_are_seen() -> None:
    """Sums of fingers that are alike within a person reach more than independent ones, and it is told."""
    sample = np.random.default_rng(4).exponential(0.4, 20_000)
    assert ratio_to_sums(sample, 3 * sample, 3, (0.01,))[0] > 1.3


def test_the_interval_of_the_tail_counts_fingers_not_pairs() -> None:
    """Resampled by fingers, the tail's scale is several times less sure than its pairs alone would say."""
    both = pooled(fvc2002())
    tail = tail_of(both.others, 0.01)
    low, high = steepest_and_flattest(both, 0.01, 200)
    assert low.scale < tail.scale < high.scale
    assert high.scale - low.scale > 2 * 2 * tail.error


def test_measured_error_rates_are_those_that_the_documents_state() -> None:
    """The kept similarities give an EER of 0.28 % in the mean and an FMR1000 of 0.54 % pooled."""
    assert np.mean([rates(one).eer for one in fvc2002()]) == pytest.approx(0.0028, abs=5e-5)
    assert rates(pooled(fvc2002())).missed[1] == pytest.approx(0.0054, abs=5e-5)


def test_the_thresholds_in_force_are_no_lower_than_the_rule() -> None:
    """For 1 to 10 fingers `grey` and `accept` are what the rule asks for, or at most a half higher."""
    fusion = parameters.load().fusion
    for one, grey, accept in zip(calibration().fingers, fusion.grey, fusion.accept, strict=True):
        assert one.grey <= grey <= one.grey + 0.5, one.fingers
        assert one.accept <= accept <= one.accept + 0.5, one.fingers


def test_less_than_one_stranger_in_a_million_reaches_grey() -> None:
    """At the thresholds in force fewer than one subject in a million comes to a person, by either tail."""
    for one in calibration().fingers:
        likely, sure = one.passing
        assert 0 < likely < sure < 1


def test_no_mate_of_three_or_more_fingers_is_lost() -> None:
    """The lowest of thousands of mates of three fingers or more lies above `grey`, of five above `accept`."""
    fusion = parameters.load().fusion
    for one in calibration().fingers:
        if one.fingers >= 3:
            assert one.mates[0] > fusion.grey[one.fingers - 1]
        if one.fingers >= 5:
            assert one.mates[0] > fusion.accept[one.fingers - 1]


def test_fingers_of_one_sensor_add_up_as_independent_ones() -> None:
    """Sums over ten strangers' fingers of one database reach within 5 % of what independence says."""
    (check,) = calibration().independence
    assert check.ratios == pytest.approx((1.0, 1.0), abs=0.05)


def test_a_database_of_few_fingers_has_no_mates_of_ten() -> None:
    """Persons of more fingers than a database has are not made up."""
    three = Compared(
        "x",
        3,
        np.array([5.0, 6.0, 7.0]),
        np.arange(3),
        np.array([1.0]),
        np.array([[0, 1]]),
        np.array([True]),
    )
    found = mates_of_persons([three], 4)
    assert found[2] == (18.0, 18.0, 18.0)
    assert all(math.isnan(value) for value in found[3])
