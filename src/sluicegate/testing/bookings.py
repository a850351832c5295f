# SPDX-License-Identifier: Apache-2.0
"""Builders of bookings for tests, demonstrations and drills: synthetic people, real agencies, no one real."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sluicegate.ebts.build import BookingFields, booking
from sluicegate.itl.writer import FingerDraft
from sluicegate.raster import encode

_SURNAMES = (
    "ALDER",
    "BIRCH",
    "CEDAR",
    "ELM",
    "HAZEL",
    "JUNIPER",
    "LINDEN",
    "MAPLE",
    "OAK",
    "ROWAN",
    "WILLOW",
)
_GIVEN = ("ANA", "BEN", "CARA", "DAN", "EVA", "FINN", "GIA", "HUGO", "IDA", "JON", "KIT", "LEA", "MAX", "NOA")


def fields(
    seed: int,
    *,
    cri: str,
    tcn: str,
    at: datetime,
    ori: str = "",
    ret: bool = True,
    sco: tuple[str, ...] = (),
    charge: str = "BURGLARY",
) -> BookingFields:
    """The text of a booking of a person who does not exist."""
    rng = np.random.default_rng(seed)
    name = f"{rng.choice(_SURNAMES)},{rng.choice(_GIVEN)} {rng.choice(_GIVEN)}"
    day = (at - timedelta(days=1)).strftime("%Y%m%d")
    return BookingFields(
        ori=ori or cri,
        tcn=tcn,
        dat=at.strftime("%Y%m%d"),
        cri=(cri,),
        nam=name,
        pob="XX",
        dob=(f"{int(rng.integers(1950, 1990))}{int(rng.integers(1, 13)):02d}{int(rng.integers(1, 28)):02d}",),
        sex=str(rng.choice(["F", "M"])),
        rac="U",
        hgt="508",
        wgt="160",
        eye="BRO",
        hai="BRO",
        doa=day,
        charges=((day, charge),),
        ret=ret,
        atn="RECORDS DESK",
        sco=sco,
        oca=f"SYN{seed:06d}",
    )


def finger(fgp: int, pixels: NDArray[np.uint8], *, coding: str = "wsq", imp: int = 1) -> FingerDraft:
    """A Type-4 record of one image, 500 ppi, as WSQ or raw. `imp` 1 is live-scan rolled, 0 plain."""
    rows, columns = pixels.shape
    data = encode.wsq(pixels) if coding == "wsq" else pixels.tobytes()
    return FingerDraft(0, imp, (fgp,), 0, columns, rows, 1 if coding == "wsq" else 0, data)


def tiny_fingers(person: int, count: int = 10) -> list[FingerDraft]:
    """Small raw images that only the null extractor can tell apart: for tests of everything but fingers."""
    drafts = []
    for fgp in range(1, count + 1):
        rng = np.random.default_rng([person, fgp])
        drafts.append(finger(fgp, rng.integers(0, 256, (24, 24), dtype=np.uint8), coding="raw"))
    return drafts


def tiny_booking(
    person: int,
    *,
    cri: str,
    tcn: str,
    at: datetime,
    ret: bool = True,
    sco: tuple[str, ...] = (),
    ori: str = "",
    charge: str = "BURGLARY",
    count: int = 10,
) -> bytes:
    """A conforming CAR with ten tiny images."""
    text = fields(person, cri=cri, tcn=tcn, at=at, ret=ret, sco=sco, ori=ori, charge=charge)
    return booking(text, tiny_fingers(person, count))
