# SPDX-License-Identifier: Apache-2.0
"""What was published of a nation's bookings, read from TOML: figures, and where each of them was read.

Strict: a typo is an error, never a guess. No figure stands in the code.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sluicegate.errors import ProgramError, quoted
from sluicegate.policy.model import Confidence

_MOST = 10**12  # more than anybody could count, and still exact as a float
_SHOWN_WITH = ("figure", "source", "confidence", "used_for")
_TABLES = ("first_day", "about_totals", "about_charges", "totals", "taking_part", "places", "charges")
_Table = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Figure:
    """A published number, where it was read, how well it is known, and what the load uses it for."""

    figure: str
    source: str
    confidence: str
    used_for: str


@dataclass(frozen=True, slots=True)
class Total:
    """All bookings from the first day to this one, included."""

    day: date
    bookings: int
    figure: Figure


@dataclass(frozen=True, slots=True)
class Share:
    """A published share, from 0 to 1."""

    share: float
    figure: Figure


@dataclass(frozen=True, slots=True)
class Published:
    """What was published of a nation's bookings, and so can be asked of a load.

    `counts` are jurisdictions that took part by a day; they reach from the first day to past the last total.
    `places` are shares by jurisdiction. `listed` is a share of the bookings that name a charge. The two texts
    say what must be known of the totals and of the shares of charges.
    """

    first: date
    totals: tuple[Total, ...]
    counts: tuple[tuple[date, int], ...]
    counted: Figure
    places: Mapping[str, Share]
    no_charge: Share
    listed: Share
    about_totals: str
    about_charges: str

    @property
    def last(self) -> date:
        """The last day that a total covers."""
        return self.totals[-1].day


class _Wrong(Exception):
    """What is wrong with the data, before the name of the file is known."""


def parse(data: bytes, file: str = "") -> Published:
    """What was published, from TOML in UTF-8; `file` is the name that messages give it.

    Raises:
        ProgramError: the bytes are no TOML, or a figure is missing, unknown, or cannot be.
    """
    try:
        root: object = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProgramError(f"not TOML in UTF-8: {quoted(str(error))}", file=file) from None
    try:
        found = _parsed(_keys("the file", root, _TABLES))
        _check(found)
    except _Wrong as error:
        raise ProgramError(str(error), file=file) from None
    return found


def _parsed(root: _Table) -> Published:
    totals = [_keys("totals", one, ("day", "bookings", *_SHOWN_WITH)) for one in _list(root, "totals")]
    part = _keys("taking_part", root["taking_part"], ("counts", *_SHOWN_WITH))
    counts = [_keys("counts", one, ("day", "jurisdictions")) for one in _list(part, "counts")]
    of_place = ("jurisdiction", "part", "whole", *_SHOWN_WITH)
    places = [_keys("places", one, of_place) for one in _list(root, "places")]
    charges = _keys("charges", root["charges"], ("none", "listed"))
    none, listed = (_keys(f"charges.{key}", charges[key], of_place[1:]) for key in ("none", "listed"))
    if len({_text(one, "jurisdiction") for one in places}) < len(places):
        raise _Wrong("two places have the same jurisdiction")
    return Published(
        first=_day(root, "first_day"),
        totals=tuple(Total(_day(one, "day"), _number(one, "bookings"), _figure(one)) for one in totals),
        counts=tuple((_day(one, "day"), _number(one, "jurisdictions")) for one in counts),
        counted=_figure(part),
        places={_text(one, "jurisdiction"): _share(one) for one in places},
        no_charge=_share(none),
        listed=_share(listed),
        about_totals=_text(root, "about_totals"),
        about_charges=_text(root, "about_charges"),
    )


def _check(found: Published) -> None:
    """Every day from the first to the last total can be weighed, and shares are of one whole."""
    if not found.totals or found.totals[0].day < found.first:
        raise _Wrong("there must be a total, and none before first_day")
    if any(b.day <= a.day or b.bookings <= a.bookings for a, b in pairwise(found.totals)):
        raise _Wrong(
            "totals are cumulative: each must have a later day and more bookings than the one before"
        )
    days = [day for day, _ in found.counts]
    if any(later <= day for day, later in pairwise(days)):
        raise _Wrong("counts must be in order of their days, one a day")
    if not days or days[0] > found.first or days[-1] <= found.last:
        raise _Wrong("counts must begin no later than first_day, and end after the last total")
    if math.fsum(one.share for one in found.places.values()) > 1:
        raise _Wrong("the shares of places are more than the whole")


def _keys(where: str, value: object, keys: Sequence[str]) -> _Table:
    if not isinstance(value, dict):
        raise _Wrong(f"{where} must be a table")
    for key in keys:
        if key not in value:
            raise _Wrong(f"{where} lacks {key}")
    for key in value:
        if key not in keys:
            raise _Wrong(f"{where} has no key {quoted(key)}")
    return value


def _list(table: _Table, key: str) -> list[object]:
    value = table[key]
    if not isinstance(value, list):
        raise _Wrong(f"{key} must be a list of tables")
    return value


def _text(table: _Table, key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _Wrong(f"{key} must be text that can be shown")
    return value


def _day(table: _Table, key: str) -> date:
    value = table[key]
    if type(value) is not date or not 1900 <= value.year < 2200:  # a datetime is a date too
        raise _Wrong(f"{key} must be a date like 2010-11-05")
    return value


def _number(table: _Table, key: str) -> int:
    value = table[key]
    if type(value) is not int or not 1 <= value <= _MOST:  # a bool is an int too
        raise _Wrong(f"{key} must be a whole number from 1 to {_MOST:,}")
    return value


def _share(table: _Table) -> Share:
    part, whole = _number(table, "part"), _number(table, "whole")
    if part > whole:
        raise _Wrong(f"part is more than whole: {part:,} of {whole:,}")
    return Share(part / whole, _figure(table))


def _figure(table: _Table) -> Figure:
    figure, source, confidence, used_for = (_text(table, key) for key in _SHOWN_WITH)
    if confidence not in {one.value for one in Confidence}:
        raise _Wrong(
            f"confidence {quoted(confidence)} is none of {', '.join(one.value for one in Confidence)}"
        )
    return Figure(figure, source, confidence, used_for)
