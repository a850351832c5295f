# SPDX-License-Identifier: Apache-2.0
"""Telling the fingers of a slap apart."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from sluicegate.ridge.extract import frame, slap
from sluicegate.ridge.extract.ridges import BLOCK, ridge_blocks

CENTERS = ((160, 420), (400, 240), (640, 220), (880, 380))  # x, y of four fingertips


def _paper(width: int = 1040, height: int = 720) -> np.ndarray:
    """Paper with a little even noise."""
    return np.random.default_rng(7).integers(225, 255, (height, width)).astype(np.uint8)


def _print_tip(pixels: np.ndarray, x: int, y: int, *, rx: int = 85, ry: int = 130) -> None:
    """Put an ellipse of arched ridges, 9 pixels apart, onto the paper."""
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float64)
    inside = ((columns - x) / rx) ** 2 + ((rows - y) / ry) ** 2 <= 1
    wave = 128 + 100 * np.cos(2 * np.pi * np.hypot(columns - x, 0.8 * (rows - y - 30)) / 9)
    pixels[inside] = wave[inside].astype(np.uint8)


def _hand(centers: tuple[tuple[int, int], ...] = CENTERS) -> np.ndarray:
    pixels = _paper()
    for x, y in centers:
        _print_tip(pixels, x, y)
    return pixels


def _scribble(pixels: np.ndarray) -> np.ndarray:
    """The same with print, a ruled line, strokes and a punch hole, none of them on a finger."""
    picture = Pillow.fromarray(pixels)
    draw = ImageDraw.Draw(picture)
    draw.line((0, 60, 1040, 60), fill=0, width=4)
    draw.text((100, 20), "FOUR FINGERS TAKEN SIMULTANEOUSLY", fill=0)
    for at in range(0, 160, 40):
        draw.line((120 + at, 620, 150 + at, 700), fill=40, width=6)
    draw.ellipse((700, 600, 790, 690), fill=0)
    return np.asarray(picture)


def _middles(fingers: slap.Slap) -> list[tuple[float, float]]:
    """Middle of each finger's area in pixels, as (x, y)."""
    places = [np.argwhere(fingers.labels == n + 1).mean(axis=0) for n in range(len(fingers.fgps))]
    return [((column + 0.5) * BLOCK, (row + 0.5) * BLOCK) for row, column in places]


@pytest.mark.parametrize(("fgp", "names"), [(13, (2, 3, 4, 5)), (14, (10, 9, 8, 7))])
def test_four_fingers_are_named_from_left_to_right(fgp: int, names: tuple[int, ...]) -> None:
    """A right slap begins with the index finger and a left one with the little one, scribbled on or not."""
    for pixels in (_hand(), _scribble(_hand())):
        found = slap.split(pixels, fgp)
        assert found is not None
        assert found.fgps == names
        for (x, y), center in zip(_middles(found), CENTERS, strict=True):
            assert np.hypot(x - center[0], y - center[1]) < 40


def test_print_and_handwriting_are_not_ridges() -> None:
    """A scribbled sheet without prints has no block of ridges, and no box of them."""
    sheet = _scribble(_paper())
    assert not ridge_blocks(sheet).any()
    assert frame.foreground(sheet, 64) is None


def test_a_second_joint_is_no_finger_and_keeps_its_minutiae() -> None:
    """A patch below a fingertip is not counted, and its minutiae are given to no finger."""
    pixels = _hand()
    _print_tip(pixels, 410, 560, rx=75, ry=100)
    found = slap.split(pixels, 13)
    assert found is not None
    minutiae = np.array([[400, 240, 0, 1], [410, 570, 0, 1], [640, 220, 0, 1]], dtype=np.float32)
    given = [found.finger(n, minutiae)[:, :2].tolist() for n in range(4)]
    assert given == [[], [[400, 240]], [[640, 220]], []]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_nothing_is_guessed_when_fingers_are_missing(count: int) -> None:
    """A four-finger slap that shows fewer than four fingers stays whole."""
    assert slap.split(_hand(CENTERS[:count]), 13) is None


def test_a_plain_thumb_becomes_its_finger() -> None:
    """FGP 11 and 12 give the thumbs 1 and 6, and an FGP of a rolled finger is not split."""
    thumb = _hand(CENTERS[:1])
    assert [getattr(slap.split(thumb, fgp), "fgps", None) for fgp in (11, 12, 3)] == [(1,), (6,), None]


def test_a_crop_keeps_every_ridge() -> None:
    """The box around the ridges of a large image holds all of them and is smaller than the image."""
    pixels = _scribble(_hand(CENTERS[1:3]))
    box = frame.foreground(pixels, 64)
    assert box is not None
    assert (box.top, box.left) <= (110, 315)
    assert box.bottom >= 370
    assert box.right >= 725
    assert (box.bottom - box.top) * (box.right - box.left) < 0.6 * pixels.size
