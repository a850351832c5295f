# SPDX-License-Identifier: Apache-2.0
"""Finger minutiae records (FMR) read leniently and without loss, in the units in which they were written.

Sources: ISO/IEC 19794-2:2005, record format; ANSI INCITS 378-2004, from which it grew. Both are big-endian,
begin with "FMR" and say version " 20"; they differ in the header and in the unit of an angle::

    magic     4  b"FMR\\0"                                 ISO and ANSI
    version   4  b" 20\\0"                                 ISO and ANSI
    length    4  ISO; ANSI 2, or 6 (two zero bytes, then 4) from 65,536 bytes on
    product   4  CBEFF owner and type                     ANSI only
    capture   2  4 bits compliance, 12 bits device
    size      4  width, height of the image in pixels
    density   4  pixels per centimeter across, down
    views     1  how many
    reserved  1
    per view  1 finger position, 1 (4 bits view number, 4 bits impression), 1 quality, 1 count
              per minutia  2 (2 bits type, 14 bits x), 2 (2 bits reserved, 14 bits y), 1 angle, 1 quality
              2 length of the extended data, then these: areas of 2 type, 2 length, the rest

`raw` of what `read` gave is what was read, whatever was wrong with it. `fmr_template` makes templates of it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import quoted
from sluicegate.itl.model import Defect
from sluicegate.ridge.fmr_defects import Defects, check_header, check_view

Rows: TypeAlias = NDArray[np.int32]
"""Shape (n, 6), int32: type (2 bits), x, reserved (2 bits), y (pixels), angle (the kind's units), quality."""

MAGIC = b"FMR\0"
VERSION = b" 20\0"
MAX_BYTES = 2 * 1024 * 1024  # twenty views with 64 KiB of extended data each, and room
MAX_VIEWS = 20
MAX_COUNT = 255  # minutiae of a view: the count is one byte

_FIXED = struct.Struct(">HHHHHBB")  # capture, width, height, density across and down, views, reserved
_VIEW = struct.Struct(">BBBB")
_PACKED = np.dtype([("type_x", ">u2"), ("reserved_y", ">u2"), ("angle", "u1"), ("quality", "u1")])
_SHORT = 1 << 16  # an ANSI record from this length on has the long length


class Kind(StrEnum):
    """Which of the two standards a record follows."""

    ISO = "iso"
    """ISO/IEC 19794-2:2005; an angle is a number of 256ths of a turn (1.40625 degrees)."""

    ANSI = "ansi"
    """ANSI INCITS 378-2004; an angle is a number of 180ths of a turn (2 degrees)."""

    @property
    def turn(self) -> int:
        """Units of angle in a turn."""
        return 256 if self is Kind.ISO else 180

    @property
    def standard(self) -> str:
        return "ISO/IEC 19794-2:2005" if self is Kind.ISO else "ANSI INCITS 378-2004"


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One finger view. `extended` are its extended data, None where the record ends before their length."""

    position: int
    number: int
    impression: int
    quality: int
    minutiae: Rows
    extended: bytes | None
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A record as received. `length` and `count` are what it claims; `trailing` is what follows the views.

    `product` is the CBEFF owner and type of ANSI, (0, 0) in ISO. `density` is in pixels per centimeter.
    """

    kind: Kind
    length: int
    long: bool
    product: tuple[int, int]
    compliance: int
    device: int
    size: tuple[int, int]
    density: tuple[int, int]
    count: int
    reserved: int
    views: tuple[View, ...]
    trailing: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """The record, as far as one could be told apart, and every departure from its standard.

    `record` is None where the bytes are no record of a version read here, or more than is read.
    """

    record: Record | None
    defects: tuple[Defect, ...]


def read(data: bytes, kind: Kind | None = None) -> Reading:
    """The record in these bytes; which standard it follows is told by its length unless `kind` says it."""
    log = Defects("FMR" if kind is None else kind.standard)
    if len(data) > MAX_BYTES:
        log.doubt("FMR-LARGE", 0, f"The record has more than {MAX_BYTES} bytes.", str(len(data)))
    elif data[:4] != MAGIC:
        log.doubt("FMR-FORMAT", 0, "This is no finger minutiae record.", quoted(data[:4]), "FMR and a zero")
    elif data[4:8] != VERSION:
        log.doubt("FMR-VERSION", 4, "A record of this version is not read.", quoted(data[4:8]), "20")
    else:
        return _read(data, kind, log)
    return Reading(None, log.all())


def _read(data: bytes, kind: Kind | None, log: Defects) -> Reading:
    told = kind or _kind(data)
    log.standard = told.standard
    at, length, long, product = _length(data, told)
    if len(data) < at + _FIXED.size:
        log.doubt("FMR-SHORT", len(data), "The record ends within its header.")
        return Reading(None, log.all())
    capture, width, height, across, down, count, reserved = _FIXED.unpack_from(data, at)
    check_header(log, at, len(data), length, (width, height), (across, down), reserved)
    if count > MAX_VIEWS:
        log.doubt("FMR-VIEWS-CAP", at + 10, f"At most {MAX_VIEWS} views are read.", str(count))
    views, end = _views(data, at + _FIXED.size, count, log)
    _check_views(log, at + 10, count, len(views))
    if end < len(data):
        log.wrong("FMR-TRAILING", end, "Bytes follow what was read of the views.", str(len(data) - end), "0")
    for view in views:
        check_view(log, view.offset, view.position, view.impression, view.quality)
        _check_minutiae(log, view, told, (width, height))
    _check_numbers(log, views)
    record = Record(
        told,
        length,
        long,
        product,
        capture >> 12,
        capture & 0xFFF,
        (width, height),
        (across, down),
        count,
        reserved,
        views,
        data[end:],
    )
    return Reading(record, log.all())


def raw(record: Record) -> bytes:
    """The bytes of a record; of one that was read, the very bytes that were read."""
    product = struct.pack(">HH", *record.product) if record.kind is Kind.ANSI else b""
    capture = record.compliance << 12 | record.device
    fixed = _FIXED.pack(capture, *record.size, *record.density, record.count, record.reserved)
    views = b"".join(_packed(view) for view in record.views)
    return MAGIC + VERSION + _length_bytes(record) + product + fixed + views + record.trailing


def areas(extended: bytes) -> Iterator[tuple[int, bytes]]:
    """The areas of extended data: type (1 ridge counts, 2 cores and deltas) and content.

    What breaks off or claims less than its own head ends the walk.
    """
    at = 0
    while at + 4 <= len(extended):
        kind, length = struct.unpack_from(">HH", extended, at)
        if length < 4 or at + length > len(extended):
            return
        yield kind, extended[at + 4 : at + length]
        at += length


def _kind(data: bytes) -> Kind:
    """The standard whose length is that of the data; else by where the length seems to stand."""
    if int.from_bytes(data[8:12]) == len(data):
        return Kind.ISO
    # Short of 65,536 bytes the length of ISO begins with two zero bytes, and that of ANSI does not.
    return Kind.ANSI if any(data[8:10]) or int.from_bytes(data[10:14]) == len(data) else Kind.ISO


def _length(data: bytes, kind: Kind) -> tuple[int, int, bool, tuple[int, int]]:
    """Where the part of the header that both have in common begins; length, whether long, product."""
    if kind is Kind.ISO:
        return 12, int.from_bytes(data[8:12]), False, (0, 0)
    long = not any(data[8:10])
    at = 14 if long else 10
    product = (int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4]))
    return at + 4, int.from_bytes(data[10:14] if long else data[8:10]), long, product


def _length_bytes(record: Record) -> bytes:
    if record.kind is Kind.ISO:
        return record.length.to_bytes(4)
    return b"\0\0" + record.length.to_bytes(4) if record.long else record.length.to_bytes(2)


def _views(data: bytes, at: int, count: int, log: Defects) -> tuple[tuple[View, ...], int]:
    """The views that are there whole, and where they end.

    A count of zero is not believed while bytes follow: writers are known that leave it so.
    """
    views: list[View] = []
    most = min(count, MAX_VIEWS) or MAX_VIEWS
    while len(views) < most and at < len(data):
        start = at
        if at + _VIEW.size > len(data):
            log.doubt("FMR-TRUNCATED", at, "The record ends within the head of a view.")
            break
        position, numbers, quality, minutiae = _VIEW.unpack_from(data, at)
        at += _VIEW.size + minutiae * _PACKED.itemsize
        if at > len(data):
            log.doubt("FMR-TRUNCATED", start, f"The record ends within the {minutiae} minutiae of a view.")
            at = start
            break
        rows = _unpacked(data[start + _VIEW.size : at])
        end, extended = _extended(data, at, log)
        if end < 0:
            at = start
            break
        at = end
        views.append(View(position, numbers >> 4, numbers & 15, quality, rows, extended, start))
    return tuple(views), at


def _extended(data: bytes, at: int, log: Defects) -> tuple[int, bytes | None]:
    """Where the extended data at this place end, -1 if they are cut off, and the data."""
    if at == len(data):
        log.wrong("FMR-EXTENDED-NONE", at, "The last view lacks the length of its extended data.")
        return at, None
    size = int.from_bytes(data[at : at + 2])
    if at + 2 + size > len(data):
        log.doubt("FMR-TRUNCATED", at, f"The record ends within {size} bytes of extended data.")
        return -1, None
    extended = data[at + 2 : at + 2 + size]
    if sum(4 + len(content) for _, content in areas(extended)) != size:
        log.wrong("FMR-EXTENDED", at, "The areas of extended data do not fill their block.")
    return at + 2 + size, extended


def _unpacked(data: bytes) -> Rows:
    packed = np.frombuffer(data, dtype=_PACKED)
    rows = np.empty((len(packed), 6), dtype=np.int32)
    rows[:, 0], rows[:, 1] = packed["type_x"] >> 14, packed["type_x"] & 0x3FFF
    rows[:, 2], rows[:, 3] = packed["reserved_y"] >> 14, packed["reserved_y"] & 0x3FFF
    rows[:, 4], rows[:, 5] = packed["angle"], packed["quality"]
    return rows


def _packed(view: View) -> bytes:
    kind, x, reserved, y, angle, quality = view.minutiae.T
    packed = np.empty(len(view.minutiae), dtype=_PACKED)
    packed["type_x"], packed["reserved_y"] = kind << 14 | x, reserved << 14 | y
    packed["angle"], packed["quality"] = angle, quality
    head = _VIEW.pack(view.position, view.number << 4 | view.impression, view.quality, len(packed))
    tail = b"" if view.extended is None else len(view.extended).to_bytes(2) + view.extended
    return head + packed.tobytes() + tail


def _check_views(log: Defects, at: int, count: int, found: int) -> None:
    if count == 0 and found:
        log.wrong("FMR-VIEWS", at, "The record says that it has no view, and has some.", str(found))
    elif found < min(count, MAX_VIEWS):
        log.doubt("FMR-VIEWS", at, "The record has fewer views than it says.", str(found), str(count))


def _check_minutiae(log: Defects, view: View, kind: Kind, size: tuple[int, int]) -> None:
    kinds, x, reserved, y, angle, quality = view.minutiae.T
    outside = ((x >= size[0]) | (y >= size[1])) & (min(size) > 0)
    for code, wrong, message in (
        ("FMR-MINUTIA-TYPE", kinds == 3, "A minutia has type 3, which is reserved."),
        ("FMR-MINUTIA-RESERVED", reserved != 0, "A minutia has reserved bits that are set."),
        ("FMR-MINUTIA-PLACE", outside, "A minutia lies outside the image."),
        ("FMR-MINUTIA-ANGLE", angle >= kind.turn, "A minutia has an angle of a turn or more."),
        ("FMR-MINUTIA-QUALITY", quality > 100, "A minutia has a quality over 100."),
    ):
        rows = np.flatnonzero(wrong)
        if len(rows):
            at = view.offset + _VIEW.size + int(rows[0]) * _PACKED.itemsize
            log.wrong(code, at, message, f"{len(rows)} of {len(wrong)} minutiae of this view")


def _check_numbers(log: Defects, views: tuple[View, ...]) -> None:
    seen: dict[int, int] = {}
    for view in views:
        due = seen.get(view.position, 0)
        if view.number != due:
            log.wrong(
                "FMR-VIEW-NUMBER",
                view.offset + 1,
                "Views of a finger count from 0.",
                str(view.number),
                str(due),
            )
        seen[view.position] = due + 1
