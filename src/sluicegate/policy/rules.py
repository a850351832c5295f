# SPDX-License-Identifier: Apache-2.0
"""Which rule is in force for a jurisdiction at a moment, why it won, and why every other one lost.

The whole of it is worked out once per jurisdiction, as a list of intervals between the midnights on which
anything changes; asking is a bisection. A date begins at the midnight of the jurisdiction asked about, also
where the rule was issued for its state or for the nation.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sluicegate.policy.model import (
    BINDING,
    CONFIDENCE_WORDS,
    Confidence,
    Jurisdiction,
    Kind,
    Mode,
    Rule,
)
from sluicegate.policy.places import FIRST, LAST, chain, midnight
from sluicegate.policy.reasons import Reason
from sluicegate.terms import ModeName


@dataclass(frozen=True, slots=True)
class Lost:
    """A row that applied and is not in force, and why."""

    rule: Rule
    why: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for at that moment, since when, and by which row; nearest jurisdiction first."""

    mode: str
    since: date | None
    rule: Rule
    refused: Rule | None


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """What is in force for a jurisdiction from `begins` up to, not including, `ends` (UTC).

    Rulings are told apart by identity, so that what follows from one can be kept under it.
    """

    jurisdiction: Jurisdiction
    rule: Rule
    mode: ModeName
    why: str
    lost: tuple[Lost, ...]
    asked: Asked | None
    begins: datetime
    ends: datetime
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All rulings of one jurisdiction in order; `starts` are their first instants (UTC)."""

    starts: tuple[datetime, ...]
    rulings: tuple[Ruling, ...]

    def at(self, moment: datetime) -> Ruling:
        """The ruling at an aware moment."""
        return self.rulings[bisect_right(self.starts, moment) - 1]


@dataclass(frozen=True, slots=True)
class Span:
    """A rule with the instants at which it begins and ends for one jurisdiction, and how near it stands."""

    rule: Rule
    begins: datetime
    ends: datetime
    distance: int


def spans(places: Sequence[Jurisdiction], by_place: Mapping[str, Sequence[Rule]]) -> list[Span]:
    """Every row that can concern a jurisdiction, with its instants there.

    A superseding row ends the older one. An activation so ended leaves its jurisdiction switched off.
    """
    zone = places[0].zone
    rows = [(rule, near) for near, place in enumerate(places) for rule in by_place.get(place.id, ())]
    begins = {rule.id: midnight(rule.begins, zone) if rule.begins else FIRST for rule, _ in rows}
    replaced: dict[str, datetime] = {}
    for rule, _ in rows:
        if rule.supersedes in begins:
            replaced[rule.supersedes] = min(replaced.get(rule.supersedes, LAST), begins[rule.id])
    return [
        Span(
            rule,
            begins[rule.id],
            min(midnight(rule.ends, zone) if rule.ends else LAST, replaced.get(rule.id, LAST)),
            near,
        )
        for rule, near in rows
    ]


@dataclass(frozen=True, slots=True)
class Court:
    """Settles which of several rows is in force, by the order that the program states."""

    modes: Mapping[str, Mode]
    issuers: tuple[str, ...]
    ties: tuple[str, ...]

    def rank(self, span: Span) -> tuple[float | str, ...]:
        """Sort key: the smallest prevails. The id comes last, so that there is always exactly one winner."""
        keys = {"closer": float(span.distance), "later": -(span.begins - FIRST).total_seconds()}
        return (float(self.issuers.index(span.rule.level)), *(keys[tie] for tie in self.ties), span.rule.id)

    def bars(self, span: Span, activated: bool) -> str:
        """Why a binding row cannot apply at all, or nothing. Only an activation switches on."""
        mode = self.modes[str(span.rule.mode)]
        if span.rule.kind in (Kind.ACTIVATION, Kind.DEFAULT) or activated or not mode.opens:
            return ""
        return "it would open a gate, and no activation of this jurisdiction is in force"

    def winner(self, fit: Sequence[Span]) -> Span:
        """The row in force. A capability prevails only if it opens nothing that the rule stops."""
        best = min((s for s in fit if s.rule.kind is not Kind.CAPABILITY), key=self.rank)
        bound = self.modes[str(best.rule.mode)]
        limits = [
            s for s in fit if s.rule.kind is Kind.CAPABILITY and self.modes[str(s.rule.mode)].within(bound)
        ]
        return min(limits, key=self.rank, default=best)

    def why_lost(self, span: Span, best: Span) -> str:
        """Why one row gave way to another."""
        if span.rule.kind is Kind.DEFAULT:
            return "it applies only where nothing else does"
        if best.rule.kind is Kind.CAPABILITY:
            return "no rule can make an installation do what it cannot"
        if span.rule.kind is Kind.CAPABILITY:
            return "it would open what the rule in force closes"
        if span.rule.level != best.rule.level:
            return (
                f"{span.rule.level} rows give way to {best.rule.level} rows in this program's conflict order"
            )
        for tie in self.ties:
            if tie == "closer" and span.distance != best.distance:
                return "the rule in force stands for a smaller jurisdiction"
            if tie == "later" and span.begins != best.begins:
                return "the rule in force began later"
        return "the rule in force has the lower id"

    def settle(self, live: Sequence[Span]) -> tuple[Span, str, tuple[Lost, ...]]:
        """The row in force among those live at one moment, why it won, and why each other lost."""
        binding = [s for s in live if s.rule.kind in BINDING]
        activated = any(s.rule.kind is Kind.ACTIVATION for s in binding)
        barred = [(s, why) for s in binding if (why := self.bars(s, activated))]
        fit = [s for s in binding if not self.bars(s, activated)]
        best = self.winner(fit)
        lost = [Lost(s.rule, self.why_lost(s, best)) for s in fit if s is not best]
        lost += [Lost(s.rule, why) for s, why in barred]
        lost += [
            Lost(s.rule, "it was asked for, and nothing on record brings it into force")
            for s in live
            if s.rule.kind not in BINDING and s.rule.asked and s.rule.asked != best.rule.mode
        ]
        return best, self.why_won(best, fit), tuple(sorted(lost, key=lambda one: one.rule.id))

    def why_won(self, best: Span, fit: Sequence[Span]) -> str:
        """Why the row in force is in force."""
        rivals = [s for s in fit if s is not best and s.rule.kind is not Kind.DEFAULT]
        if best.rule.kind is Kind.DEFAULT:
            return "no activation is on record at that moment"
        if best.rule.kind is Kind.CAPABILITY:
            return "it states what cannot be done, and it closes all that the rule beside it closes"
        if not rivals:
            return "no other rule is in force"
        return "it comes first in this program's conflict order: " + ", ".join((*self.issuers, *self.ties))


def asked(live: Sequence[Span], everything: Sequence[Span]) -> Asked | None:
    """What was asked for: the latest row that asks, of the nearest jurisdiction that asks anything."""
    asking = [s for s in live if s.rule.asked]
    if not asking:
        return None
    near = min(s.distance for s in asking)
    last = max((s for s in asking if s.distance == near), key=lambda s: (s.begins, s.rule.id))
    since = last
    earlier = (s for s in everything if s.rule.asked and s.distance == near and s.begins <= last.begins)
    for span in sorted(earlier, key=lambda s: (s.begins, s.rule.id), reverse=True):
        if span.rule.asked != last.rule.asked:
            break
        since = span
    refusals = [
        s for s in live if s.rule.kind is Kind.REFUSAL and s.distance == near and s.begins >= since.begins
    ]
    refused = max(refusals, key=lambda s: (s.begins, s.rule.id)).rule if refusals else None
    return Asked(last.rule.asked, since.rule.begins, last.rule, refused)


def _named(rule: Rule) -> str:
    since = f" of {rule.begins.isoformat()}" if rule.begins else ""
    return f"{rule.id}{since}, {rule.issuer}"


def _standing(rule: Rule) -> Reason | None:
    if rule.confidence is Confidence.PRIMARY:
        return None
    code = "POL-SCENARIO" if rule.confidence is Confidence.SCENARIO else "POL-UNVERIFIED"
    return Reason(code, f"{rule.id} is {CONFIDENCE_WORDS[rule.confidence]}")


def _about_asked(ask: Asked) -> list[Reason]:
    since = f" since {ask.since.isoformat()}" if ask.since else ""
    reasons = [Reason("POL-ASKED", f"{ask.mode} was asked for{since} ({_named(ask.rule)})")]
    if ask.refused:
        reasons.append(Reason("POL-REFUSED", f"{ask.mode} was refused ({_named(ask.refused)})"))
    return reasons


def _reasons(
    rule: Rule, why: str, lost: Sequence[Lost], ask: Asked | None, switched: Rule | None
) -> tuple[Reason, ...]:
    """Everything to be said of a ruling; `switched` is the activation that the rule in force stands on."""
    reasons = [Reason("POL-WON", f"{_named(rule)}: {rule.mode} is in force because {why}")]
    if switched and switched is not rule:
        reasons.append(Reason("POL-ACTIVATED", f"{_named(switched)} switched the jurisdiction on"))
    stands_on = [rule, switched] if switched and switched is not rule else [rule]
    reasons += [standing for one in stands_on if (standing := _standing(one))]
    if rule.begins and rule.public and rule.public > rule.begins:
        late = f"{rule.id} began on {rule.begins.isoformat()} and was public from {rule.public.isoformat()}"
        reasons.append(Reason("POL-PUBLIC-LATE", late))
    reasons += _about_asked(ask) if ask else []
    for one in (one for one in lost if one.rule.kind is not Kind.DEFAULT):
        mode = one.rule.mode or one.rule.asked
        reasons.append(Reason("POL-LOST", f"{_named(one.rule)}: {mode} is not in force because {one.why}"))
    return tuple(reasons)


def _ruling(place: Jurisdiction, live: Sequence[Span], every: Sequence[Span], court: Court) -> Ruling:
    best, why, lost = court.settle(live)
    ask = asked(live, every)
    mode = best.rule.mode
    assert mode is not None, "a binding row has a mode"
    on = [s for s in live if s.rule.kind is Kind.ACTIVATION]
    # The first activation, by time, is the one that switched on; later ones repeat it.
    first = min(on, key=lambda s: (s.begins, s.rule.id)).rule if on and court.modes[mode].opens else None
    reasons = _reasons(best.rule, why, lost, ask, first)
    return Ruling(place, best.rule, mode, why, lost, ask, FIRST, LAST, reasons)


def timeline(
    places: Sequence[Jurisdiction], by_place: Mapping[str, Sequence[Rule]], court: Court
) -> Timeline:
    """Every ruling of one jurisdiction, from the beginning of time to its end."""
    every = spans(places, by_place)
    starts = sorted({FIRST, *(s.begins for s in every), *(s.ends for s in every)} - {LAST})
    rulings = []
    for start, end in zip(starts, [*starts[1:], LAST], strict=True):
        live = [s for s in every if s.begins <= start < s.ends]
        rulings.append(replace(_ruling(places[0], live, every, court), begins=start, ends=end))
    return Timeline(tuple(starts), tuple(rulings))


class Timelines(Mapping[str, Timeline]):
    """The timeline of every jurisdiction, each worked out when it is first asked for.

    Two threads that ask at once may both work one out; the first that is done is the one that both get.
    """

    def __init__(self, places: Mapping[str, Jurisdiction], rules: Iterable[Rule], court: Court) -> None:
        self._places = places
        self._court = court
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.jurisdiction, []).append(rule)
        self._made: dict[str, Timeline] = {}

    def __getitem__(self, place: str) -> Timeline:
        made = self._made.get(place)
        if made is None:
            fresh = timeline(chain(place, self._places), self._rules, self._court)
            made = self._made.setdefault(place, fresh)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
