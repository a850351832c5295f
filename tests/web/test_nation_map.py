# SPDX-License-Identifier: Apache-2.0
"""The county map: made again from its source, whole, and fit for the codes of 2008 to 2014."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from tools import make_map

from sluicegate.policy.program import load
from sluicegate.store.programs import shipped
from sluicegate.testing.nation import STATES
from sluicegate.web.public.nation_map import atlas, shape_of

FOLDER = files("sluicegate.web").joinpath("static", "vendor", "us-atlas")


@pytest.mark.slow
def test_the_map_is_what_the_tool_makes_of_its_source() -> None:
    """Run again on the source in the repository, the tool gives the files of the package byte for byte."""
    for name, data in make_map.made().items():
        assert FOLDER.joinpath(name).read_bytes() == data, f"{name}: run python -m tools.make_map"


def test_the_map_has_every_state_and_county_and_small_files() -> None:
    """Fifty states and the District, 3,142 counties, every path drawable, and a file within its budget."""
    made = atlas()
    assert len(made.letters) == len(STATES) + 1 - ("DC" in STATES) == 51
    assert len(made.counties) == 3142
    for fips, shape in made.counties.items():
        assert re.fullmatch(r"(M\d+ \d+l-?\d+[ -][-\d ]+z)+", shape.path), fips
        assert 0 <= shape.x <= made.width
        assert 0 <= shape.y <= made.height
    assert len(FOLDER.joinpath("shapes.json").read_bytes()) < 300_000


@pytest.mark.parametrize(
    ("fips", "shape"),
    [
        ("46113", "46102"),  # Shannon, now Oglala Lakota
        ("02270", "02158"),  # Wade Hampton, now Kusilvak
        ("02261", "02261"),  # Valdez-Cordova, divided since
        ("09001", "09001"),  # an old county of Connecticut
        ("51515", ""),  # Bedford city, now in Bedford County
        ("72001", ""),  # Puerto Rico
        ("06075", "06075"),
        ("", ""),
    ],
)
def test_codes_of_their_time_find_their_shape(fips: str, shape: str) -> None:
    """Codes that changed since 2008 are drawn by the shape of today; what has no shape has none."""
    assert shape_of(fips) == shape


def test_every_place_of_the_shipped_program_is_on_the_map() -> None:
    """No state or county that Secure Communities names is lost between its code and the map's."""
    program = load(shipped("secure-communities"))
    lost = [
        one.name
        for one in program.jurisdictions.values()
        if one.fips and not (shape_of(one.fips) or one.fips in atlas().letters)
    ]
    assert lost == []


def test_thinning_keeps_ends_and_what_matters() -> None:
    """A point on a straight line goes, a corner stays, and a closed line keeps enough points for an area."""
    assert make_map.thinned([(0, 0), (5, 0), (10, 0), (10, 10)], 1) == [(0, 0), (10, 0), (10, 10)]
    ring = [(0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1), (0.0, 0.0)]
    assert len(make_map.thinned(ring, 100)) == 4


def test_paths_are_steps_without_a_needless_space() -> None:
    """A path begins at its first point and goes on in relative steps that read back to the same points."""
    assert make_map.path([(3, 4), (5, 2), (5, 9), (1, 9)]) == "M3 4l2-2 0 7-4 0z"
