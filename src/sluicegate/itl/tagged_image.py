# SPDX-License-Identifier: Apache-2.0
"""The image of a tagged record (Types 10, 13 to 17 and 19), as its fields describe it.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clauses 7.7.8 (HLL, VLL, SLC, HPS, VPS, CGA) and 8.10 to 8.19.
"""

from __future__ import annotations

import re

from sluicegate.itl.binary import GCA, UNUSED, Scale, check_image
from sluicegate.itl.fields import number
from sluicegate.itl.model import Field, Image, Place, Record
from sluicegate.itl.rules import Log

IMAGE_TYPES = frozenset((10, 13, 14, 15, 16, 17, 19))
"""Tagged records whose fields 006 to 011 and 999 are one image."""

_FRICTION = frozenset((13, 14, 15, 19))  # these alone have IMP (003), BPX (012) and FGP (013)
_CGA = {name: name for name in GCA.values()} | {"WSQ20": "WSQ"} | {str(k): v for k, v in GCA.items()}
_UNSAFE = re.compile(r"[^A-Za-z0-9]")
_MM_PER_INCH = 25.4


def image_of(record: Record, log: Log) -> Image | None:
    """The image of a tagged record, or None where it is of another kind or holds no data (nnn.999)."""
    by_number = {one.number: one for one in reversed(record.fields)}  # the first of equals wins
    data = by_number.get(999)
    if record.type not in IMAGE_TYPES or data is None:
        return None
    hll, vll, slc, hps, vps = (_first(by_number.get(n)) for n in (6, 7, 8, 9, 10))
    friction = record.type in _FRICTION
    imp = _first(by_number.get(3), -1) if friction else -1
    item = data.subfields[0].items[0]
    image = Image(
        record.type,
        record.idc,
        imp,
        _positions(by_number.get(13)) if friction else (),
        hll,
        vll,
        _ppi(slc, hps),
        _ppi(slc, vps),
        _compression(by_number.get(11)),
        item.raw,
        item.offset,
    )
    bits = _first(by_number.get(12)) if friction else 0
    check_image(image, (bits + 7) // 8, Place(record.offset, record.type, record.idc), log)
    return image


def scale_of(header: Record) -> Scale:
    """NSR and NTR of the Type-1 record."""
    return Scale(_resolution(header.get(11)), _resolution(header.get(12)))


def _resolution(field: Field | None) -> float:
    """Pixels per inch from `NN.NN` pixels per mm, or 0 where that is absent or no scanner's resolution."""
    raw = field.subfields[0].items[0].raw if field is not None else b""
    if re.fullmatch(rb"\d{1,4}(\.\d{1,4})?", raw) is None:
        return 0.0
    per_mm = float(raw)
    # 4 to 160 per mm is 100 to 4000 ppi. Outside it are `00.00` (no image), ppi in the wrong unit, nonsense.
    return _snapped(per_mm * _MM_PER_INCH, 0.13) if 4.0 <= per_mm <= 160.0 else 0.0


def _ppi(slc: int, value: int) -> float:
    """Pixels per inch from a pixel scale: SLC 1 is per inch, 2 per centimeter, 0 no unit."""
    if slc == 1:
        return float(value)
    return _snapped(value * _MM_PER_INCH / 10.0, 1.27) if slc == 2 else 0.0


def _snapped(ppi: float, slack: float) -> float:
    # 19.69 per mm and 197 per cm are how 500 ppi has to be rounded; `slack` is half of that rounding step.
    for nominal in (500.0, 1000.0):
        if abs(ppi - nominal) <= slack:
            return nominal
    return round(ppi, 2)


def _first(field: Field | None, default: int = 0) -> int:
    value = number(field.subfields[0].items[0].raw) if field is not None else None
    return default if value is None else value


def _positions(field: Field | None) -> tuple[int, ...]:
    found = (number(subfield.items[0].raw) for subfield in (field.subfields if field is not None else ()))
    return tuple(one for one in found if one is not None and one != UNUSED)


def _compression(field: Field | None) -> str:
    text = field.text.strip().upper() if field is not None else ""
    return _CGA.get(text, "?" + _UNSAFE.sub("", text)[:12])
