# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_ridge_gallery``: a gallery's bytes a finger, and whole searches of ten fingers.

A few hundred drawn people fill a mapped gallery over and over under other names, so its size and speed are a
gallery's, and who is found is not: the repeats of a mate are left out. Times are of the wall, the best of
some runs, on a machine that others may use: ratios within one run are meant.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table as RichTable

from sluicegate.ridge import gallery_disk, parameters, segment_file
from sluicegate.ridge.deciding import Search
from sluicegate.ridge.fast import search
from sluicegate.ridge.forms import ROW, form_of
from sluicegate.ridge.gallery_packed import FULL_SEGMENT, PackedSnapshot, Part
from sluicegate.ridge.segment import Segment, joined, packed
from sluicegate.ridge.shard import LocalShard, Spread
from sluicegate.ridge.synthetic import population
from sluicegate.ridge.template import Template
from tools.bench.report import Table

DRAWN = 300
STRANGER = 9_000_000


def measure(subjects: int = 20_000, *, runs: int = 5) -> list[Table]:
    """Bytes a finger by what they are for, and seconds a search by threads and batch."""
    numbers = parameters.load()
    people = [one for lot in population.people(1, 0, DRAWN) for one in lot]
    drawn = [
        packed(f"{n:09d}", [person], numbers, cold=False)
        for n, person in enumerate(track(people, "packing", console=Console(stderr=True)))
    ]
    with tempfile.TemporaryDirectory() as folder:
        parts = list(_mapped(Path(folder), drawn, subjects, people[0]))
        snapshot = PackedSnapshot(
            "bench", Template(people[0].extractor, people[0].parameters, ()), tuple(parts), numbers
        )
        return [_bytes(parts), _times(snapshot, runs)]


def _mapped(folder: Path, drawn: Sequence[Segment], subjects: int, maker: Template) -> Iterator[Part]:
    """Segment files of so many subjects: those drawn once, then strangers to the probes over and over."""
    rng, made = np.random.default_rng(1), 0
    form = form_of(parameters.load())
    while made < subjects:
        count = min(FULL_SEGMENT, subjects - made)
        who = rng.integers(DRAWN // 3, DRAWN, count)
        if not made:
            who[: DRAWN // 3] = np.arange(DRAWN // 3)
        segment = joined([drawn[i] for i in who])
        names = np.frombuffer("".join(f"{made + n:09d}" for n in range(count)).encode(), np.uint8)
        data = segment_file.to_bytes(
            replace(segment, names=names, _index={}), maker.extractor, maker.parameters, form
        )
        path = folder / f"{made}.sgg"
        path.write_bytes(data)
        yield Part(segment_file.from_buffer(gallery_disk.mapped(path))[1], file=path.name)
        made += count


def _bytes(parts: Sequence[Part]) -> Table:
    fingers = sum(len(part.segment.image_finger) for part in parts)
    rows = sum(len(one) for part in parts for one in part.segment.rows) * ROW.itemsize
    records = sum(len(part.segment.records) for part in parts)
    plain = [one for n in range(40) for one in _plain(n)]
    flat = sum(len(one.records) for one in plain) / sum(len(one.image_finger) for one in plain)
    whole = sum(len(segment_file.to_bytes(part.segment, "x", "x", "")) for part in parts)
    other = (whole - rows - records) / fingers
    lines = [
        ("row of the coarse pass", f"{rows / fingers:.0f}", f"{rows / fingers:.0f}"),
        ("compare record", f"{records / fingers:.0f}", f"{flat:.0f}"),
        ("directory, checksums, marks", f"{other:.0f}", f"{other:.0f}"),
        ("together", f"{whole / fingers:.0f}", f"{rows / fingers + flat + other:.0f}"),
    ]
    return Table("Bytes a finger in a gallery's files", ("what", "rolled", "plain"), tuple(lines))


def _plain(number: int) -> list[Segment]:
    return [packed("x", [population.impression_of(1, number, 1)], parameters.load(), cold=False)]


def _times(snapshot: PackedSnapshot, runs: int) -> Table:
    mates = [population.impression_of(1, number, 2) for number in range(8)]
    strangers = [population.impression_of(1, STRANGER + number, 2) for number in range(8)]
    lines: list[tuple[str, ...]] = []
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            spread: Spread = pool.map if threads > 1 else map
            for what, probes in (("who is enrolled", mates), ("a stranger", strangers)):
                for batch in (1, len(probes)):
                    seconds, found = _best(snapshot, probes[:batch], spread, runs)
                    work = found[0].work
                    right = sum(
                        bool(one.candidates) and one.candidates[0].subject == f"{n:09d}"
                        for n, one in enumerate(found)
                    )
                    lines.append(
                        (
                            f"{what}, {threads} thread{'s' * (threads > 1)}, {batch} at once",
                            f"{seconds / batch * 1000:.0f}",
                            f"{work.screened:,}",
                            f"{work.compared:,}",
                            f"{right} of {batch}" if probes is mates else "",
                        )
                    )
    heads = ("ten plain fingers against rolled", "ms a search", "screened", "compared", "mate first")
    return Table(f"Whole searches of {len(snapshot):,} subjects", heads, tuple(lines))


def _best(
    snapshot: PackedSnapshot, probes: Sequence[Template], spread: Spread, runs: int
) -> tuple[float, list[Search]]:
    seconds, found = float("inf"), list[Search]()
    for _ in range(runs):
        start = time.perf_counter()
        shards = [LocalShard(snapshot, snapshot.parameters, spread)]
        found = search("bench", probes, [shards], snapshot.parameters, limit=5)
        seconds = min(seconds, time.perf_counter() - start)
    return seconds, found


def main() -> None:
    """Print the tables."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--subjects", type=int, default=20_000)
    reader.add_argument("--runs", type=int, default=5)
    asked = reader.parse_args()
    for one in measure(asked.subjects, runs=asked.runs):
        shown = RichTable(*one.heads, title=one.title)
        for row in one.rows:
            shown.add_row(*row)
        Console().print(shown)


if __name__ == "__main__":
    main()
