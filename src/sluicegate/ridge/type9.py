# SPDX-License-Identifier: Apache-2.0
"""Minutiae in Type-9 records: the legacy NIST fields and the INCITS M1 block are read, the latter is written.

Sources: ANSI/NIST-ITL 1-2000 and later, Type-9, fields 9.005 to 9.012 (legacy); ANSI/NIST-ITL 1-2007 and
later, fields 9.126 to 9.150 (M1, which is ANSI INCITS 378-2004 in text). The two differ in everything:

=========  ===============================  ==========================================
           legacy                           M1
=========  ===============================  ==========================================
place      0.01 mm, from the bottom left    pixels, from the top left
angle      degrees, away from the ridge     units of 2 degrees, back along the ridge
quality    0 by hand, 2 best to 63 worst    1 worst to 100 best, 0 not reported
=========  ===============================  ==========================================

Other blocks (IAFIS 9.013 to 9.030, vendors' own, the extended set from 9.300 on) are told of and not read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import TemplateError, quoted
from sluicegate.itl.model import Defect, Field, Image, Place, Record, Severity, Transaction
from sluicegate.ridge import fmr_frame as frame
from sluicegate.ridge.fmr_defects import Defects
from sluicegate.ridge.template import MAX_FINGERS, FingerTemplate, Template

MAX_ROWS = 5000
"""Minutiae of a record that are looked at; of these the best 1,000 are kept."""

_IMP, _FGP, _MIN, _MRC = 3, 6, 10, 12
_CBI, _HLL, _VLL, _SLC, _HPS, _VPS, _M1_FGP, _NOM, _FMD = 126, 128, 129, 130, 131, 132, 134, 136, 137
_CM_PER_INCH = 2.54
_UNITS_PER_INCH = 2540.0  # of 0.01 mm
_MAX_PLACE = 65_535
_M1_TURN = 180
_NUMBER = re.compile(r"\d{1,9}")
_PLACE = re.compile(r"(\d{4})(\d{4})(\d{3})")
_PRODUCT = re.compile(r"[0-9A-Fa-f]{1,8}")
_STANDARD = "ANSI/NIST-ITL, Type-9"


class Block(StrEnum):
    """Which fields of a Type-9 record hold its minutiae."""

    LEGACY = "legacy"
    M1 = "m1"
    OTHER = "other"
    """A block that is not read, or none."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one Type-9 record holds. `finger` is None where its block is not read or leaves doubt.

    `product` is the CBEFF product id of the M1 block in lower case, or empty.
    """

    block: Block
    finger: FingerTemplate | None
    product: str
    defects: tuple[Defect, ...]


def read(record: Record, images: Sequence[Image] = (), *, ppi: float = 0.0) -> Reading:
    """The minutiae of one Type-9 record.

    Of `images`, those of the same transaction, one with the record's IDC gives the legacy block its height.
    `ppi` stands in where the M1 block does not say its resolution.
    """
    log = Defects(_STANDARD)
    image = next((one for one in images if one.idc == record.idc), None)
    block = _block(record)
    if block is Block.OTHER:
        log.add(Severity.NOTE, "T9-BLOCK", _place(record), "The block of minutiae is not one that is read.")
        return Reading(block, None, "", log.all())
    try:
        finger = _m1(record, image, ppi, log) if block is Block.M1 else _legacy(record, image, log)
    except TemplateError as error:
        log.add(Severity.ERROR, "T9-REFUSED", _place(record), error.message)
        finger = None
    product = _item(record.get(_CBI), 2)
    known = _PRODUCT.fullmatch(product) is not None and product.strip("0") != ""
    return Reading(block, finger, product.lower() if known else "", log.all())


def template_of(
    transaction: Transaction, *, maker: str = "", ppi: float = 0.0
) -> tuple[Template, tuple[Defect, ...]]:
    """The fingers of every Type-9 record that is read, and what is wrong with them.

    An imported template is comparable with no template of an extractor of ours: it is named after `maker`,
    else after the product id of the M1 blocks, else after the records' own bytes, comparable with nothing.

    Raises:
        TemplateError: there is no such record, one leaves doubt, there are more than 20, or of two makers.
    """
    records = list(islice(transaction.of_type(9), MAX_FINGERS + 1))
    if len(records) > MAX_FINGERS:
        raise TemplateError(f"At most {MAX_FINGERS} Type-9 records are read.")
    readings = [read(record, transaction.images, ppi=ppi) for record in records]
    defects = tuple(defect for one in readings for defect in one.defects)
    for defect in defects:
        if defect.severity is Severity.ERROR:
            raise TemplateError(
                f"The minutiae cannot be read without doubt: {defect.place}: {defect.message}"
            )
    taken = [(one, record) for one, record in zip(readings, records, strict=True) if one.finger is not None]
    if not taken:
        raise TemplateError("The transaction has no Type-9 record with a block of minutiae that is read.")
    if len({(one.block, one.product) for one, _ in taken}) > 1:
        raise TemplateError("The Type-9 records come from more than one extractor.")
    name = maker or (f"product-{taken[0][0].product}" if taken[0][0].product else _unknown(taken))
    if not (name.isascii() and name.isprintable() and len(name) <= 100):
        raise TemplateError(f"{quoted(name)} cannot name a maker: at most 100 printable ASCII characters.")
    fingers = tuple(one.finger for one, _ in taken if one.finger is not None)
    return Template(f"type9:{name}", f"type9-{taken[0][0].block}", fingers), defects


def _unknown(taken: Sequence[tuple[Reading, Record]]) -> str:
    digest = hashlib.sha256(b"".join(record.raw for _, record in taken)).hexdigest()
    return f"unknown-{digest[:16]}"


def _block(record: Record) -> Block:
    numbers = {one.number for one in record.fields}
    if numbers & {_CBI, _NOM, _FMD}:
        return Block.M1
    return Block.LEGACY if numbers & {_MIN, _MRC} else Block.OTHER


def _m1(record: Record, image: Image | None, ppi: float, log: Defects) -> FingerTemplate:
    size = (_whole(record, _HLL), _whole(record, _VLL))
    if min(size) <= 0:
        log.add(Severity.WARNING, "T9-SIZE", _place(record, _HLL), "The size of the image is not told.")
    across, down = (_ppi(record, number) or ppi for number in (_HPS, _VPS))
    if not across or not down:
        across, down = (image.ppi_h, image.ppi_v) if image else (0.0, 0.0)
    if not across or not down:
        raise TemplateError("The resolution is not told.")
    rows: list[tuple[float, float, float, float]] = []
    for n, items in _subfields(record, _FMD, log):
        found = [_number(text) for text in items[:6]]
        if len(found) < 6 or min(found) < 0 or max(found[1:3]) > _MAX_PLACE:
            _row_defect(log, record, _FMD, n)
            continue
        _, x, y, angle, _, quality = found
        if angle >= _M1_TURN or quality > 100:
            log.add(
                Severity.WARNING, "T9-RANGE", _place(record, _FMD, n), "An angle or quality is out of range."
            )
        rows.append((x, y, angle, quality))
    _check_count(record, _NOM, len(rows), log)
    made = _rows(rows)
    made[:, 2] = frame.radians(made[:, 2].astype(np.int32), _M1_TURN)
    made[:, 3] = frame.fraction(made[:, 3].astype(np.int32))
    fgp = _byte(record, _M1_FGP, log)
    return frame.finger(
        fgp, _byte(record, _IMP, log), (max(0, size[0]), max(0, size[1])), (across, down), made
    )


def _legacy(record: Record, image: Image | None, log: Defects) -> FingerTemplate:
    rows: list[tuple[float, float, float, float]] = []
    for n, items in _subfields(record, _MRC, log):
        place = _PLACE.fullmatch(items[1]) if len(items) > 1 else None
        if place is None:
            _row_defect(log, record, _MRC, n)
            continue
        quality = _number(items[2]) if len(items) > 2 else -1
        rows.append((int(place[1]), int(place[2]), int(place[3]), quality))
    _check_count(record, _MIN, len(rows), log)
    made = _rows(rows)
    made[:, :2] *= frame.PPI / _UNITS_PER_INCH
    width, height = _size_of(image)
    if not height:
        log.add(
            Severity.NOTE,
            "T9-IMAGE",
            _place(record),
            "No image has this IDC: the minutiae are kept in a frame of their own.",
        )
        height = float(np.ceil(made[:, 1].max(initial=0)))
    if (made[:, 1] > height).any():
        log.add(Severity.WARNING, "T9-PLACE", _place(record, _MRC), "A minutia lies above the image.")
        height = float(np.ceil(made[:, 1].max(initial=0)))
    made[:, 1] = height - made[:, 1]
    made[:, 2] = np.deg2rad(made[:, 2] + 180.0)  # legacy points away from the ridge, the frame along it
    made[:, 3] = _legacy_quality(made[:, 3])
    size = (round(width), round(height))
    return frame.finger(
        _byte(record, _FGP, log), _byte(record, _IMP, log), size, (frame.PPI, frame.PPI), made
    )


def _size_of(image: Image | None) -> tuple[float, float]:
    """Width and height of an image in pixels at 500 ppi; zero where it does not tell."""
    if image is None or not image.ppi_h or not image.ppi_v:
        return 0.0, 0.0
    return image.hll * frame.PPI / image.ppi_h, image.vll * frame.PPI / image.ppi_v


def _legacy_quality(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 (by hand) and 2 are best, 63 is worst; 1 and what is no code say nothing."""
    graded = np.clip((63.0 - codes) / 61.0, 0.0, 1.0)
    said = (codes >= 0) & (codes <= 63) & (codes != 1)
    return np.where(said, graded, frame.UNREPORTED)


def _rows(rows: Sequence[tuple[float, float, float, float]]) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def _subfields(record: Record, number: int, log: Defects) -> list[tuple[int, list[str]]]:
    """Number (from 1) and texts of each subfield, the first `MAX_ROWS` of them."""
    field = record.get(number)
    if field is None:
        return []
    if len(field.subfields) > MAX_ROWS:
        log.add(
            Severity.ERROR,
            "T9-MANY",
            _place(record, number),
            f"At most {MAX_ROWS} minutiae of a record are read.",
        )
    taken = islice(field.subfields, MAX_ROWS)
    return [(n, [item.text for item in islice(one.items, 8)]) for n, one in enumerate(taken, 1)]


def _check_count(record: Record, number: int, found: int, log: Defects) -> None:
    said = _whole(record, number)
    if said != found:
        log.add(
            Severity.WARNING,
            "T9-COUNT",
            _place(record, number),
            "The record has not as many minutiae as it says.",
            str(found),
            str(said) if said >= 0 else "a number",
        )


def _row_defect(log: Defects, record: Record, number: int, subfield: int) -> None:
    log.add(
        Severity.WARNING, "T9-MINUTIA", _place(record, number, subfield), "A minutia is damaged and left out."
    )


def _place(record: Record, number: int = 0, subfield: int = 0) -> Place:
    field = record.get(number) if number else None
    offset = field.offset if field is not None else record.offset
    return Place(offset, record.type, record.idc, f"9.{number:03d}" if number else "", subfield)


def _number(text: str) -> int:
    return int(text) if text.isascii() and _NUMBER.fullmatch(text) else -1


def _item(field: Field | None, index: int) -> str:
    items = field.subfields[0].items if field is not None and field.subfields else ()
    return items[index].text if index < len(items) else ""


def _whole(record: Record, number: int) -> int:
    return _number(_item(record.get(number), 0))


def _byte(record: Record, number: int, log: Defects) -> int:
    value = _whole(record, number)
    if not 0 <= value <= 255:
        log.add(Severity.WARNING, "T9-CODE", _place(record, number), "The code is missing or is none.")
        return 0
    return value


def _ppi(record: Record, number: int) -> float:
    scale = {1: 1.0, 2: _CM_PER_INCH}.get(_whole(record, _SLC), 0.0)
    return max(0, _whole(record, number)) * scale
