# SPDX-License-Identifier: Apache-2.0
"""Checks a whole program: leaks, gaps, overlaps, rows that decide nothing, and every promise on every
cell."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sluicegate.policy.analysis.cells import Survey
from sluicegate.policy.analysis.coverage import Coverage, coverage
from sluicegate.policy.analysis.leaks import Difference, Leak, leaks, walk
from sluicegate.policy.analysis.promises import Promise, promises
from sluicegate.policy.program import Program

__all__ = ["Report", "check", "cells", "leaks"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of a program found, and how much it looked at.

    `periods` counts jurisdictions x periods, `cells` those x gates x cases, `pairs` a period of booking x the
    same or a later one of query x cases, `decided` how often `decide` itself was run on a cell.
    """

    program: str
    root: str
    jurisdictions: int
    periods: int
    cells: int
    pairs: int
    decided: int
    thorough: bool
    leaks: tuple[Leak, ...]
    differences: tuple[Difference, ...]
    coverage: Coverage
    promises: tuple[Promise, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing leaks, both ways of working it out agree, and every promise holds."""
        return not self.leaks and not self.differences and all(one.held for one in self.promises)


def check(program: Program, *, thorough: bool = False) -> Report:
    """Check every cell of a program; `thorough` also runs `decide` and `decide_lookup` on every one of
    them."""
    with _uncollected():
        return _report(program, thorough=thorough)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would walk a whole nation again and again and find none."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _report(program: Program, *, thorough: bool) -> Report:
    survey = Survey(program)
    found = walk(survey, thorough=thorough)
    return Report(
        program=program.name,
        root=program.root,
        jurisdictions=len(program.jurisdictions),
        periods=survey.spans,
        cells=survey.cells,
        pairs=survey.pairs,
        decided=found.decided,
        thorough=thorough,
        leaks=found.leaks,
        differences=found.differences,
        coverage=coverage(survey),
        promises=promises(survey, found, thorough=thorough),
    )


def cells(program: Program) -> int:
    """How many jurisdiction x period x gate x case cells a program has."""
    return Survey(program).cells
