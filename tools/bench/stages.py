# SPDX-License-Identifier: Apache-2.0
"""Time per stage in one thread, and what durable walks cost over plain commits."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from dbos import SetWorkflowID
from sqlalchemy.orm import Session

from sluicegate import app
from sluicegate.exchange.bureau import Bureau
from sluicegate.exchange.case import Case, State, Step
from sluicegate.exchange.engine import walk
from sluicegate.exchange.story import BOOKING
from sluicegate.store.journal import Store
from tools.bench import homes
from tools.bench.apart import Results
from tools.bench.figures import spread

WARM_UP = 5

Times = defaultdict[str, list[float]]  # ms by "stage part"


@contextmanager
def _timed(times: Times, name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    times[name].append((time.perf_counter() - start) * 1000.0)


class TimedStore(Store):
    """A store that notes how long writing a step takes, and how long the commit to the disk."""

    def __init__(self, store: Store, times: Times) -> None:
        super().__init__(store.engine, store.outgoing, store.log)
        self._times = times

    def commit(self, session: Session, case: Case, stage: str, step: Step, at: datetime) -> Case:
        """As the store does."""
        with _timed(self._times, f"{stage} write"):
            return super().commit(session, case, stage, step, at)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """As the store does."""
        with super().session() as session:
            yield session
            with _timed(self._times, "commit flush"):
                session.commit()


class TimedDesk:
    """The bureau's desk, with a stopwatch at every stage. A `Desk`."""

    role = "bureau"

    def __init__(self, bureau: Bureau, times: Times) -> None:
        self._bureau = bureau
        self._times = times
        self.store: Store = TimedStore(bureau.store, times)
        self.clock = bureau.clock

    def prepare(self, case: Case) -> Step:
        """Decide."""
        with _timed(self._times, f"{BOOKING[case.state].name} prepare"):
            return self._bureau.prepare(case)

    def before(self, case: Case, step: Step) -> None:
        """Enrol."""
        with _timed(self._times, f"{BOOKING[case.state].name} enrol"):
            self._bureau.before(case, step)

    def tidy(self, case: Case) -> None:
        """Erase."""
        with _timed(self._times, "tidy"):
            self._bureau.tidy(case)


def stages(bookings: int) -> Results:
    """Median ms of each stage: to prepare, to enrol, to write; of each commit; and of the intake before."""
    times: Times = defaultdict(list)
    with homes.exchange(inline=True) as opened:
        for data in homes.tiny(bookings):
            with _timed(times, "intake"):
                taken = opened.door.accept(data, "folder")
            walk(TimedDesk(opened.bureau, times), taken.case_id)
    told: dict[str, Results] = {}
    names = ["intake", *dict.fromkeys(stage.name for stage in BOOKING.values()), "commit", "tidy"]
    for stage in names:
        row = {
            part: spread(times[f"{stage} {part}".strip()]).median
            for part in ("prepare", "enrol", "write", "flush", "")
            if times.get(f"{stage} {part}".strip())
        }
        if row:
            told[stage] = row
    return told


def durable_cost(kind: str, bookings: int) -> Results:
    """ms to walk a withheld booking to its end: by plain commits, or as a workflow of the durable engine."""
    with homes.exchange(inline=True) as opened:
        if kind == "durable":
            opened.start().close()  # no sweep, no threads: only the walk itself is timed
        cases = _withheld(opened, WARM_UP + bookings)
        for case_id in cases[:WARM_UP]:
            _walked(opened, case_id)
        wall, cpu = time.perf_counter(), time.thread_time()
        for case_id in cases[WARM_UP:]:
            state = _walked(opened, case_id)
            assert state == State.CLOSED, state
        return {
            "wall_ms": (time.perf_counter() - wall) / bookings * 1000.0,
            "cpu_ms": (time.thread_time() - cpu) / bookings * 1000.0,
        }


def _walked(opened: app.Exchange, case_id: str) -> str:
    if opened.runner is None:
        return walk(opened.bureau, case_id)
    with SetWorkflowID(f"bench.{case_id}"):
        return opened.runner.walk("bureau", case_id)


def _withheld(opened: app.Exchange, count: int) -> list[str]:
    ori = homes.ORIS["JURISDICTION_FILTER"]
    drafts = (homes.one(number, ori) for number in range(count))
    return [opened.door.accept(data, "folder").case_id for data in drafts]
