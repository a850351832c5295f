# SPDX-License-Identifier: Apache-2.0
"""What an image says of itself in its first bytes: its kind and its size, read without decoding a pixel.

Sources: WSQ, FBI IAFIS-IC-0110 v3.1 (segment walk to SOF); JPEG, ITU-T T.81 B.2.2 (SOFn); JPEG 2000,
ITU-T T.800 A.5.1 (SIZ) and I.5.3.1 (ihdr); PNG, ISO/IEC 15948 clause 11.2.2 (IHDR). A small file can claim
20000x20000 pixels and cost gigabytes, so the caps here apply before any decoder sees the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sluicegate.errors import ImageRefused

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_JP2_MAGIC = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_J2K_MAGIC = b"\xff\x4f\xff\x51"
_MAX_STEPS = 4096  # segments or boxes walked before a header is given up

OVER_CAP = "E0003"
"""EBTS error family for a value out of range."""

UNREADABLE = "E0004"
"""EBTS error family for a record that cannot be read."""


class Kind(StrEnum):
    """What the first bytes say. RAW means that they say nothing: pixels, or something unknown."""

    WSQ = "WSQ"
    JPEG = "JPEG"
    JP2 = "JP2"
    PNG = "PNG"
    RAW = "RAW"


@dataclass(frozen=True, slots=True)
class Caps:
    """The largest image that is decoded. Sides and area in pixels, `max_bytes` of encoded data."""

    max_side: int = 4000
    max_pixels: int = 8_000_000
    max_bytes: int = 16 * 1024 * 1024

    def check_bytes(self, data: bytes) -> None:
        """Raises ImageRefused where the encoded data is empty or too long."""
        if not data:
            raise ImageRefused("The image has no data.", code=UNREADABLE)
        if len(data) > self.max_bytes:
            raise ImageRefused(
                f"The image data is {len(data)} bytes, more than {self.max_bytes}.", code=OVER_CAP
            )

    def check_size(self, width: int, height: int) -> None:
        """Raises ImageRefused where an image of this size is empty or too large."""
        if width < 1 or height < 1:
            raise ImageRefused(f"The image claims {width}x{height} pixels.", code=OVER_CAP)
        if width > self.max_side or height > self.max_side:
            raise ImageRefused(
                f"The image claims {width}x{height} pixels, more than {self.max_side} on a side.",
                code=OVER_CAP,
            )
        if width * height > self.max_pixels:
            raise ImageRefused(
                f"The image claims {width}x{height} pixels, more than {self.max_pixels} in all.",
                code=OVER_CAP,
            )


def sniff(data: bytes) -> Kind:
    """The kind that the first bytes announce."""
    if data.startswith(_PNG_MAGIC):
        return Kind.PNG
    if data.startswith((_JP2_MAGIC, _J2K_MAGIC)):
        return Kind.JP2
    if data.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    # SOI alone is a plausible pair of pixels, so the marker that has to follow is asked for as well.
    if data[:3] == b"\xff\xa0\xff" and len(data) > 3 and 0xA2 <= data[3] <= 0xA8:
        return Kind.WSQ
    return Kind.RAW


def dimensions(data: bytes, kind: Kind) -> tuple[int, int] | None:
    """(width, height) in pixels as the header claims them, or None where it cannot be read."""
    if kind is Kind.WSQ:
        return _wsq(data)
    if kind is Kind.JPEG:
        return _jpeg(data)
    if kind is Kind.JP2:
        return _jp2(data)
    if kind is Kind.PNG:
        return _png(data)
    return None


def _at(layout: str, data: bytes, offset: int) -> tuple[int, ...] | None:
    if offset < 0 or offset + struct.calcsize(layout) > len(data):
        return None
    return struct.unpack_from(layout, data, offset)


def _wsq(data: bytes) -> tuple[int, int] | None:
    offset = 2
    for _ in range(_MAX_STEPS):
        segment = _at(">BBH", data, offset)
        if segment is None or segment[0] != 0xFF:
            return None
        _, marker, length = segment
        if marker == 0xA2:  # SOF: length, black, white, rows, columns
            frame = _at(">HH", data, offset + 6)
            return (frame[1], frame[0]) if frame else None
        if not 0xA4 <= marker <= 0xA8 or length < 2:
            return None
        offset += 2 + length
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    offset = 2
    for _ in range(_MAX_STEPS):
        pair = _at(">BB", data, offset)
        if pair is None or pair[0] != 0xFF:
            return None
        marker = pair[1]
        if marker == 0xFF:  # fill byte
            offset += 1
            continue
        if marker in (0xD9, 0xDA):  # EOI, SOS: no frame before the pixels
            return None
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # no length follows
            offset += 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = _at(">HH", data, offset + 5)
            return (frame[1], frame[0]) if frame else None
        length = _at(">H", data, offset + 2)
        if length is None or length[0] < 2:
            return None
        offset += 2 + length[0]
    return None


def _jp2(data: bytes) -> tuple[int, int] | None:
    """The larger of what the box and the codestream claim: a decoder may allocate by either."""
    if data.startswith(_J2K_MAGIC):
        return _siz(data, 0)
    claims: list[tuple[int, int]] = []
    for name, start, end in _boxes(data, 0, len(data)):
        if name == b"jp2h":
            for inner, inner_start, _ in _boxes(data, start, end):
                size = _at(">II", data, inner_start)
                if inner == b"ihdr" and size:
                    claims.append((size[1], size[0]))
        elif name == b"jp2c":
            size_of_stream = _siz(data, start)
            if size_of_stream:
                claims.append(size_of_stream)
    if not claims:
        return None
    return max(w for w, _ in claims), max(h for _, h in claims)


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of content, end) of the boxes in a span, until one lies about its length."""
    for _ in range(_MAX_STEPS):
        head = _at(">I4x", data, start)
        if head is None or start + 8 > end:
            return
        length, content = head[0], start + 8
        name = data[start + 4 : start + 8]
        if length == 1:
            extended = _at(">Q", data, content)
            if extended is None:
                return
            length, content = extended[0], content + 8
        stop = end if length == 0 else start + length
        # A box that runs past the end may still hold a header: decoders read it, so it is read here too.
        yield name, content, min(stop, end)
        if stop < content or stop >= end:
            return
        start = stop


def _siz(data: bytes, start: int) -> tuple[int, int] | None:
    if data[start : start + 4] != _J2K_MAGIC:
        return None
    siz = _at(">IIII", data, start + 8)  # after SOC, SIZ, Lsiz and Rsiz
    if siz is None:
        return None
    width, height, left, top = siz
    return max(width - left, 0), max(height - top, 0)


def _png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR":
        return None
    size = _at(">II", data, 16)
    return (size[0], size[1]) if size else None
