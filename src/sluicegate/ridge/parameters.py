# SPDX-License-Identifier: Apache-2.0
"""Every tuned number of the engine, from `data/parameters.toml`, where each has its unit and origin."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CylinderParameters:
    """Numbers of the local descriptor: lengths in pixels at 500 ppi, angles in radians."""

    radius: float
    side: int
    directions: int
    spatial_sigma: float
    angular_sigma: float
    threshold: float
    neighbors: int
    least: int


@dataclass(frozen=True, slots=True)
class ScreenParameters:
    """Numbers of stage 1, the coarse pass over a whole gallery."""

    stored: int
    probed: int
    slap_factor: int
    rotation: float
    keep: int
    share: float
    first: int
    finish: int


@dataclass(frozen=True, slots=True)
class FastScreenParameters:
    """Numbers of stage 1 in its fast form; what is not here it takes from `ScreenParameters`."""

    stored: int
    probed: int


@dataclass(frozen=True, slots=True)
class CompareParameters:
    """Numbers of the exact comparison: lengths in pixels at 500 ppi, angles in radians."""

    minutiae: int
    slap_minutiae: int
    pairs: int
    alike: float
    seeds: int
    tries: int
    seed_distance: float
    seed_stretch: float
    seed_angle: float
    distance: float
    first_distance: float
    angle: float
    bandwidth: float
    overlap: float
    least: int


@dataclass(frozen=True, slots=True)
class FastCompareParameters:
    """Numbers of the exact comparison on packed fingers; the rest are those of `CompareParameters`."""

    minutiae: int
    slap_minutiae: int


@dataclass(frozen=True, slots=True)
class FusionParameters:
    """Numbers of fusion over fingers, and the two thresholds per number of fingers compared."""

    separation: float
    rescue: int
    agree: float
    agree_share: float
    accept: tuple[float, ...]
    grey: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FastParameters:
    """How the fast engine goes from everybody to a few: shares of a gallery per number of probe fingers."""

    telling: int
    rescue_telling: int
    usual: float
    share: float
    keep: int
    survivors: tuple[float, ...]
    glance: int
    stay: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of them."""

    cylinder: CylinderParameters
    screen: ScreenParameters
    fast_screen: FastScreenParameters
    compare: CompareParameters
    fast_compare: FastCompareParameters
    fusion: FusionParameters
    fast: FastParameters

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the values: part of the name of every search made with them."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@cache
def load() -> Parameters:
    """The packaged parameters."""
    text = files("sluicegate.ridge").joinpath("data/parameters.toml").read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Parameters:
    """Parameters from TOML in which every number is a table of value, unit and origin.

    Raises:
        ValueError: a number is missing, unknown, or lacks its unit or origin.
    """
    tables = tomllib.loads(text)
    return Parameters(
        cylinder=section(CylinderParameters, tables, "cylinder"),
        screen=section(ScreenParameters, tables, "screen"),
        fast_screen=section(FastScreenParameters, tables, "fast_screen"),
        compare=section(CompareParameters, tables, "compare"),
        fast_compare=section(FastCompareParameters, tables, "fast_compare"),
        fusion=section(FusionParameters, tables, "fusion"),
        fast=section(FastParameters, tables, "fast"),
    )


def section(kind: type[_T], tables: dict[str, Any], name: str) -> _T:
    """One table of numbers as a dataclass of this kind. Raises ValueError as `parse`."""
    table = tables.get(name, {})
    wanted = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if set(table) != wanted:
        raise ValueError(f"[{name}] must hold exactly {', '.join(sorted(wanted))}")
    for key, entry in table.items():
        if set(entry) != {"value", "unit", "origin"} or not entry["unit"] or not entry["origin"]:
            raise ValueError(f"[{name}] {key} must have a value, a unit and an origin")
    values = {key: entry["value"] for key, entry in table.items()}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
