# SPDX-License-Identifier: Apache-2.0
"""A rule that leaves look-ups to who asks first and for what is carried out at every look-up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from scenes import scratch
from sluicegate import app
from sluicegate.ebts.submission import partial
from sluicegate.exchange.lookup import Request
from sluicegate.exchange.searching import probe_images
from sluicegate.itl.reader import read
from sluicegate.ridge.template import Template
from sluicegate.terms import Ori
from sluicegate.testing import bookings
from sluicegate.testing.registrars import Registrars, rows_of
from sluicegate.testing.world import World

pytestmark = pytest.mark.slow

NOW = datetime(2025, 12, 1, 15, 0, tzinfo=UTC)
ICE, POLICE, STRANGER = Ori("VTICE0900"), Ori("TXHPD0000"), Ori("TX0000001")
BLOCKS, ASKS_WHY = "IL0848900", "NY315SP00"


@pytest.fixture(scope="module")
def switch() -> Iterator[World]:
    """The program of driver records, with a record kept in three kinds of states."""
    with scratch() as folder:
        app.lay_out(folder / "home", "driver-records", at=NOW)
        world = World(folder / "home", program="driver-records")
        world.clock.now = NOW
        for number, ori in enumerate((BLOCKS, ASKS_WHY), 1):
            world.submit(booking(number, ori))
        world.settle()
        yield world
        world.close()


def booking(person: int, ori: str) -> bytes:
    """A record of a person, sent by an agency."""
    return bookings.tiny_booking(person, cri=ori, ori=ori, tcn=f"DRIVER{person:08d}", at=NOW)


def template(world: World, person: int) -> Template:
    """A probe of the person."""
    transaction = read(booking(person, BLOCKS)).transaction
    assert world.exchange.workshop is not None
    return probe_images(world.exchange.workshop, partial(transaction).images, 1).template  # type: ignore[arg-type]


def found(world: World, person: int, request: Request | None) -> int:
    """How many subjects a look-up shows."""
    return len(world.exchange.lookup.look_up(template(world, person), "desk", request=request))


@pytest.mark.parametrize(
    ("person", "request_", "shown"),
    [
        (1, Request(POLICE, "TRAFFIC STOP"), 1),
        (1, Request(ICE, "TRAFFIC STOP"), 0),
        (1, Request(ICE, "TRAFFIC STOP", via=(POLICE,)), 0),
        (1, Request(POLICE, "TRAFFIC STOP", via=(ICE,)), 1),
        (1, Request(STRANGER, "TRAFFIC STOP"), 0),
        (1, None, 0),
        (2, Request(POLICE, "CRIMINAL INVESTIGATION"), 1),
        (2, Request(POLICE, "CIVIL IMMIGRATION ENFORCEMENT"), 0),
        (2, Request(ICE, "CRIMINAL INVESTIGATION"), 0),
        (2, Request(ICE, "JUDICIAL WARRANT"), 1),
        (2, Request(POLICE, ""), 0),
    ],
)
def test_who_asks_first_and_for_what_decides(
    switch: World, person: int, request_: Request | None, shown: int
) -> None:
    """The originating requester and the purpose decide; whoever passes the request on opens nothing."""
    assert found(switch, person, request_) == shown


def test_a_later_closing_closes_what_a_request_would_have_opened(switch: World) -> None:
    """Most restrictive of then and now: once the state closes, police find nothing either."""
    ask = Request(POLICE, "TRAFFIC STOP")
    assert found(switch, 1, ask) == 1
    cells = ["Z900", "US-IL", "entry-into-force", "", "NOT_CONNECTED", "Scenario", "state", "a test"]
    line = ",".join(
        [*cells, "none on record", "L01", "2025-12-02", "", "2025-12-02", "", "SRC-LETTER", "S", ""]
    )
    switch.clock.now = datetime(2025, 12, 2, 15, 0, tzinfo=UTC)
    Registrars(app.Registry(switch.exchange.programs, switch.clock)).publish(
        rows_of("choices.csv", [line + "\n"])
    )
    assert found(switch, 1, ask) == 0
