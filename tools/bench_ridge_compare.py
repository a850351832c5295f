# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_ridge_compare``: the exact comparison, its speed by kernel and its error rates.

Speed: comparisons per second of CPU time of one thread, every print against every other of its kind: plain
prints of FVC2002 (``--prints``) or the flats of one inked card, and the rolled prints of that card; beside
the readable definition (`compare.py`, cylinders built before) and, given prints, beside BOZORTH3 in nbis-py
on the minutiae it finds itself. Ratios are within one run.

Errors: for each database 280 pairs of one finger and all 2,880 pairs of two, as in FVC but for the latter, of
which FVC takes 45. Numbers were tuned on these very prints (`data/parameters.toml`): no rates are claimed.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import nbis  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table as RichTable

from sluicegate.ridge import comparing, parameters
from sluicegate.ridge.compare import compare_built
from sluicegate.ridge.comparing import Prepared, compare_many, prepare
from sluicegate.ridge.native.dispatch import Kernel, explained
from sluicegate.ridge.screen import built
from sluicegate.ridge.template import FingerTemplate, decode
from tools.bench.figures import rate
from tools.bench.report import Table
from tools.bench_ridge_screen import Prints, extracted

CARD = Path(__file__).parents[1] / "tests" / "ridge" / "vectors"
PEER_IMAGES = 16
Scores = NDArray[np.float32]


def measure(prints: Prints | None = None, folder: Path | None = None) -> list[Table]:
    """Comparisons per second and core, by kernel and kind of print."""
    kinds = {"plain": _card("flats") if prints is None else _fingers(prints), "rolled": _card("rolled")}
    ways: dict[str, list[float | None]] = {}
    for number, fingers in enumerate(kinds.values()):
        for name, work in _works(fingers, folder if number == 0 else None).items():
            ways.setdefault(name, [None] * len(kinds))[number] = rate(work, repeat=5, least_s=0.2).median
    base = ways["compare.py"]
    lines = []
    for name, found in ways.items():
        times = (f"{a / b:.0f}" if a and b else "" for a, b in zip(found, base, strict=True))
        lines.append((name, *(f"{a:,.0f}" if a else "" for a in found), *times))
    sizes = [float(np.mean([len(f.minutiae) for f in fingers])) for fingers in kinds.values()]
    heads = ("way", *(f"{k}, {s:.0f} minutiae" for k, s in zip(kinds, sizes, strict=True)))
    return [
        Table(
            "Exact comparisons of one finger per second and core",
            (*heads, *(f"{k}: times compare.py" for k in kinds)),
            tuple(lines),
        )
    ]


def _works(fingers: list[FingerTemplate], folder: Path | None) -> dict[str, Callable[[], int]]:
    """What is measured, by name; each call makes some comparisons and says how many."""
    numbers = parameters.load()
    prepared = [prepare(finger, numbers) for finger in fingers]
    works: dict[str, Callable[[], int]] = {}
    for kernel in comparing.KERNELS:
        turns = itertools.cycle(prepared)
        against = prepared[:20] if kernel is Kernel.NUMPY else prepared
        works[kernel] = partial(_batch, turns, *_joined(against), kernel)
    cylinders = [built(finger, numbers) for finger in fingers]
    pairs = itertools.cycle(itertools.product(cylinders[::7], cylinders[::3]))

    def plain() -> int:
        for a, b in itertools.islice(pairs, 20):
            compare_built(a, b, numbers.compare)
        return 20

    works["compare.py"] = plain
    if folder:
        works["BOZORTH3 of nbis-py, its minutiae"] = _peer(folder)
    return works


def _batch(
    turns: itertools.cycle[Prepared], blob: NDArray[np.uint8], starts: NDArray[np.uint64], kernel: Kernel
) -> int:
    return len(compare_many(next(turns), blob, starts, kernel=kernel))


def _peer(folder: Path) -> Callable[[], int]:
    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=500.0
    )
    extractor = nbis.new_nbis_extractor(settings)
    pictures = sorted(folder.glob("DB?_B/*_[12].png"))[:: max(1, 80 // PEER_IMAGES)]
    sets = [extractor.extract_minutiae(path.read_bytes()) for path in pictures]
    pairs = itertools.cycle(itertools.product(sets, sets))

    def work() -> int:
        for a, b in itertools.islice(pairs, 10):
            a.compare(b)
        return 10

    return work


def errors(prints: Prints) -> Table:
    """Error rates of each database, by the fastest kernel, and their means."""
    numbers = parameters.load()
    lines, found = [], []
    for database in sorted({key[0] for key in prints}):
        some = {key: prints[key] for key in prints if key[0] == database}
        prepared = [prepare(finger, numbers) for finger in _fingers(some)]
        blob, starts = _joined(prepared)
        scores = np.stack([compare_many(probe, blob, starts) for probe in prepared])
        a, b = np.triu_indices(len(prepared), 1)
        owner = np.array([key[1] for key in sorted(some)])
        mates = owner[a] == owner[b]
        rates = _rates(scores[a, b][mates], scores[a, b][~mates])
        found.append(rates)
        lines.append((database, *(f"{value:.2f}" for value in rates)))
    lines.append(("mean", *(f"{value:.2f}" for value in np.mean(found, axis=0))))
    heads = ("FVC2002, LEADER", "EER %", "FMR100 %", "FMR1000 %", "highest non-mate", "median mate")
    return Table("Exact comparison: error rates of single fingers", heads, tuple(lines))


def _rates(mates: Scores, others: Scores) -> tuple[float, ...]:
    """EER, the share of mates lost where 1 in 100 and in 1,000 non-mates pass, all %; two similarities."""
    bars = np.unique(np.concatenate([mates, others]))
    missed = np.searchsorted(np.sort(mates), bars, side="left") / len(mates)
    passed = 1.0 - np.searchsorted(np.sort(others), bars, side="left") / len(others)
    crossing = int(np.abs(missed - passed).argmin())
    ranked = np.sort(others)[::-1]
    lost = [100.0 * float((mates <= ranked[int(len(others) * share)]).mean()) for share in (0.01, 0.001)]
    equal = 50.0 * float(missed[crossing] + passed[crossing])
    return (equal, *lost, float(ranked[0]), float(np.median(mates)))


def _fingers(prints: Prints) -> list[FingerTemplate]:
    # The image's size only sets the step of coordinates: one pixel for any plain print.
    return [FingerTemplate(2, 0, 800, 800, prints[key]) for key in sorted(prints)]


def _card(kind: str) -> list[FingerTemplate]:
    return list(decode((CARD / f"card-{kind}.template").read_bytes()).fingers)


def _joined(prepared: Sequence[Prepared]) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    lengths = [len(one.record) for one in prepared]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.uint64)
    return np.frombuffer(b"".join(one.record for one in prepared), dtype=np.uint8), starts


def main() -> None:
    """Measure, and show the tables."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--prints", type=Path, help="folder of FVC2002: its prints, error rates, and the peer")
    asked.add_argument("--kept", type=Path, help="a file to keep the minutiae in")
    given = asked.parse_args()
    console = Console()
    console.print(explained(comparing.KERNELS))
    prints = extracted(given.prints, given.kept) if given.prints else None
    tables = measure(prints, given.prints)
    if prints:
        tables.append(errors(prints))
    for table in tables:
        shown = RichTable(title=table.title, title_justify="left")
        for number, head in enumerate(table.heads):
            shown.add_column(head, justify="right" if number else "left")
        for line in table.rows:
            shown.add_row(*line)
        console.print(shown)


if __name__ == "__main__":
    main()
