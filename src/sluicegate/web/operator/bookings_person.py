# SPDX-License-Identifier: Apache-2.0
"""Who a booking is of: name, prints, numbers. Sent on a POST with a reason, once the view is in the ledger.

Nothing of it has an address that could be kept, shared or asked for again: a picture travels inside the page
that was entered, and a closer look is a view of its own. Images are decoded in a disposable worker.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.ebts.submission import Submission
from sluicegate.errors import Missing, SluicegateError
from sluicegate.exchange.case import EMPTIED, Case
from sluicegate.exchange.walk import Candidate, candidates_of
from sluicegate.itl.model import Defect, Image
from sluicegate.raster import encode
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.jobs import decode_apart, decode_workshop
from sluicegate.web.operator.frame import Desk, Seen
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person

SECTION = "bookings"
SHORTEST, LONGEST = 5, 200
SMALL = 260
"""Longest side of a picture on the page of the person, in pixels."""

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/booking_person.html": {
        "case": "the booking",
        "why": "the reason that was entered",
        "fields": "what the booking says of the person: key of the words, value",
        "charges": "offenses as written",
        "number": "number of the person in the exchange, or empty",
        "candidates": "what the search noted, with numbers",
        "defects": "defects with what was found",
        "prints": "images with their pictures",
        "source": "where the data was read: received, kept, or none",
    },
    "operator/booking_image.html": {
        "case": "the booking",
        "why": "the reason that was entered",
        "one": "the image with its picture",
    },
}
"""What each template is given, besides `pages.COMMON`."""


@dataclass(frozen=True, slots=True)
class Print:
    """One image: its record and its picture as a `data:` address, or the sentence why there is none."""

    place: int  # among the booking's images, from 0
    idc: int
    fgp: int
    compression: str
    bytes: int
    ppi: float
    picture: str
    width: int
    height: int
    trouble: str


@dataclass(frozen=True, slots=True)
class Held:
    """What is still held of the person of a booking, and where it was read."""

    booking: Submission | None
    defects: tuple[Defect, ...]
    source: str  # received, kept, none


class Personal:
    """Handlers; each is reached only by a form with a reason, and the view is entered before."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        """The person, and one image closer."""
        person = self._desk.guarded(self.person, role=Role.OPERATOR, personal=self._of_person)
        image = self._desk.guarded(self.image, role=Role.OPERATOR, personal=self._of_image)
        return [
            Route("/bookings/{case}/person", person, methods=["POST"]),
            Route("/bookings/{case}/image", image, methods=["POST"]),
        ]

    def _of_person(self, request: Request) -> Seen:
        return Seen(self._case(request).case_id, "person, prints and candidates", reason(request))

    def _of_image(self, request: Request) -> Seen:
        return Seen(self._case(request).case_id, f"image {which(request) + 1}", reason(request))

    def _case(self, request: Request) -> Case:
        """The booking. Raises Missing, also where nothing of it is left."""
        case = self._desk.bureau.office.store.case(request.path_params["case"])
        if case.state in EMPTIED:
            raise Missing("That booking holds nothing any more.")
        return case

    def _held(self, case: Case) -> Held:
        bureau = self._desk.bureau.bureau
        try:
            booking, defects = bureau.reread(case)
        except Missing:
            kept = bureau.kept(case)
            return Held(kept, (), "kept" if kept else "none")
        return Held(booking, defects, "received")

    def person(self, request: Request, _person: Person) -> Response:
        """Name, numbers, charges, candidates and prints."""
        case = self._case(request)
        held = self._held(case)
        candidates: tuple[Candidate, ...] = candidates_of(case)
        values = {
            "case": case,
            "why": reason(request),
            "fields": fields_of(held.booking) if held.booking else (),
            "charges": held.booking.charges if held.booking else (),
            "number": case.text("number"),
            "candidates": candidates,
            "defects": held.defects,
            "prints": prints(held.booking.images if held.booking else (), SMALL),
            "source": held.source,
        }
        return self._desk.show(request, "operator/booking_person.html", values, section=SECTION)

    def image(self, request: Request, _person: Person) -> Response:
        """One image in full. Raises Missing where the booking has no such image any more."""
        case = self._case(request)
        held = self._held(case)
        images = held.booking.images if held.booking else ()
        place = which(request)
        if place >= len(images):
            raise Missing("That booking has no such image.")
        one = prints(images[place : place + 1], 0, first=place)[0]
        values = {"case": case, "why": reason(request), "one": one}
        return self._desk.show(request, "operator/booking_image.html", values, section=SECTION)


def reason(request: Request) -> str:
    """Why somebody looks, on one line. Raises HTTPException 400 where nothing useful was said."""
    said = " ".join(str(request.state.form.get("why", "")).split())
    if not SHORTEST <= len(said) <= LONGEST:
        raise HTTPException(400)
    return said


def which(request: Request) -> int:
    """The number of an image, from 0. Raises HTTPException 400."""
    given = str(request.state.form.get("which", ""))
    if not (given.isascii() and given.isdigit() and len(given) <= 3):
        raise HTTPException(400)
    return int(given)


def fields_of(one: Submission) -> tuple[tuple[str, str], ...]:
    """What a booking says of its person: key of the words, value; empty values are left out."""
    every = (
        ("nam", one.nam),
        ("dob", ", ".join(one.dob)),
        ("sex", one.sex),
        ("rac", one.rac),
        ("pob", one.pob),
        ("res", one.res),
        ("doa", one.doa),
        ("oca", one.oca),
        ("fbi", ", ".join(one.fbi)),
        ("sid", one.sid),
    )
    return tuple((key, value) for key, value in every if value)


def prints(images: Sequence[Image], side: int, first: int = 0) -> tuple[Print, ...]:
    """Pictures of images, each decoded in a worker of its own; `side` 0 leaves them as large as they are."""
    if not images:
        return ()
    with decode_workshop(slots=2) as workshop:
        return tuple(_print(workshop, place, one, side) for place, one in enumerate(images, first))


def _print(workshop: Workshop, place: int, one: Image, side: int) -> Print:
    picture, width, height, trouble = "", 0, 0, ""
    try:
        pixels = smaller(decode_apart(workshop, one).pixels, side)
        height, width = pixels.shape
        picture = "data:image/png;base64," + base64.b64encode(encode.png(pixels)).decode("ascii")
    except SluicegateError as error:
        trouble = error.message
    fgp = one.fgp[0] if one.fgp else 0
    return Print(
        place, one.idc, fgp, one.compression, len(one.data), one.ppi_h, picture, width, height, trouble
    )


def smaller(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """An image of shape (rows, cols), made smaller by whole steps until no side is over `side`."""
    step = -(-max(pixels.shape) // side) if side else 1
    if step <= 1:
        return pixels
    rows, cols = (length // step for length in pixels.shape)
    if not rows or not cols:
        return pixels[::step, ::step]
    blocks = pixels[: rows * step, : cols * step].reshape(rows, step, cols, step)
    return np.asarray(blocks.mean(axis=(1, 3)).round(), np.uint8)
