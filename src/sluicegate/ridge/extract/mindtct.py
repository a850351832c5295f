# SPDX-License-Identifier: Apache-2.0
"""The extractor MINDTCT of NIST's NBIS, through nbis-py: fast, and less accurate than LEADER.

nbis-py hands out angles in whole degrees of the ISO direction (found by comparing them with LEADER's: median
difference 4 degrees; NBIS's own text output points the other way: see `angles`). Its ISO files are never
used.

Large images are cropped to their ridges first. What is left of a scanned card is then not print and
handwriting, which fill NBIS's list of minutiae; and noise, on which NBIS takes minutes, is no ridges.
"""

from __future__ import annotations

import io
import math
from importlib import metadata

import nbis  # type: ignore[import-untyped]
import numpy as np
from PIL import Image as Pillow

from sluicegate.errors import ImageRefused
from sluicegate.ridge.extract import frame, ridges
from sluicegate.ridge.extract.interface import Pixels, parameters_digest
from sluicegate.ridge.template import Minutiae

SMALLEST_SIDE = 64  # pixels; MINDTCT reads out of bounds on images of 8 by 8
PAPER = 255
MIN_QUALITY = 0.0

MARGIN = 32  # pixels kept around the box of the blocks that surely show ridges

PARAMETERS = parameters_digest(
    {
        "min_quality": MIN_QUALITY,
        "smallest_side": SMALLEST_SIDE,
        "margin": MARGIN,
        "crop_from": frame.CROP_FROM,
        "smallest": frame.SMALLEST,
        **ridges.NUMBERS,
    }
)


class MindtctExtractor:
    """MINDTCT at 500 ppi; quality is its reliability."""

    def __init__(self) -> None:
        self.parameters = PARAMETERS
        self.id = f"mindtct-{metadata.version('nbis-py')}-{PARAMETERS}"
        settings = nbis.NbisExtractorSettings(
            min_quality=MIN_QUALITY,
            get_center=False,
            check_fingerprint=False,
            compute_nfiq2=False,  # a poor image would otherwise give an error and no minutiae
            ppi=frame.PPI,
        )
        self._extractor = nbis.new_nbis_extractor(settings)

    def extract(self, pixels: Pixels, ppi: float) -> Minutiae:
        """Minutiae in the order NBIS gives them.

        Raises:
            ImageRefused: resolution or size are not a fingerprint's, or NBIS does not take the image.
        """
        whole = frame.to_500(pixels, ppi)
        box = frame.foreground(whole, MARGIN)
        if box is None:
            return np.empty((0, 4), dtype=np.float32)
        found = self._look(box.cut(whole))
        found[:, :2] += (box.left, box.top)
        return found

    def _look(self, pixels: Pixels) -> Minutiae:
        rows, columns = pixels.shape
        missing = [(0, max(0, SMALLEST_SIDE - side)) for side in pixels.shape]
        coded = io.BytesIO()
        Pillow.fromarray(np.pad(pixels, missing, constant_values=PAPER)).save(coded, "PNG", compress_level=1)
        try:
            found = self._extractor.extract_minutiae(coded.getvalue()).get()
        except (nbis.NbisError, nbis.InternalError) as exc:
            raise ImageRefused("The extractor mindtct does not take the image.") from exc
        kept = [
            (m.x(), m.y(), math.radians(m.angle() % 360.0), min(1.0, max(0.0, m.reliability())))
            for m in found
            if 0 <= m.x() < columns and 0 <= m.y() < rows
        ]
        return np.array(kept, dtype=np.float32).reshape(-1, 4)
