# SPDX-License-Identifier: Apache-2.0
"""A plain booking, and the time at which everything here happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sluicegate.ebts.build import BookingFields, booking
from sluicegate.itl.model import Transaction
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft

NOW = datetime(2011, 5, 4, 12, 0, tzinfo=UTC)

FIELDS = BookingFields(
    ori="NY0303000",
    tcn="TEST-2011-000000001",
    dat="20110504",
    cri=("NY0303001",),
    nam="ROE,RICHARD ALAN",
    pob="NB",
    dob=("19800229",),
    sex="M",
    rac="U",
    hgt="510",
    wgt="170",
    eye="BRO",
    hai="BLK",
    doa="20110503",
    charges=(("20110502", "TRESPASS"), ("", "DISORDERLY CONDUCT")),
    atn="SGT MILLER",
    sco=("NY0303002", "NJ0010000/UNIT4"),
    oca="CASE 17",
    ead="MILL, 1 MAIN ST.",
    ocp="MILLER",
    res="2 MAIN ST, APT 3",
    taa=True,
)


@pytest.fixture
def now() -> datetime:
    """The time of receipt of everything here."""
    return NOW


@pytest.fixture
def fields() -> BookingFields:
    """The text of the plain booking."""
    return FIELDS


@pytest.fixture
def fingers() -> list[FingerDraft]:
    """Ten rolled fingers, each a tiny uncompressed image."""
    return [FingerDraft(n, 1, (n,), 0, 8, 4, 0, bytes(32)) for n in range(1, 11)]


@pytest.fixture
def booked(fingers: list[FingerDraft]) -> Callable[..., bytes]:
    """Builds the plain booking, with other values for the named fields."""

    def make(**other: Any) -> bytes:
        return booking(replace(FIELDS, **other), fingers)

    return make


@pytest.fixture
def sent(booked: Callable[..., bytes]) -> Callable[..., Transaction]:
    """The plain booking with pieces of its bytes replaced, read again; LEN is put right by the reader."""

    def make(*changes: tuple[bytes, bytes]) -> Transaction:
        data = booked()
        for old, new in changes:
            assert data.count(old) == 1, (old, data.count(old))
            data = data.replace(old, new)
        transaction = read(data).transaction
        assert transaction is not None
        return transaction

    return make


@pytest.fixture(scope="session")
def plain() -> bytes:
    """The plain booking as bytes, made once."""
    prints = [FingerDraft(n, 1, (n,), 0, 8, 4, 0, bytes(32)) for n in range(1, 11)]
    return booking(FIELDS, prints)
