# SPDX-License-Identifier: Apache-2.0
"""Minutiae made to cost or to fit everything; run as a program, a whole search of them within limits.

``python hostile_shapes.py KERNEL`` takes one kernel away from the process's choice, sets hard limits on its
processor time and address space, lets every shape be searched, enrolled and traced, and prints what came out.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from engine_people import FRAME, finger, print_of, second, template
from numpy.typing import NDArray

from sluicegate.ridge import comparing, screening
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.fast import FastEngine
from sluicegate.ridge.gallery_packed import PackedGallery
from sluicegate.ridge.native.dispatch import Kernel
from sluicegate.ridge.template import Template
from sluicegate.ridge.trace import trace

P = numbers.load()
NARROW = replace(P, fast=replace(P.fast, keep=8, share=0.2, survivors=(0.3,) * 10, stay=6))
"""So few survivors that a small gallery passes the coarse pass as a large one does."""

FINGERS = (2, 3, 7)
HONEST = 10
CPU_S = 40
ADDRESS_SPACE = 2 << 30


def noise(count: int) -> NDArray[np.float32]:
    """Minutiae anywhere in the frame, in any direction."""
    rng = np.random.default_rng(count)
    top = np.array([FRAME, FRAME, 2 * np.pi, 1.0])
    return (rng.uniform(0.0, 1.0, (count, 4)) * top).astype(np.float32)


def heap(count: int) -> NDArray[np.float32]:
    """All in one place and direction."""
    return np.tile(np.array([[700.0, 700.0, 1.0, 1.0]], dtype=np.float32), (count, 1))


def lattice(count: int) -> NDArray[np.float32]:
    """On a lattice, all in one direction: every placement fits as well as every other."""
    rows, columns = np.divmod(np.arange(count), 32)
    ones = np.ones(count)
    return np.column_stack([400 + columns * 9.0, 400 + rows * 9.0, ones, ones]).astype(np.float32)


def corners(count: int) -> NDArray[np.float32]:
    """In the four corners of the frame, in the least and the largest direction."""
    found = noise(count)
    found[:, :2] = np.where(found[:, :2] > FRAME / 2, float(FRAME), 0.0)
    found[:, 2] = np.where(found[:, 2] > np.pi, np.float32(2 * np.pi), 0.0)
    return found


SHAPES: dict[str, Callable[[int], NDArray[np.float32]]] = {
    "noise of 150": lambda _: noise(150),
    "noise of 10,000": lambda _: noise(10_000),
    "one place": lambda _: heap(1_000),
    "lattice": lambda _: lattice(1_000),
    "corners": lambda _: corners(400),
    "none": lambda _: noise(0),
    "one": lambda _: noise(1),
    "each six times": lambda fgp: np.repeat(print_of(900, fgp), 6, axis=0),
}
"""Minutiae of one finger position, by what they are called."""


def hostile(name: str, fgps: tuple[int, ...] = FINGERS) -> Template:
    """A person of one shape."""
    return template(*(finger(fgp, SHAPES[name](fgp)) for fgp in fgps))


def honest(number: int) -> Template:
    """A person with prints."""
    return template(*(finger(fgp, print_of(number, fgp)) for fgp in FINGERS))


def again(number: int) -> Template:
    """The same person's prints, taken again."""
    return template(*(finger(fgp, second(print_of(number, fgp), 7 * number + fgp)) for fgp in FINGERS))


def answers() -> dict[str, object]:
    """Every shape searched, and an honest person, among honest people and every shape."""
    gallery = PackedGallery(NARROW)
    for number in range(HONEST):
        gallery.enrol(f"honest {number}", honest(number))
    for name in SHAPES:
        gallery.enrol(name, hostile(name))
    probes = {name: hostile(name) for name in SHAPES}
    probes["a slap of 10,000"] = hostile("noise of 10,000", (13, 14))
    probes["honest 4"] = again(4)
    told: dict[str, object] = {}
    for name, probe in probes.items():
        found = FastEngine(NARROW).identify(probe, [gallery])
        told[name] = {
            "compared": found.work.compared,
            "candidates": {
                one.subject: [one.similarity, one.similarity >= P.fusion.grey[max(one.compared, 1) - 1]]
                for one in found.candidates
            },
            "traced": float(trace(probe, honest(4), NARROW)["similarity"]),
        }
    return told


def main() -> None:
    """Only this kernel, within limits."""
    kernel = Kernel(sys.argv[1])
    for module in (comparing, screening):
        module.KERNELS = (kernel,)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    print(json.dumps(answers()))


if __name__ == "__main__":
    main()
