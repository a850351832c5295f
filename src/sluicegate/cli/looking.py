# SPDX-License-Identifier: Apache-2.0
"""`lookup`: the partner asks who a probe is, through gate G3. Every look-up is in the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from sluicegate.app import Exchange
from sluicegate.cli.calls import Call, busy, plain, read_bytes, standard, table
from sluicegate.ebts.formats import AGENCY
from sluicegate.ebts.submission import partial
from sluicegate.errors import InputRefused, Missing, UsageError, quoted
from sluicegate.exchange.envelopes import read_copy
from sluicegate.exchange.lookup import Request
from sluicegate.exchange.searching import probe_images
from sluicegate.itl.detect import read_any
from sluicegate.ridge import template as templates
from sluicegate.ridge.template import Template
from sluicegate.terms import Ori


@click.command()
@click.argument("name", metavar="FILE|CASE")
@click.option("--by", default="partner", show_default=True, help="Who asks; it goes into the ledger.")
@click.option("--limit", type=click.IntRange(1, 50), default=3, show_default=True, help="At most so many.")
@click.option("--requester", metavar="ORI", help="Agency that asked first, where a rule depends on it.")
@click.option("--purpose", default="", help="What the look-up is for, in the program's words.")
@click.option("--via", metavar="ORI", multiple=True, help="Who passes the request on; it opens nothing.")
@standard
def lookup(
    call: Call, name: str, by: str, limit: int, requester: str | None, purpose: str, via: tuple[str, ...]
) -> None:
    """Ask the bureau's repository, as the partner, whose prints these are.

    Only bookings whose gate G3 was open at receipt and still is can be found.

    \b
    Example:
      sluicegate lookup probe.an2 --by "partner desk 2"
    """
    for ori in (requester, *via):
        if ori and not AGENCY.fullmatch(ori):
            raise UsageError(f"{quoted(ori)} is not an ORI: nine characters of A-Z and 0-9.")
    asked = Request(Ori(requester or ""), purpose[:80], tuple(Ori(one) for one in via))
    file = Path(name)
    with busy("looking"), call.exchange(searching=file.is_file()) as exchange:
        probe = _of_file(exchange, file) if file.is_file() else _of_case(exchange, name)
        seen = exchange.lookup.look_up(
            probe, by, limit, request=asked if requester or purpose or via else None
        )
    shown = table("subject", "similarity", right=("similarity",))
    for one in seen:
        shown.add_row(one.subject, f"{one.similarity / 1000:.1f}")
    found = [{"subject": one.subject, "similarity": one.similarity / 1000} for one in seen]
    call.show({"found": found, "by": by}, shown if seen else "Nobody that you may see.")


def _of_file(exchange: Exchange, file: Path) -> Template:
    transaction = read_any(read_bytes(file)).transaction
    if transaction is None:
        raise InputRefused(f"The file {quoted(file.name, 120)} is not an ANSI/NIST transaction.")
    assert exchange.workshop is not None, "opened for searching"
    images = partial(transaction).images
    return probe_images(exchange.workshop, images, exchange.settings.min_minutiae).template


def _of_case(exchange: Exchange, name: str) -> Template:
    """The template of a copy that the partner holds, or of a booking that is still open."""
    partner, bureau = exchange.partner, exchange.bureau
    try:
        if partner.store.rows("case_by_id", case_id=name):
            case = partner.store.case(name)
            return templates.decode(read_copy(partner.parts.spool.get(case.digest)).template)
        held = bureau.store.case(name).text("template")
        return templates.decode(bureau.parts.spool.get(held))
    except Missing:
        raise Missing(
            f"There is no file and no open case {plain(name, 200)} whose prints are still here.",
            advice="Name a file, or a case that is not closed.",
        ) from None
