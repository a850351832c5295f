# SPDX-License-Identifier: Apache-2.0
"""Checks each named promise of the design that speaks of policy, on every cell of a program.

Look-ups are checked on every pair of a period of booking and the same or a later period of query. `decide`,
`decide_lookup` and `decide_recipient` are run once for each kind of pair of modes that occurs anywhere, for
every case; with `thorough` on every pair of every jurisdiction that holds an agency. What the rows allow is
taken from `rows` and `cells`, never from the decision under test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sluicegate.policy import decide as deciding
from sluicegate.policy.analysis.cells import Survey
from sluicegate.policy.analysis.leaks import Found
from sluicegate.policy.analysis.rows import Period
from sluicegate.policy.decide import Facts
from sluicegate.policy.model import DOUBT_RULE, Agency, Rule
from sluicegate.policy.program import Program
from sluicegate.policy.rules import Ruling
from sluicegate.terms import Gate, Ori

PROMISES: Mapping[str, str] = {
    "filter-never-shares": "what is filtered at receipt is never shared and never found later",
    "choice-at-booking": "a look-up is open only if it was at receipt and is now",
    "silence-is-total": "no recipient gets an answer that the booking's rule or its own keeps back",
    "no-back-dating": "a row that became public after it began says so, and was not known before",
    "decision-before-egress": "whatever is open names a row on record, its version, issuer and wording",
    "doubt-denies": "where no row switches on, or anything needed is missing, everything is closed",
}
"""Each promise that speaks of policy, and what of it is checked here."""

CLOSED_BY_NAME: Mapping[str, tuple[Gate, ...]] = {
    "JURISDICTION_FILTER": (Gate.SHARE, Gate.RELAY, Gate.LOOKUP),
    "NOT_ACTIVATED": (Gate.SHARE, Gate.RELAY, Gate.LOOKUP),
    "RESPONSE_OPT_OUT": (Gate.RELAY,),
    "STATE_NO_RELAY": (Gate.RELAY,),
}
"""What a mode of a name that the design fixes must close in every program that has one."""

_GATES = tuple(Gate)
_TICK = timedelta(microseconds=1)
_NOON = datetime(2011, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a promise does not hold."""

    promise: str
    jurisdiction: str
    at: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise, on how many cells it was checked, and where it is broken."""

    name: str
    cells: int
    breaches: tuple[Breach, ...]

    @property
    def held(self) -> bool:
        """Whether it holds on every cell."""
        return not self.breaches


def promises(survey: Survey, found: Found, *, thorough: bool = False) -> tuple[Promise, ...]:
    """Every promise that speaks of policy; `found` is what the walk for leaks found in the same survey."""
    looked = _lookups(survey, thorough=thorough)
    met = _met(survey)
    broken = {
        "filter-never-shares": [*_filters(survey, found), *looked["filter-never-shares"]],
        "choice-at-booking": looked["choice-at-booking"],
        "silence-is-total": list(_silence(survey, met)),
        "no-back-dating": list(_back_dating(survey.program, thorough=thorough)),
        "decision-before-egress": list(_named(survey.program, found)),
        "doubt-denies": [*_switched_off(survey), *_leaks("doubt-denies", found), *_doubts(survey.program)],
    }
    gates, known = len(_GATES), len(survey.known)
    modes = len(met)
    cells = {
        "filter-never-shares": survey.cells + survey.pairs,
        "choice-at-booking": survey.pairs,
        "silence-is-total": survey.spans * known + modes * modes * known,
        "no-back-dating": len(survey.program.rules),
        "decision-before-egress": survey.spans * gates,
        "doubt-denies": survey.cells,
    }
    return tuple(Promise(name, cells[name], tuple(broken[name])) for name in PROMISES)


def _met(survey: Survey) -> dict[str, tuple[str, Period]]:
    """The modes in force anywhere, each with a jurisdiction and a period; one with an agency if there is
    one."""
    met: dict[str, tuple[str, Period]] = {}
    for place in (*survey.homes, *survey.periods):
        for period in survey.periods[place]:
            if period.row.mode not in met:
                met[period.row.mode] = (place, period)
        if len(met) == len(survey.masks):
            break
    return met


def _leaks(promise: str, found: Found) -> Iterator[Breach]:
    for one in found.leaks:
        yield Breach(
            promise, one.jurisdiction, one.at.isoformat(), one.rule, f"{one.gate} is open: {one.why}"
        )


def _by_name(survey: Survey) -> Iterator[tuple[str, Gate]]:
    for name, gates in CLOSED_BY_NAME.items():
        for gate in gates if name in survey.program.modes else ():
            if survey.masks[name][_GATES.index(gate)]:
                yield name, gate


def _filters(survey: Survey, found: Found) -> Iterator[Breach]:
    for name, gate in _by_name(survey):
        if gate is not Gate.RELAY:
            yield Breach("filter-never-shares", "", "", "", f"mode {name} opens {gate}")
    shut = {name for name, masks in survey.masks.items() if not any(masks)}
    for one in found.leaks:
        if any(_mode(survey, place, one.at) in shut for place in one.jurisdiction.split(" ")):
            why = f"{one.gate} is open under a filter: {one.why}"
            yield Breach("filter-never-shares", one.jurisdiction, one.at.isoformat(), one.rule, why)


def _mode(survey: Survey, place: str, at: datetime) -> str:
    return survey.period(place, at).row.mode


def _pairs(survey: Survey, *, thorough: bool) -> Iterator[tuple[str, Agency, Period, Period]]:
    """Period of booking and of query: every kind of pair of modes once, or every pair there is."""
    seen: set[tuple[str, ...]] = set()
    kinds: set[tuple[str, str]] = set()
    for place, agency in survey.homes.items():
        periods = survey.periods[place]
        line = tuple([one.row.mode for one in periods])
        if line in seen and not thorough:
            continue
        seen.add(line)
        for number, then in enumerate(line):
            for later in range(number, len(line)):
                if thorough or (then, line[later]) not in kinds:
                    kinds.add((then, line[later]))
                    yield place, agency, periods[number], periods[later]


def _lookups(survey: Survey, *, thorough: bool) -> dict[str, list[Breach]]:
    broken: dict[str, list[Breach]] = {"filter-never-shares": [], "choice-at-booking": []}
    number = _GATES.index(Gate.LOOKUP)
    for place, agency, booked, asked in _pairs(survey, thorough=thorough):
        then, now = survey.moments(place, booked)[0], survey.moments(place, asked)[-1]
        before = survey.masks[booked.row.mode]
        after = survey.masks[asked.row.mode]
        extra = _found(survey, agency.ori, then, now) & ~(before[number] & after[number])
        if extra:
            shut = not any(before) or not any(after)
            name = "filter-never-shares" if shut else "choice-at-booking"
            why = (
                f"booked under {booked.row.rule.mode}, looked up under {asked.row.rule.mode} at "
                f"{now.isoformat()}: found"
            )
            broken[name].append(Breach(name, place, then.isoformat(), booked.row.rule.id, why))
    return broken


def _found(survey: Survey, ori: Ori, then: datetime, now: datetime) -> int:
    """The cases in which a booking received then is found now."""
    cases, program = 0, survey.program
    for bit, case in enumerate(survey.known):
        facts = survey.facts(ori, case, then)
        # A booking comes without a request; who asks, and for what, is known when it is looked up.
        plain = replace(facts, requester=Ori(""), purpose="")
        first = deciding.decide(program, plain, Gate.LOOKUP)
        found = deciding.decide_lookup(first, program, facts, now, program_then=program)
        cases |= found.open << bit
    return cases


def _silence(survey: Survey, all_met: Mapping[str, tuple[str, Period]]) -> Iterator[Breach]:
    for name, gate in _by_name(survey):
        if gate is Gate.RELAY:
            yield Breach("silence-is-total", "", "", "", f"mode {name} opens {gate}")
    number = _GATES.index(Gate.RELAY)
    met = {mode: at for mode, at in all_met.items() if at[0] in survey.homes}
    for sender, (place, period) in met.items():
        at = survey.moments(place, period)[0]
        for recipient, (other, then) in met.items():
            heard = _heard(survey, survey.homes[place].ori, at, survey.homes[other].ori, other, then)
            if heard & ~(survey.masks[sender][number] & survey.masks[recipient][number]):
                why = f"a recipient under {recipient} hears of a booking under {sender}"
                yield Breach("silence-is-total", place, at.isoformat(), period.row.rule.id, why)


def _heard(survey: Survey, ori: Ori, at: datetime, other: Ori, place: str, then: Period) -> int:
    """The cases in which a recipient hears the answer; its own moment is one at which its mode is in
    force."""
    moment = survey.moments(place, then)[0]
    cases = 0
    for bit, case in enumerate(survey.known):
        booking = deciding.decide(survey.program, survey.facts(ori, case, at), Gate.RELAY)
        answer = deciding.decide_recipient(survey.program, booking, other, moment, charges=case.charges)
        cases |= answer.open << bit
    return cases


def _back_dating(program: Program, *, thorough: bool) -> Iterator[Breach]:
    late = {one.id: one for one in program.rules.values() if _is_late(one)}
    for place, line in program.timelines.items() if late else ():
        for ruling in line.rulings:
            if ruling.rule.id in late and not _says(ruling, "POL-PUBLIC-LATE"):
                why = "its decisions do not say that it became public after it began"
                yield Breach("no-back-dating", place, ruling.begins.isoformat(), ruling.rule.id, why)
    days = sorted({one.public for one in late.values() if one.public})
    for day in days if thorough else days[:1]:
        yield from _known_early(program, day - timedelta(days=1))


def _is_late(rule: Rule) -> bool:
    return bool(rule.begins and rule.public and rule.public > rule.begins)


def _says(ruling: Ruling, code: str) -> bool:
    return any(one.code == code for one in ruling.reasons)


def _known_early(program: Program, day: date) -> Iterator[Breach]:
    for rule in program.known_at(day).rules.values():
        if rule.public and rule.public > day:
            why = f"it is taken to be known on {day.isoformat()}, before its public day"
            yield Breach("no-back-dating", rule.jurisdiction, day.isoformat(), rule.id, why)


def _named(program: Program, found: Found) -> Iterator[Breach]:
    """Rows that say too little, and rulings that stand on no row on record: only where the walk saw one."""
    for rule in program.rules.values():
        if not (rule.version and rule.issuer and rule.wording in program.wording):
            why = "the row names no version, issuer or wording on record"
            yield Breach("decision-before-egress", rule.jurisdiction, "", rule.id, why)
    for place in sorted(found.apart):
        for one in program.timelines[place].rulings:
            if program.rules.get(one.rule.id) is not one.rule or one.mode != one.rule.mode:
                why = "the row in force is not the row on record"
                yield Breach("decision-before-egress", place, one.begins.isoformat(), one.rule.id, why)


def _switched_off(survey: Survey) -> Iterator[Breach]:
    """Every period in which no row switches on: whatever is in force there must let nothing through."""
    for place, periods in survey.periods.items():
        for period in periods:
            row = period.row
            if not period.on and any(survey.masks[row.mode][:3]):
                at = survey.moments(place, period)[0].isoformat()
                yield Breach(
                    "doubt-denies", place, at, row.rule.id, "it opens a gate, and nothing switched it on"
                )


def _doubts(program: Program) -> Iterator[Breach]:
    """Everything that a decision needs, taken away one by one."""
    ori = next((one.ori for one in program.agencies), Ori(""))
    nobody = Ori("\x00 nobody")
    listed = tuple(name for name, yes in program.charges.items() if yes)[:1]
    tries: Sequence[tuple[str, Program | None, Facts]] = (
        ("no program", None, Facts(ori, ori, _NOON, listed)),
        ("no time zone", program, Facts(ori, ori, _NOON.replace(tzinfo=None), listed)),
        ("an unknown agency", program, Facts(nobody, nobody, _NOON, listed)),
        ("an unknown agency behind a known header", program, Facts(nobody, ori, _NOON, listed)),
    )
    for words, given, facts in tries:
        for gate in _GATES:
            one = deciding.decide(given, facts, gate)
            if one.open or one.rule_id != DOUBT_RULE:
                yield Breach("doubt-denies", "", "", one.rule_id, f"{gate} is decided in spite of {words}")


def broken(found: Iterable[Promise]) -> tuple[Breach, ...]:
    """Every breach of every promise."""
    return tuple(breach for one in found for breach in one.breaches)
