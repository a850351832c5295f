# SPDX-License-Identifier: Apache-2.0
"""What every extractor promises."""

from __future__ import annotations

import hashlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.template import Minutiae

Pixels = NDArray[np.uint8]
"""Shape (rows, columns), uint8: gray levels, ridges dark."""


class Extractor(Protocol):
    """Finds the minutiae of one image.

    * `id` names the program, its weights and its tuned numbers; `parameters` is the digest of the latter.
      Minutiae of different ids are never comparable.
    * `extract` gives minutiae in the frame of `sluicegate.ridge.template`: at 500 ppi, whatever `ppi` is.
    * The same pixels give the same minutiae. An image without ridges gives none.
    * `extract` raises ImageRefused for an image it cannot read; calls may not overlap.
    """

    @property
    def id(self) -> str: ...

    @property
    def parameters(self) -> str: ...

    def extract(self, pixels: Pixels, ppi: float) -> Minutiae: ...


def parameters_digest(numbers: dict[str, float]) -> str:
    """Twelve hexadecimal digits that name these tuned numbers."""
    text = ";".join(f"{name}={value!r}" for name, value in sorted(numbers.items()))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]
