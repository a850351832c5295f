# SPDX-License-Identifier: Apache-2.0
"""`show`, `list`, `explain` and `receipt`: what happened to bookings, and why."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import RenderableType

from sluicegate.cli import gates, story
from sluicegate.cli.calls import WAITS, Call, leave, plain, standard, table, write_new
from sluicegate.cli.finding import booking, bookings
from sluicegate.errors import Missing
from sluicegate.exchange.bureau import decisions_of
from sluicegate.exchange.case import EMPTIED, Case, State
from sluicegate.exchange.walk import ENDED, receipt_of
from sluicegate.store.journal import Store, stamp


@click.command()
@click.argument("name", metavar="TCN|CASE")
@standard
def show(call: Call, name: str) -> None:
    """Tell the story of a booking; several bookings of one TCN are all told.

    \b
    Example:
      sluicegate show VA0070000-0001
    """
    with call.exchange() as exchange:
        cases = bookings(exchange.bureau.store, name)
        documents = [story.as_json(exchange, case.case_id) for case in cases]
        lines: list[str] = []
        for case in cases:
            lines += (
                ["", *story.render(exchange, case.case_id)] if lines else story.render(exchange, case.case_id)
            )
    call.show({"cases": documents}, *lines)


@click.command("list")
@click.option(
    "--state", "states", multiple=True, type=click.Choice([str(s) for s in State]), help="Only these."
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
@standard
def list_(call: Call, states: tuple[str, ...], limit: int) -> None:
    """List bookings and where they stand, newest first.

    \b
    Example:
      sluicegate list --state closed --limit 5
    """
    with call.opened("bureau") as office:
        every = office.store.cases_in([State(one) for one in states] or State)
    newest = list(reversed(every))[:limit]
    shown = table("received", "case", "TCN", "CRI", "TOT", "state")
    for case in newest:
        when = stamp(case.received)[:19]
        shown.add_row(
            when, case.case_id, plain(case.tcn), plain(case.cri or case.ori), case.tot, str(case.state)
        )
    tail = f"{len(newest)} of {len(every)} booking(s)"
    call.show({"cases": [_row(case) for case in newest], "total": len(every)}, shown, tail)


def _row(case: Case) -> dict[str, str]:
    return {
        "received": stamp(case.received),
        "case": case.case_id,
        "tcn": case.tcn,
        "cri": case.cri,
        "ori": case.ori,
        "tot": case.tot,
        "state": str(case.state),
    }


@click.command()
@click.argument("name", metavar="TCN|CASE")
@standard
def explain(call: Call, name: str) -> None:
    """Say for each gate what was asked for, what is in force, by which rule, and why.

    \b
    Example:
      sluicegate explain VA0070000-0001
    """
    with call.opened("bureau") as office:
        cases = bookings(office.store, name)
    decided = [case for case in cases if case.noted("decisions") is not None]
    lines: list[RenderableType] = []
    documents = []
    for case in decided:
        decisions = decisions_of(case)
        lines += [f"case {case.case_id}", *gates.lines(decisions)]
        documents.append({"case": case.case_id, "gates": gates.document(decisions)})
    undecided = [case for case in cases if case not in decided]
    lines += [f"case {case.case_id}: {_undecided(case)}" for case in undecided]
    call.show({"cases": documents, "undecided": [case.case_id for case in undecided]}, *lines)
    leave(0 if decided else WAITS)


def _undecided(case: Case) -> str:
    if case.state in EMPTIED:
        return f"{case.state}, its decisions with it; see: sluicegate attestation {case.case_id}"
    return f"no decision was made; it is {case.state}."


@click.command()
@click.argument("name", metavar="TCN|CASE")
@click.option("--out", type=click.Path(path_type=Path), help="Write the receipt here, byte for byte.")
@standard
def receipt(call: Call, name: str, out: Path | None) -> None:
    """Print the receipt of a booking: each gate in words, with its proof.

    \b
    Example:
      sluicegate receipt VA0070000-0001 --out receipt.txt
    """
    with call.opened("bureau") as office:
        case = booking(office.store, name)
        body = _receipt(office.store, case)
    if body is None:
        call.show(
            {"case": case.case_id, "receipt": None}, f"There is no receipt yet; the booking is {case.state}."
        )
        leave(WAITS)
        return
    if out is not None:
        write_new(out, body)
    text = body.decode("utf-8")
    if call.as_json or out is not None:
        call.show({"case": case.case_id, "receipt": text, "file": str(out or "")}, f"Wrote {out}.")
    else:
        click.echo(text, nl=False)


def _receipt(store: Store, case: Case) -> bytes | None:
    """The stored receipt; None where one will still come. Raises Missing where none ever will."""
    if case.state in EMPTIED:
        raise Missing(
            f"That booking was {case.state}, and its receipt with it.",
            advice=f"See: sluicegate attestation {case.case_id}",
        )
    held = receipt_of(store, case)
    if held is not None:
        return held
    if case.state in ENDED:
        raise Missing(
            "That booking has no receipt: it was refused before its gates were decided. Nothing was shared.",
            advice=f"See: sluicegate show {case.case_id}",
        )
    return None
