# SPDX-License-Identifier: Apache-2.0
"""`policy replay`: every decision in the ledger made again, by the rules of its time and by today's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import click
from rich.console import RenderableType
from rich.progress import track

from sluicegate import settings
from sluicegate.app import open_programs
from sluicegate.cli.calls import NOT_HELD, Call, console, leave, plain, standard, table
from sluicegate.exchange.replay import Replay, replay
from sluicegate.policy.model import DOUBT_RULE
from sluicegate.terms import Gate

_SHOWN = 20


@click.command("replay")
@click.option("--all", "every", is_flag=True, help=f"List every booking, not the first {_SHOWN} that matter.")
@standard
def replay_(call: Call, *, every: bool) -> None:
    """Make every decision in the ledger again, by the rules in force then, and show today's answer beside it.

    A decision holds if the rules registered at the time give it bit for bit, reasons and wording included.
    Exit code 4 if one does not. What today's rules would do changes nothing: the rule at receipt binds.

    \b
    Example:
      sluicegate policy replay
    """
    call.need_home()
    with call.opened("bureau") as office:
        programs = open_programs(settings.load(call.home), office.store)
        rows = office.store.rows("decided_entries")
        now = programs.current()
        shown = console(stderr=True)
        made = [
            (f"{row['log']} {row['seq']}", replay(body, programs.of(str(body["root"])), now))
            for row in track(
                rows, "deciding again", console=shown, transient=True, disable=not shown.is_terminal
            )
            for body in (json.loads(row["body"]),)
        ]
    broken = sum(not one.holds for _, one in made)
    changed = sum(bool(one.changed) for _, one in made)
    call.show(
        {
            "decisions": len(made),
            "hold": len(made) - broken,
            "changed_since": changed,
            "root_now": now.root if now else "",
            "bookings": [_document(place, one) for place, one in made],
        },
        *_lines(made, broken=broken, changed=changed, every=every),
    )
    leave(NOT_HELD if broken else 0)


def _document(place: str, one: Replay) -> dict[str, object]:
    gates = {
        gate.value: {
            "recorded": one.recorded[gate],
            "then": str(one.then[gate].outcome),
            "now": str(one.now[gate].outcome),
            "rule_then": one.then[gate].rule_id,
            "rule_now": one.now[gate].rule_id,
        }
        for gate in Gate
    }
    head = {"case": one.case, "entry": place, "root": one.root, "charges": one.charges}
    return {**head, "holds": one.holds, "trouble": one.trouble, "gates": gates}


def _lines(
    made: list[tuple[str, Replay]], *, broken: int, changed: int, every: bool
) -> Iterator[RenderableType]:
    wanted = [(place, one) for place, one in made if every or not one.holds or one.changed]
    rows = table("entry", "mode then", "rule then", *(gate.value for gate in Gate), "bit for bit")
    for place, one in wanted if every else wanted[:_SHOWN]:
        share = one.then[Gate.SHARE]
        rule = "none: doubt" if share.rule_id == DOUBT_RULE else share.rule_id
        cells = [_cell(one, gate) for gate in Gate]
        rows.add_row(plain(place), plain(share.mode), plain(rule), *cells, one.trouble or "holds")
    if wanted:
        yield rows
        yield "A cell is the answer then; after an arrow, what today's rules would say of the same booking."
    if len(wanted) > _SHOWN and not every:
        yield f"{len(wanted) - _SHOWN:,} more: --all lists them."
    roots = Counter(one.root[:16] or "no program" for _, one in made)
    told = ", ".join(f"{root} {count:,}" for root, count in roots.most_common())
    yield ""
    yield f"{len(made):,} decisions made again" + (f", by policy root: {told}." if made else ".")
    if broken:
        yield f"{broken:,} do NOT hold: the ledger, the registry or this program was changed."
    elif made:
        yield "Every one is, bit for bit, what the rules registered at its time give."
    yield f"Today's rules would answer {changed:,} of them otherwise; that opens nothing."


def _cell(one: Replay, gate: Gate) -> str:
    then, now = str(one.then[gate].outcome), str(one.now[gate].outcome)
    return then if then == now else f"{then} -> {now}"
