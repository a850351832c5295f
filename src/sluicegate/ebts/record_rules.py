# SPDX-License-Identifier: Apache-2.0
"""Which records a transaction may hold, and whether its prints say whose finger they are.

Source: EBTS 9.1 section 3 (records per TOT), Appendix C 2.084 (AMP); ANSI/NIST-ITL 1-2007 clauses on Type-4
and Type-14. Sizes and positions come from the record; no image is decoded here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sluicegate.ebts import codes
from sluicegate.ebts.dictionary import TotRow
from sluicegate.ebts.formats import INVALID, RANGE, RECORD, RELATION
from sluicegate.itl.model import Defect, Image, Place, Record, Severity, Transaction

_ITL_FINGER = "ANSI/NIST-ITL 1-2007 clauses 11 and 21"
_AMP = "EBTS 9.1 App. C 2.084"
_PLAIN = {11: (1,), 12: (6,), 13: (2, 3, 4, 5), 14: (7, 8, 9, 10), 15: (1, 6)}
_LAST_TYPE_4 = 14


@dataclass(frozen=True, slots=True)
class _Flaw:
    code: str
    severity: Severity
    message: str


def check_counts(transaction: Transaction, row: TotRow) -> Iterator[Defect]:
    """ERROR where too few or too many records of a type are there; WARNING for a type the TOT has not."""
    counts = Counter(record.type for record in transaction.records)
    for rule in row.records:
        there = sum(counts[t] for t in rule.types)
        if not rule.least <= there <= rule.most:
            types = " or ".join(f"Type-{t}" for t in rule.types)
            allowed = f"{rule.least} to {rule.most}" if rule.least != rule.most else str(rule.least)
            message = f"{row.tot} has {there} records of {types}; {allowed} required"
            yield Defect(RECORD, Severity.ERROR, Place(record_type=rule.types[0]), message, row.clause)
    known = {t for rule in row.records for t in rule.types}
    for extra in sorted(set(counts) - known):
        message = f"{row.tot} has no records of Type-{extra}; {counts[extra]} kept and ignored"
        yield Defect(RECORD, Severity.WARNING, Place(record_type=extra), message, row.clause)


def check_prints(transaction: Transaction) -> Iterator[Defect]:
    """Defects of the Type-4 and Type-14 records, one by one."""
    seen: set[tuple[int, ...]] = set()
    for record in transaction.of_type(4, 14):
        place = Place(record.offset, record.type, record.idc)
        for flaw in _print_flaws(record):
            yield Defect(flaw.code, flaw.severity, place, flaw.message, _ITL_FINGER)
        fgp = record.image.fgp if record.image else ()
        if len(fgp) == 1 and fgp[0] and fgp in seen:
            message = f"finger position {fgp[0]} occurs more than once"
            yield Defect(RELATION, Severity.WARNING, place, message, _ITL_FINGER)
        seen.add(fgp)


def _print_flaws(record: Record) -> Iterator[_Flaw]:
    image = record.image
    if image is None:
        yield _Flaw(RECORD, Severity.ERROR, "the record holds no image that could be told apart")
        return
    yield from _position_flaws(image)
    if image.hll <= 0 or image.vll <= 0:
        yield _Flaw(RANGE, Severity.ERROR, "the image has no width or no height")
    if not image.data:
        yield _Flaw(RECORD, Severity.ERROR, "the image has no data")
    if image.compression not in codes.table("GCA"):
        yield _Flaw(INVALID, Severity.ERROR, "the compression algorithm is not a listed one")
    elif image.compression in ("JPEGB", "JPEGL"):
        yield _Flaw(INVALID, Severity.WARNING, "the print is compressed as JPEG, which loses ridges")
    if str(image.imp) not in codes.table("IMP"):
        yield _Flaw(INVALID, Severity.WARNING, "the impression type is not a listed one")


def _position_flaws(image: Image) -> Iterator[_Flaw]:
    listed = codes.table("FGP")
    strange = [one for one in image.fgp if str(one) not in listed]
    if not image.fgp:
        yield _Flaw(INVALID, Severity.ERROR, "the print names no finger position")
    elif strange or (image.record_type == 4 and max(image.fgp) > _LAST_TYPE_4):
        yield _Flaw(INVALID, Severity.ERROR, "a finger position is not one that this record may have")
    elif 0 in image.fgp or len(image.fgp) > 1:
        yield _Flaw(INVALID, Severity.WARNING, "the print does not say which one finger it shows")


def fingers_shown(images: Iterable[Image]) -> frozenset[int]:
    """The fingers 1 to 10 of which a rolled or plain print is there."""
    single = [i.fgp[0] for i in images if i.record_type in (4, 14) and len(i.fgp) == 1]
    return frozenset(finger for fgp in single for finger in _PLAIN.get(fgp, (fgp,)) if 1 <= finger <= 10)


def check_missing(images: Iterable[Image], told: Iterable[int], place: Place) -> Iterator[Defect]:
    """One WARNING for the fingers that have no print and that AMP does not explain."""
    missing = sorted(set(range(1, 11)) - fingers_shown(images) - set(told))
    if missing:
        fingers = ", ".join(str(one) for one in missing)
        message = f"2.084 AMP does not explain the fingers without a print: {fingers}"
        yield Defect(RELATION, Severity.WARNING, place, message, _AMP)
