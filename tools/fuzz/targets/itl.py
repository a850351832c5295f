# SPDX-License-Identifier: Apache-2.0
"""Traditional encoding, and all that is done with it up to the answer: reader, writer, conformance, ERRT."""

from __future__ import annotations

from collections.abc import Iterator

from sluicegate.ebts import responses
from sluicegate.ebts.submission import partial
from sluicegate.errors import UsageError
from sluicegate.itl.model import Transaction
from sluicegate.itl.peek import peek_header
from sluicegate.itl.reader import read
from sluicegate.itl.writer import write
from sluicegate.itl.xml.reader import read as read_xml
from sluicegate.itl.xml.writer import to_xml
from tools.fuzz import samples
from tools.fuzz.answered import TCN, answered
from tools.fuzz.claims import hold, plain_defects, refused

MAX_LEN = 4096
TOKENS = (
    b"\x1c",
    b"\x1d",
    b"\x1e",
    b"\x1f",
    b"1.001:",
    b"1.003:",
    b"2.073:",
    b"14.999:",
    b"99999999",
    b"CAR",
)


def seeds() -> Iterator[bytes]:
    """Small transactions of our own, and answers to them."""
    yield from samples.transactions()
    found = partial(read(samples.car()).transaction)
    yield responses.errt(found, ["E0001 - no"], tcn=TCN, at=samples.AT, dai=samples.AGENCY)
    yield from samples.shared("an2-*/*", most=MAX_LEN)


def one(data: bytes) -> None:
    """Reading raises nothing and loses nothing; whatever was read is checked and answered."""
    reading = read(data)
    plain_defects(reading.defects)
    transaction = reading.transaction
    if transaction is None:
        hold(reading.refused, "nothing was read, and nothing is wrong")
        return
    hold(write(transaction) == data, "what was read is not written as it was")
    _offsets(transaction, data)
    _peeked(transaction, data)
    answered(reading, transaction)
    other = refused(lambda: to_xml(transaction), UsageError)
    if other is not None:
        plain_defects(other.defects)
        hold(read_xml(other.data).transaction is not None, "what was written as XML cannot be read")


def _offsets(transaction: Transaction, data: bytes) -> None:
    """Every part stands where it says."""
    for record in transaction.records:
        hold(data.startswith(record.raw, record.offset), "a record is not at its offset")
        for field in record.fields:
            hold(data.startswith(field.raw, field.offset), "a field is not at its offset")
            for subfield in field.subfields:
                for item in subfield.items:
                    hold(data.startswith(item.raw, item.offset), "an item is not at its offset")
        image = record.image
        if image is not None:
            hold(data.startswith(image.data, image.data_offset), "an image is not at its offset")


def _peeked(transaction: Transaction, data: bytes) -> None:
    """The door and the reader see one header, as far as its values are plain."""
    seen, header = peek_header(data), transaction.header
    if seen is None or header is None or not header.raw.endswith(b"\x1c"):
        return
    tcn = next((field.text for field in header.fields if field.tag == "1.009"), "")
    if all(" " <= c <= "~" and c != "\\" for c in tcn):
        hold(seen.tcn == tcn, "the door and the reader disagree on TCN")
