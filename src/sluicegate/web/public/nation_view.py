# SPDX-License-Identifier: Apache-2.0
"""What the page of the nation says of a day, worked out from the rules alone: values in, values out.

A county without a place of its own in the program takes the rule of its state, and is drawn as such: what is
on record about a county itself, what comes from a state or from the nation, and where nothing is on record
at all, are told apart everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sluicegate.policy.model import Confidence, Effect, Jurisdiction, Kind, Mode
from sluicegate.policy.places import FIRST, zone_of
from sluicegate.policy.program import Program
from sluicegate.policy.rules import Ruling
from sluicegate.terms import Gate, ModeName
from sluicegate.web.public.county_dates import noon
from sluicegate.web.public.nation_map import Letter, atlas, shape_of

GROUNDS = ("own", "above", "default")
"""Whose rule is in force: one of the place itself, one of a state or the nation, or none at all."""

GAPS: Mapping[str, str] = {
    "more": "+",
    "other": "≠",
    "less": "\N{MINUS SIGN}",
    "alike": "≈",
    "same": "=",
    "none": "",
}
"""What was asked for beside what is in force, each with its sign. The first four are gaps."""

APART = ("more", "other", "less", "alike")
_PASSING = {Effect.OPEN, Effect.BY_CHARGE}
_SMALL = 22
"""Shapes of a shorter side, in steps of the map, get a dot that can be seen and hit."""
_ROOM = 15
"""A state with less room around its letter, in steps of the map, gets none."""
_MOST = 100_000
"""Stretches of then-known rules that are worked out for the slider at most: rows times days of news."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a place stands on a day.

    Attributes:
        mode: the mode in force.
        asked: what was asked for, or empty.
        gap: one of `GAPS`.
        ground: one of `GROUNDS`.
        rule: the row in force; `issuer` and `level` are its issuer's.
        asker: who asked, or empty.
        shares: whether any booking is shared with the partner.
        confidence: how well the row in force is known.
    """

    mode: str
    asked: str
    gap: str
    ground: str
    rule: str
    issuer: str
    level: str
    asker: str
    shares: bool
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Line:
    """A place with its look; `inside` is whether it stands below another line of its group."""

    place: Jurisdiction
    look: Look
    inside: bool
    mapped: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """How many places look alike in one respect, by whose rule; `shut` is whether nothing is shared."""

    name: str
    shut: bool
    own: int
    above: int
    default: int

    @property
    def all(self) -> int:
        """All of them."""
        return self.own + self.above + self.default


@dataclass(frozen=True, slots=True)
class Land:
    """A piece of the map with one look: a place, and the shapes drawn for it; None where no row has it.

    A state's piece is all its counties that are no place of their own, and `ground` is theirs: what the state
    itself rules comes to them from above, but where the state is one county. `dot` is the middle of a piece
    that is too small to be seen, `letter` where there is room for a letter.
    """

    place: Jurisdiction | None
    look: Look | None
    state: str
    fips: str
    ground: str
    paths: tuple[str, ...]
    dot: tuple[int, int] | None
    letter: Letter | None


@dataclass(frozen=True, slots=True)
class Nation:
    """All places of a program on one day; the nation itself is not one of them."""

    groups: tuple[tuple[Line, ...], ...]
    modes: tuple[Counted, ...]
    gaps: tuple[Counted, ...]
    places: int
    sharing: int
    apart: int

    @property
    def lines(self) -> Iterator[Line]:
        """Every line, in the order of the table."""
        return (line for group in self.groups for line in group)


def look(program: Program, ruling: Ruling) -> Look:
    """How a ruling looks."""
    rule, asked = ruling.rule, ruling.asked
    if rule.kind is Kind.DEFAULT:
        ground = "default"
    else:
        ground = "own" if rule.jurisdiction == ruling.jurisdiction.id else "above"
    held = program.modes[ruling.mode]
    wanted = asked.mode if asked else ""
    return Look(
        str(ruling.mode),
        wanted,
        gap(program.modes, wanted, held),
        ground,
        rule.id,
        rule.issuer,
        rule.level,
        asked.rule.issuer if asked else "",
        shares(held),
        rule.confidence,
    )


def shares(mode: Mode) -> bool:
    """Whether a mode shares some bookings at least: by copies, or by look-ups where there are only these."""
    return mode.effects[Gate.SHARE] in _PASSING if Gate.SHARE in mode.effects else mode.opens


def gap(modes: Mapping[ModeName, Mode] | Mapping[str, Mode], wanted: str, held: Mode) -> str:
    """What was asked for beside what is in force: one of `GAPS`."""
    if not wanted:
        return "none"
    if wanted == held.name:
        return "same"
    asked = {str(name): mode for name, mode in modes.items()}.get(wanted)
    if asked is None:
        return "other"
    if held.within(asked):
        return "alike" if asked.within(held) else "less"
    return "more"


def nation(program: Program, on: date) -> Nation:
    """The nation on a day, by what the program given knows."""
    found = {
        place.id: look(program, program.in_force(place.id, noon(on, place.zone))) for place in places(program)
    }
    groups = tuple(
        tuple(Line(place, found[place.id], n > 0, bool(_shapes(place))) for n, place in enumerate(group))
        for group in grouped(program)
    )
    looks = list(found.values())
    shut = {str(name): not shares(mode) for name, mode in program.modes.items()}
    modes = tuple(
        _counted(str(name), shut[str(name)], [one for one in looks if one.mode == name])
        for name in program.modes
    )
    gaps = tuple(_counted(name, False, [one for one in looks if one.gap == name]) for name in GAPS)
    return Nation(
        groups,
        modes,
        gaps,
        len(looks),
        sum(one.shares for one in looks),
        sum(one.gap in APART for one in looks),
    )


def _counted(name: str, shut: bool, looks: Sequence[Look]) -> Counted:
    grounds = Counter(one.ground for one in looks)
    return Counted(name, shut, *(grounds[one] for one in GROUNDS))


def places(program: Program) -> list[Jurisdiction]:
    """Every place but the nation itself."""
    root = program.settings.root_jurisdiction
    return [one for one in program.jurisdictions.values() if one.id != root]


def grouped(program: Program) -> list[list[Jurisdiction]]:
    """Places by what stands directly below the nation, that one first, all by name."""
    groups: dict[str, list[Jurisdiction]] = {}
    for place in places(program):
        groups.setdefault(program.chain(place.id)[-2].id, []).append(place)
    ordered = sorted(groups, key=lambda key: program.jurisdictions[key].name)
    return [sorted(groups[key], key=lambda one: (one.id != key, one.name)) for key in ordered]


def days(program: Program, today: date) -> tuple[date, ...]:
    """Every day up to today on which a rule or choice begins, ends or becomes public."""
    found = {day for rule in program.rules.values() for day in (rule.begins, rule.ends, rule.public) if day}
    return tuple(sorted(day for day in found if day <= today))


def letters(program: Program) -> Mapping[str, str]:
    """A letter for each mode: the first of its name that no mode before it has."""
    found: dict[str, str] = {}
    for name in map(str, program.modes):
        spare = (one for one in name if one.isalpha() and one not in found.values())
        found[name] = next(spare, str(len(found) + 1))
    return found


def lands(program: Program, looks: Mapping[str, Look]) -> tuple[Land, ...]:
    """The map: states first, then places that have a shape of their own, so that these lie on top."""
    held = {code: one for one in places(program) if len(one.fips) == 5 and (code := shape_of(one.fips))}
    states = {one.fips: one for one in places(program) if len(one.fips) == 2}
    rest: dict[str, list[str]] = {}
    for code in atlas().counties:
        if code not in held:
            rest.setdefault(code[:2], []).append(code)
    below = [_state(code, states.get(code), looks, ones) for code, ones in rest.items()]
    return (*below, *(_county(code, one, looks) for code, one in held.items()))


def _state(code: str, place: Jurisdiction | None, looks: Mapping[str, Look], counties: Sequence[str]) -> Land:
    spot, paths = atlas().letters[code], tuple(atlas().counties[one].path for one in counties)
    small = max(atlas().counties[one].side for one in counties) < _SMALL
    seen = looks[place.id] if place else None
    ground = seen.ground if seen else ""
    return Land(
        place,
        seen,
        code,
        "",
        "above" if ground == "own" and len(counties) > 1 else ground,
        paths,
        (spot.x, spot.y) if small else None,
        spot if spot.room >= _ROOM else None,
    )


def _county(code: str, place: Jurisdiction, looks: Mapping[str, Look]) -> Land:
    shape = atlas().counties[code]
    dot = (shape.x, shape.y) if shape.side < _SMALL else None
    seen = looks[place.id]
    return Land(place, seen, code[:2], code[2:], seen.ground, (shape.path,), dot, None)


def _shapes(place: Jurisdiction) -> bool:
    """Whether the map shows a place: a county with a shape, or a state that the map has."""
    return place.fips in atlas().letters or bool(shape_of(place.fips))


def stretches(program: Program, *, then: bool) -> Mapping[str, tuple[tuple[date, Look], ...]] | None:
    """For each place, the days from which on it looks otherwise, each with how; the first is `date.min`.

    With `then`, of every day only what was public by its end counts. None where that is too much to work out.
    """
    if not then:
        return {
            place.id: _short(
                (_day(one, place), look(program, one)) for one in program.timelines[place.id].rulings
            )
            for place in places(program)
        }
    news = sorted({date.min, *(one.public for one in program.rules.values() if one.public)})
    if len(news) * len(program.jurisdictions) > _MOST:
        return None
    known = [(begins, program.known_at(begins)) for begins in news]
    return {place.id: _short(_then(place, known)) for place in places(program)}


def _then(place: Jurisdiction, known: Sequence[tuple[date, Program]]) -> Iterator[tuple[date, Look]]:
    """What was in force on each day by what was known on that day."""
    for (begins, seen), end in zip(known, [*(day for day, _ in known[1:]), date.max], strict=True):
        rulings = seen.timelines[place.id].rulings
        starts = [_day(one, place) for one in rulings]
        for one, start, stop in zip(rulings, starts, [*starts[1:], date.max], strict=True):
            if start < end and stop > begins:
                yield max(start, begins), look(seen, one)


def _day(ruling: Ruling, place: Jurisdiction) -> date:
    return date.min if ruling.begins == FIRST else _local(ruling.begins, place.zone)


def _local(moment: datetime, zone: str) -> date:
    return moment.astimezone(zone_of(zone)).date()


def _short(found: Iterator[tuple[date, Look]]) -> tuple[tuple[date, Look], ...]:
    """Without those that look as the one before."""
    kept: list[tuple[date, Look]] = []
    for day, one in found:
        if not kept or kept[-1][1] != one:
            kept.append((day, one))
    return tuple(kept)
