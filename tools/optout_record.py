# SPDX-License-Identifier: Apache-2.0
"""The second half of the page about opting out: what was hidden, asked for, enforced, and what is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sluicegate.policy.contradictions import Gap, Period, clashes, gaps, periods
from sluicegate.policy.model import NO_BASIS, Answer, Confidence
from sluicegate.policy.program import Program
from sluicegate.policy.wording import ANSWER_WORDS, in_order
from sluicegate.terms import Gate
from tools.optout_words import counted, day, delay, grid, names, secret, span


def hidden(program: Program) -> Iterator[str]:
    """Versions in force before they were public, and which public words said otherwise meanwhile."""
    rows = []
    for one in secret(program):
        against = {
            claim.wording
            for clash in clashes(program)
            if one.id in clash.secret
            for claim in (clash.first, clash.second)
            if claim.wording not in clash.secret
        }
        wait = counted(delay(one), "day") if one.public else "not on record"
        rows.append(
            (
                one.id,
                f"{one.issuer}, to {one.audience}",
                day(one.begins),
                day(one.public, "not on record"),
                wait,
                ", ".join(sorted(against)) or "-",
            )
        )
    head = (
        "",
        "who, to whom",
        "in force from",
        "public from",
        "after",
        "contradicted meanwhile by the public words of",
    )
    yield from grid(head, rows)


def asked(program: Program) -> Iterator[str]:
    """For each jurisdiction that asked to stay out: what it asked for and what was in force."""
    rows = []
    for one in sorted(periods(program), key=lambda p: (p.jurisdiction.name, p.begins)):
        refused = one.asked.refused
        words = program.settings.claims.get(one.asked.mode)
        rows.append(
            (
                one.jurisdiction.name,
                f"{one.asked.mode}{f' ({words})' if words else ''} since {day(one.asked.since)}",
                f"{one.asked.rule.issuer} ({one.asked.rule.confidence.value})",
                f"{refused.issuer}, {day(refused.begins)}" if refused else "no answer on record",
                span(one.begins, one.ends),
                f"**{one.mode}**" if one.on_record else _off_record(one),
                one.rule.legal_basis if one.on_record else "-",
                _stands(one) if one.on_record else "-",
            )
        )
    head = ("jurisdiction", "asked for", "by", "refused by", "period", "in force", "legal basis", "row")
    yield from grid(head, rows)


def departures(program: Program) -> Iterator[str]:
    """Gaps by jurisdiction, with the days on which at least one statement was not so."""
    found = [one for one in gaps(program) if one.gate is Gate.SHARE]
    rows = []
    for (place, enforced), some in _by_place(found).items():
        rows.append(
            (
                place,
                f"{some[0].claimed.value}, by {', '.join(dict.fromkeys(_told(g) for g in some))}",
                f"**{enforced}**, by {', '.join(dict.fromkeys(_row(g) for g in some))}",
                f"{day(min(g.begins for g in some))} to {_last(some)}",
                _covered(some),
            )
        )
    head = ("jurisdiction", "G1 was said to be", "G1 was", "between", "days with such a statement in force")
    yield from grid(head, rows)
    others = Counter(one.gate.value for one in gaps(program) if one.gate is not Gate.SHARE)
    for gate, number in sorted(others.items()):
        yield f"At {gate} there are {number} more; `sluicegate wording contradictions` lists them."
        yield ""


def _by_place(found: Sequence[Gap]) -> dict[tuple[str, str], list[Gap]]:
    groups: dict[tuple[str, str], list[Gap]] = {}
    for one in found:
        groups.setdefault((one.period.jurisdiction.name, one.enforced.value), []).append(one)
    return groups


def _told(one: Gap) -> str:
    return f"{one.claim.wording} ({one.claim.confidence.value})"


def _row(one: Gap) -> str:
    return _stands(one.period)


def _stands(one: Period) -> str:
    return " on ".join(f"{rule.id} ({rule.confidence.value})" for rule in one.stands_on)


def _off_record(one: Period) -> str:
    if not one.beside:
        return "no activation on record"
    modes = ", ".join(dict.fromkeys(str(rule.mode) for rule in one.beside))
    return (
        f"no activation on record; where there was one, {modes} ({', '.join(rule.id for rule in one.beside)})"
    )


def _last(some: Sequence[Gap]) -> str:
    ends = [one.ends for one in some]
    return "still" if None in ends else day(max(one for one in ends if one))


def _covered(some: Sequence[Gap]) -> str:
    """How many different days the gaps cover, or that they have not ended."""
    if any(one.ends is None for one in some):
        return "not over"
    covered: set[int] = set()
    for one in some:
        covered.update(range(one.begins.toordinal(), (one.ends or one.begins).toordinal()))
    return f"{len(covered):,}"


def unknown(program: Program) -> Iterator[str]:
    """What nobody can read off the registry, counted and listed."""
    spread = Counter(one.confidence for one in program.claims)
    verified = spread[Confidence.PRIMARY]
    yield f"* {verified} of {len(program.claims)} answers are verified in a primary text."
    for answer in (Answer.UNCLEAR, Answer.SILENT):
        some = sum(one.answer is answer for one in program.claims)
        yield f"* {some} answers are *{ANSWER_WORDS[answer]}*."
    bare = [one for one in in_order(program) if one.legal_basis == NO_BASIS]
    yield f"* {len(bare)} of {len(program.wording)} versions name no legal basis that is on record: {names(bare)}."
    blank = sorted({one.jurisdiction.name for one in periods(program) if not one.on_record})
    yield f"* For a part of the time nothing is on record about what was in force in {', '.join(blank)}."
    yield from notes(program)


def notes(program: Program) -> Iterator[str]:
    """The notes of the rows that this page rests on, each said once with the rows that it belongs to."""
    rests = [*program.wording.values()]
    said: dict[str, list[str]] = {}
    rows = {one.id: one.note for one in sorted(rests, key=lambda one: one.id)}
    for one in periods(program):
        rows |= {
            rule.id: rule.note for rule in (one.asked.rule, *(one.stands_on if one.on_record else one.beside))
        }
    for name, note in rows.items():
        for sentence in filter(None, note.replace(". ", ".\n").split("\n")):
            said.setdefault(sentence, []).append(name)
    yield from (f"* {', '.join(ids)}: {sentence}" for sentence, ids in said.items())
