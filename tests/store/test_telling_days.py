# SPDX-License-Identifier: Apache-2.0
"""Telling of days: when a day is told, what a crash at each write leaves, and what is never told over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from scenes import scratch
from sluicegate.errors import Conflict, LedgerError, SluicegateError, StoreError, VerifyError
from sluicegate.ledger import days
from sluicegate.ledger.days import SHARING, TAKING, Channel
from sluicegate.ledger.statement import StatementKind
from sluicegate.store.blobs import BlobStore
from sluicegate.store.days import GRACE, Booking, DayBook, read_day
from sluicegate.store.entries import EntryLog
from sluicegate.store.journal import Store
from sluicegate.store.master import MasterLog
from sluicegate.store.publish import write_durably
from sluicegate.store.sql import open_database

NOON = datetime(2010, 11, 15, 20, tzinfo=UTC)  # noon in San Francisco
MIDNIGHT = datetime(2010, 11, 16, 8, tzinfo=UTC)
PLACE, TODAY = "US-CA-075", "2010-11-15"


def stamp(at: datetime) -> str:
    """As the ledger writes a moment."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Desk:
    """A side with a master log and whatever bookings a test gives it."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(folder / "story.db", "schema.sql")
        store = Store(self.engine, BlobStore(folder / "outgoing", bytes(32)), EntryLog(self.engine))
        self.master = MasterLog(self.engine)
        self.public = folder / "public"
        self.held: dict[int, Booking] = {}
        self.book = DayBook(
            self.master,
            store.session,
            self.public,
            {PLACE: "America/Los_Angeles", "US-NY-061": "America/New_York"}.get,
            lambda: list(self.held.values()),
            lambda _before: Channel("bureau to partner", 0, 0, 0, ()),
            SHARING,
        )

    def add(
        self,
        number: int,
        within: str = "shared",
        *,
        at: datetime = NOON,
        place: str = PLACE,
        known: bool = True,
    ) -> None:
        """A booking; the same number again is the same booking in another set."""
        element = number.to_bytes(32, "big") if known else None
        self.held[number] = Booking(f"case {number}", place, stamp(at), element, within)

    def told(self) -> list[tuple[str, str, int]]:
        """Jurisdiction, day and revision of every statement, in order."""
        kind = StatementKind.DAY if self.book.names == SHARING else StatementKind.TAKEN
        said = [one.statement.parts for one in self.master.about(kind)]
        return [(str(p["jurisdiction"]), str(p["day"]), int(str(p["revision"]))) for p in said]


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A fresh one."""
    with scratch() as folder:
        made = Desk(folder)
        yield made
        made.engine.dispose()


def test_a_day_is_told_after_its_end_at_its_jurisdiction(desk: Desk) -> None:
    """Nothing is told before local midnight and its grace; New York's day is told before San Francisco's."""
    desk.add(1)
    desk.add(2, place="US-NY-061")
    desk.add(3, place="nowhere")
    assert desk.book.tell(MIDNIGHT - timedelta(hours=3) + GRACE - timedelta(seconds=1)).waiting == 3
    assert desk.told() == []
    desk.book.tell(MIDNIGHT - timedelta(hours=3) + GRACE)
    assert desk.told() == [("US-NY-061", TODAY, 0)]
    desk.book.tell(MIDNIGHT + GRACE)
    assert desk.told()[1:] == [(PLACE, TODAY, 0)]
    desk.book.tell(MIDNIGHT + timedelta(hours=5))  # the day has ended everywhere on earth
    assert desk.told()[2:] == [("nowhere", TODAY, 0)]


def test_no_day_is_told_while_a_booking_of_it_is_undecided(desk: Desk) -> None:
    """Whose an undecided booking is nobody knows: its day and later ones wait, earlier ones do not."""
    desk.add(1, at=NOON - timedelta(days=1))
    desk.add(2)
    desk.add(3, "pending", known=False)
    told = desk.book.tell(MIDNIGHT + GRACE, everything=True)
    assert (told.undecided, told.waiting) == (1, 1)
    assert desk.told() == [(PLACE, "2010-11-14", 0)]
    desk.add(3, "withheld")
    desk.book.tell(MIDNIGHT + GRACE)
    (said,) = [one.statement for one in desk.master.about(StatementKind.DAY)][1:]
    assert said.parts["previous"] == "2010-11-14"
    assert said.parts["received"] == 2


def test_a_pending_booking_that_was_settled_makes_a_revision_and_nothing_else_does(desk: Desk) -> None:
    """A revision has a file of its own; the file told before stays as it was."""
    desk.add(1)
    desk.add(2, "pending")
    desk.book.tell(MIDNIGHT + GRACE)
    first = (desk.public / days.path_of(PLACE, TODAY, 0)).read_bytes()
    desk.book.tell(MIDNIGHT + GRACE)
    assert desk.told() == [(PLACE, TODAY, 0)]
    desk.add(2, "withheld")
    desk.book.tell(MIDNIGHT + 2 * GRACE)
    desk.book.tell(MIDNIGHT + 3 * GRACE)
    assert desk.told() == [(PLACE, TODAY, 0), (PLACE, TODAY, 1)]
    assert (desk.public / days.path_of(PLACE, TODAY, 0)).read_bytes() == first
    newest = desk.master.about(StatementKind.DAY)[-1].statement
    assert len(read_day(desk.public, newest).sets["withheld"]) == 1


@pytest.mark.parametrize("change", ["moved", "added", "gone", "added to a final day"])
def test_a_ledger_that_contradicts_what_was_told_is_not_told_over(desk: Desk, change: str) -> None:
    """A booking that moved, came late or went is named, and nothing is stated."""
    desk.add(1)
    desk.add(2, "withheld" if change == "added to a final day" else "pending")
    desk.book.tell(MIDNIGHT + GRACE)
    if change == "moved":
        desk.add(1, "withheld")
    elif change == "gone":
        del desk.held[1]
    else:
        desk.add(3, "withheld")
    with pytest.raises(LedgerError, match="US-CA-075"):
        desk.book.tell(MIDNIGHT + 2 * GRACE)
    assert desk.told() == [(PLACE, TODAY, 0)]


def test_a_final_day_stands_after_its_bookings_were_expunged(desk: Desk) -> None:
    """Expunging removes what the ledger knows, never what was told; telling goes on."""
    desk.add(1)
    desk.add(2, "withheld")
    desk.book.tell(MIDNIGHT + GRACE)
    del desk.held[2]
    assert desk.book.tell(MIDNIGHT + 2 * GRACE).days == ()


def test_what_the_partner_took_only_grows(desk: Desk) -> None:
    """A copy taken late is added to its day; one that the partner forgot stays told."""
    desk.book = replace(desk.book, names=TAKING)
    desk.add(1, "taken")
    desk.book.tell(MIDNIGHT + GRACE)
    del desk.held[1]
    desk.add(2, "taken")
    desk.book.tell(MIDNIGHT + 2 * GRACE)
    assert desk.told() == [(PLACE, TODAY, 0), (PLACE, TODAY, 1)]
    newest = desk.master.about(StatementKind.TAKEN)[-1].statement
    assert len(read_day(desk.public, newest).sets["taken"]) == 2


class PowerCut(Exception):
    """The power went off."""


@pytest.mark.parametrize("landed", [False, True], ids=["lost", "landed"])
@pytest.mark.parametrize("at", [0, 1, "commit"])
def test_a_crash_at_any_write_is_made_good_by_the_next_run(desk: Desk, at: int | str, landed: bool) -> None:
    """Files and statements after crash and next run are those of a run that nothing disturbed."""
    plan(desk)
    count = 0

    def write(path: Path, data: bytes) -> None:
        nonlocal count
        count += 1
        if landed or count - 1 != at:
            write_durably(path, data)
        if count - 1 == at:
            raise PowerCut

    @contextmanager
    def session() -> Iterator[Session]:
        with desk.book.session() as opened:
            yield opened
            if at == "commit" and not landed:
                raise PowerCut
        if at == "commit":
            raise PowerCut

    with pytest.raises(PowerCut):
        replace(desk.book, write=write, session=session).tell(MIDNIGHT + GRACE)
    assert len(desk.told()) == (2 if at == "commit" and landed else 0)
    desk.add(2, "withheld")  # the world moved on between crash and next run
    desk.book.tell(MIDNIGHT + GRACE)
    for one in desk.master.about(StatementKind.DAY):
        assert read_day(desk.public, one.statement).jurisdiction == one.statement.subject
    newest = {one.statement.subject: one.statement for one in desk.master.about(StatementKind.DAY)}
    held = {place: read_day(desk.public, said).sets for place, said in newest.items()}
    with scratch() as folder:
        other = Desk(folder)
        plan(other)
        other.add(2, "withheld")
        other.book.tell(MIDNIGHT + GRACE)
        said = {one.statement.subject: one.statement for one in other.master.about(StatementKind.DAY)}
        assert {place: read_day(other.public, one).sets for place, one in said.items()} == held
        other.engine.dispose()


def plan(desk: Desk) -> None:
    """Two jurisdictions, one of them with a pending booking."""
    desk.add(1)
    desk.add(2, "pending")
    desk.add(3, "withheld", place="US-NY-061")


def test_a_full_disk_states_nothing(desk: Desk) -> None:
    """A file that cannot be written leaves no statement that lacks it."""
    desk.add(1)

    def full(_path: Path, _data: bytes) -> None:
        raise StoreError("No space.")

    with pytest.raises(StoreError):
        replace(desk.book, write=full).tell(MIDNIGHT + GRACE)
    assert desk.told() == []


def test_two_that_tell_at_once_do_not_tell_twice(desk: Desk) -> None:
    """Who finds that something was stated meanwhile states nothing."""
    desk.add(1)

    def meanwhile(path: Path, data: bytes) -> None:
        write_durably(path, data)
        desk.book.tell(MIDNIGHT + GRACE)

    with pytest.raises(Conflict):
        replace(desk.book, write=meanwhile).tell(MIDNIGHT + GRACE)
    assert desk.told() == [(PLACE, TODAY, 0)]


@pytest.mark.parametrize("spoil", ["missing", "cut", "changed"])
def test_a_damaged_file_of_a_day_is_named(desk: Desk, spoil: str) -> None:
    """A file that is missing, cut, or changed is named by its path when it is next needed."""
    desk.add(1, "pending")
    desk.book.tell(MIDNIGHT + GRACE)
    path = desk.public / days.path_of(PLACE, TODAY, 0)
    data = path.read_bytes()
    path.unlink()
    if spoil != "missing":
        path.write_bytes(data[:-3] if spoil == "cut" else data.replace(b'01"', b'02"'))
    desk.add(1, "shared")
    with pytest.raises(SluicegateError) as told:
        desk.book.tell(MIDNIGHT + 2 * GRACE)
    assert isinstance(told.value, VerifyError)
    assert f"{TODAY}/{PLACE}.json" in told.value.message
