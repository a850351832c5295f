# SPDX-License-Identifier: Apache-2.0
"""Which records a transaction may hold, and whether its prints say whose finger they are.

Source: EBTS 9.1 section 3 (records per TOT), Appendix C 2.084 (AMP); ANSI/NIST-ITL 1-2007 clauses on Type-4
and Type-14, tables 11 and 12. Sizes and positions come from the record; no image is decoded here.
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
_BOTH_THUMBS = 15
_THUMBS = frozenset((11, 12))
_LAST_TYPE_4 = 14
_LATENT_IMP, _PALM_IMP = range(4, 8), range(10, 16)
_PLACES = {  # of what: its field number and offset in Type-4, its field number in Type-14
    "imp": (3, 5, 3),
    "fgp": (4, 6, 13),
    "hll": (6, 13, 6),
    "vll": (7, 15, 7),
    "cga": (8, 17, 11),
    "data": (9, 18, 999),
}


@dataclass(frozen=True, slots=True)
class _Flaw:
    code: str
    severity: Severity
    message: str
    what: str = ""


def place_of(record: Record, what: str) -> Place:
    """Where in an image record its `imp`, `fgp`, `hll`, `vll`, `cga` or `data` is; the record for none."""
    if what not in _PLACES:
        return Place(record.offset, record.type, record.idc)
    fixed, offset, number = _PLACES[what]
    if record.type == 4:
        return Place(record.offset + offset, 4, record.idc, f"4.{fixed:03d}")
    field = record.get(number)
    at = field.offset if field else record.offset
    return Place(at, record.type, record.idc, f"{record.type}.{number:03d}")


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
    seen: set[int] = set()
    for record in transaction.of_type(4, 14):
        for flaw in _print_flaws(record):
            place = place_of(record, flaw.what)
            yield Defect(flaw.code, flaw.severity, place, flaw.message, _ITL_FINGER)
        fgp = record.image.fgp if record.image else ()
        if len(fgp) == 1 and fgp[0]:
            if message := _repeated(fgp[0], seen):
                yield Defect(RELATION, Severity.WARNING, place_of(record, "fgp"), message, _ITL_FINGER)
            seen.add(fgp[0])


def _repeated(position: int, seen: set[int]) -> str:
    if position in seen:
        return f"finger position {position} occurs more than once"
    others = _THUMBS if position == _BOTH_THUMBS else {_BOTH_THUMBS} if position in _THUMBS else set()
    if others & seen:
        return "a plain thumb is shown alone and beside the other one"
    return ""


def _print_flaws(record: Record) -> Iterator[_Flaw]:
    image = record.image
    if image is None:
        yield _Flaw(RECORD, Severity.ERROR, "the record holds no image that could be told apart")
        return
    yield from _position_flaws(image)
    if image.hll <= 0 or image.vll <= 0:
        yield _Flaw(RANGE, Severity.ERROR, "the image has no width or no height", "hll")
    if not image.data:
        yield _Flaw(RECORD, Severity.ERROR, "the image has no data", "data")
    if image.compression not in codes.table("GCA"):
        yield _Flaw(INVALID, Severity.ERROR, "the compression algorithm is not a listed one", "cga")
    elif image.compression in ("JPEGB", "JPEGL"):
        yield _Flaw(INVALID, Severity.WARNING, "the print is compressed as JPEG, which loses ridges", "cga")
    elif image.record_type == 4 and image.compression not in ("NONE", "WSQ"):
        # Later versions are laxer, and nothing is lost by it.
        yield _Flaw(INVALID, Severity.NOTE, "EBTS 9.1 codes Type-4 in WSQ or not at all", "cga")
    if image.imp in _PALM_IMP:
        yield _Flaw(RELATION, Severity.WARNING, "the impression type is one of palms, on a finger", "imp")
    elif str(image.imp) not in codes.table("IMP"):
        yield _Flaw(INVALID, Severity.WARNING, "the impression type is not a listed one", "imp")
    elif image.imp in _LATENT_IMP:
        yield _Flaw(RELATION, Severity.WARNING, "the impression type is one of latents, on a tenprint", "imp")


def _position_flaws(image: Image) -> Iterator[_Flaw]:
    listed = codes.table("FGP")
    strange = [one for one in image.fgp if str(one) not in listed]
    if not image.fgp:
        yield _Flaw(INVALID, Severity.ERROR, "the print names no finger position", "fgp")
    elif strange or (image.record_type == 4 and max(image.fgp) > _LAST_TYPE_4):
        yield _Flaw(INVALID, Severity.ERROR, "a finger position is not one that this record may have", "fgp")
    elif 0 in image.fgp or len(image.fgp) > 1:
        yield _Flaw(INVALID, Severity.WARNING, "the print does not say which one finger it shows", "fgp")


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


def check_amputated(images: Iterable[Image], told: Iterable[int], place: Place) -> Iterator[Defect]:
    """One WARNING for the fingers that AMP says are missing or bandaged, and of which a print is there."""
    single = {image.fgp[0] for image in images if image.record_type in (4, 14) and len(image.fgp) == 1}
    both = sorted(single & set(told))
    if both:
        fingers = ", ".join(str(one) for one in both)
        message = f"2.084 AMP says that fingers cannot be printed of which a print is there: {fingers}"
        yield Defect(RELATION, Severity.WARNING, place, message, _AMP)
