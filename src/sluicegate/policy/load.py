# SPDX-License-Identifier: Apache-2.0
"""A synthetic national load: bookings as many as the published totals say, on the agencies of a program.

What was published is data (`Published`): cumulative totals by day, how many jurisdictions took part by a day,
which weighs the days between two totals, and shares of places and of charges. Nothing published says how a
total is spread over counties, so that is done by a rule, which the load states in words. Nothing here is a
record of anybody.
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
from sluicegate.policy.published import Figure, Published, Share
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
_SPREAD = (
    "Counties and states of unknown share: states weigh as many as they have jurisdictions with an agency; "
    "within a state the one drawn n-th weighs 1/n, and so do agencies within a jurisdiction."
)
_NOON = "Every booking of a day is received at local noon."


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
    published: Published,
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
    total, curve = (
        _evenly(begins, ends, bookings) if bookings is not None else _totaled(published, begins, ends)
    )
    shares, zones, told = _shares(program, published.places, begins, seed)
    if not shares:
        raise UsageError("The program places no agency on the first day of the period.")
    figures = [*told, published.no_charge.figure, published.listed.figure]
    rules = [_SPREAD, published.about_charges, _NOON]
    if bookings is None:
        figures = [*(one.figure for one in published.totals), published.counted, *figures]
        rules = [published.about_totals, *rules]
    streams = _streams(shares, zones, _classes(known, published), total, seed)
    return Load(begins, ends, total, seed, tuple(streams), curve, tuple(figures), tuple(rules))


# -- how many, and when ------------------------------------------------------------------------------------


def _evenly(begins: date, ends: date, bookings: int) -> tuple[int, tuple[float, ...]]:
    days = (ends - begins).days + 1
    return bookings, tuple(day / days for day in range(days + 1))


def _totaled(published: Published, begins: date, ends: date) -> tuple[int, tuple[float, ...]]:
    first, last = published.first, published.last
    if begins < first or ends > last:
        raise UsageError(
            f"No total was published that covers {begins} to {ends}; they reach from {first} to {last}.",
            advice="Choose a period inside, or state the number with --bookings.",
        )
    period = _daily(published)[(begins - first).days : (ends - first).days + 1]
    whole = math.fsum(period)
    curve = (0.0, *accumulate(one / whole for one in period))
    return round(whole), (*curve[:-1], 1.0)


def _daily(published: Published) -> list[float]:
    """Bookings of every day from the first to the last, by the published totals."""
    found: list[float] = []
    before, told = published.first - timedelta(days=1), 0
    for total in published.totals:
        days = range(1, (total.day - before).days + 1)
        weights = [_taking_part(published.counts, before + timedelta(days=n)) for n in days]
        each = (total.bookings - told) / math.fsum(weights)
        found += [each * one for one in weights]
        before, told = total.day, total.bookings
    return found


def _taking_part(counts: Sequence[tuple[date, int]], day: date) -> float:
    """Jurisdictions taking part on a day, straight between the days for which a count was published."""
    after = bisect_right(counts, day, key=lambda one: one[0])
    (left, low), (right, high) = counts[after - 1], counts[after]
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


def _shares(
    program: Program, published: Mapping[str, Share], day: date, seed: int
) -> tuple[dict[Ori, float], dict[Ori, str], list[Figure]]:
    """The share of every agency, its time zone, and the published shares of states that were used."""
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
    used = {state: one for state, one in published.items() if state in tree and len(tree) > 1}
    told = {state: one.share for state, one in used.items()}
    others = sum(len(places) for state, places in tree.items() if state not in told)
    left = 1.0 - sum(told.values())
    found: dict[Ori, float] = {}
    for state, places in tree.items():
        share = told.get(state, left * len(places) / others if others else 0.0)
        for place, part in _ranked(places, share, seed):
            found |= dict(_ranked(places[place], part, seed))
    return found, zones, [one.figure for one in used.values()]


def _ranked(names: Iterable[_Name], share: float, seed: int) -> list[tuple[_Name, float]]:
    ordered = sorted(names, key=lambda name: (_drawn(seed, name), name))
    whole = sum(1 / rank for rank in range(1, len(ordered) + 1))
    return [(name, share / rank / whole) for rank, name in enumerate(ordered, start=1)]


def _classes(known: Sequence[Kind], published: Published) -> list[tuple[int, float]]:
    """The kinds of each class of charge, and the share of bookings in it."""
    none, listed = published.no_charge.share, published.listed.share
    wanted = {NO_CHARGE: none, LISTED: (1 - none) * listed, NOT_LISTED: (1 - none) * (1 - listed)}
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
