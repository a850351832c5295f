# SPDX-License-Identifier: Apache-2.0
"""What people were told about taking part: the versions in force on a day, for whom, and what each says.

Two days matter: the one asked about (what was in force) and the one it is seen from (what anyone could know).
A version that was not public yet is never left out; it is shown as not public then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sluicegate.errors import UsageError, quoted
from sluicegate.policy.model import Answer, Claim, Confidence, Question, Wording
from sluicegate.policy.program import Program

ANSWER_WORDS: Mapping[Answer, str] = {
    Answer.YES: "yes",
    Answer.NO: "no",
    Answer.BY_AGREEMENT: "by agreement or choice",
    Answer.UNCLEAR: "unclear",
    Answer.SILENT: "says nothing",
}
"""Each answer in the words that people are shown."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A version in force on one day, seen from another: whether it was public then, and what it replaced."""

    wording: Wording
    public: bool
    addressed: bool
    replaces: tuple[Wording, ...]
    replaced_by: Wording | None
    claims: Mapping[str, Claim]


@dataclass(frozen=True, slots=True)
class Said:
    """What two versions say to one question; None where a version has no row for it."""

    question: Question
    first: Claim | None
    second: Claim | None

    @property
    def same(self) -> bool:
        """Whether both give the same answer; their words may still differ."""
        return _answer(self.first) is _answer(self.second)


@dataclass(frozen=True, slots=True)
class Line:
    """One column of two rows of wording.csv, as text."""

    name: str
    first: str
    second: str

    @property
    def same(self) -> bool:
        """Whether both rows hold the same."""
        return self.first == self.second


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions, question by question and then column by column."""

    first: Wording
    second: Wording
    questions: tuple[Said, ...]
    lines: tuple[Line, ...]


def _answer(claim: Claim | None) -> Answer:
    return claim.answer if claim else Answer.SILENT


def version(program: Program, name: str) -> Wording:
    """The version of that id. Raises UsageError where the program has none."""
    found = program.wording.get(name)
    if found is None:
        raise UsageError(
            f"{quoted(name)} is not a version of the wording of {program.name}.",
            advice="`sluicegate wording list` shows every version.",
        )
    return found


def in_force(wording: Wording, day: date) -> bool:
    """Whether a version was in force on a day; it is from its first day up to, not including, its last."""
    return (wording.begins or date.min) <= day < (wording.ends or date.max)


def public(wording: Wording, day: date) -> bool:
    """Whether anyone could know a version on a day. With no day on record nobody could."""
    return wording.public is not None and wording.public <= day


def audiences(wording: Wording) -> tuple[str, ...]:
    """For whom a version was meant, as its row lists them."""
    return tuple(part.strip() for part in wording.audience.split(",") if part.strip())


def addressed(wording: Wording, audience: str) -> bool:
    """Whether a version was meant for an audience; letters' case does not matter."""
    return audience.casefold() in {one.casefold() for one in audiences(wording)}


def claims_of(program: Program, wording: str) -> dict[str, Claim]:
    """What a version says, by question, in the order of the program's questions."""
    found = {one.question: one for one in program.claims if one.wording == wording}
    return {name: found[name] for name in program.settings.questions if name in found}


def replaced(program: Program, wording: str) -> tuple[Wording, ...]:
    """The versions that this one took the place of, oldest first."""
    return tuple(one for one in in_order(program) if one.superseded_by == wording)


def in_order(program: Program) -> tuple[Wording, ...]:
    """Every version by the day on which it began."""
    return tuple(sorted(program.wording.values(), key=lambda one: (one.begins or date.min, one.id)))


def current(program: Program, day: date, known: date, audience: str = "") -> tuple[Standing, ...]:
    """Every version in force on `day`, oldest first, as it could be seen on `known`.

    With an audience: those addressed to it, and those that were public on `known` and so were for everyone.

    Raises:
        UsageError: no version of the program is addressed to that audience.
    """
    if audience and not any(addressed(one, audience) for one in program.wording.values()):
        there = sorted({part for one in program.wording.values() for part in audiences(one)})
        raise UsageError(
            f"No version is addressed to {quoted(audience)}.", advice=f"There are: {'; '.join(there)}."
        )
    return tuple(
        Standing(
            one,
            public(one, known),
            addressed(one, audience),
            replaced(program, one.id),
            program.wording.get(one.superseded_by),
            claims_of(program, one.id),
        )
        for one in in_order(program)
        if in_force(one, day) and (not audience or addressed(one, audience) or public(one, known))
    )


def _day(day: date | None, otherwise: str) -> str:
    return day.isoformat() if day else otherwise


def _cells(one: Wording) -> Iterator[tuple[str, str]]:
    yield "issuer", f"{one.issuer} ({one.level})"
    yield "audience", one.audience
    yield "document", one.document
    yield "class", one.label
    yield "meaning", one.meaning
    yield "legal basis", one.legal_basis
    yield "in force from", _day(one.begins, "not on record")
    yield "in force until", _day(one.ends, "still in force")
    yield "superseded by", one.superseded_by or "nothing on record"
    yield "public from", _day(one.public, "not on record")
    yield "source", one.source
    yield "confidence", one.confidence.value
    yield "note", one.note


def compare(program: Program, first: str, second: str) -> Comparison:
    """Two versions beside each other. Raises UsageError where one of them is not in the program."""
    old, new = version(program, first), version(program, second)
    before, after = claims_of(program, first), claims_of(program, second)
    said = tuple(
        Said(question, before.get(name), after.get(name))
        for name, question in program.settings.questions.items()
    )
    lines = tuple(
        Line(name, one, two) for (name, one), (_, two) in zip(_cells(old), _cells(new), strict=True)
    )
    return Comparison(old, new, said, lines)


def verified(*confidences: Confidence) -> bool:
    """Whether every one of these was read in a primary text; anything less is shown as unverified."""
    return all(one is Confidence.PRIMARY for one in confidences)
