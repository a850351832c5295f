# SPDX-License-Identifier: Apache-2.0
"""What is no longer needed is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.store.journal import FLEETING
from sluicegate.testing.bookings import tiny_booking
from sluicegate.testing.world import World


@pytest.mark.slow
def test_bytes_that_passed_between_installations_are_erased_once_they_were_taken(tmp_path: Path) -> None:
    """After a booking is closed, no outbox holds a copy of the prints, and the agency's answers are kept."""
    world = World(tmp_path / "home")
    case_id = world.submit(tiny_booking(1, cri="TX1010000", tcn="MINIMISED0001", at=world.clock()))
    world.settle()
    for office in world.exchange.offices.values():
        kept = office.store.outgoing.digests()
        for message in office.store.messages():
            assert (message.digest in kept) == (message.kind not in FLEETING), message.kind
        assert office.spool.digests() == set()
    assert "COPY" in {one.kind for one in world.exchange.bureau.store.messages_of(case_id)}
    world.close()


@pytest.mark.slow
def test_a_crash_before_the_bytes_are_erased_leaves_nothing_after_the_next_start(tmp_path: Path) -> None:
    """The sweep at the start erases what a crash kept of delivered copies."""
    world = World(tmp_path / "home")
    world.submit(tiny_booking(1, cri="TX1010000", tcn="MINIMISED0002", at=world.clock()))
    world.settle()
    store = world.exchange.bureau.store
    left = next(body for body in world.copies.values())
    digest = store.outgoing.put(left)
    world.reopen()
    assert not world.exchange.bureau.store.outgoing.has(digest)
    world.close()
