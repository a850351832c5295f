# SPDX-License-Identifier: Apache-2.0
"""The null extractor: numbers drawn from the digest of the pixels. It finds nothing.

For measuring the pipeline around extraction, and for tests of it. Equal pixels give equal templates; prints
of one finger are as unlike as those of two. Never compare people with it.
"""

from __future__ import annotations

import hashlib

import numpy as np

from sluicegate.ridge.extract import frame
from sluicegate.ridge.extract.interface import Pixels, parameters_digest
from sluicegate.ridge.template import Minutiae

COUNT = 24
PARAMETERS = parameters_digest({"count": COUNT})


class NullExtractor:
    """Twenty-four made-up minutiae of quality 1 anywhere in the image."""

    id = f"null-{PARAMETERS}"
    parameters = PARAMETERS

    def extract(self, pixels: Pixels, ppi: float) -> Minutiae:
        """The same made-up minutiae for the same pixels. Raises ImageRefused like any extractor."""
        width, height = frame.size_at_500(pixels, ppi)
        seed = hashlib.shake_256(np.ascontiguousarray(pixels).tobytes()).digest(COUNT * 12)
        parts = np.frombuffer(seed, dtype="<u4").reshape(COUNT, 3) / 2.0**32
        scale = np.array([width - 1, height - 1, 2 * np.pi])
        made = np.ones((COUNT, 4), dtype=np.float32)
        # Whole pixels, as real extractors give; the angle stays short of a whole turn in float32.
        made[:, :3] = np.floor(parts * scale * [1, 1, 1024]) / [1, 1, 1024]
        return made
