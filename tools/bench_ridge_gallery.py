# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_ridge_gallery``: galleries of growing size, searched whole.

Rolled prints of drawn people (`bench_ridge_gallery_people`), searched by plain prints of some of them and of
people who are not there; in one process, two threads, two worker processes and two Ray actors. Wall time is
what somebody waits, and on a shared machine says more of the others than of this; beside it stands the time
of all our processors, of which a quiet machine of two cores needs to wait half, and a little more.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table as RichTable

from sluicegate.ridge import parameters
from sluicegate.ridge.deciding import Search
from sluicegate.ridge.synthetic import population
from sluicegate.ridge.template import Template
from sluicegate.shards.gallery import How, ShardedGallery
from tools import bench_ridge_gallery_people as made
from tools.bench.report import Table

STRANGER = 9_000_000
MATES = 1000
WAYS: dict[str, tuple[How, int]] = {
    "one thread": (How.THREADS, 1),
    "two threads": (How.THREADS, 2),
    "two processes": (How.PROCESS, 2),
    "two Ray actors": (How.RAY, 2),
}
FINGERS = {10: tuple(range(1, 11)), 2: (2, 7), 1: (2,)}
_TICK = os.sysconf("SC_CLK_TCK")
_NO_DEADLINE = 600.0


@dataclass(frozen=True, slots=True)
class Timed:
    """Searches of one kind in one gallery, one way: seconds of the wall and of processors, each."""

    subjects: int
    way: str
    fingers: int
    enrolled: bool
    wall: tuple[float, ...]
    cpu: tuple[float, ...]
    found: tuple[Search, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """A gallery: its people, bytes of all its files, and MiB resident by way of search, (own, of files)."""

    subjects: int
    bytes: int
    resident: dict[str, tuple[float, float]]


def measure(
    sizes: Sequence[int] = (2_000,),
    *,
    people: int = 1_200,
    searches: int = 10,
    ways: Sequence[str] = ("one thread", "two processes"),
    kept: Path | None = None,
) -> list[Table]:
    """Every table; the galleries are made in a scratch folder and removed."""
    with tempfile.TemporaryDirectory() as folder:
        timed, held = list[Timed](), list[Size]()
        for _ in _all(Path(folder), (sizes, people, searches, ways), kept, timed, held):
            pass
    return tables(timed, held)


def _all(
    folder: Path,
    asked: tuple[Sequence[int], int, int, Sequence[str]],
    kept: Path | None,
    timed: list[Timed],
    held: list[Size],
) -> Iterator[int]:
    """Measure into the two lists, giving each size when it is done."""
    sizes, people, searches, ways = asked
    drawn = made.drawn(people, kept)
    for subjects in sizes:
        place = folder / str(subjects)
        if not place.exists():
            written = made.fill(place, drawn, subjects, mates=min(MATES, people // 2))
            for _ in track(written, f"{subjects:,}", console=Console(stderr=True)):
                pass
        resident: dict[str, tuple[float, float]] = {}
        for way in ways:
            how, count = WAYS[way]
            with ShardedGallery(
                place, parameters.load(), count=count, how=how, deadline_s=_NO_DEADLINE
            ) as opened:
                pids = [one.pid or os.getpid() for one in opened.states()]
                timed.extend(_timed(opened, subjects, way, searches, sorted({os.getpid(), *pids})))
                resident[way] = _resident(set(pids))
        held.append(Size(subjects, sum(path.stat().st_size for path in place.iterdir()), resident))
        yield subjects


def _timed(
    opened: ShardedGallery, subjects: int, way: str, searches: int, pids: list[int]
) -> Iterator[Timed]:
    for enrolled in (True, False):
        first = 0 if enrolled else STRANGER
        whole = [population.impression_of(made.SEED, first + n, 2) for n in range(searches)]
        for fingers, positions in FINGERS.items():
            probes = [_only(one, positions) for one in whole]
            opened.identify(probes[0])
            wall, cpu, found = list[float](), list[float](), list[Search]()
            for one in track(probes, f"{subjects:,} {way} {fingers}", console=Console(stderr=True)):
                with _watched(pids, wall, cpu):
                    found.append(opened.identify(one, limit=5))
            assert all(one.complete for one in found), "a lost shard is no measurement"
            yield Timed(subjects, way, fingers, enrolled, tuple(wall), tuple(cpu), tuple(found))


def _only(probe: Template, positions: tuple[int, ...]) -> Template:
    return replace(probe, fingers=tuple(one for one in probe.fingers if one.fgp in positions))


@contextmanager
def _watched(pids: list[int], wall: list[float], cpu: list[float]) -> Iterator[None]:
    start, before = time.perf_counter(), _cpu(pids)
    yield
    wall.append(time.perf_counter() - start)
    cpu.append(_cpu(pids) - before)


def _cpu(pids: list[int]) -> float:
    """Seconds of processors that these processes have used, to a hundredth."""
    total = 0
    for pid in pids:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(told[11]) + int(told[12])
    return total / _TICK


def _resident(pids: set[int]) -> tuple[float, float]:
    own, files = 0, 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            own += int(value.split()[0]) if name == "RssAnon" else 0
            files += int(value.split()[0]) if name == "RssFile" else 0
    return own / 1024, files / 1024


def tables(timed: Sequence[Timed], held: Sequence[Size]) -> list[Table]:
    """What was measured, as tables."""
    return [_times(timed), _rates(timed), _sizes(held)]


def _times(timed: Sequence[Timed]) -> Table:
    lines = tuple(
        (
            f"{one.subjects:,}",
            one.way,
            f"{one.fingers}, {'enrolled' if one.enrolled else 'a stranger'}",
            *(f"{1000 * np.percentile(one.wall, at):,.0f}" for at in (50, 95)),
            f"{1000 * float(np.mean(one.cpu)):,.0f}",
            f"{one.found[0].work.screened:,}",
            f"{np.median([found.work.compared for found in one.found]):,.0f}",
        )
        for one in timed
    )
    heads = ("subjects", "way", "fingers, who", "p50 ms", "p95 ms", "CPU ms", "screened", "compared")
    return Table("Whole searches, plain prints against rolled", heads, lines)


def _rates(timed: Sequence[Timed]) -> Table:
    """Errors of the largest gallery, by the thresholds as they are; ways of search cannot differ in them."""
    largest = max(one.subjects for one in timed)
    way = next(one.way for one in timed if one.subjects == largest)
    some = [one for one in timed if (one.subjects, one.way) == (largest, way)]
    lines = []
    for fingers in FINGERS:
        both = [one for one in some if one.fingers == fingers]
        if len(both) < 2:
            continue  # stopped before
        mates, strangers = both
        right = [_similarity(found, made.name_of(n)) for n, found in enumerate(mates.found)]
        wrong = [found.candidates[0].similarity if found.candidates else 0.0 for found in strangers.found]
        first = [
            bool(found.candidates) and found.candidates[0].subject == made.name_of(n)
            for n, found in enumerate(mates.found)
        ]
        fusion = parameters.load().fusion
        row = [f"{len(right)}", f"{sum(first)}"]
        for threshold in (fusion.accept[fingers - 1], fusion.grey[fingers - 1], max(wrong)):
            miss = np.mean([one < threshold or one == 0 for one in right])
            row.append(f"{miss:.2f} / {np.mean([one >= threshold for one in wrong]):.2f}")
        lines.append((f"{fingers}", *row, f"{min(right):.1f} / {np.median(right):.1f}", f"{max(wrong):.1f}"))
    heads = (
        "fingers",
        "searches",
        "mate first",
        "FNIR / FPIR, accept",
        "grey",
        "at the likeliest stranger",
        "mates, least / median",
        "strangers, most",
    )
    return Table(f"Errors in {largest:,} subjects", heads, tuple(lines))


def _similarity(found: Search, name: str) -> float:
    return next((one.similarity for one in found.candidates if one.subject == name), 0.0)


def _sizes(held: Sequence[Size]) -> Table:
    lines = tuple(
        (
            f"{one.subjects:,}",
            f"{one.bytes / 1e9:.2f}",
            f"{one.bytes / (made.FINGERS * one.subjects):.0f}",
            "; ".join(f"{way}: {own:,.0f} + {files:,.0f}" for way, (own, files) in one.resident.items()),
        )
        for one in held
    )
    heads = ("subjects", "GB in files", "bytes a finger, all files", "MiB resident, own + of the files")
    return Table("What a gallery takes, ten rolled fingers a subject", heads, lines)


def plot(timed: Sequence[Timed], file: Path) -> None:
    """Processor time against size, ten fingers."""
    figure = Figure(figsize=(7, 4.2))
    axes = figure.add_subplot()
    for enrolled, what in ((True, "enrolled"), (False, "a stranger")):
        for way in dict.fromkeys(one.way for one in timed):
            some = [one for one in timed if one.way == way and one.enrolled is enrolled and one.fingers == 10]
            style = "-o" if enrolled else "--s"
            some.sort(key=lambda one: one.subjects)
            means = [float(np.mean(one.cpu)) for one in some]
            axes.plot([one.subjects for one in some], means, style, label=f"{what}, {way}", markersize=4)
    axes.set(xscale="log", yscale="log", xlabel="subjects, ten rolled fingers each")
    axes.set_ylabel("processor seconds a search")
    axes.set_title("Ten plain fingers searched: cost by size of the gallery", loc="left", fontsize=10)
    axes.grid(visible=True, which="major", linewidth=0.4, alpha=0.5)
    axes.legend(frameon=False, fontsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def main() -> None:
    """Measure, show, and draw."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    reader.add_argument("--people", type=int, default=4_000, help="so many are drawn; the rest are of them")
    reader.add_argument("--searches", type=int, default=20)
    reader.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    reader.add_argument("--kept", type=Path, help="a file that keeps the drawn people")
    reader.add_argument("--folder", type=Path, help="make the galleries here, and leave them")
    reader.add_argument("--plot", type=Path, help="draw cost by size into this file")
    asked = reader.parse_args()
    timed, held = list[Timed](), list[Size]()
    with tempfile.TemporaryDirectory() as scratch, contextlib.suppress(KeyboardInterrupt):
        what = (asked.sizes, asked.people, asked.searches, asked.ways)
        for done in _all(asked.folder or Path(scratch), what, asked.kept, timed, held):
            print(f"{done:,} subjects are done; ctrl-C shows what is measured so far.", file=sys.stderr)
    for one in tables(timed, held):
        print(one.markdown(), flush=True)
        shown = RichTable(*one.heads, title=one.title)
        for row in one.rows:
            shown.add_row(*row)
        Console(stderr=True).print(shown)
    if asked.plot:
        plot(timed, asked.plot)


if __name__ == "__main__":
    main()
