# SPDX-License-Identifier: Apache-2.0
"""`policy explain`: what the rules would do to a booking of an agency at a moment, without any booking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import click
from rich.console import RenderableType

from sluicegate import settings
from sluicegate.app import open_programs
from sluicegate.cli import policy_analysis, policy_shown
from sluicegate.cli.calls import MISSING, Call, leave, standard
from sluicegate.cli.moments import typed
from sluicegate.cli.replay import replay_
from sluicegate.cli.simulate import simulate
from sluicegate.ebts.formats import AGENCY
from sluicegate.errors import UsageError, quoted
from sluicegate.policy.account import Account, account, differences, unknown_then
from sluicegate.policy.decide import Facts
from sluicegate.policy.decision import JSON
from sluicegate.policy.program import Program, load
from sluicegate.store.programs import shipped
from sluicegate.terms import Ori

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@click.group()
def policy() -> None:
    """Ask the rules.

    \b
    Example:
      sluicegate policy explain --ori CA0380000 --at 2010-11-15
    """


def _when(ctx: click.Context, parameter: click.Parameter, value: str | None) -> date | datetime | None:
    """A plain date, whose moment depends on where it is asked about, or a moment in UTC."""
    moment = typed(ctx, parameter, value)
    return moment.date() if moment and value and _DAY.fullmatch(value) else moment


@policy.command()
@click.option("--ori", required=True, help="Agency that took the prints (CRI).")
@click.option(
    "--at", metavar="DATE", callback=_when, help="Moment of receipt; a date is its local noon [default: now]."
)
@click.option(
    "--known-at", metavar="DATE", callback=_when, help="Also show what anyone could have known by this day."
)
@click.option("--charge", "charges", multiple=True, help="A charge of the booking.")
@click.option("--requester", metavar="ORI", help="Who asked first for a look-up (gate G3).")
@click.option("--purpose", default="", help="What the look-up is for.")
@click.option("--via", metavar="ORI", multiple=True, help="Who passes the request on; it opens nothing.")
@click.option("--shipped", "name", metavar="NAME", help="Ask a program as it ships, instead of the home's.")
@standard
def explain(
    call: Call,
    ori: str,
    at: date | datetime | None,
    known_at: date | datetime | None,
    charges: tuple[str, ...],
    requester: str | None,
    purpose: str,
    via: tuple[str, ...],
    name: str | None,
) -> None:
    """Say what every gate would do to a booking, by which rule, and what was asked for.

    Who issued the rule, on what legal basis, in which words, what it replaced, and why every other row lost.
    With --known-at also what anyone could have known on an earlier day, and what differs. A rule begins at
    local midnight, so a date is read as noon where the agency stands. An agency that is not on file gets
    every gate closed, and exit code 5.

    \b
    Example:
      sluicegate policy explain --ori CA0380000 --at 2010-11-15
      sluicegate policy explain --ori CA0380000 --at 2010-11-15 --known-at 2010-12-01
    """
    for one in (ori, requester, *via):
        if one and not AGENCY.fullmatch(one):
            raise UsageError(f"{quoted(one)} is not an ORI: nine characters of A-Z and 0-9.")
    program = load(shipped(name)) if name else in_force(call)
    received = _moment(program, Ori(ori), at)
    facts = Facts(
        Ori(ori), Ori(ori), received, charges, Ori(requester or ""), purpose, tuple(Ori(one) for one in via)
    )
    now = account(program, facts)
    day = _known(known_at, now)
    then = account(program, facts, known=day) if day else None
    call.show(_document(now, then, day), *_lines(now, then, day))
    leave(0 if now.stands else MISSING)


def in_force(call: Call) -> Program:
    """The program in force of a home. Raises ProgramError where its data is broken or not as registered."""
    call.need_home()
    with call.opened("bureau") as office:
        return open_programs(settings.load(call.home), office.store).load()


def _moment(program: Program, ori: Ori, at: date | datetime | None) -> datetime:
    if at is None or isinstance(at, datetime):
        return at or datetime.now(UTC)
    noon = datetime(at.year, at.month, at.day, 12, tzinfo=UTC)
    # Where the agency stands at noon in UTC says whose noon is meant; nowhere on earth is that another place.
    placed = program.place(ori, noon)
    return noon.replace(tzinfo=ZoneInfo(placed.jurisdiction.zone)).astimezone(UTC) if placed else noon


def _known(known_at: date | datetime | None, now: Account) -> date | None:
    """The day whose end is meant: public days have no time of day, so a moment counts as its local day."""
    if not isinstance(known_at, datetime):
        return known_at
    return known_at.astimezone(ZoneInfo(now.stands[0].zone) if now.stands else UTC).date()


def _document(now: Account, then: Account | None, day: date | None) -> dict[str, JSON]:
    document: dict[str, JSON] = {"ori": now.ori, "at": now.at, "known": bool(now.stands)}
    told = now.document()
    document |= {key: told[key] for key in ("gates", "agency", "retired", "stands")}
    if then and day:
        earlier = then.document()
        document["as_known"] = {"on": day.isoformat(), "gates": earlier["gates"], "stands": earlier["stands"]}
        document["differences"] = [
            {"what": one.what, "then": one.then, "now": one.now} for one in differences(then, now)
        ]
        document["not_known_then"] = list(unknown_then(now, day))
    return document


def _lines(now: Account, then: Account | None, day: date | None) -> Iterator[RenderableType]:
    yield policy_shown.head(now)
    yield ""
    yield from policy_shown.gates(now)
    for one in now.stands:
        yield from policy_shown.stand(one, named=len(now.stands) > 1)
    if then and day:
        yield from policy_shown.beside(
            day.isoformat(), now.at, differences(then, now), unknown_then(now, day)
        )
    decision = next(iter(now.decisions.values()))
    yield ""
    yield f"Program: {decision.program}, root {decision.root}."


for one in (policy_analysis.check, policy_analysis.diff, policy_analysis.export, replay_, simulate):
    policy.add_command(one)
