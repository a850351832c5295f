# SPDX-License-Identifier: Apache-2.0
"""`ledger`: publish the logs as static files, show what is public and what waits, verify a public folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sluicegate.cli.calls import NOT_HELD, Call, busy, console, leave, plain, standard, table
from sluicegate.cli.publishing import PUBLIC, publish_all, publisher, registry
from sluicegate.ledger import keys
from sluicegate.store.master import MasterLog
from sluicegate.store.public import check_public
from sluicegate.store.publish import PRIVATE_LOGS, Published, Publisher, write_durably

_AS_PUBLISHED = ("days", "keys", "statistics", "releases")
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

    Writes the registry of the rules, the finished days of both sides, tiles, entry bundles (commitments
    only) and signed checkpoints to the folders `public` and `partner-public` of the home. Run it once a day,
    and again after a crash or a full disk: it goes on where it stopped.

    \b
    Example:
      sluicegate ledger publish
    """
    call.need_home()
    now = call.clock()()
    with _progress() as through:
        made = publish_all(call, now, everything=everything, through=through)
    done = made.logs["bureau"]
    days = sum(len(one.days) for one in made.told.values())
    _show(call, replace(done, files=done.files + made.rules), call.home / PUBLIC, days)


@ledger.command()
@click.argument("folder", type=_FOLDER)
@standard
def export(call: Call, folder: Path) -> None:
    """Write a fresh copy of everything public to a folder, stating nothing new.

    Logs and rules come from the database; days, key history, figures and releases are copied as published.

    Signatures of witnesses are not in it: they lie in the public folder of the home only.

    \b
    Example:
      sluicegate ledger export ./for-the-auditor
    """
    call.need_home()
    with call.opened("bureau") as office:
        with _progress() as through:
            done = through(replace(publisher(call, office), folder=folder)).export()
        files = done.files + replace(registry(call, office), folder=folder).lay_out()
    done = replace(done, files=files + _copied(call.home / PUBLIC, folder))
    _show(call, done, folder)


def _copied(public: Path, folder: Path) -> int:
    """Copies of what was published as it stands and is no log; how many files."""
    found = [path for name in _AS_PUBLISHED for path in sorted((public / name).rglob("*")) if path.is_file()]
    for path in found:
        write_durably(folder / path.relative_to(public), path.read_bytes())
    return len(found)


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


@contextmanager
def _progress() -> Iterator[Callable[[Publisher], Publisher]]:
    """Makes publishers tell a bar of each file they write."""
    shown = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task("public files written", total=None)
        yield lambda one: replace(one, told=lambda _name: bar.advance(task))


def _show(call: Call, done: Published, folder: Path, days: int = 0) -> None:
    rows = table("log", "public", "waiting", right=("public", "waiting"))
    for log in sorted({*done.sizes, *done.waiting}):
        rows.add_row(plain(log), f"{done.sizes.get(log, 0):,}", f"{done.waiting.get(log, 0):,}")
    words = [
        f"{done.files:,} file(s) written to {folder}; the master log states {done.statements:,} thing(s)."
    ]
    if days:
        words.append(f"{days:,} day(s) told, of both sides.")
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
        "days": days,
        "public": done.sizes,
        "waiting": done.waiting,
        "not_public": list(done.kept),
    }
    call.show(document, rows, "", *words)
