# SPDX-License-Identifier: Apache-2.0
"""The log of a gallery folder: writes since its segments were made, as bytes; docs/reference/gallery.md.

An entry says which place a subject is taken out of, and carries the segment of one subject that is put in,
if any. The head of an entry has a checksum of its own and nothing of a person, so an entry whose body was
overwritten with zeros still leads to the next. What follows the last whole entry is a write that was cut off.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace

from sluicegate.errors import StoreError

MAGIC = b"SGE\x01"
_HEAD = struct.Struct("<4sIIIIIQ32sI")
_CRC = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + _CRC.size

NOWHERE, SEGMENT, LOG = 0, 1, 2
_MOVED = 4  # added to the kind


@dataclass(frozen=True, slots=True)
class Out:
    """What an entry takes out: a place of a numbered segment, or the body of an earlier entry.

    `moved`: the entry holds all of it again and more, so the bytes may stay until the subject is expunged.
    """

    kind: int = NOWHERE
    number: int = 0
    place: int = 0
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One write: its number in the log from 1, the history after it, what goes out, what comes in.

    `at` and `end` say where its body lies in the log; `whole` whether the body is what was written.
    """

    number: int
    writes: int
    digest: bytes
    out: Out
    body: bytes
    at: int = 0
    end: int = 0
    whole: bool = True


def to_bytes(entry: Entry) -> bytes:
    """An entry as it is appended."""
    out = entry.out
    head = _HEAD.pack(
        MAGIC,
        entry.number,
        out.kind | (_MOVED if out.moved else 0),
        out.number,
        out.place,
        len(entry.body),
        entry.writes,
        entry.digest,
        zlib.crc32(entry.body),
    )
    return head + _CRC.pack(zlib.crc32(head)) + entry.body


def entries(data: bytes, start: int = 0, after: int = 0) -> tuple[list[Entry], int]:
    """The entries from byte `start` on, the first of them numbered `after` + 1, and where the last one ends.

    Bodies that later entries took out come back empty.

    Raises:
        StoreError: an entry is damaged that was not the last.
    """
    found: list[Entry] = []
    at = start
    while (entry := _entry(data, at, after + len(found) + 1)) is not None:
        found.append(entry)
        at = entry.end
    if any(_entry(data, place, None) for place in _magics(data, at)):
        raise StoreError("The log of the gallery is damaged in its middle.")
    gone = {one.out.number for one in found if one.out.kind == LOG}
    # The last one's body was cut off in the middle of a block: it was never acknowledged.
    if found and not found[-1].whole and found[-1].number not in gone:
        at = found[-1].at - HEAD_BYTES
        found.pop()
    if any(not one.whole and one.number not in gone for one in found):
        raise StoreError("The log of the gallery is damaged: the checksum of an entry does not hold.")
    return [replace(one, body=b"") if one.number in gone else one for one in found], at


def _entry(data: bytes, at: int, number: int | None) -> Entry | None:
    """The entry at a place; None where there is no whole head, or its body ends beyond the data."""
    head = data[at : at + HEAD_BYTES]
    if len(head) < HEAD_BYTES or zlib.crc32(head[: -_CRC.size]) != _CRC.unpack(head[-_CRC.size :])[0]:
        return None
    magic, own, kind, number_out, place, length, writes, digest, crc = _HEAD.unpack_from(head)
    begin = at + HEAD_BYTES
    if magic != MAGIC or (number is not None and own != number) or begin + length > len(data):
        return None
    body = data[begin : begin + length]
    whole = zlib.crc32(body) == crc
    out = Out(kind & ~_MOVED, number_out, place, bool(kind & _MOVED))
    return Entry(own, writes, digest, out, body, begin, begin + length, whole)


def _magics(data: bytes, start: int) -> list[int]:
    places: list[int] = []
    at = data.find(MAGIC, start)
    while at >= 0:
        places.append(at)
        at = data.find(MAGIC, at + 1)
    return places
