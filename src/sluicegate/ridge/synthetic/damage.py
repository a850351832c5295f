# SPDX-License-Identifier: Apache-2.0
"""Harder pictures: what befalls a print between the finger and the file, on request.

Clean synthetic prints are far too easy to compare. What makes real ones hard comes in two kinds. The contact
itself (little overlap, strong distortion, rotation) is a `Condition` of `impression`. The paper and its
handling are here: skin that was dry, wet or slid in places, the printed box and the handwriting of a card, a
punched hole, and whatever a codec does, which the caller hands in as a function of pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.impression import EVERYDAY, Condition, Picture
from sluicegate.ridge.synthetic.smooth import FloatArray, stream, surface

Codec = Callable[[Picture], Picture]
"""Pixels to the pixels that come back after coding and decoding; the same shape."""

_PURPOSE = 0x6461
_PAPER = 253.0
_HOLE = 69.0  # pixels: half of the 7 mm that an office punch takes out
_REACH = (38.0, 85.0)  # pixels: half axes of a spoiled patch, 2 to 4 mm


@dataclass(frozen=True, slots=True)
class Damage:
    """What befell a picture. Counts are means of Poisson draws, so that some pictures escape.

    Attributes:
        dry: patches where the ridges break up.
        wet: patches where the furrows fill with ink or sweat.
        smudged: patches where the finger slid.
        box: whether the printed lines of the card's box run through the picture.
        strokes: strokes of handwriting.
        hole: whether the card was punched through the print.
    """

    dry: float = 0.0
    wet: float = 0.0
    smudged: float = 0.0
    box: bool = False
    strokes: float = 0.0
    hole: bool = False


@dataclass(frozen=True, slots=True)
class Hardship:
    """One way in which prints are hard: how the finger met the paper, and what befell the picture after."""

    condition: Condition
    damage: Damage


_PATCHY = replace(EVERYDAY, pressure=0.28, patches=0.32, grain=0.55)
HARDSHIPS: dict[str, Hardship] = {
    "low overlap": Hardship(replace(EVERYDAY, coverage=0.62, shift=14.0), Damage()),
    "distorted": Hardship(replace(EVERYDAY, elastic=4.5, pull=16.0), Damage()),
    "turned": Hardship(replace(EVERYDAY, rotation=28.0), Damage()),
    "patches": Hardship(_PATCHY, Damage(dry=2.5, wet=1.5, smudged=1.5)),
    "card": Hardship(EVERYDAY, Damage(box=True, strokes=3.0)),
    "punched": Hardship(EVERYDAY, Damage(hole=True)),
    "hard": Hardship(
        replace(_PATCHY, rotation=15.0, elastic=3.5, pull=11.0, coverage=0.72, scratches=4.0, blotches=0.10),
        Damage(dry=2.0, wet=1.0, smudged=1.0, box=True, strokes=2.0),
    ),
}
"""Each hardship alone, then all but the hole together; the numbers are ours, chosen by eye."""


def damaged(picture: Picture, seed: int, damage: Damage, codec: Codec | None = None) -> Picture:
    """The picture after what befell it; equal arguments give equal bytes.

    Args:
        picture: (rows, columns) uint8, dark ridges on white, at least 128 pixels a side.
        seed: whole number >= 0, this picture's own chance.
        damage: what befell it.
        codec: coding and decoding, last of all, such as WSQ at 15 to 1.

    Raises:
        UsageError: the seed is negative or a side is under 128 pixels.
    """
    if seed < 0 or min(picture.shape) < 128:
        raise UsageError("damage needs a seed >= 0 and a picture of at least 128 pixels a side")
    rng = stream(_PURPOSE, seed)
    grey: FloatArray = picture.astype(np.float32)
    for often, spoil in ((damage.dry, _dried), (damage.wet, _flooded), (damage.smudged, _slid)):
        for _ in range(rng.poisson(often)):
            share = _patch(rng, grey)
            grey += share * (spoil(rng, grey) - grey)
    if damage.box:
        _draw_box(rng, grey)
    for _ in range(rng.poisson(damage.strokes)):
        _write(rng, grey)
    if damage.hole:
        _punch(rng, grey)
    spoiled: Picture = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return codec(spoiled) if codec else spoiled


def _spot(rng: np.random.Generator, grey: FloatArray) -> tuple[float, float]:
    """A place on the print: row and column near the middle, where the ink is."""
    rows, columns = grey.shape
    row, column = rng.normal(0.5, 0.15, 2).clip(0.15, 0.85) * (rows, columns)
    return float(row), float(column)


def _patch(rng: np.random.Generator, grey: FloatArray) -> FloatArray:
    """How far each pixel belongs to a ragged ellipse at random, 0 to 1."""
    rows, columns = grey.shape
    row, column = _spot(rng, grey)
    down, across = rng.uniform(*_REACH, 2)
    y = ((np.arange(rows) - row) / down)[:, None]
    x = ((np.arange(columns) - column) / across)[None, :]
    ragged = np.float32(0.25) * surface(rng, (rows, columns), 25.0)
    share: FloatArray = np.clip(2.5 * (1.0 - np.hypot(y, x) + ragged), 0.0, 1.0).astype(np.float32)
    return share


def _dried(rng: np.random.Generator, grey: FloatArray) -> FloatArray:
    """Ridges broken into specks: only where a coarse noise is high does ink reach the paper."""
    specks = surface(rng, (grey.shape[0], grey.shape[1]), 2.6)
    touching = np.clip(np.float32(1.5) * specks, 0.0, 1.0)
    dry: FloatArray = np.float32(_PAPER) - (np.float32(_PAPER) - grey) * touching
    return dry


def _flooded(rng: np.random.Generator, grey: FloatArray) -> FloatArray:
    """Furrows filled: the darkest neighbor within three to five pixels, blurred."""
    size = int(rng.integers(3, 6))
    darkest = ndimage.grey_erosion(grey, size=(size, size))
    wet: FloatArray = ndimage.gaussian_filter(darkest, 1.6, truncate=2.5)
    return wet


def _slid(rng: np.random.Generator, grey: FloatArray) -> FloatArray:
    """The mean over a short way in one direction: ink drawn along as the finger moved."""
    angle, length = rng.uniform(0.0, np.pi), rng.uniform(9.0, 18.0)
    steps = np.linspace(-0.5, 0.5, 9)
    moved = [
        ndimage.shift(grey, (length * s * np.sin(angle), length * s * np.cos(angle)), order=1, mode="nearest")
        for s in steps
    ]
    slid: FloatArray = np.mean(moved, axis=0, dtype=np.float32)
    return slid


def _draw_box(rng: np.random.Generator, grey: FloatArray) -> None:
    """The box of a card, in place: one line across, one down, and a row of small type along the first."""
    rows, columns = grey.shape
    at_row = int(rows * rng.choice([rng.uniform(0.06, 0.2), rng.uniform(0.8, 0.94)]))
    at_column = int(columns * rng.choice([rng.uniform(0.06, 0.2), rng.uniform(0.8, 0.94)]))
    tone = rng.uniform(30.0, 80.0)
    np.minimum(grey[at_row : at_row + 3], tone, out=grey[at_row : at_row + 3])
    np.minimum(grey[:, at_column : at_column + 3], tone, out=grey[:, at_column : at_column + 3])
    column = int(columns * rng.uniform(0.1, 0.4))
    for _ in range(int(rng.integers(6, 12))):
        # A letter of five by seven cells; what it says does not matter, its strokes look like minutiae.
        letter = np.kron(rng.uniform(size=(7, 5)) < 0.5, np.ones((2, 2), dtype=bool))
        top, left = at_row + 8, column
        cut = grey[top : top + 14, left : left + 10]
        np.minimum(cut, tone, out=cut, where=letter[: cut.shape[0], : cut.shape[1]])
        column += 14


def _write(rng: np.random.Generator, grey: FloatArray) -> None:
    """One stroke of a pen, in place: a smooth wandering line three to five pixels wide."""
    rows, columns = grey.shape
    row, column = rng.uniform(0.1, 0.9) * rows, rng.uniform(0.0, 0.6) * columns
    count, length = 6, rng.uniform(0.3, 0.7) * columns
    knots = np.stack([rng.normal(0.0, 24.0, count), np.linspace(0.0, length, count)])
    path = ndimage.zoom(knots, (1, 3 * length / count), order=3, mode="nearest", grid_mode=False)
    y, x = path[0] + row, path[1] + column
    breadth = rng.uniform(1.5, 2.5)
    tone = rng.uniform(30.0, 90.0)
    reach = int(np.ceil(breadth))
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dx * dx + dy * dy <= breadth * breadth:
                i, j = np.rint(y + dy).astype(np.intp), np.rint(x + dx).astype(np.intp)
                inside = (i >= 0) & (i < rows) & (j >= 0) & (j < columns)
                grey[i[inside], j[inside]] = np.minimum(grey[i[inside], j[inside]], tone)


def _punch(rng: np.random.Generator, grey: FloatArray) -> None:
    """A round hole, in place: the scanner's lid shows through, with the shadow of the paper's edge."""
    rows, columns = grey.shape
    row, column = _spot(rng, grey)
    away = np.hypot(np.arange(rows)[:, None] - row, np.arange(columns)[None, :] - column)
    grey[away < _HOLE] = 244.0
    grey[(away >= _HOLE - 3.0) & (away < _HOLE)] = 120.0
