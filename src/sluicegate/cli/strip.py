# SPDX-License-Identifier: Apache-2.0
"""Calendar strips for a terminal: a row of characters, every cell a few days; readable without color.

A cell shows whatever touches any of its days, so nothing that lasted a day is lost between two cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from rich.text import Text

_STEPS = (1, 2, 3, 4, 7, 14, 28, 56, 91, 182, 364)
_LEAST_A_MONTH = 5  # cells that the name of a month and a blank need


@dataclass(frozen=True, slots=True)
class Bar:
    """A period drawn with one character; `ends` is the day on which it is over, or None."""

    begins: date
    ends: date | None
    fill: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The cells of a strip: the first day of each, and the day after the last one."""

    days: tuple[date, ...]
    end: date
    step: int

    def head(self) -> str:
        """The names of the months that begin, or of the years where months are too narrow."""
        line = ""
        for place, (first, last) in enumerate(zip(self.days, (*self.days[1:], self.end), strict=True)):
            text = self._label(place, first, last)
            if text and len(line) <= place and place + len(text) <= len(self.days):
                line = line.ljust(place) + text + " "
        return line.rstrip()

    def _label(self, place: int, first: date, last: date) -> str:
        newest = last - timedelta(days=1)
        month = (newest.year, newest.month) != (first.year, first.month) or first.day == 1
        if not (month or place == 0):
            return ""
        named = newest if month else first
        if 28 // self.step < _LEAST_A_MONTH:  # the shortest month
            return str(named.year) if named.month == 1 or place == 0 else ""
        return f"{named:%b %Y}" if place == 0 else f"{named:%b}"

    def draw(self, bars: Sequence[Bar]) -> Text:
        """One row; where bars overlap the later one in the list is seen."""
        cells: list[tuple[str, str]] = [(" ", "")] * len(self.days)
        for bar in bars:
            for place, (first, last) in enumerate(zip(self.days, (*self.days[1:], self.end), strict=True)):
                if bar.begins < last and (bar.ends is None or bar.ends > first):
                    cells[place] = (bar.fill, bar.style)
        line = Text()
        for style, run in groupby(cells, key=lambda cell: cell[1]):
            line.append("".join(fill for fill, _ in run), style or None)
        return line


def calendar(begins: date, ends: date, room: int) -> Calendar:
    """The cells of the days from `begins` to before `ends` in at most `room` characters, if that can be."""
    total = max((ends - begins).days, 1)
    step = next((one for one in _STEPS if -(-total // one) <= room), _STEPS[-1])
    days = tuple(begins + timedelta(days=one) for one in range(0, total, step))
    return Calendar(days, max(ends, begins + timedelta(days=1)), step)
