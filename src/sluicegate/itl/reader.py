# SPDX-License-Identifier: Apache-2.0
"""Reads ANSI/NIST-ITL in traditional encoding: any bytes in, a `Reading` out, nothing raised, nothing lost.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clause 8.1 and Annex B. The walk is: the Type-1 record, its list of
contents (1.003), then record after record. A tagged record is known by its looks and a binary one by its turn
in the list, since it does not name its own type.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sluicegate.errors import quoted
from sluicegate.itl.binary import read_binary
from sluicegate.itl.contents import Contents, check_contents, read_contents
from sluicegate.itl.fields import HEAD, Budget, charset_defects, read_tagged
from sluicegate.itl.model import Limits, Place, Reading, Record, Transaction
from sluicegate.itl.rules import Log, OverCapError, defect
from sluicegate.itl.tagged_image import image_of, scale_of

VERSIONS = frozenset(("0200", "0201", "0300", "0400", "0500", "0501", "0502"))
"""Values of VER (1.002) from the 1993 edition to the 2015 update."""

_TYPE_1 = re.compile(rb"1\.0{0,2}1:")
_PADDING = re.compile(rb"[\x00\t\n\r \x1a]*\Z")


def read(data: bytes, limits: Limits = Limits()) -> Reading:  # noqa: B008 (frozen, shared on purpose)
    """Read a whole file. Time is linear in its size; a file over `limits.file_bytes` is not looked at.

    Never raises. `Reading.transaction` is None where there is no Type-1 record or a cap was exceeded.
    """
    if len(data) > limits.file_bytes:
        found, most = f"file of {len(data)} bytes", f"at most {limits.file_bytes} bytes"
        return Reading(None, (defect("ITL-CAP", Place(), found=found, expected=most),))
    if _TYPE_1.match(data) is None:
        code = "ITL-TYPE1" if data else "ITL-EMPTY"
        return Reading(None, (defect(code, Place(offset=0), found=quoted(data[:21], 20)),))
    log = Log()
    try:
        transaction = _walk(data, limits, log)
    except OverCapError as over:
        return Reading(None, (*log.all(), over.defect))
    return Reading(transaction, log.all())


def _walk(data: bytes, limits: Limits, log: Log) -> Transaction:
    budget = Budget(limits)
    header = read_tagged(data, 0, budget, log)
    _check_version(header, log)
    contents = read_contents(header, log)
    records, end = _records(data, header, contents, budget, log)
    _check_rest(data, end, contents, len(records), log)
    check_contents(contents, header, records, log)
    if header.get(15) is None:
        for record in records:
            charset_defects(record, log)
    return Transaction((header, *records), data[end:])


def _records(
    data: bytes, header: Record, contents: Contents, budget: Budget, log: Log
) -> tuple[list[Record], int]:
    """The records after Type-1, and the offset where the first thing begins that is none."""
    records: list[Record] = []
    scale = scale_of(header)
    at = len(header.raw)
    while at < len(data):
        record: Record | None = None
        if len(records) + 1 >= budget.limits.records:
            most = f"at most {budget.limits.records} records"
            raise OverCapError(Place(offset=at), "more records", most)
        if HEAD.match(data, at):
            record = _with_image(read_tagged(data, at, budget, log), log)
        elif kind := contents.binary_type(len(records)):
            record = read_binary(data, at, kind, scale, log)
        if record is None:
            break
        records.append(record)
        at += len(record.raw)
    return records, at


def _with_image(record: Record, log: Log) -> Record:
    image = image_of(record, log)
    return record if image is None else replace(record, image=image)


def _check_version(header: Record, log: Log) -> None:
    field = header.get(2)
    if field is None or field.text not in VERSIONS:
        where = Place(field.offset if field else header.offset, 1, tag="1.002")
        log.add("ITL-VER", where, found=quoted(field.text) if field else "")


def _check_rest(data: bytes, end: int, contents: Contents, count: int, log: Log) -> None:
    if end == len(data):
        return
    where, found = Place(offset=end), f"{len(data) - end} bytes"
    if count < len(contents.entries) or not contents.readable:
        log.add("ITL-LOST", where, found=found)
    else:
        log.add("ITL-PAD" if _PADDING.match(data, end) else "ITL-TRAIL", where, found=found)
