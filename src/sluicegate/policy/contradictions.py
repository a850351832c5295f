# SPDX-License-Identifier: Apache-2.0
"""Where what people were told does not agree: with other words, with what was enforced, with what came later.

Three kinds, each with its first day and the day on which it is over:

* a **clash**: two statements in force at one time answer one question differently;
* a **gap**: a statement says what a gate does for those that stay out, and for a jurisdiction that asked for
  this gate to be closed the gate in force does the opposite;
* a **turn**: a statement is superseded by one that answers a question differently.

An answer that is unclear, or that is not given, contradicts nothing. A place for which no activation is on
record is not evidence of anything, and a request that names no mode (such as to end an agreement) closes no
particular gate, so neither makes a gap. A statement to named places says nothing of other places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

from sluicegate.policy.model import BINDING, Answer, Claim, Effect, Jurisdiction, Kind, Rule, Wording
from sluicegate.policy.places import FIRST, LAST
from sluicegate.policy.program import Program
from sluicegate.policy.rules import Asked, Ruling
from sluicegate.policy.wording import addressed, audiences, claims_of, in_order, public
from sluicegate.terms import Gate, ModeName, Outcome


class Degree(StrEnum):
    """How far two answers are apart."""

    OPPOSED = "opposed"  # yes against no
    DIFFERS = "differs"  # by agreement or choice, against a plain yes or no


@dataclass(frozen=True, slots=True)
class Clash:
    """Two statements in force at one time that answer a question differently, from `begins` to before `ends`.

    `secret` names those of the two that were not public in this period; a clash that one of them becomes
    public in is told in two periods.
    """

    question: str
    first: Claim
    second: Claim
    degree: Degree
    begins: date
    ends: date | None
    secret: tuple[str, ...]
    same_audience: bool


@dataclass(frozen=True, slots=True)
class Period:
    """What was in force for a jurisdiction while it was asked that it stay out; days are local.

    `on_record` is false where the default applies because no activation is on record. `activation` is the row
    that switched the jurisdiction on, which the rule in force stands on. `beside` are rows that would put a
    mode in force and did not prevail, such as one that speaks for places not named.
    """

    jurisdiction: Jurisdiction
    asked: Asked
    begins: date
    ends: date | None
    rule: Rule
    mode: ModeName
    on_record: bool
    activation: Rule | None
    beside: tuple[Rule, ...]

    @property
    def stands_on(self) -> tuple[Rule, ...]:
        """The rule in force, and the activation without which it would open nothing."""
        other = self.activation is not None and self.activation is not self.rule
        return (self.rule, self.activation) if self.activation and other else (self.rule,)


@dataclass(frozen=True, slots=True)
class Gap:
    """A statement about a gate against the gate in force for a jurisdiction that asked to stay out."""

    claim: Claim
    gate: Gate
    claimed: Outcome
    enforced: Outcome
    period: Period
    begins: date
    ends: date | None
    secret: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that a later statement answers differently from the one it superseded, from `day` on."""

    question: str
    before: Claim
    after: Claim
    degree: Degree
    day: date


def degree(first: Answer, second: Answer) -> Degree | None:
    """How two answers contradict each other, or None where they do not."""
    pair = {first, second}
    if pair == {Answer.YES, Answer.NO}:
        return Degree.OPPOSED
    if len(pair) == 2 and Answer.BY_AGREEMENT in pair and pair & {Answer.YES, Answer.NO}:
        return Degree.DIFFERS
    return None


def _overlap(*spans: tuple[date | None, date | None]) -> tuple[date, date] | None:
    begins = max(first or date.min for first, _ in spans)
    ends = min(last or date.max for _, last in spans)
    return (begins, ends) if begins < ends else None


def _end(day: date) -> date | None:
    return None if day == date.max else day


def _phases(begins: date, ends: date, *pair: Wording) -> Iterator[tuple[date, date, tuple[str, ...]]]:
    """A period cut where a statement becomes public, with the statements that are not public yet."""
    cuts = sorted({begins, *(one.public for one in pair if one.public and begins < one.public < ends), ends})
    for first, last in pairwise(cuts):
        yield first, last, tuple(one.id for one in pair if not public(one, first))


def clashes(program: Program) -> tuple[Clash, ...]:
    """Every clash of two statements, by day, question and version."""
    said = {one.id: claims_of(program, one.id) for one in in_order(program)}
    found = [
        clash
        for first, second in combinations(in_order(program), 2)
        if (span := _overlap((first.begins, first.ends), (second.begins, second.ends)))
        for clash in _between(first, second, span, said)
    ]
    order = list(program.settings.questions)
    return tuple(sorted(found, key=lambda c: (c.begins, order.index(c.question), c.first.wording)))


def _between(
    first: Wording, second: Wording, span: tuple[date, date], said: Mapping[str, Mapping[str, Claim]]
) -> Iterator[Clash]:
    shared = any(addressed(second, one) for one in audiences(first))
    for question, claim in said[first.id].items():
        other = said[second.id].get(question)
        far = degree(claim.answer, other.answer) if other else None
        if other and far:
            for begins, ends, secret in _phases(*span, first, second):
                yield Clash(question, claim, other, far, begins, _end(ends), secret, shared)


def turns(program: Program) -> tuple[Turn, ...]:
    """Every question that a superseding statement answers differently, by day, question and version."""
    found = []
    for old in in_order(program):
        new = program.wording.get(old.superseded_by)
        if new is None or new.begins is None:
            continue
        after = claims_of(program, new.id)
        for question, claim in claims_of(program, old.id).items():
            far = degree(claim.answer, after[question].answer) if question in after else None
            if far:
                found.append(Turn(question, claim, after[question], far, new.begins))
    order = list(program.settings.questions)
    return tuple(sorted(found, key=lambda t: (t.day, order.index(t.question), t.before.wording)))


def _local(moment: datetime, zone: str) -> date | None:
    return None if moment in (FIRST, LAST) else moment.astimezone(ZoneInfo(zone)).date()


def _out(program: Program, asked: str) -> bool:
    """Whether staying out was asked for: no mode at all, or a mode that closes a gate that is asked about."""
    mode = program.modes.get(asked)
    gates = {question.gate for question in program.settings.questions.values() if question.gate}
    return bool(asked) and (mode is None or bool(mode.closed & gates))


def _activation(program: Program, ruling: Ruling) -> Rule | None:
    """The first activation among the rows that apply, if the mode in force opens anything."""
    rows = [ruling.rule, *(lost.rule for lost in ruling.lost)]
    on = [rule for rule in rows if rule.kind is Kind.ACTIVATION]
    opens = program.modes[ruling.mode].opens
    return min(on, key=lambda rule: (rule.begins or date.min, rule.id)) if on and opens else None


def _period(program: Program, ruling: Ruling, asked: Asked) -> Period:
    zone = ruling.jurisdiction.zone
    beside = tuple(lost.rule for lost in ruling.lost if lost.rule.kind in BINDING - {Kind.DEFAULT})
    return Period(
        jurisdiction=ruling.jurisdiction,
        asked=asked,
        begins=_local(ruling.begins, zone) or date.min,
        ends=_local(ruling.ends, zone),
        rule=ruling.rule,
        mode=ruling.mode,
        on_record=ruling.rule.kind is not Kind.DEFAULT,
        activation=_activation(program, ruling),
        beside=beside,
    )


def _alike(one: Period, other: Period) -> bool:
    return (one.rule, one.asked.mode) == (other.rule, other.asked.mode)


def periods(program: Program) -> tuple[Period, ...]:
    """What was asked for beside what was in force, for every jurisdiction that asked itself to stay out."""
    asking = {rule.jurisdiction for rule in program.rules.values() if _out(program, rule.asked)}
    found: list[Period] = []
    for place in sorted(asking):
        line: list[Period] = []
        for ruling in program.timelines[place].rulings:
            if not (ruling.asked and _out(program, ruling.asked.mode)):
                continue
            one = _period(program, ruling, ruling.asked)
            if line and line[-1].ends == one.begins and _alike(line[-1], one):
                older = line.pop()
                beside = {rule.id: rule for rule in (*older.beside, *one.beside)}
                one = replace(one, begins=older.begins, beside=tuple(beside.values()))
            line.append(one)
        found += line
    return tuple(sorted(found, key=lambda p: (p.begins, p.jurisdiction.id)))


def _outcome(program: Program, mode: ModeName, gate: Gate) -> Outcome | None:
    """What a mode does to a gate, or None where that depends on the booking or the requester."""
    effect = program.settings.gates[gate].declared or program.modes[mode].effects.get(gate)
    if effect is Effect.OPEN:
        return Outcome.OPEN
    return Outcome.CLOSED if effect in (Effect.CLOSED, Effect.NOTHING) else None


_CLAIMED = {Answer.YES: Outcome.OPEN, Answer.NO: Outcome.CLOSED}


def named(program: Program, wording: Wording) -> frozenset[str]:
    """The jurisdictions that the audience of a statement names; empty where it speaks to all or to others.

    A place is named by its name or the beginning of it ("Arlington" for Arlington County).
    """
    told = [one.casefold() for one in audiences(wording)]
    return frozenset(
        place.id
        for place in program.jurisdictions.values()
        if any(f"{place.name.casefold()} ".startswith(f"{one} ") for one in told)
    )


def _asked_closed(program: Program, period: Period, gate: Gate) -> bool:
    mode = program.modes.get(period.asked.mode)
    return mode is not None and mode.effects.get(gate) is Effect.CLOSED


def gaps(program: Program) -> tuple[Gap, ...]:
    """Every statement about a gate that was not so for a jurisdiction that asked for it closed, by day."""
    places = {one.id: named(program, one) for one in program.wording.values()}
    found = [
        gap
        for claim in program.claims
        if claim.answer in _CLAIMED and (gate := program.settings.questions[claim.question].gate)
        for period in periods(program)
        if period.on_record and _asked_closed(program, period, gate)
        if not places[claim.wording] or period.jurisdiction.id in places[claim.wording]
        for gap in _against(program, claim, gate, period)
    ]
    order = list(program.settings.questions)
    return tuple(
        sorted(
            found,
            key=lambda g: (
                g.begins,
                g.period.jurisdiction.id,
                order.index(g.claim.question),
                g.claim.wording,
            ),
        )
    )


def _against(program: Program, claim: Claim, gate: Gate, period: Period) -> Iterator[Gap]:
    wording, claimed = program.wording[claim.wording], _CLAIMED[claim.answer]
    enforced = _outcome(program, period.mode, gate)
    span = _overlap((wording.begins, wording.ends), (period.begins, period.ends))
    if span and enforced and enforced is not claimed:
        for begins, ends, secret in _phases(*span, wording):
            yield Gap(claim, gate, claimed, enforced, period, begins, _end(ends), bool(secret))
