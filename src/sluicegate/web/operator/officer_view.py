# SPDX-License-Identifier: Apache-2.0
"""What the status officer's pages show: queries that wait, answers that went out, and what would be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.ebts.responses import second_lines
from sluicegate.ebts.submission import Submission
from sluicegate.exchange.case import Case, Json
from sluicegate.exchange.stages import correct
from sluicegate.exchange.stages.partner import NOT_SAME, STATUSES

_UNITS = (("years", 365 * 86400), ("days", 86400), ("hours", 3600), ("minutes", 60))
CHOICES: tuple[str, ...] = (*STATUSES, NOT_SAME)
"""What an officer can say, in the order of the form."""


@dataclass(frozen=True, slots=True)
class Age:
    """How old something is: a unit (`officer.age.UNIT` in the catalogue), how many, and the moment itself."""

    unit: str
    number: int
    at: datetime

    @staticmethod
    def of(at: datetime, now: datetime) -> Age:
        """The largest unit of which there is a whole one; minutes at least."""
        seconds = max(0, int((now - at).total_seconds()))
        unit, size = next(((u, s) for u, s in _UNITS if seconds >= s), _UNITS[-1])
        return Age(unit, seconds // size, at)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record of the partner's gallery that the search found, best first. `ages` are of its entries."""

    subject: str
    similarity: str
    fingers: int
    ages: tuple[Age, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query that waits for a person; nothing in it names the subject."""

    case: str
    age: Age
    tcn: str
    agency: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """One determination: the first, or a correction. `number` is 0 for the first."""

    number: int
    status: str
    by: str
    source: str
    dated: str
    at: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that went out."""

    case: str
    age: Age
    status: str
    corrections: int


def candidates(
    case: Case, entered: Callable[[str], Sequence[datetime]], now: datetime
) -> tuple[Candidate, ...]:
    """The candidates that the search noted. `entered` tells when entries of a subject were made, if known."""
    held = case.noted("candidates")
    return tuple(
        Candidate(
            str(one.get("subject", "")),
            f"{_number(one.get('similarity')) / 1000:.1f}",
            _number(one.get("fingers")),
            tuple(Age.of(at, now) for at in sorted(entered(str(one.get("subject", ""))))),
        )
        for one in (held if isinstance(held, list) else [])
        if isinstance(one, dict)
    )


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0


def answers(cases: Sequence[Case], now: datetime) -> tuple[Answer, ...]:
    """Answers that went out and could be corrected, in the order given."""
    return tuple(
        Answer(one.case_id, Age.of(one.received, now), correct.standing(one), len(correct.given(one)))
        for one in cases
    )


def history(case: Case, at: str) -> tuple[Word, ...]:
    """What was determined about a copy, first `at` this moment, oldest first; empty while it waits."""
    if not case.text("status"):
        return ()
    relied = case.noted("relied")
    on: Mapping[str, Json] = relied if isinstance(relied, dict) else {}
    first = Word(0, case.text("status"), case.text("by"), _text(on, "source"), _text(on, "dated"), at)
    later = (
        Word(_number(one["number"]), *(_text(one, key) for key in ("status", "by", "source", "dated", "at")))
        for one in correct.given(case)
    )
    return (first, *later)


def _text(held: Mapping[str, Json], key: str) -> str:
    value = held.get(key)
    return value if isinstance(value, str) else ""


def sent(case: Case, status: str) -> tuple[str, ...]:
    """The very lines that go out where the gate lets them; empty where nothing goes back."""
    if case.text("status"):
        return tuple(second_lines(correct.words(case, status)))
    return tuple(second_lines([STATUSES[status]])) if status in STATUSES else ()


def subject(said: Submission) -> tuple[tuple[str, str], ...]:
    """What the booking says of the subject: key of `officer.field` and value. It is personal data."""
    fields = {
        "name": said.nam,
        "dob": ", ".join(_day(one) for one in said.dob),
        "sex": said.sex,
        "pob": said.pob,
        "doa": _day(said.doa),
        "charges": "; ".join(text for _, text in said.charges),
    }
    return tuple((key, value) for key, value in fields.items() if value)


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text
