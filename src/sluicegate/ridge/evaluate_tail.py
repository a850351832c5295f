# SPDX-License-Identifier: Apache-2.0
"""What strangers reach: the tail of one finger's similarities, and of the sum over several fingers.

Thresholds stand where no database of prints has comparisons, so this says what is measured and what is not.
Up to the share `anchor` of a sample (say one in a thousand) its own distribution counts. Beyond, an
exponential takes over, whose scale is the mean excess over the anchor's quantile (the usual estimator of an
exponential tail; its error is the scale over the square root of how many are beyond). Fingers are added as
independent: the distribution of a sum is the convolution of the distributions of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import UsageError
from sluicegate.ridge.evaluate import Compared

Floats = NDArray[np.float64]

STEP = 0.01
"""Similarity per cell of a distribution."""

CELLS = 6_000
"""Cells of a distribution: similarities up to 60; the tail beyond is counted into the last."""

LEAST_BEYOND = 10
"""Fewer similarities beyond the anchor give no scale worth the name."""

_SEED = 19795


@dataclass(frozen=True, slots=True)
class Tail:
    """Beyond `start`, which the share `share` of strangers reach, one in e fewer per `scale`.

    `error` is one standard deviation of the scale; `beyond` is how many similarities it rests on.
    """

    start: float
    share: float
    scale: float
    error: float
    beyond: int

    def at_or_above(self, similarity: float) -> float:
        """The share of strangers at or above a similarity, which is at least `start`."""
        return float(self.share * np.exp(-(similarity - self.start) / self.scale))

    def reached_by(self, share: float) -> float:
        """The similarity that this share of strangers reaches; a share of at most `self.share`."""
        return float(self.start + self.scale * np.log(self.share / share))


def tail_of(similarities: Floats, anchor: float = 1e-3) -> Tail:
    """The exponential tail of a sample, from the quantile that the share `anchor` reaches.

    Raises:
        UsageError: fewer than `LEAST_BEYOND` similarities are that high.
    """
    ranked = np.sort(similarities)[::-1]
    beyond = int(len(ranked) * anchor)
    if beyond < LEAST_BEYOND:
        raise UsageError(
            f"{len(ranked):,} similarities are too few for a tail from one in {1 / anchor:,.0f}."
        )
    start = float(ranked[beyond])
    scale = max(float(np.mean(ranked[:beyond]) - start), STEP)
    return Tail(start, beyond / len(ranked), scale, scale / float(np.sqrt(beyond)), beyond)


def distribution(similarities: Floats, tail: Tail) -> Floats:
    """Probabilities float64 (CELLS,) of one finger: as counted below the tail's start, exponential beyond.

    A similarity counts for the cell whose upper end it does not pass, so that sums are never too low.
    """
    found = np.zeros(CELLS)
    start = int(np.ceil(tail.start / STEP))
    body = similarities[similarities <= tail.start]
    cells = np.minimum(np.ceil(body / STEP).astype(np.int64), CELLS - 1)
    found += np.bincount(cells, minlength=CELLS)[:CELLS] * ((1.0 - tail.share) / max(len(body), 1))
    ends = np.exp(-np.arange(CELLS - start) * STEP / tail.scale)
    found[start + 1 :] += tail.share * (ends[:-1] - ends[1:])
    found[-1] += tail.share * ends[-1]
    return found


def summed(one: Floats, fingers: int) -> list[Floats]:
    """The distributions of the sum over 1 to `fingers` fingers drawn independently from one distribution."""
    sums = [one]
    for _ in range(fingers - 1):
        longer = np.convolve(sums[-1], one)
        # Not by Fourier transforms: their rounding errors are larger than the tail that is asked for.
        sums.append(np.append(longer[: CELLS - 1], longer[CELLS - 1 :].sum()))
    return sums


def at_or_above(probabilities: Floats) -> Floats:
    """The share at or above the lower end of every cell, float64 (CELLS,)."""
    return np.asarray(np.cumsum(probabilities[::-1])[::-1], dtype=np.float64)


def reached_by(probabilities: Floats, share: float) -> float:
    """The least similarity that at most this share of strangers reaches."""
    return float(np.argmax(at_or_above(probabilities) <= share) * STEP)


def ratio_to_sums(single: Floats, sums: Floats, fingers: int, shares: Sequence[float]) -> tuple[float, ...]:
    """What measured sums reach over what independence says they reach, at each of these shares.

    Args:
        single: similarities of single fingers.
        sums: similarities of persons, each the sum over so many such fingers.
        fingers: how many.
        shares: for instance 0.01, the similarity that one person in a hundred reaches; above 1 / len(sums).
    """
    cells = np.minimum(np.ceil(single / STEP).astype(np.int64), CELLS - 1)
    plain = np.bincount(cells, minlength=CELLS)[:CELLS] / len(single)
    expected = summed(plain, fingers)[-1]
    return tuple(float(np.quantile(sums, 1.0 - one)) / reached_by(expected, one) for one in shares)


def steepest_and_flattest(one: Compared, anchor: float, replicates: int = 500) -> tuple[Tail, Tail]:
    """The tails at the lower and upper end of a 95 % interval of the scale, by drawing fingers anew.

    Non-mates of the same two fingers come in dozens, so the scale is far less sure than its `error` says.
    Raises UsageError as `tail_of` does.
    """
    rng = np.random.default_rng(_SEED)
    drawn = [tail_of(one.others, anchor)]
    for _ in range(replicates):
        weight = np.bincount(rng.integers(0, one.fingers, one.fingers), minlength=one.fingers)
        times = weight[one.other_fingers[:, 0]] * weight[one.other_fingers[:, 1]]
        again = np.repeat(one.others, times)
        if int(len(again) * anchor) >= LEAST_BEYOND:
            drawn.append(tail_of(again, anchor))
    ranked = sorted(drawn, key=lambda tail: tail.scale)
    return ranked[int(0.025 * len(ranked))], ranked[min(int(0.975 * len(ranked)), len(ranked) - 1)]
