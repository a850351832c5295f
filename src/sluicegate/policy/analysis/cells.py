# SPDX-License-Identifier: Apache-2.0
"""The cells of a program: jurisdiction x period x gate x case, with what the rows alone say of each.

A *case* is a kind of booking and request that no rule of the program tells apart from another of its kind: no
charge, an unknown one, a listed one, and so on; who asks, and for what. Within a period nothing changes. So
the cells are finite, and walking all of them leaves nothing out. What a mode lets through at a gate is a set
of cases, kept as the bits of one whole number: bit n stands for case n.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product

from sluicegate.policy.analysis.rows import DAWN, DUSK, Period, Rows
from sluicegate.policy.decide import Facts
from sluicegate.policy.model import ANY, Agency, Effect, Request
from sluicegate.policy.program import Program
from sluicegate.terms import Gate, Ori

UNKNOWN_CHARGE = "\x00 no such charge"
UNKNOWN_PURPOSE = "\x00 no such purpose"
NOBODY = Ori("\x00 nobody")
_TICK = timedelta(microseconds=1)
_OLD = datetime(1990, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of booking and request; `listed` says whether a gate that goes by charge opens for it."""

    charges: tuple[str, ...]
    listed: bool
    sort: str = ""
    purpose: str = ""
    words: str = ""


def _charge_cases(program: Program) -> list[Case]:
    shared = sorted(name for name, yes in program.charges.items() if yes)[:1]
    kept = sorted(name for name, yes in program.charges.items() if not yes)[:1]
    cases = [
        Case((), False, words="no charge"),
        Case((UNKNOWN_CHARGE,), False, words="an unknown charge"),
        *(Case((one,), False, words="a charge not listed") for one in kept),
        *(Case((one,), True, words="a listed charge") for one in shared),
        *(Case((one, UNKNOWN_CHARGE), False, words="a listed and an unknown charge") for one in shared),
    ]
    return [*cases, *(Case((a, b), True, words="a listed charge and another") for a in shared for b in kept)]


def _asking(program: Program) -> list[tuple[str, str, str]]:
    """Sort of requester, purpose and words for every kind of request; one empty one where none can matter."""
    if all(Effect.BY_REQUEST not in mode.effects.values() for mode in program.modes.values()):
        return [("", "", "")]
    rows = [one for found in program.requests.values() for one in found]
    asking = [one for found in program.requesters.values() for one in found]
    sorts = sorted({one.sort for one in asking} | {one.sort for one in rows} - {ANY})
    purposes = sorted({one.purpose for one in rows} - {ANY})
    who = [("", "nobody known"), *((one, one) for one in sorts)]
    why = [
        ("", "no purpose"),
        (UNKNOWN_PURPOSE, "another purpose"),
        *((one, one.lower()) for one in purposes),
    ]
    return [(sort, purpose, f"{a} asks, {b}") for (sort, a), (purpose, b) in product(who, why)]


def cases(program: Program) -> tuple[Case, ...]:
    """Every case that some rule of the program could tell from another."""
    return tuple(
        Case(one.charges, one.listed, sort, purpose, "; ".join(part for part in (one.words, words) if part))
        for one in _charge_cases(program)
        for sort, purpose, words in _asking(program)
    )


def granted(requests: Sequence[Request], case: Case) -> bool:
    """Whether a mode's rows of requests.csv grant a request: the most specific decides, closed wins a tie."""
    if not case.sort or not case.purpose:
        return False
    fit = [one for one in requests if one.sort in (ANY, case.sort) and one.purpose in (ANY, case.purpose)]
    if not fit:
        return False
    exact = max((one.sort != ANY) + (one.purpose != ANY) for one in fit)
    return all(one.open for one in fit if (one.sort != ANY) + (one.purpose != ANY) == exact)


def mask(program: Program, known: Sequence[Case], mode: str, gate: Gate) -> int:
    """The cases for which a mode opens a gate, by the rows alone: bit n is set where case n is let
    through."""
    effect = program.settings.gates[gate].declared or program.modes[mode].effects.get(gate)
    if effect is Effect.OPEN:
        return (1 << len(known)) - 1
    if effect is Effect.BY_CHARGE:
        return sum(1 << bit for bit, case in enumerate(known) if case.listed)
    if effect is Effect.BY_REQUEST:
        rows = program.requests.get(mode, ())
        return sum(1 << bit for bit, case in enumerate(known) if granted(rows, case))
    return 0


@dataclass(slots=True, eq=False)
class Survey:
    """One pass over a program: what the rows put in force everywhere, and who can send a booking there."""

    program: Program
    rows: Rows = field(init=False)
    known: tuple[Case, ...] = field(init=False)
    periods: dict[str, list[Period]] = field(init=False)
    masks: dict[str, tuple[int, ...]] = field(init=False)
    homes: dict[str, Agency] = field(init=False)
    others: list[Agency] = field(init=False)
    inhabited: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = Rows(self.program)
        self.known = cases(self.program)
        self.periods = {place: self.rows.periods(place) for place in self.program.jurisdictions}
        self.masks = {
            name: tuple(mask(self.program, self.known, name, gate) for gate in Gate)
            for name in self.program.modes
        }
        self.homes, self.others, self.inhabited = _standing(self.program)

    @property
    def spans(self) -> int:
        """Jurisdictions x periods."""
        return sum(len(found) for found in self.periods.values())

    @property
    def cells(self) -> int:
        """Jurisdictions x periods x gates x cases."""
        return self.spans * len(Gate) * len(self.known)

    @property
    def pairs(self) -> int:
        """Jurisdictions x period of booking x the same or a later period of query x cases."""
        return sum(len(one) * (len(one) + 1) // 2 for one in self.periods.values()) * len(self.known)

    def moments(self, place: str, period: Period) -> tuple[datetime, ...]:
        """The first instant of a period and its last, which are where a mistake would show."""
        zone = self.program.jurisdictions[place].zone
        first = self.rows.instant(zone, period.begins)
        if period.ends == DUSK:
            return (_OLD if period.begins == DAWN else first,)
        last = self.rows.instant(zone, period.ends) - _TICK
        return (last,) if period.begins == DAWN else (first, last)

    def period(self, place: str, at: datetime) -> Period:
        """The period of a jurisdiction that a moment is in."""
        zone = self.program.jurisdictions[place].zone
        found = self.periods[place]
        return found[bisect_right(found, at, key=lambda one: self.rows.instant(zone, one.begins)) - 1]

    def facts(self, ori: Ori, case: Case, at: datetime) -> Facts:
        """The facts of a booking of a case, received at a moment."""
        plain = Facts(ori, ori, at, case.charges)
        if not case.sort and not case.purpose:
            return plain
        return replace(plain, requester=self._requester(case, at), purpose=case.purpose)

    def _requester(self, case: Case, at: datetime) -> Ori:
        day = at.date()
        for one in (one for found in self.program.requesters.values() for one in found):
            if one.sort == case.sort and (one.begins or day) <= day and (one.ends is None or day < one.ends):
                return one.ori
        return NOBODY


def _standing(program: Program) -> tuple[dict[str, Agency], list[Agency], set[str]]:
    """An agency for each jurisdiction that has one of its own at all times; all other agencies; and every
    jurisdiction in which some agency stands at some time."""
    homes: dict[str, Agency] = {}
    others: list[Agency] = []
    inhabited: set[str] = set()
    for agency in program.agencies:
        place = agency.jurisdiction
        if agency.also or agency.begins or agency.ends:
            others.append(agency)
            inhabited.update((place, *agency.also))
        elif place not in homes:
            homes[place] = agency
    return homes, others, inhabited | set(homes)


def bits(value: int) -> Iterator[int]:
    """The numbers of the cases in a mask."""
    while value:
        low = value & -value
        yield low.bit_length() - 1
        value ^= low


def told(known: Sequence[Case], value: int) -> str:
    """The cases of a mask in words."""
    if value == (1 << len(known)) - 1:
        return "every booking"
    return " / ".join(known[bit].words for bit in bits(value)) or "no booking"
