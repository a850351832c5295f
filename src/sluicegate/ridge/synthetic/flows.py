# SPDX-License-Identifier: Apache-2.0
"""Several fingers' orientation fields at once, at scattered places, with how the ridges spread there.

The same field as `field.orientation`, which draws whole pictures one finger at a time. Here every array has
one row per finger, and singular points that a finger lacks weigh nothing. The spread (the divergence of the
unit vector along the ridge) says how many ridges must begin: where ridges drift apart and keep their
distance, new ones come in between (Wieditz, Pokern, Schuhmacher and Huckemann, "Characteristic and necessary
minutiae in fingerprints", 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sluicegate.ridge.synthetic.field import RECURVE_REACH, Flow, arch_place
from sluicegate.ridge.synthetic.smooth import FloatArray

_CORES = 2  # a whorl's; a finger has as many deltas as cores


@dataclass(frozen=True, slots=True, eq=False)
class _Slope:
    """An angle in radians, not folded, and its change per pixel to the right and upwards."""

    angle: FloatArray
    right: FloatArray
    up: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """A smooth random deviation of each finger's ridges: waves that are summed.

    `right` and `up` are float32 (w, n, 1), radians of phase per pixel; `phase` (w, n, 1) in radians; `height`
    in radians.
    """

    right: FloatArray
    up: FloatArray
    phase: FloatArray
    height: float

    @classmethod
    def draw(cls, rng: np.random.Generator, fingers: int, length: float, spread: float) -> Waves:
        """Three waves a finger, decorrelated over `length` pixels, of this spread in all, radians."""
        wave = rng.normal(0.0, 1.0 / length, (2, 3, fingers, 1)).astype(np.float32)
        phase = (2.0 * np.pi * rng.random((3, fingers, 1))).astype(np.float32)
        return cls(wave[0], wave[1], phase, spread * np.sqrt(2.0 / 3.0))

    def value(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """The deviation at places (n, m)."""
        risen: FloatArray = np.sin(self.right * x + self.up * y + self.phase).sum(axis=0)
        return np.float32(self.height) * risen

    def slope(self, x: FloatArray, y: FloatArray) -> _Slope:
        """The deviation and its change per pixel."""
        angle = self.right * x + self.up * y + self.phase
        height = np.float32(self.height)
        steep = height * np.cos(angle)
        return _Slope(
            height * np.sin(angle).sum(axis=0),
            (steep * self.right).sum(axis=0),
            (steep * self.up).sum(axis=0),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Fields of n fingers.

    `x`, `y`, `sign`, `first` and `second` are float32 (4, n, 1): the cores and then the deltas, pixels from
    the center with y up, +1/2 or -1/2 turn or 0 where absent, and the two bends; `axis` (2, n, 1) is each
    core's. `recurving`, `arching`, `middle`, `reach` (shares of the height), `height` and `width` are (n, 1).
    `waves`, if any, deviate the field as drawn.
    """

    x: FloatArray
    y: FloatArray
    sign: FloatArray
    first: FloatArray
    second: FloatArray
    axis: FloatArray
    recurving: FloatArray
    arching: FloatArray
    middle: FloatArray
    reach: FloatArray
    height: FloatArray
    width: FloatArray
    waves: Waves | None

    @classmethod
    def of(cls, flows: Sequence[Flow], waves: Waves | None = None) -> Flows:
        """The given fingers' fields together, deviating as the waves have it."""
        table = np.zeros((5, 2 * _CORES, len(flows), 1), dtype=np.float32)
        for n, flow in enumerate(flows):
            count = len(flow.cores)
            for row, point in enumerate(flow.cores + flow.deltas):
                at = row if row < count else _CORES + row - count
                table[:, at, n, 0] = (
                    point.real,
                    point.imag,
                    0.5 if row < count else -0.5,
                    flow.bends[row, 0],
                    flow.bends[row, 1],
                )
        plain = np.array(
            [[f.recurving, f.arching, *arch_place(f.pattern), *f.extent] for f in flows], dtype=np.float32
        ).T[..., None]
        unturned = np.zeros((_CORES, len(flows), 1), dtype=np.float32)
        bare = cls(*table, unturned, *plain, None)  # type: ignore[call-arg]  # six arrays in `plain`
        axis = [2.0 * bare._bare(bare.x[core], bare.y[core])[0].angle for core in range(_CORES)]
        return cls(*table, np.stack(axis), *plain, waves)  # type: ignore[call-arg]

    def at(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Orientation in radians, not folded, and spread in radians per pixel, at places (n, m).

        The spread is signed as seen along the orientation given: positive where ridges drift apart that way.
        """
        theta, sines, cosines, away, (dx, dy) = self._bare(x, y)
        angle, right, up = theta.angle, theta.right, theta.up
        width2: FloatArray = np.square(np.float32(RECURVE_REACH) * self.height)
        for core in range(_CORES):
            strength = self.sign[core] * self.recurving * np.exp(away[core] / (-2.0 * width2))
            cos_axis, sin_axis = np.cos(self.axis[core]), np.sin(self.axis[core])
            sine = sines[core] * cos_axis - cosines[core] * sin_axis
            cosine = cosines[core] * cos_axis + sines[core] * sin_axis
            turn, fall = cosine / away[core], sine / width2
            angle = np.subtract(angle, strength * sine)
            right = np.add(right, strength * (turn * dy[core] + fall * dx[core]))
            up = np.add(up, strength * (fall * dy[core] - turn * dx[core]))
        if self.waves is not None:
            wave = self.waves.slope(x, y)
            angle, right, up = np.add(angle, wave.angle), np.add(right, wave.right), np.add(up, wave.up)
        spread: FloatArray = np.asarray(np.cos(angle) * up - np.sin(angle) * right, dtype=np.float32)
        return np.asarray(angle, dtype=np.float32), spread

    def _bare(
        self, x: FloatArray, y: FloatArray
    ) -> tuple[_Slope, FloatArray, FloatArray, FloatArray, tuple[FloatArray, FloatArray]]:
        """The zero-pole field over its arch; and of each point sine, cosine, squared distance and way."""
        dx, dy = x - self.x, y - self.y
        away = np.maximum(dx * dx + dy * dy, np.float32(1e-6))
        inverse = 1.0 / np.sqrt(away)
        sine, cosine = dy * inverse, dx * inverse
        bend = self.first * sine + 2.0 * self.second * sine * cosine
        angle = (self.sign * (np.arctan2(dy, dx) + bend)).sum(axis=0)
        # The angle about a point changes by (-dy, dx) / r^2, times what the bends make of it.
        gain = self.sign * (1.0 + self.first * cosine + 2.0 * self.second * (1.0 - 2.0 * sine * sine)) / away
        arch = self._arch(x, y)
        slope = _Slope(
            angle + arch.angle, arch.right - (gain * dy).sum(axis=0), arch.up + (gain * dx).sum(axis=0)
        )
        return slope, sine, cosine, away, (dx, dy)

    def _arch(self, x: FloatArray, y: FloatArray) -> _Slope:
        """The angle of the plain arch that underlies the field."""
        off = (y / self.height - self.middle) / self.reach
        wave = np.float32(np.pi) / self.width
        lift = -self.arching * np.exp(-off * off)
        slope = lift * np.sin(wave * x)
        flat = 1.0 / (1.0 + slope * slope)
        return _Slope(
            np.arctan(slope),
            flat * lift * wave * np.cos(wave * x),
            flat * slope * (-2.0 * off / (self.reach * self.height)),
        )
