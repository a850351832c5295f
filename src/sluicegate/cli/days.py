# SPDX-License-Identifier: Apache-2.0
"""`ledger days` tells and publishes both sides' days; `audit reconcile` compares them from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import RenderableType
from rich.progress import Progress, SpinnerColumn, TextColumn

from sluicegate.cli.calls import NOT_HELD, WAITS, Call, busy, console, leave, plain, standard, table
from sluicegate.cli.publishing import PARTNER_PUBLIC, PUBLIC, publish_days, publisher
from sluicegate.ledger import keys
from sluicegate.ledger.days import SHARING, TAKING
from sluicegate.ledger.statement import StatementKind
from sluicegate.ledger.verify import VerifierKey
from sluicegate.store.days import Told, bookings
from sluicegate.store.sides import Difference, Side, compare, read_side

_SHOWN = 50  # differences that people are shown; --json has all
_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("days")
@click.option(
    "--everything",
    is_flag=True,
    help="Do not wait for the day to end: whoever watches could then read off when a booking came.",
)
@standard
def tell_days(call: Call, everything: bool) -> None:
    """Tell every finished day of both sides, and publish: what was shared, withheld, pending and taken.

    A day is told a quarter of an hour after its end at its jurisdiction, and again when a pending booking of
    it has been shared or withheld. Everything is published to the folders `public` and `partner-public`.

    \b
    Example:
      sluicegate ledger days
    """
    call.need_home()
    now = call.clock()()
    with busy("telling the days"), call.opened("bureau") as bureau, call.opened("partner") as partner:
        publishers = publisher(call, bureau), publisher(call, partner, "partner")
        told, _ = publish_days(*publishers, bureau, partner, now, everything=everything)
    columns = ("received", *SHARING, *TAKING)
    rows = table("side", "jurisdiction", "day", *columns, "", right=columns)
    for side, one in told.items():
        for day in one.days:
            counts = {name: f"{len(elements):,}" for name, elements in day.sets.items()}
            if side == "bureau":
                counts["received"] = f"{day.received:,}"
            note = f"revision {day.revision}" if day.revision else ""
            rows.add_row(side, day.jurisdiction, day.day, *(counts.get(c, "") for c in columns), note)
    lines = [] if any(one.days for one in told.values()) else ["Nothing new to tell."]
    ours = told["bureau"]
    if ours.waiting:
        lines.append(f"{ours.waiting:,} booking(s) are of a day that cannot be told yet.")
    if ours.undecided:
        lines.append(f"{ours.undecided:,} booking(s) are undecided: no day from theirs on can be told.")
    shown: list[RenderableType] = [rows, ""] if any(one.days for one in told.values()) else []
    call.show(_document(told), *shown, *lines)


def _document(told: dict[str, Told]) -> dict[str, object]:
    return {
        "days": [
            {"side": side, "jurisdiction": day.jurisdiction, "day": day.day, "revision": day.revision}
            | {name: len(elements) for name, elements in day.sets.items()}
            for side, one in told.items()
            for day in one.days
        ],
        "waiting": told["bureau"].waiting,
        "undecided": told["bureau"].undecided,
    }


@click.command("reconcile")
@click.option("--bureau", type=_FOLDER, help="Public folder of the bureau [default: of this home].")
@click.option("--partner", type=_FOLDER, help="Public folder of the partner [default: of this home].")
@click.option("--key", type=_FILE, help="Public key of the bureau [default: of this home].")
@click.option("--partner-key", type=_FILE, help="Public key of the partner [default: of this home].")
@click.option("--name-cases", is_flag=True, help="Name the case of each difference, from this home.")
@standard
def audit_reconcile(
    call: Call,
    bureau: Path | None,
    partner: Path | None,
    key: Path | None,
    partner_key: Path | None,
    name_cases: bool,
) -> None:
    """Compare what the bureau says it sent with what the partner says it took, from public files alone.

    Every difference is named with element, jurisdiction, day and side. What only waits for the other side is
    told apart from what no delay explains. Exit code 0: no difference; 6: something waits; 4: an alarm.

    \b
    Example:
      sluicegate audit reconcile
      sluicegate audit reconcile --bureau ./public --partner ./partner-public --key bureau.pub
          --partner-key partner.pub
    """
    folders = (bureau or call.home / PUBLIC, partner or call.home / PARTNER_PUBLIC)
    own, theirs = _key(call, key, "bureau"), _key(call, partner_key, "partner")
    with _progress() as tick:
        ours = read_side(folders[0], own, StatementKind.DAY, tick)
        other = read_side(folders[1], theirs, StatementKind.TAKEN, tick)
    found = compare(ours, other)
    cases = _cases(call) if name_cases else {}
    rows = table("", "difference", "side", "jurisdiction", "day", "element", "case")
    for one in found[:_SHOWN]:
        mark = "ALARM" if one.alarm else "waits"
        element = f"{one.element.hex()[:16]}..." if one.element else ""
        rows.add_row(mark, plain(one.what, 200), one.side, *map(plain, one.place), element, _case(one, cases))
    alarms = sum(one.alarm for one in found)
    call.show(
        {
            "verified": not found,
            "days": len(ours.days),
            "counts": _counts(ours, other),
            "differences": [_told(one, cases) for one in found],
        },
        *summary(ours, other),
        "",
        *([rows] if found else []),
        *([f"and {len(found) - _SHOWN:,} more: see --json."] if len(found) > _SHOWN else []),
        verdict(alarms, len(found) - alarms),
    )
    leave(NOT_HELD if alarms else WAITS if found else 0)


def verdict(alarms: int, waiting: int) -> str:
    """What a comparison of both sides comes to, in one line."""
    if alarms:
        return f"ALARM: {alarms:,} difference(s) that no delay explains; {waiting:,} that wait for a side."
    if waiting:
        return f"NOT SETTLED: {waiting:,} difference(s) that wait for the other side; none that alarms."
    return "RECONCILED: difference 0. Every booking told as shared was taken, and nothing else was."


def _counts(ours: Side, other: Side) -> dict[str, int]:
    names = dict.fromkeys(SHARING, ours) | dict.fromkeys(TAKING, other)
    return {name: sum(len(day.sets[name]) for day in side.days.values()) for name, side in names.items()}


def summary(ours: Side, other: Side) -> list[str]:
    """Both sides' counts and sequence numbers, in lines for people."""
    counts = _counts(ours, other)
    received = sum(counts[name] for name in SHARING)
    lines = [
        f"{len(ours.days):,} day(s) of jurisdictions: received {received:,} = shared {counts['shared']:,} + "
        f"withheld {counts['withheld']:,} + pending {counts['pending']:,}; taken {counts['taken']:,}."
    ]
    for side, one in (("bureau", ours), ("partner", other)):
        if one.channel is None:
            lines.append(f"The {side} tells no sequence numbers.")
        else:
            verdict = "without a gap" if not one.channel.faults else f"{len(one.channel.faults)} fault(s)"
            lines.append(f"Numbers at the {side}: {one.channel.first} to {one.channel.last}, {verdict}.")
    return lines


def _told(one: Difference, cases: dict[bytes, str]) -> dict[str, object]:
    return {
        "alarm": one.alarm,
        "what": one.what,
        "side": one.side,
        "element": one.element.hex() if one.element else None,
        "jurisdiction": one.place[0] or None,
        "day": one.place[1] or None,
        "case": _case(one, cases) or None,
    }


def _case(one: Difference, cases: dict[bytes, str]) -> str:
    return cases.get(one.element, "") if one.element else ""


def _cases(call: Call) -> dict[bytes, str]:
    call.need_home()
    with call.opened("bureau") as office:
        return {one.element: one.case_id for one in bookings(office.engine) if one.element}


def _key(call: Call, given: Path | None, role: str) -> VerifierKey:
    return keys.load_public(given or keys.public_path(call.home / "keys" / f"{role}-ledger.key"))


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    shown = console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("bookings read: {task.completed:,}"))
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done: bar.advance(task, done)
