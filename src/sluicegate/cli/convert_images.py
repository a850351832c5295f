# SPDX-License-Identifier: Apache-2.0
"""One image from one coding into another: its pixels by a disposable worker, its resolution by hand.

Sources: WSQ, FBI IAFIS-IC-0110 v3.1 (comment segments; the NIST_COM comment as NBIS writes it); PNG, ISO/IEC
15948 clauses 5.3 (chunks) and 11.3.5.3 (pHYs). Reading headers never decodes a pixel, and never raises.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sluicegate.cli.images import CODINGS, one_workshop
from sluicegate.errors import InputRefused, UsageError
from sluicegate.itl.model import Image
from sluicegate.raster import encode
from sluicegate.raster.header import Kind, dimensions, sniff
from sluicegate.raster.jobs import decode_apart

TARGETS = {
    ".png": Kind.PNG,
    ".wsq": Kind.WSQ,
    ".jp2": Kind.JP2,
    ".jpg": Kind.JPEG,
    ".jpeg": Kind.JPEG,
}
"""Codings of an image file by its suffix. JPEG and JPEG 2000 are only ever copied."""

_PPI = re.compile(rb"(?m)^PPI (-?\d{1,5})\r?$")
_INCH = 0.0254  # meters
_STEPS = 4096
_KEPT = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs"))
_GREY = 0  # PNG color type
_MOST_PPI = 9999


@dataclass(frozen=True, slots=True)
class Coded:
    """The image as it was written. `ppi` is 0 where it is not known.

    `lost` are sentences on what it does not keep, `notes` on where its record had said otherwise.
    """

    data: bytes
    width: int
    height: int
    ppi: float
    lost: tuple[str, ...]
    notes: tuple[str, ...]


def image_of(data: bytes) -> Image:
    """An image file as an image of no record. Raises InputRefused where it is of no kind that is read."""
    kind = sniff(data)
    if kind not in CODINGS:
        raise InputRefused("That is not an image of a kind that is read: WSQ, JPEG, JPEG 2000 or PNG.")
    across, down = resolution(data, kind)
    width, height = dimensions(data, kind) or (0, 0)
    return Image(0, 0, -1, (), width, height, across, down, CODINGS[kind], data, 0)


def convert(image: Image, target: Kind, ppi: int | None = None) -> Coded:
    """An image in another coding; in the same one its bytes are copied. `ppi` overrides what it says.

    Raises InputRefused where it cannot be decoded, WorkerLost, and UsageError where that cannot be made.
    """
    if ppi is not None:
        image = replace(image, ppi_h=float(ppi), ppi_v=float(ppi))
    with one_workshop() as workshop:
        found = decode_apart(workshop, image)
    height, width = found.pixels.shape
    kind = sniff(image.data)
    if kind is target and ppi is None:
        return Coded(image.data, width, height, image.ppi_h, (), found.notes)
    lost = tuple(_left_out(image.data, kind))
    if target is Kind.PNG:
        made = with_resolution(encode.png(found.pixels), image.ppi_h, image.ppi_v)
        return Coded(made, width, height, image.ppi_h, lost, found.notes)
    if target is not Kind.WSQ:
        raise UsageError(f"Images are not written as {target}.", advice="Write .png or .wsq.")
    whole = round(image.ppi_h)
    if not 0 < whole <= _MOST_PPI:
        raise UsageError("The resolution of the image is not known.", advice="Say it with --ppi.")
    if image.ppi_h != image.ppi_v:
        lost += (
            f"The resolution down, {image.ppi_v:g} ppi, is another than that across, {image.ppi_h:g} ppi.",
        )
    lost += ("WSQ does not keep the value of every pixel.",)
    return Coded(encode.wsq(found.pixels, whole), width, height, whole, lost, found.notes)


def resolution(data: bytes, kind: Kind) -> tuple[float, float]:
    """Pixels per inch, across and down, as an image file says them; 0 where it does not."""
    if kind is Kind.WSQ:
        for comment in _comments(data):
            if comment.startswith(b"NIST_COM") and (told := _PPI.search(comment)):
                value = float(max(0, int(told.group(1))))
                return value, value
    if kind is Kind.PNG:
        for name, content in _chunks(data):
            if name == b"pHYs" and len(content) == 9 and content[8] == 1:
                across, down = struct.unpack(">II", content[:8])
                return _snapped(across), _snapped(down)
    return 0.0, 0.0


def with_resolution(png: bytes, across: float, down: float) -> bytes:
    """A PNG of ours with a pHYs chunk behind its IHDR; as it is where the resolution is not known."""
    if not (0 < across <= _MOST_PPI and 0 < down <= _MOST_PPI):
        return png
    body = b"pHYs" + struct.pack(">IIB", round(across / _INCH), round(down / _INCH), 1)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    behind = 8 + 25  # the signature and IHDR
    return png[:behind] + chunk + png[behind:]


def _snapped(per_meter: int) -> float:
    ppi = per_meter * _INCH
    # A whole number of pixels per inch is rounded to a whole number per meter when it is written.
    return float(round(ppi)) if abs(ppi - round(ppi)) <= _INCH / 2 + 1e-9 else round(ppi, 2)


def _left_out(data: bytes, kind: Kind) -> Iterator[str]:
    """What an image file holds beside grey pixels, their number and their resolution."""
    if kind is Kind.WSQ:
        other = [one for one in _comments(data) if one and not one.startswith(b"NIST_COM")]
        if other:
            yield f"Comments are left out: {len(other)}, {sum(map(len, other))} bytes."
    elif kind is Kind.PNG:
        names = {name for name, _ in _chunks(data)} - _KEPT
        if names:
            shown = ", ".join(sorted(one.decode("ascii", "replace") for one in names if one.isalpha()))
            yield f"PNG chunks are left out: {shown or 'unnamed'}."
        if data[25:26] != bytes((_GREY,)):
            yield "Color or transparency is left out: the result is grey."
        if data[24:25] == b"\x10":
            yield "Of 16 bits the upper 8 are kept."
    elif kind in (Kind.JPEG, Kind.JP2):
        yield f"What the {kind} file holds beside its pixels is left out, color included."


def _comments(data: bytes) -> Iterator[bytes]:
    """The comment segments before the frame and between the tables of a WSQ file."""
    offset = 2
    for _ in range(_STEPS):
        head = data[offset : offset + 4]
        if len(head) < 4 or head[0] != 0xFF or not 0xA2 <= head[1] <= 0xA8:
            return
        length = int.from_bytes(head[2:], "big")
        if head[1] == 0xA8:
            yield data[offset + 4 : offset + 2 + length]
        if length < 2:
            return
        offset += 2 + length


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of the chunks of a PNG file, as far as their lengths can be believed."""
    offset = 8
    for _ in range(_STEPS):
        length = int.from_bytes(data[offset : offset + 4], "big")
        name = data[offset + 4 : offset + 8]
        if len(name) < 4 or offset + 12 + length > len(data):
            return
        yield name, data[offset + 8 : offset + 8 + length]
        offset += 12 + length
