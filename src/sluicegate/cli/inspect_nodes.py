# SPDX-License-Identifier: Apache-2.0
"""The tree of a transaction as values: record, field, subfield with its items, each with its byte offset.

Whoever draws it, on a terminal or as HTML, draws the same nodes. All text in them is printable ASCII.
Offsets and layouts of Types 3 to 8: ANSI/NIST-ITL 1-2007, clauses 8.3 to 8.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.cli import inspect_words
from sluicegate.cli.calls import plain
from sluicegate.cli.inspect_words import LEFT_OUT, Words
from sluicegate.itl.model import Defect, Field, Record, Subfield, Transaction

_VALUE = 120  # characters of one item
_SUBFIELDS = 40
_FIELDS = 400
_RECORDS = 300

_HEAD = (("len", 0), ("idc", 4))
_PRINT = (*_HEAD, ("imp", 5), ("fgp", 6), ("isr", 12), ("hll", 13), ("vll", 15), ("gca", 17))
_SIGNATURE = (*_HEAD, ("sig", 5), ("srt", 6), ("isr", 7), ("hll", 8), ("vll", 10))
_LAYOUTS = {3: _PRINT, 4: _PRINT, 5: _PRINT, 6: _PRINT, 7: _HEAD, 8: _SIGNATURE}
_BEHIND = {3: 18, 4: 18, 5: 18, 6: 18, 7: 5, 8: 12}
_BINARY_CODES = {5: "BCA", 6: "BCA"}


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree and what is under it. `offset` is -1 where there is none in the file."""

    label: str
    name: str
    value: str
    offset: int
    size: int
    kids: tuple[Node, ...] = ()

    def holds(self, offset: int) -> bool:
        """Whether a byte of the file lies in this part of it."""
        return 0 <= self.offset <= offset < self.offset + self.size


def nodes(transaction: Transaction, words: Words) -> tuple[Node, ...]:
    """One node for each record, in file order."""
    made = [_record(one, words) for one in transaction.records[:_RECORDS]]
    made += _rest(len(transaction.records) - _RECORDS, "records")
    if transaction.trailing:
        size = len(transaction.trailing)
        last = transaction.records[-1] if transaction.records else None
        at = last.offset + len(last.raw) if last else 0
        made.append(Node("rest", "bytes behind the last record", f"{size:,} bytes", at, size))
    return tuple(made)


def find(tree: tuple[Node, ...], defect: Defect) -> tuple[int, ...]:
    """The way to the node that a defect is about, as indexes from the top; empty for the whole file."""
    place = defect.place
    if place.offset < 0 or not place.record_type:
        return ()
    for at, node in enumerate(tree):
        if node.holds(place.offset):
            # What is missing has the place of its record: no field there carries its tag.
            same = [n for n, kid in enumerate(node.kids) if kid.label.split(" ")[0] == place.tag]
            exact = [n for n in same if node.kids[n].holds(place.offset)]
            return (at, *(exact or same)[:1])
    return ()


def _rest(count: int, of_what: str) -> list[Node]:
    return [Node("...", "", f"{count} more {of_what}", -1, 0)] if count > 0 else []


def _record(record: Record, words: Words) -> Node:
    idc = f" IDC {record.idc:02d}" if record.idc >= 0 else ""
    size = f"{len(record.raw):,} bytes"
    image = record.image
    if image is not None:
        fingers = inspect_words.fingers(image.fgp)
        size = f"{fingers}, {size}" if fingers else size
    kids = [_field(one, record, words) for one in record.fields[:_FIELDS]]
    kids += _rest(len(record.fields) - _FIELDS, "fields")
    kids = [*_binary(record, words), *kids]
    name = inspect_words.what(record)
    return Node(f"Type-{record.type}{idc}", name, size, record.offset, len(record.raw), tuple(kids))


def _binary(record: Record, words: Words) -> Iterator[Node]:
    """The header items of a binary record, and its data in a word."""
    layout = _LAYOUTS.get(record.type, ()) if record.binary else ()
    held = record.binary.get("len")
    laid_out = isinstance(held, int) and record.raw[:4] == held.to_bytes(4, "big")
    sizes = {"len": 4, "fgp": 6, "hll": 2, "vll": 2}
    for number, (name, at) in enumerate(layout, 1):
        if name not in record.binary:
            continue
        value = record.binary[name]
        many = value if isinstance(value, tuple) else (value,)
        meaning = words.meaning(record.type, number, str(many[0])) if many else ""
        mnemonic = _BINARY_CODES.get(record.type, "GCA") if name == "gca" else name.upper()
        label = f"{record.type}.{number:03d} {mnemonic}"
        offset = record.offset + at if laid_out else -1
        said = " ".join(map(str, many)) + (f"  {meaning}" if meaning else "")
        yield Node(label, "", said, offset, sizes.get(name, 1))
    if layout and laid_out:
        behind = _BEHIND[record.type]
        size = len(record.raw) - behind
        label = f"{record.type}.{len(layout) + 1:03d} DATA"
        yield Node(label, "", _data(record, size), record.offset + behind, size)


def _data(record: Record, size: int) -> str:
    image = record.image
    if image is None:
        return f"{size:,} bytes"
    return f"{size:,} bytes, {plain(image.compression, 14)} {image.hll}x{image.vll}"


def _field(field: Field, record: Record, words: Words) -> Node:
    kind, number = _numbers(field, record)
    mnemonic = words.mnemonic(kind, number)
    label = f"{field.tag} {mnemonic}".rstrip()
    place = (label, words.name(kind, number))
    if number == 999 and kind >= 9:
        size = sum(len(item.raw) for one in field.subfields for item in one.items)
        return Node(*place, _data(record, size), field.offset, len(field.raw))
    if not words.shows(kind, number):
        return Node(*place, f"{LEFT_OUT}  {len(field.raw):,} bytes", field.offset, len(field.raw))
    parts = field.subfields
    if len(parts) == 1:
        return Node(*place, _items(parts[0], kind, number, words), field.offset, len(field.raw))
    kids = [
        Node(f"[{n}]", "", _items(one, kind, number, words), one.offset, 0)
        for n, one in enumerate(parts[:_SUBFIELDS], 1)
    ]
    kids += _rest(len(parts) - _SUBFIELDS, "subfields")
    return Node(*place, f"{len(parts)} subfields", field.offset, len(field.raw), tuple(kids))


def _numbers(field: Field, record: Record) -> tuple[int, int]:
    kind = field.tag.partition(".")[0]
    # A field tagged as another record's is nobody's: its text is treated as that of the record it stands in.
    return record.type, field.number if kind == str(record.type) else -1


def _items(subfield: Subfield, kind: int, number: int, words: Words) -> str:
    """The items of a subfield on one line: each with its mnemonic and, of several, each its offset."""
    if len(subfield.items) == 1:
        text = subfield.items[0].text
        meaning = words.meaning(kind, number, text)
        return plain(text, _VALUE) + (f"  {meaning}" if meaning else "")
    shown = [
        f"{words.item(kind, number, at)} {plain(item.text, _VALUE)} @{item.offset}".lstrip()
        for at, item in enumerate(subfield.items[:_SUBFIELDS], 1)
    ]
    more = len(subfield.items) - _SUBFIELDS
    return " | ".join(shown) + (f" | ... {more} more items" if more > 0 else "")
