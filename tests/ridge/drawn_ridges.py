# SPDX-License-Identifier: Apache-2.0
"""Pictures of ridges whose minutiae are known, and sheets with fingertips, print and handwriting."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from sluicegate.ridge.extract.interface import Pixels

TIPS = ((-370.0, 90.0), (-120.0, -90.0), (130.0, -110.0), (370.0, 60.0))
"""x, y of a hand's four fingertips from the middle of the sheet, in pixels; y runs down."""


def ending(degrees: float, side: int = 240, period: float = 9.0) -> Pixels:
    """Ridges in which one dark ridge ends in the middle of the picture.

    The angle of ISO/IEC 19794-2 at that ending, back along the ridge, is `degrees` counter-clockwise.
    """
    turn = math.radians(degrees - 180)
    row, column = np.mgrid[0:side, 0:side] - side / 2
    x = column * math.cos(turn) - row * math.sin(turn)
    y = column * math.sin(turn) + row * math.cos(turn)
    wave = 2 * np.pi * y / period - np.arctan2(y, x) + np.pi
    return np.rint(128 - 100 * np.cos(wave)).astype(np.uint8)


def whirls(rows: int, columns: int, scale: float = 1.0) -> Pixels:
    """Rings of ridges, 9 pixels apart, with five minutiae; `scale` pixels where there is one at 500."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64) / scale
    phase = 2 * np.pi * np.hypot(x - 130, y - 160) / 9
    for cx, cy, sign in ((90, 100, 1), (190, 140, -1), (150, 230, 1), (60, 200, -1), (200, 220, 1)):
        phase += sign * np.arctan2(y - cy, x - cx)
    return np.rint(128 + 100 * np.cos(phase)).astype(np.uint8)


def hand(
    shown: tuple[int, ...] = (0, 1, 2, 3), *, lean: float = 0.0, size: float = 1.0, joints: bool = False
) -> Pixels:
    """A sheet with the fingertips of TIPS by index, all leaning `lean` degrees to the right.

    `size` scales the hand, not its ridges; with `joints` each finger shows its second joint below the tip.
    """
    sheet = np.random.default_rng(7).integers(225, 255, (900, 1300)).astype(np.uint8)
    row, column = np.mgrid[0:900, 0:1300].astype(np.float64)
    turn = math.radians(lean)
    across = (column - 650) * math.cos(turn) + (row - 450) * math.sin(turn)
    down = (row - 450) * math.cos(turn) - (column - 650) * math.sin(turn)
    for x, y in (TIPS[n] for n in shown):
        for below, rx, ry in ((0.0, 85.0, 130.0), (275.0, 75.0, 85.0))[: 1 + joints]:
            u, v = across - size * x, down - size * (y + below)
            inside = (u / (size * rx)) ** 2 + (v / (size * ry)) ** 2 <= 1
            sheet[inside] = (128 + 100 * np.cos(2 * np.pi * np.hypot(u, 0.8 * (v - 30)) / 9))[inside]
    return sheet


def middle(index: int, *, lean: float = 0.0, size: float = 1.0) -> tuple[float, float]:
    """Where `hand` puts the middle of a tip, as (x, y)."""
    (x, y), turn = TIPS[index], math.radians(lean)
    return (
        650 + size * (x * math.cos(turn) - y * math.sin(turn)),
        450 + size * (x * math.sin(turn) + y * math.cos(turn)),
    )


def written_on(sheet: Pixels, seed: int) -> Pixels:
    """The sheet with ruled lines, print, strokes of a pen, also across the fingers, and punch holes."""
    rng = np.random.default_rng(seed)
    picture = Pillow.fromarray(sheet)
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    for at in (40, height - 40):
        draw.line((0, at, width, at), fill=0, width=4)
    draw.line((width // 2, 0, width // 2, height), fill=30, width=2)
    for _ in range(12):
        x, y = int(rng.integers(0, width - 300)), int(rng.integers(0, height))
        draw.text(
            (x, y), "LEFT FOUR FINGERS TAKEN SIMULTANEOUSLY", fill=20, font_size=int(rng.integers(14, 30))
        )
    for _ in range(6):
        pen = [float(v) for v in np.cumsum(rng.normal(0, 35, (12, 2)), axis=0).ravel()]
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        points = [(x + a, y + b) for a, b in zip(pen[::2], pen[1::2], strict=True)]
        draw.line(points, fill=40, width=3)
    for x in (60, width - 60):
        draw.ellipse((x - 35, 60, x + 35, 130), fill=0)
    return np.asarray(picture)
