# SPDX-License-Identifier: Apache-2.0
"""What extraction saw in one image, by name: where it shows ridges, whose they are, what the network says.

`IMAGE` names everything. The network's maps are those of the whole image, while the extractor shows a large
image to the network in parts; the parts lie on one grid, so the maps differ little.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.extract import frame, ridges, slap
from sluicegate.ridge.extract.interface import Pixels
from sluicegate.ridge.trace import Array, Trace

IMAGE: Mapping[str, str] = MappingProxyType(
    {
        "pixels": "uint8 (rows, columns): the image at 500 ppi",
        "ridge_blocks": "bool (b, c): blocks of 16 by 16 pixels that show ridges",
        "patches": "int32 (b, c): number of the connected patch of each block, 0 for none",
        "slap_labels": "int32 (b, c): 1 + index into slap_fingers, 0 for nobody; zeros for one finger",
        "slap_fingers": "int32 (f,): finger positions of a slap, from left to right; none if not told apart",
        "confidence": "float32 (rows, columns): the network's confidence in a minutia; (0, 0) if not asked",
        "direction": "float32 (rows, columns): the direction it would have, radians; (0, 0) if not asked",
    }
)
"""Arrays of one image: name to type, shape and meaning."""

Maps = Callable[[Pixels], NDArray[np.float32]]
"""The network's maps (3, rows, columns): cosine, sine, confidence; `LeaderExtractor.maps`."""


def trace_image(
    pixels: Pixels, ppi: float, fgp: int, *, missing: Collection[int] = (), maps: Maps | None = None
) -> Trace:
    """Every name of `IMAGE`, for an image of this finger position.

    Raises:
        ImageRefused: the resolution or the size is not that of a fingerprint.
    """
    whole = frame.to_500(pixels, ppi)
    blocks = ridges.ridge_blocks(whole)
    labels, _ = ridges.patches(blocks)
    apart = slap.split(whole, fgp, missing) if fgp in slap.FINGERS else None
    confidence = direction = np.zeros((0, 0), dtype=np.float32)
    if maps is not None:
        cosine, sine, confidence = maps(whole)
        direction = np.arctan2(sine, cosine)
    found: dict[str, Array] = {
        "pixels": whole,
        "ridge_blocks": blocks,
        "patches": labels,
        "slap_labels": np.zeros_like(labels) if apart is None else apart.labels,
        "slap_fingers": np.array(() if apart is None else apart.fgps, dtype=np.int32),
        "confidence": confidence,
        "direction": direction,
    }
    return {name: found[name] for name in IMAGE}
