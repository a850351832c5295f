# SPDX-License-Identifier: Apache-2.0
"""What if: the same bookings under two sets of rules, counted by jurisdiction, month and gate.

Bookings come as batches with a weight, so that a nation's year is counted without deciding each one. What is
not on record about a batch, such as its charges, is not guessed: every kind of booking that it can be is
decided, and where they differ the answer counts as not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import IntEnum

from sluicegate.policy.decide import Facts, decide
from sluicegate.policy.places import zone_of
from sluicegate.policy.program import Program, Sitting
from sluicegate.terms import Gate, Ori

GATES = tuple(Gate)
NO_CHARGE, UNKNOWN_CHARGE = "none named", "not known to the program"
LISTED, NOT_LISTED = "listed as shared", "listed as not shared"
UNPLACED = ""
"""Jurisdiction of an agency that no row places, under either set of rules."""

_Key = Callable[[str, str, Gate], tuple[str, Gate]]
_STRANGE = "\x00 no such charge"


class _Charges(IntEnum):
    """What a set of charges is to one program; of two sets together the larger counts."""

    NOT_LISTED = 0
    LISTED = 1
    UNKNOWN = 2


_WORDS = {_Charges.NOT_LISTED: NOT_LISTED, _Charges.LISTED: LISTED, _Charges.UNKNOWN: UNKNOWN_CHARGE}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of booking that some rule could tell from another; `classes` has a word for each program."""

    charges: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """So many bookings, each of one of the kinds whose bits are set in `kinds`; which one is not known."""

    kinds: int
    weight: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Bookings of one agency that every rule treats as received at one moment (aware).

    `did` holds for each gate whether it was open when they were received; None where nothing was decided,
    because the bookings never were.
    """

    cri: Ori
    ori: Ori
    at: datetime
    parts: tuple[Part, ...]
    did: tuple[bool, ...] | None = None


@dataclass(slots=True)
class Count:
    """Bookings at one gate. What is neither open nor not known is closed.

    `opened` and `shut` surely change from the first rules to the second, `unsure` may. `strayed` were decided
    otherwise at receipt than the first rules now say, which a late correction brings about.
    """

    bookings: int = 0
    did_open: int = 0
    base_open: int = 0
    base_unknown: int = 0
    other_open: int = 0
    other_unknown: int = 0
    opened: int = 0
    shut: int = 0
    unsure: int = 0
    strayed: int = 0

    def add(self, more: Count) -> None:
        """Add another count to this one."""
        for name in _NAMES:
            setattr(self, name, getattr(self, name) + getattr(more, name))

    @property
    def moved(self) -> int:
        """Bookings that this gate answers, or may answer, otherwise."""
        return self.opened + self.shut + self.unsure

    def closed(self, *, other: bool = False) -> int:
        """Bookings that the gate surely stops, under the first rules or the other."""
        found, unknown = (
            (self.other_open, self.other_unknown) if other else (self.base_open, self.base_unknown)
        )
        return self.bookings - found - unknown


_NAMES = tuple(one.name for one in fields(Count))


@dataclass(slots=True)
class Result:
    """Counts by (place, month, gate). `recorded` tells that decisions at receipt were there to compare with.

    `by_charge` and `by_request` are the bookings of which some gate is not known, for lack of charges or
    because it depends on who asks.
    """

    cells: dict[tuple[str, str, Gate], Count] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    recorded: bool = False
    bookings: int = 0
    by_charge: int = 0
    by_request: int = 0

    def by_place(self) -> dict[tuple[str, Gate], Count]:
        """Counts by place and gate, the places with most changes first, then those with most bookings."""
        found = self._sums(lambda place, _, gate: (place, gate))
        places = {place for place, _ in found}
        rank = {place: self._rank(place, found) for place in places}
        ordered = sorted(found, key=lambda key: (rank[key[0]], key[1].value))
        return {key: found[key] for key in ordered}

    def by_month(self) -> dict[tuple[str, Gate], Count]:
        """Counts of all places by month (YYYY-MM, local) and gate."""
        found = self._sums(lambda _, month, gate: (month, gate))
        return {key: found[key] for key in sorted(found)}

    def total(self) -> dict[Gate, Count]:
        """Counts of all places and months by gate."""
        found = {gate: Count() for gate in GATES}
        for (_, _, gate), one in self.cells.items():
            found[gate].add(one)
        return found

    @property
    def changed(self) -> tuple[str, ...]:
        """Places where some gate answers, or may answer, otherwise."""
        return tuple(dict.fromkeys(place for (place, _), one in self.by_place().items() if one.moved))

    def _sums(self, key: _Key) -> dict[tuple[str, Gate], Count]:
        found: dict[tuple[str, Gate], Count] = {}
        for (place, month, gate), one in self.cells.items():
            found.setdefault(key(place, month, gate), Count()).add(one)
        return found

    def _rank(self, place: str, found: Mapping[tuple[str, Gate], Count]) -> tuple[int, int, str, str]:
        own = [found[place, gate] for gate in GATES]
        return -max(one.moved for one in own), -own[0].bookings, self.names[place], place


# -- kinds of bookings -------------------------------------------------------------------------------------


def kinds(programs: Sequence[Program]) -> tuple[Kind, ...]:
    """Every kind of booking that the lists of charges of these programs can tell from another.

    A booking may name several charges, so kinds are closed under putting two together. At most as many as
    bits in a `Part` matter: 1 + 3 to the power of the number of different lists.
    """
    single: dict[tuple[_Charges, ...], tuple[str, ...]] = {}
    for name in (_STRANGE, *sorted({charge for one in programs for charge in one.charges})):
        single.setdefault(tuple(_charge(one, name) for one in programs), (name,))
    found, fresh = dict(single), list(single)
    while fresh:
        mine = fresh.pop()
        for theirs, named in single.items():
            both = tuple(map(max, mine, theirs))
            if both not in found:
                found[both] = (*found[mine], *named)
                fresh.append(both)
    none = Kind((), (NO_CHARGE,) * len(programs))
    return none, *(Kind(found[one], tuple(_WORDS[word] for word in one)) for one in sorted(found))


def _charge(program: Program, charge: str) -> _Charges:
    shared = program.charges.get(charge)
    if shared is None:
        return _Charges.UNKNOWN
    return _Charges.LISTED if shared else _Charges.NOT_LISTED


def of_class(known: Sequence[Kind], word: str) -> int:
    """The kinds, as bits, whose charges are such to the first program."""
    return sum(1 << bit for bit, one in enumerate(known) if one.classes[0] == word)


def fitting(
    known: Sequence[Kind], then: Program | None, facts: Facts, recorded: Sequence[tuple[bool, str]]
) -> int:
    """The kinds, as bits, for which the rules of that time give the recorded decision.

    `recorded` is for each gate whether it was open and the code of the first reason. Every kind fits where
    the rules of that time are not at hand or give it for none.
    """
    every = (1 << len(known)) - 1
    if then is None:
        return every
    found = 0
    for bit, kind in enumerate(known):
        of_kind = Facts(facts.cri, facts.ori, facts.received, kind.charges)
        made = [decide(then, of_kind, gate) for gate in GATES]
        if [(one.open, one.reasons[0].code) for one in made] == list(recorded):
            found |= 1 << bit
    return found or every


# -- counting ----------------------------------------------------------------------------------------------

_Answer = bool | None
"""Open, closed, or None where it depends on who will ask."""
_Answers = tuple[_Answer, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """What one kind of batch gets at one gate under both rules; `same` holds kind by kind."""

    base: _Answer
    other: _Answer
    same: bool
    asking: bool


@dataclass(slots=True)
class _Bench:
    """One set of rules; decides once for each sitting and kind, which is all that can matter."""

    program: Program
    known: Sequence[Kind]
    decided: dict[tuple[object, int], _Answers] = field(default_factory=dict)

    def answers(self, batch: Batch, sitting: Sitting | None, kinds_of: int) -> list[_Answers]:
        """For each kind in order its answer at every gate."""
        where: object = id(sitting) if sitting else batch.cri  # a program keeps its sittings
        found = []
        for bit, kind in enumerate(self.known):
            if kinds_of >> bit & 1:
                made = self.decided.get((where, bit))
                if made is None:
                    facts = Facts(batch.cri, batch.ori, batch.at, kind.charges)
                    made = tuple(self._answer(facts, gate) for gate in GATES)
                    self.decided[where, bit] = made
                found.append(made)
        return found

    def _answer(self, facts: Facts, gate: Gate) -> _Answer:
        decision = decide(self.program, facts, gate)
        return None if decision.reasons[0].code == "POL-REQUEST-NONE" else decision.open


def _settled(answers: Sequence[_Answer]) -> _Answer:
    return answers[0] if len(set(answers)) == 1 else None


def _pair(base: Sequence[_Answer], other: Sequence[_Answer]) -> _Pair:
    # Where both leave it to the request the answer may still differ: the lists of requesters are two.
    same = all(a is b and a is not None for a, b in zip(base, other, strict=True))
    return _Pair(_settled(base), _settled(other), same, None in base or None in other)


_Met = tuple[str, str, int, tuple[bool, ...] | None]


def simulate(base: Program, other: Program, known: Sequence[Kind], batches: Iterable[Batch]) -> Result:
    """Count what each gate lets through under `base` and under `other`.

    `known` is `kinds` of programs that begin with these two. Pure; reads each batch once.
    """
    result, met = Result(), dict[_Met, int]()
    benches = _Bench(base, known), _Bench(other, known)
    pairs: dict[object, int] = {}
    forms: dict[tuple[_Pair, ...], int] = {}  # numbered, because numbers are quicker to look up
    for batch in batches:
        sittings = base.sitting(batch.cri, batch.at), other.sitting(batch.cri, batch.at)
        place, month = _where(result, base, sittings, batch)
        marks = tuple(id(one) if one else batch.cri for one in sittings)
        for part in batch.parts:
            made = pairs.get((marks, part.kinds))
            if made is None:
                judged = _judged(base, other, benches, batch, sittings, part)
                made = pairs[marks, part.kinds] = forms.setdefault(judged, len(forms))
            key = (place, month, made, batch.did)
            met[key] = met.get(key, 0) + part.weight
    found = list(forms)
    for (place, month, made, did), weight in met.items():
        _tally(result, place, month, found[made], did, weight)
    return result


def _judged(
    base: Program,
    other: Program,
    benches: tuple[_Bench, _Bench],
    batch: Batch,
    sittings: tuple[Sitting | None, Sitting | None],
    part: Part,
) -> tuple[_Pair, ...]:
    mine, theirs = (
        one.answers(batch, sitting, part.kinds) for one, sitting in zip(benches, sittings, strict=True)
    )
    asked_alike = base.requests == other.requests and base.requesters == other.requesters
    made = []
    for number in range(len(GATES)):
        pair = _pair([one[number] for one in mine], [one[number] for one in theirs])
        if pair.asking and asked_alike and mine == theirs and _same_modes(sittings):
            pair = _Pair(pair.base, pair.other, True, True)
        made.append(pair)
    return tuple(made)


def _same_modes(sittings: tuple[Sitting | None, Sitting | None]) -> bool:
    """Whether both rules put the same modes in force, so that a request is answered alike too."""
    first, second = sittings
    if first is None or second is None:
        return first is second
    return [one.mode for one in first.rulings] == [one.mode for one in second.rulings]


def _where(
    result: Result, base: Program, sittings: tuple[Sitting | None, Sitting | None], batch: Batch
) -> tuple[str, str]:
    """The jurisdiction that a batch counts in, and its local month."""
    sitting = sittings[0] or sittings[1]
    if sitting is None:
        root = base.jurisdictions[base.settings.root_jurisdiction]
        place, name, zone = UNPLACED, "(agency not on file)", root.zone
    else:
        home = sitting.placement.jurisdiction
        place, name, zone = home.id, home.name, home.zone
    if place not in result.names:
        result.names[place] = name
    local = batch.at.astimezone(zone_of(zone))
    return place, f"{local.year:04d}-{local.month:02d}"


def _tally(
    result: Result,
    place: str,
    month: str,
    made: tuple[_Pair, ...],
    did: tuple[bool, ...] | None,
    weight: int,
) -> None:
    result.bookings += weight
    result.recorded = result.recorded or did is not None
    vague = [one for one in made if one.base is None or one.other is None]
    result.by_request += weight if any(one.asking for one in vague) else 0
    result.by_charge += weight if any(not one.asking for one in vague) else 0
    for number, gate in enumerate(GATES):
        pair, count = made[number], result.cells.setdefault((place, month, gate), Count())
        count.bookings += weight
        count.base_open += weight if pair.base else 0
        count.base_unknown += weight if pair.base is None else 0
        count.other_open += weight if pair.other else 0
        count.other_unknown += weight if pair.other is None else 0
        if did is not None:
            count.did_open += weight if did[number] else 0
            count.strayed += weight if pair.base is not None and pair.base is not did[number] else 0
        if pair.same:
            continue
        if pair.base is None or pair.other is None:
            count.unsure += weight
        elif pair.other:
            count.opened += weight
        else:
            count.shut += weight
