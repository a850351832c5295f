# SPDX-License-Identifier: Apache-2.0
"""Pictures for the examiner, as PNG at 500 ppi: one finger, or all ten small on one sheet.

Images are decoded in disposable workers and kept nowhere. An image counts only if its size is that of the
template's frame, so minutiae never lie over another picture; where none is held, or two could be meant, the
picture is blank.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from starlette.requests import Request
from starlette.responses import Response

from sluicegate.errors import InputRefused, Missing, WorkerLost
from sluicegate.itl.model import Image
from sluicegate.raster import encode
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.jobs import decode_apart, decode_workshop
from sluicegate.ridge.extract import frame
from sluicegate.ridge.fusion import POSITIONS
from sluicegate.ridge.template import FingerTemplate
from sluicegate.web.operator.examiner_prints import (
    Compared,
    candidate_of,
    compared,
    images_of,
    showing,
    shown_part,
    waiting_case,
)
from sluicegate.web.operator.frame import Desk, Seen
from sluicegate.web.operator.sessions import Person

TILE = 120
"""Side of one finger on a sheet, in pixels."""
WHY = "comparison by an examiner"
SIDES = ("probe", "candidate")
_PAPER, _INK = 255, 60
_MOST = 3  # images of one position that are decoded to find the one that fits

Pixels = NDArray[np.uint8]


class Decoders:
    """Workers that decode, started with the first picture; they end with the site."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workshop: Workshop | None = None

    def __call__(self) -> Workshop:
        """The workshop."""
        with self._lock:
            if self._workshop is None:
                self._workshop = decode_workshop(slots=2)
                weakref.finalize(self, self._workshop.close)
            return self._workshop


def fitting(workshop: Workshop, images: Sequence[Image], finger: FingerTemplate) -> Pixels | None:
    """The image at 500 ppi that a finger was extracted from, or None where none or more than one fits."""
    found: list[Pixels] = []
    for image in showing(images, finger)[:_MOST]:
        try:
            pixels = frame.to_500(decode_apart(workshop, image).pixels, image.ppi_h or frame.PPI)
        except (InputRefused, WorkerLost):
            continue
        if pixels.shape == (finger.height, finger.width):
            found.append(pixels)
    return found[0] if len(found) == 1 else None


def part_of(pixels: Pixels, finger: FingerTemplate) -> Pixels:
    """What of an image is shown."""
    box = shown_part(finger)
    return pixels[box.top : box.top + box.height, box.left : box.left + box.width]


def tile(pixels: Pixels | None, finger: FingerTemplate) -> Pixels:
    """One finger of a sheet, (TILE, TILE): its picture made small, or its minutiae on blank."""
    box = shown_part(finger)
    scale = min(1.0, TILE / max(box.width, box.height))
    made = np.full((TILE, TILE), _PAPER, dtype=np.uint8)
    if pixels is not None:
        size = (max(1, round(box.width * scale)), max(1, round(box.height * scale)))
        small = Picture.fromarray(np.ascontiguousarray(part_of(pixels, finger)))
        drawn = np.asarray(small.resize(size, Picture.Resampling.BOX), np.uint8)
        top, left = (TILE - drawn.shape[0]) // 2, (TILE - drawn.shape[1]) // 2
        made[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
        return made
    off_x, off_y = (TILE - box.width * scale) / 2, (TILE - box.height * scale) / 2
    for x, y in finger.minutiae[:, :2]:
        column = min(TILE - 2, max(1, round((float(x) - box.left) * scale + off_x)))
        row = min(TILE - 2, max(1, round((float(y) - box.top) * scale + off_y)))
        made[row - 1 : row + 2, column - 1 : column + 2] = _INK
    return made


def sheet(workshop: Workshop, found: Compared, images: Mapping[str, Sequence[Image]], whose: str) -> Pixels:
    """All ten fingers of a side in a row, (TILE, 10 TILE); blank where there is none."""
    tiles = []
    for position in POSITIONS:
        finger = found.finger(whose, position)
        if finger is None:
            tiles.append(np.full((TILE, TILE), _PAPER, dtype=np.uint8))
            continue
        held = images.get(found.origin(whose, position), ())
        tiles.append(tile(fitting(workshop, held, finger), finger))
    return np.concatenate(tiles, axis=1)


class Pictures:
    """Handlers of the pictures of one candidate beside the booking."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._decoders = Decoders()

    def seen(self, request: Request) -> Seen:
        """What a picture is about to show. Raises Missing where the case does not wait for this person."""
        case_id, number, whose = _asked(request)
        case = waiting_case(self._desk.bureau, case_id, request.state.person)
        candidate_of(case, number)
        finger = request.path_params.get("finger")
        part = f"picture of finger {finger}" if finger else "small pictures of all fingers"
        of = "the booking" if whose == "probe" else f"candidate {number}"
        return Seen(case.case_id, f"{part}, {of}", WHY)

    def finger(self, request: Request, person: Person) -> Response:
        """One finger as PNG, blank where no image of it is held. Raises Missing for no such finger."""
        case_id, number, whose = _asked(request)
        case = waiting_case(self._desk.bureau, case_id, person)
        found = compared(self._desk.bureau, case, number)
        position = int(request.path_params["finger"])
        finger = found.finger(whose, position)
        if finger is None:
            raise Missing("There is no print of that finger.")
        origin = found.origin(whose, position)
        images = images_of(self._desk.bureau, case, number, (origin,))
        pixels = fitting(self._decoders(), images.get(origin, ()), finger)
        blank = np.full((finger.height or 1, finger.width or 1), _PAPER, dtype=np.uint8)
        return _png(part_of(blank if pixels is None else pixels, finger))

    def sheet(self, request: Request, person: Person) -> Response:
        """All ten fingers, small, as one PNG."""
        case_id, number, whose = _asked(request)
        case = waiting_case(self._desk.bureau, case_id, person)
        found = compared(self._desk.bureau, case, number)
        origins = [found.origin(whose, one) for one in POSITIONS if found.finger(whose, one) is not None]
        images = images_of(self._desk.bureau, case, number, origins)
        return _png(sheet(self._decoders(), found, images, whose))


def _png(pixels: Pixels) -> Response:
    return Response(encode.png(pixels), media_type="image/png")


def _asked(request: Request) -> tuple[str, int, str]:
    """Case, number of the candidate, and side. Raises Missing."""
    given = request.path_params
    if given["side"] not in SIDES:
        raise Missing("There is no such picture.")
    return str(given["case"]), int(given["candidate"]), str(given["side"])
