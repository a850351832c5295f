# SPDX-License-Identifier: Apache-2.0
"""Finds every place where a gate is open that must not be, by comparing two ways of working it out.

One way is the program's own: the timelines that decisions use, and `decide` itself. The other is `rows`: the
rows alone, in local days. On every cell the two must name the same row and let through the same cases.

`decide` runs once for each mode that an agency can be under, for every gate and case; `thorough` runs it on
every cell, at the first and the last instant of every period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_

from sluicegate.policy import decide as deciding
from sluicegate.policy.analysis.cells import Survey, bits, told
from sluicegate.policy.analysis.rows import Period
from sluicegate.policy.model import Agency
from sluicegate.policy.program import Program
from sluicegate.policy.rules import Ruling, Timeline
from sluicegate.terms import Gate, Ori

_GATES = tuple(Gate)


@dataclass(frozen=True, slots=True)
class Leak:
    """A gate that is open and must not be."""

    jurisdiction: str
    at: datetime
    gate: Gate
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the two ways of working it out disagree, although nothing is open that must not be."""

    jurisdiction: str
    at: datetime
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk found, how often it ran `decide`, and in which jurisdictions the two ways are apart."""

    leaks: tuple[Leak, ...]
    differences: tuple[Difference, ...]
    decided: int
    apart: frozenset[str]


def leaks(program: Program) -> list[Leak]:
    """Every open gate that the program's own rows do not open; empty for a sound program. Runs `decide` on
    every cell that a booking can be in."""
    return list(walk(Survey(program), thorough=True).leaks)


def walk(survey: Survey, *, thorough: bool = False) -> Found:
    """Compare on every cell. A jurisdiction without an agency cannot send a booking: its rulings are
    compared."""
    leaking: list[Leak] = []
    differing: list[Difference] = []
    apart: set[str] = set()
    for place, periods in survey.periods.items():
        for at, period, ruling in _apart(survey, place, periods, survey.program.timelines[place]):
            apart.add(place)
            found = list(_compare(survey, place, at, period, ruling))
            leaking += found
            if not found:
                why = f"by the rows alone {period.row.rule.id} is in force"
                differing.append(Difference(place, at, ruling.rule.id, why))
    decided = 0
    for agency, at, places in _bookings(survey, thorough=thorough):
        decided += len(_GATES) * len(survey.known)
        for one in _decided(survey, agency, at, places):
            (leaking if isinstance(one, Leak) else differing).append(one)  # type: ignore[arg-type]
    return Found(tuple(leaking), tuple(differing), decided, frozenset(apart))


def _apart(
    survey: Survey, place: str, periods: list[Period], line: Timeline
) -> Iterator[tuple[datetime, Period, Ruling]]:
    """Every instant at which another row is in force by the timeline than by the rows; both are walked."""
    zone = survey.program.jurisdictions[place].zone
    begins = survey.rows.instants(zone, [one.begins for one in periods])
    if not _alike(begins, periods, line):
        yield from _all_apart(begins, periods, line)


def _alike(begins: list[datetime], periods: list[Period], line: Timeline) -> bool:
    """Whether both name the same row at every instant; the quick answer for a sound jurisdiction."""
    number, last = 0, len(begins) - 1
    rule = periods[0].row.rule
    for start, ruling in zip(line.starts, line.rulings, strict=True):
        if number < last and begins[number + 1] <= start:
            number += 1
            rule = periods[number].row.rule
            if begins[number] != start:
                return False
        if ruling.rule is not rule or ruling.mode != rule.mode:
            return False
    return number == last


def _all_apart(
    begins: list[datetime], periods: list[Period], line: Timeline
) -> Iterator[tuple[datetime, Period, Ruling]]:
    starts, rulings = line.starts, line.rulings
    mine = theirs = 0
    last_mine, last_theirs = len(begins) - 1, len(starts) - 1
    at = begins[0]
    while True:
        while mine < last_mine and begins[mine + 1] <= at:
            mine += 1
        while theirs < last_theirs and starts[theirs + 1] <= at:
            theirs += 1
        ruling, rule = rulings[theirs], periods[mine].row.rule
        if ruling.rule is not rule or ruling.mode != rule.mode:
            yield at, periods[mine], rulings[theirs]
        if mine < last_mine and (theirs == last_theirs or begins[mine + 1] <= starts[theirs + 1]):
            at = begins[mine + 1]
        elif theirs < last_theirs:
            at = starts[theirs + 1]
        else:
            return


def _compare(survey: Survey, place: str, at: datetime, period: Period, ruling: Ruling) -> Iterator[Leak]:
    for gate, theirs, mine in zip(
        _GATES, survey.masks[ruling.mode], survey.masks[period.row.mode], strict=True
    ):
        if extra := theirs & ~mine:
            yield Leak(place, at, gate, ruling.rule.id, _why(survey, period, extra))


def _why(survey: Survey, period: Period, extra: int) -> str:
    if not period.on:
        return "no activation covers the jurisdiction"
    rule = period.row.rule
    cases = told(survey.known, extra)
    return f"by the rows alone {rule.id} ({rule.mode}) is in force and does not let {cases} through"


def _bookings(survey: Survey, *, thorough: bool) -> Iterator[tuple[Agency, datetime, tuple[str, ...]]]:
    """Agencies and moments at which to run `decide`, with the jurisdictions that the agency stands in."""
    seen: set[str] = set()
    for place, agency in survey.homes.items():
        for period in survey.periods[place]:
            mode = period.row.mode
            if thorough or mode not in seen:
                seen.add(mode)
                for at in survey.moments(place, period):
                    yield agency, at, (place,)
    for agency in survey.others:
        if agency.also or thorough:
            yield from _several(survey, agency)


def _several(survey: Survey, agency: Agency) -> Iterator[tuple[Agency, datetime, tuple[str, ...]]]:
    """An agency of several jurisdictions, or of part of the time, wherever it stands at a moment of a
    change."""
    places = (agency.jurisdiction, *agency.also)
    moments = {at for one in places for period in survey.periods[one] for at in survey.moments(one, period)}
    for at in sorted(moments):
        placed = survey.program.place(agency.ori, at)
        if placed is not None and placed.agency is agency:
            yield agency, at, places


def allowed(survey: Survey, places: tuple[str, ...], at: datetime, gate: int) -> int:
    """The cases that the rows let through at a gate (by its number) for an agency of these jurisdictions."""
    masks = [survey.masks[survey.period(place, at).row.mode][gate] for place in places]
    return reduce(and_, masks)


def _decided(
    survey: Survey, agency: Agency, at: datetime, places: tuple[str, ...]
) -> Iterator[Leak | Difference]:
    for number, gate in enumerate(_GATES):
        mine = allowed(survey, places, at, number)
        theirs = opened(survey, agency.ori, at, gate)
        if theirs == mine:
            continue
        rule = deciding.decide(survey.program, survey.facts(agency.ori, survey.known[0], at), gate).rule_id
        where = " ".join(places)
        if extra := theirs & ~mine:
            why = f"{agency.ori}: the rows do not let {told(survey.known, extra)} through"
            yield Leak(where, at, gate, rule, why)
        else:
            lost = told(survey.known, next(1 << bit for bit in bits(mine & ~theirs)))
            yield Difference(where, at, rule, f"{agency.ori}: closed to {lost}, which the rows let through")


def opened(survey: Survey, ori: Ori, at: datetime, gate: Gate) -> int:
    """The cases for which `decide` opens a gate to a booking of this agency, received at this moment."""
    found = 0
    for bit, case in enumerate(survey.known):
        if deciding.decide(survey.program, survey.facts(ori, case, at), gate).open:
            found |= 1 << bit
    return found
