# SPDX-License-Identifier: Apache-2.0
"""What is said of the nation on a day follows from the rules, and is the same on every way to it."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.policy.program import Program, load, overlay
from sluicegate.store.programs import shipped
from sluicegate.terms import ModeName
from sluicegate.web.catalog import LANGUAGES, catalog
from sluicegate.web.public import home
from sluicegate.web.public import nation_view as view
from sluicegate.web.public.county_dates import noon
from sluicegate.web.public.nation_said import Speaker

FIRST, LAST = date(2008, 1, 1), date(2026, 1, 1)
PUERTO_RICO = b"""id,name,kind,parent,zone,fips,source,confidence
US-PR,Puerto Rico,state,US,America/Puerto_Rico,72,SRC-FIPS,S
"""


@cache
def program() -> Program:
    """Secure Communities with the scenario of the demonstration."""
    return overlay(shipped("secure-communities"), shipped("demo-scenario"))


@cache
def stretches(then: bool) -> dict[str, tuple[tuple[date, view.Look], ...]]:
    """What the slider is given."""
    found = view.stretches(program(), then=then)
    assert found is not None
    return dict(found)


@given(st.integers(0, (LAST - FIRST).days), st.booleans())
def test_the_slider_and_the_page_of_a_day_agree(days: int, then: bool) -> None:
    """On any day, as known now and as known then, what the slider shows is what the page says."""
    day = FIRST + timedelta(days=days)
    seen = view.nation(program().known_at(day) if then else program(), day)
    for line in seen.lines:
        begun = [look for begins, look in stretches(then)[line.place.id] if begins <= day]
        assert begun[-1] == line.look


def test_stretches_change_something_and_only_on_days_of_the_rules() -> None:
    """Every stretch looks otherwise than the one before, and begins on a day that a rule names."""
    named = {date.min, *view.days(program(), date.max)}
    for then in (False, True):
        for ones in stretches(then).values():
            assert ones[0][0] == date.min
            assert {day for day, _ in ones} <= named
            assert all(one[1] != other[1] for one, other in pairwise(ones))


@pytest.mark.parametrize("day", [date(2008, 6, 1), date(2010, 11, 10), date(2011, 6, 10), date(2020, 1, 1)])
def test_the_nation_is_counted_as_on_the_first_page(day: date) -> None:
    """Places, those that share, those that asked for something else: as many as the first page says."""
    seen, first = view.nation(program(), day), home.count(program(), noon(day, "America/New_York"))
    assert (seen.places, seen.sharing, seen.apart) == (first.places, first.sharing, first.gap)
    assert {one.name: one.all for one in seen.modes} == dict(first.modes)
    assert sum(one.all for one in seen.gaps) == seen.places


@pytest.mark.parametrize(
    ("wanted", "held", "said"),
    [
        ("", "FULL", "none"),
        ("FULL", "FULL", "same"),
        ("JURISDICTION_FILTER", "FULL", "more"),
        ("RESPONSE_OPT_OUT", "FULL", "more"),
        ("JURISDICTION_FILTER", "RESPONSE_OPT_OUT", "more"),
        ("FULL", "RESPONSE_OPT_OUT", "less"),
        ("FULL", "NOT_ACTIVATED", "less"),
        ("JURISDICTION_FILTER", "NOT_ACTIVATED", "alike"),
        ("TERMINATED", "FULL", "other"),
    ],
)
def test_asked_for_and_in_force_are_set_side_by_side(wanted: str, held: str, said: str) -> None:
    """Whether more, less, the same, or something of another kind is in force than was asked for."""
    modes = program().modes
    assert view.gap(modes, wanted, modes[ModeName(held)]) == said


def test_own_rows_are_told_from_rules_from_above_and_from_nothing() -> None:
    """San Francisco has a row of its own in 2011, Kansas none; by 2014 Kansas has the nation's."""
    before = {one.place.id: one.look for one in view.nation(program(), date(2011, 6, 1)).lines}
    after = {one.place.id: one.look for one in view.nation(program(), date(2014, 6, 1)).lines}
    assert (before["US-CA-075"].ground, before["US-KS"].ground) == ("own", "default")
    assert (after["US-KS"].ground, after["US-KS"].mode) == ("above", "FULL")
    assert before["US-CA-075"].gap == "more"


def test_the_map_draws_every_county_once() -> None:
    """Each county is in exactly one piece, under its own place where it has one, else under its state's."""
    looks = {one.place.id: one.look for one in view.nation(program(), date(2011, 6, 1)).lines}
    lands = view.lands(program(), looks)
    paths = [path for land in lands for path in land.paths]
    assert len(paths) == len(set(paths)) == 3142
    own = {land.place.id for land in lands if land.fips and land.place}
    assert {"US-CA-075", "US-VA-510"} <= own
    assert all(land.place is not None for land in lands)
    dc = next(land for land in lands if land.place and land.place.id == "US-DC")
    assert (dc.ground, looks["US-DC"].ground) == ("own", "own")


def test_counties_take_a_state_s_own_row_as_a_rule_from_above() -> None:
    """Where a state has a row of its own, its other counties are not drawn as if they had one."""
    looks = {one.place.id: one.look for one in view.nation(program(), date(2014, 6, 1)).lines}
    states = [land for land in view.lands(program(), looks) if land.place and not land.fips]
    ruled = [land for land in states if looks[land.place.id].ground == "own"]  # type: ignore[union-attr]
    assert {land.state: land.ground for land in ruled} == {"11": "own", "17": "above", "36": "above"}


def test_a_territory_is_in_the_table_though_the_map_lacks_it() -> None:
    """Puerto Rico, put into the data, has its line and its count, and is said to have no shape."""
    made = overlay(shipped("secure-communities"), {"jurisdictions.csv": PUERTO_RICO})
    seen = view.nation(made, date(2014, 1, 1))
    line = next(one for one in seen.lines if one.place.id == "US-PR")
    assert (line.mapped, line.look.mode) == (False, "FULL")
    looks = {one.place.id: one.look for one in seen.lines}
    assert "US-PR" not in {land.place.id for land in view.lands(made, looks) if land.place}


def test_what_is_not_in_a_program_is_drawn_as_such() -> None:
    """A state that the program does not name has a piece without a place, and nothing is said of it."""
    made = load(shipped("driver-records"))
    named = {one.fips for one in made.jurisdictions.values()}
    looks = {one.place.id: one.look for one in view.nation(made, date(2026, 1, 1)).lines}
    lands = view.lands(made, looks)
    assert {land.state for land in lands if land.place is None} == {
        land.state for land in lands if land.state not in named
    }
    assert all(land.look is None for land in lands if land.place is None)


def test_every_mode_has_a_letter_of_its_own() -> None:
    """No two modes of a program share a letter, so that no color must be told from another."""
    for name in ("secure-communities", "driver-records", "priority-enforcement"):
        made = load(shipped(name))
        letters = view.letters(made)
        assert set(letters) == set(map(str, made.modes))
        assert len(set(letters.values())) == len(letters)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_look_has_words_in_every_language(language: str) -> None:
    """Whatever is in force or was asked for is said in words, for both views, with who asked."""
    for drawn in ("mode", "gap"):
        saying = Speaker(program(), catalog(language), drawn)  # type: ignore[arg-type]
        for ones in stretches(False).values():
            for _, look in ones:
                said = saying(look, "")
                assert said.force
                assert said.asked
                assert bool(said.asker) == bool(look.asked)
                assert bool(said.rule) == bool(said.by) == (look.ground != "default")


def test_a_scenario_and_what_is_unverified_are_said_to_be() -> None:
    """The demonstration's own row is called a scenario, an inferred one not verified, a default is no row."""
    saying = Speaker(program(), catalog("en"), "mode")
    lines = {one.place.id: saying(one.look, "") for one in view.nation(program(), date(2010, 11, 20)).lines}
    assert (lines["US-VA-013"].rule, lines["US-VA-013"].doubt) == ("X001", "a scenario, not history")
    assert (lines["US-CA-013"].rule, lines["US-CA-013"].doubt) == ("R006", "not verified")
    assert (lines["US-KS"].rule, lines["US-KS"].doubt) == ("", "")
