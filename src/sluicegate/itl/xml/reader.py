# SPDX-License-Identifier: Apache-2.0
"""Reads NIEM-XML into the model of ANSI/NIST-ITL: any bytes in, a `Reading` out, nothing raised or lost.

Source: ANSI/NIST-ITL 2-2008 and 1-2011 Annex C, FBI EBTS 10.0. A record's raw bytes run from the start of its
element to the start of the next record's, the first from the start of the file; what begins with the root's
end tag is trailing. So the records and the trailing bytes put together are the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sluicegate.errors import quoted
from sluicegate.itl.binary import GCA, UNUSED, Scale, check_image
from sluicegate.itl.fields import number
from sluicegate.itl.model import Image, Place, Reading, Record, Transaction
from sluicegate.itl.reader import VERSIONS
from sluicegate.itl.rules import defect as common_defect
from sluicegate.itl.tagged_image import image_of, scale_of
from sluicegate.itl.xml import tables
from sluicegate.itl.xml.mapping import Gathered, fields_of, gather
from sluicegate.itl.xml.rules import RefusedError, XmlLog
from sluicegate.itl.xml.tree import Node, Tree, XmlLimits, parse

_ALGORITHMS = {name: name for name in GCA.values()} | {"WSQ20": "WSQ"} | {str(k): v for k, v in GCA.items()}
_RCC = "biom:RecordCategoryCode"


def read(data: bytes, limits: XmlLimits = XmlLimits()) -> Reading:  # noqa: B008 (frozen, shared on purpose)
    """Read a whole package. Time is linear in its size; a file over a limit is not looked at further.

    Never raises. `Reading.transaction` is None where the bytes are no package, or a limit was exceeded.
    """
    try:
        tree = parse(data, limits)
    except RefusedError as refused:
        return Reading(None, (refused.defect,))
    children = tree.root.children
    if not children or _row(children[0]) != 1:
        where = Place(offset=children[0].offset if children else tree.root.offset)
        return Reading(None, (common_defect("ITL-TYPE1", where),))
    log = XmlLog()
    transaction = _transaction(data, tree, log)
    return Reading(transaction, log.all())


def _row(node: Node) -> int:
    """The record type that an element of the package is, or 0."""
    row = tables.record_by_element().get(node.local) if node.name.startswith("itl:") else None
    return row.type if row is not None else 0


def _transaction(data: bytes, tree: Tree, log: XmlLog) -> Transaction:
    children = tree.root.children
    if tree.root.attributes or tree.root.text.strip():
        log.add("ITL-XML-ATTRIBUTE", Place(offset=tree.root.offset), line=tree.root.line)
    starts = [0, *(node.offset for node in children[1:]), tree.end]
    records: list[Record] = []
    scale = Scale()
    for at, node in enumerate(children):
        record = _record(node, data[starts[at] : starts[at + 1]], starts[at], scale, log)
        if not records:
            scale = scale_of(record)
        records.append(record)
    _check_version(records[0], log)
    _check_contents(records, log)
    return Transaction(tuple(records), data[tree.end :])


def _record(node: Node, raw: bytes, offset: int, scale: Scale, log: XmlLog) -> Record:
    kind = _row(node)
    where = Place(node.offset, kind)
    category = _number(node.child(_RCC))
    if not kind:
        log.add("ITL-XML-RECORD", where, line=node.line, found=quoted(node.name, 100))
        kind = category if 2 <= category <= 99 else 0
    elif category != kind:
        log.add("ITL-XML-RCC", where, line=node.line, found=str(category), expected=f"{kind:02d}")
    gathered = gather(node, kind, log)
    idc = -1 if kind == 1 else gathered.number(2, -1)
    if kind != 1 and idc < 0:
        log.common.add("ITL-IDC", where)
    if kind == 4:
        return _finger(gathered, raw, offset, idc, scale)
    record = Record(kind, idc, raw, offset, fields_of(gathered))
    image = image_of(record, log.common)
    return record if image is None else replace(record, image=image)


def _number(node: Node | None) -> int:
    text = node.text.strip() if node is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0


def _finger(gathered: Gathered, raw: bytes, offset: int, idc: int, scale: Scale) -> Record:
    """A Type-4 record: the items of its binary header, and its image."""
    log, where = gathered.log.common, replace(gathered.place, idc=idc)
    named = [number(text.encode()) for text in gathered.texts(4)]
    fgp = tuple(one for one in named if one is not None and one != UNUSED)
    real = tuple(one for one in fgp if one) if fgp and fgp[0] else fgp
    if real != fgp:
        log.add("ITL-FGP-FILL", where, found=str(fgp))
    if not fgp:
        log.add("ITL-FGP", where)
    imp, isr, hll, vll = (gathered.number(n, d) for n, d in ((3, -1), (5, 0), (6, 0), (7, 0)))
    algorithm = gathered.text(8).strip().upper()
    compression = _ALGORITHMS.get(
        algorithm, "?" + "".join(c for c in algorithm if c.isalnum() and c < "~")[:12]
    )
    gca = next((code for code, name in GCA.items() if name == compression), 255)
    data, at = (gathered.data.data, gathered.data.offset) if gathered.data else (b"", gathered.place.offset)
    ppi = scale.of(isr)
    image = Image(4, idc, imp, real, hll, vll, ppi, ppi, compression, data, at)
    check_image(image, 1, where, log)
    items: dict[str, int | tuple[int, ...]] = {"len": len(raw), "idc": idc, "imp": imp, "fgp": fgp}
    items |= {"isr": isr, "hll": hll, "vll": vll, "gca": gca}
    return Record(4, idc, raw, offset, tuple(gathered.unmapped), image, items)


def _check_version(header: Record, log: XmlLog) -> None:
    field = header.get(2)
    if field is None or field.text not in VERSIONS:
        where = Place(field.offset if field else header.offset, 1, tag="1.002")
        log.common.add("ITL-VER", where, found=quoted(field.text) if field else "")


def _check_contents(records: Sequence[Record], log: XmlLog) -> None:
    """Note where 1.003 and the package disagree: here no record's place or type hangs on it."""
    field = records[0].get(3)
    told = [[_value(text) for text in items] for items in (field.texts() if field else [])]
    there = [[1, len(records) - 1], *([record.type, record.idc] for record in records[1:])]
    if told != there:
        where = Place(field.offset if field else records[0].offset, 1, tag="1.003")
        log.add("ITL-XML-CNT", where, found=f"{len(told) - 1} listed", expected=f"{len(records) - 1}")


def _value(text: str) -> int:
    found = number(text.encode())
    return -2 if found is None else found
