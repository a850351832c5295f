# SPDX-License-Identifier: Apache-2.0
"""What differs from finger to finger: sizes, and how often each pattern class is met at each position."""

from __future__ import annotations

import numpy as np

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.field import Pattern, draw_pattern

LITTLE = 5
"""Fingers 1 to 5 are the right hand from thumb to little finger, 6 to 10 the left (FGP)."""

# Height and width in pixels at 500 ppi of the rolled print, thumb to little finger: round figures.
_SIZES = ((480, 544), (448, 496), (456, 512), (448, 496), (416, 432))

# Arch, tented arch, radial loop, ulnar loop, whorl: shares at each finger, thumb to little finger. These
# are our own round figures, not a published table. They keep what dactyloscopy has long counted (radial
# loops and arches gather on the index, whorls on thumb and ring finger, ulnar loops on middle and little
# finger), and all fingers together come near `field.PROPORTIONS`, which is published.
_SHARES = (
    (0.03, 0.01, 0.01, 0.53, 0.42),
    (0.08, 0.07, 0.18, 0.36, 0.31),
    (0.05, 0.04, 0.02, 0.70, 0.19),
    (0.02, 0.02, 0.01, 0.51, 0.44),
    (0.01, 0.01, 0.01, 0.83, 0.14),
)


def require_finger(seed: int, fgp: int) -> None:
    """Refuse a negative seed and a position that is not one of the ten fingers.

    Raises:
        UsageError: either is out of range.
    """
    if seed < 0 or not 1 <= fgp <= 2 * LITTLE:
        raise UsageError("a synthetic finger needs a seed >= 0 and a finger position of 1 to 10")


def finger_size(fgp: int) -> tuple[int, int]:
    """(height, width) in pixels at 500 ppi of the rolled print of finger position 1 to 10."""
    return _SIZES[(fgp - 1) % LITTLE]


def finger_pattern(rng: np.random.Generator, fgp: int) -> Pattern:
    """A class drawn by its share at finger position 1 to 10. Ulnar loops open towards the little finger."""
    arch, tented, radial, ulnar, whorl = _SHARES[(fgp - 1) % LITTLE]
    # On paper the little finger of the right hand is to the right of the others.
    right, left = (ulnar, radial) if fgp <= LITTLE else (radial, ulnar)
    return draw_pattern(
        rng,
        (
            (Pattern.ARCH, arch),
            (Pattern.TENTED_ARCH, tented),
            (Pattern.RIGHT_LOOP, right),
            (Pattern.LEFT_LOOP, left),
            (Pattern.WHORL, whorl),
        ),
    )
