# SPDX-License-Identifier: Apache-2.0
"""Writes NIEM-XML of EBTS 10.0: any transaction of the model, and new ones strictly.

Source: ANSI/NIST-ITL 1-2011 Annex C, FBI EBTS 10.0. Elements follow the rows of the table, which stand in the
order of the schema. What was written is read back and compared, so that nothing is left out untold.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from xml.sax.saxutils import escape

from sluicegate.errors import UsageError
from sluicegate.itl.model import Defect, Place, Record, Transaction
from sluicegate.itl.reader import read as read_traditional
from sluicegate.itl.writer import Draft, HeaderDraft, build
from sluicegate.itl.xml import tables
from sluicegate.itl.xml.forms import FORMS, Content
from sluicegate.itl.xml.reader import read
from sluicegate.itl.xml.rules import defect
from sluicegate.itl.xml.tables import DETAIL, IMAGE, RecordRow, Row
from sluicegate.itl.xml.tree import ROOT

_FORBIDDEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_OWN = frozenset((1, 3))  # LEN or RCC, and CNT: each encoding works them out for itself

Values = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes in the other encoding, and what it could not carry."""

    data: bytes
    defects: tuple[Defect, ...]


@dataclass(slots=True)
class _Element:
    name: str
    text: str = ""
    children: list[_Element] = field(default_factory=list)

    def inner(self, name: str) -> _Element:
        """The last child where it has that name, or else a new one."""
        if self.children and self.children[-1].name == name:
            return self.children[-1]
        return self.added(name)

    def added(self, name: str) -> _Element:
        self.children.append(_Element(name))
        return self.children[-1]


def build_xml(header: HeaderDraft, drafts: Sequence[Draft]) -> bytes:
    """A new transaction, as strict as the traditional writer's and with the same content.

    Raises UsageError for anything that would not be conformant there, or that XML cannot carry.
    """
    transaction = read_traditional(build(header, drafts)).transaction
    assert transaction is not None, "what the strict writer writes can be read"
    written = to_xml(transaction)
    for lost in written.defects:
        raise UsageError(f"This transaction cannot be written as XML: {lost.place} would be lost.")
    return written.data


def to_xml(transaction: Transaction) -> Written:
    """The transaction in EBTS 10.0 NIEM-XML. Raises UsageError where it has no Type-1 record."""
    if transaction.header is None:
        raise UsageError("A transaction without a Type-1 record cannot be written.")
    carried = [(record, row) for record in transaction.records if (row := _row(record)) is not None]
    root = _Element(ROOT)
    for record, row in carried:
        _write_record(root.added(f"itl:{row.element}"), record, row, [one for one, _ in carried])
    data = _serialized(root)
    kept = [record for record, _ in carried]
    lost = [_lost(Place(one.offset, one.type, one.idc)) for one in transaction.records if _row(one) is None]
    return Written(data, (*lost, *_differences(kept, read(data).transaction)))


def _row(record: Record) -> RecordRow | None:
    row = tables.record_by_type().get(record.type)
    return row if row is not None and row.written else None


def _lost(place: Place) -> Defect:
    return defect("ITL-XML-LOST", place)


def _write_record(element: _Element, record: Record, row: RecordRow, records: Sequence[Record]) -> None:
    values = _values(record)
    values[1] = [[f"{record.type:02d}"]]
    # Rows of one repeated element are written together, one occurrence after another: subfields keep order.
    for _, rows in groupby(_rows(record.type), key=lambda one: one.path[: one.group]):
        together = list(rows)
        if together[0].form == "contents":
            _write_contents(_down(element, together[0].path), records)
        else:
            _write_group(element, together, row, values)


def _rows(kind: int) -> list[Row]:
    """The rows that are written: of two for the same item the first."""
    found: list[Row] = []
    done: set[tuple[int, int]] = set()
    for one in tables.of_record(kind):
        again = (one.number, one.item) in done and one.form != "minor"
        if one.written and not again and one.form != "joined":
            done.add((one.number, one.item))
            found.append(one)
    return found


def _values(record: Record) -> dict[int, Values]:
    """Items by field number as text; image data as base64. The first of two equal fields counts."""
    if record.type == 4:
        return _finger_values(record)
    found: dict[int, Values] = {}
    prefix = f"{record.type}."
    for one in record.fields:
        if one.tag.startswith(prefix) and one.number:
            is_data = one.number == 999 and record.type >= 10
            raw = one.subfields[0].items[0].raw if is_data else b""
            found.setdefault(one.number, [[base64.b64encode(raw).decode()]] if is_data else one.texts())
    return found


def _finger_values(record: Record) -> dict[int, Values]:
    items = record.binary
    positions = items.get("fgp", ())
    found: dict[int, Values] = {2: [[f"{record.idc:02d}"]]}
    for number, name in ((3, "imp"), (5, "isr"), (6, "hll"), (7, "vll"), (8, "gca")):
        found[number] = [[str(items[name])]] if name in items else []
    found[4] = [[str(one)] for one in (positions if isinstance(positions, tuple) else ())]
    found[9] = [[base64.b64encode(record.image.data).decode()]] if record.image else []
    return found


def _write_group(
    root: _Element, rows: Sequence[Row], record: RecordRow, values: Mapping[int, Values]
) -> None:
    path = _full(rows[0].path[: rows[0].group], record)
    for index in range(max(len(values.get(row.number, ())) for row in rows)):
        element: _Element | None = None
        for row in rows:
            content = _content(row, values.get(row.number, ()), index)
            if content is not None:
                element = element or _down(root, path[:-1]).added(path[-1])
                _fill(_down(element, row.path[row.group :]), content)


def _content(row: Row, values: Values, index: int) -> Content | None:
    """What the element of an item holds, or None where there is nothing, or nothing that XML can carry."""
    items = values[index] if index < len(values) else ()
    text = items[row.item - 1] if len(items) >= row.item else ""
    if not text or _FORBIDDEN.search(text):
        return None
    return text if row.form == "base64" else FORMS[row.form].write(text)


def _fill(element: _Element, content: Content) -> None:
    if isinstance(content, str):
        element.text = content
        return
    for below, part in content:
        _down(element, below).text = part


def _full(path: tuple[str, ...], record: RecordRow) -> tuple[str, ...]:
    return (*record.wrapper, *path[1:]) if path[0] in (DETAIL, IMAGE) else path


def _down(element: _Element, path: Iterable[str]) -> _Element:
    for name in path:
        element = element.inner(name)
    return element


def _write_contents(element: _Element, records: Sequence[Record]) -> None:
    element.added("biom:ContentFirstRecordCategoryCode").text = "1"
    element.added("biom:ContentRecordQuantity").text = str(len(records) - 1)
    for one in records[1:]:
        entry = element.added("biom:ContentRecordSummary")
        _down(entry, ("biom:ImageReferenceIdentification", "nc:IdentificationID")).text = f"{one.idc:02d}"
        entry.added("biom:RecordCategoryCode").text = f"{one.type:02d}"


def _serialized(root: _Element) -> bytes:
    uris = tables.namespaces().uri
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in uris.items())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{root.name}{declared}>"]
    for child in root.children:
        _serialize(child, 1, lines)
    return "\n".join([*lines, f"</{root.name}>", ""]).encode("utf-8")


def _serialize(element: _Element, depth: int, lines: list[str]) -> None:
    indent = "  " * depth
    if not element.children:
        lines.append(f"{indent}<{element.name}>{escape(element.text)}</{element.name}>")
        return
    lines.append(f"{indent}<{element.name}>")
    for child in element.children:
        _serialize(child, depth + 1, lines)
    lines.append(f"{indent}</{element.name}>")


def _differences(records: Sequence[Record], back: Transaction | None) -> list[Defect]:
    """What reading back does not give as it was, field by field."""
    assert back is not None, "what is written here can be read here"
    lost: list[Defect] = []
    for record, again in zip(records, back.records, strict=True):
        before, after = _comparable(record), _comparable(again)
        for key in before:
            if before[key] != after.get(key):
                tag = f"{record.type}.{key:03d}" if isinstance(key, int) else ""
                lost.append(_lost(Place(record.offset, record.type, record.idc, tag)))
    return lost


def _comparable(record: Record) -> Mapping[int | str, object]:
    if record.type == 4:
        items: dict[int | str, object] = {"data": record.image.data if record.image else b""}
        return items | {name: value for name, value in record.binary.items() if name != "len"}
    found: dict[int | str, object] = {}
    for at, one in enumerate(record.fields):
        if one.number in _OWN and (one.number == 1 or record.type == 1):
            continue
        value = tuple(_without_blank_end([item.raw for item in part.items]) for part in one.subfields)
        key = one.number if one.number and one.number not in found else f"{one.tag} again {at}"
        found[key] = value
    return found


def _without_blank_end(items: list[bytes]) -> tuple[bytes, ...]:
    while items and not items[-1]:
        items.pop()
    return tuple(items)
