# SPDX-License-Identifier: Apache-2.0
"""A synthetic national load: bookings as many as the published totals say, on the agencies of a program.

Totals: cumulative submissions to three days of 2009, 2011 and 2012. Days between them weigh as many as
jurisdictions were switched on, by the published counts. Nothing published says how a total is spread over
counties, so that is done by a rule, which the load states in words. Nothing here is a record of anybody.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TypeVar

from sluicegate.errors import UsageError
from sluicegate.policy.places import zone_of
from sluicegate.policy.program import Program
from sluicegate.policy.simulate import (
    LISTED,
    NO_CHARGE,
    NOT_LISTED,
    UNKNOWN_CHARGE,
    Batch,
    Kind,
    Part,
    of_class,
)
from sluicegate.terms import Ori

_Name = TypeVar("_Name", bound=str)
FIRST = date(2008, 10, 27)
_SUBMITTED = ((date(2009, 4, 30), 266_000), (date(2011, 3, 31), 7_225_393), (date(2012, 6, 30), 16_200_000))
LAST = _SUBMITTED[-1][0]
_SWITCHED_ON = (
    (FIRST, 1), (date(2009, 1, 31), 14), (date(2009, 9, 30), 88), (date(2010, 5, 25), 169),
    (date(2010, 8, 10), 544), (date(2010, 9, 30), 659), (date(2010, 10, 26), 746), (date(2011, 2, 1), 1006),
    (date(2011, 5, 17), 1300), (date(2011, 8, 5), 1508), (date(2011, 9, 30), 1595), (date(2013, 1, 22), 3181),
)  # fmt: skip
_STATES: Mapping[str, float] = {"US-CA": 1_785_488 / 7_225_393}
_NO_CHARGE, _LEVEL_1 = 0.56, 11_946 / 38_828


@dataclass(frozen=True, slots=True)
class Figure:
    """A published number, where it was read, how well it is known, and what the load uses it for."""

    figure: str
    source: str
    confidence: str
    used_for: str


_S, _V, _M = "S", "V", "M"
_FIGURES = (
    Figure("266,000 submissions to 2009-04-30", "Houston Chronicle, 13 July 2009", _S, "total"),
    Figure("7,225,393 submissions to 2011-03-31", "Homeland Security Newswire", _S, "total"),
    Figure("16,200,000 submissions to 2012-06-30", "AllGov and LA Times, 2012 (rounded)", _S, "total"),
    Figure(
        "14, 88, 169, 544, 659, 746, 1,006, 1,300, 1,508, 1,595 and 3,181 jurisdictions switched on",
        "AILA 10081163, testimony of 10 July 2012, press; the last is general knowledge",
        _M,
        "how days between two totals weigh",
    ),
)
_CALIFORNIA = Figure(
    "1,785,488 of 7,225,393 submissions to 2011-03-31 in California",
    "Homeland Security Newswire",
    _S,
    "the share of California",
)
_CHARGED = (
    Figure("56 % of those removed lack an arrest charge", "GAO-12-708", _V, "bookings that name no charge"),
    Figure(
        "11,946 of 38,828 removed in California were level 1",
        "Homeland Security Newswire",
        _S,
        "listed charges among the rest",
    ),
)
_ANYWHERE = (
    "Totals count only jurisdictions that were switched on; here they fall on every agency of the program.",
)
_RULES = (
    "Counties and states of unknown share: states weigh as many as they have jurisdictions with an agency; "
    "within a state the one drawn n-th weighs 1/n, and so do agencies within a jurisdiction.",
    "Shares of charges are of people removed, for want of any figure about bookings.",
    "Every booking of a day is received at local noon.",
)


@dataclass(frozen=True, slots=True)
class Stream:
    """One agency's bookings of one class of charge over the whole period."""

    ori: Ori
    zone: str
    kinds: int
    bookings: int
    phase: float


@dataclass(frozen=True, slots=True)
class Load:
    """A synthetic load: streams by agency, how days weigh, and what it rests on.

    `curve` has one number more than there are days: the share of the period that came before each.
    """

    begins: date
    ends: date
    bookings: int
    seed: int
    agencies: tuple[tuple[Stream, ...], ...]
    curve: tuple[float, ...]
    figures: tuple[Figure, ...]
    rules: tuple[str, ...]

    def batches(self, base: Program, other: Program) -> Iterator[tuple[Batch, ...]]:
        """For each agency its bookings, cut wherever a month ends or either program says something new."""
        months = _months(self.begins, self.ends)
        for streams in self.agencies:
            yield tuple(self._agency(streams, months, base, other))

    def _agency(
        self, streams: tuple[Stream, ...], months: Sequence[int], base: Program, other: Program
    ) -> Iterator[Batch]:
        ori, zone = streams[0].ori, streams[0].zone
        cuts = sorted({*months, *self._news(ori, zone, base), *self._news(ori, zone, other)})
        for first, after in pairwise([*cuts, len(self.curve) - 1]):
            before, until = self.curve[first], self.curve[after]
            # Rounded down from the beginning of the period, so that cutting elsewhere moves no booking.
            parts = tuple(
                Part(one.kinds, weight)
                for one in streams
                if (
                    weight := math.floor(one.bookings * until + one.phase)
                    - math.floor(one.bookings * before + one.phase)
                )
            )
            if parts:
                yield Batch(ori, ori, _noon(self.begins + timedelta(days=first), zone), parts)

    def _news(self, ori: Ori, zone: str, program: Program) -> Iterator[int]:
        """Days, counted from the first, from whose noon on something else decides."""
        first, last = _noon(self.begins, zone), _noon(self.ends, zone)
        program.sitting(ori, first)
        docket = program.memo.dockets.get(ori)
        for start in docket.starts if docket else ():
            if first < start <= last:
                day = start.astimezone(zone_of(zone)).date()
                later = start > _noon(day, zone)
                yield (day - self.begins).days + later


def national(
    program: Program,
    known: Sequence[Kind],
    begins: date,
    ends: date,
    *,
    seed: int = 1,
    bookings: int | None = None,
) -> Load:
    """The published total of a period, both days included, on the agencies that a program places on its
    first day.

    `known` is `kinds` of programs that begin with this one. With `bookings` that many instead of the
    published total, spread evenly over the days. The same seed gives the same load.

    Raises:
        UsageError: the period is empty, no total was published for it, or the program has no agency.
    """
    if ends < begins:
        raise UsageError("The period ends before it begins.")
    total, curve = _evenly(begins, ends, bookings) if bookings is not None else _published(begins, ends)
    shares, zones, of_state = _shares(program, begins, seed)
    if not shares:
        raise UsageError("The program places no agency on the first day of the period.")
    figures = (*(() if bookings is not None else _FIGURES), *((_CALIFORNIA,) if of_state else ()), *_CHARGED)
    rules = _RULES if bookings is not None else (*_ANYWHERE, *_RULES)
    streams = _streams(shares, zones, _classes(known), total, seed)
    return Load(begins, ends, total, seed, tuple(streams), curve, figures, rules)


# -- how many, and when ------------------------------------------------------------------------------------


def _evenly(begins: date, ends: date, bookings: int) -> tuple[int, tuple[float, ...]]:
    days = (ends - begins).days + 1
    return bookings, tuple(day / days for day in range(days + 1))


def _published(begins: date, ends: date) -> tuple[int, tuple[float, ...]]:
    if begins < FIRST or ends > LAST:
        raise UsageError(
            f"No total was published that covers {begins} to {ends}; they reach from {FIRST} to {LAST}.",
            advice="Choose a period inside, or state the number with --bookings.",
        )
    daily = _daily()
    period = daily[(begins - FIRST).days : (ends - FIRST).days + 1]
    whole = math.fsum(period)
    curve = (0.0, *accumulate(one / whole for one in period))
    return round(whole), (*curve[:-1], 1.0)


@lru_cache(maxsize=1)
def _daily() -> tuple[float, ...]:
    """Submissions of every day from the first to the last, by the published totals."""
    found: list[float] = []
    before, told = FIRST - timedelta(days=1), 0
    for day, total in _SUBMITTED:
        weights = [_switched_on(before + timedelta(days=n)) for n in range(1, (day - before).days + 1)]
        each = (total - told) / math.fsum(weights)
        found += [each * one for one in weights]
        before, told = day, total
    return tuple(found)


def _switched_on(day: date) -> float:
    """Jurisdictions switched on by a day, straight between the days on which a count was published."""
    after = bisect_right(_SWITCHED_ON, day, key=lambda one: one[0])
    (left, low), (right, high) = _SWITCHED_ON[after - 1], _SWITCHED_ON[after]
    return low + (high - low) * (day - left).days / (right - left).days


def _months(begins: date, ends: date) -> tuple[int, ...]:
    """The first day of the period and of every month in it, counted from the first."""
    days = (ends - begins).days
    return tuple(n for n in range(days + 1) if n == 0 or (begins + timedelta(days=n)).day == 1)


@lru_cache(maxsize=8192)
def _noon(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone_of(zone)).astimezone(UTC)


# -- where -------------------------------------------------------------------------------------------------


def _drawn(seed: int, name: str) -> float:
    """A number from 0 up to 1 that follows from a seed and a name."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:6]) / 2**48


def _shares(program: Program, day: date, seed: int) -> tuple[dict[Ori, float], dict[Ori, str], bool]:
    """The share of every agency, its time zone, and whether any published share of a state was used."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    tree: dict[str, dict[str, list[Ori]]] = {}
    zones: dict[Ori, str] = {}
    for ori in program.stays:
        placed = program.place(ori, noon)
        if placed is not None:
            state = placed.chain[max(0, len(placed.chain) - 2)].id
            tree.setdefault(state, {}).setdefault(placed.jurisdiction.id, []).append(ori)
            zones[ori] = placed.jurisdiction.zone
    # Where every state has a published share, as in a program of one state, there is nothing to leave over.
    told = {state: share for state, share in _STATES.items() if state in tree and len(tree) > 1}
    others = sum(len(places) for state, places in tree.items() if state not in told)
    left = 1.0 - sum(told.values())
    found: dict[Ori, float] = {}
    for state, places in tree.items():
        share = told.get(state, left * len(places) / others if others else 0.0)
        for place, part in _ranked(places, share, seed):
            found |= dict(_ranked(places[place], part, seed))
    return found, zones, bool(told)


def _ranked(names: Iterable[_Name], share: float, seed: int) -> list[tuple[_Name, float]]:
    ordered = sorted(names, key=lambda name: (_drawn(seed, name), name))
    whole = sum(1 / rank for rank in range(1, len(ordered) + 1))
    return [(name, share / rank / whole) for rank, name in enumerate(ordered, start=1)]


def _classes(known: Sequence[Kind]) -> list[tuple[int, float]]:
    """The kinds of each class of charge, and the share of bookings in it."""
    wanted = {
        NO_CHARGE: _NO_CHARGE,
        LISTED: (1 - _NO_CHARGE) * _LEVEL_1,
        NOT_LISTED: (1 - _NO_CHARGE) * (1 - _LEVEL_1),
    }
    found: dict[int, float] = {}
    for word, share in wanted.items():
        # A program without such charges knows none of those that the bookings name.
        kinds = of_class(known, word) or of_class(known, UNKNOWN_CHARGE)
        found[kinds] = found.get(kinds, 0.0) + share
    return list(found.items())


def _streams(
    shares: Mapping[Ori, float],
    zones: Mapping[Ori, str],
    classes: Sequence[tuple[int, float]],
    total: int,
    seed: int,
) -> Iterator[tuple[Stream, ...]]:
    """The total cut into whole bookings: every stream gets its share to within one, and the sum is exact."""
    reached, given, left = 0.0, 0, len(shares) * len(classes)
    for ori, share in shares.items():
        own = []
        for kinds, part in classes:
            reached, left = reached + share * part, left - 1
            upto = math.floor(reached * total + 0.5) if left else total
            own.append(Stream(ori, zones[ori], kinds, upto - given, _drawn(seed, f"{ori}/{kinds}")))
            given = upto
        yield tuple(own)
