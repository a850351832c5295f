# SPDX-License-Identifier: Apache-2.0
"""Fields of one record, or of a record and the header, that must agree by the standard alone.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clauses 8.1.3 (CNT), 8.1.11 and 8.1.12 (NSR, NTR), 8.10.13 and
table 13 (SAP), 8.13.14, 8.13.15, 8.14.14 to 8.14.25 (positions and boxes), 7.7.8 (scales, BPX).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.itl.fields import number
from sluicegate.itl.model import Item, Record, Transaction

SINCE_2011 = "0500"

_RESOLVED = frozenset((3, 4, 5, 6))  # records whose resolution only the header tells
_LOWEST = {1: (490, "inch"), 2: (193, "cm")}  # least scale of a friction ridge image by SLC: per inch, per cm
_POSED = 40  # the SAP from which on a face image must be described
_DESCRIBED = ((23, "PAS"), (26, "SXS"), (27, "SEC"), (28, "SHC"))
_SKIN = frozenset(("SCAR", "MARK", "TATTOO"))
_JOINT = 19  # FGP: entire joint image or tip
_WORD = 8  # bits of a grey value that WSQ takes


@dataclass(frozen=True, slots=True)
class Clash:
    """Two things that cannot both be so. `number` is the field that is named; places count from 1."""

    record: Record
    number: int
    message: str
    missing: bool = False
    subfield: int = 0
    item: int = 0


def check(transaction: Transaction, edition: str) -> Iterator[Clash]:
    """Every contradiction of the header and of each record, in file order."""
    header = transaction.header
    if header is None:
        return
    yield from _contents(header)
    yield from _resolution(transaction, header, edition)
    for record in transaction.records[1:]:
        if record.type in (13, 14, 15):
            yield from _scale(record, edition)
            yield from _bits(record)
        if record.type in (13, 14):
            yield from _joints(record, edition)
        if record.type == 10 and edition >= SINCE_2011:
            yield from _photograph(record)


def _contents(header: Record) -> Iterator[Clash]:
    field = header.get(3)
    seen: set[tuple[bytes, ...]] = set()
    for place, subfield in enumerate(field.subfields if field else (), 1):
        pair = tuple(item.raw for item in subfield.items)
        if place > 1 and pair in seen:
            yield Clash(header, 3, "names one record twice", subfield=place)
        seen.add(pair)


def _resolution(transaction: Transaction, header: Record, edition: str) -> Iterator[Clash]:
    resolved = {record.type for record in transaction.records} & _RESOLVED
    for place, name in ((11, "NSR"), (12, "NTR")):
        text = header.text(place)
        if not _is_resolution(text) or edition < "0400":
            continue
        if not resolved and text != "00.00":
            yield Clash(header, place, f"is not 00.00, yet no record has a use for {name}")
        elif 4 in resolved and edition >= SINCE_2011:
            most = 20.08 if name == "NTR" else 99.99
            if not 19.30 <= float(text) <= most:
                yield Clash(header, place, f"is not a resolution of Type-4 images (19.30 to {most:.2f})")


def _is_resolution(text: str) -> bool:
    return len(text) == 5 and text[2] == "." and text.isascii() and (text[:2] + text[3:]).isdigit()


def _scale(record: Record, edition: str) -> Iterator[Clash]:
    # SLC 0 says that the scale is only an aspect ratio. Where SLC is nonsense, either unit is too coarse.
    slc = _whole(record, 8)
    least, unit = _LOWEST.get(slc, (0 if slc == 0 else 193, "cm at the least"))
    for place in (9, 10):
        value = _whole(record, place)
        if edition >= "0300" and 0 <= value < least:
            message = f"is under {least} pixels per {unit}, too coarse for a friction ridge image"
            yield Clash(record, place, message)


def _bits(record: Record) -> Iterator[Clash]:
    bits = _whole(record, 12)
    if record.text(11) in ("WSQ", "WSQ20") and bits >= 0 and bits != _WORD:
        yield Clash(record, 12, "is not 8, as WSQ has it")


def _joints(record: Record, edition: str) -> Iterator[Clash]:
    field = record.get(13)
    positions = {number(s.items[0].raw) for s in field.subfields if s.items} if field else set()
    if _JOINT in positions and edition >= "0400" and record.get(14) is None:
        yield Clash(record, 14, "is missing, and finger position 19 needs it", missing=True)
    hll, vll = _whole(record, 6), _whole(record, 7)
    # The latent layout lets a box be one pixel thin; the layout of Type-14 does not.
    slack = 0 if record.type == 14 else 1
    for place, first in ((15, 2), (21, 1)):
        yield from _boxes(record, place, first, (hll, vll), slack)
    yield from _polygons(record, 25, (hll, vll))


def _boxes(record: Record, place: int, first: int, size: tuple[int, int], slack: int) -> Iterator[Clash]:
    field = record.get(place)
    for n, subfield in enumerate(field.subfields[:12] if field else (), 1):
        corner = _corners(subfield.items, first)
        if corner is None:
            continue
        left, right, top, bottom = corner
        if left >= right + slack:
            yield Clash(
                record, place, "has a left edge that is not left of the right one", False, n, first + 2
            )
        if top >= bottom + slack:
            yield Clash(record, place, "has a top edge that is not above the bottom one", False, n, first + 4)
        if 0 < size[0] < right or 0 < size[1] < bottom:
            yield Clash(record, place, "reaches beyond the image", False, n)


def _corners(items: tuple[Item, ...], first: int) -> tuple[int, int, int, int] | None:
    values = [number(item.raw) for item in items[first : first + 4]]
    if len(values) < 4 or any(v is None for v in values):
        return None
    left, right, top, bottom = (v or 0 for v in values)
    return left, right, top, bottom


def _polygons(record: Record, place: int, size: tuple[int, int]) -> Iterator[Clash]:
    field = record.get(place)
    for n, subfield in enumerate(field.subfields[:12] if field else (), 1):
        told, *points = [number(item.raw) for item in subfield.items[1:201]] or [None]
        if told is None:
            continue
        if len(points) != 2 * told and told < 100:
            yield Clash(record, place, "has another number of points than it says", False, n, 2)
        across, down = [v for v in points[::2] if v is not None], [v for v in points[1::2] if v is not None]
        if len(across) + len(down) < len(points):
            yield Clash(record, place, "has a point that is not a pair of numbers", False, n)
        elif max(across, default=0) > size[0] > 0 or max(down, default=0) > size[1] > 0:
            yield Clash(record, place, "reaches beyond the image", False, n)


def _photograph(record: Record) -> Iterator[Clash]:
    profile = _whole(record, 13)
    if record.text(3) in _SKIN and record.get(40) is None:
        yield Clash(record, 40, "is missing, and an image of skin needs it", missing=True)
    if record.text(3) == "FACE" and profile < 0:
        yield Clash(record, 13, "is missing, and an image of a face needs it", missing=True)
    if profile >= _POSED:
        for place, _ in _DESCRIBED:
            if record.get(place) is None:
                yield Clash(record, place, f"is missing, and SAP {profile} needs it", missing=True)
    box = record.get(14)
    corner = _corners(box.subfields[0].items, 0) if box and box.subfields else None
    if corner is not None:
        hll, vll = _whole(record, 6), _whole(record, 7)
        if corner[0] >= corner[1] or corner[2] >= corner[3]:
            yield Clash(record, 14, "is not a box: its edges are in the wrong order")
        if 0 < hll < corner[1] or 0 < vll < corner[3]:
            yield Clash(record, 14, "reaches beyond the image")


def _whole(record: Record, place: int) -> int:
    value = number(record.text(place).encode("utf-8", "replace"))
    return -1 if value is None else value
