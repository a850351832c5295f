# SPDX-License-Identifier: Apache-2.0
"""Binary records (Types 3 to 8): a four-byte length, a fixed header, an image.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clause 8.4 and Annex B (Type-4); the 2007 edition for Types 3, 5,
6 and 7, which later editions dropped but old senders still write.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from sluicegate.itl.model import Image, Place, Record
from sluicegate.itl.rules import Log

BINARY_TYPES = frozenset((3, 4, 5, 6, 7, 8))
"""Record types without tags."""

GCA = {0: "NONE", 1: "WSQ", 2: "JPEGB", 3: "JPEGL", 4: "JP2", 5: "JP2L", 6: "PNG"}
"""Grayscale compression algorithm: code of Type-4 to our name."""

UNUSED = 255
"""Finger position that fills the places of FGP that are not used."""

FINGER = struct.Struct(">IBB6sBHHB")
"""LEN, IDC, IMP, FGP, ISR, HLL, VLL, GCA: the header of Type-4 (and, in the same shape, of 3, 5 and 6)."""

_SIGNATURE = struct.Struct(">IBBBBHH")  # LEN, IDC, SIG, SRT, ISR, HLL, VLL
_USER = struct.Struct(">IB")  # LEN, IDC
_HEADERS = {3: FINGER, 4: FINGER, 5: FINGER, 6: FINGER, 7: _USER, 8: _SIGNATURE}


@dataclass(frozen=True, slots=True)
class Scale:
    """NSR and NTR of the Type-1 record in pixels per inch, 0 where absent or absurd."""

    native: float = 0.0
    nominal: float = 0.0

    def of(self, isr: int) -> float:
        """Resolution of a Type-4 image in pixels per inch.

        ISR 1 says "as scanned", so NSR counts first and NTR second; ISR 0 (or anything else) the other way
        round. Where neither can be believed it is 500: Type-4 is by definition the high-resolution record,
        whose least and nominal resolution is 19.69 pixels per mm.
        """
        first, second = (self.native, self.nominal) if isr == 1 else (self.nominal, self.native)
        return first or second or 500.0


def read_binary(data: bytes, start: int, kind: int, scale: Scale, log: Log) -> Record | None:
    """The binary record of the given type at `start`, or None where its length leads nowhere."""
    header = _HEADERS[kind]
    where = Place(offset=start, record_type=kind)
    if len(data) - start < header.size:
        log.add("ITL-LEN-OVER", where, expected=f"a header of {header.size} bytes")
        return None
    values = header.unpack_from(data, start)
    length, idc = int(values[0]), int(values[1])
    where = Place(start, kind, idc)
    if length < header.size:
        log.add("ITL-LEN", where, found=str(length), expected=f"at least {header.size}")
        return None
    if length > len(data) - start:
        # A truncated record is kept: an examiner may want what is left, and the file is refused anyway.
        log.add("ITL-LEN-OVER", where, found=str(length), expected=f"at most {len(data) - start}")
    raw = data[start : start + length]
    if header is not FINGER:
        names = ("len", "idc", "sig", "srt", "isr", "hll", "vll")
        return Record(kind, idc, raw, start, binary=dict(zip(names, values, strict=False)))
    return _finger_record(kind, values, raw, start, scale, log)


def _finger_record(
    kind: int, values: tuple[Any, ...], raw: bytes, start: int, scale: Scale, log: Log
) -> Record:
    length, idc, imp, positions, isr, hll, vll, gca = values
    fgp = tuple(one for one in positions if one != UNUSED)
    items = {"len": length, "idc": idc, "imp": imp, "fgp": fgp}
    items |= {"isr": isr, "hll": hll, "vll": vll, "gca": gca}
    if kind != 4:  # kept as bytes only: nothing in this system searches low-resolution or binary images
        return Record(kind, idc, raw, start, binary=items)
    where, ppi, offset = Place(start, kind, idc), scale.of(isr), start + FINGER.size
    compression = GCA.get(gca, f"?{gca}")
    real = _without_filler(fgp)
    if real != fgp:
        log.add("ITL-FGP-FILL", where, found=str(fgp))
    image = Image(kind, idc, imp, real, hll, vll, ppi, ppi, compression, raw[FINGER.size :], offset)
    if not fgp:
        log.add("ITL-FGP", where)
    check_image(image, 1, where, log)
    return Record(kind, idc, raw, start, image=image, binary=items)


def _without_filler(fgp: tuple[int, ...]) -> tuple[int, ...]:
    # Some senders fill FGP with 0 instead of 255. Behind a known finger, 0 (unknown) can mean nothing else;
    # a list that begins with 0 is left alone.
    if not fgp or not fgp[0]:
        return fgp
    return tuple(one for one in fgp if one)


def check_image(image: Image, pixel_bytes: int, where: Place, log: Log) -> None:
    """Check what can be known without decoding. `pixel_bytes` is 0 where the record does not tell."""
    if image.compression == "?":
        log.add("ITL-GCA-NONE", where)
    elif image.compression.startswith("?"):
        log.add("ITL-GCA", where, found=image.compression[1:])
    if not image.hll or not image.vll:
        log.add("ITL-SIZE", where, found=f"{image.hll} x {image.vll}")
    size, told = len(image.data), image.hll * image.vll * pixel_bytes
    if not size:
        log.add("ITL-IMAGE-SHORT", where, found="0")
    elif image.compression == "NONE" and told and size < told:
        log.add("ITL-IMAGE-SHORT", where, found=str(size), expected=str(told))
    elif image.compression == "NONE" and told and size > told:
        log.add("ITL-IMAGE-LONG", where, found=str(size), expected=str(told))
