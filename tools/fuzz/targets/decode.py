# SPDX-License-Identifier: Apache-2.0
"""Pixels of raw, PNG, JPEG and JPEG 2000 images, in this process. WSQ has a target of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sluicegate.errors import ImageRefused
from sluicegate.itl.model import Image
from sluicegate.raster.decode import Decoded, decode
from sluicegate.raster.header import Kind, sniff
from tools.fuzz import pictures, samples
from tools.fuzz.claims import hold, plain, refused

MAX_LEN = 4096
TOKENS = pictures.TOKENS

_CLAIMS = ("NONE", "WSQ", "JPEGB", "JPEGL", "JP2", "JP2L", "PNG", "?")


def seeds() -> Iterator[bytes]:
    """One small image of each kind behind three bytes: compression, HLL, VLL."""
    yield from (bytes((number, 16, 16)) + data for number, data in enumerate(pictures.each()))
    yield bytes((0, 16, 4)) + bytes(64)
    hostile = samples.shared("image-hostile/*", "jp2*/*", most=MAX_LEN - 3)
    yield from (b"\x04\x10\x10" + data for data in hostile)


def one(data: bytes) -> None:
    """Bytes become pixels within the caps, or are refused in a sentence."""
    claim, hll, vll = (*data[:3], 0, 0, 0)[:3]
    coded = data[3:]
    if sniff(coded) is Kind.WSQ:
        return  # its decoder is C that is known to crash: see the target `wsq`
    for body in {coded, pictures.mended(coded)}:
        image = Image(14, 1, 0, (1,), hll, vll, 500.0, 500.0, _CLAIMS[claim % len(_CLAIMS)], body, 0)
        decoded = refused(partial(decode, image, pictures.CAPS), ImageRefused)
        if decoded is not None:
            within_caps(decoded)


def within_caps(decoded: Decoded) -> None:
    """The pixels are 8-bit rows within the caps, and the notes can be shown."""
    rows, cols = decoded.pixels.shape
    caps = pictures.CAPS
    fits = min(rows, cols) >= 1 and max(rows, cols) <= caps.max_side and rows * cols <= caps.max_pixels
    hold(fits and decoded.pixels.dtype == "uint8", "pixels beyond the caps came out")
    for note in decoded.notes:
        plain(note, "a note on an image")
