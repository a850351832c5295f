# SPDX-License-Identifier: Apache-2.0
"""Versions of the wording and their contradictions for people: tables, and a calendar strip per question.

Color repeats what letters and words say already, so nothing is lost on paper or in a pipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rich.console import RenderableType
from rich.text import Text

from sluicegate.cli.calls import plain, table
from sluicegate.cli.strip import Bar, Calendar
from sluicegate.cli.wording_shown import NEVER, iso, until
from sluicegate.policy.contradictions import Clash, Degree, Gap, Period, Turn
from sluicegate.policy.model import Answer, Claim, Question, Wording
from sluicegate.policy.program import Program
from sluicegate.policy.wording import (
    ANSWER_WORDS,
    Comparison,
    Standing,
    audiences,
    claims_of,
    in_order,
    verified,
)
from sluicegate.terms import Outcome

_LONG = 400
_STYLES: Mapping[Answer, str] = {
    Answer.YES: "cyan",
    Answer.NO: "magenta",
    Answer.BY_AGREEMENT: "yellow",
    Answer.UNCLEAR: "dim",
    Answer.SILENT: "dim",
}
LETTERS = (
    "(V) read in a primary text. (S) known from secondary sources, (M) general knowledge, (I) our inference: "
    "none of these three is verified."
)
_LEGEND = (
    "Rows of versions: = in force and public, - in force and not public then.",
    "Under them: ! yes against no, ~ by agreement against yes or no, ^ a later statement turned the answer,",
    "o the gate was open against the words, c it was closed against the words.",
)
_FULL_ROOM = 110  # columns of a terminal that leave room for the audience beside the strip
_ANSWER, _AUDIENCE = 26, 26


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that contradicts, within the days that are shown."""

    clashes: Sequence[Clash]
    gaps: Sequence[Gap]
    turns: Sequence[Turn]
    periods: Sequence[Period]


def text(value: str) -> str:
    """A cell of the program's data, safe for a terminal."""
    return plain(value, _LONG)


def said(claim: Claim | None, *, words: bool = False) -> Text:
    """An answer with its letter of confidence, and the claim in words if wanted."""
    if claim is None:
        return Text("no row", "dim")
    line = Text(f"{ANSWER_WORDS[claim.answer]} ({claim.confidence.value})", _STYLES[claim.answer])
    if words:
        line.append(f"  {text(claim.words)}", "default")
    return line


def _late(one: Wording) -> str:
    if one.public is None:
        return NEVER
    days = (one.public - one.begins).days if one.begins else 0
    later = f", {days} day{'s' if days > 1 else ''} later" if days > 0 else ""
    return one.public.isoformat() + later


def every(program: Program) -> list[RenderableType]:
    """All versions, oldest first."""
    shown = table("version", "from", "until", "public from", "issuer", "for", "class (ours)", "is")
    for one in in_order(program):
        shown.add_row(
            text(one.id),
            iso(one.begins) or NEVER,
            until(one.ends),
            _late(one),
            text(one.issuer),
            text(one.audience),
            text(one.label),
            f"({one.confidence.value})",
        )
    return [shown, "", LETTERS]


def row(one: Wording, *, older: Sequence[Wording]) -> list[RenderableType]:
    """One version: who said it, to whom, when, and what it took the place of."""
    shown = table("", "")
    for name, value in (
        ("document", one.document),
        ("issuer", f"{one.issuer} ({one.level})"),
        ("for", one.audience or NEVER),
        ("in force", f"{iso(one.begins) or NEVER} until {until(one.ends)}"),
        ("public from", _late(one)),
        ("took the place of", ", ".join(before.id for before in older) or "nothing on record"),
        ("superseded by", one.superseded_by or "nothing on record"),
        ("class (ours)", one.label),
        ("meaning", one.meaning),
        ("legal basis", one.legal_basis),
        ("source", f"{one.source} ({one.confidence.value})"),
        ("note", one.note or "-"),
        ("sha256", one.digest),
    ):
        shown.add_row(name, text(value))
    shown.show_header = False
    return [Text(f"{text(one.id)}  {text(one.meaning)}", "bold"), "", shown]


def answers(program: Program, one: Wording) -> list[RenderableType]:
    """What one version says to each question."""
    found = claims_of(program, one.id)
    if not found:
        return ["No claims of this version are on record."]
    shown = table("question", "says", "in our words")
    for name, question in program.settings.questions.items():
        claim = found.get(name)
        shown.add_row(text(question.text), said(claim), text(claim.words) if claim else "-")
    return [shown]


def standing(program: Program, found: Sequence[Standing], day: date, known: date) -> list[RenderableType]:
    """The versions in force on a day, whether they were public then, and their answers side by side."""
    then = "then" if known == day else f"on {known.isoformat()}"
    seen = sum(one.public for one in found)
    lead = f"On {day.isoformat()}: {len(found)} in force, {seen} public {then}, {len(found) - seen} not."
    shown = table("version", f"public {then}?", "for", "issuer", "since", "took the place of", "meaning")
    for one in found:
        late = f"NO, public from {_late(one.wording)}" if one.wording.public else "NO, no day on record"
        shown.add_row(
            text(one.wording.id),
            Text("yes") if one.public else Text(late, "bold"),
            text(one.wording.audience),
            text(one.wording.issuer),
            iso(one.wording.begins) or NEVER,
            ", ".join(text(older.id) for older in one.replaces) or "-",
            text(one.wording.meaning),
        )
    lines: list[RenderableType] = [lead, "", shown]
    if found and program.settings.questions:
        lines += ["", _beside(program, found), "", "* not public then.  " + LETTERS]
    return lines


def _beside(program: Program, found: Sequence[Standing]) -> RenderableType:
    names = [f"{text(one.wording.id)}{'' if one.public else '*'}" for one in found]
    shown = table("question", *names)
    for name, question in program.settings.questions.items():
        shown.add_row(text(question.text), *(said(one.claims.get(name)) for one in found))
    return shown


def comparison(one: Comparison) -> list[RenderableType]:
    """Two versions, question by question and then field by field; what differs is marked in words."""
    asked = table("question", "", text(one.first.id), text(one.second.id))
    for line in one.questions:
        mark = Text("same", "dim") if line.same else Text("DIFFERS", "bold")
        asked.add_row(
            text(line.question.text), mark, said(line.first, words=True), said(line.second, words=True)
        )
    fields = table("field", "", text(one.first.id), text(one.second.id))
    for each in one.lines:
        mark = Text("same", "dim") if each.same else Text("DIFFERS", "bold")
        fields.add_row(each.name, mark, text(each.first or "-"), text(each.second or "-"))
    apart = sum(not line.same for line in one.questions)
    count = f"{apart} of {len(one.questions)} questions are answered differently."
    return [count, "", asked, "", fields, "", LETTERS]


def room(width: int) -> int:
    """How many cells a strip can have on a terminal of so many columns."""
    return max(width - _label_width(width) - 2, 20)


def _label_width(width: int) -> int:
    return 5 + _ANSWER + (2 + _AUDIENCE if width >= _FULL_ROOM else 0)


def strips(
    program: Program, found: Found, days: Calendar, names: Sequence[str], width: int
) -> Iterator[RenderableType]:
    """A calendar strip for each of these questions, in `width` columns."""
    wide = _label_width(width)
    for name in names:
        question = program.settings.questions[name]
        marks = [
            *_clash_row(found, name, days),
            *_turn_row(found, name, days),
            *_places(found, question, days),
        ]
        gate = f"  ({question.gate.value})" if question.gate else ""
        yield Text(f"{text(question.text)}  [{text(name)}]{gate}", "bold")
        yield Text(" " * (wide + 2) + days.head(), "dim")
        for label, cells in [*_versions(program, name, days, width), *marks]:
            yield Text(f"{label[:wide]:<{wide}}  ").append_text(cells)
        yield ""
    yield f"One character is {days.step} day{'s' if days.step > 1 else ''}."
    yield from _LEGEND


def _versions(program: Program, question: str, days: Calendar, width: int) -> Iterator[tuple[str, Text]]:
    for one in in_order(program):
        claim = claims_of(program, one.id).get(question)
        if claim is None or claim.answer is Answer.SILENT:
            continue
        begins, ends = one.begins or date.min, one.ends or date.max
        if begins >= days.end or ends <= days.days[0]:
            continue
        style = _STYLES[claim.answer]
        bars = [Bar(begins, one.ends, "-", style)]
        if one.public and one.public < ends:
            bars.append(Bar(max(begins, one.public), one.ends, "=", style))
        answer = f"{ANSWER_WORDS[claim.answer]} ({claim.confidence.value})"
        who = plain(", ".join(audiences(one)) or NEVER, _AUDIENCE - 3) if width >= _FULL_ROOM else ""
        yield f"{plain(one.id, 3)}  {answer:<{_ANSWER}}  {who}".rstrip(), days.draw(bars)


def _clash_row(found: Found, question: str, days: Calendar) -> Iterator[tuple[str, Text]]:
    bars = [
        Bar(one.begins, one.ends, "!" if one.degree is Degree.OPPOSED else "~", "bold red")
        for degree in (Degree.DIFFERS, Degree.OPPOSED)
        for one in found.clashes
        if one.question == question and one.degree is degree
    ]
    if bars:
        yield "     statements disagree", days.draw(bars)


def _turn_row(found: Found, question: str, days: Calendar) -> Iterator[tuple[str, Text]]:
    turned = [one.day for one in found.turns if one.question == question]
    if turned:
        bars = [Bar(day, day + timedelta(days=1), "^", "bold red") for day in turned]
        yield "     the answer turned", days.draw(bars)


def _places(found: Found, question: Question, days: Calendar) -> Iterator[tuple[str, Text]]:
    there: dict[tuple[str, Outcome], list[Gap]] = {}
    for one in found.gaps:
        if one.claim.question == question.id:
            there.setdefault((one.period.jurisdiction.name, one.enforced), []).append(one)
    for (name, enforced), gaps in there.items():
        fill = "o" if enforced is Outcome.OPEN else "c"
        bars = [Bar(one.begins, one.ends, fill, "bold red") for one in gaps]
        yield f"     {enforced.value} in {plain(name, 30)}", days.draw(bars)


def rows(one: Period) -> str:
    """The rule in force and the activation that it stands on, with their letters."""
    return " on ".join(f"{text(rule.id)} ({rule.confidence.value})" for rule in one.stands_on)


def clashes(found: Sequence[Clash]) -> RenderableType:
    """Statements against statements."""
    shown = table("from", "until", "question", "one says", "another says", "how", "not public then")
    for one in found:
        shown.add_row(
            iso(one.begins),
            until(one.ends),
            text(one.question),
            Text(f"{text(one.first.wording)} ").append_text(said(one.first)),
            Text(f"{text(one.second.wording)} ").append_text(said(one.second)),
            "opposed" if one.degree is Degree.OPPOSED else "differs",
            ", ".join(map(text, one.secret)) or "-",
        )
    return shown


def gaps(found: Sequence[Gap]) -> RenderableType:
    """Statements against what was enforced."""
    shown = table(
        "from", "until", "jurisdiction", "gate", "the words", "was public?", "asked for", "in force", "rule"
    )
    for one in found:
        shown.add_row(
            iso(one.begins),
            until(one.ends),
            text(one.period.jurisdiction.name),
            one.gate.value,
            f"{text(one.claim.wording)} {one.claimed.value} ({one.claim.confidence.value})",
            "no" if one.secret else "yes",
            text(one.period.asked.mode),
            f"{one.enforced.value}: {text(one.period.mode)}",
            rows(one.period),
        )
    return shown


def turns(found: Sequence[Turn]) -> RenderableType:
    """Answers that a later statement turned."""
    shown = table("on", "question", "before", "after", "how")
    for one in found:
        shown.add_row(
            iso(one.day),
            text(one.question),
            Text(f"{text(one.before.wording)} ").append_text(said(one.before)),
            Text(f"{text(one.after.wording)} ").append_text(said(one.after)),
            "opposed" if one.degree is Degree.OPPOSED else "differs",
        )
    return shown


def periods(found: Sequence[Period]) -> RenderableType:
    """What was asked for, always beside what was in force."""
    shown = table("from", "until", "jurisdiction", "asked for", "in force", "rule", "legal basis", "is")
    for one in found:
        mode = text(one.mode) if one.on_record else "no activation on record"
        sure = verified(one.asked.rule.confidence, *(rule.confidence for rule in one.stands_on))
        shown.add_row(
            iso(one.begins),
            until(one.ends),
            text(one.jurisdiction.name),
            f"{text(one.asked.mode)} ({text(one.asked.rule.id)})",
            mode,
            rows(one),
            text(one.rule.legal_basis),
            "verified" if sure else "unverified",
        )
    return shown
