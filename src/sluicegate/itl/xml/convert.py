# SPDX-License-Identifier: Apache-2.0
"""Writes a transaction that came as NIEM-XML in traditional encoding; what cannot be carried is told.

Source: ANSI/NIST-ITL 1-2011 Annexes B and C. The other way is `writer.to_xml`.
"""

from __future__ import annotations

import re

from sluicegate.errors import UsageError
from sluicegate.itl.fields import TAGGED_TYPES
from sluicegate.itl.model import Defect, Field, Place, Record, Transaction
from sluicegate.itl.writer import Draft, FingerDraft, HeaderDraft, TaggedDraft, Value, build
from sluicegate.itl.xml.rules import defect
from sluicegate.itl.xml.writer import Written

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
_DOM, _DCS, _DATA = 13, 15, 999
_CARRIED = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, _DOM, 14))
_TELL_NOTHING = frozenset(("UTF-8", "ASCII", "US-ASCII"))


def to_traditional(transaction: Transaction) -> Written:
    """The transaction in traditional encoding; lengths and contents are worked out anew.

    Raises UsageError where there is no header, or where the header, an IDC or a Type-4 record does not
    conform: the strict writer has the last word.
    """
    header = transaction.header
    if header is None:
        raise UsageError("A transaction without a Type-1 record cannot be written.")
    lost = _header_losses(header)
    drafts: list[Draft] = []
    for record in transaction.records[1:]:
        if record.type == 4:
            drafts.append(_finger(record))
            lost.extend(_lost(record, field.tag) for field in record.fields)
        elif record.type in TAGGED_TYPES - {1}:
            fields, missed = _fields(record)
            drafts.append(TaggedDraft(record.type, record.idc, fields))
            lost.extend(missed)
        else:
            lost.append(_lost(record))
    return Written(build(_header(header, drafts), drafts), tuple(lost))


def _lost(record: Record, tag: str = "") -> Defect:
    return defect("ITL-XML-LOST", Place(record.offset, record.type, record.idc, tag))


def _header_losses(header: Record) -> list[Defect]:
    lost: list[Defect] = []
    for field in header.fields:
        # What 1.015 says of XML text is said anew where it is needed.
        harmless = (
            field.number == _DCS and {items[1] for items in field.texts() if len(items) > 1} <= _TELL_NOTHING
        )
        one = field.number == 3 or len(field.subfields) == 1
        if not (harmless or (field.number in _CARRIED and one)):
            lost.append(_lost(header, field.tag))
    return lost


def _header(record: Record, drafts: list[Draft]) -> HeaderDraft:
    dom = record.get(_DOM)
    return HeaderDraft(
        ver=record.text(2),
        tot=record.text(4),
        dat=record.text(5),
        pry=record.text(6),
        dai=record.text(7),
        ori=record.text(8),
        tcn=record.text(9),
        tcr=record.text(10),
        nsr=record.text(11, "00.00"),
        ntr=record.text(12, "00.00"),
        dom=tuple(dom.texts()[0]) if dom is not None else "",
        gmt=record.text(14),
        utf8=not all(map(_is_ascii, drafts)),
    )


def _is_ascii(draft: Draft) -> bool:
    values = (value for _, value in draft.fields) if isinstance(draft, TaggedDraft) else iter(())
    return all(
        item.isascii() for value in values if isinstance(value, list) for part in value for item in part
    )


def _fields(record: Record) -> tuple[list[tuple[int, Value]], list[Defect]]:
    """The fields that the writer takes, and a defect for each that it does not."""
    found: dict[int, Value] = {}
    lost: list[Defect] = []
    for field in record.fields:
        if field.number in (1, 2):
            continue
        value = _value(field, record)
        if value is None or field.number in found or not 3 <= field.number <= _DATA:
            lost.append(_lost(record, field.tag))
        else:
            found[field.number] = value
    return sorted(found.items(), key=lambda pair: pair[0]), lost


def _value(field: Field, record: Record) -> Value | None:
    if field.number == _DATA and record.type >= 10:
        return field.subfields[0].items[0].raw or None
    texts = field.texts()
    usable = any(any(items) for items in texts)
    return texts if usable and not any(_FORBIDDEN.search(item) for items in texts for item in items) else None


def _finger(record: Record) -> FingerDraft:
    image = record.image
    if image is None:
        raise UsageError(f"This transaction cannot be written: the record of IDC {record.idc} has no image.")
    fgp, (imp, isr, gca) = record.binary["fgp"], (record.binary[name] for name in ("imp", "isr", "gca"))
    assert isinstance(fgp, tuple)
    assert isinstance(imp, int)
    assert isinstance(isr, int)
    assert isinstance(gca, int)
    return FingerDraft(record.idc, imp, fgp, isr, image.hll, image.vll, gca, image.data)
