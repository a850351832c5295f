# SPDX-License-Identifier: Apache-2.0
"""Works out a second time, from the rows alone, which row is in force where and when.

Not by the index that decisions use, and in another way: in local days instead of instants, with one order of
all rows worked out beforehand instead of comparisons at every moment. What the two ways of working it out do
not agree on is found by `leaks`. Source: docs/explanation/gates-and-modes.md, "Which rule is in force".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sluicegate.policy.model import BINDING, Effect, Jurisdiction, Kind, Mode, Rule
from sluicegate.policy.places import FIRST, LAST
from sluicegate.policy.program import Program
from sluicegate.terms import Gate

_RANK = attrgetter("rank")

DAWN = 0
"""The day (an ordinal of `date`) before every date: what has no beginning began then."""

DUSK = date.max.toordinal() + 1
"""The day after every date: what has no end ends then."""

_SHUT = (Effect.CLOSED, Effect.NOTHING, None)


def within(inner: Mode, outer: Mode) -> bool:
    """Whether a mode surely lets through nothing, at any gate, that another mode does not let through.

    What a request is granted differs from mode to mode, so by request is within nothing but open and itself.
    """
    if inner.effects == outer.effects and inner.name == outer.name:
        return True
    for gate in Gate:
        here, there = inner.effects.get(gate), outer.effects.get(gate)
        same = here is there and here is Effect.BY_CHARGE
        if here not in _SHUT and there is not Effect.OPEN and not same:
            return False
    return True


class Row(NamedTuple):
    """A binding row with its local days and its place in the one order of rows; the lowest rank prevails."""

    rule: Rule
    mode: str
    begins: int
    ends: int
    rank: int
    switches_on: bool
    limits: bool
    needs_switch: bool


class Period(NamedTuple):
    """From a local day up to, not including, another: the row in force and every binding row that applies,
    first in rank first; `on` if one of them switches on. A plain tuple: a nation has tens of thousands."""

    begins: int
    ends: int
    row: Row
    live: list[Row]
    on: bool


def _ends(rules: Mapping[str, Rule]) -> dict[str, int]:
    """The day on which each row ends: its own, or that on which a row that supersedes it begins."""
    ends = {rule.id: rule.ends.toordinal() if rule.ends else DUSK for rule in rules.values()}
    for rule in rules.values():
        if rule.supersedes in ends:
            ends[rule.supersedes] = min(ends[rule.supersedes], begun(rule))
    return ends


def _deepen(near: dict[str, int], place: str, table: Mapping[str, Jurisdiction]) -> int:
    """How near a jurisdiction stands, the nearer the lower; kept for it and for all that it stands in."""
    if place not in near:
        near[place] = _deepen(near, table[place].parent, table) - 1
    return near[place]


def begun(rule: Rule) -> int:
    """The day on which a row begins."""
    return rule.begins.toordinal() if rule.begins else DAWN


@dataclass(slots=True)
class Rows:
    """The binding rows of a program, and what they put in force for a jurisdiction."""

    program: Program
    by_place: dict[str, list[Row]] = field(default_factory=dict)
    _inherited: dict[str, list[Row]] = field(default_factory=dict)
    _instants: dict[str, dict[int, datetime]] = field(default_factory=dict)
    _clocks: dict[str, ZoneInfo] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.program
        ends = _ends(program.rules)
        opening = {name for name, mode in program.modes.items() if mode.opens}
        binding = [rule for rule in program.rules.values() if rule.kind in BINDING and rule.mode]
        for rank, rule in enumerate(self._in_order(binding)):
            row = Row(
                rule,
                str(rule.mode),
                begun(rule),
                ends[rule.id],
                rank,
                switches_on=rule.kind is Kind.ACTIVATION,
                limits=rule.kind is Kind.CAPABILITY,
                needs_switch=rule.mode in opening and rule.kind not in (Kind.ACTIVATION, Kind.DEFAULT),
            )
            if row.begins < row.ends:
                self.by_place.setdefault(rule.jurisdiction, []).append(row)

    def _in_order(self, rules: Sequence[Rule]) -> list[Rule]:
        """Rules in the order that the program states: level of issuer, then its ties, then the id."""
        settings, program = self.program.settings, self.program
        level = {name: number for number, name in enumerate(settings.issuers)}
        near: dict[str, int] = {"": 0}
        for place in {rule.jurisdiction for rule in rules}:
            _deepen(near, place, program.jurisdictions)
        if settings.ties[0] == "closer":
            keys = [(level[one.level], near[one.jurisdiction], -begun(one), one.id) for one in rules]
        else:
            keys = [(level[one.level], -begun(one), near[one.jurisdiction], one.id) for one in rules]
        return [rules[number] for number in sorted(range(len(rules)), key=keys.__getitem__)]

    def of(self, place: str) -> list[Row]:
        """Every binding row of a jurisdiction and of whatever it stands in, first in rank first."""
        found = self._inherited.get(place)
        if found is None:
            parent = self.program.jurisdictions[place].parent
            found = [*(self.of(parent) if parent else ()), *self.by_place.get(place, ())]
            found.sort(key=_RANK)
            self._inherited[place] = found
        return found

    def periods(self, place: str) -> list[Period]:
        """What is in force for a jurisdiction, day by day, from the first to the last day there is."""
        rows = self.of(place)
        days = {DAWN}
        for row in rows:
            days.add(row.begins)
            days.add(row.ends)
        days.discard(DUSK)
        order = sorted(days)
        ends = [*order[1:], DUSK]
        found = []
        for here, after in zip(order, ends, strict=True):
            live = [row for row in rows if row.begins <= here < row.ends]
            on = False
            for row in live:
                if row.switches_on:
                    on = True
                    break
            found.append(Period(here, after, self._settled(live, on=on), live, on))
        return found

    def _settled(self, live: Sequence[Row], *, on: bool) -> Row:
        """The row in force among those that apply, which come first in rank first."""
        limits = []
        best = None
        for row in live:
            if row.limits:
                limits.append(row)
            elif best is None and (on or not row.needs_switch):
                best = row
        assert best is not None, "every program has a default row that always applies"
        return self._limited(best, [row for row in limits if on or not row.needs_switch]) if limits else best

    def _limited(self, best: Row, limits: Sequence[Row]) -> Row:
        """A row that says what cannot be done prevails only where it lets nothing more through at any
        gate."""
        modes = self.program.modes
        bound = modes[best.mode]
        return next((row for row in limits if within(modes[row.mode], bound)), best)

    def instants(self, zone: str, days: Sequence[int]) -> list[datetime]:
        """The first instant (UTC) of each of these local days of a time zone, each worked out once."""
        known = self._instants.setdefault(zone, {})
        try:
            return [known[day] for day in days]
        except KeyError:
            if zone not in self._clocks:
                self._clocks[zone] = ZoneInfo(zone)
            clock = self._clocks[zone]
            known.update((day, _instant(clock, day)) for day in days if day not in known)
        return [known[day] for day in days]

    def instant(self, zone: str, day: int) -> datetime:
        """The first instant (UTC) of one local day."""
        return self.instants(zone, (day,))[0]


def _instant(clock: ZoneInfo, day: int) -> datetime:
    if day == DAWN:
        return FIRST
    if day == DUSK:
        return LAST
    here = date.fromordinal(day)
    return datetime(here.year, here.month, here.day, tzinfo=clock).astimezone(UTC)


def days(begins: int, ends: int) -> tuple[str, str]:
    """A period as text: first day and first day after; empty where there is no beginning or no end."""
    first = "" if begins == DAWN else date.fromordinal(begins).isoformat()
    return first, "" if ends == DUSK else date.fromordinal(ends).isoformat()
