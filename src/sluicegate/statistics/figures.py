# SPDX-License-Identifier: Apache-2.0
"""From what the queries found to the figures of every place: jurisdictions, their states, the nation.

A month of a jurisdiction is counted over its two logs as they stood at a *cut*: a size of each log and the
root at that size. The same cut gives the same figures for ever, because logs only grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.statistics.measures import ADDITIVE, EVERYWHERE, IDENTITIES, NATION_ONLY, percentile
from sluicegate.statistics.suppress import THRESHOLD, Cell, Sum

UNPLACED = "unplaced"
"""The place of bookings that no rule could be found for; every gate was closed for them."""

LEAST_PLACES = 3
LARGEST_SHARE = 2  # no place may have more than 1 / 2 of what a national answer figure counts
DELAY_DAYS = 30
P95_NEEDS = 100  # answers, so that at least five lie beyond it


@dataclass(frozen=True, slots=True)
class Place:
    """A jurisdiction, a state or the nation; `parent` is the place that it adds up to, empty for the nation.

    `mode` is what was in force at the end of the month and `asked_for` what was asked for, both as the rules
    on file say now."""

    id: str
    name: str
    kind: str
    parent: str
    fips: str
    mode: str
    asked_for: str


@dataclass(frozen=True, slots=True)
class Cut:
    """How far a log had grown (size and root), the place it counts for, and its month (UTC, RFC 3339).

    `origin` is the log's full name, `log` its name in the store.
    """

    origin: str
    log: str
    place: str
    since: str
    until: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Raw:
    """What the queries found. Nothing in it is for publication as it stands.

    Attributes:
        counts: by place and measure, for places that have logs.
        seconds: times from receipt to criminal answer, by place, unsorted.
        silenced: bookings by place whose gates were G1 open and G2 closed.
        nation: counts for the nation only, by measure.
        officer: seconds from a query's queueing to its determination.
    """

    counts: Mapping[Cell, int]
    seconds: Mapping[str, Sequence[int]]
    silenced: Mapping[str, int]
    nation: Mapping[str, int]
    officer: Sequence[int]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a month. A cell that has no value (a median over nothing) is not in `values`."""

    month: str
    places: tuple[Place, ...]
    values: Mapping[Cell, int]
    answered: Mapping[str, int]
    silenced: Mapping[str, int] = field(default_factory=dict)

    @property
    def nation(self) -> str:
        """Id of the place that has no parent."""
        return next(one.id for one in self.places if not one.parent)

    def leaves(self) -> tuple[Place, ...]:
        """Places that have no place in them."""
        around = {one.parent for one in self.places}
        return tuple(one for one in self.places if one.id not in around)


def tabulate(month: str, places: Iterable[Place], raw: Raw) -> Figures:
    """Figures of all places: counts added up from the inside out, times over all answers of a place."""
    listed = tuple(places)
    inside = _inside(listed)
    values: dict[Cell, int] = {}
    answered: dict[str, int] = {}
    for one in listed:
        within = inside[one.id]
        for name in (*ADDITIVE, "agencies"):
            values[one.id, name] = sum(raw.counts.get((place, name), 0) for place in within)
        times = sorted(second for place in within for second in raw.seconds.get(place, ()))
        answered[one.id] = len(times)
        if times:
            values[one.id, "answer-median"] = percentile(times, 50)
            values[one.id, "answer-p95"] = percentile(times, 95)
    nation = next(one.id for one in listed if not one.parent)
    for name, value in raw.nation.items():
        values[nation, name] = value
    if raw.officer:
        values[nation, "officer-median"] = percentile(sorted(raw.officer), 50)
    return Figures(month, listed, values, answered, dict(raw.silenced))


def _inside(places: Sequence[Place]) -> dict[str, list[str]]:
    """For each place itself and every place within it."""
    by_id = {one.id: one for one in places}
    inside: dict[str, list[str]] = {one.id: [] for one in places}
    for one in places:
        around = one.id
        while around:
            inside[around].append(one.id)
            around = by_id[around].parent
    return inside


def sums_of(places: Sequence[Place]) -> tuple[Sum, ...]:
    """Every sum that holds among the figures of these places."""
    within: dict[str, list[str]] = {}
    for one in places:
        within.setdefault(one.parent, []).append(one.id)
    nation = within[""][0]
    sums = [
        Sum((around, name), tuple((place, name) for place in held))
        for around, held in within.items()
        if around
        for name in ADDITIVE
    ]
    total, parts = IDENTITIES[0]
    sums += [Sum((one.id, total), tuple((one.id, part) for part in parts)) for one in places]
    sums += [Sum((nation, whole), tuple((nation, part) for part in parts)) for whole, parts in IDENTITIES[1:]]
    return tuple(sums)


ANSWER_IDS = tuple(one.id for one in NATION_ONLY if one.group.value == "answer")
ANSWER_COUNTS = tuple(one for one in ANSWER_IDS if one != "officer-median")
PLACE_IDS = tuple(one.id for one in EVERYWHERE)


def mixed(shares: Iterable[int]) -> bool:
    """Whether a national figure over these shares is about several places and mostly about none."""
    counted = [one for one in shares if one > 0]
    return len(counted) >= LEAST_PLACES and LARGEST_SHARE * max(counted) <= sum(counted)


def answers_held_back(figures: Figures, days_since: int) -> str:
    """Why no figure that depends on the partner's answers may be published yet, or the empty string.

    The order matters: that answers are incomplete is told only where the figures are about many places.
    """
    copied = [figures.values[one.id, "copied"] for one in figures.leaves()]
    if not mixed(copied):
        return (
            f"fewer than {LEAST_PLACES} jurisdictions sent copies, or one sent more than half of them: "
            "the figures would speak of one jurisdiction"
        )
    if days_since < DELAY_DAYS:
        return f"the month ended less than {DELAY_DAYS} days before the figures were made"
    nation = figures.nation
    heard = sum(figures.values.get((nation, name), 0) for name in IDENTITIES[1][1])
    if heard != figures.values[nation, "copied"]:
        return "not every copy of the month has been answered"
    return ""


def times_hidden(figures: Figures, threshold: int = THRESHOLD) -> frozenset[Cell]:
    """Times over too few answers, by cell."""
    least = {"answer-median": threshold, "answer-p95": max(threshold, P95_NEEDS)}
    return frozenset(
        (one.id, name)
        for one in figures.places
        for name, needed in least.items()
        if (one.id, name) in figures.values and figures.answered[one.id] < needed
    )
