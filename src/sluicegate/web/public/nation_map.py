# SPDX-License-Identifier: Apache-2.0
"""The shapes of counties, made by `tools/make_map.py` from us-atlas, and which place has which shape.

Places carry the FIPS codes of their time, the map those of 2017: two codes changed since 2008 and one county
was taken up by another. The eight old counties of Connecticut and Alaska's Valdez-Cordova are in the map.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SINCE_CHANGED: Mapping[str, str] = {
    "46113": "46102",  # Shannon County, South Dakota, is Oglala Lakota County since 2015
    "02270": "02158",  # Wade Hampton Census Area, Alaska, is Kusilvak Census Area since 2015
}
"""Codes of 2008 to 2014 and the shape that such a place has. Bedford city (51515) has none of its own."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A county's SVG path, the middle of its largest part, and the longer side of that, in steps."""

    path: str
    x: int
    y: int
    side: int


@dataclass(frozen=True, slots=True)
class Letter:
    """Where a state has room for a letter, and how much of it to each side, in steps."""

    x: int
    y: int
    room: int


@dataclass(frozen=True, slots=True)
class Atlas:
    """The map: counties by FIPS code, states by their first two digits; size in steps of the grid."""

    width: int
    height: int
    counties: Mapping[str, Shape]
    letters: Mapping[str, Letter]
    borders: str


@cache
def atlas() -> Atlas:
    """The map of the package."""
    file = files("sluicegate.web").joinpath("static", "vendor", "us-atlas", "shapes.json")
    read = json.loads(file.read_text("utf-8"))
    width, height = read["size"]
    return Atlas(
        width,
        height,
        {fips: Shape(*one) for fips, one in read["counties"].items()},
        {state: Letter(*one) for state, one in read["letters"].items()},
        read["borders"],
    )


def shape_of(fips: str) -> str:
    """The code of the county whose shape a place has, or empty where the map has none for it."""
    code = SINCE_CHANGED.get(fips, fips)
    return code if code in atlas().counties else ""
