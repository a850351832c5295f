# SPDX-License-Identifier: Apache-2.0
"""Writes docs/explanation/opt-out.md and its picture: how "opt out" changed meaning, told from the registry.

`python -m tools.optout` writes both files. The frame below holds sentences only; every day, version, answer,
name, count and table is what the program's data say, so a changed row changes the page, and a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

from sluicegate.policy.contradictions import Clash, clashes, periods, turns
from sluicegate.policy.model import Answer, Effect, Wording
from sluicegate.policy.program import Program, load
from sluicegate.policy.wording import ANSWER_WORDS, claims_of, in_order
from sluicegate.store.programs import shipped
from sluicegate.terms import Gate
from tools.optout_picture import draw, scene, window
from tools.optout_record import asked, departures, hidden, unknown
from tools.optout_words import counted, day, delay, grid, names, secret, span, told

PROGRAM = "secure-communities"
DOCS = Path(__file__).resolve().parents[1] / "docs" / "explanation"
PAGE, PICTURE = DOCS / "opt-out.md", DOCS / "opt-out.svg"
LOCAL, COPY, ANSWER, DUTY = "local-out", "copy", "answer", "duty"

FRAME = {
    "title": 'How "opt out" changed meaning',
    "about": (
        "{about} Whether a place could decline, and what declining would do to the prints, was answered differently "
        "from month to month. Here are the answers in order, what was in force meanwhile, and who could know."
    ),
    "made": (
        "*Made by `python -m tools.optout` from the registry of the program `{program}`: every day, version, answer, "
        "name and count on this page is a row of its data or follows from rows. Answers are our reading of what was "
        "said, in our words. A letter tells how well each is known: {letters}. Only (V) is verified.*"
    ),
    "short": "## In short",
    "meanings": "## One word, several meanings",
    "meanings-text": (
        "Ask each version the same two questions, and the same two words come apart. For some, to be out means that "
        "prints do not go to the partner; for others, that they go all the same and only the answer stays away."
    ),
    "turned": "## The months in which it turned",
    "turned-text": (
        "Above: what each statement said, for as long as it stood. Below: what was in force for the places that had "
        "asked to stay out. Hatched bars could not be known outside. Where the background is gray, two statements in "
        "force said yes and no."
    ),
    "turned-versions": (
        "These are the versions that contradict another one, in order. The last day of a statement is the day on "
        "which another took its place in practice."
    ),
    "clashes": "### Statements that stood at one time and answer differently",
    "turns": "### Answers that the next statement turned",
    "hidden": "## What could not be known",
    "hidden-text": "These versions were in force before the public could read them; those to whom they were addressed could.",
    "gaps": "## Asked for, and in force",
    "gaps-text": (
        'What a place asked for and what was done are two columns, and they are never merged. "No activation on '
        'record" is not a filter: it says that our sources name no day on which the place was switched on.'
    ),
    "gap-days": "### Words against what was enforced",
    "gap-days-text": (
        "Here a statement in force said what happens to the prints of a place that stays out, the place had asked for "
        "exactly that gate to be closed, and the gate did the opposite of what was said. Where it was open against the "
        "words, prints went on that were said to stay. Where it was closed against the words, staying out was being "
        "done while it was said that nobody could; the letters tell how well that is known."
    ),
    "unknown": "## What is not known",
    "ask": "## Ask the registry yourself",
    "ask-text": (
        "With the home of an installation leave `--shipped` out, and the answers come from the rules that it runs on."
    ),
}


def page(program: Program) -> str:
    """The whole page, as the program's data have it."""
    letters = "(V) read in a primary text, (S) secondary source, (M) general knowledge, (I) our inference"
    parts = [f"# {FRAME['title']}", "", FRAME["about"].format(about=program.settings.about)]
    parts += ["", FRAME["made"].format(program=program.name, letters=letters)]
    parts += ["", FRAME["short"], "", *short(program)]
    parts += ["", FRAME["meanings"], "", FRAME["meanings-text"], "", *meanings(program)]
    parts += [FRAME["turned"], "", *turned(program)]
    parts += [FRAME["hidden"], "", FRAME["hidden-text"], "", *hidden(program)]
    parts += [FRAME["gaps"], "", FRAME["gaps-text"], "", *asked(program)]
    parts += [FRAME["gap-days"], "", FRAME["gap-days-text"], "", *departures(program)]
    parts += [FRAME["unknown"], "", *unknown(program)]
    parts += ["", FRAME["ask"], "", *ask(program)]
    return "\n".join(parts).rstrip() + "\n"


def short(program: Program) -> Iterator[str]:
    """The history in a few counted sentences."""
    every = in_order(program)
    yield f"* {counted(len(every), 'version')} of the words are on record, from {day(every[0].begins)} on."
    runs = groupby(every, key=lambda one: claims_of(program, one.id)[COPY].answer)
    answers = "; ".join(f"**{ANSWER_WORDS[answer]}** ({names(run)})" for answer, run in runs)
    yield f"* {program.settings.questions[COPY].text} In order: {answers}."
    first, last, most = worst(program)
    yield (
        f"* From {day(first)} to {day(last)} {counted(len(contradicted(program)), 'version')} contradict another one. "
        f"On the worst days {counted(most, 'pair')} of statements in force answered one question with yes and no."
    )
    late = secret(program)
    longest = max(late, key=delay)
    yield (
        f"* {len(late)} of the {len(every)} were in force before they were public, {longest.id} for "
        f"{counted(delay(longest), 'day')}."
    )
    places = {one.jurisdiction.id for one in periods(program)}
    closed = {one.jurisdiction.name for one in periods(program) if one.on_record and _shut(program, one.mode)}
    yield (
        f"* {len(places)} jurisdictions on record asked to stay out. For {len(closed)} of them "
        f"({', '.join(sorted(closed))}) the registry has a day on which no copies went."
    )
    yield from offered(program)


def offered(program: Program) -> Iterator[str]:
    """What was offered under the name of opting out, and whether anybody on record ever had it."""
    for name, mode in program.modes.items():
        if (
            mode.effects.get(Gate.SHARE) is not Effect.OPEN
            or mode.effects.get(Gate.RELAY) is not Effect.CLOSED
        ):
            continue
        versions = [one for one in in_order(program) if one.label == name]
        held = {
            place for place, line in program.timelines.items() if any(r.mode == name for r in line.rulings)
        }
        if versions:
            yield (
                f"* What {names(versions)} offered is called {name} here: copies go, answers do not. It is in force for "
                f"{counted(len(held), 'jurisdiction')} in the registry."
            )


def _shut(program: Program, mode: str) -> bool:
    return program.modes[mode].effects.get(Gate.SHARE) is Effect.CLOSED


def contradicted(program: Program) -> list[Wording]:
    """Versions that clash with another, or turn or are turned by one, in order."""
    ids = {claim.wording for one in clashes(program) for claim in (one.first, one.second)}
    ids |= {claim.wording for one in turns(program) for claim in (one.before, one.after)}
    return [one for one in in_order(program) if one.id in ids]


def worst(program: Program) -> tuple[date | None, date | None, int]:
    """First and last beginning of a contradiction, and the most pairs opposed on one day."""
    opposed = [one for one in clashes(program) if one.degree.value == "opposed"]
    starts = [some[0].begins for some in _joined(program)] + [one.day for one in turns(program)]
    most = max((len(_pairs(opposed, one.begins)) for one in opposed), default=0)
    return min(starts, default=None), max(starts, default=None), most


def _pairs(found: Sequence[Clash], at: date) -> set[tuple[str, str]]:
    live = [one for one in found if one.begins <= at and (one.ends is None or at < one.ends)]
    return {(one.first.wording, one.second.wording) for one in live}


def meanings(program: Program) -> Iterator[str]:
    """Versions by what they say happens to one that stays out."""
    groups: dict[tuple[Answer, Answer], list[Wording]] = {}
    for one in in_order(program):
        said = claims_of(program, one.id)
        groups.setdefault((said[COPY].answer, said[ANSWER].answer), []).append(one)
    rows = []
    for (copy, answer), found in sorted(groups.items(), key=lambda item: item[1][0].begins or date.min):
        listed = "; ".join(f"{one.id} from {day(one.begins)} ({one.label})" for one in found)
        rows.append((f"**{ANSWER_WORDS[copy]}**", f"**{ANSWER_WORDS[answer]}**", listed))
    yield from grid(("a copy goes?", "the answer comes back?", "versions, with our name for each"), rows)


def turned(program: Program) -> Iterator[str]:
    """The picture, the versions of those months, and what contradicts what."""
    yield from (f"![What was said and what was in force, month by month]({PICTURE.name})", "")
    yield from (FRAME["turned-text"], "", FRAME["turned-versions"], "")
    rows = []
    for one in contradicted(program):
        said = claims_of(program, one.id)
        who = f"{one.issuer}, to {one.audience}"
        rows.append(
            (
                f"**{one.id}**",
                span(one.begins, one.ends),
                who,
                f"{one.meaning} ({one.confidence.value})",
                *(told(said.get(name)) for name in (LOCAL, COPY, DUTY)),
            )
        )
    yield from grid(
        (
            "",
            "in force",
            "who, to whom",
            "meaning",
            "may a locality stay out?",
            "copy goes?",
            "bound by law?",
        ),
        rows,
    )
    yield from (FRAME["clashes"], "", *_clashes(program), FRAME["turns"], "")
    yield from grid(
        ("on", "question", "before", "after"),
        (
            (
                day(one.day),
                program.settings.questions[one.question].text,
                f"{one.before.wording}: {told(one.before)}",
                f"{one.after.wording}: {told(one.after)}",
            )
            for one in turns(program)
        ),
    )


def _joined(program: Program) -> list[list[Clash]]:
    """Clashes of one pair over one question together, however often one of the pair became public meanwhile."""
    groups: dict[tuple[str, str, str], list[Clash]] = {}
    for one in clashes(program):
        groups.setdefault((one.question, one.first.wording, one.second.wording), []).append(one)
    return list(groups.values())


def _clashes(program: Program) -> Iterator[str]:
    rows = []
    for some in _joined(program):
        first, last = some[0], some[-1]
        rows.append(
            (
                day(first.begins),
                day(last.ends),
                program.settings.questions[first.question].text,
                f"{first.first.wording}: {told(first.first)}",
                f"{first.second.wording}: {told(first.second)}",
                _unseen(program, some),
            )
        )
    yield from grid(("from", "until", "question", "one says", "another says", "not public then"), rows)


def _unseen(program: Program, some: Sequence[Clash]) -> str:
    words = []
    for name in some[0].secret:
        public = program.wording[name].public
        words.append(name if name in some[-1].secret else f"{name}, until {day(public)}")
    return "; ".join(words) or "-"


def ask(program: Program) -> Iterator[str]:
    """Commands that give the same, for the days that matter here."""
    first, last, _ = worst(program)
    found = contradicted(program)
    flag = f"--shipped {program.name}"
    yield from (
        "```console",
        f"$ sluicegate wording list {flag}",
        f"$ sluicegate wording current --at {day(first)} {flag}",
        f"$ sluicegate wording diff {found[0].id} {found[-1].id} {flag}",
        f"$ sluicegate wording contradictions --from {day(first)} --until {day(last)} {flag}",
        "```",
        "",
        FRAME["ask-text"],
    )


def main() -> None:
    """Write the page and its picture."""
    program = load(shipped(PROGRAM))
    PAGE.write_text(page(program), "utf-8")
    draw(scene(program, COPY, *window(program)), PICTURE)


if __name__ == "__main__":
    main()
