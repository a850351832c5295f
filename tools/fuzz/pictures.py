# SPDX-License-Identifier: Apache-2.0
"""Small sound images of each kind that is decoded, made here."""

from __future__ import annotations

import io
import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sluicegate.raster import encode
from sluicegate.raster.header import Caps, Kind, sniff

TOKENS = (
    b"\x89PNG\r\n\x1a\n",
    b"IHDR",
    b"IDAT",
    b"PLTE",
    b"tRNS",
    b"IEND",
    b"\xff\xd8\xff",
    b"\xff\xc0",
    b"\xff\xc2",
    b"\xff\xc4",
    b"\xff\xda",
    b"\xff\xd9",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    b"ihdr",
    b"jp2h",
    b"jp2c",
    b"\xff\x4f\xff\x51",
    b"\xff\xa0",
    b"\xff\xa2",
    b"\xff\xa3",
    b"\xff\xa4",
    b"\xff\xa5",
    b"\xff\xa6",
    b"\xff\xa8",
)

CAPS = Caps(max_side=256, max_pixels=65_536, max_bytes=65_536)
"""Small, so that one input costs milliseconds."""

_SIDE = 64
_PNG_HEAD = 8


@cache
def wsq() -> bytes:
    """A WSQ of 64 by 64 pixels."""
    return encode.wsq(_pixels())


@cache
def each() -> tuple[bytes, ...]:
    """One small image of each kind, WSQ first."""
    picture = Image.fromarray(_pixels()[:16, :16])
    colored = picture.convert("RGB")
    made = [wsq(), encode.png(_pixels()[:16, :16])]
    for form, source, options in (
        ("PNG", picture.convert("P"), {}),
        ("PNG", picture.convert("I;16"), {}),
        ("JPEG", picture, {}),
        ("JPEG", colored, {"progressive": True}),
        ("JPEG2000", picture, {}),
        ("JPEG2000", colored, {"no_jp2": True}),
    ):
        out = io.BytesIO()
        source.save(out, format=form, **options)
        made.append(out.getvalue())
    return tuple(made)


def _pixels() -> NDArray[np.uint8]:
    rows, cols = np.mgrid[0:_SIDE, 0:_SIDE]
    waves = 128 + 100 * np.sin((rows + 2 * cols) / 3.0)
    return np.asarray(waves, dtype=np.uint8)


def mended(data: bytes) -> bytes:
    """A PNG with the checksums of its chunks made right, so that what is behind them is reached."""
    if sniff(data) is not Kind.PNG:
        return data
    out, at = [data[:_PNG_HEAD]], _PNG_HEAD
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + length]
        out += [data[at : at + 4], body, zlib.crc32(body).to_bytes(4, "big")]
        at += 12 + length
    return b"".join(out)
