# SPDX-License-Identifier: Apache-2.0
"""Background galleries without pictures: minutiae drawn straight from a point process on a ridge flow.

Directions follow the same zero-pole fields as the master prints, so that an impostor is told apart by its
minutiae and not by an orientation that no finger has. Places keep a hard-core distance, as minutiae of an
extractor do (Matern's second process).
"""

from __future__ import annotations

import numpy as np

from sluicegate.ridge.synthetic.anatomy import finger_pattern, finger_size, require_finger
from sluicegate.ridge.synthetic.field import ComplexArray, Flow, draw_flow, orientation
from sluicegate.ridge.synthetic.smooth import FloatArray, stream

FRAME = (750, 800)
"""Rows and columns of the box, in pixels at 500 ppi, in which the rolled finger lies about the middle."""

_PURPOSE = 0x7465
_CORE_DISTANCES = (7.0, 13.0)  # pixels: closer than that an extractor reports one minutia, seldom two
_FEWEST, _MOST = 60, 140


def minutiae_template(seed: int, fgp: int) -> FloatArray:
    """Minutiae of a rolled print that nobody has; equal arguments give equal bytes (see `master_print`).

    Args:
        seed: whole number >= 0, one person.
        fgp: finger position 1 to 10.

    Returns:
        (n, 4) float32, n from 60 to 140: x and y in pixels at 500 ppi (y down) within `FRAME`; theta in
        radians, 0 to below 2 pi, counter-clockwise from the x axis, along the ridge (ISO/IEC 19794-2);
        quality 0 to 1. Best first.

    Raises:
        UsageError: the seed or the position is out of range.
    """
    require_finger(seed, fgp)
    rng = stream(_PURPOSE, seed, fgp)
    height, width = finger_size(fgp)
    flow = draw_flow(rng, finger_pattern(rng, fgp), height=float(height), width=float(width))
    count = int(np.clip(rng.normal(98.0, 17.0), _FEWEST, _MOST))
    places = _spread_places(rng, flow, count)
    theta = _directions(rng, flow, places)
    quality = _qualities(rng, flow, places)
    template = _laid_down(rng, places, theta, quality)
    return template[np.argsort(-quality, kind="stable")]


def _spread_places(rng: np.random.Generator, flow: Flow, count: int) -> ComplexArray:
    """At most `count` places, apart as `_CORE_DISTANCES` has it, denser about cores and deltas."""
    height, width = flow.extent
    unit = rng.uniform(-1.0, 1.0, (6 * count, 2))
    inside = np.abs(unit[:, 0]) ** 3 + np.abs(unit[:, 1]) ** 3 < 1.0
    places = 0.475 * (unit[:, 0] * width + 1j * unit[:, 1] * height)
    density = np.full(places.size, 0.45)
    for point in flow.cores + flow.deltas:
        density += 0.5 * np.exp(-(np.abs(places - point) ** 2) / (2 * 50.0**2))
    kept = places[inside & (rng.uniform(0.0, 1.0, places.size) < density)]
    close = np.abs(kept[:, None] - kept[None, :]) < rng.uniform(*_CORE_DISTANCES, (kept.size, 1))
    # The order is at random already: whoever has an earlier neighbor too close gives way.
    spread: ComplexArray = kept[~np.tril(close, -1).any(axis=1)][:count].astype(np.complex64)
    return spread


def _directions(rng: np.random.Generator, flow: Flow, places: ComplexArray) -> FloatArray:
    """Along the ridge, either way; neighbors tend to point the same way; measured with some error."""
    # Waves of chance over the finger decide the way, so that runs of minutiae agree.
    wave = rng.normal(0.0, 1 / 60.0, (2, 3))
    sway = np.sin(
        np.outer(places.real, wave[0]) + np.outer(places.imag, wave[1]) + rng.uniform(0, 6.3, 3)
    ).sum(axis=1)
    opposed = sway + rng.normal(0.0, 1.4, places.size) < 0
    error = np.where(rng.uniform(0.0, 1.0, places.size) < 0.15, 0.4, 0.12) * rng.standard_normal(places.size)
    theta: FloatArray = (orientation(flow, places) + np.pi * opposed + error).astype(np.float32)
    return theta


def _qualities(rng: np.random.Generator, flow: Flow, places: ComplexArray) -> FloatArray:
    """Confidence: high in the middle, falling towards the rim and in a bad patch."""
    height, width = flow.extent
    rim = np.hypot(places.real / (0.5 * width), places.imag / (0.5 * height))
    patch = complex(rng.uniform(-0.4, 0.4) * width, rng.uniform(-0.4, 0.4) * height)
    bad = np.exp(-(np.abs(places - patch) ** 2) / (2 * 60.0**2))
    level = 2.0 - 1.8 * rim**3 - 1.8 * bad + rng.normal(0.0, 1.2, places.size)
    quality: FloatArray = (0.3 + 0.7 / (1.0 + np.exp(-level))).astype(np.float32)
    return quality


def _laid_down(
    rng: np.random.Generator, places: ComplexArray, theta: FloatArray, quality: FloatArray
) -> FloatArray:
    """The finger in its box: turned, shifted, rows counted downwards."""
    turn = float(np.deg2rad(np.clip(rng.normal(0.0, 6.0), -20.0, 20.0)))
    shift = np.clip(rng.normal(0.0, 25.0, 2), -60.0, 60.0)
    turned = places * np.complex64(np.exp(1j * turn))
    x = FRAME[1] / 2 + shift[0] + turned.real
    y = FRAME[0] / 2 + shift[1] - turned.imag
    full_turn = np.float32(2 * np.pi)
    heading = np.mod(theta + np.float32(turn), full_turn)
    # float32 rounding may bring a tiny negative angle up to the full turn itself.
    heading = np.where(heading >= full_turn, np.float32(0.0), heading)
    return np.stack([x, y, heading, quality], axis=1).astype(np.float32)
