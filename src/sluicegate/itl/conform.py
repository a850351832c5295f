# SPDX-License-Identifier: Apache-2.0
"""Whether the records of a transaction keep to the standard alone, whatever profile they were written for.

Source: ANSI/NIST-ITL 1-2007 and 1-2011 with updates, clause 8. The reader sees to structure (lengths,
contents, separators); here the fields of Types 1, 4, 10, 13 to 17, 20 and 21 are held against the rows of
`itl.profile` and against each other. The user's own fields of Type-2, and record types not named here, are
not judged. Time is linear in the transaction, and the number of findings is capped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sluicegate.itl import profile, relations, values
from sluicegate.itl.model import Defect, Field, Place, Record, Severity, Transaction
from sluicegate.itl.profile import Row, Spec
from sluicegate.itl.values import COUNT, NONE, RELATION

MOST = 500
"""Findings told of one transaction; one more says that there are others."""

_TYPE_4 = {3: 5, 4: 6, 5: 12}  # offset in the record of IMP, FGP and ISR
_TOLD_BY_READER = frozenset((1, 2, 3))  # of Type-1: LEN, VER and CNT


@dataclass(frozen=True, slots=True)
class Finding:
    """A defect, and whether the field is one that its record must have."""

    defect: Defect
    mandatory: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """A field as received, brought to one shape for text and binary records."""

    values: Sequence[Sequence[str]]
    offsets: Sequence[Sequence[int]]
    offset: int


def check(transaction: Transaction) -> tuple[Defect, ...]:
    """Every departure as an ERROR with record, IDC, tag, subfield, item and byte offset; never raises."""
    return tuple(finding.defect for finding in findings(transaction))


def findings(transaction: Transaction) -> Iterator[Finding]:
    """As `check`, one by one, with the weight of the field. At most `MOST`, and one that tells of more."""
    all_of_them = _findings(transaction)
    yield from islice(all_of_them, MOST)
    if next(all_of_them, None) is not None:
        message = f"more than {MOST} departures; the rest is not listed"
        yield Finding(Defect(COUNT, Severity.ERROR, Place(), message, "ANSI/NIST-ITL 8"), mandatory=False)


def _findings(transaction: Transaction) -> Iterator[Finding]:
    header = transaction.header
    if header is None:
        return
    edition = profile.edition(header.text(2))
    for record in transaction.records:
        yield from _record(record, edition)
    for clash in relations.check(transaction, edition):
        yield _clash(clash, edition)


def _record(record: Record, edition: str) -> Iterator[Finding]:
    held = _held(record)
    counts = Counter(field.number for field in record.fields)
    imaged = 999 in held or edition < relations.SINCE_2011
    for number, spec in profile.fields(record.type, edition).items():
        if record.type == 1 and number in _TOLD_BY_READER:
            continue
        found = held.get(number)
        if found is None:
            if spec.row.need == "M" or (spec.row.need == "I" and imaged):
                yield _finding(spec.row, record, (NONE, "is missing"))
            continue
        if counts[number] > 1:
            yield _finding(spec.row, record, (COUNT, f"occurs {counts[number]} times"), found.offset)
        yield from _field(spec, found, record)


def _held(record: Record) -> dict[int, _Held]:
    if record.type == 4:
        return _unpacked(record)
    found: dict[int, _Held] = {}
    for field in record.fields:
        # A field tagged as another record's is no field of this one; the reader has said so.
        if field.tag.partition(".")[0] == str(record.type) and field.number not in found:
            offsets = [[item.offset for item in one.items] for one in field.subfields]
            # Image data is never looked at as text: it may be megabytes.
            texts = [["#"]] if field.number == 999 and _has_data(field) else field.texts()
            found[field.number] = _Held(texts, offsets, field.offset)
    return found


def _has_data(field: Field) -> bool:
    return any(item.raw for subfield in field.subfields for item in subfield.items)


def _unpacked(record: Record) -> dict[int, _Held]:
    found = {}
    for number, name in ((3, "imp"), (4, "fgp"), (5, "isr")):
        value = record.binary.get(name, ())
        many = value if isinstance(value, tuple) else (value,)
        start = record.offset + _TYPE_4[number]
        found[number] = _Held([[str(one)] for one in many], [[start + n] for n in range(len(many))], start)
    return found


def _field(spec: Spec, held: _Held, record: Record) -> Iterator[Finding]:
    row = spec.row
    if not any(item for subfield in held.values for item in subfield):
        # Type-4 without a position is told by the reader.
        if row.need != "O" and record.type != 4:
            yield _finding(row, record, (NONE, "is empty"), held.offset)
        return
    count, most = len(held.values), row.occurs_most or len(held.values)
    if count > most:
        message = f"has {count} values; at most {most} are allowed"
        yield _finding(row, record, (COUNT, message), held.offset)
    for n, items in enumerate(held.values[:most]):
        shown = n + 1 if count > 1 else 0
        for item, (row_of_it, flaw) in _items(spec, items):
            offsets = held.offsets[n]
            at = offsets[min(item, len(offsets)) - 1] if offsets else held.offset
            shown_item = item if spec.items else 0
            yield _finding(row_of_it, record, flaw, at, subfield=shown, item=shown_item, field=row)


def _items(spec: Spec, items: Sequence[str]) -> Iterator[tuple[int, tuple[Row, values.Flaw]]]:
    """Number of the item from 1, its row, and what is wrong with it."""
    row = spec.row
    if row.rule == "any":
        return
    if not spec.items:
        if len(items) > 1:
            yield 1, (row, (COUNT, f"has {len(items)} items where one is allowed"))
        if flaw := values.flaw(row, items[0] if items else ""):
            yield 1, (row, flaw)
        return
    if row.rule != "open" and len(items) > max(spec.items):
        yield 1, (row, (COUNT, f"has {len(items)} items; at most {max(spec.items)} are allowed"))
    for number, one in spec.items.items():
        text = items[number - 1] if number <= len(items) else ""
        if not text:
            if one.need == "M":
                yield number, (one, (NONE, "is missing"))
        elif flaw := values.flaw(one, text):
            yield number, (one, flaw)


def _finding(
    row: Row,
    record: Record,
    flaw: values.Flaw,
    at: int = -1,
    *,
    subfield: int = 0,
    item: int = 0,
    field: Row | None = None,
) -> Finding:
    code, message = flaw
    whole = field or row
    place = Place(at if at >= 0 else record.offset, row.type, record.idc, whole.tag, subfield, item)
    name = whole.mnem if whole.mnem == row.mnem else f"{whole.mnem}, item {row.mnem},"
    told = Defect(code, Severity.ERROR, place, f"{row.tag} {name} {message}", row.clause)
    return Finding(told, whole.need != "O")


def _clash(clash: relations.Clash, edition: str) -> Finding:
    record = clash.record
    spec = profile.fields(record.type, edition).get(clash.number)
    mnem = spec.row.mnem if spec else "CNT"
    tag = f"{record.type}.{clash.number:03d}"
    place = Place(_offset(clash), record.type, record.idc, tag, clash.subfield, clash.item)
    code = NONE if clash.missing else RELATION
    clause = f"ANSI/NIST-ITL 8.{record.type}"
    told = Defect(code, Severity.ERROR, place, f"{tag} {mnem} {clash.message}", clause)
    return Finding(told, mandatory=False)


def _offset(clash: relations.Clash) -> int:
    field = clash.record.get(clash.number)
    if field is None:
        return clash.record.offset
    if not 0 < clash.subfield <= len(field.subfields):
        return field.offset
    subfield = field.subfields[clash.subfield - 1]
    return subfield.items[clash.item - 1].offset if 0 < clash.item <= len(subfield.items) else subfield.offset
