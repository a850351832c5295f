# SPDX-License-Identifier: Apache-2.0
"""Small cells and their complement, attacked by subtraction, by linear programs, and by trying everything."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.statistics.measures import ADDITIVE, IDENTITIES, MEASURES, percentile, rate
from sluicegate.statistics.suppress import THRESHOLD, Cell, Range, Sum, attack, primary, protect

PLACES, PARTS = ("A", "B"), ("copied", "withheld")
SMALL = 4  # a threshold at which every table can be tried
MOST = 16  # the largest count tried: no sum that is shown is larger


def sums_of(places: tuple[str, ...], parts: tuple[str, ...]) -> list[Sum]:
    """Places add up to N, parts to `all`."""
    rows = [Sum((one, "all"), tuple((one, part) for part in parts)) for one in (*places, "N")]
    return rows + [Sum(("N", name), tuple((one, name) for one in places)) for name in ("all", *parts)]


def table(leaves: dict[Cell, int], places: tuple[str, ...], parts: tuple[str, ...]) -> dict[Cell, int]:
    """All cells of a table, from those that are no sum."""
    values = dict(leaves)
    for one in places:
        values[one, "all"] = sum(leaves[one, part] for part in parts)
    for name in ("all", *parts):
        values["N", name] = sum(values[one, name] for one in places)
    return values


def every_value(values: dict[Cell, int], hidden: frozenset[Cell]) -> dict[Cell, set[int]]:
    """Values that each hidden cell takes in some table that fits what is shown, by trying all tables."""
    cells = list(itertools.product(PLACES, PARTS))
    tried = [range(1, MOST + 1) if cell in hidden else (values[cell],) for cell in cells]
    found: dict[Cell, set[int]] = {cell: set() for cell in hidden}
    for leaves in itertools.product(*tried):
        made = table(dict(zip(cells, leaves, strict=True)), PLACES, PARTS)
        fits = all(made[c] == v for c, v in values.items() if c not in hidden)
        if fits and all(made[cell] >= 1 for cell in hidden):
            for cell in hidden:
                found[cell].add(made[cell])
    return found


small_tables = st.tuples(*[st.integers(0, 4)] * 4).map(
    lambda counts: table(dict(zip(itertools.product(PLACES, PARTS), counts, strict=True)), PLACES, PARTS)
)


@settings(max_examples=25, deadline=None)
@given(small_tables)
@pytest.mark.slow
def test_no_reader_who_tries_every_table_narrows_a_hidden_cell_below_the_mark(
    values: dict[Cell, int],
) -> None:
    """Of all tables that fit what is shown, some differ by the width of the mark in every hidden cell."""
    hidden = protect(values, sums_of(PLACES, PARTS), threshold=SMALL)
    assert hidden >= primary(values, SMALL)
    for cell, found in every_value(values, hidden).items():
        assert values[cell] in found
        assert max(found) - min(found) >= SMALL - 2, cell


@settings(max_examples=25, deadline=None)
@given(small_tables, st.sets(st.sampled_from(list(itertools.product(("A", "B", "N"), ("all", *PARTS))))))
@pytest.mark.slow
def test_the_attack_finds_exactly_what_trying_every_table_finds(
    values: dict[Cell, int], gone: set[Cell]
) -> None:
    """The bounds of the linear programs are those of whole numbers, for any choice of hidden cells."""
    hidden = frozenset(cell for cell in gone if values[cell] > 0)
    shown = {cell: value for cell, value in values.items() if cell not in hidden}
    tried = every_value(values, hidden)
    for cell, found in attack(shown, hidden, sums_of(PLACES, PARTS)).items():
        assert found.low == min(tried[cell])
        if found.high is not None and found.high <= MOST:
            assert found.high == max(tried[cell])
        else:
            assert max(tried[cell]) >= MOST


def test_one_small_county_takes_a_second_cell_with_it() -> None:
    """Where a single county is small, subtraction from the sum would give it back, so another goes too."""
    leaves = {("A", "copied"): 3, ("A", "withheld"): 0, ("B", "copied"): 40, ("B", "withheld"): 0}
    values = table(leaves, PLACES, PARTS)
    hidden = protect(values, sums_of(PLACES, PARTS))
    assert {("A", "copied"), ("A", "all"), ("B", "copied"), ("B", "all")} == hidden
    naive = {cell: value for cell, value in values.items() if cell not in primary(values)}
    assert attack(naive, primary(values), sums_of(PLACES, PARTS))["A", "all"] == Range(3, 3)


def test_two_small_cells_whose_sum_is_small_are_not_left_alone() -> None:
    """Two hidden counts with a sum of five would each be known to be at most four; a third hides them."""
    places, parts = ("A", "B", "C"), ("copied",)
    values = table({("A", "copied"): 2, ("B", "copied"): 3, ("C", "copied"): 90}, places, parts)
    hidden = protect(values, sums_of(places, parts))
    assert ("C", "copied") in hidden
    shown = {cell: value for cell, value in values.items() if cell not in hidden}
    assert all(one.spans(THRESHOLD) for one in attack(shown, hidden, sums_of(places, parts)).values())


def test_a_table_without_small_counts_is_shown_whole() -> None:
    """Nothing is hidden where nothing is small, and a zero is not small."""
    leaves = {("A", "copied"): 10, ("A", "withheld"): 0, ("B", "copied"): 11, ("B", "withheld"): 12}
    assert protect(table(leaves, PLACES, PARTS), sums_of(PLACES, PARTS)) == frozenset()


def test_a_table_of_one_small_count_hides_every_sum_of_it() -> None:
    """A single booking in the nation is in no sum that is shown."""
    leaves = {("A", "copied"): 1, ("A", "withheld"): 0, ("B", "copied"): 0, ("B", "withheld"): 0}
    hidden = protect(table(leaves, PLACES, PARTS), sums_of(PLACES, PARTS))
    assert hidden == {("A", "copied"), ("A", "all"), ("N", "copied"), ("N", "all")}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_state_of_forty_counties_is_protected_and_mostly_shown(seed: int) -> None:
    """In a table of the size of a state no cell can be narrowed, and most that are not small are shown."""
    chance = random.Random(seed)  # noqa: S311 a table, not a secret
    places, parts = tuple(f"C{at}" for at in range(40)), ("copied", "withheld", "refused")
    leaves = {}
    for one in places:
        copied = int(chance.lognormvariate(3.2, 1.6))
        leaves |= {(one, "copied"): copied, (one, "withheld"): 0, (one, "refused"): copied // 50}
    values = table(leaves, places, parts)
    hidden = protect(values, sums_of(places, parts))
    shown = {cell: value for cell, value in values.items() if cell not in hidden}
    assert all(one.spans(THRESHOLD) for one in attack(shown, hidden, sums_of(places, parts)).values())
    assert len(hidden) < 3 * len(primary(values))


def test_figures_that_no_table_fits_are_refused() -> None:
    """A total below its shown part is no table, and the attack says so rather than answer."""
    with pytest.raises(ValueError, match="no table"):
        attack({("A", "all"): 3, ("A", "copied"): 5}, {("A", "withheld")}, [sums_of(PLACES, PARTS)[0]])


def test_every_identity_is_about_defined_measures() -> None:
    """Sums name measures that exist, and the outcomes of a booking add up to the submissions."""
    known = {one.id for one in MEASURES}
    assert {name for total, parts in IDENTITIES for name in (total, *parts)} <= known
    assert set(ADDITIVE) == {IDENTITIES[0][0], *IDENTITIES[0][1]}


def test_percentiles_and_rates_are_of_whole_numbers() -> None:
    """Nearest rank and one rounded decimal, by hand."""
    assert [percentile([1, 2, 3, 4], p) for p in (50, 75, 95, 100)] == [2, 3, 4, 4]
    assert percentile(list(range(1, 101)), 95) == 95
    assert (rate(1, 3), rate(2, 3), rate(0, 7), rate(1, 0)) == ("33.3 %", "66.7 %", "0.0 %", "-")
