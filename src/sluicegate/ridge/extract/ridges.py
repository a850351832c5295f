# SPDX-License-Identifier: Apache-2.0
"""Where an image shows friction ridges, and not print, handwriting, ruled lines, punch holes or paper.

Ridges repeat every 5 to 13 pixels at 500 ppi, so in a small window most of the energy lies at those
frequencies. A stroke or an edge spreads its energy down to lower ones. Blocks where the share is high over an
area, and contrast is not lost, are ridges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sluicegate.ridge.extract.interface import Pixels

Blocks = NDArray[np.bool_]

BLOCK = 16  # pixels: about two ridges at 500 ppi
WINDOW = 32  # pixels whose spectrum decides on the block in their middle
PERIODS = (5.0, 13.0)  # pixels from ridge to ridge
SHARE = 0.5  # of a window's energy within those periods, after smoothing over neighboring blocks
CONTRAST = 0.35  # of the contrast of the image's strongest tenth
FLOOR = 4.0  # gray levels of contrast that paper and sensor noise stay below
GRAIN = 2  # blocks: thinner bridges between patches are cut

NUMBERS = {
    "block": BLOCK,
    "window": WINDOW,
    "period_from": PERIODS[0],
    "period_to": PERIODS[1],
    "share": SHARE,
    "contrast": CONTRAST,
    "floor": FLOOR,
    "grain": GRAIN,
}


def ridge_blocks(pixels: Pixels) -> Blocks:
    """One value for every 16 by 16 pixels of an image at 500 ppi; the last row and column may be cut."""
    share, contrast = _spectrum(pixels)
    share, contrast = ndimage.gaussian_filter(share, 1.0), ndimage.gaussian_filter(contrast, 1.0)
    least = max(FLOOR, CONTRAST * float(np.percentile(contrast, 90)))
    grown: Blocks = ndimage.binary_opening((share >= SHARE) & (contrast >= least), iterations=GRAIN)
    return grown


def patches(blocks: Blocks) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Connected patches: a label for every block (0 for none), and the size in blocks by label."""
    labels, _ = ndimage.label(blocks)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return labels.astype(np.int32), sizes


def _spectrum(pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Per block: the share of energy at ridge frequencies, and the contrast in gray levels."""
    rows, columns = (-(-side // BLOCK) for side in pixels.shape)
    around = (WINDOW - BLOCK) // 2
    margins = [
        (around, count * BLOCK - side + around)
        for count, side in zip((rows, columns), pixels.shape, strict=True)
    ]
    padded = np.pad(pixels, margins, mode="symmetric").astype(np.float32)
    taper = np.hanning(WINDOW + 2)[1:-1].astype(np.float32)
    taper2 = np.outer(taper, taper)
    share = np.empty((rows, columns), dtype=np.float32)
    contrast = np.empty_like(share)
    weights, ring = _weights()
    for row in range(rows):  # one row of blocks at a time bounds the memory
        strip = padded[row * BLOCK : row * BLOCK + WINDOW]
        windows = np.lib.stride_tricks.sliding_window_view(strip, (WINDOW, WINDOW))[0, ::BLOCK]
        centered = (windows - windows.mean(axis=(1, 2), keepdims=True)) * taper2
        energy = np.abs(np.fft.rfft2(centered)) ** 2 * weights
        total = energy.sum(axis=(1, 2))
        share[row] = (energy * ring).sum(axis=(1, 2)) / np.maximum(total, 1.0)
        contrast[row] = np.sqrt(total / (WINDOW**2 * np.square(taper2).sum()))
    return share, contrast


def _weights() -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How often each value of a real transform counts, and which frequencies are those of ridges."""
    down, across = np.fft.fftfreq(WINDOW)[:, None], np.fft.rfftfreq(WINDOW)[None]
    frequency = np.hypot(down, across)
    once = (across == 0) | (across == 0.5)
    counts = np.where(once, 1.0, 2.0) * np.ones_like(frequency)
    return counts.astype(np.float32), (frequency >= 1 / PERIODS[1]) & (frequency <= 1 / PERIODS[0])
