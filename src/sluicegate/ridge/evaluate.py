# SPDX-License-Identifier: Apache-2.0
"""Error rates of comparing one finger with one finger, from all comparisons of a database.

The words are those of ISO/IEC 19795-1: FMR, the share of non-mated comparisons at or above a threshold; FNMR,
the share of mated comparisons below it; EER, where the two meet; FMR100, FMR1000, FMR10000, the FNMR at the
lowest threshold that lets one in so many non-mates pass (FVC's names). Intervals resample fingers, not
comparisons: the 2,880 non-mated pairs of ten fingers are far from 2,880 independent ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

PASSING = (100, 1_000, 10_000)
"""One in so many non-mates passes."""

REPLICATES = 500
"""Resamplings behind an interval."""

_SEED = 19795
_MOST_POINTS = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Every comparison of a database's prints, each pair once.

    `mates` float64 (n,) with their `mate_finger` int64 (n,), 0 to `fingers` - 1; `others` float64 (m,) with
    their two fingers, int64 (m, 2), and whether both prints are the first of their finger, `first` bool (m,).
    """

    name: str
    fingers: int
    mates: Floats
    mate_finger: Ints
    others: Floats
    other_fingers: Ints
    first: Flags


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares, 0 to 1. `missed` is the FNMR for each of `PASSING`; None where there are too few non-mates."""

    eer: float
    missed: tuple[float | None, ...]

    def values(self) -> tuple[float | None, ...]:
        """EER, FMR100, FMR1000, FMR10000."""
        return (self.eer, *self.missed)


Interval = tuple[float, float]
"""Lower and upper end of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Rates and their intervals, in the order of `Rates.values`."""

    rates: Rates
    intervals: tuple[Interval | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Det:
    """The two error rates at every threshold: float64 (k,) each, thresholds rising."""

    threshold: Floats
    fmr: Floats
    fnmr: Floats


def compared(name: str, similarity: Floats, finger: Ints, impression: Ints) -> Compared:
    """Every pair once, from similarities (n, n) of which those above the diagonal are read.

    Args:
        name: the database's.
        similarity: of print i as probe and print j as reference.
        finger: int64 (n,), any numbers; equal for prints of one finger.
        impression: int64 (n,); the least of a finger is its first.
    """
    names, owner = np.unique(finger, return_inverse=True)
    least = np.array([impression[owner == one].min() for one in range(len(names))])
    is_first = impression == least[owner]
    a, b = np.triu_indices(len(finger), 1)
    scores, same = similarity[a, b], owner[a] == owner[b]
    pairs = np.stack([owner[a], owner[b]], axis=1)[~same]
    first = (is_first[a] & is_first[b])[~same]
    return Compared(name, len(names), scores[same], owner[a][same], scores[~same], pairs, first)


def pooled(parts: Sequence[Compared]) -> Compared:
    """The comparisons of several databases under one threshold; no finger of one is a finger of another."""
    starts = np.cumsum([0, *(one.fingers for one in parts)])
    return Compared(
        "pooled",
        int(starts[-1]),
        np.concatenate([one.mates for one in parts]),
        np.concatenate([one.mate_finger + at for one, at in zip(parts, starts, strict=False)]),
        np.concatenate([one.others for one in parts]),
        np.concatenate([one.other_fingers + at for one, at in zip(parts, starts, strict=False)]),
        np.concatenate([one.first for one in parts]),
    )


def first_only(one: Compared) -> Compared:
    """FVC's own protocol: of the non-mates only those of first impressions."""
    kept = one.first
    return Compared(
        one.name,
        one.fingers,
        one.mates,
        one.mate_finger,
        one.others[kept],
        one.other_fingers[kept],
        one.first[kept],
    )


def rates(one: Compared) -> Rates:
    """Error rates of all comparisons. A database without mates or without non-mates has an EER of NaN."""
    return _Ladder(one).rates()


def evaluated(one: Compared, replicates: int = REPLICATES) -> Evaluated:
    """Rates with 95 % intervals, by drawing its fingers anew."""
    ladder = _Ladder(one)
    rng = np.random.default_rng(_SEED)
    drawn = [ladder.rates(_drawn(rng, one.fingers)) for _ in range(replicates)]
    return Evaluated(ladder.rates(), _intervals(drawn))


def mean_of(parts: Sequence[Compared], replicates: int = REPLICATES) -> Evaluated:
    """Means over databases, each with a threshold of its own; the fingers of each are drawn anew."""
    ladders = [_Ladder(one) for one in parts]
    rng = np.random.default_rng(_SEED)
    drawn = [
        _mean([ladder.rates(_drawn(rng, one.fingers)) for ladder, one in zip(ladders, parts, strict=True)])
        for _ in range(replicates)
    ]
    return Evaluated(_mean([ladder.rates() for ladder in ladders]), _intervals(drawn))


def det(one: Compared) -> Det:
    """The trade between the two errors, at no more than two thousand thresholds."""
    ladder = _Ladder(one)
    missed, passed = ladder.curves(None)
    step = max(1, len(ladder.bars) // _MOST_POINTS)
    # The far ends are where the plot is read, so they keep every threshold.
    ends = 200
    keep = np.zeros(len(ladder.bars), dtype=np.bool_)
    keep[::step] = True
    keep[:ends] = keep[-ends:] = True
    keep |= passed * max(len(one.others), 1) < ends
    return Det(ladder.bars[keep], passed[keep], missed[keep])


class _Ladder:
    """All thresholds of a database in order, climbed once for every weighting of its fingers."""

    def __init__(self, one: Compared) -> None:
        self._mates, self._others = np.argsort(one.mates), np.argsort(one.others)
        self._mate_finger = one.mate_finger[self._mates]
        self._other_fingers = one.other_fingers[self._others]
        self.bars = np.append(np.unique(np.concatenate([one.mates, one.others])), np.inf)
        self._below = np.searchsorted(one.mates[self._mates], self.bars)
        self._under = np.searchsorted(one.others[self._others], self.bars)
        self._usable = tuple(len(one.others) >= passing for passing in PASSING)

    def rates(self, weight: Floats | None = None) -> Rates:
        """Rates where finger f counts `weight`[f] times, and a pair of two as often as both together."""
        missed, passed = self.curves(weight)
        if not (np.isfinite(missed).all() and np.isfinite(passed).all()):
            return Rates(float("nan"), tuple(None for _ in PASSING))
        crossing = int(np.abs(missed - passed).argmin())
        eer = float(missed[crossing] + passed[crossing]) / 2.0
        # A thousandth of a pair more: sums of weights are exact, their quotients are not.
        lost = [
            float(missed[int((passed <= 1.0 / passing + 1e-12).argmax())]) if usable else None
            for passing, usable in zip(PASSING, self._usable, strict=True)
        ]
        return Rates(eer, tuple(lost))

    def curves(self, weight: Floats | None) -> tuple[Floats, Floats]:
        """FNMR and FMR at every threshold, float64; NaN where nothing was compared."""
        ours, theirs = np.ones(len(self._mates)), np.ones(len(self._others))
        if weight is not None:
            ours = weight[self._mate_finger]
            theirs = weight[self._other_fingers[:, 0]] * weight[self._other_fingers[:, 1]]
        below = np.concatenate([[0.0], np.cumsum(ours)])
        under = np.concatenate([[0.0], np.cumsum(theirs)])
        with np.errstate(invalid="ignore"):
            return below[self._below] / below[-1], 1.0 - under[self._under] / under[-1]


def _drawn(rng: np.random.Generator, fingers: int) -> Floats:
    return np.bincount(rng.integers(0, fingers, fingers), minlength=fingers).astype(np.float64)


def _mean(some: Sequence[Rates]) -> Rates:
    missed = [
        None
        if any(one is None for one in column)
        else float(np.mean([one for one in column if one is not None]))
        for column in zip(*(one.missed for one in some), strict=True)
    ]
    return Rates(float(np.mean([one.eer for one in some])), tuple(missed))


def _intervals(drawn: Sequence[Rates]) -> tuple[Interval | None, ...]:
    found: list[Interval | None] = []
    for column in zip(*(one.values() for one in drawn), strict=True):
        # A resampling that drew one finger only has no non-mates, and so no rates.
        known = [one for one in column if one is not None and np.isfinite(one)]
        ends = np.percentile(known, (2.5, 97.5)) if len(known) > len(column) // 2 else None
        found.append(None if ends is None else (float(ends[0]), float(ends[1])))
    return tuple(found)
