# SPDX-License-Identifier: Apache-2.0
"""Which cells of a table are not shown, and what a reader could still work out about them.

Primary: a count of 1 to threshold - 1. Complementary: as many further cells as it takes until no reader can
narrow a cell that is not shown to less than the range that the mark itself tells (threshold - 1 values wide).
The reader is assumed to know every cell that is shown, every sum, that counts are whole, that a cell which
is not shown is at least 1 (zeros are shown), and how this works. The bounds come from linear programs; the
tables here (places within places, by one list of outcomes) are networks, so they hold for whole numbers too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

THRESHOLD = 10
ORIGIN = (
    "Washington State Department of Health, Standards for Reporting Data with Small Numbers (May 2018): "
    "no count from 1 to 9, and none that subtraction gives back. CMS draws the line at 10."
)

Cell: TypeAlias = tuple[str, str]
"""(place, measure)."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A cell and the cells that add up to it."""

    total: Cell
    parts: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The total, then its parts."""
        return (self.total, *self.parts)


@dataclass(frozen=True, slots=True)
class Range:
    """What a reader can work out about a cell that is not shown; `high` is None where nothing bounds it."""

    low: int
    high: int | None

    def spans(self, threshold: int, floor: int = 1) -> bool:
        """Whether this tells no more than the mark does.

        A cell of floor 1 must seem to range over threshold - 1 values; one of floor 0, whose zero is as
        secret as its one, from 0 to the threshold itself: then no sum of such cells is a small count.
        """
        return self.high is None or self.high - self.low >= threshold - 2 * floor


def primary(values: Mapping[Cell, int], threshold: int = THRESHOLD) -> frozenset[Cell]:
    """Cells that are too small to show."""
    return frozenset(cell for cell, value in values.items() if 0 < value < threshold)


def attack(
    shown: Mapping[Cell, int],
    hidden: Iterable[Cell],
    sums: Sequence[Sum],
    floor: Mapping[Cell, int] | None = None,
) -> dict[Cell, Range]:
    """What a reader can work out about each hidden cell from the cells shown.

    Args:
        shown: cells that are shown, by value.
        hidden: cells that are not.
        sums: all the sums a reader knows of.
        floor: the least that a hidden cell can be; 1 where it is not named.

    Raises:
        ValueError: no table fits what is shown.
    """
    wanted = sorted(set(hidden))
    least = {cell: (floor or {}).get(cell, 1) for cell in wanted}
    found: dict[Cell, Range] = {}
    for cells, rows in _components(wanted, sums):
        found.update(_bounds(cells, rows, shown, least))
    return found


def _components(
    hidden: Sequence[Cell], sums: Sequence[Sum]
) -> list[tuple[list[Cell], list[tuple[Sum, list[Cell]]]]]:
    """Hidden cells that share sums, with those sums: each group can be worked out alone."""
    parent = {cell: cell for cell in hidden}

    def find(cell: Cell) -> Cell:
        while parent[cell] != cell:
            parent[cell] = parent[parent[cell]]
            cell = parent[cell]
        return cell

    touching = [(one, [cell for cell in one.cells if cell in parent]) for one in sums]
    touching = [(one, cells) for one, cells in touching if cells]
    for _, cells in touching:
        for cell in cells[1:]:
            parent[find(cell)] = find(cells[0])
    groups: dict[Cell, tuple[list[Cell], list[tuple[Sum, list[Cell]]]]] = {}
    for cell in hidden:
        groups.setdefault(find(cell), ([], []))[0].append(cell)
    for row in touching:
        groups[find(row[1][0])][1].append(row)
    return list(groups.values())


def _bounds(
    cells: list[Cell],
    rows: list[tuple[Sum, list[Cell]]],
    shown: Mapping[Cell, int],
    least: Mapping[Cell, int],
) -> dict[Cell, Range]:
    if not rows:
        return {cell: Range(least[cell], None) for cell in cells}
    place = {cell: at for at, cell in enumerate(cells)}
    entries: list[tuple[int, int, float]] = []
    right: list[float] = []
    for at, (one, inside) in enumerate(rows):
        entries += [(at, place[cell], -1.0 if cell == one.total else 1.0) for cell in inside]
        known = sum(shown[cell] for cell in one.parts if cell not in place)
        right.append((0 if one.total in place else shown[one.total]) - known)
    matrix = csr_matrix(
        ([value for _, _, value in entries], ([row for row, _, _ in entries], [at for _, at, _ in entries])),
        shape=(len(rows), len(cells)),
    )
    limits = [(least[cell], None) for cell in cells]
    found = {}
    for cell, at in place.items():
        low = _least(matrix, right, limits, at, 1.0)
        high = _least(matrix, right, limits, at, -1.0)
        assert low is not None, "a count is bounded from below"
        found[cell] = Range(round(low), None if high is None else round(-high))
    return found


def _least(
    matrix: csr_matrix, right: list[float], limits: list[tuple[int, None]], at: int, sign: float
) -> float | None:
    """Least value of sign * cell, or None where nothing bounds it. Raises ValueError."""
    aim = np.zeros(len(limits))
    aim[at] = sign
    # The stubs know dense matrices only; a nation's table is too large for one.
    solved = linprog(aim, A_eq=matrix, b_eq=right, bounds=limits, method="highs")  # type: ignore[call-overload]
    if solved.status == 3:
        return None
    if solved.status != 0:
        raise ValueError("no table of counts fits what is shown")
    return float(solved.fun)


def protect(
    values: Mapping[Cell, int],
    sums: Sequence[Sum],
    *,
    threshold: int = THRESHOLD,
    hidden: Iterable[Cell] = (),
    floor: Mapping[Cell, int] | None = None,
) -> frozenset[Cell]:
    """Every cell that is not to be shown: the small ones, the ones given as `hidden`, and their complement.

    `floor` is as in `attack`; a cell of floor 0 is also hidden where it is zero. Of the cells that could
    serve as complement the smallest that is not a total goes first; a zero never does, because many zeros
    follow from the rule in force and hide nothing.
    """
    floors = floor or {}
    gone = set(primary(values, threshold)) | {cell for cell in hidden if cell in values}
    gone |= {cell for cell, low in floors.items() if low == 0 and values.get(cell, threshold) < threshold}
    totals = {one.total for one in sums}
    while True:
        shown = {cell: value for cell, value in values.items() if cell not in gone}
        more = _alone(gone, sums, shown, totals) or _weak(gone, sums, shown, totals, floors, threshold)
        if not more:
            return frozenset(gone)
        gone |= more


def _alone(gone: set[Cell], sums: Sequence[Sum], shown: Mapping[Cell, int], totals: set[Cell]) -> set[Cell]:
    """A complement for each cell that one subtraction gives back."""
    single = [one for one in sums if sum(cell in gone for cell in one.cells) == 1]
    return {best for one in single for best in _smallest(one.cells, shown, totals)}


def _weak(
    gone: set[Cell],
    sums: Sequence[Sum],
    shown: Mapping[Cell, int],
    totals: set[Cell],
    floors: Mapping[Cell, int],
    threshold: int,
) -> set[Cell]:
    """A complement for each cell that could be narrowed too far; empty where there is none to narrow."""
    told = attack(shown, gone, sums, floors)
    more: set[Cell] = set()
    for cells, rows in _components(sorted(gone), sums):
        weak = [cell for cell in cells if not told[cell].spans(threshold, floors.get(cell, 1))]
        near = {other for cell in weak for one, _ in rows if cell in one.cells for other in one.cells}
        far = {other for one, _ in rows for other in one.cells} if weak else set()
        more |= set(_smallest(near, shown, totals) or _smallest(far, shown, totals))
    return more


def _smallest(cells: Iterable[Cell], shown: Mapping[Cell, int], totals: set[Cell]) -> list[Cell]:
    """The cell that serves as complement, as a list of one; none where there is only zero or nothing."""
    able = [cell for cell in cells if shown.get(cell, 0) > 0]
    return [min(able, key=lambda cell: (cell in totals, shown[cell], cell))] if able else []
