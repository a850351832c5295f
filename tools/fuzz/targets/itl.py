# SPDX-License-Identifier: Apache-2.0
"""Traditional encoding, and all that is done with it up to the answer: reader, writer, conformance, ERRT."""

from __future__ import annotations

from collections.abc import Iterator

from sluicegate.ebts import conformance, responses
from sluicegate.ebts.submission import partial, submission
from sluicegate.itl.model import Reading, Transaction
from sluicegate.itl.peek import peek_header
from sluicegate.itl.reader import read
from sluicegate.itl.writer import write
from sluicegate.terms import Finding
from tools.fuzz import samples
from tools.fuzz.claims import hold, plain_defects

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

_TCN = "SGATE-00000000001"


def seeds() -> Iterator[bytes]:
    """Small transactions of our own, and answers to them."""
    yield from samples.transactions()
    found = partial(read(samples.car()).transaction)
    yield responses.errt(found, ["E0001 - no"], tcn=_TCN, at=samples.AT, dai=samples.AGENCY)
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
    _answered(reading, transaction)


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


def _answered(reading: Reading, transaction: Transaction) -> None:
    """What was read is either taken as a submission and answered, or refused with an ERRT; both are sound."""
    defects = conformance.check_booking(transaction, samples.AT)
    plain_defects(defects)
    every = (*reading.defects, *defects)
    found = partial(transaction)
    answer = responses.errt(found, every, tcn=_TCN, at=samples.AT, dai="", ori=samples.AGENCY)
    _sound(answer)
    if conformance.admissible(every):
        taken = submission(transaction)
        hold(taken == found, "a submission is not what can be read of it")
        leg = {"tcn": _TCN, "dai": "", "ori": samples.AGENCY}
        _sound(responses.sre(taken, finding=Finding.NON_IDENT, fbi_number=None, at=samples.AT, **leg))


def _sound(answer: bytes) -> None:
    reading = read(answer)
    hold(not reading.defects and reading.transaction is not None, "an answer has defects of structure")
    assert reading.transaction is not None, "held above"
    wrong = conformance.check(reading.transaction, samples.AT)
    hold(conformance.admissible(wrong), f"an answer does not conform: {wrong!r:.300}")
