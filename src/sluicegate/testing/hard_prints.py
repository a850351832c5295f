# SPDX-License-Identifier: Apache-2.0
"""Harder synthetic prints as a bureau would receive them: damaged, and gone through WSQ at 15 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sluicegate.itl.model import Image
from sluicegate.raster import encode
from sluicegate.raster.decode import decode
from sluicegate.ridge.synthetic.damage import Hardship, damaged
from sluicegate.ridge.synthetic.impression import Kind
from sluicegate.ridge.synthetic.person import Person

Pixels = NDArray[np.uint8]


def through_wsq(pixels: Pixels) -> Pixels:
    """What comes back of (rows, columns) uint8 after WSQ at the FBI's nominal rate, about 15 to 1.

    Raises:
        UsageError: a side is under 64 pixels.
    """
    rows, columns = pixels.shape
    coded = encode.wsq(pixels)
    return decode(Image(4, 0, 1, (0,), columns, rows, 500.0, 500.0, "WSQ", coded, 0)).pixels


def hard_print(
    person: Person, fgp: int, kind: Kind, session: int, hardship: Hardship, *, wsq: bool = True
) -> Pixels:
    """One impression of a person's finger under a hardship; the session is its chance throughout.

    Raises:
        UsageError: an argument is out of range.
    """
    picture = person.impression(fgp, kind, session, hardship.condition)
    chance = ((person.seed * 10 + fgp - 1) * 2 + int(kind == "rolled")) * 1000 + session
    return damaged(picture, chance, hardship.damage, through_wsq if wsq else None)
