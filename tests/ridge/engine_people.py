# SPDX-License-Identifier: Apache-2.0
"""People of minutiae for the tests of comparison and search: enrolled prints, and second impressions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.synthetic.templates import minutiae_template
from sluicegate.ridge.template import FingerTemplate, Template

Minutiae = NDArray[np.float32]
FRAME = 2000  # pixels; roomy enough for any rotation of a print about its middle


def print_of(person: int, fgp: int) -> Minutiae:
    """The enrolled minutiae of one finger, in the middle of the frame."""
    minutiae = minutiae_template(person, fgp)
    minutiae[:, :2] += 600.0
    return minutiae


def moved(minutiae: Minutiae, *, turn: float, x: float, y: float) -> Minutiae:
    """The same minutiae turned counter-clockwise by `turn` radians about their middle, and shifted."""
    middle = minutiae[:, :2].mean(axis=0)
    d = minutiae[:, :2] - middle
    cos, sin = np.cos(turn), np.sin(turn)
    out = minutiae.copy()
    out[:, 0] = cos * d[:, 0] + sin * d[:, 1] + middle[0] + x
    out[:, 1] = cos * d[:, 1] - sin * d[:, 0] + middle[1] + y
    out[:, 2] = np.mod(minutiae[:, 2] + turn, 2 * np.pi)
    return out


def second(minutiae: Minutiae, seed: int, *, plain: bool = False) -> Minutiae:
    """Another impression: 30 % lost, some added, jittered, stretched, moved; `plain`: the middle only."""
    rng = np.random.default_rng(seed)
    middle = np.median(minutiae[:, :2], axis=0)
    out = minutiae[rng.uniform(size=len(minutiae)) > 0.3].copy()
    if plain:
        d = (out[:, :2] - middle) / (110.0, 160.0)
        out = out[(d * d).sum(axis=1) < 1.0]
    d = (out[:, :2] - middle) / 150.0
    bend = rng.uniform(-5.0, 5.0, (2, 2))
    out[:, 0] += bend[0, 0] * d[:, 0] ** 2 + bend[0, 1] * d[:, 1]
    out[:, 1] += bend[1, 0] * d[:, 1] ** 2 + bend[1, 1] * d[:, 0]
    out[:, :2] += rng.normal(0.0, 2.0, (len(out), 2))
    out[:, 2] += rng.normal(0.0, 0.12, len(out))
    low, high = out[:, :2].min(axis=0), out[:, :2].max(axis=0)
    extra = max(2, len(out) // 8)
    added = np.column_stack(
        [rng.uniform(low, high, (extra, 2)), rng.uniform(0, 2 * np.pi, extra), rng.uniform(0.3, 0.7, extra)]
    )
    out = np.concatenate([out, added]).astype(np.float32)
    out[:, 2] = np.mod(out[:, 2], 2 * np.pi)
    turn, x, y = rng.uniform(-0.4, 0.4), rng.uniform(-80, 80), rng.uniform(-80, 80)
    return moved(out, turn=float(turn), x=float(x), y=float(y)).astype(np.float32)


def finger(fgp: int, minutiae: Minutiae, *, imp: int = 1) -> FingerTemplate:
    """One image's template in the common frame."""
    return FingerTemplate(fgp, imp, FRAME, FRAME, np.ascontiguousarray(minutiae, dtype=np.float32))


def template(*fingers: FingerTemplate, extractor: str = "made") -> Template:
    """A template by the extractor of this module."""
    return Template(extractor, "1", fingers)


def person(number: int) -> Template:
    """Ten rolled fingers."""
    return template(*(finger(fgp, print_of(number, fgp)) for fgp in range(1, 11)))


def rebooked(number: int, seed: int, *, plain: bool = False) -> Template:
    """Another booking of the same person."""
    return template(
        *(finger(fgp, second(print_of(number, fgp), seed * 100 + fgp, plain=plain)) for fgp in range(1, 11))
    )
