# SPDX-License-Identifier: Apache-2.0
"""`python -m tools.bench`: measures everything, about five minutes, into `bench-out/`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Shown

from tools.bench import fingers, flow, machine, parts, real, report, stages
from tools.bench.apart import Results, apart
from tools.bench.flow import Flow

PACED_EVERY_S = 1 / 3
Job = tuple[str, Callable[[], None]]


def flows(bookings: int) -> list[Flow]:
    """Every way that is measured: null engine, four walkers."""
    return [
        Flow("door, extraction inline", smtp=False, inline=True, bookings=bookings),
        Flow("door, extraction in workers", smtp=False, inline=False, bookings=bookings),
        Flow("SMTP, extraction inline", smtp=True, inline=True, bookings=bookings),
        Flow("SMTP, extraction in workers", smtp=True, inline=False, bookings=bookings),
        Flow("SMTP, workers, 3 a second", True, False, max(12, bookings // 3), PACED_EVERY_S),
    ]


def plan(results: Results, bookings: int, repeat: int, cards: int, background: int) -> list[Job]:
    """Every measurement in order; repetitions take turns, so that a busy minute meets all of them."""
    jobs: list[Job] = []

    def several(group: str, name: str, work: Callable[..., Results], *given: object) -> None:
        runs: list[Results] = results.setdefault(group, {}).setdefault(name, [])
        jobs.append((name, lambda: runs.append(apart(work, *given))))

    def once(group: str, name: str, work: Callable[..., Results], *given: object) -> None:
        jobs.append((name, lambda: results.setdefault(group, {}).update({name: apart(work, *given)})))

    for _ in range(repeat):
        for one in flows(bookings):
            several("flows", one.name, flow.measure, one)
        for kind in ("plain", "durable"):
            several("durable", kind, stages.durable_cost, kind, max(10, bookings // 3))
    jobs.append(("stages", lambda: results.update({"stages": apart(stages.stages, bookings)})))
    once("parts", "reading", parts.reading)
    once("parts", "deciding", parts.deciding)
    once("parts", "ledger", parts.ledger)
    once("fingers", "extraction", fingers.extraction)
    once("fingers", "comparing", fingers.comparing)
    if cards:
        jobs.append(("real prints", lambda: results.update({"real": apart(real.measure, cards, background)})))
    return jobs


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("bench-out"), show_default=True)
@click.option("--bookings", default=60, show_default=True, help="Bookings in one run of the null engine.")
@click.option("--repeat", default=3, show_default=True, help="Runs of each way.")
@click.option("--cards", default=4, show_default=True, help="Bookings through the real engine; 0 for none.")
@click.option("--background", default=500, show_default=True, help="Other people in each gallery.")
def main(out: Path, bookings: int, repeat: int, cards: int, background: int) -> None:
    """Measure the exchange and its parts on this machine, now."""
    console = Console(highlight=False)
    results: Results = {"machine": machine.describe()}
    columns = (
        TextColumn("{task.description:<30}"),
        BarColumn(30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        jobs = plan(results, bookings, repeat, cards, background)
        task = progress.add_task("", total=len(jobs))
        for name, work in jobs:
            progress.update(task, description=name)
            work()
            progress.advance(task)
    results["machine"]["load average at the end"] = machine.load()
    tables = report.tables(results)
    for one in tables:
        _show(console, one)
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=1, default=_plain) + "\n", "utf-8")
    (out / "tables.md").write_text("\n".join(one.markdown() for one in tables), "utf-8")
    console.print(f"Written: {out / 'results.json'} and {out / 'tables.md'}")


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError


def _show(console: Console, one: report.Table) -> None:
    shown = Shown(title=one.title, title_justify="left")
    for number, head in enumerate(one.heads):
        shown.add_column(head, justify="right" if number else "left")
    for row in one.rows:
        shown.add_row(*row)
    console.print(shown)


if __name__ == "__main__":
    main()
