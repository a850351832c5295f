# SPDX-License-Identifier: Apache-2.0
"""`policy explain`: what the rules would do to a booking of an agency at a moment, without any booking."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from sluicegate import settings
from sluicegate.cli import gates, policy_analysis
from sluicegate.cli.calls import MISSING, Call, leave, standard
from sluicegate.cli.moments import typed
from sluicegate.ebts.formats import AGENCY
from sluicegate.errors import UsageError, quoted
from sluicegate.policy.decide import Facts, decide_all
from sluicegate.policy.program import Program
from sluicegate.settings import Settings
from sluicegate.store.programs import ProgramSource
from sluicegate.terms import Ori


@click.group()
def policy() -> None:
    """Ask the rules.

    \b
    Example:
      sluicegate policy explain --ori CA0380000 --at 2010-11-15
    """


@policy.command()
@click.option("--ori", required=True, help="Agency that took the prints (CRI).")
@click.option("--at", metavar="DATE", callback=typed, help="Moment of receipt [default: now].")
@click.option("--charge", "charges", multiple=True, help="A charge of the booking.")
@standard
def explain(call: Call, ori: str, at: datetime | None, charges: tuple[str, ...]) -> None:
    """Say what every gate would do to a booking, by which rule, and what was asked for.

    An agency that is not on file gets every gate closed, and exit code 5.

    \b
    Example:
      sluicegate policy explain --ori CA0380000 --at 2010-11-15
    """
    if not AGENCY.fullmatch(ori):
        raise UsageError(f"{quoted(ori)} is not an ORI: nine characters of A-Z and 0-9.")
    call.need_home()
    program = _program(settings.load(call.home))
    when = at or datetime.now(UTC)
    decisions = decide_all(program, Facts(Ori(ori), Ori(ori), when, charges))
    placed = program.place(Ori(ori), when)
    if placed is None:
        place = (
            f"{ori} is not an agency on file at that moment: a booking of it is refused, nothing is shared."
        )
    else:
        place = f"{ori}: {placed.agency.name}, {placed.jurisdiction.name}"
    document = {
        "ori": ori,
        "at": when.isoformat(),
        "known": placed is not None,
        "gates": gates.document(decisions),
    }
    call.show(document, place, "", *gates.lines(decisions))
    leave(0 if placed else MISSING)


def _program(read: Settings) -> Program:
    folder = read.home / "programs"
    return ProgramSource(folder / read.program, folder / read.scenario if read.scenario else None).load()


for one in (policy_analysis.check, policy_analysis.diff, policy_analysis.export):
    policy.add_command(one)
