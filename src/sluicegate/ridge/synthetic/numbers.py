# SPDX-License-Identifier: Apache-2.0
"""The numbers of the population model, from `data/population.toml`, where each has its unit and origin."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sluicegate.ridge.parameters import section


@dataclass(frozen=True, slots=True)
class FingerNumbers:
    """What a finger has: lengths in pixels at 500 ppi, angles in radians, densities per square pixel."""

    size: float
    size_spread: float
    period: float
    density: float
    density_spread: float
    demanded: float
    demanded_most: float
    apart: tuple[float, float]
    paired_within: float
    paired: float
    wander: float
    wander_length: float


@dataclass(frozen=True, slots=True)
class ContactNumbers:
    """How far a contact reaches from the middle, to the sides and up, in shares of the half sides."""

    rolled: tuple[float, float]
    plain: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ReadingNumbers:
    """What an extractor makes of it."""

    missed: float
    added: float
    jitter: float
    angle: float
    angle_wild: float
    wild: float


@dataclass(frozen=True, slots=True)
class QualityNumbers:
    """How its confidences are spread."""

    top: float
    level: float
    level_spread: float
    rim: float
    patch: float
    false: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """All of them."""

    finger: FingerNumbers
    contact: ContactNumbers
    reading: ReadingNumbers
    quality: QualityNumbers


@cache
def load() -> Numbers:
    """The packaged numbers."""
    text = files("sluicegate.ridge").joinpath("data/population.toml").read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Numbers:
    """Numbers from TOML in which each is a table of value, unit and origin.

    Raises:
        ValueError: a number is missing, unknown, or lacks its unit or origin.
    """
    tables = tomllib.loads(text)
    return Numbers(
        section(FingerNumbers, tables, "finger"),
        section(ContactNumbers, tables, "contact"),
        section(ReadingNumbers, tables, "reading"),
        section(QualityNumbers, tables, "quality"),
    )
