# SPDX-License-Identifier: Apache-2.0
"""The bytes of a segment, little-endian: docs/reference/gallery.md. Reads and writes bytes, no files.

A header with a checksum of its own names every column, where it lies and, for the columns that only say
where things are, its checksum; content has a checksum per subject. So a file can be opened fast, every
number that is used to find a way in it is known to be whole, and an expunged subject can turn to zeros.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import StoreError
from sluicegate.ridge.fusion import POSITIONS
from sluicegate.ridge.segment import COLUMNS, CONTENT, MARK, U8, Segment, from_columns

MAGIC = b"SGG\x01"
ALIGN = 64
_HEAD = struct.Struct("<4sIQII256s256s64s")
_COLUMN = struct.Struct("<QQII")
_CRC = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + len(COLUMNS) * _COLUMN.size + _CRC.size


@dataclass(frozen=True, slots=True)
class Head:
    """Who made the templates, and which form rows and records have; `at` says where each column begins."""

    extractor: str
    parameters: str
    form: str
    at: dict[str, int]


def to_bytes(segment: Segment, extractor: str, parameters: str, form: str) -> bytes:
    """The file of a segment."""
    columns: list[bytes] = []
    table: list[bytes] = []
    at = _aligned(HEAD_BYTES)
    for name, kind in COLUMNS.items():
        data = np.ascontiguousarray(segment.column(name).astype(kind, copy=False)).tobytes()
        crc = 0 if name in CONTENT else zlib.crc32(data)
        table.append(_COLUMN.pack(at, len(data) // kind.itemsize, kind.itemsize, crc))
        columns.append(data + bytes(_aligned(len(data)) - len(data)))
        at += len(columns[-1])
    head = _HEAD.pack(
        MAGIC,
        HEAD_BYTES,
        at,
        len(segment),
        len(COLUMNS),
        extractor.encode("ascii"),
        parameters.encode("ascii"),
        form.encode("ascii"),
    )
    head += b"".join(table)
    head += _CRC.pack(zlib.crc32(head))
    return head + bytes(_aligned(len(head)) - len(head)) + b"".join(columns)


def from_buffer(data: U8) -> tuple[Head, Segment]:
    """A segment whose columns are views of these bytes.

    Raises:
        StoreError: they are not a segment of version 1, or the way through them is damaged.
    """
    raw = data[:HEAD_BYTES].tobytes()
    if raw[: len(MAGIC)] != MAGIC:
        raise StoreError("These bytes are not a segment of a gallery, or of a version not known here.")
    if len(raw) < HEAD_BYTES or zlib.crc32(raw[: -_CRC.size]) != _CRC.unpack(raw[-_CRC.size :])[0]:
        raise StoreError("A segment of the gallery is damaged: the checksum of its header does not hold.")
    _, _, total, subjects, _, extractor, parameters, form = _HEAD.unpack_from(raw)
    if total != len(data):
        raise StoreError("A segment of the gallery is cut short, or bytes follow it.")
    columns: dict[str, NDArray[Any]] = {}
    at: dict[str, int] = {}
    for number, (name, kind) in enumerate(COLUMNS.items()):
        begin, items, size, crc = _COLUMN.unpack_from(raw, _HEAD.size + number * _COLUMN.size)
        if size != kind.itemsize or begin % ALIGN or begin + items * size > total:
            raise StoreError("A segment of the gallery has another form than this program's.")
        part = data[begin : begin + items * size]
        if name not in CONTENT and zlib.crc32(part.tobytes()) != crc:
            raise StoreError("A segment of the gallery is damaged: the checksum of a column does not hold.")
        columns[name], at[name] = part.view(kind), begin
    segment = from_columns(columns)
    if not _is_consistent(segment, subjects):
        raise StoreError("A segment of the gallery contradicts itself.")
    head = Head(_text(extractor), _text(parameters), _text(form), at)
    return head, segment


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("ascii", "replace")


def _aligned(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


def _is_consistent(segment: Segment, subjects: int) -> bool:
    """Whether every number that leads into a column stays within it."""
    images, templates = len(segment.image_finger), len(segment.marks) // MARK
    ways = (
        (segment.name_at, subjects, len(segment.names)),
        (segment.image_at, subjects, images),
        (segment.record_at, images, len(segment.records)),
        (segment.template_at, subjects, templates),
        (segment.cold_at, templates, len(segment.cold)),
    )
    lengths = (len(segment.image_template), len(segment.image_positions))
    return (
        len(segment.crc) == subjects
        and lengths == (images, images)
        and len(segment.marks) == templates * MARK
        and all(_leads_through(*way) for way in ways)
        and all(_names_owners(segment, position, subjects) for position in range(len(POSITIONS)))
    )


def _leads_through(at: NDArray[Any], items: int, end: int) -> bool:
    if len(at) != items + 1 or int(at[0]) != 0 or int(at[-1]) != end:
        return False
    return bool((at[1:] >= at[:-1]).all())


def _names_owners(segment: Segment, position: int, subjects: int) -> bool:
    owner = segment.owner[position]
    if len(owner) != len(segment.rows[position]):
        return False
    return not len(owner) or (int(owner[-1]) < subjects and bool((owner[1:] >= owner[:-1]).all()))
