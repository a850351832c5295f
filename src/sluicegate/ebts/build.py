# SPDX-License-Identifier: Apache-2.0
"""Builds bookings: a strict CAR (or kin) from plain fields and prints, which conforms or is not built.

Source: EBTS 9.1 section 3 and Appendix C. Also takes the prints out of another transaction for re-use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sluicegate.ebts import codes, conformance, dictionary, formats
from sluicegate.errors import UsageError
from sluicegate.itl.model import Image, Record, Severity, Transaction
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft, HeaderDraft, TaggedDraft, build

FBI = "WVIAFIS0Z"
"""The agency to which bookings go unless told otherwise: the FBI's search service."""

_MAX_PRINTS = 14


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class BookingFields:
    """The text of a booking. Dates are CCYYMMDD; HGT is feet and inches ("510"), WGT pounds ("170")."""

    ori: str
    tcn: str
    dat: str
    cri: tuple[str, ...]
    nam: str
    pob: str
    dob: tuple[str, ...]
    sex: str
    rac: str
    hgt: str
    wgt: str
    eye: str
    hai: str
    doa: str
    charges: tuple[tuple[str, str], ...]  # (DOO or "", AOL)
    dai: str = FBI
    ret: bool = True
    atn: str = ""
    sco: tuple[str, ...] = ()
    oca: str = ""
    fbi: tuple[str, ...] = ()
    sid: str = ""
    aka: tuple[str, ...] = ()
    ctz: str = ""
    ead: str = ""
    ocp: str = ""
    res: str = ""
    tsr: str = ""
    rap: bool = False
    taa: bool = False
    amp: tuple[tuple[int, str], ...] = ()
    pry: str = ""
    gmt: str = ""

    def __repr__(self) -> str:
        return f"BookingFields(charges={len(self.charges)})"


def booking(fields: BookingFields, images: Sequence[FingerDraft], *, tot: str = "CAR") -> bytes:
    """A booking with up to 14 prints; their IDCs are given anew, from 1.

    Raises UsageError, with every defect in its text, where the result would not conform in full.
    """
    row = dictionary.known_tots().get(tot)
    if row is None or not row.booking:
        raise UsageError("That type of transaction is not a booking.")
    if not 1 <= len(images) <= _MAX_PRINTS:
        raise UsageError(f"A booking has 1 to {_MAX_PRINTS} prints.")
    header = HeaderDraft(
        tot=tot,
        dat=fields.dat,
        dai=fields.dai,
        ori=fields.ori,
        tcn=fields.tcn,
        pry=fields.pry,
        dom=("NORAM", "{}.{}".format(*dictionary.DEFAULT_VERSION)),
        gmt=fields.gmt,
    )
    prints = [replace(image, idc=number) for number, image in enumerate(images, 1)]
    data = build(header, [TaggedDraft(2, 0, _type_2(fields)), *prints])
    _refuse_defects(data, fields.dat)
    return data


def _type_2(f: BookingFields) -> list[tuple[int, list[list[str]]]]:
    all_fields = [
        (5, [["Y" if f.ret else "N"]]),
        (6, [[f.atn]]),
        (7, [[one] for one in f.sco]),
        (9, [[f.oca]]),
        (14, [[one] for one in f.fbi]),
        (15, [[f.sid]]),
        (18, [[f.nam]]),
        (19, [[one] for one in f.aka]),
        (20, [[f.pob]]),
        (21, [[f.ctz]]),
        (22, [[one] for one in f.dob]),
        (24, [[f.sex]]),
        (25, [[f.rac]]),
        (27, [[f.hgt]]),
        (29, [[f.wgt]]),
        (31, [[f.eye]]),
        (32, [[f.hai]]),
        (39, [[f.ead]]),
        (40, [[f.ocp]]),
        (41, [[f.res]]),
        (43, [[f.tsr]]),
        (45, [[f.doa]]),
        (47, [list(charge) for charge in f.charges]),
        (70, [["Y" if f.rap else ""]]),
        (73, [[one] for one in f.cri]),
        (84, [[f"{finger:02d}", code] for finger, code in f.amp]),
        (87, [["Y" if f.taa else ""]]),
    ]
    return [(number, values) for number, values in all_fields if any(any(items) for items in values)]


def _refuse_defects(data: bytes, dat: str) -> None:
    reading = read(data)
    day = formats.day(dat)
    if reading.transaction is None or day is None:
        raise UsageError("A booking needs a date (1.005) written CCYYMMDD.")
    sent = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = (*reading.defects, *conformance.check_booking(reading.transaction, sent))
    wrong = [defect.message for defect in found if defect.severity > Severity.NOTE]
    if wrong:
        raise UsageError("This booking would not conform: " + "; ".join(wrong) + ".")


def fingers_of(transaction: Transaction) -> list[FingerDraft]:
    """The prints of a transaction as Type-4 drafts, in file order, IDCs from 1.

    Takes Type-4 as it is, and Type-14 where it is WSQ and shows a position that Type-4 has; the pixels are
    not touched. Leaves out prints that are damaged.
    """
    drafts = [_draft(record) for record in transaction.of_type(4, 14)]
    return [replace(one, idc=number) for number, one in enumerate((d for d in drafts if d), 1)]


def _draft(record: Record) -> FingerDraft | None:
    image = record.image
    if image is None or not _fits_type_4(image):
        return None
    gca = int(codes.table("GCA")[image.compression])
    isr = record.binary.get("isr", 0)
    native = 1 if isr == 1 else 0
    return FingerDraft(0, image.imp, image.fgp, native, image.hll, image.vll, gca, image.data)


def _fits_type_4(image: Image) -> bool:
    sized = 0 < image.hll < 65536 and 0 < image.vll < 65536 and bool(image.data)
    placed = 1 <= len(image.fgp) <= 6 and all(0 <= one <= 14 for one in image.fgp)
    known = str(image.imp) in codes.table("IMP") and image.compression in codes.table("GCA")
    whole = image.compression != "NONE" or len(image.data) == image.hll * image.vll
    return sized and placed and known and whole and (image.record_type == 4 or image.compression == "WSQ")
