# SPDX-License-Identifier: Apache-2.0
"""Image records against the header, against the standard, and against what their bytes say of themselves.

Source: EBTS 9.1 Appendix B (1.011 NSR, 1.012 NTR) and Appendices J and K (image records); ANSI/NIST-ITL
clause 8; FBI IAFIS-IC-0110 (WSQ is a code of 500 pixels per inch). No image is decoded here: what its bytes
say comes as an argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sluicegate.ebts import record_rules
from sluicegate.ebts.dictionary import TotRow
from sluicegate.ebts.formats import FIELD, HEADER, INVALID, MISSING, RANGE, RELATION
from sluicegate.itl import conform, values
from sluicegate.itl.model import Defect, Image, Place, Record, Severity, Transaction

_CODES = {
    values.NONE: MISSING,
    values.VALUE: INVALID,
    values.RANGE: RANGE,
    values.COUNT: FIELD,
    values.RELATION: RELATION,
}
_SEARCHED = 14
_CHECKED_AS_PRINT = frozenset((3, 6, 7, 11, 13, 999))  # of Type-14: record_rules has judged these
_NO_IMAGE = frozenset((1, 2, 9))
_IN_HEADER = frozenset((3, 4, 5, 6))
_NO_RESOLUTION = "00.00"
_LOWEST_500, _HIGHEST_500 = 19.30, 20.08  # 500 ppi within 2 percent, in pixels per mm
_HIGHEST_WSQ = 510.0  # pixels per inch
KINDS = {  # compression as the record names it: what its bytes then begin as
    "WSQ": "WSQ",
    "JPEGB": "JPEG",
    "JPEGL": "JPEG",
    "JP2": "JP2",
    "JP2L": "JP2",
    "PNG": "PNG",
    "NONE": "RAW",
}
_CLAUSE_HEADER = "EBTS 9.1 App. B {}"
_CLAUSE_IMAGE = "ANSI/NIST-ITL 7.7.8"


@dataclass(frozen=True, slots=True)
class Frame:
    """What the first bytes of an image say: WSQ, JPEG, JP2, PNG or RAW; width and height where they tell."""

    kind: str
    size: tuple[int, int] | None = None


def by_the_standard(transaction: Transaction, row: TotRow) -> Iterator[Defect]:
    """Departures of the image records of a TOT from the standard, in the error families of EBTS.

    Only a mandatory field of Type-14 can be an ERROR. Types 10, 13 and 15 to 21 are kept and not searched:
    a bad photograph does not refuse ten good fingers.
    """
    types = {t for count in row.records for t in count.types}
    for finding in conform.findings(transaction):
        told = finding.defect
        kind, number = told.place.record_type, int(told.place.tag.partition(".")[2] or 0)
        if kind < 10 or kind not in types or (kind == _SEARCHED and number in _CHECKED_AS_PRINT):
            continue
        grave = finding.mandatory and told.place.record_type == _SEARCHED
        severity = Severity.ERROR if grave else Severity.WARNING
        yield replace(told, code=_CODES[told.code], severity=severity)


def check_resolution(transaction: Transaction, header: Record) -> Iterator[Defect]:
    """NSR and NTR against the images that are there, and against WSQ."""
    types = {record.type for record in transaction.records}
    for number, name in ((11, "NSR"), (12, "NTR")):
        field = header.get(number)
        if field is None:
            continue
        place = Place(field.offset, 1, header.idc, f"1.{number:03d}")
        clause = _CLAUSE_HEADER.format(place.tag)
        if types & _IN_HEADER and field.text == _NO_RESOLUTION:
            message = f"{place.tag} {name} is 00.00, yet a record has its resolution from there"
            yield Defect(HEADER, Severity.WARNING, place, message, clause)
        elif types <= _NO_IMAGE and field.text != _NO_RESOLUTION:
            message = f"{place.tag} {name} is not 00.00, and there is no image"
            yield Defect(HEADER, Severity.NOTE, place, message, clause)
        elif number == 12 and _is_odd(field.text) and _has_wsq(transaction):
            message = f"{place.tag} {name} is not 19.69 within 2 percent, as images coded in WSQ have it"
            yield Defect(HEADER, Severity.WARNING, place, message, clause)
    yield from _wsq_scales(transaction)


def _is_odd(text: str) -> bool:
    # What is no resolution at all has a defect of its own.
    plain = len(text) == 5 and text[2] == "." and text.isascii() and (text[:2] + text[3:]).isdigit()
    return plain and text != _NO_RESOLUTION and not _LOWEST_500 <= float(text) <= _HIGHEST_500


def _has_wsq(transaction: Transaction) -> bool:
    return any(image.record_type == 4 and image.compression == "WSQ" for image in transaction.images)


def _wsq_scales(transaction: Transaction) -> Iterator[Defect]:
    for record in transaction.of_type(13, 14, 15):
        image = record.image
        if image is None or image.compression != "WSQ" or max(image.ppi_h, image.ppi_v) <= _HIGHEST_WSQ:
            continue
        field = record.get(9)
        at = field.offset if field else record.offset
        place = Place(at, record.type, record.idc, f"{record.type}.009")
        message = f"{place.tag} HPS is over 500 pixels per inch, which WSQ does not code"
        yield Defect(RELATION, Severity.WARNING, place, message, _CLAUSE_IMAGE)


def check_frames(
    transaction: Transaction, frames: Mapping[int, Frame], *, size: Severity = Severity.WARNING
) -> Iterator[Defect]:
    """Compression (WARNING) and size (`size`) of each record against the frame of its image."""
    for record in transaction.records:
        frame = frames.get(record.offset)
        if record.image is None or frame is None:
            continue
        yield from _coded(record, record.image, frame)
        yield from _sized(record, record.image, frame, size)


def _coded(record: Record, image: Image, frame: Frame) -> Iterator[Defect]:
    expected = KINDS.get(image.compression)
    if expected is not None and expected != frame.kind:
        place = record_rules.place_of(record, "cga")
        message = f"the record says {image.compression}, its image data {_begins(frame.kind)}"
        yield Defect(RELATION, Severity.WARNING, place, message, _CLAUSE_IMAGE, frame.kind, expected)


def _begins(kind: str) -> str:
    return "begins as nothing that is known" if kind == "RAW" else f"begins as {kind}"


def _sized(record: Record, image: Image, frame: Frame, severity: Severity) -> Iterator[Defect]:
    if frame.size is None:
        return
    for what, told, there in (("hll", image.hll, frame.size[0]), ("vll", image.vll, frame.size[1])):
        if told != there:
            place = record_rules.place_of(record, what)
            name = what.upper()
            message = f"{place.tag} {name} is {told}, and the image's own header says {there}"
            yield Defect(RELATION, severity, place, message, _CLAUSE_IMAGE, str(told), str(there))
