# SPDX-License-Identifier: Apache-2.0
"""`policy simulate`: a period's bookings under other rules, counted by jurisdiction and gate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import click
from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sluicegate import settings
from sluicegate.app import open_programs
from sluicegate.cli import plots, simulate_home
from sluicegate.cli.calls import Call, busy, console, plain, standard, table, write_new
from sluicegate.cli.simulate_home import Rules
from sluicegate.errors import UsageError, quoted
from sluicegate.policy import load as loads
from sluicegate.policy.published import Figure, Published, parse
from sluicegate.policy.simulate import Batch, Count, Result, kinds
from sluicegate.policy.simulate import simulate as count
from sluicegate.terms import Gate

_SHOWN = 20
_PUBLISHED = "national_load.toml"
_DAY = click.DateTime(["%Y-%m-%d"])
_PRIVATE = "Not for publication: small counts are not suppressed."
_GATE_WORDS = {
    Gate.SHARE: "copied to the partner",
    Gate.RELAY: "answer may go back",
    Gate.LOOKUP: "may be looked up",
    Gate.KEEP: "partner may keep",
}


@dataclass(frozen=True, slots=True)
class _Ran:
    """A run: both sets of rules, the counts, and what must be said of them."""

    base: Rules
    other: Rules
    begins: date
    ends: date
    result: Result
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]
    synthetic: bool


@click.command()
@click.option("--under", required=True, metavar="RULES",
              help="Rules to try: a program that ships, a folder, rows to add, a proposal.")  # fmt: skip
@click.option("--base", metavar="RULES", help="Compare with these instead of the home's rules in force.")
@click.option("--from", "begins", type=_DAY, metavar="DATE", help="First day.")
@click.option("--to", "ends", type=_DAY, metavar="DATE", help="Last day, included.")
@click.option("--year", type=click.IntRange(1990, 2100), help="A whole year, instead of --from and --to.")
@click.option("--load", "load", type=click.Choice(["national"]),
              help="Not the home's bookings but a synthetic load, from published totals.")  # fmt: skip
@click.option("--bookings", type=click.IntRange(1), metavar="N",
              help="With --load: so many, instead of the published total.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="With --load: draws who is large.")
@click.option("--all", "every", is_flag=True, help="Every jurisdiction, not only what changes.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write every count here.")
@click.option("--chart", type=click.Path(path_type=Path), help="Draw it here: .svg or .png.")
@standard
def simulate(
    call: Call,
    under: str,
    base: str | None,
    begins: datetime | None,
    ends: datetime | None,
    year: int | None,
    load: str | None,
    bookings: int | None,
    seed: int,
    *,
    every: bool,
    csv_file: Path | None,
    chart: Path | None,
) -> None:
    """Count what would have flowed under other rules.

    The bookings of a period are decided again under the rules in force and under others, and counted by
    jurisdiction and gate; with those of a home also what was decided when they were received. Rows to add
    are a folder of tables without program.toml; they come on top of the rules compared with. Nothing is
    changed, and no booking is opened. Rules may also be called synthetic-nation: 3,200 drawn jurisdictions.

    \b
    Example:
      sluicegate policy simulate --from 2010-11-01 --to 2010-11-30 --under demo-scenario
      sluicegate policy simulate --load national --year 2010 --base secure-communities --under demo-scenario
    """
    days = _period(begins, ends, year)
    if chart is not None and chart.suffix not in (".svg", ".png"):
        raise UsageError(f"{quoted(chart.name)} ends neither in .svg nor in .png.")
    if load is None and (bookings is not None or base is not None):
        raise UsageError("--base and --bookings go with --load; a home is compared with its own rules.")
    ran = _national(call, base, under, days, seed, bookings) if load else _home(call, under, days)
    if csv_file is not None:
        write_new(csv_file, _csv(ran))
    if chart is not None:
        with busy("drawing"):
            write_new(chart, plots.what_if(ran.result, _titles(ran), kind=chart.suffix[1:]))
    written = [f"Wrote {plain(one, 200)}." for one in (csv_file, chart) if one]
    call.show(_document(ran), *_lines(ran, every=every), *written)


def _period(begins: datetime | None, ends: datetime | None, year: int | None) -> tuple[date, date]:
    if year is not None and begins is None and ends is None:
        return date(year, 1, 1), date(year, 12, 31)
    if year is not None or begins is None or ends is None:
        raise UsageError("Which period? Give --from and --to, or --year alone.")
    if ends < begins:
        raise UsageError("The period ends before it begins.")
    return begins.date(), ends.date()


# -- running -----------------------------------------------------------------------------------------------


def _home(call: Call, under: str, days: tuple[date, date]) -> _Ran:
    call.need_home()
    with call.opened("bureau") as office:
        source = open_programs(settings.load(call.home), office.store)
        with busy("reading bookings"):
            base = simulate_home.of_home(source)
            other = simulate_home.other(call, base, under)
            found = simulate_home.bookings(office.store, source, base.program, other.program, days)
    result = count(base.program, other.program, found.kinds, found.batches)
    notes = [_PRIVATE]
    for number, words in (
        (found.undecided, "wait for a decision, and are not counted"),
        (found.expunged, "were expunged since, and are not counted"),
        (found.refused, "were refused for defects before any decision, and are not counted"),
        (
            found.without_rules,
            "were decided under rules that are not at hand, so nothing is known of their charges",
        ),
    ):
        if number:
            notes.append(f"{number:,} more {words}." if "not counted" in words else f"{number:,} {words}.")
    return _Ran(base, other, *days, result, (), (*notes, *_unknown(result)), synthetic=False)


def _national(
    call: Call,
    base_name: str | None,
    under: str,
    days: tuple[date, date],
    seed: int,
    bookings: int | None,
) -> _Ran:
    with busy("reading the rules"):
        base = simulate_home.named(base_name) if base_name else _in_force(call)
        other = simulate_home.other(call, base, under)
    known = kinds((base.program, other.program))
    told = published()
    load = loads.national(base.program, known, *days, published=told, seed=seed, bookings=bookings)
    each = load.batches(base.program, other.program)
    with _progress(each, len(load.agencies)) as batches:
        result = count(base.program, other.program, known, batches)
    whence = "only the totals are published figures" if bookings is None else "their number was stated"
    notes = (f"SYNTHETIC: no booking here ever happened; {whence}.", *load.rules, *_unknown(result))
    return _Ran(base, other, *days, result, load.figures, notes, synthetic=True)


def published() -> Published:
    """The published figures that ship, on which a national load rests."""
    data = files("sluicegate").joinpath("cli", "data", _PUBLISHED).read_bytes()
    return parse(data, _PUBLISHED)


def _in_force(call: Call) -> Rules:
    call.need_home()
    with call.opened("bureau") as office:
        return simulate_home.of_home(open_programs(settings.load(call.home), office.store))


@contextmanager
def _progress(each: Iterable[tuple[Batch, ...]], agencies: int) -> Iterator[Iterator[Batch]]:
    """The batches one after the other; on a terminal a bar shows how many agencies are done."""
    shown = console(stderr=True)
    columns = (TextColumn("counting agencies"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=agencies)

        def one_by_one() -> Iterator[Batch]:
            for batches in each:
                yield from batches
                bar.advance(task)

        yield one_by_one()


def _unknown(result: Result) -> tuple[str, ...]:
    notes = []
    if result.by_charge:
        notes.append(
            f"Not known for {result.by_charge:,} bookings: some gate goes by the charge, and charges are not "
            "kept on record."
        )
    if result.by_request:
        notes.append(
            f"Not known for {result.by_request:,} bookings: whether a look-up is answered depends on who "
            "asks, and for what."
        )
    strayed = max((one.strayed for one in result.total().values()), default=0)
    if strayed:
        notes.append(
            f"{strayed:,} bookings were decided otherwise at receipt than the rules in force now say of that "
            "day: rows came late. The decision at receipt stands."
        )
    notes.append(
        "G2 open means that an answer, if the partner gives one, may go back to the agency; which bookings "
        "would have had one nobody can say. Other recipients are not counted."
    )
    return tuple(notes)


# -- showing -----------------------------------------------------------------------------------------------


def _lines(ran: _Ran, *, every: bool) -> Iterator[RenderableType]:
    result = ran.result
    kind = "synthetic bookings" if ran.synthetic else "bookings"
    yield f"{result.bookings:,} {kind} received from {ran.begins} to {ran.ends}"
    yield f"  as is:   {_told(ran.base)}"
    yield f"  instead: {_told(ran.other)}"
    yield ran.notes[0]
    yield ""
    shown = _table(result, "gate", "")
    for gate, one in result.total().items():
        shown.add_row(f"{gate.value} {_GATE_WORDS[gate]}", "", *_cells(one, recorded=result.recorded))
    yield shown
    yield ""
    changed = result.changed
    yield _verdict(result, len(changed))
    counts = result.by_place()
    listed = list(dict.fromkeys(place for place, _ in counts)) if every else list(changed[:_SHOWN])
    if listed:
        yield ""
        shown = _table(result, "jurisdiction", "gate")
        for place in listed:
            own = [(gate, counts[place, gate]) for gate in Gate if every or counts[place, gate].moved]
            for number, (gate, one) in enumerate(own):
                name = f"{plain(result.names[place])} {place}".strip() if number == 0 else ""
                shown.add_row(name, gate.value, *_cells(one, recorded=result.recorded))
        yield shown
    if not every and len(changed) > _SHOWN:
        yield f"and {len(changed) - _SHOWN:,} more; --all lists every jurisdiction, --csv every month too"
    yield ""
    yield from ran.notes[1:]
    yield from _sources(ran.figures)


def _told(rules: Rules) -> str:
    added = " with rows added" if any(rules.added) else ""
    return f"{plain(rules.name, 120)}: {rules.program.name}{added}, root {rules.program.root[:16]}…"


def _table(result: Result, first: str, second: str) -> Table:
    names = ["bookings", *(["open at receipt"] if result.recorded else []), "open as is", "open instead"]
    names += ["let through", "stopped", "may differ", "not known"]
    return table(first, second, *names, right=tuple(names))


def _cells(one: Count, *, recorded: bool) -> list[str]:
    numbers = [one.bookings, *([one.did_open] if recorded else []), one.base_open, one.other_open]
    moved = [f"+{one.opened:,}" if one.opened else "-", f"-{one.shut:,}" if one.shut else "-"]
    unknown = max(one.base_unknown, one.other_unknown)
    last = [f"{one.unsure:,}" if one.unsure else "-", f"{unknown:,}" if unknown else "-"]
    return [*(f"{number:,}" for number in numbers), *moved, *last]


def _verdict(result: Result, changed: int) -> str:
    places = len({place for place, _, _ in result.cells})
    if not result.bookings:
        return "No booking was received in that period."
    if not changed:
        return f"Nothing differs: every gate answers every booking alike, in all {places:,} jurisdictions."
    return f"What differs, most first: {changed:,} of {places:,} jurisdictions with bookings."


def _sources(figures: tuple[Figure, ...]) -> Iterator[RenderableType]:
    if not figures:
        return
    yield ""
    shown = table("published figure", "how well known", "used for", "read in")
    for one in figures:
        known = "primary text" if one.confidence == "V" else "not verified"
        shown.add_row(one.figure, known, one.used_for, one.source)
    yield shown


def _document(ran: _Ran) -> dict[str, object]:
    result = ran.result
    return {
        "synthetic": ran.synthetic,
        "publishable": False,
        "from": ran.begins.isoformat(),
        "to": ran.ends.isoformat(),
        "base": _named(ran.base),
        "under": _named(ran.other),
        "bookings": result.bookings,
        "recorded": result.recorded,
        "unknown": {"by_charge": result.by_charge, "by_request": result.by_request},
        "gates": {gate.value: asdict(one) for gate, one in result.total().items()},
        "places": [
            {"jurisdiction": place, "name": result.names[place], "gate": gate.value, **asdict(one)}
            for (place, gate), one in result.by_place().items()
        ],
        "months": [
            {"month": month, "gate": gate.value, **asdict(one)}
            for (month, gate), one in result.by_month().items()
        ],
        "notes": list(ran.notes),
        "figures": [asdict(one) for one in ran.figures],
    }


def _named(rules: Rules) -> dict[str, str]:
    return {"rules": rules.name, "program": rules.program.name, "root": rules.program.root}


def _csv(ran: _Ran) -> bytes:
    """Every count, and what kind of numbers they are in the first column of every row."""
    text = io.StringIO()
    kind = "synthetic" if ran.synthetic else "not for publication"
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "jurisdiction", "name", "month", "gate", *asdict(Count())])
    for place, month, gate in sorted(ran.result.cells, key=lambda key: (key[0], key[1], key[2].value)):
        one = ran.result.cells[place, month, gate]
        writer.writerow([kind, place, ran.result.names[place], month, gate.value, *asdict(one).values()])
    return text.getvalue().encode()


def _titles(ran: _Ran) -> plots.Titles:
    kind = "SYNTHETIC LOAD" if ran.synthetic else "not for publication"
    return plots.Titles(
        title=f"What would have flowed, {ran.begins} to {ran.ends} ({kind})",
        subtitle=f"{ran.result.bookings:,} bookings",
        base=ran.base.name,
        other=ran.other.name,
        gates=_GATE_WORDS,
    )
