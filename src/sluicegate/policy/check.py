# SPDX-License-Identifier: Apache-2.0
"""Walks a whole program and reports every place where a gate is open that must not be.

Exhaustive: every jurisdiction, every moment at which anything changes (the instant before, at and after),
every gate, with no charge, an unknown one, a shared one and one that is not. Whether anything may be open is
worked out a second time from the rows alone, without the index that decisions use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sluicegate.policy.decide import Facts, decide
from sluicegate.policy.model import Agency, Effect, Jurisdiction, Kind, Rule
from sluicegate.policy.program import Program
from sluicegate.terms import Gate, Ori

_TICK = timedelta(microseconds=1)
_SHARING = (Gate.SHARE, Gate.RELAY, Gate.LOOKUP)


@dataclass(frozen=True, slots=True)
class Leak:
    """A gate that is open and must not be."""

    jurisdiction: str
    at: datetime
    gate: Gate
    rule: str
    why: str


def leaks(program: Program) -> list[Leak]:
    """Every open gate that the program's own rows do not open; empty for a sound program.

    Jurisdictions that hold no agency cannot send a booking and are walked through the ruling alone.
    """
    homes: dict[str, Agency] = {}
    for agency in program.agencies:
        homes.setdefault(agency.jurisdiction, agency)
    return [
        leak
        for place in program.jurisdictions.values()
        for at in _moments(program, place)
        for leak in _walk(program, place, homes.get(place.id), at)
    ]


def cells(program: Program) -> int:
    """How many jurisdiction x moment x gate x charge cells `leaks` walks."""
    moments = sum(len(_moments(program, place)) for place in program.jurisdictions.values())
    return moments * len(Gate) * len(_charge_sets(program))


def _moments(program: Program, place: Jurisdiction) -> list[datetime]:
    days = {day for rule in program.rules.values() for day in (rule.begins, rule.ends) if day}
    starts = {_local(day, place.zone) for day in days}
    return sorted({moment for start in starts for moment in (start - _TICK, start, start + _TICK)})


def _local(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _charge_sets(program: Program) -> list[tuple[str, ...]]:
    shared = [(name,) for name, yes in program.charges.items() if yes][:1]
    kept = [(name,) for name, yes in program.charges.items() if not yes][:1]
    return [(), ("\x00 no such charge",), *shared, *kept]


def _covers(rule: Rule, chain: Sequence[Jurisdiction], at: datetime) -> bool:
    zone = chain[0].zone
    begun = rule.begins is None or _local(rule.begins, zone) <= at
    ended = rule.ends is not None and _local(rule.ends, zone) <= at
    return begun and not ended and rule.jurisdiction in {place.id for place in chain}


def _may_open(program: Program, place: Jurisdiction, at: datetime, gate: Gate) -> str:
    """Why no live row can open a gate here, or nothing if one can; a plain scan of every row."""
    chain = program.chain(place.id)
    gone = {
        rule.supersedes
        for rule in program.rules.values()
        if rule.begins and rule.supersedes and _local(rule.begins, place.zone) <= at
    }
    live = [rule for rule in program.rules.values() if rule.id not in gone and _covers(rule, chain, at)]
    if not any(rule.kind is Kind.ACTIVATION for rule in live):
        return "no activation covers the jurisdiction"
    effects = {program.modes[rule.mode].effects.get(gate) for rule in live if rule.mode}
    if not effects & {Effect.OPEN, Effect.BY_CHARGE}:
        return "no row that covers the jurisdiction opens this gate"
    return ""


def _walk(program: Program, place: Jurisdiction, home: Agency | None, at: datetime) -> Iterator[Leak]:
    ruling = program.in_force(place.id, at)
    effects = program.modes[ruling.mode].effects
    for gate in _SHARING:
        effect = effects.get(gate)
        if effect in (Effect.OPEN, Effect.BY_CHARGE) and (why := _may_open(program, place, at, gate)):
            yield Leak(place.id, at, gate, ruling.rule.id, why)
    for gate in Gate if home else ():
        yield from _bookings(program, home, at, gate)


def _bookings(program: Program, home: Agency | None, at: datetime, gate: Gate) -> Iterator[Leak]:
    ori = home.ori if home else Ori("")
    for charges in _charge_sets(program):
        decision = decide(program, Facts(ori, ori, at, charges), gate)
        why = _forbidden(program, decision.mode, gate, charges) if decision.open else ""
        if why:
            yield Leak(decision.jurisdiction_id, at, gate, decision.rule_id, why)


def _forbidden(program: Program, mode: str, gate: Gate, charges: tuple[str, ...]) -> str:
    declared = program.settings.gates[gate].declared
    effect = declared or program.modes[mode].effects.get(gate)
    if effect is Effect.OPEN or (effect is Effect.BY_CHARGE and any(program.charges.get(c) for c in charges)):
        return ""
    return f"mode {mode} does not open it"
