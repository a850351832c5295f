# SPDX-License-Identifier: Apache-2.0
"""`wording`: what people were told about taking part, which version was current, what contradicts what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import click
from rich.console import RenderableType
from rich.text import Text

from sluicegate.cli import wording_shown as shown
from sluicegate.cli import wording_tables as tables
from sluicegate.cli.calls import Call, console, standard
from sluicegate.cli.moments import typed
from sluicegate.cli.strip import calendar
from sluicegate.errors import UsageError, quoted
from sluicegate.policy import contradictions as against
from sluicegate.policy import wording as words
from sluicegate.policy.program import Program, load
from sluicegate.store.programs import shipped

_WORK = TypeVar("_WORK", bound=Callable[..., Any])


@click.group()
def wording() -> None:
    """Ask what people were told, when, and whom the words contradict.

    \b
    Example:
      sluicegate wording current --at 2010-07-30
      sluicegate wording diff V04 V12
      sluicegate wording contradictions --from 2010-05-01 --until 2010-12-01
    """


def _of_program(work: _WORK) -> _WORK:
    return click.option(
        "--shipped",
        "as_shipped",
        metavar="NAME",
        help="Read this program as it ships, instead of the home's.",
    )(work)


def _program(call: Call, name: str | None) -> Program:
    if name:
        return load(shipped(name))
    return call.program()


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@wording.command("list")
@_of_program
@standard
def list_(call: Call, as_shipped: str | None) -> None:
    """Every version, oldest first: when it was in force, and since when anyone could know.

    \b
    Example:
      sluicegate wording list
    """
    program = _program(call, as_shipped)
    document = {
        **shown.head(program),
        "versions": [shown.wording(one) for one in words.in_order(program)],
    }
    call.show(document, *tables.every(program))


@wording.command()
@click.argument("version")
@_of_program
@standard
def show(call: Call, version: str, as_shipped: str | None) -> None:
    """One version: who said it to whom, what it says to each question, and what contradicts it.

    \b
    Example:
      sluicegate wording show V06
    """
    program = _program(call, as_shipped)
    one = words.version(program, version)
    older = words.replaced(program, version)
    clashes = [c for c in against.clashes(program) if version in (c.first.wording, c.second.wording)]
    gaps = [g for g in against.gaps(program) if g.claim.wording == version]
    document = {
        **shown.head(program),
        **shown.wording(one),
        "replaces": [before.id for before in older],
        "claims": shown.claims(words.claims_of(program, version)),
        "clashes": [shown.clash(c) for c in clashes],
        "gaps": [shown.gap(g) for g in gaps],
    }
    lines: list[RenderableType] = [*tables.row(one, older=older), "", *tables.answers(program, one)]
    lines += ["", *_titled("Other statements in force that say otherwise", clashes, tables.clashes)]
    lines += ["", *_titled("What was enforced against these words", gaps, tables.gaps)]
    call.show(document, *lines, "", tables.LETTERS)


@wording.command()
@click.option("--at", metavar="DATE", callback=typed, help="In force on this day [default: today].")
@click.option("--known-at", metavar="DATE", callback=typed, help="As it could be seen then [default: --at].")
@click.option("--audience", default="", help="Only what was said to these people, and what was public.")
@_of_program
@standard
def current(
    call: Call, at: datetime | None, known_at: datetime | None, audience: str, as_shipped: str | None
) -> None:
    """What was in force on a day, for whom, and whether anyone but its authors could know.

    \b
    Example:
      sluicegate wording current --at 2010-07-30
      sluicegate wording current --at 2010-07-30 --known-at 2011-03-01
      sluicegate wording current --at 2010-07-30 --audience "Cook County"
    """
    program = _program(call, as_shipped)
    day = _day(at) or datetime.now(UTC).date()
    known = _day(known_at) or day
    found = words.current(program, day, known, audience)
    document = {
        **shown.head(program),
        "at": day.isoformat(),
        "known_at": known.isoformat(),
        "audience": audience or None,
        "versions": [shown.standing(one) for one in found],
    }
    call.show(document, *tables.standing(program, found, day, known))


@wording.command()
@click.argument("first")
@click.argument("second")
@_of_program
@standard
def diff(call: Call, first: str, second: str, as_shipped: str | None) -> None:
    """Two versions side by side, question by question and then field by field.

    \b
    Example:
      sluicegate wording diff V04 V12
    """
    program = _program(call, as_shipped)
    found = words.compare(program, first, second)
    call.show({**shown.head(program), **shown.comparison(found)}, *tables.comparison(found))


@wording.command()
@click.option("--from", "begins", metavar="DATE", callback=typed, help="From this day on.")
@click.option("--until", metavar="DATE", callback=typed, help="Up to this day.")
@click.option("--question", "asked", multiple=True, metavar="ID", help="Only this question; may be repeated.")
@click.option("--known-at", metavar="DATE", callback=typed, help="Only from what anyone could know then.")
@_of_program
@standard
def contradictions(
    call: Call,
    begins: datetime | None,
    until: datetime | None,
    asked: tuple[str, ...],
    known_at: datetime | None,
    as_shipped: str | None,
) -> None:
    """Statements that say different things at one time, or other than what was enforced, on a calendar.

    \b
    Example:
      sluicegate wording contradictions --from 2010-05-01 --until 2010-12-01
      sluicegate wording contradictions --question copy
    """
    program = _program(call, as_shipped)
    for name in asked:
        if name not in program.settings.questions:
            ids = ", ".join(program.settings.questions) or "none"
            raise UsageError(
                f"{quoted(name)} is not a question of {program.name}.", advice=f"There are: {ids}."
            )
    if known := _day(known_at):
        program = program.known_at(known)
    names = asked or tuple(program.settings.questions)
    # Seen from a day, nothing after it is told: that a statement would end was not known either.
    latest = known + timedelta(days=1) if known else None
    first, last = _range(program, _day(begins), _day(until) or latest)
    found = _found(program, first, last, names)
    document = {
        **shown.head(program),
        "from": first.isoformat(),
        "until": last.isoformat(),
        "known_at": known.isoformat() if known else None,
        "clashes": [shown.clash(one) for one in found.clashes],
        "gaps": [shown.gap(one) for one in found.gaps],
        "turns": [shown.turn(one) for one in found.turns],
        "asked_and_in_force": [shown.period(one) for one in found.periods],
    }
    call.show(document, *_timeline(program, found, (first, last), names, asked=bool(asked)))


def _range(program: Program, begins: date | None, until: date | None) -> tuple[date, date]:
    """The days asked for; without them, from the first contradiction to the last one."""
    spans = [(one.begins, one.ends) for one in against.clashes(program)]
    spans += [(one.begins, one.ends) for one in against.gaps(program)]
    days = [day for span in spans for day in span if day] or [datetime.now(UTC).date()]
    first = begins or min(days).replace(day=1)
    last = until or max(days)
    if begins is None and last <= first:
        first = last.replace(day=1)
    if last <= first:
        raise UsageError("The last day must be after the first one.")
    return first, last


def _found(program: Program, first: date, last: date, names: tuple[str, ...]) -> tables.Found:
    def within(begins: date, ends: date | None) -> bool:
        return begins < last and (ends is None or ends > first)

    return tables.Found(
        [c for c in against.clashes(program) if c.question in names and within(c.begins, c.ends)],
        [g for g in against.gaps(program) if g.claim.question in names and within(g.begins, g.ends)],
        [t for t in against.turns(program) if t.question in names and first <= t.day < last],
        [p for p in against.periods(program) if within(p.begins, p.ends)],
    )


def _timeline(
    program: Program, found: tables.Found, days: tuple[date, date], names: tuple[str, ...], *, asked: bool
) -> list[RenderableType]:
    """The timeline for people; a question without contradictions is drawn only if it was asked for."""
    if not program.claims:
        return [f"Program {program.name} has no claims on record, so nothing can be compared."]
    touched = {one.question for one in found.clashes} | {one.question for one in found.turns}
    touched |= {one.claim.question for one in found.gaps}
    drawn = [name for name in names if name in touched or asked]
    pairs = {(c.question, c.first.wording, c.second.wording) for c in found.clashes}
    held = {(g.claim.question, g.claim.wording, g.period.jurisdiction.id) for g in found.gaps}
    lead = (
        f"{days[0].isoformat()} to {days[1].isoformat()}: {len(pairs)} clashes of two statements, "
        f"{len(held)} gaps between words and what was enforced, {len(found.turns)} answers turned."
    )
    width = console().width
    lines: list[RenderableType] = [Text(lead, "bold"), ""]
    lines += tables.strips(program, found, calendar(*days, tables.room(width)), drawn, width)
    if quiet := [name for name in names if name not in drawn]:
        lines += ["", f"No contradiction in these days about: {', '.join(quiet)}."]
    lines += [
        "",
        *_titled("Statements in force at one time that answer differently", found.clashes, tables.clashes),
    ]
    lines += [
        "",
        *_titled("Words against what was enforced for who asked to stay out", found.gaps, tables.gaps),
    ]
    lines += ["", *_titled("Answers that a later statement turned", found.turns, tables.turns)]
    lines += ["", *_titled("Asked for, and in force", found.periods, tables.periods)]
    return [*lines, "", tables.LETTERS]


def _titled(title: str, found: Any, draw: Callable[[Any], RenderableType]) -> list[RenderableType]:
    """A table under its title, or the words that there is nothing."""
    return [Text(title, "bold"), draw(found) if found else "None on record."]
