# SPDX-License-Identifier: Apache-2.0
"""Figures: medians and spreads of what was measured, never a mean over runs of a shared machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of some repetitions, in the unit of the values."""

    median: float
    least: float
    most: float
    count: int

    def text(self, digits: int = 1) -> str:
        """`median (least to most)`."""
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f})"


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one value."""
    return Spread(statistics.median(values), min(values), max(values), len(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed: the nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, min(len(ranked) - 1, -(-int(share * 1000) * len(ranked) // 1000) - 1))]


def rate(work: Callable[[], int], *, repeat: int = 5, least_s: float = 0.2) -> Spread:
    """Things per second of CPU time of this thread: `work` does some and says how many."""
    rates = []
    for _ in range(repeat):
        done, start = 0, time.thread_time()
        while (spent := time.thread_time() - start) < least_s:
            done += work()
        rates.append(done / spent)
    return spread(rates)


def milliseconds(work: Callable[[], object], *, repeat: int = 5) -> Spread:
    """CPU time of this thread for one call, ms."""
    spent = []
    for _ in range(repeat):
        start = time.thread_time()
        work()
        spent.append((time.thread_time() - start) * 1000.0)
    return spread(spent)
