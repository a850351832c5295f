# SPDX-License-Identifier: Apache-2.0
"""Ledger, clock, key or disk fails while bookings come in: nothing leaves after it, and someone is told.

The exchange runs as it does in service, with its own sweep and its own alerts. Intake goes on wherever a
booking can still be made durable; where it cannot, the sender hears so and sends again. After repair
everything goes on, once.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from scenes import Town, rows
from sluicegate.errors import SettingsError, SluicegateError, StoreError
from sluicegate.exchange import runner
from sluicegate.exchange.case import State

pytestmark = pytest.mark.slow
LONGEST_S = 20.0


class Service:
    """A town whose exchange moves by itself, with bookings that would all be shared."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.taken: list[str] = []
        self._person = 100

    def start(self) -> None:
        """Begin to move."""
        self.town.exchange.start()

    def draft(self) -> bytes:
        """A booking of a full participant."""
        self._person += 1
        return self.town.draft("full", self._person)

    def come(self, number: int = 2) -> None:
        """Bookings come, and each is taken in."""
        for _ in range(number):
            self.taken.append(self.town.submit(self.draft()))

    def copies(self) -> int:
        """How many copies the partner took."""
        return sum(row["kind"] == "copy-taken" for row in rows(self.town.exchange.partner.store, "entry"))

    def sent(self) -> int:
        """How many copies are in the bureau's outbox, whatever became of them."""
        return sum(one.kind == "COPY" for one in self.town.exchange.bureau.store.messages())

    def alerts(self) -> str:
        """What the operator was told, all of it."""
        return "\n".join(str(one["reason"]) for one in self.town.exchange.bureau.store.rows("alerts"))

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for something that must come; fails where it does not."""
        end, pause = time.monotonic() + LONGEST_S, threading.Event()
        while not until():
            assert time.monotonic() < end, f"it never came; alerts: {self.alerts()}"
            pause.wait(0.02)

    def whole(self) -> bool:
        """Whether every booking that was taken in was shared, once."""
        return self.copies() == self.sent() == len(self.taken)

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The bureau's database, as somebody who breaks it has it."""
        with closing(sqlite3.connect(self.town.home / "bureau" / "story.db", timeout=20)) as opened, opened:
            opened.execute("BEGIN IMMEDIATE")  # what is read here is what is broken, also beside a server
            yield opened


@pytest.fixture
def service(town: Town, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A running exchange through which one booking went. The operator is told after the second failure."""
    monkeypatch.setattr(runner, "PATIENCE", 2)
    one = Service(town)
    one.start()
    one.come(1)
    one.wait(one.whole)
    return one


def test_a_log_that_lost_a_node_lets_nothing_out_until_it_is_mended(service: Service) -> None:
    """With a jurisdiction's frontier damaged bookings are taken in and stay; mended, all go on, once."""
    with service.database() as opened:
        (kept,) = opened.execute("SELECT tree FROM frontier WHERE log = 'US-CA-085'").fetchone()
        opened.execute("UPDATE frontier SET tree = ? WHERE log = 'US-CA-085'", (kept[:-1] + b"\x00",))
    service.come(2)
    service.wait(lambda: "A step keeps failing" in service.alerts())
    assert service.copies() == service.sent() == 1
    with service.database() as opened:
        opened.execute("UPDATE frontier SET tree = ? WHERE log = 'US-CA-085'", (kept,))
    service.wait(service.whole)
    assert len(service.taken) == 3
    service.town.exchange.bureau.store.log.check()


def test_a_ledger_without_its_table_takes_nothing_in_and_lets_nothing_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the table of entries gone what is under way stays and is told, and the sender is refused."""
    monkeypatch.setattr(runner, "PATIENCE", 2)
    service = Service(town)
    service.come(1)
    with service.database() as opened:
        opened.execute("ALTER TABLE entry RENAME TO entry_away")
    service.start()
    service.wait(lambda: "A step keeps failing" in service.alerts())
    data = service.draft()
    with pytest.raises((SluicegateError, SQLAlchemyError)):
        service.town.submit(data)
    assert service.sent() == 0
    with service.database() as opened:
        opened.execute("ALTER TABLE entry_away RENAME TO entry")
    service.taken.append(service.town.submit(data))
    service.wait(service.whole)
    assert len(service.taken) == 2


def test_a_clock_set_back_closes_from_the_next_booking_on_and_is_told(service: Service) -> None:
    """With the clock set back bookings are taken in and decided closed for good; set right, new ones go."""
    service.town.clock.now -= timedelta(days=2)
    doubted = [service.town.submit(service.draft()) for _ in range(2)]
    service.wait(lambda: all(service.town.case(one).text("kept") == "filtered" for one in doubted))
    service.wait(lambda: all(one in service.alerts() for one in doubted))
    assert service.copies() == service.sent() == 1
    service.town.clock.now += timedelta(days=3)
    service.come(1)
    service.wait(service.whole)
    assert all(service.town.case(one).state is not State.SHARED for one in doubted)


@pytest.mark.parametrize("place", ["outgoing", "spool"])
def test_a_disk_that_is_full_lets_nothing_out_and_loses_nothing(service: Service, place: str) -> None:
    """With no space for copies bookings are taken in and wait; with none at the door the sender hears so."""
    office = service.town.exchange.offices["bureau"]
    store = office.store.outgoing if place == "outgoing" else office.spool
    plain = store.put

    def full(_data: bytes) -> str:
        raise StoreError("The bytes could not be stored: no space left on device.")

    store.put = full  # type: ignore[method-assign]
    waiting = service.draft()
    if place == "outgoing":
        service.come(2)
        service.wait(lambda: "no space left" in service.alerts())
    else:
        with pytest.raises(StoreError, match="no space left"):
            service.town.submit(waiting)
    assert service.copies() == service.sent() == 1
    store.put = plain  # type: ignore[method-assign]
    service.taken.append(service.town.submit(waiting))
    service.wait(service.whole)


@pytest.mark.parametrize("harm", ["gone", "another"])
def test_a_key_that_is_gone_or_another_stops_the_start_and_nothing_is_lost(town: Town, harm: str) -> None:
    """With the ledger's key gone or not its own nothing starts; with it back, what waited goes on, once."""
    service = Service(town)
    service.come(2)
    town.close()
    path = town.home / "keys" / "bureau-ledger.key"
    kept = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes((town.home / "keys" / "partner-ledger.key").read_bytes())
    with pytest.raises(SettingsError) as told:
        town.reopen()
    assert told.value.advice
    path.touch(mode=0o600)
    path.write_bytes(kept)
    town.reopen()
    assert (service.copies(), service.sent()) == (0, 0)
    service.start()
    service.wait(service.whole)


def test_every_failure_here_is_of_the_tree_of_errors(town: Town) -> None:
    """A sender who is refused hears a sentence of ours, never a trace of the program."""
    town.exchange.offices["bureau"].spool.put = _broken  # type: ignore[method-assign]
    with pytest.raises(SluicegateError):
        town.book("full", 7)


def _broken(_data: bytes) -> str:
    raise StoreError
