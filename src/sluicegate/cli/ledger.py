# SPDX-License-Identifier: Apache-2.0
"""`ledger`: publish the logs as static files, show what is public and what waits, verify a public folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sluicegate import settings
from sluicegate.app import Office, open_programs
from sluicegate.cli.calls import NOT_HELD, Call, busy, console, leave, plain, standard, table
from sluicegate.exchange.papers import log_key
from sluicegate.ledger import keys
from sluicegate.store.keyfile import KeyBook
from sluicegate.store.master import MasterLog
from sluicegate.store.public import check_public
from sluicegate.store.public_registry import PublicRegistry
from sluicegate.store.publish import PRIVATE_LOGS, Published, Publisher, write_durably
from sluicegate.store.registry import FOLDER as REGISTRY
from sluicegate.store.registry import Register

PUBLIC = "public"
"""The public folder of a home; any static web host can serve it."""

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def ledger() -> None:
    """Publish the ledger and look at what is public.

    \b
    Example:
      sluicegate ledger publish
      sluicegate ledger show --verify
    """


@ledger.command()
@click.option(
    "--everything",
    is_flag=True,
    help="Do not wait for the day to end: whoever watches could then read off when a booking came.",
)
@standard
def publish(call: Call, everything: bool) -> None:
    """Publish every log up to the end of its jurisdiction's last finished day.

    Writes tiles, entry bundles (commitments only), signed checkpoints and the registry of the rules to the
    folder `public` of the home.
    Run it again after a crash or a full disk: it goes on where it stopped.

    \b
    Example:
      sluicegate ledger publish
    """
    call.need_home()
    now = call.clock()()
    with call.opened("bureau") as office:
        rules = registry(call, office)
        rules.state(office.store, now)
        done = _with_progress(publisher(call, office), lambda one: one.publish(now, everything=everything))
        done = replace(done, files=done.files + rules.lay_out())
    _show(call, done, call.home / PUBLIC)


@ledger.command()
@click.argument("folder", type=_FOLDER)
@standard
def export(call: Call, folder: Path) -> None:
    """Write a fresh copy of everything public to a folder, from the database, stating nothing new.

    Signatures of witnesses are not in it: they lie in the public folder of the home only.

    \b
    Example:
      sluicegate ledger export ./for-the-auditor
    """
    call.need_home()
    with call.opened("bureau") as office:
        done = _with_progress(replace(publisher(call, office), folder=folder), lambda one: one.export())
        done = replace(done, files=done.files + replace(registry(call, office), folder=folder).lay_out())
    _show(call, done, folder)


@ledger.command()
@click.option(
    "--verify", is_flag=True, help="Read every public tile, bundle and statement with the key alone."
)
@click.option("--public", "folder", type=_FOLDER, help="A public folder [default: of this home].")
@standard
def show(call: Call, verify: bool, folder: Path | None) -> None:
    """Show each log, how much of it is public, and how much waits for the end of a day.

    With --verify, exit code 4 where anything public does not hold.

    \b
    Example:
      sluicegate ledger show --verify
    """
    call.need_home()
    if verify:
        _verify(call, folder or call.home / PUBLIC)
        return
    with call.opened("bureau") as office:
        made = publisher(call, office)
        stated = made.stated()
        sizes = office.store.log.sizes()
        statements = MasterLog(office.engine).size()
    rows = table("log", "entries", "public", "waiting", "", right=("entries", "public", "waiting"))
    document = []
    for log, size in sorted(sizes.items()):
        private = not made.is_public(log, stated)
        public = stated[log].size if log in stated else 0
        note = "never public" if log in PRIVATE_LOGS else "not public: no jurisdiction's" if private else ""
        counts = ("-", "-") if private else (f"{public:,}", f"{size - public:,}")
        rows.add_row(plain(log), f"{size:,}", *counts, note)
        document.append({"log": log, "entries": size, "public": None if private else public})
    call.show(
        {"logs": document, "statements": statements},
        rows,
        "",
        f"The master log states {statements:,} thing(s).",
    )


def _verify(call: Call, folder: Path) -> None:
    key = keys.load_public(keys.public_path(call.home / "keys" / "bureau-ledger.key"))
    with busy("reading every tile"):
        found = check_public(folder, key)
    rows = table("log", "entries", "", right=("entries",))
    for log, size in found.sizes.items():
        rows.add_row(plain(log), f"{size:,}", "not stated yet" if log in found.ahead else "holds")
    verdict = f"VERIFIED: {len(found.statements):,} statement(s), and every tile and bundle of every log."
    if found.ahead:
        verdict = "NOT COMPLETE: a log shows more than the master log states. Publish again."
    document = {
        "verified": not found.ahead,
        "logs": found.sizes,
        "statements": len(found.statements),
        "ahead": list(found.ahead),
    }
    call.show(document, rows, "", verdict)
    leave(NOT_HELD if found.ahead else 0)


def publisher(call: Call, office: Office) -> Publisher:
    """The publisher of a home's bureau; a log is finished at the midnight of its jurisdiction."""
    places = open_programs(settings.load(call.home), office.store).load().jurisdictions

    earlier = KeyBook(call.home, "bureau", office.store, call.clock()).overlapping()

    def zone_of(place: str) -> str | None:
        return places[place].zone if place in places else None

    return Publisher(
        entries=office.store.log,
        master=MasterLog(office.engine),
        session=office.store.session,
        folder=call.home / PUBLIC,
        signer_of=lambda log: log_key(office.key, log),
        also_of=lambda log: [log_key(one, log) for one in earlier],
        zone_of=zone_of,
    )


def registry(call: Call, office: Office) -> PublicRegistry:
    """What makes the registry of a home public."""
    return PublicRegistry(
        register=Register(call.home / REGISTRY, office.store),
        master=MasterLog(office.engine),
        programs=call.home / "programs",
        folder=call.home / PUBLIC,
        write=write_durably,
    )


def _with_progress(made: Publisher, work: Callable[[Publisher], Published]) -> Published:
    shown = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task("public files written", total=None)
        return work(replace(made, told=lambda _name: bar.advance(task)))


def _show(call: Call, done: Published, folder: Path) -> None:
    rows = table("log", "public", "waiting", right=("public", "waiting"))
    for log in sorted({*done.sizes, *done.waiting}):
        rows.add_row(plain(log), f"{done.sizes.get(log, 0):,}", f"{done.waiting.get(log, 0):,}")
    words = [
        f"{done.files:,} file(s) written to {folder}; the master log states {done.statements:,} thing(s)."
    ]
    if others := [plain(log) for log in done.kept if log not in PRIVATE_LOGS]:
        words.append(
            f"Not public, because no jurisdiction of the program has that name: {', '.join(others)}."
        )
    if done.waiting:
        words.append("Entries that wait are from a day that is not over at their jurisdiction.")
    document = {
        "folder": str(folder),
        "files": done.files,
        "statements": done.statements,
        "public": done.sizes,
        "waiting": done.waiting,
        "not_public": list(done.kept),
    }
    call.show(document, rows, "", *words)
