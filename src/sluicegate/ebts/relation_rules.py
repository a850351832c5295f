# SPDX-License-Identifier: Apache-2.0
"""Fields of the Type-2 record that must agree with each other, with the header and with the prints.

Source: EBTS 9.1 Appendix C: 2.005 RET, 2.022 DOB, 2.045 DOA, 2.054 SSD, 2.055 SLE, 2.084 AMP.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sluicegate.ebts import formats, record_rules
from sluicegate.ebts.dictionary import TotRow
from sluicegate.ebts.formats import RELATION
from sluicegate.itl.model import Defect, Field, Place, Record, Severity, Transaction

_A_DAY = timedelta(days=1)  # EBTS allows the sender's local date to be a day ahead


def check(transaction: Transaction, record: Record, row: TotRow, sent: str) -> Iterator[Defect]:
    """Relations of one Type-2 record. `sent` is DAT (1.005) as received, `row` the TOT's.

    A date that cannot be read takes no part: its own defect says so already.
    """
    values = {field.tag: field for field in reversed(record.fields)}
    yield from _dates(values, record, formats.day(sent))
    yield from _custody(values, record)
    yield from _purpose(values, record, row)
    told = [finger for finger, _ in amputations(values.get("2.084"))]
    place = Place(record.offset, record.type, record.idc, "2.084")
    if row.kind == "criminal" and "2.045" in values:  # other TOTs may carry a single print
        yield from record_rules.check_missing(transaction.images, told, place)
    yield from record_rules.check_amputated(transaction.images, told, place)


def amputations(field: Field | None) -> tuple[tuple[int, str], ...]:
    """Finger and code of each subfield of AMP (2.084) that can be read."""
    pairs = [items for items in (field.texts() if field else []) if len(items) == 2]
    listed = [(f, code) for f, code in pairs if len(f) == 2 and f.isascii() and f.isdigit()]
    return tuple((int(f), code) for f, code in listed if 1 <= int(f) <= 10 and code in ("XX", "UP"))


def _purpose(values: dict[str, Field], record: Record, row: TotRow) -> Iterator[Defect]:
    # What wants neither an answer nor to be kept was sent for nothing: one of the two is a mistake.
    ret = values.get("2.005")
    if ret is not None and ret.text == "N" and row.kind == "criminal" and "SRE" not in row.answers:
        message = f"2.005 RET is N, and {row.tot} wants no answer: nothing would come of it"
        yield _defect(record, "2.005", message, Severity.WARNING)


def _dates(values: dict[str, Field], record: Record, sent: date | None) -> Iterator[Defect]:
    arrest = _day(values.get("2.045"))
    if sent is not None and arrest is not None and arrest > sent + _A_DAY:
        yield _defect(record, "2.045", "2.045 DOA is later than the date of submission (1.005)")
    births = values["2.022"].texts() if "2.022" in values else []
    days = [formats.day(item) for items in births for item in items[:1]]
    if sent is not None and any(one > sent + _A_DAY for one in days if one is not None):
        yield _defect(record, "2.022", "2.022 DOB is later than the date of submission (1.005)")
    start = _day(values.get("2.054"))
    if start is not None and arrest is not None and start < arrest:
        message = "2.054 SSD is earlier than the date of arrest (2.045)"
        yield _defect(record, "2.054", message, Severity.WARNING)


def _custody(values: dict[str, Field], record: Record) -> Iterator[Defect]:
    custody = [tag for tag in ("2.054", "2.055") if tag in values]
    if custody and not {"2.054", "2.055", "2.009"} <= values.keys():
        message = "2.054 SSD, 2.055 SLE and 2.009 OCA must all be there when one of custody is told"
        yield _defect(record, custody[0], message, Severity.WARNING)


def _day(field: Field | None) -> date | None:
    return formats.day(field.text) if field else None


def _defect(record: Record, tag: str, message: str, severity: Severity = Severity.ERROR) -> Defect:
    place = Place(record.offset, record.type, record.idc, tag)
    return Defect(RELATION, severity, place, message, f"EBTS 9.1 App. C {tag}")
