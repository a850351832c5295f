# SPDX-License-Identifier: Apache-2.0
"""What a change would do, before it counts: every answer in the nation that becomes another one.

Compares the rulings of two programs, jurisdiction by jurisdiction, over all of time. `digest` is what those
who sign a change bind themselves to: who approves has seen the same effect as who proposed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sluicegate.policy import table
from sluicegate.policy.places import FIRST, LAST
from sluicegate.policy.program import Program
from sluicegate.policy.rules import Ruling
from sluicegate.terms import Gate


@dataclass(frozen=True, slots=True)
class Side:
    """What one program says of a gate: what it does, by which mode and rule, and what was asked for."""

    answer: str
    mode: str
    rule: str
    asked: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A gate of a jurisdiction whose answer changes from `begins` up to, not including, `ends` (UTC)."""

    jurisdiction: str
    gate: Gate
    begins: datetime
    ends: datetime
    was: Side
    now: Side


def changes(before: Program, after: Program) -> tuple[Changed, ...]:
    """Every change of an answer, by jurisdiction, gate and time; neighboring stretches are joined."""
    places = sorted({*before.jurisdictions, *after.jurisdictions})
    return tuple(one for place in places for gate in Gate for one in _joined(_of(before, after, place, gate)))


def digest(changed: tuple[Changed, ...]) -> str:
    """SHA-256 (hex) over all changes."""
    rows = [
        [c.jurisdiction, c.gate.value, c.begins.isoformat(), c.ends.isoformat(), _row(c.was), _row(c.now)]
        for c in changed
    ]
    return table.digest(rows)


def _row(side: Side) -> list[str]:
    return [side.answer, side.mode, side.rule, side.asked]


def _of(before: Program, after: Program, place: str, gate: Gate) -> Iterator[Changed]:
    lines = [program.timelines.get(place) for program in (before, after)]
    starts = sorted({FIRST, *(start for line in lines if line for start in line.starts)})
    for begins, ends in pairwise([*starts, LAST]):
        was, now = (
            _side(program, line.at(begins) if line else None, gate)
            for program, line in zip((before, after), lines, strict=True)
        )
        if was != now:
            yield Changed(place, gate, begins, ends, was, now)


def _side(program: Program, ruling: Ruling | None, gate: Gate) -> Side:
    declared = program.settings.gates[gate].declared
    if ruling is None:
        return Side("not in the program", "", "", "")
    effect = declared or program.modes[ruling.mode].effects.get(gate)
    asked = ruling.asked.mode if ruling.asked else ""
    return Side(effect.value if effect else "unknown", ruling.mode, ruling.rule.id, asked)


def _joined(found: Iterator[Changed]) -> Iterator[Changed]:
    last: Changed | None = None
    for one in found:
        if last and (last.ends, last.was, last.now) == (one.begins, one.was, one.now):
            last = Changed(one.jurisdiction, one.gate, last.begins, one.ends, one.was, one.now)
            continue
        if last:
            yield last
        last = one
    if last:
        yield last
