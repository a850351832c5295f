# SPDX-License-Identifier: Apache-2.0
"""Templates of finger minutiae records, and finger minutiae records of templates.

Sources: ISO/IEC 19794-2:2005; ANSI INCITS 378-2004. Reading is lenient, writing is not: what is written
has no departure from its standard that `fmr.read` knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import TemplateError, quoted
from sluicegate.itl.model import Severity
from sluicegate.ridge import fmr_frame as frame
from sluicegate.ridge.fmr import MAX_COUNT, MAX_VIEWS, Kind, Reading, Record, Rows, View, raw
from sluicegate.ridge.fmr_defects import IMPRESSIONS
from sluicegate.ridge.template import FingerTemplate, Template, best

DENSITY = 197
"""Pixels per centimeter that are written unless others are asked for: 500 ppi."""

_CM = 2.54  # centimeters in an inch
_MAX_PLACE = 16_383  # 14 bits
_MAX_SIZE = 16_384
_PLAIN_THUMBS = {
    11: 1,
    12: 6,
}  # FGP of a plain thumb of a card: the same finger, and the impression says plain


def template_of(reading: Reading, *, maker: str = "", ppi: float = 0.0) -> Template:
    """The fingers of a record, one for each view, in the frame of templates.

    An imported template is comparable with no template of an extractor of ours. `maker` names the extractor
    where that is known; else it is ANSI's product id, and where nothing is said, the record itself, so that
    it is comparable with nothing. `ppi` stands in for a resolution of zero.

    Raises:
        TemplateError: the record has a defect of severity ERROR, or a resolution or size of no fingerprint.
    """
    record = reading.record
    for defect in reading.defects:
        if defect.severity is Severity.ERROR:
            raise TemplateError(f"The record cannot be read without doubt: {defect.place}: {defect.message}")
    assert record is not None, "where there is no record there is an error"
    across, down = (value * _CM or ppi for value in record.density)
    if not across or not down:
        raise TemplateError(
            "The record does not say its resolution.", advice="Say the resolution at which it was made."
        )
    fingers = tuple(
        frame.finger(
            view.position, view.impression, record.size, (across, down), _float_rows(view, record.kind)
        )
        for view in record.views
    )
    return Template(_maker(record, maker), f"fmr-{record.kind}", fingers)


def _float_rows(view: View, kind: Kind) -> NDArray[np.float64]:
    rows = view.minutiae
    angle, quality = frame.radians(rows[:, 4], kind.turn), frame.fraction(rows[:, 5])
    return np.stack([rows[:, 1], rows[:, 3], angle, quality], axis=1).astype(np.float64)


def _maker(record: Record, maker: str) -> str:
    if maker:
        if not (maker.isascii() and maker.isprintable() and len(maker) <= 100):
            raise TemplateError(
                f"{quoted(maker)} cannot name a maker: at most 100 printable ASCII characters."
            )
        return f"fmr:{maker}"
    owner, product = record.product
    if owner and product:
        return f"fmr:cbeff-{owner:04x}-{product:04x}"
    # Two records of unknown makers may come from two extractors: each is comparable with itself only.
    return f"fmr:unknown-{hashlib.sha256(raw(record)).hexdigest()[:16]}"


def record_of(
    template: Template,
    kind: Kind,
    *,
    density: int = DENSITY,
    product: tuple[int, int] = (0, 0),
    device: int = 0,
    qualities: Sequence[int] = (),
) -> Record:
    """A record of the kind with a view for each finger, its coordinates at `density` pixels per centimeter.

    The type of every minutia is "other": templates do not say it. Of more than 255 minutiae of a finger the
    best are written. `qualities` are those of the fingers, 0 to 100; without them the mean of the qualities
    of a finger's minutiae is written, which is no NFIQ. `product` (CBEFF owner and type) is ANSI's alone.

    Raises:
        TemplateError: a finger position, impression, size or number that the standard has no place for.
    """
    _require(len(template.fingers) <= MAX_VIEWS, f"at most {MAX_VIEWS} views are written")
    _require(not qualities or len(qualities) == len(template.fingers), "each finger needs one quality")
    _require(all(0 <= one <= 100 for one in qualities), "the quality of a finger is 0 to 100")
    _require(all(0 <= one <= 0xFFFF for one in product), "a product id is two numbers up to 65535")
    _require(kind is Kind.ANSI or product == (0, 0), "ISO has no place for a product id")
    _require(0 <= device <= 0xFFF, "a capture device is a number up to 4095")
    factor = 1.0 / frame.to_frame(density * _CM)
    width = max((_side(one.width, factor) for one in template.fingers), default=1)
    height = max((_side(one.height, factor) for one in template.fingers), default=1)
    seen: dict[int, int] = {}
    views = []
    for n, finger in enumerate(template.fingers):
        position = _position(finger)
        number = seen.get(position, 0)
        seen[position] = number + 1
        rows = _int_rows(finger, kind, factor, (width, height))
        quality = qualities[n] if qualities else round(float(rows[:, 5].mean())) if len(rows) else 0
        views.append(View(position, number, finger.imp, quality, rows, b"", 0))
    _require(max(seen.values(), default=0) <= 16, "a finger has at most 16 views")
    return _closed(
        Record(
            kind=kind,
            length=0,
            long=False,
            product=product,
            compliance=0,
            device=device,
            size=(width, height),
            density=(density, density),
            count=len(views),
            reserved=0,
            views=tuple(views),
            trailing=b"",
        )
    )


def recast(reading: Reading, kind: Kind) -> Record:
    """A record of one standard as one of the other: types, places and qualities stay, angles are rounded.

    Extended data are left out, since cores and deltas hold angles of the old unit. Raises TemplateError for
    a reading with a defect: only what is sound is written anew.
    """
    for defect in reading.defects:
        raise TemplateError(f"The record is not sound: {defect.place}: {defect.message}")
    before = reading.record
    assert before is not None, "where there is no record there is a defect"
    views = []
    for view in before.views:
        rows = view.minutiae.copy()
        rows[:, 4] = np.rint(rows[:, 4] * (kind.turn / before.kind.turn)).astype(np.int32) % kind.turn
        views.append(replace(view, minutiae=rows, extended=b""))
    product = before.product if kind is Kind.ANSI else (0, 0)
    return _closed(replace(before, kind=kind, product=product, views=tuple(views)))


def position_of(finger: FingerTemplate) -> int:
    """The finger's position where plain thumbs have none of their own: FGP 11 and 12 are 1 and 6."""
    return _PLAIN_THUMBS.get(finger.fgp, finger.fgp)


def lost(template: Template) -> tuple[str, ...]:
    """Sentences on what a record does not carry of a template."""
    many = [finger.fgp for finger in template.fingers if len(finger.minutiae) > MAX_COUNT]
    told = [f"Of finger {fgp} only the best {MAX_COUNT} minutiae fit." for fgp in many]
    told.append("Places are whole pixels, angles whole units, and the extractor is not named.")
    return tuple(told)


def _closed(record: Record) -> Record:
    """The record with its length, which is short in ANSI too: twenty views without extended data fit it."""
    short = replace(record, length=0, long=False)
    return replace(short, length=len(raw(short)))


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise TemplateError(f"This record cannot be written: {sentence}.")


def _side(pixels: int, factor: float) -> int:
    side = max(1, round(pixels * factor))
    _require(side <= _MAX_SIZE, f"coordinates reach {_MAX_PLACE} at most at this resolution")
    return side


def _position(finger: FingerTemplate) -> int:
    position = position_of(finger)
    _require(position <= 10, f"there is no place for finger position {finger.fgp}, which is no single finger")
    _require(finger.imp in IMPRESSIONS, f"there is no place for impression type {finger.imp}")
    return position


def _int_rows(finger: FingerTemplate, kind: Kind, factor: float, size: tuple[int, int]) -> Rows:
    x, y, theta, quality = best(finger.minutiae, MAX_COUNT).T
    rows = np.zeros((len(x), 6), dtype=np.int32)
    rows[:, 1], rows[:, 3] = frame.places(x, factor, size[0]), frame.places(y, factor, size[1])
    rows[:, 4], rows[:, 5] = frame.angle_units(theta, kind.turn), frame.percent(quality)
    return rows
