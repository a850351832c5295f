# SPDX-License-Identifier: Apache-2.0
"""What the demonstration prints: walks, receipts checked, look-ups, and counts on both sides."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sluicegate.app import Exchange
from sluicegate.cli import story
from sluicegate.cli.cast import CARD_ORI, MOMENT, PARTS
from sluicegate.errors import VerifyError
from sluicegate.exchange.papers import log_key
from sluicegate.exchange.reconcile import Said, balance
from sluicegate.ledger import receipt
from sluicegate.ridge.template import decode
from sluicegate.store.journal import Store
from sluicegate.testing.agency import Mailbox

CARD = Path("an2-valid") / "nist2007-type-4-tpcard.an2"


def card_at_hand() -> Path | None:
    """The real card of the shared test material, where that is at hand."""
    named = os.environ.get("SLUICEGATE_SHARED_DATA")
    for folder in ([Path(named)] if named else []) + [Path("../shared/data")]:
        if (folder / CARD).is_file():
            return folder / CARD
    return None


def title(console: Console, exchange: Exchange) -> None:
    """What is about to be played."""
    program = exchange.programs.current()
    root = program.root[:12] if program else "none"
    console.print()
    console.print(
        f"[bold]The clock of this drill says {MOMENT:%d %B %Y}.[/] Program secure-communities, root {root}."
    )
    console.print(
        f"Bureau: {len(exchange.open.gallery) + len(exchange.filtered.gallery)} subjects. "
        f"Partner: {len(exchange.gallery.gallery)}. All people are synthetic; the counties are real."
    )
    console.print()


def walks(console: Console, exchange: Exchange, sent: list[tuple[str, str]]) -> None:
    """The walk of every booking."""
    width = max(80, min(console.width, 110))
    for number, (heading, tcn) in enumerate(sent, 1):
        for case in story.find(exchange, tcn):
            console.print()
            console.print(f"[bold]{number}. {escape(heading)}[/]", soft_wrap=False)
            for line in story.render(exchange, case.case_id, width):
                console.print(_colored(line), soft_wrap=True)
    console.print()


def _colored(line: str) -> str:
    safe = escape(line)
    return safe.replace("CLOSED", "[red]CLOSED[/]", 1) if line.startswith("  G") else safe


def receipts(console: Console, exchange: Exchange, mailbox: Mailbox) -> bool:
    """Check every receipt that an agency got, as the agency would: offline, with the public key alone."""
    table = Table(title="Receipts, checked with the public key alone", title_justify="left")
    for column in ("agency", "TCN", "G1", "G2", "G3", "G4", "receipt"):
        table.add_column(column)
    good = True
    key = exchange.offices["bureau"].key
    for ori in sorted({part.ori for part in PARTS} | {CARD_ORI}):
        for got in mailbox.received(ori):
            if got.kind != "RECEIPT":
                continue
            text = got.body.decode()
            log = next(line for line in text.splitlines() if line.startswith(f"{key.name}/"))
            try:
                checked = receipt.verify(text, str(log_key(key, log.removeprefix(f"{key.name}/")).public))
                gates = [_gate(outcome) for outcome, _ in checked.words.values()]
                body = checked.entry["body"]
                tcn = str(body.get("tcn")) if isinstance(body, dict) else "?"
                table.add_row(ori, tcn, *gates, "[green]holds[/]")
            except VerifyError as error:
                good = False
                table.add_row(ori, "?", "", "", "", "", f"[red]{escape(error.message)}[/]")
    console.print(table)
    return good


def _gate(outcome: str) -> str:
    return "[red]closed[/]" if outcome == "closed" else "open"


def lookups(console: Console, exchange: Exchange) -> bool:
    """Later the partner asks the bureau's repository for each person by template: gate G3."""
    table = Table(title="The partner asks the bureau's repository later (G3)", title_justify="left")
    for column in ("who was booked", "mode", "what the partner is told"):
        table.add_column(column)
    good = True
    for part in PARTS:
        cases = exchange.bureau.store.cases_of_tcn(part.tcn)
        if part.malformed or not cases:
            continue
        held = exchange.open.template_of(cases[0].case_id)
        template = held or exchange.filtered.template_of(cases[0].case_id)
        if template is None:
            continue
        seen = exchange.lookup.look_up(decode(template), "partner")
        told = ", ".join(f"{one.subject} (similarity {one.similarity / 1000:.1f})" for one in seen)
        good &= bool(seen) == (held is not None)
        table.add_row(part.agency, part.expected_mode, told or "[red]nothing: no such record[/]")
    console.print(table)
    return good


def _said(store: Store) -> list[Said]:
    return [Said(row["kind"], row["case_id"], json.loads(row["body"])) for row in store.rows("said")]


def counts(console: Console, exchange: Exchange) -> bool:
    """Both sides counted."""
    bureau, partner = exchange.offices["bureau"].store, exchange.offices["partner"].store
    result = balance(_said(bureau), _said(partner), int(bureau.rows("underway")[0]["n"]))
    table = Table(title="Both sides counted", title_justify="left")
    table.add_column("bureau says")
    table.add_column("", justify="right")
    table.add_column("partner says")
    table.add_column("", justify="right")
    table.add_row("received", str(result.received), "copies taken", str(result.taken))
    table.add_row("shared", str(result.shared), "deleted and attested", str(result.deleted))
    table.add_row("withheld", str(result.withheld), "waiting for a person", str(result.waiting))
    table.add_row("refused (ERRT)", str(result.refused), "turned away", str(result.turned_away))
    table.add_row("pending", str(result.pending), "", "")
    console.print(table)
    sizes = {role: office.store.log.check() for role, office in exchange.offices.items()}
    entries = sum(sum(one.values()) for one in sizes.values())
    logs = sum(len(one) for one in sizes.values())
    console.print(f"Every tree derived again from its entries: {entries} entries in {logs} logs, all add up.")
    for line in result.differences:
        console.print(f"[red]{escape(line)}[/]")
    if not result.differences:
        console.print("[green]The counts of both sides reconcile: difference 0.[/]")
    return not result.differences


def closing(console: Console, home: Path, seconds: float) -> None:
    """Where to read on."""
    console.print()
    console.print(f"Done in {seconds:.0f} s. The same stories again, from what is on the disk:")
    for name in ("show DEMO-FILTER-0001", "explain DEMO-FULL-0001", "receipt DEMO-RESPONSE-0001"):
        console.print(f"  sluicegate {name} --home {home}")
