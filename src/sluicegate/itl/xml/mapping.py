# SPDX-License-Identifier: Apache-2.0
"""The elements of one record to numbered fields, by the table; what the table has not is noted and kept.

Source: the table `data/elements.csv`. A field's `raw` is written as the traditional encoding would write it,
since XML has no one place where a whole field stands; the bytes received are the record's.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.errors import quoted
from sluicegate.itl.model import RS, US, Field, Item, Place, Subfield
from sluicegate.itl.xml import tables
from sluicegate.itl.xml.forms import FORMS, trimmed
from sluicegate.itl.xml.rules import XmlLog
from sluicegate.itl.xml.tables import DETAIL, IMAGE, Row
from sluicegate.itl.xml.tree import Node

_NOT_PRINTABLE = re.compile(r"[^ -~]")
_CONTROL = re.compile(r"[\x00-\x1b\x7f]")


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    offset: int


@dataclass(slots=True)
class _Group:
    """One subfield in the making: the element that it comes from, and its items by number."""

    source: Node
    items: dict[int, _Value] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """What one record holds: subfields by field number, image data, and what no row of the table names."""

    kind: int
    place: Place
    log: XmlLog
    groups: dict[int, list[_Group]] = field(default_factory=dict)
    data: _Data | None = None
    unmapped: list[Field] = field(default_factory=list)

    def number(self, number: int, default: int = 0) -> int:
        """A field's first item as an unsigned number."""
        text = self.text(number)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else default

    def text(self, number: int) -> str:
        """A field's first item, or the empty string."""
        return next(iter(self.texts(number)), "")

    def texts(self, number: int) -> list[str]:
        """The first item of every subfield."""
        found = (group.items.get(1) for group in self.groups.get(number, ()))
        return [value.text for value in found if value is not None]


@dataclass(frozen=True, slots=True)
class _Data:
    number: int
    data: bytes
    offset: int


def gather(record: Node, kind: int, log: XmlLog) -> Gathered:
    """Everything in the element of one record."""
    gathered = Gathered(kind, Place(record.offset, kind), log)
    table = tables.by_path(kind)
    for child in record.children:
        if kind == 2 and child.local.startswith("UserDefinedDescriptive"):
            for inner in child.children:
                known = inner.local.startswith("DomainDefined")
                _walk(gathered, table, [inner], (DETAIL,) if known else (child.name, inner.name))
        else:
            step = IMAGE if kind > 2 and child.local.endswith("Image") else child.name
            _walk(gathered, table, [child], (step,))
    return gathered


def _walk(
    gathered: Gathered, table: Mapping[tuple[str, ...], Row], trail: list[Node], path: tuple[str, ...]
) -> None:
    # Depth is capped where the tree was built, so this recursion is too.
    node, row = trail[-1], table.get(path)
    if node.attributes:
        gathered.log.add("ITL-XML-ATTRIBUTE", _at(gathered, node), line=node.line, found=_shown(path))
    if row is not None:
        _take(gathered, row, trail)
        if row.form == "contents" or (row.form in FORMS and FORMS[row.form].whole):
            return
    elif not node.children or node.text.strip():
        _keep(gathered, node, path)
    for child in node.children:
        _walk(gathered, table, [*trail, child], (*path, child.name))


def _at(gathered: Gathered, node: Node) -> Place:
    return Place(node.offset, gathered.kind)


def _shown(path: Sequence[str]) -> str:
    return quoted("/".join(path), 200)


def _keep(gathered: Gathered, node: Node, path: tuple[str, ...]) -> None:
    where = _at(gathered, node)
    gathered.log.add("ITL-XML-UNMAPPED", where, line=node.line, found=_shown(path))
    # Number 0 is no field of the standard: kept for people, found by no rule.
    raw = " ".join(node.text.split()).encode("utf-8", "replace")
    items = (Subfield((Item(raw, node.offset),), node.offset),)
    gathered.unmapped.append(Field(f"{gathered.kind}.000", raw, node.offset, items))


def _take(gathered: Gathered, row: Row, trail: list[Node]) -> None:
    node = trail[-1]
    if row.form == "base64":
        _take_data(gathered, row, node)
    elif row.form == "contents":
        _take_contents(gathered, row, node)
    else:
        text = FORMS[row.form].read(node)
        if not text:
            return
        groups = gathered.groups.setdefault(row.number, [])
        if row.form in ("minor", "joined") and groups and row.item in groups[-1].items:
            before = groups[-1].items[row.item]
            glue = "," if row.form == "joined" else ""
            groups[-1].items[row.item] = _Value(f"{before.text}{glue}{text}", before.offset)
            return
        _put(groups, trail[row.group - 1], row.item, _Value(text, node.offset))


def _put(groups: list[_Group], source: Node, item: int, value: _Value) -> None:
    # Only the last few groups can belong to the same element: looking further would cost time squared.
    for group in groups[-9:]:
        if group.source is source and item not in group.items:
            group.items[item] = value
            return
    groups.append(_Group(source, {item: value}))


def _take_data(gathered: Gathered, row: Row, node: Node) -> None:
    if gathered.data is not None:
        gathered.log.add("ITL-XML-TWICE", _at(gathered, node), line=node.line)
        return
    try:
        data = binascii.a2b_base64("".join(node.text.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        gathered.log.add("ITL-XML-BASE64", _at(gathered, node), line=node.line)
        data = b""
    gathered.data = _Data(row.number, data, node.offset)


def _take_contents(gathered: Gathered, row: Row, node: Node) -> None:
    first = node.child("biom:ContentFirstRecordCategoryCode")
    count = node.child("biom:ContentRecordQuantity") or node.child("biom:ContentRecordCount")
    pairs: list[tuple[Node | None, Node | None]] = [(first, count)]
    for entry in node.children:
        if entry.name == "biom:ContentRecordSummary":
            idc = entry.at("biom:ImageReferenceIdentification", "nc:IdentificationID")
            pairs.append((entry.child("biom:RecordCategoryCode"), idc))
    groups = gathered.groups.setdefault(row.number, [])
    for kind, number in pairs:
        values = {1: _Value(_plain(kind), node.offset), 2: _Value(_text(number), node.offset)}
        groups.append(_Group(node, values))
    groups[0].items[2] = _Value(_plain(count), node.offset)


def _text(node: Node | None) -> str:
    return trimmed(node.text).strip() if node is not None else ""


def _plain(node: Node | None) -> str:
    """A number without leading zeros, as the traditional encoding writes it."""
    text = _text(node)
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= 9 else text


def fields_of(gathered: Gathered) -> tuple[Field, ...]:
    """The fields of a tagged record in ascending order, then what is not mapped."""
    made = [_field(gathered, number, groups) for number, groups in sorted(gathered.groups.items())]
    if gathered.data is not None and gathered.data.data:
        made.append(_data_field(gathered.kind, gathered.data))
    return (*made, *gathered.unmapped)


def _field(gathered: Gathered, number: int, groups: list[_Group]) -> Field:
    tag = f"{gathered.kind}.{number:03d}"
    subfields = tuple(_subfield(group) for group in groups)
    offset = subfields[0].offset
    _check_characters(gathered, subfields, Place(offset, gathered.kind, tag=tag))
    value = RS.join(US.join(item.raw for item in one.items) for one in subfields)
    return Field(tag, f"{tag}:".encode() + value, offset, subfields)


def _subfield(group: _Group) -> Subfield:
    start = min(value.offset for value in group.items.values())
    blank = _Value("", start)
    values = [group.items.get(item, blank) for item in range(1, max(group.items) + 1)]
    return Subfield(tuple(Item(one.text.encode("utf-8"), one.offset) for one in values), start)


def _check_characters(gathered: Gathered, subfields: Sequence[Subfield], where: Place) -> None:
    pattern, code = (_NOT_PRINTABLE, "ITL-CHAR-TYPE1") if gathered.kind == 1 else (_CONTROL, "ITL-CHAR")
    bad = next(
        (found for one in subfields for item in one.items if (found := pattern.search(item.text))), None
    )
    if bad is not None:
        gathered.log.common.add(code, where, found=quoted(bad.group()))


def _data_field(kind: int, data: _Data) -> Field:
    tag = f"{kind}.{data.number:03d}"
    item = Item(data.data, data.offset)
    return Field(tag, f"{tag}:".encode() + data.data, data.offset, (Subfield((item,), data.offset),))
