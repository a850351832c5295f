# SPDX-License-Identifier: Apache-2.0
"""The extractor LEADER: pixels to minutiae through the network of `leader_graph`.

Source: pyfing 0.7.3, `minutiae_end_to_end.py`, whose padding and peak picking are followed. The threshold,
the crop to the ridges and the windows are ours. The network halves the picture five times, so what it finds
depends on where the grid of 32 by 32 pixels lies: crops and windows keep the grid that the whole image has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from sluicegate.ridge.extract import frame, ridges
from sluicegate.ridge.extract.frame import Box
from sluicegate.ridge.extract.interface import Pixels, parameters_digest
from sluicegate.ridge.extract.leader_graph import DIGEST_KEY, MULTIPLE, build_leader
from sluicegate.ridge.extract.weights import published_weights
from sluicegate.ridge.template import Minutiae

THRESHOLD = 0.3  # confidence; of 0.3 to 0.6 it gave the lowest error rates on eight FVC sets
MARGIN = 64  # pixels kept around the box of the blocks that surely show ridges
WINDOW_PIXELS = 640_000  # what the network sees at once; keeps a worker under 1.4 GB of address space
OVERLAP = 128  # pixels that neighboring windows share; a minutia belongs to the nearer middle

PARAMETERS = parameters_digest(
    {
        "threshold": THRESHOLD,
        "margin": MARGIN,
        "window": WINDOW_PIXELS,
        "overlap": OVERLAP,
        "crop_from": frame.CROP_FROM,
        "smallest": frame.SMALLEST,
        "grid": MULTIPLE,
        **ridges.NUMBERS,
    }
)


@dataclass(frozen=True, slots=True)
class _Window:
    """What the network sees, and the part of it that it answers for."""

    seen: Box
    owned: Box


class LeaderExtractor:
    """LEADER on one processor core.

    The session is built once and survives a fork: with one thread there are no threads to lose.
    """

    def __init__(self, model: bytes, *, threshold: float = THRESHOLD) -> None:
        """Take the ONNX bytes that `leader_graph.build_leader` gave."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Sizes differ from image to image; remembered allocation patterns would only hold memory.
        options.enable_mem_pattern = False
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        digest = self._session.get_modelmeta().custom_metadata_map.get(DIGEST_KEY, "")
        self._threshold = threshold
        own = "" if threshold == THRESHOLD else f"-{threshold:g}"
        self.parameters = PARAMETERS + own
        self.id = f"leader-{digest[:12]}-{self.parameters}"

    def extract(self, pixels: Pixels, ppi: float) -> Minutiae:
        """Minutiae in reading order, at 500 ppi; quality is the network's confidence.

        Raises:
            ImageRefused: the resolution or the size is not that of a fingerprint.
        """
        whole = frame.to_500(pixels, ppi)
        box = frame.foreground(whole, MARGIN)
        if box is None:
            return np.empty((0, 4), dtype=np.float32)
        padded, origin = _padded(whole)
        windows = _windows(_on_grid(box, origin), padded.shape)
        found = np.concatenate([self._look(padded, window) for window in windows])
        found[:, :2] -= np.array(origin[::-1], dtype=np.float32)
        inside = (found[:, :2] >= 0) & (found[:, :2] < whole.shape[::-1])
        return found[inside.all(axis=1)]

    def maps(self, pixels: Pixels) -> NDArray[np.float32]:
        """The network's maps for these pixels alone, shape (3, rows, columns), padded as published."""
        padded, (top, left) = _padded(pixels)
        rows, columns = pixels.shape
        return self._run(padded)[:, top : top + rows, left : left + columns]

    def _run(self, pixels: Pixels) -> NDArray[np.float32]:
        image = np.ascontiguousarray(pixels, dtype=np.float32)[None, None]
        maps: NDArray[np.float32] = self._session.run(["maps"], {"image": image})[0][0]
        return maps

    def _look(self, pixels: Pixels, window: _Window) -> Minutiae:
        cosine, sine, confidence = self._run(window.seen.cut(pixels))
        y, x = np.nonzero(confidence >= self._threshold)
        theta = np.mod(np.arctan2(sine[y, x], cosine[y, x]), np.float32(2 * np.pi))
        quality = np.minimum(confidence[y, x], 1.0)
        rows = np.stack([x + window.seen.left, y + window.seen.top, theta, quality], axis=1).astype(
            np.float32
        )
        own = window.owned
        inside = (rows[:, 0] >= own.left) & (rows[:, 0] < own.right)
        inside &= (rows[:, 1] >= own.top) & (rows[:, 1] < own.bottom)
        return rows[inside]


def published_leader() -> LeaderExtractor:
    """LEADER with the weights of the installed pyfing.

    Raises:
        SettingsError: the weights are not installed.
    """
    return LeaderExtractor(build_leader(published_weights()))


def _padded(pixels: Pixels) -> tuple[Pixels, tuple[int, int]]:
    """The image in the middle of sides that are multiples of 32, and the row and column where it begins."""
    missing = [-side % MULTIPLE for side in pixels.shape]
    before = missing[0] // 2, missing[1] // 2
    around = [(first, whole - first) for first, whole in zip(before, missing, strict=True)]
    return np.pad(pixels, around, constant_values=pixels[0, 0]), before


def _on_grid(box: Box, origin: tuple[int, int]) -> Box:
    """The box in the padded image, grown to whole steps of the grid."""
    (top, bottom), (left, right) = (
        ((low + begin) // MULTIPLE * MULTIPLE, -(-(high + begin) // MULTIPLE) * MULTIPLE)
        for low, high, begin in zip((box.top, box.left), (box.bottom, box.right), origin, strict=True)
    )
    return Box(top, bottom, left, right)


def _windows(box: Box, shape: tuple[int, ...]) -> Iterator[_Window]:
    """As few windows over a box on the grid as the cap on their size allows, all of them on the grid."""
    down, across = _grid(box.bottom - box.top, box.right - box.left)
    for rows, own_rows in _spans(box.top, box.bottom, down, shape[0]):
        for columns, own_columns in _spans(box.left, box.right, across, shape[1]):
            yield _Window(Box(*rows, *columns), Box(*own_rows, *own_columns))


def _grid(height: int, width: int) -> tuple[int, int]:
    """How many windows down and across make the least area, none above the cap."""
    counts = [(down, across) for down in range(1, 13) for across in range(1, 13)]
    sides = {(d, a): (_length(height, d), _length(width, a)) for d, a in counts}
    fitting = [count for count in counts if sides[count][0] * sides[count][1] <= WINDOW_PIXELS]
    return min(fitting, key=lambda count: (count[0] * count[1] * sides[count][0] * sides[count][1], count))


def _length(extent: int, count: int) -> int:
    """Length of each of `count` overlapping windows that cover `extent`, a multiple of 32."""
    return -(-(extent + (count - 1) * OVERLAP) // (count * MULTIPLE)) * MULTIPLE


def _spans(
    start: int, stop: int, count: int, limit: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Seen and owned spans along one axis. A span grows into the image where there is room up to `limit`."""
    length = _length(stop - start, count)
    step = (stop - start - length) / max(1, count - 1)
    firsts = [start + round(n * step / MULTIPLE) * MULTIPLE for n in range(count)]
    edges = [start, *(round((a + length + b) / 2) for a, b in pairwise(firsts)), stop]
    for n, first in enumerate(firsts):
        # The last pixels before the image's edge come from moving the window back, not from padding.
        begin = max(0, min(first, limit - length))
        yield (begin, min(limit, begin + length)), (edges[n], edges[n + 1])
