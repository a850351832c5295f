# SPDX-License-Identifier: Apache-2.0
"""Examiners' words on a case in the grey band: what they amount to, and when a case needs another person.

Where two must agree, each gives a word without seeing the other's. Words that differ are settled by the next
examiner with whom one of them agrees; who cannot tell leaves the case to somebody else. Words stay in the
dossier of the case and in the log that is never published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sluicegate.errors import Conflict, UsageError
from sluicegate.exchange.case import Case, Fact, Json, State, Step
from sluicegate.exchange.stages import search
from sluicegate.facts import FactKind


class Word(StrEnum):
    """What an examiner says after comparing."""

    SAME = "same"  # a candidate is this person
    DIFFERENT = "different"  # no candidate is
    UNSURE = "cannot-tell"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A word, by whom, and which candidate it is about (from 0; it counts for SAME only)."""

    by: str
    word: Word
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class Settling:
    """How words are settled: the repository of the booking, an unused number, how many must agree."""

    home: str
    fresh_number: str
    needed: int


def opinions_of(case: Case) -> tuple[Opinion, ...]:
    """Words given so far, oldest first."""
    held = case.noted("opinions")
    return tuple(
        Opinion(str(one["by"]), Word(str(one["word"])), int(str(one["candidate"])))
        for one in (held if isinstance(held, list) else [])
        if isinstance(one, dict)
    )


def has_spoken(case: Case, by: str) -> bool:
    """Whether this examiner gave a word on the case."""
    return any(one.by == by for one in opinions_of(case))


def candidates_of(case: Case) -> tuple[Mapping[str, Json], ...]:
    """Candidates that the search noted, the likeliest first."""
    held = case.noted("candidates")
    return tuple(one for one in (held if isinstance(held, list) else []) if isinstance(one, dict))


def speak(case: Case, opinion: Opinion, why: str, settling: Settling) -> Step:
    """Take a word in: the case is resolved by those who agree, or waits for another examiner.

    Raises Conflict where this examiner has spoken already; UsageError where there is no such candidate.
    """
    before = opinions_of(case)
    if has_spoken(case, opinion.by):
        raise Conflict(
            "You have given your word on this case.", advice="Another examiner must give the next one."
        )
    candidates = candidates_of(case)
    if opinion.word is Word.SAME and not 0 <= opinion.candidate < len(candidates):
        raise UsageError("The case has no such candidate.")
    words = (*before, opinion)
    noted: dict[str, Json] = {"opinions": [_json(one) for one in words]}
    said = Fact(
        FactKind.EXAMINED,
        {"case": case.case_id, "who": opinion.by, "word": _word(opinion), "why": why},
    )
    agreeing = [one for one in words if _word(one) == _word(opinion)]
    differ = len({_word(one) for one in words if one.word is not Word.UNSURE}) > 1
    needed = max(settling.needed, 2) if differ else settling.needed
    if opinion.word is Word.UNSURE or len(agreeing) < needed:
        doubt = differ or opinion.word is Word.UNSURE
        alert = f"Case {case.case_id}: another examiner must look at it."
        return Step(State.AWAITING, note=noted, aside=(said,), alerts=(alert,) if doubt else ())
    by = "examiner " + " and ".join(one.by for one in agreeing)
    chosen = candidates[opinion.candidate] if opinion.word is Word.SAME else None
    step = search.settle(case, chosen, by, settling.home, settling.fresh_number)
    return Step(step.to, step.facts, note={**step.note, **noted}, aside=(said,))


def _word(one: Opinion) -> str:
    """A word with its candidate, counted from 1: two words are the same where these are."""
    return f"{one.word} as candidate {one.candidate + 1}" if one.word is Word.SAME else str(one.word)


def _json(one: Opinion) -> Json:
    return {"by": one.by, "word": str(one.word), "candidate": one.candidate}
