# SPDX-License-Identifier: Apache-2.0
"""Master prints: the ridges of one synthetic finger, grown from noise along a drawn field.

As in SFinGe (Cappelli, Maio, Maltoni 2002) noise is filtered again and again with filters tuned to the local
orientation and frequency; minutiae arise by themselves where grown ridges do not fit. Here the filters are
steerable (Freeman and Adelson 1991): a Gaussian about the local ridge normal is summed from its angular
harmonics, so that every pixel gets exactly its own orientation from a dozen global Fourier filters. Growth
happens at half resolution, where the period of the ridges is still over three pixels; the last response is
band-limited, so that Fourier interpolation brings it to 500 ppi without loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.field import Flow, Pattern, draw_flow, draw_pattern, orientation
from sluicegate.ridge.synthetic.smooth import FloatArray, stream, surface

HEIGHT, WIDTH = 448, 496
"""Default size of a finger in pixels at 500 ppi: about 0.9 by 1 inch, a finger rolled nail to nail."""

_PURPOSE = 0x6D61
_PAD = 16  # pixels grown beyond each edge and cut off, because Fourier filters wrap around
_BAND_PERIODS = (7.4, 9.1, 11.2)  # pixels at 500 ppi, even steps of log frequency
_BAND_WIDTH = 0.26  # spread in log frequency; wider makes more minutiae
_ANGLE_WIDTH = 0.21  # spread in radians about the ridge normal
_HARMONICS = 6  # exp(-(2 * 6 * 0.21)**2 / 2) = 0.04: what is left out cannot be seen
_PASSES = 5  # more make fewer minutiae
_CREST_GAIN = 2.4  # how nearly binary the finished ridges are
_PORE_DEPTH, _PORE_SPREAD = 1.3, 1.1  # in units of ridge height; pixels


@dataclass(frozen=True, slots=True, eq=False)
class Master:
    """The ridges of one finger, before any contact.

    Attributes:
        ridges: (height, width) float32 in [-1, 1], 500 ppi, read-only; positive on ridges, nearly binary.
        flow: the field that the ridges follow.
        period: mean distance of ridges in pixels.
    """

    ridges: FloatArray
    flow: Flow
    period: float


def master_print(
    seed: int, *, height: int = HEIGHT, width: int = WIDTH, pattern: Pattern | None = None
) -> Master:
    """Grow the finger of `seed`.

    The same arguments give the same bytes on one NumPy, SciPy and kind of processor: vector units of another
    width may round the last bit differently.

    Args:
        seed: whole number >= 0.
        height: pixels at 500 ppi, 128 to 1,024.
        width: likewise.
        pattern: the class, or None to draw one by its share in the population.

    Raises:
        UsageError: a size or the seed is out of range.
    """
    if seed < 0 or not (128 <= height <= 1024 and 128 <= width <= 1024):
        raise UsageError("a master print needs a seed >= 0 and sides of 128 to 1024 pixels")
    rng = stream(_PURPOSE, seed)
    drawn = draw_pattern(rng)
    flow = draw_flow(rng, pattern or drawn, height=float(height), width=float(width))
    coarse = (
        fft.next_fast_len((height + 1) // 2 + _PAD, real=True),
        fft.next_fast_len((width + 1) // 2 + _PAD, real=True),
    )
    theta = _orientation_map(rng, flow, coarse)
    mean_period = float(np.clip(rng.normal(9.1, 0.45), 8.0, 10.4))
    response = _grow(rng, theta, _band_weights(_period_map(rng, flow, coarse, mean_period)))
    ridges = _crop(_double(response), height, width)
    # Where ridges end or meet the response is weak; evened out, they stay as black as elsewhere.
    strength = np.sqrt(ndimage.gaussian_filter(ridges**2, 0.5 * mean_period, truncate=2.5))
    ridges = np.tanh(np.float32(_CREST_GAIN) * ridges / np.maximum(strength, np.float32(1e-6)))
    finished = _pierced(rng, ridges)
    finished.setflags(write=False)
    return Master(finished, flow, mean_period)


def _places(shape: tuple[int, int]) -> NDArray[np.complex64]:
    """Places of the half-resolution pixels, as `field` counts them."""
    y = (shape[0] - 1) - 2.0 * np.arange(shape[0])
    x = 2.0 * np.arange(shape[1]) - (shape[1] - 1)
    return (x[None, :] + 1j * y[:, None]).astype(np.complex64)


def _orientation_map(rng: np.random.Generator, flow: Flow, shape: tuple[int, int]) -> FloatArray:
    wander = np.float32(0.06) * surface(rng, shape, 45.0)
    return orientation(flow, _places(shape)) + wander


def _period_map(
    rng: np.random.Generator, flow: Flow, shape: tuple[int, int], mean_period: float
) -> FloatArray:
    """Ridge distance in pixels at 500 ppi: wider below the center, narrower about it, wandering slowly."""
    places = _places(shape) / np.float32(flow.extent[0])
    below = np.clip(-places.imag, 0.0, 0.5)
    center = np.exp(-(np.abs(places) ** 2) / np.float32(0.03))
    relative = 1.0 + 0.22 * below - 0.04 * center + 0.05 * surface(rng, shape, 55.0)
    period: FloatArray = np.clip(np.float32(mean_period) * relative, 7.0, 12.0).astype(np.float32)
    return period


def _band_weights(period: FloatArray) -> FloatArray:
    """(bands, rows, columns) shares of the frequency bands that make up each pixel's frequency."""
    place = np.interp(np.log(period), np.log(_BAND_PERIODS), np.arange(len(_BAND_PERIODS)))
    shares = [np.clip(1.0 - np.abs(place - band), 0.0, 1.0) for band in range(len(_BAND_PERIODS))]
    return np.stack(shares).astype(np.float32)


@lru_cache(maxsize=8)
def _bank(shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Radial filters (bands, rows, half columns) and angular ones (1 + 2 harmonics, rows, half columns)."""
    fy = fft.fftfreq(shape[0])[:, None]
    fx = fft.rfftfreq(shape[1])[None, :]
    log_radius = np.log(np.maximum(np.hypot(fy, fx), 1e-6))
    bands = np.stack(
        [
            np.exp(-((log_radius - np.log(2.0 / period)) ** 2) / (2 * _BAND_WIDTH**2))
            for period in _BAND_PERIODS
        ]
    )
    # Rows run down and orientations count upwards; the quarter turn leads from the ridge to its normal.
    angle = np.arctan2(-fy, fx) - np.pi / 2
    angular = [np.ones_like(angle)]
    for n in range(1, _HARMONICS + 1):
        share = 2.0 * np.exp(-((2 * n * _ANGLE_WIDTH) ** 2) / 2)
        angular += [share * np.cos(2 * n * angle), share * np.sin(2 * n * angle)]
    bank = (bands.astype(np.float32), np.stack(angular).astype(np.float32))
    for filters in bank:
        filters.setflags(write=False)
    return bank


def _steering(theta: FloatArray) -> FloatArray:
    """(1 + 2 harmonics, rows, columns) weights that turn the angular filters to each pixel's orientation."""
    turn = np.exp(2j * theta).astype(np.complex64)
    power, rows = turn, [np.ones_like(theta)]
    for _ in range(_HARMONICS):
        rows += [power.real, power.imag]
        power = power * turn
    return np.stack(rows)


def _grow(rng: np.random.Generator, theta: FloatArray, weights: FloatArray) -> FloatArray:
    """Filter noise `_PASSES` times; the last response is returned linear, hence band-limited."""
    steering = _steering(theta)
    ridges = rng.standard_normal(theta.shape, dtype=np.float32)
    response = _filtered(ridges, steering, weights)
    for _ in range(_PASSES - 1):
        ridges = np.tanh(response * np.float32(2.0 / np.sqrt(np.mean(response**2))))
        response = _filtered(ridges, steering, weights)
    return response


def _filtered(ridges: FloatArray, steering: FloatArray, weights: FloatArray) -> FloatArray:
    """One pass: every pixel through the filter of its own orientation and frequency."""
    bands, angular = _bank((ridges.shape[0], ridges.shape[1]))
    spectrum = fft.rfft2(ridges)
    total = np.zeros_like(ridges)
    for band, weight in zip(bands, weights, strict=True):
        banded = spectrum * band
        part = np.zeros_like(ridges)
        for harmonic, steer in zip(angular, steering, strict=True):
            part += steer * fft.irfft2(banded * harmonic, s=ridges.shape)
        total += weight * part
    return total


def _double(response: FloatArray) -> FloatArray:
    """Fourier interpolation to twice the resolution, exact for the band-limited response."""
    rows, columns = response.shape
    spectrum = fft.rfft2(response)
    wide = np.zeros((2 * rows, columns + 1), np.complex64)
    half = rows // 2
    wide[:half, : spectrum.shape[1]] = spectrum[:half]
    wide[-half:, : spectrum.shape[1]] = spectrum[-half:]
    doubled: FloatArray = fft.irfft2(wide, s=(2 * rows, 2 * columns)).astype(np.float32)
    return doubled


def _crop(picture: FloatArray, height: int, width: int) -> FloatArray:
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def _pierced(rng: np.random.Generator, ridges: FloatArray) -> FloatArray:
    """The ridges with pores: dips at random places near crests, which pressure fills and dryness opens."""
    height, width = ridges.shape
    x = rng.integers(3, width - 3, height * width // 110)
    y = rng.integers(3, height - 3, height * width // 110)
    crest = ridges[y, x] > 0.85
    x, y = x[crest], y[crest]
    depth = np.float32(_PORE_DEPTH) * rng.uniform(0.3, 1.0, x.size).astype(np.float32)
    pierced = ridges.copy()
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            dip = np.float32(np.exp(-(dx * dx + dy * dy) / (2 * _PORE_SPREAD**2)))
            np.subtract.at(pierced, (y + dy, x + dx), depth * dip)
    return np.clip(pierced, -1.0, 1.0)
