# SPDX-License-Identifier: Apache-2.0
"""Whether a transaction keeps to EBTS: every departure as a defect with code, place and clause.

Source: EBTS 9.1 section 3 and Appendices B and C. The structure (LEN, CNT, IDC, separators) is checked where
bytes are read, in `itl.reader`; here the meaning is. Steps: header, type of transaction, records, fields,
relations, and the image records by the rules of the standard (`itl.conform`). Time is linear in the
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain

from sluicegate.ebts import (
    dictionary,
    field_rules,
    header_rules,
    image_rules,
    record_rules,
    relation_rules,
)
from sluicegate.ebts.dictionary import TotRow
from sluicegate.ebts.formats import FIELD, HEADER, RECORD, Context
from sluicegate.ebts.image_rules import Frame
from sluicegate.errors import quoted
from sluicegate.itl.model import Defect, Place, Record, Severity, Transaction

_AHEAD = timedelta(hours=24)  # EBTS 9.1 App. B 1.005: the sender's local date may be a day ahead
_TOT_CLAUSE = "EBTS 9.1 App. B 1.004"


def check(transaction: Transaction, now: datetime) -> tuple[Defect, ...]:
    """Defects of a transaction by the rules of its TOT; never raises. `now` is the time of receipt.

    A TOT that is not in the dictionary gives one ERROR and its Type-2 record is not looked at.
    """
    header = transaction.header
    if header is None:
        message = "the transaction does not begin with a Type-1 record"
        return (Defect(RECORD, Severity.ERROR, Place(offset=0), message, "EBTS 9.1 App. B"),)
    tot = tot_of(header)
    context = Context(tot, _latest(now).date())
    specs = dictionary.fields(tot, header_rules.version(header))
    about_header = header_rules.check(transaction, header, specs, context)
    row = dictionary.known_tots().get(tot)
    if row is None:
        return (*about_header, _unknown(header, tot))
    return tuple(chain(about_header, _answered(header, row), _body(transaction, row, context)))


def check_booking(transaction: Transaction, now: datetime) -> tuple[Defect, ...]:
    """As `check`, and one ERROR more where the TOT is known but not processed here as a booking."""
    defects = check(transaction, now)
    header = transaction.header
    row = dictionary.known_tots().get(tot_of(header)) if header else None
    if header is None or row is None or row.booking:
        return defects
    takes = ", ".join(name for name, one in dictionary.known_tots().items() if one.booking)
    message = f"1.004 TOT {row.tot} is not processed by this exchange, which takes {takes}"
    place = Place(header.offset, 1, header.idc, "1.004")
    return (Defect(HEADER, Severity.ERROR, place, message, "Sluicegate"), *defects)


def check_images(
    transaction: Transaction, frames: Mapping[int, Frame], *, size: Severity = Severity.WARNING
) -> tuple[Defect, ...]:
    """Where a record and its image's own header disagree. `frames` by offset of the record.

    A size that lies has the severity `size`: old files are full of it and are read all the same, but a
    booking whose record and image tell of two different pictures is not one to search by. What the bytes of
    an image say is for who may look at them to find out; a record without a frame is not judged.
    """
    return tuple(image_rules.check_frames(transaction, frames, size=size))


def admissible(defects: Iterable[Defect]) -> bool:
    """Whether a transaction with these defects can be processed: none of them is an ERROR."""
    return all(defect.severity < Severity.ERROR for defect in defects)


def tot_of(header: Record) -> str:
    """TOT (1.004) as received."""
    return next((field.text for field in header.fields if field.tag == "1.004"), "")


def _latest(now: datetime) -> datetime:
    try:
        return now + _AHEAD
    except OverflowError:
        return now


def _unknown(header: Record, tot: str) -> Defect:
    place = Place(header.offset, 1, header.idc, "1.004")
    message = f"1.004 TOT {quoted(tot, 16)} is not a type of transaction of EBTS"
    return Defect(HEADER, Severity.ERROR, place, message, _TOT_CLAUSE)


def _answered(header: Record, row: TotRow) -> Iterator[Defect]:
    if row.kind == "answer" and not any(field.tag == "1.010" and field.text for field in header.fields):
        place = Place(header.offset, 1, header.idc, "1.010")
        message = "1.010 TCR is missing; an answer must say what it answers"
        yield Defect(HEADER, Severity.ERROR, place, message, "EBTS 9.1 App. B 1.010")


def _body(transaction: Transaction, row: TotRow, context: Context) -> Iterator[Defect]:
    yield from record_rules.check_counts(transaction, row)
    yield from record_rules.check_prints(transaction)
    header = transaction.records[0]
    yield from image_rules.check_resolution(transaction, header)
    specs = dictionary.fields(row.tot, header_rules.version(header))
    for record in transaction.of_type(2):
        yield from field_rules.check_record(record, specs, context)
        if dictionary.has_fields(row.tot):
            yield from field_rules.unlisted(record, specs, row.tot)
            sent = next((field.text for field in header.fields if field.tag == "1.005"), "")
            yield from relation_rules.check(transaction, record, row, sent)
        else:
            message = f"the dictionary does not carry the Type-2 fields of {row.tot}; they are not checked"
            place = Place(record.offset, 2, record.idc)
            yield Defect(FIELD, Severity.NOTE, place, message, row.clause)
    yield from image_rules.by_the_standard(transaction, row)
