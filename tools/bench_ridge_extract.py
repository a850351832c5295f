# SPDX-License-Identifier: Apache-2.0
"""Extraction: processor time per image and per card, and whether the minutiae are those of pyfing as shipped.

    python -m tools.bench_ridge_extract DATA --pyfing /elsewhere/venv/bin/python

DATA holds `prints/fvc2002` and `an2-valid/nist2007-type-4-tpcard.an2`. pyfing needs Keras and a backend,
which are not among our dependencies: `--pyfing` names the Python of an environment that has pyfing 0.7.3,
scipy, OpenCV and TensorFlow. As shipped, pyfing runs on no other backend without changes: JAX arrays have no
`numpy()`, and Torch tensors need gradients turned off. Without `--pyfing` those rows are left out. Everything
runs in one thread; each time is the least of `REPEAT` runs, summed over the images.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from rich.console import Console
from rich.table import Table

from sluicegate.itl.reader import read
from sluicegate.raster.decode import decode
from sluicegate.raster.header import Caps
from sluicegate.ridge.extract.interface import Extractor, Pixels
from sluicegate.ridge.extract.job import extract_with
from sluicegate.ridge.extract.leader import THRESHOLD
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.template import Minutiae

REPEAT = 2
SETS = ("DB1_B", "DB2_B", "DB3_B", "DB4_B")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

# What the other Python runs: pyfing's own code and nothing of ours.
PEER = """
import json, sys, time
import numpy as np
from pyfing.minutiae_end_to_end import Leader, LeaderParameters
wanted = LeaderParameters()
wanted.minutia_quality_threshold = float(sys.argv[2])
leader = Leader(wanted)
rows = []
images = np.load(sys.argv[1])
for name in images.files:
    pixels, least = images[name], 1e9
    for _ in range(int(sys.argv[3])):
        start = time.process_time()
        found = leader.run(pixels)
        least = min(least, time.process_time() - start)
    rows.append([name, least, [[m[0], m[1], m[2], m[4]] for m in found]])
print("ROWS" + json.dumps(rows))
"""


@dataclass(frozen=True, slots=True)
class Row:
    """Time of one extractor on one set: ms of processor time per image, and minutiae in all."""

    what: str
    extractor: str
    images: int
    ms: float
    minutiae: int
    differing: int | None = None  # minutiae of either side that the other has not within a pixel


def measure(data: Path, pyfing: str = "", per_set: int = 8) -> list[Row]:
    """Rows for each FVC set and for the card.

    Args:
        data: folder with `prints/fvc2002` and `an2-valid`.
        pyfing: path of a Python that can run pyfing, or "".
        per_set: images of each FVC set, one of each finger in turn, at most 80.
    """
    extractors = {name: EXTRACTORS[name]() for name in ("leader", "mindtct")}
    rows: list[Row] = []
    for name in SETS:
        files = sorted((data / "prints" / "fvc2002" / name).glob("*.png"))
        chosen = [files[(n * 8 + n // 10) % len(files)] for n in range(per_set)]
        pictures = {one.stem: np.asarray(Pillow.open(one).convert("L")) for one in chosen}
        ours: dict[str, Minutiae] = {}
        for which, extractor in extractors.items():
            spent, found = _timed(extractor, pictures)
            rows.append(Row(name, which, len(pictures), spent, sum(len(one) for one in found.values())))
            if which == "leader":
                ours = found
        if pyfing:
            rows.append(_peer(name, pyfing, pictures, ours))
    return [*rows, *_card(data, extractors)]


def _timed(extractor: Extractor, pictures: dict[str, Pixels]) -> tuple[float, dict[str, Minutiae]]:
    """ms of processor time per picture, and the minutiae of each."""
    total, found = 0.0, {}
    for name, pixels in pictures.items():
        least = float("inf")
        for _ in range(REPEAT):
            start = time.process_time()
            found[name] = extractor.extract(pixels, 500)
            least = min(least, time.process_time() - start)
        total += least
    return 1000 * total / len(pictures), found


def _peer(name: str, python: str, pictures: dict[str, Pixels], ours: dict[str, Minutiae]) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "images.npz"
        np.savez(stored, **pictures)  # type: ignore[arg-type]
        command = [python, "-c", PEER, str(stored), str(THRESHOLD), str(REPEAT)]
        environment = {**os.environ, **ONE_THREAD, "KERAS_BACKEND": "tensorflow"}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    answer = next(line for line in ran.stdout.splitlines() if line.startswith("ROWS"))
    rows = json.loads(answer.removeprefix("ROWS"))
    theirs = {one: np.array(found, dtype=np.float32).reshape(-1, 4) for one, _, found in rows}
    spent = 1000 * sum(least for _, least, _ in rows) / len(rows)
    differing = sum(_unmatched(theirs[one], ours[one]) + _unmatched(ours[one], theirs[one]) for one in ours)
    return Row(name, "pyfing", len(rows), spent, sum(len(one) for one in theirs.values()), differing)


def _unmatched(found: Minutiae, among: Minutiae) -> int:
    """How many minutiae have no counterpart within a pixel, 0.01 radian and 0.01 of confidence."""
    if not len(among):
        return len(found)
    near = (np.abs(found[:, None, :2] - among[None, :, :2]) <= 1).all(axis=2)
    turn = np.abs((found[:, None, 2] - among[None, :, 2] + np.pi) % (2 * np.pi) - np.pi)
    sure = np.abs(found[:, None, 3] - among[None, :, 3])
    return int((~(near & (turn < 0.01) & (sure < 0.01)).any(axis=1)).sum())


def _card(data: Path, extractors: dict[str, Extractor]) -> list[Row]:
    """The ten rolled prints and four flats of the real card: decoding, telling apart and extraction."""
    card = read((data / "an2-valid" / "nist2007-type-4-tpcard.an2").read_bytes())
    assert card.transaction is not None, "the card can be read"
    images = [record.image for record in card.transaction.records if record.image is not None]
    rolled = {str(image.fgp[0]): decode(image, Caps()).pixels for image in images if image.fgp[0] <= 10}
    rows = []
    for name, extractor in extractors.items():
        spent, found = _timed(extractor, rolled)
        total = sum(len(one) for one in found.values())
        rows.append(Row("card, ten rolled", name, len(rolled), spent, total))
        start, count = time.process_time(), 0
        for image in images:
            count += sum(len(finger.minutiae) for finger in extract_with(extractor, image, Caps()).fingers)
        spent = 1000 * (time.process_time() - start) / len(images)
        rows.append(Row("card, all, with decoding", name, len(images), spent, count))
    return rows


def shown(rows: list[Row]) -> Table:
    """The rows as a table, with the ratio to pyfing where it ran."""
    table = Table(
        "images", "extractor", "number", "ms an image", "s in all", "minutiae", "differing", "speed"
    )
    peers = {row.what: row.ms for row in rows if row.extractor == "pyfing"}
    for row in rows:
        ratio = f"{peers[row.what] / row.ms:.1f}x" if row.what in peers else ""
        table.add_row(
            row.what,
            row.extractor,
            str(row.images),
            f"{row.ms:.0f}",
            f"{row.ms * row.images / 1000:.2f}",
            str(row.minutiae),
            "" if row.differing is None else str(row.differing),
            ratio,
        )
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--pyfing", default="", help="Python that has pyfing, Keras and TensorFlow")
    parser.add_argument("--per-set", type=int, default=8, help="images of each FVC set")
    given = parser.parse_args()
    Console().print(shown(measure(given.data, given.pyfing, given.per_set)))


if __name__ == "__main__":
    main()
