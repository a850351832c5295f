# SPDX-License-Identifier: Apache-2.0
"""One tagged record against its rows of the dictionary: presence, characters, size, count, codes, format.

Source: EBTS 9.1 Appendix B (Type-1) and Appendix C (Type-2). What is wrong with a mandatory field is an
ERROR; with an optional one a WARNING, and the field is then neither used nor echoed.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from sluicegate.ebts import codes, dictionary, formats
from sluicegate.ebts.dictionary import FieldRow, FieldSpec
from sluicegate.ebts.formats import FIELD, INVALID, MISSING, RANGE, RELATION, Context, Flaw
from sluicegate.itl.model import Defect, Place, Record, Severity

Values = Sequence[Sequence[str]]
"""Items of a field, by subfield."""

_LETTERS = frozenset(string.ascii_letters)
_DIGITS = frozenset(string.digits)
_PRINT = frozenset(chr(c) for c in range(0x20, 0x7F))
_SPECIAL: Mapping[str, frozenset[str]] = {
    "print": _PRINT,
    "format": frozenset("\r\n\t"),
    "hyphen": frozenset("-"),
    "comma": frozenset(","),
    "blank": frozenset(" "),
    "slash": frozenset("/"),
    "period": frozenset("."),
    "ampersand": frozenset("&"),
    "noperiod": frozenset(),
}


def check_record(record: Record, specs: Mapping[str, FieldSpec], context: Context) -> Iterator[Defect]:
    """Defects of one Type-1 or Type-2 record; `specs` may hold the fields of other record types too."""
    first = {field.tag: field for field in reversed(record.fields)}
    counts = Counter(field.tag for field in record.fields)
    for tag, spec in specs.items():
        if not tag.startswith(f"{record.type}."):
            continue
        field = first.get(tag)
        place = Place(field.offset if field else record.offset, record.type, record.idc, tag)
        if field is None:
            if spec.row.mandatory:
                yield defect(spec.row, place, Flaw(MISSING, "is missing"))
            continue
        if counts[tag] > 1:
            # Never soft: with two values of CRI or RET two readers of one booking could differ.
            yield defect(spec.row, place, Flaw(FIELD, f"occurs {counts[tag]} times"), Severity.ERROR)
        for flaw in flaws(spec, field.texts(), context):
            yield defect(spec.row, place, flaw)


def defect(row: FieldRow, place: Place, flaw: Flaw, severity: Severity | None = None) -> Defect:
    """A flaw of a field as a defect, by whether the field is mandatory."""
    usual = Severity.ERROR if row.mandatory and not flaw.soft else Severity.WARNING
    code = formats.HEADER if place.record_type == 1 else flaw.code
    where = replace(place, subfield=flaw.subfield, item=flaw.item)
    message = f"{row.tag} {row.mnem} {flaw.message}"
    return Defect(code, severity or usual, where, message, row.clause, expected=_expected(row))


def flaws(spec: FieldSpec, values: Values, context: Context) -> Iterator[Flaw]:
    """Everything wrong with a field. At most `occurs_most` subfields are looked at: the rest is one flaw."""
    row = spec.row
    if row.format == "structure":
        return  # LEN, CNT and TOT are the reader's and the caller's
    if not any(item for subfield in values for item in subfield):
        yield Flaw(MISSING, "is empty")
        return
    most = row.occurs_most or len(values)
    if not row.occurs_least <= len(values) <= most:
        yield Flaw(RANGE, f"has {len(values)} values; {row.occurs_least} to {most} are allowed")
    for number, items in enumerate(values[:most], 1):
        found = subfield_flaws(spec, items, number, context)
        yield from (replace(flaw, subfield=number if len(values) > 1 else 0) for flaw in found)


def subfield_flaws(spec: FieldSpec, items: Sequence[str], number: int, context: Context) -> Iterator[Flaw]:
    """Everything wrong with one subfield; `number` is its place among its field's, from 1."""
    if spec.items:
        return _grouped(spec, items, number, context)
    return _single(spec.row, items, number, context)


def _single(row: FieldRow, items: Sequence[str], number: int, context: Context) -> Iterator[Flaw]:
    if len(items) > 1:
        yield Flaw(FIELD, f"has {len(items)} items where one is allowed")
    yield from _value(row, items[0] if items else "", number, context)


def _grouped(spec: FieldSpec, items: Sequence[str], number: int, context: Context) -> Iterator[Flaw]:
    row = spec.row
    if row.format == "asl":
        yield from _charge(items)
        items = charge_items(items)
    if len(items) > len(spec.items):
        yield Flaw(FIELD, f"has {len(items)} items; at most {len(spec.items)} are allowed")
    length = sum(map(len, items))  # the standard counts no separators: ASL is 8 + 300
    if row.most and length > row.most:
        yield Flaw(RANGE, f"has {length} characters; at most {row.most} are allowed")
    for index, item in enumerate(spec.items):
        text = items[index] if index < len(items) else ""
        if text:
            found = _value(item, text, number, context)
        elif item.mandatory and row.format != "asl":
            found = iter((Flaw(MISSING, f"lacks its item {item.mnem}"),))
        else:
            continue
        yield from (replace(flaw, item=index + 1) for flaw in found)


def charge_items(items: Sequence[str]) -> Sequence[str]:
    """Date and text of one charge (2.047); a lone item that is no date is the text of an undated one."""
    if len(items) == 1 and formats.day(items[0]) is None:
        return ["", items[0]]
    return items


def _charge(items: Sequence[str]) -> Iterator[Flaw]:
    pair = charge_items(items)
    if len(pair) < 2 or not pair[1]:
        yield Flaw(RELATION, "has a charge without its text (AOL)")
    elif pair is not items:
        yield Flaw(FIELD, "has a charge without the separator that stands for its date", soft=True)


def _value(row: FieldRow, text: str, number: int, context: Context) -> Iterator[Flaw]:
    """Flaws of one value. Later rules are left out where an earlier one makes them meaningless."""
    size = len(text)
    if not allowed(row).issuperset(text):
        yield Flaw(INVALID, f"has characters that are not allowed in {row.cls} here")
    elif size < row.least or (row.most and size > row.most):
        yield Flaw(RANGE, f"has {size} characters; {_size(row)} required")
    elif row.codes and text not in codes.table(row.codes):
        yield Flaw(INVALID, "is not a listed code")
    elif (rule := formats.rule(row.format)) and (flaw := rule(text, number, context)):
        yield flaw


@cache
def allowed(row: FieldRow) -> frozenset[str]:
    """The characters that a value of this field may have."""
    found = _LETTERS if "A" in row.cls else frozenset()
    found |= _DIGITS if row.cls in ("N", "AN", "NS", "ANS") else frozenset()
    for word in row.special:
        found |= _SPECIAL[word]
    return found - {"."} if "noperiod" in row.special else found


def _size(row: FieldRow) -> str:
    if not row.most:
        return f"{row.least} or more"
    return str(row.most) if row.least == row.most else f"{row.least} to {row.most}"


def _expected(row: FieldRow) -> str:
    return f"{row.cls}, {_size(row)} characters" + (f", table {row.codes}" if row.codes else "")


def unlisted(record: Record, specs: Mapping[str, FieldSpec], tot: str) -> Iterator[Defect]:
    """Type-2 fields that this TOT does not have: a WARNING per field of the standard, a NOTE for the rest."""
    others = sorted({field.tag for field in record.fields} - set(specs))
    strange = [tag for tag in others if dictionary.mnemonic(tag)]
    for tag in strange:
        message = f"{tag} {dictionary.mnemonic(tag)} is not a field of {tot} and is ignored"
        place = Place(record.offset, record.type, record.idc, tag)
        yield Defect(FIELD, Severity.WARNING, place, message, "EBTS 9.1 App. C")
    if len(others) > len(strange):
        message = f"{len(others) - len(strange)} fields of the sender's own are kept and ignored"
        place = Place(record.offset, record.type, record.idc)
        yield Defect(FIELD, Severity.NOTE, place, message, "EBTS 9.1 App. C")
