# SPDX-License-Identifier: Apache-2.0
"""The pixels of an image: 8-bit grey rows, or one clear refusal.

The bytes decide which decoder reads them, never the record: what the record claims is compared and a
difference is told as a note. Exactly four decoders can be reached, each named here; Pillow's registry,
which would try forty formats, is never asked. The C code behind them can crash on hostile bytes: call
`decode` for received images only in a worker (`raster.isolate`).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import _wsq  # type: ignore[import-not-found]  # a C module without stubs
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from sluicegate.errors import ImageRefused, quoted
from sluicegate.itl.model import Image
from sluicegate.raster.header import UNREADABLE, Caps, Kind, dimensions, sniff

Pixels = NDArray[np.uint8]

_CLAIMS = {
    "NONE": Kind.RAW,
    "WSQ": Kind.WSQ,
    "JPEGB": Kind.JPEG,
    "JPEGL": Kind.JPEG,
    "JP2": Kind.JP2,
    "JP2L": Kind.JP2,
    "PNG": Kind.PNG,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pixels of shape (rows, cols), 0 black to 255 white, and sentences on what the record said otherwise."""

    pixels: Pixels
    notes: tuple[str, ...] = ()


def decode(image: Image, caps: Caps | None = None) -> Decoded:
    """Decodes the image of a record.

    Colour becomes ITU-R BT.601 luma, alpha is ignored, of more than 8 bits the upper 8 are kept. The
    codec's own frame wins over HLL and VLL.

    Raises:
        ImageRefused: the image is over a cap, damaged, or of a kind that is not decoded.
        MemoryError: the process may not have the memory that decoding needs.
    """
    caps = caps or Caps()
    caps.check_bytes(image.data)
    kind = _kind(image)
    if kind is Kind.RAW:
        return _raw(image, caps)
    size = dimensions(image.data, kind)
    if size is None:
        raise ImageRefused(f"The {kind} image has no readable frame header.", code=UNREADABLE)
    caps.check_size(*size)
    pixels = _coded(image.data, kind, caps)
    return Decoded(pixels, tuple(_notes(image, kind, pixels)))


def _kind(image: Image) -> Kind:
    """The kind of the bytes; raw only where the record says so and the bytes do not say otherwise."""
    seen = sniff(image.data)
    claimed = _CLAIMS.get(image.compression)
    if claimed is Kind.RAW and len(image.data) == image.hll * image.vll:
        return Kind.RAW
    if seen is Kind.RAW and claimed is None:
        raise ImageRefused(
            f"The image's compression {quoted(image.compression)} is not decoded.", code=UNREADABLE
        )
    if seen is Kind.RAW and claimed is not Kind.RAW:
        raise ImageRefused(f"The image data is not {claimed}, as its record says.", code=UNREADABLE)
    return seen


def _raw(image: Image, caps: Caps) -> Decoded:
    caps.check_size(image.hll, image.vll)
    wanted, found = image.hll * image.vll, len(image.data)
    # Less than a row too much is padding; from a row on, the claimed size is not that of these pixels.
    if not wanted <= found < wanted + image.hll:
        raise ImageRefused(
            f"The raw image holds {found} bytes; {image.hll}x{image.vll} pixels need {wanted}.",
            code=UNREADABLE,
        )
    pixels = np.frombuffer(image.data, np.uint8, wanted).reshape(image.vll, image.hll)
    notes = (f"{found - wanted} bytes after the raw image were ignored.",) if found > wanted else ()
    return Decoded(pixels.copy(), notes)


def _notes(image: Image, kind: Kind, pixels: Pixels) -> list[str]:
    notes = []
    rows, cols = pixels.shape
    if _CLAIMS.get(image.compression) is not kind:
        notes.append(f"The record says compression {quoted(image.compression)}; the data is {kind}.")
    if (image.hll, image.vll) != (cols, rows):
        notes.append(f"The record says {image.hll}x{image.vll} pixels; the image holds {cols}x{rows}.")
    return notes


def _coded(data: bytes, kind: Kind, caps: Caps) -> Pixels:
    try:
        pixels = _READERS[kind](data, caps)
    except (ImageRefused, MemoryError):
        raise
    # The libraries raise whatever comes up (OSError, SyntaxError, struct.error, bare Exception ...), and
    # their texts can carry received bytes: one sentence of our own stands for all of them.
    except Exception as error:
        raise ImageRefused(f"The {kind} image is damaged.", code=UNREADABLE) from error
    caps.check_size(pixels.shape[1], pixels.shape[0])
    return pixels


def _read_wsq(data: bytes, caps: Caps) -> Pixels:
    buffer, width, height, _ppi = _wsq.decompress(data)
    caps.check_size(width, height)
    return np.frombuffer(buffer, np.uint8).reshape(height, width).copy()


def _read_with(plugin: Callable[[io.BytesIO], ImageFile.ImageFile]) -> Callable[[bytes, Caps], Pixels]:
    def read(data: bytes, caps: Caps) -> Pixels:
        with plugin(io.BytesIO(data)) as picture:
            caps.check_size(*picture.size)
            picture.load()
            return _grey(picture)

    return read


def _grey(picture: ImageFile.ImageFile) -> Pixels:
    if picture.mode in ("I;16", "I;16B", "I;16L", "I"):
        deep = np.asarray(picture).astype(np.int64)
        return (np.clip(deep, 0, 0xFFFF) >> 8).astype(np.uint8)
    if picture.mode in ("P", "PA"):
        return np.array(picture.convert("RGB").convert("L"), np.uint8)
    if picture.mode in ("1", "L", "LA", "La", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"):
        return np.array(picture.convert("L"), np.uint8)
    raise ImageRefused(f"An image of mode {quoted(picture.mode)} is not decoded.", code=UNREADABLE)


_READERS: dict[Kind, Callable[[bytes, Caps], Pixels]] = {
    Kind.WSQ: _read_wsq,
    Kind.JPEG: _read_with(JpegImageFile),
    Kind.JP2: _read_with(Jpeg2KImageFile),
    Kind.PNG: _read_with(PngImageFile),
}
