# SPDX-License-Identifier: Apache-2.0
"""A small ledger with one decided booking in it, for every test of receipts and proofs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ledger_world import NAME, WORDS, Booked, decided, place

from sluicegate.ledger import keys


@pytest.fixture(scope="session")
def key() -> keys.FileKey:
    """The bureau's key; fixed, so that every run signs the same bytes."""
    return keys.from_seed(NAME, b"\x01" * 32)


@pytest.fixture(scope="session")
def book(key: keys.FileKey) -> Callable[..., Booked]:
    """Makes a decided booking with the given outcomes of the four gates."""

    def make(outcomes: str = "closed closed closed closed", **booking: str) -> Booked:
        return Booked(key, place(decided(outcomes, **booking), key), dict(WORDS))

    return make


@pytest.fixture(scope="session")
def booked(book: Callable[..., Booked]) -> Booked:
    """A booking that was withheld from the partner."""
    return book()
