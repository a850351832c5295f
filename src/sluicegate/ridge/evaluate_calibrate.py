# SPDX-License-Identifier: Apache-2.0
"""Thresholds per number of fingers from what strangers reach, and what those in force amount to.

The rule: `grey` is what one stranger in a million reaches, `accept` twice what one in a thousand million
reaches, both by the tail's upper end and rounded up to a half. The sum over fingers is taken as one of
independent fingers; how far persons differ from that is measured beside (`independence`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.evaluate import Compared, pooled
from sluicegate.ridge.evaluate_tail import STEP as CELL
from sluicegate.ridge.evaluate_tail import (
    Tail,
    at_or_above,
    distribution,
    ratio_to_sums,
    reached_by,
    steepest_and_flattest,
    summed,
    tail_of,
)

Floats = NDArray[np.float64]

ANCHOR = 0.01
"""From which share of strangers on the tail counts: FVC2002 has a hundred similarities beyond."""

GREY_SHARE = 1e-6
"""Strangers per subject compared that come to a person."""

ACCEPT_SHARE = 1e-9
"""Strangers per subject compared at half of `accept`."""

ACCEPT_FACTOR = 2.0
"""Beyond the extrapolation: it stands on nothing but caution."""

_HALF = 0.5
_SAMPLES = 4_000
_SEED = 19795
_CHECKED = (0.01, 0.001)


@dataclass(frozen=True, slots=True)
class Fingers:
    """One number of fingers. Similarities are sums.

    `likely` and `sure` are what one stranger in a million reaches by the tail as measured and by its upper
    end, `far` what one in a thousand million does by the latter, an extrapolation. `grey` and `accept` follow
    by the rule. `passing` is how many strangers per million subjects reach the threshold `grey` in force, by
    the two tails. `mates` are the lowest, the lowest 5 % and the median of mates.
    """

    fingers: int
    likely: float
    sure: float
    far: float
    grey: float
    accept: float
    passing: tuple[float, float]
    mates: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Independence:
    """What sums over so many fingers reach, over what independent fingers would: at 1 % and at 0.1 %."""

    what: str
    fingers: int
    persons: int
    ratios: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds with what they rest on: the tail, its upper end, and a row per number of fingers."""

    tail: Tail
    upper: Tail
    fingers: tuple[Fingers, ...]
    independence: tuple[Independence, ...]


def calibrated(parts: Sequence[Compared], in_force: Sequence[float], persons: Floats) -> Calibration:
    """Thresholds from an evaluation's non-mates.

    Args:
        parts: the evaluation's databases.
        in_force: `grey` for 1, 2, ... fingers, against which strangers are counted.
        persons: float64 (pairs of people, fingers), strangers' similarities finger by finger, for the check
            of independence; no rows where there are none.

    Raises:
        UsageError: there are too few non-mates for a tail.
    """
    both = pooled(parts)
    tail = tail_of(both.others, ANCHOR)
    _, upper = steepest_and_flattest(both, ANCHOR)
    most = len(in_force)
    likely = summed(distribution(both.others, tail), most)
    sure = summed(distribution(both.others, upper), most)
    mates = mates_of_persons(parts, most)
    rows = []
    for n, grey in enumerate(in_force):
        far = reached_by(sure[n], ACCEPT_SHARE)
        bar = reached_by(sure[n], GREY_SHARE)
        place = min(int(grey / CELL), len(likely[n]) - 1)
        passing = tuple(1e6 * float(at_or_above(one[n])[place]) for one in (likely, sure))
        rows.append(
            Fingers(
                n + 1,
                reached_by(likely[n], GREY_SHARE),
                bar,
                far,
                _up(bar),
                _up(ACCEPT_FACTOR * far),
                (passing[0], passing[1]),
                mates[n],
            )
        )
    return Calibration(tail, upper, tuple(rows), tuple(_checked(parts, persons)))


def mates_of_persons(parts: Sequence[Compared], most: int) -> list[tuple[float, float, float]]:
    """Lowest, lowest 5 % and median mates of 1 to `most` fingers, NaN where a database has fewer.

    As though the fingers of a database were one person's: of so many different ones, a mated pair each.
    """
    rng = np.random.default_rng(_SEED)
    found: list[list[Floats]] = [[] for _ in range(most)]
    for one in parts:
        by_finger = [one.mates[one.mate_finger == f] for f in range(one.fingers)]
        sampled = np.stack([rng.choice(some, _SAMPLES) for some in by_finger if len(some)])
        order = rng.permuted(np.tile(np.arange(len(sampled))[:, None], _SAMPLES), axis=0)
        sums = np.cumsum(np.take_along_axis(sampled, order, axis=0), axis=0)
        for n in range(min(most, len(sums))):
            # For one finger every pair is there, so that its lowest is the lowest.
            found[n].append(sums[n] if n else one.mates)
    return [_three(np.concatenate(some)) if some else (math.nan,) * 3 for some in found]


def strangers_of_persons(one: Compared, fingers: int, samples: int = _SAMPLES) -> Floats:
    """Sums over so many pairs of different fingers of one database, no finger twice on a side, (samples,)."""
    rng = np.random.default_rng(_SEED)
    order = rng.permuted(np.tile(np.arange(one.fingers), (samples, 1)), axis=1)
    # Everybody meets somebody else: the fingers in one order against the same order, some places on.
    ours = order[:, :fingers]
    theirs = np.roll(order, -rng.integers(1, one.fingers), axis=1)[:, :fingers]
    low, high = np.sort(one.other_fingers, axis=1).T
    key = low * one.fingers + high
    by_pair = np.argsort(key, kind="stable")
    wanted = np.minimum(ours, theirs) * one.fingers + np.maximum(ours, theirs)
    start, end = np.searchsorted(key[by_pair], wanted), np.searchsorted(key[by_pair], wanted, side="right")
    chosen = start + np.floor(rng.random(start.shape) * (end - start)).astype(np.int64)
    return np.asarray(one.others[by_pair[chosen]].sum(axis=1), dtype=np.float64)


def _checked(parts: Sequence[Compared], persons: Floats) -> list[Independence]:
    checks = []
    whole = [one for one in parts if one.fingers >= 10]
    if whole:
        sums = np.concatenate([strangers_of_persons(one, 10) for one in whole])
        single = np.concatenate([one.others for one in whole])
        checks.append(_check("fingers of one database", single, sums, 10))
    enough = len(persons) * _CHECKED[-1] >= 3
    return checks + [
        _check("drawn people", persons.ravel(), persons[:, :n].sum(axis=1), n)
        for n in (2, 4, 10)
        if enough and n <= persons.shape[1]
    ]


def _check(what: str, single: Floats, sums: Floats, fingers: int) -> Independence:
    return Independence(what, fingers, len(sums), ratio_to_sums(single, sums, fingers, _CHECKED))


def _three(values: Floats) -> tuple[float, float, float]:
    return float(values.min()), float(np.quantile(values, 0.05)), float(np.median(values))


def _up(similarity: float) -> float:
    return math.ceil(similarity / _HALF) * _HALF
