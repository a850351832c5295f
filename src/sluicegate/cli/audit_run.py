# SPDX-License-Identifier: Apache-2.0
"""`audit run` derives everything public again; `audit county` answers a county from its receipts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sluicegate.audit import county as counties
from sluicegate.audit import report
from sluicegate.audit.folder import of_folder
from sluicegate.audit.material import Material, Tick
from sluicegate.audit.run import Begin, Given
from sluicegate.audit.run import audit as audited
from sluicegate.cli.auditing import look
from sluicegate.cli.calls import NOT_HELD, WAITS, Call, console, leave, read_bytes, standard, write_new
from sluicegate.errors import UsageError, quoted
from sluicegate.ledger import keys
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.holding import holding
from sluicegate.ledger.verify import Policy, VerifierKey

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_LARGEST_RECEIPT = 64 * 1024
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@click.command("run")
@click.argument("public", type=_FOLDER)
@click.option("--partner", type=_FOLDER, help="Public folder of the partner.")
@click.option("--key", type=_FILE, help="Public key of the bureau, from a source you trust.")
@click.option("--partner-key", type=_FILE, help="Public key of the partner.")
@click.option("--policy", type=_FILE, help="Witnesses to trust (C2SP tlog-policy).")
@click.option("--seen", type=_FILE, multiple=True, help="A signed checkpoint that was seen elsewhere.")
@click.option("--receipts", type=_FOLDER, help="Folder of receipts: their decisions are made again.")
@click.option("--report", "out", type=_FILE, help="Write the report for machines to a new file.")
@standard
def audit_run(
    call: Call,
    public: Path,
    partner: Path | None,
    key: Path | None,
    partner_key: Path | None,
    policy: Path | None,
    seen: tuple[Path, ...],
    receipts: Path | None,
    out: Path | None,
) -> None:
    """Derive everything public again, and say in one page what holds and what does not. Needs no network.

    Every tree, statement, rule, day, figure and release is worked out from its parts. With --receipts every
    decision of a receipt is made again from the rules of its day; with --home, by those who may look into
    the ledger itself, every decision there is. Exit code 4 on any finding.

    \b
    Example:
      sluicegate audit run ./public --partner ./partner-public --key bureau.pub --partner-key partner.pub
    """
    home = click.get_current_context().params.get("home") is not None
    given = _given(call, public, partner, key, partner_key, policy, receipts)
    given = _more(given, {one.name: read_bytes(one) for one in seen})
    if home:
        given = _opened(call, given)
    with progress() as begin:
        done = audited(given, begin)
    if out is not None:
        write_new(out, (json.dumps(report.document(done), indent=2) + "\n").encode("utf-8"))
    call.show(report.document(done), *report.lines(done))
    leave(0 if done.holds else NOT_HELD)


@click.command("county")
@click.argument("receipts", type=_FOLDER)
@click.option("--month", required=True, metavar="YYYY-MM", help="Month, by the county's local days.")
@click.option("--public", type=_FOLDER, required=True, help="Public folder of the bureau.")
@click.option("--partner", type=_FOLDER, help="Public folder of the partner.")
@click.option("--key", type=_FILE, help="Public key of the bureau, from a source you trust.")
@click.option("--partner-key", type=_FILE, help="Public key of the partner.")
@click.option("--policy", type=_FILE, help="Witnesses to trust (C2SP tlog-policy).")
@standard
def audit_county(
    call: Call,
    receipts: Path,
    month: str,
    public: Path,
    partner: Path | None,
    key: Path | None,
    partner_key: Path | None,
    policy: Path | None,
) -> None:
    """Answer a county: did any booking of these receipts go to the partner in that month? Needs no network.

    Exit code 0: none went. 4: some went, or the proof does not hold. 6: it cannot be said yet.

    \b
    Example:
      sluicegate audit county ./receipts --month 2010-11 --public ./public --partner ./partner-public
          --key bureau.pub --partner-key partner.pub
    """
    if not _MONTH.fullmatch(month):
        raise UsageError(f"{quoted(month)} is no month.", advice="Write it as 2010-11.")
    given = _given(call, public, partner, key, partner_key, policy, receipts)
    with progress() as begin:
        done = audited(given, begin)
    told = counties.answer(done, month)
    call.show(counties.document(told, done), *counties.lines(told, done, partner=partner is not None))
    if not done.holds or told.verdict == counties.WENT:
        leave(NOT_HELD)
    leave(0 if told.verdict == counties.NONE_WENT else WAITS)


def _given(
    call: Call,
    public: Path,
    partner: Path | None,
    key: Path | None,
    partner_key: Path | None,
    policy: Path | None,
    receipts: Path | None,
) -> Given:
    for folder in (public, partner, receipts):
        if folder is not None and not folder.is_dir():
            raise UsageError(f"There is no folder {quoted(str(folder), 200)}.", advice="Check the path.")
    with holding():
        trusted: Policy | None = standalone.read_policy(read_bytes(policy)) if policy is not None else None
    other: Material | None = None
    if partner is not None:
        other = of_folder("partner", _key(call, partner_key, "partner"), partner)
    return Given(
        bureau=of_folder("bureau", _key(call, key, "bureau"), public),
        partner=other,
        policy=trusted,
        receipts=_receipts(receipts) if receipts is not None else None,
    )


def _more(given: Given, seen: dict[str, bytes]) -> Given:
    return Given(given.bureau, given.partner, given.policy, seen, given.receipts)


def _opened(call: Call, given: Given) -> Given:
    """With the bureau's own entries, and what deriving and comparing the roles' databases says."""
    call.need_home()
    with progress() as begin:
        begin("deriving the databases")
        _, found = look(call)
    with call.opened("bureau") as office:
        rows = office.store.rows("all_entries")
    return Given(
        given.bureau, given.partner, given.policy, given.seen, given.receipts, rows, found.differences
    )


def _key(call: Call, given: Path | None, role: str) -> VerifierKey:
    """The key of a side. It must come from elsewhere than the folder: a forger brings his own key along."""
    place = given or keys.public_path(call.home / "keys" / f"{role}-ledger.key")
    if given is None and not place.is_file():
        option = "--key" if role == "bureau" else "--partner-key"
        raise UsageError(
            f"The public key of the {role} is needed.",
            advice=f"Name its file with {option}; take it from a source you trust, such as print.",
        )
    return keys.load_public(place)


def _receipts(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its name; one that is no receipt is told as a finding."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            with path.open("rb") as file:
                found[quoted(path.relative_to(folder).as_posix(), 200)[1:-1]] = file.read(_LARGEST_RECEIPT)
    return found


@contextmanager
def progress() -> Iterator[Begin]:
    """A bar for each part of the work, on a terminal only."""
    shown = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:

        def begin(what: str) -> Tick:
            task = bar.add_task(what, total=None)

            def tick(done: int) -> None:
                bar.advance(task, done)

            return tick

        yield begin
