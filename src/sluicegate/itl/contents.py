# SPDX-License-Identifier: Apache-2.0
"""The transaction content (1.003 CNT): what the header says is in the file, against what is there.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clauses 8.1.3 and 7.3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.errors import quoted
from sluicegate.itl.binary import BINARY_TYPES
from sluicegate.itl.fields import TAGGED_TYPES, number
from sluicegate.itl.model import Field, Place, Record, Subfield
from sluicegate.itl.rules import Log


@dataclass(frozen=True, slots=True)
class Entry:
    """One record that the header promises."""

    type: int
    idc: int


@dataclass(frozen=True, slots=True)
class Contents:
    """The records promised, in order. `readable` is False where 1.003 is absent.

    `only_binary` is the one binary type named anywhere in 1.003, or 0 where it names none or several.
    """

    entries: tuple[Entry, ...] = ()
    readable: bool = False
    only_binary: int = 0

    def binary_type(self, index: int) -> int:
        """Type of the binary record at this place among the records after Type-1, or 0 for not known.

        Where the promised type is not a binary one, the only binary type that 1.003 names at all will do:
        the order is then a lie, which is reported, but the images can still be looked at.
        """
        if index >= len(self.entries):
            return 0
        promised = self.entries[index].type
        return promised if promised in BINARY_TYPES else self.only_binary


def read_contents(header: Record, log: Log) -> Contents:
    """1.003 of a Type-1 record. What is wrong with it is logged, what is right in it is used."""
    field = header.get(3)
    if field is None:
        log.add("ITL-CNT", Place(header.offset, 1))
        return Contents()
    first, *rest = field.subfields
    entries = [entry for entry in map(_entry, rest) if entry is not None]
    where = Place(field.offset, 1, tag=field.tag)
    count = _pair(first)
    if count is None or count[0] != 1 or len(entries) != len(rest):
        log.add("ITL-CNT", where, found=quoted(field.raw))
    if count is not None and count[1] != len(rest):
        log.add("ITL-CNT-COUNT", where, found=str(count[1]), expected=str(len(rest)))
    binary = {entry.type for entry in entries} & BINARY_TYPES
    return Contents(tuple(entries), readable=True, only_binary=binary.pop() if len(binary) == 1 else 0)


def _pair(subfield: Subfield) -> tuple[int, int] | None:
    values = [number(item.raw) for item in subfield.items]
    if len(values) != 2 or values[0] is None or values[1] is None:
        return None
    return values[0], values[1]


def _entry(subfield: Subfield) -> Entry | None:
    pair = _pair(subfield)
    known = pair is not None and (pair[0] in BINARY_TYPES or (pair[0] in TAGGED_TYPES and pair[0] != 1))
    return Entry(*pair) if pair is not None and known else None


def check_contents(contents: Contents, header: Record, records: Sequence[Record], log: Log) -> None:
    """Compare the records after Type-1 with what was promised: number, type, IDC, order."""
    if not contents.readable:
        return
    field: Field | None = header.get(3)
    if len(contents.entries) != len(records):
        where = Place(field.offset if field else 0, 1, tag="1.003")
        log.add("ITL-CNT-COUNT", where, found=str(len(contents.entries)), expected=str(len(records)))
    for entry, record in zip(contents.entries, records, strict=False):
        where = Place(record.offset, record.type, record.idc)
        if entry.type != record.type:
            log.add("ITL-CNT-TYPE", where, found=str(record.type), expected=str(entry.type))
        elif entry.idc != record.idc and record.idc >= 0:
            log.add("ITL-CNT-IDC", where, found=str(record.idc), expected=str(entry.idc))
    _check_idcs(records, log)


def _check_idcs(records: Sequence[Record], log: Log) -> None:
    # Records of different types share an IDC on purpose (an image and its minutiae); of one type rarely so.
    seen: set[tuple[int, int]] = set()
    for record in records:
        key = (record.type, record.idc)
        if key in seen and record.idc >= 0:
            log.add("ITL-IDC-TWICE", Place(record.offset, record.type, record.idc))
        seen.add(key)
