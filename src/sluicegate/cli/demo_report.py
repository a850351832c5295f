# SPDX-License-Identifier: Apache-2.0
"""What the demonstration prints: walks, receipts checked, look-ups, and counts on both sides."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sluicegate.app import Exchange
from sluicegate.cli import story
from sluicegate.cli.calls import Call
from sluicegate.cli.cast import CARD_ORI, MOMENT, PARTS
from sluicegate.cli.days import summary, verdict
from sluicegate.cli.finding import bookings
from sluicegate.cli.publishing import PARTNER_PUBLIC, PUBLIC, publish_all
from sluicegate.cli.reconcile import Side, reconcile
from sluicegate.errors import VerifyError
from sluicegate.exchange.case import State
from sluicegate.exchange.papers import log_key
from sluicegate.ledger import keys, receipt
from sluicegate.ledger.statement import StatementKind
from sluicegate.ledger.verify import VerifierKey
from sluicegate.ridge.template import decode
from sluicegate.store.journal import Store
from sluicegate.store.sides import compare, read_side
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
        for case in bookings(exchange.bureau.store, tcn):
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


def counts(console: Console, exchange: Exchange) -> bool:
    """Both sides counted, by the same comparison that `sluicegate audit check` makes."""
    sides = {role: _side(office.store) for role, office in exchange.offices.items()}
    result = reconcile(sides["bureau"], sides["partner"], sides["state"])
    table = Table(title="Both sides counted", title_justify="left")
    table.add_column("what the ledgers say")
    table.add_column("", justify="right")
    for name, count in result.counts.items():
        table.add_row(name, str(count))
    console.print(table)
    sizes = [office.store.log.check() for office in exchange.offices.values()]
    entries = sum(sum(one.values()) for one in sizes)
    logs = sum(len(one) for one in sizes)
    console.print(f"Every tree derived again from its entries: {entries} entries in {logs} logs, all add up.")
    for line in result.differences:
        console.print(f"[red]{escape(line)}[/]")
    if not result.differences:
        console.print("[green]The counts of both sides reconcile: difference 0.[/]")
    return not result.differences


def public(console: Console, exchange: Exchange) -> bool:
    """Publish all there is, and compare both sides again from the public files alone, as anybody can."""
    home = exchange.settings.home
    publish_all(Call(home, as_json=False), exchange.clock(), everything=True)
    ours = read_side(home / PUBLIC, _public_key(home, "bureau"), StatementKind.DAY)
    theirs = read_side(home / PARTNER_PUBLIC, _public_key(home, "partner"), StatementKind.TAKEN)
    found = compare(ours, theirs)
    alarms = sum(one.alarm for one in found)
    console.print()
    console.print(
        "The same from the public files alone (tiles, checkpoints and daily sets; no name, no number):"
    )
    for line in summary(ours, theirs):
        console.print(f"  {escape(line)}")
    said = verdict(alarms, len(found) - alarms)
    console.print(f"[red]{escape(said)}[/]" if found else f"[green]{escape(said)}[/]")
    return not found


def _public_key(home: Path, role: str) -> VerifierKey:
    return keys.load_public(keys.public_path(home / "keys" / f"{role}-ledger.key"))


def _side(store: Store) -> Side:
    cases = {case.case_id: case for case in store.cases_in(State)}
    messages = {one.message_id: one for one in store.messages()}
    return Side(tuple(store.rows("all_entries")), cases, messages)


def closing(console: Console, home: Path, seconds: float) -> None:
    """Where to read on."""
    console.print()
    console.print(f"Done in {seconds:.0f} s. The same stories again, from what is on the disk:")
    for name in ("show DEMO-FILTER-0001", "explain DEMO-FULL-0001", "receipt DEMO-RESPONSE-0001"):
        console.print(f"  {_program()} {name} --home {home}", soft_wrap=True)
    console.print("What an outsider can derive again, and what every decision gives when it is made again:")
    console.print(f"  {_program()} audit run {home / 'public'} --home {home}", soft_wrap=True)
    console.print(f"  {_program()} policy replay --home {home}", soft_wrap=True)
    console.print(
        "The same as pages: open the address that the first of these prints. The second makes an account"
    )
    console.print(
        "for /desk/bookings and prints its code; other desks have other roles: examiner, officer, records."
    )
    console.print(f"  {_program()} site --home {home} --port 8080", soft_wrap=True)
    console.print(f"  {_program()} people add demo --role operator --home {home}", soft_wrap=True)


def _program() -> str:
    """This program as the reader can type it: beside the virtual environment, or from anywhere."""
    typed = Path(sys.argv[0])
    return os.path.relpath(typed) if typed.is_file() and typed.name == "sluicegate" else "sluicegate"
