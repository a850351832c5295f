# SPDX-License-Identifier: Apache-2.0
"""`sluicegate demo`: the main job end to end, on loopback, over real SMTP, with people who do not exist."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sluicegate import app
from sluicegate.cli import demo_prints as prints
from sluicegate.cli import demo_report as report
from sluicegate.cli.cast import CARD_AGENCY, MOMENT, PARTS
from sluicegate.errors import StoreError, UsageError
from sluicegate.exchange.case import Case, State
from sluicegate.intake.mail import MailIntake
from sluicegate.ridge import template as templates
from sluicegate.settings import load
from sluicegate.store.repository import fresh_number
from sluicegate.testing.agency import AgencySimulator, Mailbox

BACKGROUND = 200
PATIENCE_S = 240.0
PIPED_WIDTH = 100
OFFICER = "demo officer"
EXAMINER = "demo examiner"

WAITING_STATES = (State.CLOSED, State.SHARED, State.AWAITING)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demonstration plays on."""

    exchange: app.Exchange
    intake: MailIntake
    mailbox: Mailbox
    console: Console


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("demo-home"), help="Made anew each time."
)
@click.option("--card", type=click.Path(path_type=Path), help="A real tenprint card (ANSI/NIST file).")
@click.option(
    "--background", default=BACKGROUND, show_default=True, help="People in each background gallery."
)
@click.option("--extractor", type=click.Choice(["leader", "mindtct"]), default="leader", show_default=True)
def demo(home: Path, card: Path | None, background: int, extractor: str) -> None:
    """Play the main job: agencies of real counties send bookings, and every gate is seen at work.

    Example: sluicegate demo --card card.an2
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_WIDTH)
    started = time.monotonic()
    _fresh(home)
    with ExitStack() as open_things:
        stage = _set_up(home, extractor, console, open_things)
        _fill_galleries(stage, background)
        report.title(console, stage.exchange)
        sent = _play_parts(stage)
        sent += _play_card(stage, card)
        _examiner(stage)
        _officer(stage)
        report.walks(console, stage.exchange, sent)
        ok = report.receipts(console, stage.exchange, stage.mailbox)
        ok &= report.lookups(console, stage.exchange)
        ok &= report.counts(console, stage.exchange)
        ok &= report.public(console, stage.exchange)
        report.closing(console, home, time.monotonic() - started)
    sys.exit(0 if ok else 1)


def _fresh(home: Path) -> None:
    if home.exists():
        if not (home / "sluicegate.toml").exists():
            raise UsageError(
                f"{home} exists and is not a home of this program; the demonstration will not remove it.",
                advice="Choose another folder with --home.",
            )
        shutil.rmtree(home)


def _set_up(home: Path, extractor: str, console: Console, things: ExitStack) -> Stage:
    mailbox = Mailbox()
    mailbox.start()
    things.callback(mailbox.close)
    settings_text = (
        'program = "secure-communities"\nscenario = "demo-scenario"\n'
        f'extractor = "{extractor}"\nclock = "{MOMENT:%Y-%m-%dT%H:%M:%SZ}"\n'
        f'smarthost = "{mailbox.address}"\nsmtp_port = 0\nhttp_port = 0\n'
    )
    app.lay_out(home, "secure-communities", "demo-scenario", settings_text)
    with console.status("starting the exchange"):
        exchange = app.Exchange(load(home))
        things.callback(exchange.close)
        exchange.start()
        intake = MailIntake(
            exchange.door,
            exchange.settings.smtp_host,
            exchange.settings.smtp_port,
            max_bytes=exchange.settings.max_bytes,
            max_parts=exchange.settings.max_parts,
        )
        intake.start()
        things.callback(intake.close)
    return Stage(exchange, intake, mailbox, console)


@contextmanager
def _bar(console: Console, title: str, total: int) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("{task.description:<44}"),
        BarColumn(30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    if not console.is_terminal:
        # A bar in a file is noise: one line when the work is done.
        began = time.monotonic()
        yield lambda _done: None
        console.print(f"{title}: {total} done in {time.monotonic() - began:.0f} s")
        return
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, advance=done)


def _fill_galleries(stage: Stage, count: int) -> None:
    """Earlier records of the people who play, then people who exist only as templates."""
    exchange = stage.exchange
    known = [part for part in PARTS if part.at_bureau or part.at_partner]
    maker = None
    with _bar(stage.console, "extracting earlier records", len(known)) as tick:
        for part in known:
            template = prints.earlier_record(exchange, part.person)
            maker = templates.decode(template)
            if part.at_bureau:
                basis = prints.basis_of(exchange, part.ori)
                exchange.open.enrol(f"earlier-{part.name}", fresh_number(), template, basis=basis)
            if part.at_partner:
                exchange.gallery.enrol(f"earlier-{part.name}", fresh_number(), template)
            tick(1)
    assert maker is not None
    with _bar(stage.console, "enrolling background galleries", 2 * count) as tick:
        prints.background(exchange.open, maker, count, 1_000_000, tick)
        prints.background(exchange.gallery, maker, count, 2_000_000, tick)


def _play_parts(stage: Stage) -> list[tuple[str, str]]:
    """Every agency sends its booking at once; returns (title, TCN)."""
    sent = []
    with _bar(stage.console, "agencies make and mail their bookings", len(PARTS)) as tick:
        for part in PARTS:
            _send(stage, prints.car(part, stage.exchange.clock()))
            sent.append((f"{part.agency}: {part.shows}", part.tcn))
            tick(1)
    _await(stage, [tcn for _, tcn in sent], "the exchange searches, decides, answers")
    return sent


def _play_card(stage: Stage, given: Path | None) -> list[tuple[str, str]]:
    """A real card, where one is at hand: its flats must find its rolled prints."""
    card = given or report.card_at_hand()
    if card is None:
        stage.console.print(
            "[dim]No real card is at hand (CARD=file gives one); the demonstration goes on.[/]"
        )
        return []
    sent = []
    for title, tcn, data in prints.card_bookings(card, stage.exchange.clock()):
        _send(stage, data)
        _await(stage, [tcn], title)
        sent.append((f"{CARD_AGENCY}: {title} of {card.name}", tcn))
    return sent


def _send(stage: Stage, data: bytes) -> None:
    reply = AgencySimulator().submit_mail("127.0.0.1", stage.intake.port, data)
    assert reply.code == 250, reply


def _await(stage: Stage, tcns: list[str], title: str) -> None:
    """Wait until the cases have gone as far as they go without a person."""
    store = stage.exchange.bureau.store
    deadline = time.monotonic() + PATIENCE_S
    done: set[str] = set()
    with _bar(stage.console, title, len(tcns)) as tick:
        while len(done) < len(tcns) or not _quiet(stage):
            for case in _cases(stage, tcns):
                if case.state in WAITING_STATES and case.case_id not in done:
                    done.add(case.case_id)
                    tick(1)
            if time.monotonic() > deadline:
                raise StoreError(
                    f"The exchange did not finish within {PATIENCE_S:.0f} s.",
                    advice=f"{len(store.rows('alerts'))} alert(s) say why; run again on a quieter machine.",
                )
            time.sleep(0.05)


def _cases(stage: Stage, tcns: list[str]) -> list[Case]:
    return [case for tcn in tcns for case in stage.exchange.bureau.store.cases_of_tcn(tcn)]


def _quiet(stage: Stage) -> bool:
    return stage.exchange.runner is not None and stage.exchange.runner.idle()


def _examiner(stage: Stage) -> None:
    """Whoever fell into the grey band waits for a person; the demonstration's examiner knows the truth."""
    known = {part.tcn for part in PARTS if part.at_bureau}
    for case in stage.exchange.bureau.store.cases_in([State.AWAITING]):
        stage.exchange.bureau.examine(case.case_id, same=case.tcn in known, by=EXAMINER)
        _await(stage, [case.tcn], f"grey band: the {EXAMINER} has looked")


def _officer(stage: Stage) -> None:
    """A person answers the partner's queries; here the demonstration's officer does."""
    waiting = stage.exchange.partner.store.cases_in([State.QUERIED])
    for query in waiting:
        stage.exchange.partner.determine(query.case_id, status="possible-removable", by=OFFICER)
    with _bar(stage.console, f"queries that the {OFFICER} determined", len(waiting)) as tick:
        deadline = time.monotonic() + PATIENCE_S
        while not _quiet(stage) and time.monotonic() < deadline:
            time.sleep(0.05)
        tick(len(waiting))
