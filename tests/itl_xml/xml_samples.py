# SPDX-License-Identifier: Apache-2.0
"""Packages for the tests of `sluicegate.itl.xml`: a booking of nobody, and pieces to build others from."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from sluicegate.ebts.build import BookingFields, booking
from sluicegate.itl.model import Reading
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft
from sluicegate.itl.xml.writer import to_xml

NOW = datetime(2010, 11, 15, 12, tzinfo=UTC)
NAMESPACES = (
    'xmlns:itl="http://biometrics.nist.gov/standard/2011" xmlns:b="http://niem.gov/niem/biometrics/1.0" '
    'xmlns:nc="http://niem.gov/niem/niem-core/2.0" xmlns:ebts="http://cjis.fbi.gov/fbi_ebts/10.0"'
)
_THERE = (1, 2, 3, 4, 5, 6, 7, 8, 10)
ROOT = "itl:NISTBiometricInformationExchangePackage"

FIELDS = BookingFields(
    ori="CA0430000",
    tcn="XML0000001",
    dat="20101115",
    cri=("CA0430000", "CA0430001"),
    nam="ROE,JANE Q",
    pob="CA",
    dob=("19700102", "19710102"),
    sex="F",
    rac="W",
    hgt="N65",
    wgt="090",
    eye="BLU",
    hai="BRO",
    doa="20101114",
    charges=(("20101113", "DUI & <WORSE>"), ("", "THEFT")),
    atn="DESK 4",
    sco=("NY0303000",),
    oca="CASE 12",
    fbi=("1234567A1",),
    sid="CA1234567",
    aka=("DOE,JANE", "ROW,JAYNE"),
    ctz="US",
    ead="ACME CO, 1 MAIN ST, SPRINGFIELD",
    ocp="PLUMBER",
    res="2 OAK ST, SPRINGFIELD, CA",
    rap=True,
    taa=True,
    amp=((9, "XX"),),
    gmt="20101115120000Z",
)


def prints() -> list[FingerDraft]:
    """Small raw images of the nine fingers that are there."""
    return [FingerDraft(0, 1, (n,), 1, 16, 12, 0, bytes((n + i) % 256 for i in range(192))) for n in _THERE]


@cache
def card() -> bytes:
    """A booking in traditional encoding that carries nearly every field a booking can."""
    return booking(FIELDS, prints())


@cache
def card_xml() -> bytes:
    """The same booking as NIEM-XML."""
    transaction = read(card()).transaction
    assert transaction is not None
    return to_xml(transaction).data


def package(inside: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    """A document whose root holds the given markup."""
    return f"{head}<{ROOT} {NAMESPACES}>{inside}</{ROOT}>".encode()


def header(inside: str) -> str:
    """A Type-1 record with the given markup in its transaction."""
    code = "<b:RecordCategoryCode>01</b:RecordCategoryCode>"
    record = "itl:PackageInformationRecord"
    return f"<{record}>{code}<b:Transaction>{inside}</b:Transaction></{record}>"


def codes(reading: Reading) -> list[str]:
    """The codes of a reading's defects."""
    return [defect.code for defect in reading.defects]
