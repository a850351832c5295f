# SPDX-License-Identifier: Apache-2.0
"""What a change of rows changes: every jurisdiction, gate and period whose answer differs, before and after.

Works on the rulings of both programs and never on single bookings: two rulings answer alike if they let the
same cases through. Periods are told in local days of the jurisdiction and merged where both sides stay the
same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sluicegate.policy.model import Agency, Effect
from sluicegate.policy.places import FIRST, LAST
from sluicegate.policy.program import Program
from sluicegate.policy.rules import Ruling, Timeline
from sluicegate.terms import Gate

_GATES = tuple(Gate)
Answers = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What holds on one side of a change; `answer` is the effect in words, empty where there is no such
    place."""

    answer: str
    mode: str
    rule: str
    asked: str
    legal_basis: str
    public: str


@dataclass(frozen=True, slots=True)
class Change:
    """From one local day up to, not including, another, a gate of a jurisdiction answers otherwise.

    `begins` is empty for the beginning of time and `ends` for its end. `widens` says that the gate lets
    something through afterwards that it did not let through before.
    """

    jurisdiction: str
    name: str
    gate: Gate
    begins: str
    ends: str
    before: Side
    after: Side
    widens: bool

    @property
    def late(self) -> bool:
        """Whether the change begins before the day on which the row behind it became public, or is public
        never."""
        return not self.after.public or self.begins < self.after.public


@dataclass(frozen=True, slots=True)
class Move:
    """An agency that stands elsewhere afterwards; empty where it stands nowhere."""

    ori: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs. `restated` counts periods with another rule in force and the same answers."""

    changes: tuple[Change, ...]
    moves: tuple[Move, ...]
    restated: int
    jurisdictions: int


_NOWHERE = Side("", "", "", "", "", "")


def _answers(program: Program, other: Program) -> dict[str, Answers]:
    """For each mode what it does at each gate; where a list decides that differs, the words differ too."""
    charges = "" if program.charges == other.charges else f" (list of {program.root[:8]})"
    found = {}
    for name, mode in program.modes.items():
        asks = "" if _asking(program, name) == _asking(other, name) else f" (list of {program.root[:8]})"
        found[name] = tuple(
            _word(program.settings.gates[gate].declared or mode.effects.get(gate), charges, asks)
            for gate in _GATES
        )
    return found


def _asking(program: Program, mode: str) -> object:
    return sorted(program.requests.get(mode, ()), key=repr), sorted(program.requesters.items())


def _word(effect: Effect | None, charges: str, asks: str) -> str:
    if effect is Effect.OPEN:
        return "open"
    if effect is Effect.BY_CHARGE:
        return f"by charge{charges}"
    if effect is Effect.BY_REQUEST:
        return f"by request{asks}"
    return "closed"


def diff(a: Program, b: Program) -> Difference:
    """Every (jurisdiction, gate, period) whose answer changes from program `a` to program `b`."""
    words_a, words_b = _answers(a, b), _answers(b, a)
    modes = [name for name in words_a if words_a[name] != words_b.get(name)]
    same = {} if modes else words_a
    changes: list[Change] = []
    restated = 0
    for place in (*a.jurisdictions, *(one for one in b.jurisdictions if one not in a.jurisdictions)):
        mine, theirs = a.timelines.get(place), b.timelines.get(place)
        if mine and theirs and same and _alike(mine, theirs):
            continue
        found, other = _compare(place, a, b, words_a, words_b)
        changes += found
        restated += other
    places = len({one.jurisdiction for one in changes})
    return Difference(tuple(changes), tuple(_moves(a, b)), restated, places)


def _alike(mine: Timeline, theirs: Timeline) -> bool:
    """Whether two timelines have the same rows in force at the same instants; the quick answer for most."""
    if mine.starts != theirs.starts:
        return False
    for one, other in zip(mine.rulings, theirs.rulings, strict=True):
        if one.rule is not other.rule and one.rule.version != other.rule.version:
            return False
    return True


def _steps(
    mine: Timeline | None, theirs: Timeline | None
) -> Iterator[tuple[datetime, datetime, Ruling | None, Ruling | None]]:
    """Every period in which neither side changes, with the ruling of each."""
    starts = sorted({*(mine.starts if mine else ()), *(theirs.starts if theirs else ())})
    for here, after in zip(starts, [*starts[1:], LAST], strict=True):
        yield here, after, mine.at(here) if mine else None, theirs.at(here) if theirs else None


def _compare(
    place: str, a: Program, b: Program, words_a: Mapping[str, Answers], words_b: Mapping[str, Answers]
) -> tuple[list[Change], int]:
    zone = ZoneInfo((b.jurisdictions.get(place) or a.jurisdictions[place]).zone)
    name = (b.jurisdictions.get(place) or a.jurisdictions[place]).name
    open_: dict[Gate, tuple[datetime, datetime, Side, Side]] = {}
    found: list[Change] = []
    restated = 0

    def close(gate: Gate) -> None:
        if gate in open_:
            begins, ends, before, after = open_.pop(gate)
            wide = widens(before.answer, after.answer)
            found.append(Change(place, name, gate, _day(begins, zone), _day(ends, zone), before, after, wide))

    for begins, ends, one, other in _steps(a.timelines.get(place), b.timelines.get(place)):
        was = words_a[one.mode] if one else ("",) * len(_GATES)
        becomes = words_b[other.mode] if other else ("",) * len(_GATES)
        restated += was == becomes and bool(one and other and one.rule.version != other.rule.version)
        for gate, before, after in zip(_GATES, was, becomes, strict=True):
            if before == after or (not {before, after} - {"", "closed"}):
                close(gate)
                continue
            sides = _side(one, before), _side(other, after)
            last = open_.get(gate)
            if last and last[2:] == sides:
                open_[gate] = (last[0], ends, *sides)
                continue
            close(gate)
            open_[gate] = (begins, ends, *sides)
    for gate in _GATES:
        close(gate)
    return sorted(found, key=lambda one: (one.begins, one.gate)), restated


def _side(ruling: Ruling | None, answer: str) -> Side:
    if ruling is None:
        return _NOWHERE
    rule = ruling.rule
    public = rule.public.isoformat() if rule.public else ""
    asked = ruling.asked.mode if ruling.asked else ""
    return Side(answer, str(ruling.mode), rule.id, asked, rule.legal_basis, public)


def widens(before: str, after: str) -> bool:
    """Whether the answer after lets something through that the answer before did not."""
    if after in ("", "closed"):
        return False
    return before != "open"


def _day(at: datetime, zone: ZoneInfo) -> str:
    return "" if at in (FIRST, LAST) else at.astimezone(zone).date().isoformat()


def _moves(a: Program, b: Program) -> Iterator[Move]:
    if a.agencies == b.agencies and a.substitutions == b.substitutions:
        return
    before, after = _standing(a), _standing(b)
    for ori in sorted({*before, *after}):
        if before.get(ori) != after.get(ori):
            yield Move(ori, before.get(ori, ()), after.get(ori, ()))


def _standing(program: Program) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in program.agencies:
        found[one.ori] = (*found.get(one.ori, ()), _stay(one))
    for step in program.substitutions:
        line = f"{step.replaced_by} from {step.begins.isoformat()}"
        found[step.ori] = (*found.get(step.ori, ()), line)
    return found


def _stay(one: Agency) -> str:
    begins = f" from {one.begins.isoformat()}" if one.begins else ""
    ends = f" until {one.ends.isoformat()}" if one.ends else ""
    return " ".join((one.jurisdiction, *one.also)) + begins + ends
