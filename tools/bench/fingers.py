# SPDX-License-Identifier: Apache-2.0
"""Extraction per image and comparisons per second, in one thread, beside MINDTCT and BOZORTH3 of nbis-py.

Both compare the very same minutiae, those of MINDTCT: ours take them as rows, BOZORTH3 as the object they
came in. Each extractor looks at the same images. All images are synthetic; FVC2002 prints join where at hand.
"""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import nbis  # type: ignore[import-untyped]
import numpy as np
from PIL import Image as Pillow

from sluicegate.ridge import parameters
from sluicegate.ridge.compare import compare_built
from sluicegate.ridge.extract import frame
from sluicegate.ridge.extract.interface import Pixels
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.gallery import MemoryGallery
from sluicegate.ridge.screen import built
from sluicegate.ridge.synthetic.impression import EVERYDAY
from sluicegate.ridge.synthetic.person import Person
from sluicegate.ridge.synthetic.templates import FRAME, minutiae_template
from sluicegate.ridge.template import FingerTemplate, Template
from tools.bench.apart import Results
from tools.bench.figures import milliseconds, rate, spread
from tools.bench.parts import shared_data

PEOPLE = 3
SUBJECTS = 1_000


def images() -> dict[str, list[Pixels]]:
    """Plain and rolled synthetic prints; and plain prints of a public set, where it is at hand."""
    people = [Person(7100 + number) for number in range(PEOPLE)]
    found = {
        "synthetic, plain": [one.impression(2, "plain", 1, EVERYDAY) for one in people],
        "synthetic, rolled": [one.impression(2, "rolled", 1, EVERYDAY) for one in people],
    }
    folder = shared_data()
    prints = folder / "prints" / "fvc2002" / "DB1_B" if folder else Path("/nonexistent")
    if prints.is_dir():
        files = sorted(prints.glob("*.png"))[::8][:10]
        found["FVC2002 DB1_B, plain"] = [np.asarray(Pillow.open(one).convert("L")) for one in files]
    return found


def extraction() -> Results:
    """ms of CPU per image, LEADER in our graph and MINDTCT, and how many minutiae each finds."""
    extractors = {name: EXTRACTORS[name]() for name in ("leader", "mindtct")}
    told: Results = {}
    for kind, pictures in images().items():
        shape = np.median([one.shape for one in pictures], axis=0)
        told[kind] = {"images": len(pictures), "size": f"{shape[1]:.0f} x {shape[0]:.0f}"}
        for name, extractor in extractors.items():
            found = [len(extractor.extract(one, frame.PPI)) for one in pictures]
            spent = [
                milliseconds(partial(extractor.extract, one, frame.PPI), repeat=1).median for one in pictures
            ]
            told[kind][name] = spread(spent)
            told[kind][f"{name} minutiae"] = spread(found).median
    return told


def comparing() -> Results:
    """Comparisons per second on the same minutiae of MINDTCT; and the first look at a whole gallery."""
    kinds = images()
    name = next((kind for kind in kinds if kind.startswith("FVC")), "synthetic, plain")
    pictures = (
        kinds[name] if len(kinds[name]) > PEOPLE else [one for all_of in kinds.values() for one in all_of]
    )
    numbers = parameters.load()
    ours = EXTRACTORS["mindtct"]()
    rows = [ours.extract(one, frame.PPI) for one in pictures]
    prepared = [
        built(FingerTemplate(2, 0, one.shape[1], one.shape[0], minutiae), numbers)
        for one, minutiae in zip(pictures, rows, strict=True)
    ]
    theirs = [_nbis_minutiae(one) for one in pictures]
    pairs = [(a, b) for a in range(len(pictures)) for b in range(len(pictures)) if a != b]

    def exact() -> int:
        for a, b in pairs:
            compare_built(prepared[a], prepared[b], numbers.compare)
        return len(pairs)

    def bozorth() -> int:
        for a, b in pairs:
            theirs[a].compare(theirs[b])
        return len(pairs)

    return {
        "images": name,
        "minutiae": spread([len(one) for one in rows]).median,
        "exact": rate(exact),
        "bozorth3": rate(bozorth),
        "subjects": SUBJECTS,
        "screen": _screening(numbers),
    }


def _nbis_minutiae(pixels: Pixels) -> nbis.Minutiae:
    coded = io.BytesIO()
    Pillow.fromarray(pixels).save(coded, "PNG")
    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=frame.PPI
    )
    return nbis.new_nbis_extractor(settings).extract_minutiae(coded.getvalue())


def _person(seed: int) -> Template:
    width, height = FRAME
    fingers = tuple(
        FingerTemplate(fgp, 1, width, height, minutiae_template(seed, fgp)) for fgp in (2, 3, 7, 8)
    )
    return Template("bench", "bench", fingers)


def _screening(numbers: parameters.Parameters) -> object:
    """Finger comparisons per second of the first look, over a gallery in memory."""
    gallery = MemoryGallery(numbers)
    for seed in range(SUBJECTS):
        gallery.enrol(f"subject-{seed}", _person(seed))
    snapshot = gallery.snapshot()
    probe = _person(SUBJECTS + 1)

    def work() -> int:
        snapshot.screen(probe, keep=20)
        return SUBJECTS * len(probe.fingers)

    return rate(work)
