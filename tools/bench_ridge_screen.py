# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_ridge_screen``: stage 1 of the fast engine, its speed and the mates that it loses.

Speed: finger comparisons per second of CPU time of one thread, by kernel and by how many probes share a pass,
against a gallery larger than any cache. Its rows are those of synthetic fingers, drawn with repetition in
random order, so that no kernel can learn them. Ratios are within one run.

Mates lost: subjects are simulated from FVC2002 (``--prints``), as many fingers of one sensor as asked, and
ranked by their standardized scores against 400 strangers of the same sensor. Simulated strangers share
fingers, and there are 40 fingers in all: differences between ways of screening are meant, not rates.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table as RichTable

from sluicegate.ridge import parameters, screening
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.native.dispatch import Kernel, explained
from sluicegate.ridge.screening_form import ROW, Probed, Rows
from sluicegate.ridge.synthetic.templates import minutiae_template
from sluicegate.ridge.template import FingerTemplate, Minutiae
from tools.bench.figures import rate
from tools.bench.report import Table

FINGERS = 400
BATCHES = (1, 8)
SHARE = {Kernel.AVX512: 1.0, Kernel.AVX2: 0.25, Kernel.BASELINE: 0.05, Kernel.NUMPY: 0.01}
"""How much of the gallery a kernel meets in one go, so that slow ones take no longer."""

Prints = dict[tuple[str, int, int], Minutiae]
"""Minutiae by database, finger (from 0) and impression (from 0)."""


def measure(megabytes: int = 1000) -> list[Table]:
    """Comparisons per second and core, by kernel and batch."""
    numbers = parameters.load()
    fingers = [FingerTemplate(2, 1, 800, 750, minutiae_template(seed, 2)) for seed in range(FINGERS)]
    rows = np.concatenate([screening.rows_of(finger, numbers) for finger in fingers])
    drawn = np.random.default_rng(1).integers(0, len(rows), megabytes * 1_000_000 // ROW.itemsize)
    gallery = rows[drawn]
    probes = [screening.probe_of(finger, numbers) for finger in fingers[: max(BATCHES)]]
    found = {
        (kernel, batch): rate(partial(_pass, gallery, probes[:batch], kernel), repeat=5, least_s=0.1).median
        for kernel in screening.KERNELS
        for batch in BATCHES
    }
    slowest = found[screening.KERNELS[-1], 1]
    lines = tuple(
        (
            kernel,
            *(f"{found[kernel, batch] / 1e6:.2f}" for batch in BATCHES),
            f"{found[kernel, 1] / slowest:.0f}",
        )
        for kernel in screening.KERNELS
    )
    heads = ("kernel", *(f"M/s, {batch} probe{'s' * (batch > 1)} a pass" for batch in BATCHES), "times NumPy")
    title = f"Stage 1: finger comparisons per second and core, {len(gallery):,} rows of {ROW.itemsize} bytes"
    return [Table(title, heads, lines)]


def _pass(gallery: Rows, probes: list[Probed], kernel: Kernel) -> int:
    part = gallery[: max(1, int(len(gallery) * SHARE[kernel]))]
    return screening.scores_many(probes, part, kernel=kernel).size


def recall(prints: Prints, *, fingers: tuple[int, ...] = (1, 2, 4, 10)) -> Table:
    """Share of mates lost when only the best of the subjects go on."""
    numbers = parameters.load()
    keys = sorted(prints)
    made = [FingerTemplate(2, 1, 1000, 1000, prints[key]) for key in keys]
    rows = np.concatenate([screening.rows_of(finger, numbers) for finger in made])
    scores = screening.scores_many([screening.probe_of(f, numbers) for f in made], rows).astype(np.float64)
    scores = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)
    where = {key: at for at, key in enumerate(keys)}
    lines = []
    for count in fingers:
        above = np.array(list(_above(scores, where, count)))
        lost = (f"{100 * (above >= share).mean():.2f}" for share in (0.01, 0.02, 0.05))
        lines.append((str(count), *lost, str(len(above))))
    heads = ("fingers", "best 1 % go on", "2 %", "5 %", "searches")
    return Table("Stage 1: mates lost, %, FVC2002 with LEADER", heads, tuple(lines))


def _above(
    scores: NDArray[np.float64], where: dict[tuple[str, int, int], int], count: int
) -> Iterator[float]:
    """For every search, the share of 400 strangers that score no less than the mate."""
    rng = np.random.default_rng(1)
    for database in sorted({key[0] for key in where}):
        size = 1 + max(key[1] for key in where if key[0] == database)
        times = 1 + max(key[2] for key in where if key[0] == database)
        at = np.array([[where[database, f, i] for i in range(times)] for f in range(size)])
        for a, b in permutations(range(times), 2):
            for start in range(size):
                used = np.arange(start, start + count) % size
                mate = scores[at[used, a], at[used, b]].sum()
                other = (used[:, None] + rng.integers(1, size, (count, 400))) % size
                strange = at[other, rng.integers(0, times, (count, 400))]
                yield float((scores[at[used, a][:, None], strange].sum(axis=0) >= mate).mean())


def extracted(folder: Path, kept: Path | None) -> Prints:
    """Minutiae of every image `DBn_B/FINGER_IMPRESSION.png`: from the file `kept`, or made and kept there."""
    pictures = sorted(folder.glob("DB?_B/*.png"))
    if kept and kept.is_file():
        with np.load(kept) as arrays:
            found = {
                f"{path.parent.name}/{path.stem}": arrays[f"{path.parent.name}/{path.stem}"]
                for path in pictures
            }
    else:
        extractor, found = EXTRACTORS["leader"](), {}
        for path in track(pictures, "extracting", console=Console(stderr=True)):
            ppi = 569.0 if path.parent.name == "DB2_B" else 500.0  # the resolution FVC2002 states for DB2
            pixels = np.asarray(Image.open(path).convert("L"))
            found[f"{path.parent.name}/{path.stem}"] = extractor.extract(pixels, ppi)
        if kept:
            np.savez(kept, **found)
    return {_key(name): minutiae for name, minutiae in found.items()}


def _key(name: str) -> tuple[str, int, int]:
    database, _, image = name.partition("/")
    finger, _, impression = image.partition("_")
    return database, int(finger) % 101 % 10, int(impression) - 1


def main() -> None:
    """Measure, and show the tables."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--megabytes", type=int, default=1000, help="size of the gallery's rows")
    asked.add_argument("--prints", type=Path, help="folder of FVC2002: count lost mates too (a minute)")
    asked.add_argument("--kept", type=Path, help="a file to keep the minutiae in")
    given = asked.parse_args()
    console = Console()
    console.print(explained(screening.KERNELS))
    tables = measure(given.megabytes)
    if given.prints:
        tables.append(recall(extracted(given.prints, given.kept)))
    for table in tables:
        shown = RichTable(title=table.title, title_justify="left")
        for number, head in enumerate(table.heads):
            shown.add_column(head, justify="right" if number else "left")
        for line in table.rows:
            shown.add_row(*line)
        console.print(shown)


if __name__ == "__main__":
    main()
