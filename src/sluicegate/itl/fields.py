# SPDX-License-Identifier: Apache-2.0
"""The tagged record: where it ends, and its fields, subfields and items.

Source: ANSI/NIST-ITL 1-2011 Update:2015, Annex B.1.5 (record layout, separators). Every byte is looked at
a fixed number of times, whatever the lengths in the file claim.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from sluicegate.errors import quoted
from sluicegate.itl.model import FS, RS, US, Field, Item, Limits, Place, Record, Subfield
from sluicegate.itl.rules import Log, OverCapError

TAGGED_TYPES = frozenset((1, 2, *range(9, 23), 98, 99))
"""Record types with tagged fields."""

HEAD = re.compile(rb"(\d{1,2})\.\d{1,9}:")
"""How a tagged record begins. A binary LEN never looks like this: it would claim 790 MB or more."""

_TAG = re.compile(rb"(\d{1,3})\.(\d{1,9}):")
_LEN = re.compile(rb"\d{1,2}\.0{0,2}1:(\d{1,12})[\x1c\x1d]")
_END_OF_FIELD = re.compile(rb"[\x1c\x1d]")
_END_OF_IMAGE = re.compile(rb"\x1c(?=\d{1,2}\.0{0,2}1:|\Z)")
_CONTROL = re.compile(rb"[\x00-\x1b\x7f]")
_NOT_PRINTABLE = re.compile(rb"[^\x20-\x7e\x1c-\x1f]")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")

_DATA = 999
_KEYS = frozenset((1, 2, _DATA))


def number(raw: bytes) -> int | None:
    """An unsigned decimal of at most nine digits, or None. No sign, blank, underscore or exponent."""
    return int(raw) if raw.isdigit() and len(raw) <= 9 else None


@dataclass(slots=True)
class Budget:
    """What may still be spent on this file. The one thing that changes while a file is read."""

    limits: Limits
    items: int = 0

    def spend(self, items: int, place: Place) -> None:
        """Count items before they are made. Raises OverCapError over `Limits.items_per_file`."""
        self.items += items
        if self.items > self.limits.items_per_file:
            raise OverCapError(place, f"{self.items} items", f"at most {self.limits.items_per_file} items")


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a record may reach. `sure` says that its LEN points just behind a file separator."""

    stop: int  # offset of the closing separator if sure, else of the end of the file
    declared: int  # LEN, or -1
    sure: bool


def read_tagged(data: bytes, start: int, budget: Budget, log: Log) -> Record:
    """The tagged record at `start`, where `HEAD` must match. Raises OverCapError."""
    head = HEAD.match(data, start)
    kind = int(head.group(1)) if head else 0
    extent = _extent(data, start)
    fields, end = _fields(data, start, kind, extent, budget, log)
    idc = _idc(fields, kind)
    where = Place(offset=start, record_type=kind, idc=idc)
    _check_extent(len(data), data[end - 1 : end] == FS, start, end, extent, log, where)
    if kind not in TAGGED_TYPES:
        log.add("ITL-TYPE", where, found=str(kind))
    if kind != 1 and idc < 0:
        log.add("ITL-IDC", where)
    _check_repeats(fields, where, log)
    return Record(kind, idc, data[start:end], start, fields)


def _extent(data: bytes, start: int) -> Extent:
    match = _LEN.match(data, start)
    if match is None:
        return Extent(len(data), -1, sure=False)
    declared = int(match.group(1))
    end = start + declared
    if match.end() <= end <= len(data) and data[end - 1 : end] == FS:
        return Extent(end - 1, declared, sure=True)
    return Extent(len(data), declared, sure=False)


def _fields(
    data: bytes, start: int, kind: int, extent: Extent, budget: Budget, log: Log
) -> tuple[tuple[Field, ...], int]:
    """All fields from `start`, and the offset behind the record."""
    fields: list[Field] = []
    at = start
    for count in itertools.count():  # what is empty between separators counts too: the cap is what ends this
        tag = _TAG.match(data, at, extent.stop)
        if tag is not None and _is_data(tag, kind):
            stop = _end_of_image(data, tag.end(), extent)
            fields.append(_data_field(data, at, tag, stop))
            return tuple(fields), min(stop + 1, len(data))
        found = _END_OF_FIELD.search(data, at, extent.stop)
        stop = found.start() if found else extent.stop
        budget.spend(1, Place(offset=at, record_type=kind))
        _check_caps(budget.limits, count, Place(offset=at, record_type=kind), stop - at)
        if stop > at:
            fields.append(_text_field(data, at, stop, tag, kind, budget, log))
        else:
            log.add("ITL-FIELD-NONE", Place(offset=at, record_type=kind))
        if found is None or found.group() == FS:
            return tuple(fields), min(stop + 1, len(data))
        at = stop + 1
    raise AssertionError("unreachable: counting does not end")


def _is_data(tag: re.Match[bytes], kind: int) -> bool:
    # Type-2 is the user's own and Type-9 is text throughout: only from Type-10 on is 999 an image.
    return kind >= 10 and int(tag.group(1)) == kind and int(tag.group(2)) == _DATA


def _end_of_image(data: bytes, at: int, extent: Extent) -> int:
    # Image data may hold any byte, so only LEN tells its end. Where LEN is a lie, the next file separator
    # that a record or nothing follows is taken; the record is refused anyway, the rest becomes readable.
    if extent.sure:
        return extent.stop
    found = _END_OF_IMAGE.search(data, at)
    return found.start() if found else len(data)


def _check_caps(limits: Limits, count: int, where: Place, size: int) -> None:
    if size > limits.tagged_field_bytes:
        raise OverCapError(where, f"field of {size} bytes", f"at most {limits.tagged_field_bytes} bytes")
    if count >= limits.fields_per_record:
        raise OverCapError(where, "more fields", f"at most {limits.fields_per_record} fields in a record")


def _data_field(data: bytes, at: int, tag: re.Match[bytes], stop: int) -> Field:
    value = data[tag.end() : stop]
    name = f"{int(tag.group(1))}.{_DATA}"
    subfield = Subfield((Item(value, tag.end()),), tag.end())
    return Field(name, data[at:stop], at, (subfield,))


def _text_field(
    data: bytes, at: int, stop: int, tag: re.Match[bytes] | None, kind: int, budget: Budget, log: Log
) -> Field:
    raw = data[at:stop]
    if tag is None:
        # Number 0 is no field of the standard, so what cannot be named is kept and found by nobody.
        log.add("ITL-TAG", Place(offset=at, record_type=kind), found=quoted(raw, 20))
        return Field(f"{kind}.000", raw, at, (Subfield((Item(raw, at),), at),))
    name = f"{int(tag.group(1))}.{int(tag.group(2)):03d}"
    where = Place(offset=at, record_type=kind, tag=name)
    if int(tag.group(1)) != kind:
        log.add("ITL-TAG-TYPE", where, found=quoted(tag.group()), expected=f"{kind}.")
    elif int(tag.group(2)) > _DATA:
        log.add("ITL-TAG-LONG", where, found=quoted(tag.group(2)))
    value = raw[tag.end() - at :]
    _check_characters(value, kind, where, log)
    budget.spend(value.count(RS) + value.count(US), where)  # the first item is paid for with its field
    return Field(name, raw, at, _subfields(value, tag.end()))


def _check_characters(value: bytes, kind: int, where: Place, log: Log) -> None:
    pattern, code = (_NOT_PRINTABLE, "ITL-CHAR-TYPE1") if kind == 1 else (_CONTROL, "ITL-CHAR")
    bad = pattern.search(value)
    if bad is not None:
        log.add(code, where, found=quoted(bad.group()))


def _subfields(value: bytes, at: int) -> tuple[Subfield, ...]:
    subfields: list[Subfield] = []
    for part in value.split(RS):
        items: list[Item] = []
        inner = at
        for piece in part.split(US):
            items.append(Item(piece, inner))
            inner += len(piece) + 1
        subfields.append(Subfield(tuple(items), at))
        at += len(part) + 1
    return tuple(subfields)


def _idc(fields: tuple[Field, ...], kind: int) -> int:
    if kind == 1:
        return -1
    for one in fields[:8]:  # x.002 is the second field; a little leniency, and no scan of thousands
        if one.number == 2:
            value = number(one.subfields[0].items[0].raw)
            return -1 if value is None else value
    return -1


def _check_extent(
    size: int, closed: bool, start: int, end: int, extent: Extent, log: Log, where: Place
) -> None:
    declared = str(extent.declared)
    if extent.declared < 0:
        log.add("ITL-LEN-NONE", where)
    elif start + extent.declared > size:
        log.add("ITL-LEN-OVER", where, found=declared, expected=f"at most {size - start}")
    elif extent.declared != end - start:
        log.add("ITL-LEN", where, found=declared, expected=str(end - start))
    if not closed:
        log.add("ITL-FS", where)


def _check_repeats(fields: tuple[Field, ...], where: Place, log: Log) -> None:
    seen: set[str] = set()
    for one in fields:
        if one.tag in seen and one.number:
            key = where.record_type == 1 or one.number in _KEYS
            place = Place(one.offset, where.record_type, where.idc, one.tag)
            log.add("ITL-KEY-TWICE" if key else "ITL-FIELD-TWICE", place)
        seen.add(one.tag)


def charset_defects(record: Record, log: Log) -> None:
    """Note the first text field of a record that holds bytes beyond 7-bit ASCII."""
    for one in record.fields:
        if (record.type < 10 or one.number != _DATA) and _NOT_ASCII.search(one.raw):
            log.add("ITL-CHAR-SET", Place(one.offset, record.type, record.idc, one.tag))
            return
