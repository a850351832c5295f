# SPDX-License-Identifier: Apache-2.0
"""Images brought to 500 ppi, and cropped to where there are ridges.

Source: ANSI/NIST-ITL 1-2011, image resolution: 500 ppi within 1 %; what lies within that is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from sluicegate.errors import ImageRefused
from sluicegate.raster.header import OVER_CAP, UNREADABLE
from sluicegate.ridge.extract.interface import Pixels
from sluicegate.ridge.extract.ridges import BLOCK, patches, ridge_blocks

PPI = 500.0
PPI_TOLERANCE = 0.01  # of 500, the standard's
PPI_RANGE = (200.0, 2400.0)  # lower resolves no ridges, higher is no fingerprint scanner's
MAX_SIDE = 4096  # pixels at 500 ppi: 8 inches, a palm

CROP_FROM = 300_000  # pixels; a smaller image, one live-scanned finger, is looked at whole
SMALLEST = 0.05  # of the largest patch of ridges: smaller ones are a neighbor's edge or dirt


@dataclass(frozen=True, slots=True)
class Box:
    """A part of an image, in pixels: rows `top` up to `bottom`, columns `left` up to `right`."""

    top: int
    bottom: int
    left: int
    right: int

    def cut(self, pixels: Pixels) -> Pixels:
        return pixels[self.top : self.bottom, self.left : self.right]


def size_at_500(pixels: Pixels, ppi: float) -> tuple[int, int]:
    """Width and height that `to_500` gives these pixels.

    Raises:
        ImageRefused: no pixels, a resolution that no fingerprint has, or a size beyond the caps.
    """
    if pixels.ndim != 2 or pixels.size == 0:
        raise ImageRefused("The image has no pixels.", code=UNREADABLE)
    if not PPI_RANGE[0] <= ppi <= PPI_RANGE[1]:
        raise ImageRefused("The image's resolution is not that of a fingerprint.", code=OVER_CAP)
    scale = 1.0 if abs(ppi - PPI) <= PPI * PPI_TOLERANCE else PPI / ppi
    rows, columns = (max(1, round(side * scale)) for side in pixels.shape)
    if max(rows, columns) > MAX_SIDE:
        raise ImageRefused(f"The image is larger than {MAX_SIDE} pixels at 500 ppi.", code=OVER_CAP)
    return columns, rows


def to_500(pixels: Pixels, ppi: float) -> Pixels:
    """The image at 500 ppi, by bicubic interpolation that averages where it shrinks."""
    width, height = size_at_500(pixels, ppi)
    if (height, width) == pixels.shape:
        return pixels
    scaled = Pillow.fromarray(pixels).resize((width, height), Pillow.Resampling.BICUBIC)
    return np.asarray(scaled, dtype=np.uint8)


def foreground(pixels: Pixels, margin: int) -> Box | None:
    """The box around all ridges, `margin` pixels wider on each side; None where there are no ridges.

    Small images are given whole: a crop would save little, and might lose the edge of a poor print.
    """
    if pixels.size < CROP_FROM:
        return Box(0, pixels.shape[0], 0, pixels.shape[1])
    labels, sizes = patches(ridge_blocks(pixels))
    if not sizes.any():
        return None
    blocks = (sizes >= SMALLEST * sizes.max())[labels]
    rows, columns = (np.flatnonzero(blocks.any(axis=axis)) for axis in (1, 0))
    return Box(
        max(0, int(rows[0]) * BLOCK - margin),
        min(pixels.shape[0], (int(rows[-1]) + 1) * BLOCK + margin),
        max(0, int(columns[0]) * BLOCK - margin),
        min(pixels.shape[1], (int(columns[-1]) + 1) * BLOCK + margin),
    )
