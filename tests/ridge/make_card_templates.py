# SPDX-License-Identifier: Apache-2.0
"""Make the vectors of one real card: the minutiae of its rolled prints and of its flats, LEADER in both.

Run by hand where the shared test material is at hand (half a minute)::

    python tests/ridge/make_card_templates.py path/to/nist2007-type-4-tpcard.an2
"""

from __future__ import annotations

import sys
from pathlib import Path

from sluicegate.itl.reader import read
from sluicegate.raster.header import Caps
from sluicegate.ridge.extract.job import extract_with
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.template import FingerTemplate, Template, encode

VECTORS = Path(__file__).parent / "vectors"
ROLLED = (1, 3)  # IMP: live-scan rolled, nonlive-scan rolled


def made(card: bytes, *, rolled: bool) -> Template:
    """The template of the card's rolled prints, or of all its others."""
    extractor = EXTRACTORS["leader"]()
    fingers: list[FingerTemplate] = []
    for record in read(card).transaction.records:
        if record.image is not None and (record.image.imp in ROLLED) is rolled:
            fingers.extend(extract_with(extractor, record.image, Caps()).fingers)
    return Template(extractor.id, extractor.parameters, tuple(fingers))


if __name__ == "__main__":
    received = Path(sys.argv[1]).read_bytes()
    VECTORS.mkdir(exist_ok=True)
    (VECTORS / "card-rolled.template").write_bytes(encode(made(received, rolled=True)))
    (VECTORS / "card-flats.template").write_bytes(encode(made(received, rolled=False)))
