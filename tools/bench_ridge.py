# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_ridge``: the whole search engine measured by one command, into one file of tables.

It joins `bench_ridge_screen` (coarse pass), `_compare` (exact comparison), `_extract` (minutiae of images),
`_gallery` (whole searches, by size) and `_accuracy` (who is found, what strangers reach), each in a process
of its own, one after the other. The small sizes take two to five minutes of two cores and
say how parts compare; sizes and rates to publish need ``--full`` (two hours) or the benches by themselves.

What takes images wants the shared test material: ``--data``, or SLUICEGATE_SHARED_DATA; without it those
parts are left out, and the file says so. Tables are written as each part ends: `bench-out/ridge.md` and
`bench-out/ridge.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from sluicegate.ridge import comparing, parameters, screening
from sluicegate.ridge.native.dispatch import explained
from tools import (
    bench_ridge_accuracy,
    bench_ridge_compare,
    bench_ridge_extract,
    bench_ridge_gallery,
    bench_ridge_screen,
)
from tools.bench.machine import describe, load
from tools.bench.report import Table

OUT = Path("bench-out")
FVC = Path("prints") / "fvc2002"

Work = Callable[[], list[Table]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much each bench is given."""

    megabytes: int
    per_set: int
    galleries: tuple[int, ...]
    drawn: int
    searches: int
    subjects: int
    people: int


SMALL = Sizes(200, 2, (1_000,), 400, 5, 500, 5)
FULL = Sizes(1_000, 8, (10_000, 100_000), 4_000, 20, 100_000, 40)


@dataclass(slots=True)
class Report:
    """What was measured so far, and what was not and why."""

    machine: dict[str, str]
    parts: dict[str, list[Table]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def markdown(self) -> str:
        """One document of all tables."""
        tables = [Table("Machine", ("what", "is"), tuple(self.machine.items()))]
        tables += [table for found in self.parts.values() for table in found]
        absent = [f"Not measured: {name}: {why}\n" for name, why in self.missing.items()]
        return "\n".join([*(table.markdown() for table in tables), *absent])

    def write(self, folder: Path) -> None:
        """Both files, whole."""
        folder.mkdir(exist_ok=True)
        (folder / "ridge.md").write_text(self.markdown(), "utf-8")
        told = {
            "machine": self.machine,
            "seconds": self.seconds,
            "missing": self.missing,
            "parts": {name: [asdict(table) for table in found] for name, found in self.parts.items()},
        }
        (folder / "ridge.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def extract(data: Path, per_set: int) -> list[Table]:
    """Minutiae of images: the rows of `bench_ridge_extract` in the form of the other benches."""
    rows = bench_ridge_extract.measure(data, per_set=per_set)
    heads = ("images", "extractor", "number", "ms of processor an image", "minutiae")
    lines = tuple(
        (row.what, row.extractor, str(row.images), f"{row.ms:.0f}", str(row.minutiae)) for row in rows
    )
    return [Table("Extraction, one thread", heads, lines)]


def works(sizes: Sizes, data: Path | None) -> dict[str, Work | str]:
    """Each part by name, or why it is left out."""
    prints = data / FVC if data and (data / FVC).is_dir() else None
    kept = OUT / "ridge-people"
    return {
        "screen": partial(bench_ridge_screen.measure, sizes.megabytes),
        "compare": bench_ridge_compare.measure,
        "extract": partial(extract, data, sizes.per_set) if data and prints else "there are no images",
        "gallery": partial(
            bench_ridge_gallery.measure, sizes.galleries, people=sizes.drawn, searches=sizes.searches
        ),
        "accuracy": partial(bench_ridge_accuracy.measure, sizes.subjects, kept=kept, people=sizes.people),
    }


def measure(sizes: Sizes, data: Path | None, only: Sequence[str], folder: Path, console: Console) -> Report:
    """Run the parts one after the other; one that fails is told and does not stop the rest."""
    kernels = f"coarse pass: {explained(screening.KERNELS)}; exact: {explained(comparing.KERNELS)}"
    found = Report({**describe(), "kernels": kernels, "parameters": parameters.load().digest()[:12]})
    for name, work in works(sizes, data).items():
        if only and name not in only:
            continue
        if isinstance(work, str):
            found.missing[name] = work
            continue
        start = time.perf_counter()
        with console.status(f"measuring: {name}"):
            try:
                with ProcessPoolExecutor(1, get_context("spawn")) as apart:
                    found.parts[name] = apart.submit(work).result()
            except Exception as error:  # noqa: BLE001 whatever ended a part, the others are still to be measured
                found.missing[name] = f"it failed ({type(error).__name__}: {error})"
        found.seconds[name] = round(time.perf_counter() - start, 1)
        found.machine["load average at the end"] = load()
        found.write(folder)
    return found


def show(found: Report, console: Console) -> None:
    """The tables on the terminal."""
    for table in (table for tables in found.parts.values() for table in tables):
        shown = Shown(title=table.title, title_justify="left")
        for number, head in enumerate(table.heads):
            shown.add_column(head, justify="right" if number else "left")
        for line in table.rows:
            shown.add_row(*line)
        console.print(shown)
    for name, why in found.missing.items():
        console.print(f"not measured: {name}: {why}", markup=False)


def main() -> None:
    """Measure, show, write."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--full", action="store_true", help="sizes to publish: two hours")
    asked.add_argument("--only", nargs="+", choices=list(works(SMALL, None)), default=[], help="these parts")
    asked.add_argument("--data", type=Path, help="folder of the shared test material")
    given = asked.parse_args()
    told = given.data or os.environ.get("SLUICEGATE_SHARED_DATA")
    console = Console(width=None if Console().is_terminal else 170)
    found = measure(FULL if given.full else SMALL, Path(told) if told else None, given.only, OUT, console)
    found.write(OUT)
    show(found, console)
    console.print(f"written: {OUT / 'ridge.md'}, {OUT / 'ridge.json'}")
    sys.exit(1 if any("failed" in why for why in found.missing.values()) else 0)


if __name__ == "__main__":
    main()
