# SPDX-License-Identifier: Apache-2.0
"""Orientation fields of fingers: the zero-pole model of Sherlock and Monro (1993) by class of pattern.

Places are complex numbers in pixels at 500 ppi, x to the right and y UP, from the center of the finger.
Orientations are radians counter-clockwise from the x axis, modulo pi. A core is a zero (+1/2 turn), a delta
a pole (-1/2 turn). Following Vizcaya and Gerhardt (1996) the angle about each singular point is bent, here
by two harmonics instead of a broken line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

ComplexArray = NDArray[np.complex64]
FloatArray = NDArray[np.float32]


class Pattern(StrEnum):
    """Pattern classes as seen on the print; a left loop opens to the left of the picture."""

    ARCH = "arch"
    TENTED_ARCH = "tented arch"
    LEFT_LOOP = "left loop"
    RIGHT_LOOP = "right loop"
    WHORL = "whorl"


# Shares of the five classes over all fingers: Wilson, Candela and Watson, "Neural network fingerprint
# classification" (1993).
PROPORTIONS: tuple[tuple[Pattern, float], ...] = (
    (Pattern.ARCH, 0.037),
    (Pattern.TENTED_ARCH, 0.029),
    (Pattern.LEFT_LOOP, 0.338),
    (Pattern.RIGHT_LOOP, 0.317),
    (Pattern.WHORL, 0.279),
)


RECURVE_REACH = 0.16
"""Spread, as a share of the finger's height, of the region about a core where ridges recurve."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How the ridges of one finger run.

    Attributes:
        pattern: the class the flow was drawn from.
        cores: places of the zeros, as many as deltas.
        deltas: places of the poles.
        bends: (cores + deltas, 2) amplitudes, radians, of the harmonics that bend the angle about a point.
        recurving: how strongly, in radians, ridges near a core lie along its axis and turn about its tip.
        arching: height of the plain arch that underlies the field, as a slope.
        extent: (height, width) of the finger in pixels, the length scale of the plain arch.
    """

    pattern: Pattern
    cores: tuple[complex, ...]
    deltas: tuple[complex, ...]
    bends: NDArray[np.float64]
    recurving: float
    arching: float
    extent: tuple[float, float]


def draw_pattern(
    rng: np.random.Generator, proportions: tuple[tuple[Pattern, float], ...] = PROPORTIONS
) -> Pattern:
    """A pattern class by the given shares, which need not sum to one."""
    shares = np.cumsum([share for _, share in proportions])
    return proportions[int(np.searchsorted(shares, rng.uniform(0, shares[-1]), side="right"))][0]


def draw_flow(rng: np.random.Generator, pattern: Pattern, *, height: float, width: float) -> Flow:
    """Singular points and bends of one finger of the class, at random about their usual places."""
    cores, deltas = _singular_points(rng, pattern)
    scaled = [tuple(complex(p.real * width, p.imag * height) for p in points) for points in (cores, deltas)]
    arching = rng.uniform(0.75, 1.5) if pattern is Pattern.ARCH else rng.uniform(0.35, 0.9)
    bends = rng.normal(0.0, (0.12, 0.07), (len(cores) + len(deltas), 2))
    return Flow(pattern, scaled[0], scaled[1], bends, rng.uniform(0.5, 0.9), arching, (height, width))


def _singular_points(
    rng: np.random.Generator, pattern: Pattern
) -> tuple[tuple[complex, ...], tuple[complex, ...]]:
    """Cores and deltas as shares of the finger's width and height."""

    def near(x: float, y: float, spread: float = 0.03) -> complex:
        return complex(rng.normal(x, spread), rng.normal(y, spread))

    if pattern is Pattern.ARCH:
        return (), ()
    if pattern is Pattern.TENTED_ARCH:
        core = near(0.0, 0.04)
        return (core,), (core + complex(rng.normal(0.0, 0.012), -rng.uniform(0.14, 0.22)),)
    if pattern is Pattern.WHORL:
        middle = near(0.0, 0.05)
        half = rng.uniform(0.02, 0.11) * np.exp(1j * np.deg2rad(90 + rng.normal(0.0, 25.0)))
        return (middle + half, middle - half), (near(-0.31, -0.23, 0.04), near(0.31, -0.23, 0.04))
    side = 1.0 if pattern is Pattern.LEFT_LOOP else -1.0
    core = near(0.0, 0.06)
    return (core,), (core + complex(side * rng.uniform(0.18, 0.36), -rng.uniform(0.22, 0.36)),)


def orientation(flow: Flow, places: ComplexArray) -> FloatArray:
    """Orientation in radians, modulo pi, at each place; the same shape as `places`."""
    theta = _bare(flow, places)
    for core in flow.cores:
        theta -= _recurve(flow, core, places)
    folded: FloatArray = np.mod(theta, np.float32(np.pi))
    return folded


def _bare(flow: Flow, places: ComplexArray) -> FloatArray:
    """The zero-pole field over its arch, not folded. A singular point itself has the angle zero about it."""
    theta: FloatArray = np.arctan(_arch_slope(flow, places))
    signs = (1.0,) * len(flow.cores) + (-1.0,) * len(flow.deltas)
    for point, sign, (first, second) in zip(flow.cores + flow.deltas, signs, flow.bends, strict=True):
        around = np.angle(places - np.complex64(point))
        bent = around + np.float32(first) * np.sin(around) + np.float32(second) * np.sin(2 * around)
        theta += np.float32(0.5 * sign) * bent
    return theta


def _recurve(flow: Flow, core: complex, places: ComplexArray) -> FloatArray:
    """What to take from the field near a core so that its ridges are hairpins, not a fan."""
    # About the core the field is half the angle plus a constant, so ridges run straight out at twice that
    # constant.
    axis = 2.0 * float(_bare(flow, np.array([core], np.complex64))[0])
    away = places - np.complex64(core)
    near = np.exp(-(np.abs(away) ** 2) / np.float32(2 * (RECURVE_REACH * flow.extent[0]) ** 2))
    turned = np.sin(np.angle(away) - np.float32(axis))
    recurved: FloatArray = np.float32(0.5 * flow.recurving) * near * turned
    return recurved


def arch_place(pattern: Pattern) -> tuple[float, float]:
    """Where the underlying arch is steepest above the center, and its reach, as shares of the height."""
    return (-0.05, 0.33) if pattern is Pattern.ARCH else (0.3, 0.36)


def _arch_slope(flow: Flow, places: ComplexArray) -> FloatArray:
    """Slope of the underlying arch: up on the left, down on the right, dying away towards the flexion crease.

    In a plain arch it is steepest a little below the middle; elsewhere it rounds the ridges above the cores.
    """
    height, width = flow.extent
    middle, reach = arch_place(flow.pattern)
    lift = np.exp(-((((places.imag / np.float32(height)) - np.float32(middle)) / np.float32(reach)) ** 2))
    slope: FloatArray = -np.float32(flow.arching) * lift * np.sin(places.real * np.float32(np.pi / width))
    return slope
