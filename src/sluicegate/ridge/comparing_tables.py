# SPDX-License-Identifier: Apache-2.0
"""Numbers and tables of the exact comparison on packed fingers, made once and used by every kernel.

All that needs an exponential, a sine or a root of quality is computed here, so that kernels in C and in
NumPy do nothing but integer sums and single IEEE operations and give equal results.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.cylinders import cells_within
from sluicegate.ridge.parameters import CylinderParameters, Parameters

LAYOUT = 1
DEAR = 4096  # the cost at which two minutiae no longer correspond, as an integer
ROWS = 384  # half pixels from -96 to 96
CELL = 2000  # value of a cell that lies on one neighbor of its own direction
TURN = 256
QUALITY = 15

_SCALARS = [
    *(
        (name, "<i4")
        for name in ("layout", "pairs", "alike", "seeds", "tries", "least", "seed_turn", "reach")
    ),
    *((name, "<i4") for name in ("neighbors", "least_neighbors", "cell_bar")),
    *((name, "<f4") for name in ("seed_distance", "seed_long", "seed_short")),
    *((name, "<f4") for name in ("wide", "narrow", "angle", "bend", "overlap")),
]
NUMBERS = np.dtype(
    [
        *_SCALARS,
        ("cosine", "<f4", (TURN,)),
        ("sine", "<f4", (TURN,)),
        ("cosine14", "<i4", (TURN,)),
        ("sine14", "<i4", (TURN,)),
        ("weight", "<i4", (QUALITY + 1, QUALITY + 1)),
        ("close", "<i4", (128,)),
        ("circle", "<u4", (8,)),
        ("across", "<u2", (ROWS, 8)),
        ("along", "<u2", (ROWS, 8)),
        ("sector", "<u2", (TURN, 4)),
    ]
)
"""The layout of `numbers_t` in native/compare.h; unpadded, little-endian."""


@lru_cache(maxsize=8)
def tables(parameters: Parameters) -> NDArray[Any]:
    """The numbers, shape (1,), of dtype NUMBERS; read-only."""
    made = np.zeros(1, dtype=NUMBERS)
    _scalars(made, parameters)
    turn = np.arange(TURN) * (2.0 * math.pi / TURN)
    made["cosine"], made["sine"] = np.cos(turn), np.sin(turn)
    made["cosine14"], made["sine14"] = np.rint(16384 * np.cos(turn)), np.rint(16384 * np.sin(turn))
    quality = np.arange(QUALITY + 1)
    made["weight"] = np.rint(255.0 * np.sqrt(np.outer(quality, quality)) / QUALITY)
    made["close"] = np.rint(65535.0 * np.exp(-(np.arange(128) + 0.5) / 128.0))
    _cylinder_tables(made, parameters.cylinder)
    made.flags.writeable = False
    return made


def _scalars(made: NDArray[Any], parameters: Parameters) -> None:
    c, k = parameters.compare, parameters.cylinder
    made["layout"] = LAYOUT
    made["pairs"], made["tries"], made["least"] = c.pairs, c.tries, c.least
    made["seeds"] = min(c.seeds, c.pairs)  # a seed is one of the pairs
    made["alike"] = max(1, math.floor(256 * c.alike))
    made["seed_turn"] = round(c.seed_angle * TURN / (2.0 * math.pi))
    # Length of (x, y) by its larger and smaller side, right to 4 %: no root in the innermost loop.
    made["seed_distance"] = c.seed_distance
    made["seed_long"], made["seed_short"] = c.seed_stretch * 0.960434, c.seed_stretch * 0.397825
    made["wide"], made["narrow"] = DEAR / c.first_distance**2, DEAR / c.distance**2
    # 2 (1 - cos a) stands for a squared: right to 1.5 % up to 0.4 rad.
    made["angle"] = 2.0 * DEAR / c.angle**2
    # (1 - d2 / (16 s2)) to the eighth stands for exp(-d2 / (2 s2)), and ends at four deviations.
    made["bend"] = 1.0 / (16.0 * c.bandwidth**2)
    made["overlap"] = c.overlap**2
    made["reach"] = math.floor((k.radius + 2.0 * k.spatial_sigma) ** 2)
    made["neighbors"], made["least_neighbors"] = k.neighbors, k.least
    made["cell_bar"] = round(CELL * k.threshold)


def _cylinder_tables(made: NDArray[Any], k: CylinderParameters) -> None:
    step = 2.0 * k.radius / k.side
    middles = (np.arange(k.side) - (k.side - 1) / 2.0) * step
    offset = (np.arange(ROWS) - ROWS / 2) / 2.0
    near = np.exp(-0.5 * ((offset[:, None] - middles) / k.spatial_sigma) ** 2)
    made["across"], made["along"] = np.rint(CELL * near), np.rint(65535.0 * near)
    turned = np.arange(TURN) * (2.0 * math.pi / TURN)
    off = np.abs(turned[:, None] - (np.arange(k.directions) + 0.5) * (2.0 * math.pi / k.directions))
    off = np.minimum(off, 2.0 * math.pi - off)
    made["sector"] = np.rint(65535.0 * np.exp(-0.5 * (off / k.angular_sigma) ** 2))
    cells = cells_within(k).reshape(k.side, k.side)
    # Bit sector * 8 + along of word `across`: one bit per sector for each cell within the circle.
    word = (cells << np.arange(k.side)).sum(axis=1)
    made["circle"] = sum(word << (k.side * d) for d in range(k.directions))
