# SPDX-License-Identifier: Apache-2.0
"""Small sound inputs that several targets start from, made by the builders of the package itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from sluicegate.ebts.build import booking
from sluicegate.itl.writer import FingerDraft, HeaderDraft, TaggedDraft, build
from sluicegate.testing.bookings import fields, finger

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The one moment at which targets take things in."""

AGENCY = "VA0070100"
_TCN = "FUZZ-0000000001"


def header(tot: str = "CAR") -> HeaderDraft:
    """A sound Type-1 record."""
    return HeaderDraft(tot=tot, dat="20261122", dai="WVIAFIS0Z", ori=AGENCY, tcn=_TCN)


@cache
def car() -> bytes:
    """A conforming CAR of some 2 kB: ten raw images of eight by eight pixels."""
    rng = np.random.default_rng(1)
    prints = [finger(fgp, rng.integers(0, 256, (8, 8), dtype=np.uint8), coding="raw") for fgp in range(1, 11)]
    return booking(fields(1, cri=AGENCY, tcn=_TCN, at=AT, sco=("VA0070000",)), prints)


@cache
def transactions() -> tuple[bytes, ...]:
    """Small transactions of each encoding of a record."""
    one = FingerDraft(1, 0, (1, 2), 1, 16, 12, 0, bytes(range(192)))
    text = TaggedDraft(2, 0, [(18, "DOE,JANE"), (22, "19800101"), (47, [["20261121", "DUI"], ["", "X"]])])
    slap = TaggedDraft(
        14,
        2,
        [
            *((number, value) for number, value in ((3, "0"), (4, AGENCY), (5, "20261122"), (6, "8"))),
            *((number, value) for number, value in ((7, "8"), (8, "1"), (9, "500"), (10, "500"))),
            *((number, value) for number, value in ((11, "NONE"), (12, "8"), (13, "13"))),
            (999, bytes(range(64))),
        ],
    )
    return car(), build(header(), [text, one]), build(header("MAP"), [text, slap]), build(header(), [])


def shared(*patterns: str, most: int) -> Iterator[bytes]:
    """Files of the shared test material of at most `most` bytes, where SLUICEGATE_SHARED_DATA names it."""
    named = os.environ.get("SLUICEGATE_SHARED_DATA")
    for pattern in patterns if named else ():
        for path in sorted(Path(named or ".").glob(pattern)):
            if path.is_file() and path.stat().st_size <= most:
                yield path.read_bytes()
