# SPDX-License-Identifier: Apache-2.0
"""Impressions: what one contact of a finger leaves on paper or platen.

The finger is turned, shifted, bent at random and, outside the part that sticks, pulled by the skin's plastic
distortion (Cappelli, Maio, Maltoni 2001). Pressure and dryness move the height at which a ridge prints. All
maps run backwards: from a pixel of the picture to a place on the finger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.master import Master
from sluicegate.ridge.synthetic.smooth import FloatArray, stream, surface

Kind = Literal["rolled", "plain"]
Picture = NDArray[np.uint8]

MARGIN = 24
"""Pixels of background that the picture has beyond the master on each side."""

_PURPOSE = 0x696D


@dataclass(frozen=True, slots=True)
class Condition:
    """How finger, ink and operator were that day. Spreads are standard deviations of normal draws.

    Attributes:
        rotation: spread in degrees.
        shift: spread in pixels.
        elastic: spread in pixels of smooth random bending.
        pull: spread in pixels of the plastic pull at the rim of the contact.
        pressure: spread of the printing height, in units of ridge height; about 0 is even ridges and furrows.
        patches: spread of the printing height within one impression.
        grain: spread of pixel noise on the ridges, in units of ridge height.
        scratches: mean number of white lines.
        blotches: share 0 to below 1 of the area where noise drowns the ridges.
        coverage: mean share 0..1 of the usual contact, along each axis.
        ink: mean darkness of a ridge, 0..1.
    """

    rotation: float
    shift: float
    elastic: float
    pull: float
    pressure: float
    patches: float
    grain: float
    scratches: float
    blotches: float
    coverage: float
    ink: float


CLEAN = Condition(3.0, 4.0, 1.0, 1.5, 0.05, 0.08, 0.15, 0.0, 0.0, 1.0, 0.88)
EVERYDAY = Condition(8.0, 9.0, 2.0, 4.0, 0.18, 0.22, 0.40, 1.5, 0.04, 0.95, 0.82)
POOR = Condition(13.0, 14.0, 3.0, 7.0, 0.38, 0.42, 0.75, 5.0, 0.20, 0.82, 0.72)
CONDITIONS: dict[str, Condition] = {"clean": CLEAN, "everyday": EVERYDAY, "poor": POOR}


def impression(
    master: Master, seed: int, kind: Kind, condition: Condition = EVERYDAY, *, turn: float = 0.0
) -> Picture:
    """A grey picture, 500 ppi, ridges dark on white, `MARGIN` larger than the master on each side.

    Args:
        master: the finger.
        seed: whole number >= 0, this contact's own chance; the same arguments give the same bytes.
        kind: "rolled" from nail to nail, or "plain", pressed flat.
        condition: one of `CONDITIONS` or one's own.
        turn: degrees clockwise by which the finger was meant to be turned, before chance adds to it.

    Raises:
        UsageError: the seed is negative or the kind unknown.
    """
    if seed < 0 or kind not in ("rolled", "plain"):
        raise UsageError("an impression needs a seed >= 0 and a kind of rolled or plain")
    rng = stream(_PURPOSE, seed)
    x, y = _finger_places(rng, master, kind, condition, turn)
    height, width = master.ridges.shape
    places = np.stack([y + np.float32((height - 1) / 2), x + np.float32((width - 1) / 2)])
    ridges: FloatArray = ndimage.map_coordinates(master.ridges, places, order=1, mode="nearest")
    contact = _contact(rng, x / np.float32(width / 2), y / np.float32(height / 2), kind, condition)
    printed = _printed(rng, ridges, contact, condition)
    _scratch(rng, printed, condition)
    return _toned(rng, printed, condition)


def _finger_places(
    rng: np.random.Generator, master: Master, kind: Kind, condition: Condition, degrees: float
) -> tuple[FloatArray, FloatArray]:
    """For each pixel of the picture the place on the finger: x right, y down, pixels from its center."""
    height, width = master.ridges.shape
    shape = (height + 2 * MARGIN, width + 2 * MARGIN)
    turn = np.deg2rad(rng.normal(degrees, condition.rotation))
    shift = np.clip(rng.normal(0.0, condition.shift, 2), -2 * MARGIN, 2 * MARGIN)
    v = (np.arange(shape[0], dtype=np.float32) - np.float32((shape[0] - 1) / 2 + shift[1]))[:, None]
    u = (np.arange(shape[1], dtype=np.float32) - np.float32((shape[1] - 1) / 2 + shift[0]))[None, :]
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x, y = cos * u + sin * v, cos * v - sin * u
    radius = (x / np.float32(width / 2)) ** 2 + (y / np.float32(height / 2)) ** 2
    slip = np.clip(radius * np.float32(1.6) - np.float32(0.2), 0.0, 1.0)
    pull = rng.normal(0.0, condition.pull, 2).astype(np.float32)
    torque = np.float32(rng.normal(0.0, condition.pull) / (0.5 * height))
    # Pressed flat, the sides of a round finger crowd together; rolled, they are laid out in full.
    crowding = np.float32(0.08 if kind == "plain" else 0.0) * (x / np.float32(width / 2)) ** 2
    elastic = np.float32(condition.elastic)
    bent_x = x * (1 + crowding) + elastic * surface(rng, shape, 110.0) + slip * (pull[0] - torque * y)
    bent_y = y + elastic * surface(rng, shape, 110.0) + slip * (pull[1] + torque * x)
    return bent_x, bent_y


def _contact(
    rng: np.random.Generator, x: FloatArray, y: FloatArray, kind: Kind, condition: Condition
) -> FloatArray:
    """How well each place touches: 1 well inside, 0 at the rim, negative outside.

    `x` and `y` are places on the finger as shares of its half sides.
    """
    reach = condition.coverage * np.clip(rng.normal(1.0, 0.04, 2), 0.85, 1.1)
    rim_x, rim_y, off_x, off_y = (0.95, 0.95, 0.01, 0.01) if kind == "rolled" else (0.58, 0.86, 0.04, 0.04)
    # What is missing from the usual contact is missing on one side: the finger was tipped or slid off.
    missing = (1.0 - reach) * rng.uniform(-1.0, 1.0, 2)
    across = np.abs((x - np.float32(rng.normal(missing[0], off_x))) / np.float32(rim_x * reach[0]))
    along = np.abs((y - np.float32(rng.normal(missing[1], off_y))) / np.float32(rim_y * reach[1]))
    across, along = across * across, along * along
    # A rolled print is nearly a rectangle, a plain one nearly an ellipse.
    radius = across * np.sqrt(across) + along * np.sqrt(along) if kind == "rolled" else across + along
    ragged = np.float32(0.04) * surface(rng, (x.shape[0], x.shape[1]), 20.0)
    depth: FloatArray = np.clip((1 - radius + ragged) * np.float32(4.0), -1.0, 1.0)
    return depth


def _printed(
    rng: np.random.Generator, ridges: FloatArray, contact: FloatArray, condition: Condition
) -> FloatArray:
    """Ink 0..1 that each place leaves."""
    shape = (ridges.shape[0], ridges.shape[1])
    overall = np.float32(rng.normal(0.0, condition.pressure))
    height = overall + np.float32(condition.patches) * surface(rng, shape, 70.0)
    noise = _grain(rng, shape)
    amount = np.float32(condition.grain)
    if condition.blotches > 0:
        over = surface(rng, shape, 60.0) - np.float32(special.ndtri(1 - condition.blotches))
        noise = noise * (amount + 2 * amount * np.clip(3 * over, 0.0, 1.0))
    else:
        noise = noise * amount
    # Towards the rim the skin only brushes the paper: ridges thin out and break up before they end.
    brushing = np.float32(1.3) * (1 - np.clip(contact, -1.0, 1.0))
    level = ridges + height + noise * (1 + brushing) - brushing
    ink: FloatArray = np.float32(0.5) + np.float32(0.5) * np.tanh(np.float32(2.2) * level)
    return np.where(contact > 0, ink, 0.0).astype(np.float32)


def _grain(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Noise of unit spread whose grains are about two pixels wide."""
    white = rng.standard_normal((shape[0] + 2, shape[1] + 2), dtype=np.float32)
    return _smeared(white) * np.float32(8 / 3)


def _smeared(picture: FloatArray) -> FloatArray:
    """A 1-2-1 blur along both axes, without the outermost pixels."""
    rows = picture[:-2] + 2 * picture[1:-1] + picture[2:]
    smeared: FloatArray = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) * np.float32(1 / 16)
    return smeared


def _scratch(rng: np.random.Generator, ink: FloatArray, condition: Condition) -> None:
    """Wipe ink away, in place, along slightly curved lines two to five pixels wide."""
    height, width = ink.shape
    for _ in range(rng.poisson(condition.scratches)):
        length, breadth, bend = rng.uniform(40, 200), rng.uniform(1.0, 4.0), rng.normal(0.0, 12.0)
        along, across = np.meshgrid(np.linspace(-1, 1, int(2 * length)), np.linspace(-0.5, 0.5, 10))
        across = across * breadth * (1 - along**2) + bend * along**2
        line = along * length / 2 + 1j * across
        place = line * np.exp(1j * rng.uniform(0, np.pi)) + complex(
            rng.uniform(0, width), rng.uniform(0, height)
        )
        x, y = np.rint(place.real).astype(np.intp).ravel(), np.rint(place.imag).astype(np.intp).ravel()
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        ink[y[inside], x[inside]] = 0.0


def _toned(rng: np.random.Generator, ink: FloatArray, condition: Condition) -> Picture:
    """Grey values of the ink: uneven darkness, a little optical blur, sensor noise."""
    shape = (ink.shape[0], ink.shape[1])
    darkness = condition.ink * rng.uniform(0.94, 1.06) + 0.05 * surface(rng, shape, 90.0)
    grey = 253 - 255 * _smeared(np.pad(ink, 1)) * darkness
    grey += np.float32(1.5) * rng.standard_normal(shape, dtype=np.float32)
    picture: Picture = np.clip(grey, 0, 255).astype(np.uint8)
    return picture
