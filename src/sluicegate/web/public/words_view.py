# SPDX-License-Identifier: Apache-2.0
"""What the pages of the wording show, worked out from the rules: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from sluicegate.policy import contradictions as against
from sluicegate.policy import wording as words
from sluicegate.policy.contradictions import Clash, Gap, Turn
from sluicegate.policy.model import Answer, Claim, Question, Wording
from sluicegate.policy.program import Program
from sluicegate.policy.wording import Standing

_WHOLE = 100.0
_THIN = 0.5  # percent of the width: shorter times are drawn this wide, so that they can be seen
_PIECES = re.compile(r"\s+|\d[\d-]*\d|\w+|[^\s\w]")  # a day is one piece


@dataclass(frozen=True, slots=True)
class Bar:
    """One version on the time line; `x`, `width`, `public` and `day` are percents of the width shown.

    `public` is where anyone could first know it, None where that is outside or not on record. `opens` and
    `closes` say that it reaches beyond the years shown.
    """

    version: Wording
    x: float
    width: float
    public: float | None
    opens: bool
    closes: bool
    now: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """The beginning of a year (or month) on the time line, in percent of its width."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Span:
    """A time line from a day up to, not including, another, and where the day asked about lies."""

    begins: date
    ends: date
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    day: float | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What each version in force answers to one question; `apart` where two of them contradict each other."""

    question: Question
    claims: tuple[Claim | None, ...]
    apart: bool


@dataclass(frozen=True, slots=True)
class Day:
    """What was current on one day, as it could be seen on another.

    `standing` are all versions in force; `known` those that were public; `answers` a line for each question;
    `clashes` and `gaps` are those of that day.
    """

    standing: tuple[Standing, ...]
    known: tuple[Standing, ...]
    answers: tuple[Answered, ...]
    clashes: tuple[Clash, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: in both (`same`), only in the first (`gone`) or only in the second (`new`)."""

    kind: str
    text: str


def years(program: Program, today: date) -> tuple[int, ...]:
    """Every year in which some version was in force and began, ended or became public."""
    days = {one.begins for one in program.wording.values()}
    days |= {one.ends for one in program.wording.values()}
    days |= {one.public for one in program.wording.values()}
    return tuple(sorted({one.year for one in days if one and one <= today}))


def span(program: Program, today: date, year: int | None, day: date | None) -> Span:
    """The time line of one year, or of all."""
    versions = words.in_order(program)
    first = min((one.begins for one in versions if one.begins), default=today)
    begins, ends = date(first.year, 1, 1), date(today.year + 1, 1, 1)
    if year is not None:
        begins, ends = date(year, 1, 1), date(year + 1, 1, 1)
    bars = tuple(_bar(one, begins, ends, day) for one in versions if _within(one, begins, ends))
    inside = day is not None and begins <= day < ends
    return Span(
        begins, ends, bars, tuple(_ticks(begins, ends)), _place(day, begins, ends) if inside else None
    )


def _within(one: Wording, begins: date, ends: date) -> bool:
    return (one.begins or date.min) < ends and (one.ends or date.max) > begins


def _place(day: date | None, begins: date, ends: date) -> float:
    at = min(max(day or begins, begins), ends)
    return round(_WHOLE * (at - begins).days / (ends - begins).days, 2)


def _bar(one: Wording, begins: date, ends: date, day: date | None) -> Bar:
    x, right = _place(one.begins or begins, begins, ends), _place(one.ends or ends, begins, ends)
    public = one.public if one.public and begins <= one.public < ends else None
    return Bar(
        one,
        min(x, _WHOLE - _THIN),
        max(_THIN, round(right - x, 2)),
        None if public is None else _place(public, begins, ends),
        (one.begins or date.min) < begins,
        (one.ends or date.max) > ends,
        day is not None and words.in_force(one, day),
    )


def _ticks(begins: date, ends: date) -> Iterator[Tick]:
    if ends.year - begins.year == 1:
        for month in range(1, 13, 2):
            yield Tick(_place(date(begins.year, month, 1), begins, ends), f"{begins.year}-{month:02}")
        return
    step = 1 + (ends.year - begins.year) // 11
    for year in range(begins.year, ends.year, step):
        yield Tick(_place(date(year, 1, 1), begins, ends), str(year))


def on_day(program: Program, day: date, known: date, audience: str) -> Day:
    """What was current on a day. Raises UsageError where no version is addressed to the audience."""
    standing = words.current(program, day, known, audience)
    names = {one.wording.id for one in standing}
    clashes = tuple(
        one
        for one in against.clashes(program)
        if _on(one.begins, one.ends, day) and {one.first.wording, one.second.wording} <= names
    )
    gaps = tuple(
        one for one in against.gaps(program) if _on(one.begins, one.ends, day) and one.claim.wording in names
    )
    apart = {one.question for one in clashes}
    answers = tuple(
        Answered(question, tuple(one.claims.get(name) for one in standing), name in apart)
        for name, question in program.settings.questions.items()
        if any(name in one.claims for one in standing)
    )
    return Day(standing, tuple(one for one in standing if one.public), answers, clashes, gaps)


def _on(begins: date, ends: date | None, day: date) -> bool:
    return begins <= day and (ends is None or day < ends)


def turns_of(program: Program) -> tuple[Turn, ...]:
    """Every question that a superseding version answers otherwise."""
    return against.turns(program)


def everyone(program: Program) -> tuple[str, ...]:
    """Everybody whom some version is addressed to, by name."""
    return tuple(sorted({part for one in program.wording.values() for part in words.audiences(one)}))


@dataclass(frozen=True, slots=True)
class Version:
    """All there is to say of one version."""

    wording: Wording
    replaces: tuple[Wording, ...]
    replaced_by: Wording | None
    claims: Mapping[str, Claim]
    clashes: tuple[Clash, ...]
    gaps: tuple[Gap, ...]
    turns: tuple[Turn, ...]
    late: int | None


def version(program: Program, name: str) -> Version:
    """One version with everything that stands against it. Raises UsageError where there is none."""
    one = words.version(program, name)
    return Version(
        one,
        words.replaced(program, name),
        program.wording.get(one.superseded_by),
        words.claims_of(program, name),
        tuple(c for c in against.clashes(program) if name in (c.first.wording, c.second.wording)),
        tuple(g for g in against.gaps(program) if g.claim.wording == name),
        tuple(t for t in against.turns(program) if name in (t.before.wording, t.after.wording)),
        (one.public - one.begins).days if one.public and one.begins else None,
    )


def pieces(first: str, second: str) -> tuple[Piece, ...]:
    """Two texts as one, word by word: what both have, what only the first has, what only the second has."""
    one, two = _PIECES.findall(first), _PIECES.findall(second)
    found: list[Piece] = []
    for what, a, b, c, d in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(Piece("same", "".join(one[a:b])))
            continue
        if a < b:
            found.append(Piece("gone", "".join(one[a:b])))
        if c < d:
            found.append(Piece("new", "".join(two[c:d])))
    return tuple(found)


def answer_of(claim: Claim | None) -> Answer:
    """What a version answers; one without a row for a question says nothing."""
    return claim.answer if claim else Answer.SILENT


COLUMNS = (
    *("id", "in_force_from", "in_force_until", "public_from", "superseded_by", "issuer", "level", "audience"),
    *("document", "class", "meaning", "legal_basis", "source", "confidence", "note"),
)
"""Columns of the table of versions as a file."""


def rows(program: Program) -> Sequence[Sequence[object]]:
    """Every version as a row of `COLUMNS`, in order."""
    return [
        (
            *(
                one.id,
                one.begins,
                one.ends,
                one.public,
                one.superseded_by,
                one.issuer,
                one.level,
                one.audience,
            ),
            *(
                one.document,
                one.label,
                one.meaning,
                one.legal_basis,
                one.source,
                one.confidence.value,
                one.note,
            ),
        )
        for one in words.in_order(program)
    ]


def documents(program: Program) -> list[dict[str, object]]:
    """Every version with its claims, as plain values."""
    return [
        {
            **{
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in zip(COLUMNS, row, strict=True)
            },
            "claims": [
                {"question": key, "answer": claim.answer.value, "words": claim.words}
                for key, claim in words.claims_of(program, str(row[0])).items()
            ],
        }
        for row in rows(program)
    ]
