# SPDX-License-Identifier: Apache-2.0
"""A whole exchange in one thread: real desks, stores and deciders, null extraction, a post that is kept.

`settle` moves everything as far as it goes. `Faults` fails chosen commits, before they land or after, as a
crash would; `reopen` then starts again from what is on the disk, as a new process would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from sluicegate import app
from sluicegate.delivery.post import Carrier, Post
from sluicegate.errors import Conflict, DeliveryError, SluicegateError
from sluicegate.exchange.case import Case, State
from sluicegate.exchange.engine import advance
from sluicegate.exchange.story import STORIES, runnable
from sluicegate.raster.isolate import Workshop
from sluicegate.ridge.extract.job import extract_null
from sluicegate.settings import load
from sluicegate.store.journal import Outgoing, Store

START = datetime(2010, 11, 15, 15, 0, tzinfo=UTC)


class SteppingClock:
    """A clock that moves one second each time it is read: no test waits, and no two moments are equal."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class InlineWorkshop(Workshop):
    """Runs jobs in this process. Only for input that the test itself made."""

    def __init__(self, entry: Callable[[bytes], bytes] = extract_null) -> None:
        self._work = entry

    def run(self, payload: bytes, wall_s: float | None = None) -> bytes:  # noqa: ARG002 as promised
        """The entry's answer."""
        return self._work(payload)

    def map(self, payloads: Iterable[bytes]) -> Iterator[bytes | SluicegateError]:
        """Answers or errors in order."""
        for payload in payloads:
            try:
                yield self._work(payload)
            except SluicegateError as error:
                yield error

    def close(self) -> None:
        """Nothing to end."""


class CrashError(Exception):
    """The power went off."""


class Faults:
    """Counts commits and fails the one that is asked for, lost or landed."""

    def __init__(self) -> None:
        self.count = 0
        self.at = -1
        self.landed = False

    def plan(self, at: int, *, landed: bool) -> None:
        """Fail commit number `at`, counted from now, from 0."""
        self.count, self.at, self.landed = 0, at, landed

    @contextmanager
    def around(self, session: Session) -> Iterator[None]:
        """Wrap one commit."""
        number, self.count = self.count, self.count + 1
        yield
        if number == self.at and not self.landed:
            raise CrashError  # inside the commit: it rolls back
        if number == self.at:
            session.commit()
            raise CrashError  # it landed, and nobody heard


class World:
    """An installation in a folder, without threads, sockets or waiting."""

    def __init__(
        self,
        home: Path,
        *,
        scenario: str = "",
        program: str = "secure-communities",
        min_minutiae: int = 1,
        entry: Callable[[bytes], bytes] = extract_null,
        engine: str = "null",
    ) -> None:
        self._entry = entry
        self._engine = engine
        self.home = home
        self.min_minutiae = min_minutiae
        if not (home / "sluicegate.toml").exists():
            app.lay_out(home, program, scenario, at=START)
        self.faults = Faults()
        self.mail: dict[str, list[tuple[str, str, bytes]]] = defaultdict(list)
        self.copies: dict[str, bytes] = {}
        self.clock = SteppingClock()
        self._open()

    def _open(self) -> None:
        settings = load(self.home, extractor="null", engine=self._engine, min_minutiae=self.min_minutiae)
        self.exchange = app.Exchange(settings, workshop=InlineWorkshop(self._entry), clock=self.clock)
        stores = {role: office.store for role, office in self.exchange.offices.items()}
        for store in stores.values():
            self._with_faults(store)
        carriers: dict[str, Carrier] = {**self.exchange.carriers(), "smtp": self._keep, "folder": self._keep}
        carriers["partner"] = self._seen(carriers["partner"])
        self.post = Post(stores, carriers)

    def _with_faults(self, store: Store) -> None:
        plain = store.session

        @contextmanager
        def session() -> Iterator[Session]:
            with plain() as opened, self.faults.around(opened):
                yield opened

        store.session = session  # type: ignore[method-assign]

    def _keep(self, message: Outgoing, body: bytes) -> None:
        """A mailbox that absorbs repeats by message id, as receivers must."""
        if all(name != message.message_id for _, name, _ in self.mail[message.recipient]):
            self.mail[message.recipient].append((message.kind, message.message_id, body))

    def _seen(self, carry: Carrier) -> Carrier:
        """The partner's carrier, and a note of every envelope that left: the exchange keeps none."""

        def carry_and_note(message: Outgoing, body: bytes) -> None:
            self.copies[message.message_id] = body
            carry(message, body)

        return carry_and_note

    def reopen(self) -> None:
        """Start again from the disk, as a new process does after a crash."""
        self.close()
        self._open()
        self.exchange.sweep_orphans()

    def submit(self, data: bytes, channel: str = "smtp") -> str:
        """Through the door; returns the case."""
        return self.exchange.door.accept(data, channel).case_id

    def case(self, case_id: str) -> Case:
        """A booking's case."""
        return self.exchange.bureau.store.case(case_id)

    def settle(self) -> None:
        """Move every case and deliver every message, until nothing moves by itself."""
        while self._move_all() or self._deliver_all():
            pass

    def _move_all(self) -> bool:
        moved = False
        for role, desk in self.exchange.desks.items():
            for case_id, _ in desk.store.runnable(runnable(role)):
                state = desk.store.case(case_id).state
                while state in STORIES[role]:
                    with desk.store.session() as session:
                        state = advance(desk, case_id, session)
                desk.tidy(desk.store.case(case_id))
                moved = True
        return moved

    def _deliver_all(self) -> bool:
        moved = False
        for role, desk in self.exchange.desks.items():
            for message in desk.store.due(self.clock()):
                try:
                    self.post.hand_over(role, message)
                except DeliveryError as error:
                    with desk.store.session() as session:
                        desk.store.trouble(session, message, error.message, self.clock())
                    continue
                with desk.store.session() as session:
                    desk.store.delivered(session, message, self.clock())
                desk.store.let_go(message)
                moved = True
        return moved

    def queries(self) -> list[Case]:
        """The partner's queries that wait for a status officer."""
        return self.exchange.partner.store.cases_in([State.QUERIED])

    def determine_all(self, status: str = "possible-removable", by: str = "officer 7") -> int:
        """A demonstration officer answers everything that waits."""
        waiting = self.queries()
        for case in waiting:
            try:
                self.exchange.partner.determine(case.case_id, status=status, by=by)
            except Conflict:
                continue
        return len(waiting)

    def kinds(self, ori: str) -> list[str]:
        """Kinds of messages that an agency got, in order of arrival."""
        return [kind for kind, _, _ in self.mail[ori]]

    def close(self) -> None:
        """Close every file."""
        self.exchange.close()
