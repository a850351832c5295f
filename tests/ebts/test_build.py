# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sluicegate.ebts import conformance
from sluicegate.ebts.build import BookingFields, booking, fingers_of
from sluicegate.ebts.submission import submission
from sluicegate.errors import UsageError
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft


@pytest.mark.parametrize("tot", ["CAR", "CNA", "CPNU", "CPDR", "CARC"])
def test_each_kind_of_booking_can_be_built(
    fields: BookingFields, fingers: list[FingerDraft], now: datetime, tot: str
) -> None:
    """A booking of each kind is built without a defect, as far as its fields allow that kind."""
    other: dict[str, Any] = {"CNA": {"atn": "", "sco": ()}, "CPDR": {"tsr": "C"}}.get(tot, {})
    reading = read(booking(replace(fields, **other), fingers, tot=tot))
    assert reading.defects == ()
    assert reading.transaction is not None
    assert conformance.check_booking(reading.transaction, now) == ()
    assert submission(reading.transaction).tot == tot


@pytest.mark.parametrize(
    "wrong",
    [
        {"nam": "ROE, RICHARD"},
        {"nam": "ROE,RICHARD\x1d2.005:N"},
        {"nam": "RÖE,RICHARD"},
        {"pob": "QQ"},
        {"dob": ("20991231",)},
        {"charges": (("20110502", ""),)},
        {"charges": ()},
        {"cri": ()},
        {"ori": "NY03030"},
        {"tcn": "SHORT"},
        {"dat": "May 2011"},
        {"tsr": "C"},
        {"amp": ((11, "XX"),)},
        {"atn": "SGT. MILLER"},
    ],
)
def test_what_does_not_conform_is_not_built(booked: Callable[..., bytes], wrong: dict[str, Any]) -> None:
    """The builder makes nothing that our own check would find anything wrong with."""
    with pytest.raises(UsageError):
        booked(**wrong)


def test_only_bookings_with_prints_are_built(fields: BookingFields, fingers: list[FingerDraft]) -> None:
    """Other types of transaction, no print, fifteen prints, and fingers missing without AMP are refused."""
    for prints, tot in ((fingers, "SRE"), ([], "CAR"), (fingers * 2, "CAR"), (fingers[:9], "CAR")):
        with pytest.raises(UsageError):
            booking(fields, prints, tot=tot)
    assert booking(replace(fields, amp=((10, "XX"),)), fingers[:9])


def test_the_text_of_a_booking_is_not_printed(fields: BookingFields) -> None:
    """Printing the fields of a booking shows nothing about the person."""
    assert repr(fields) == "BookingFields(charges=2)"


def test_prints_can_be_used_again(plain: bytes, fields: BookingFields) -> None:
    """The prints of one booking, put into another, are the same bytes."""
    transaction = read(plain).transaction
    assert transaction is not None
    prints = fingers_of(transaction)
    assert booking(fields, prints) == plain


@pytest.mark.shared
@pytest.mark.slow
def test_a_real_card_becomes_a_booking(shared_data: Path, fields: BookingFields, now: datetime) -> None:
    """The fourteen prints of a real card make a booking that conforms, pixel data untouched."""
    card = read((shared_data / "an2-valid" / "nist2007-type-4-tpcard.an2").read_bytes()).transaction
    assert card is not None
    prints = fingers_of(card)
    made = read(booking(fields, prints)).transaction
    assert made is not None
    assert conformance.check_booking(made, now) == ()
    assert [i.data for i in made.images] == [i.data for i in card.images]
    assert sorted(i.fgp[0] for i in submission(made).images) == list(range(1, 15))


@pytest.mark.shared
def test_a_type_14_in_wsq_becomes_type_4(shared_data: Path, fields: BookingFields) -> None:
    """A WSQ print of a Type-14 record becomes Type-4; others, and both thumbs in one, are left out."""
    folder = shared_data / "an2-valid"
    names = ("biocts2011-pass-type-14-fld21.an2", "nist2007-type-9-14-m1.an2", "nist2007-type-4-14-slaps.an2")
    four, raw, slaps = (read((folder / name).read_bytes()).transaction for name in names)
    assert four is not None
    assert raw is not None
    assert slaps is not None
    assert [(d.idc, d.fgp, d.gca, d.hll, d.vll) for d in fingers_of(four)] == [(1, (13,), 1, 804, 1000)]
    assert fingers_of(raw) == []
    assert sorted(d.fgp for d in fingers_of(slaps)) == [(13,), (14,)]
    told = tuple((n, "UP") for n in (1, 6))
    assert booking(replace(fields, amp=told), fingers_of(slaps))
