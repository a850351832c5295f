# SPDX-License-Identifier: Apache-2.0
"""Temporary homes to measure in, and bookings of four counties under four modes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sluicegate import app
from sluicegate.exchange.case import State
from sluicegate.settings import load
from sluicegate.store.journal import moment
from sluicegate.testing.bookings import tiny_booking
from sluicegate.testing.world import InlineWorkshop

PROGRAM, SCENARIO = "secure-communities", "demo-scenario"
AT = datetime(2010, 11, 15, 15, 0, tzinfo=UTC)
ORIS = {
    "FULL": "CA0380000",
    "RESPONSE_OPT_OUT": "VA0070100",
    "JURISDICTION_FILTER": "DCMPD0000",
    "NOT_ACTIVATED": "IL0160000",
}
WALKERS = 4


@contextmanager
def exchange(
    *,
    extractor: str = "null",
    engine: str = "null",
    inline: bool = False,
    smarthost: str = "",
    walkers: int = WALKERS,
) -> Iterator[app.Exchange]:
    """An exchange in a home that is removed again. It is not started."""
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-") as folder:
        home = Path(folder) / "home"
        app.lay_out(home, PROGRAM, SCENARIO)
        settings = load(
            home,
            extractor=extractor,
            engine=engine,
            smarthost=smarthost,
            walkers=walkers,
            smtp_port=0,
            clock=f"{AT:%Y-%m-%dT%H:%M:%SZ}",
        )
        opened = app.Exchange(settings, workshop=InlineWorkshop() if inline else None)
        try:
            yield opened
        finally:
            opened.close()


def tiny(count: int, first: int = 0) -> list[bytes]:
    """Conforming bookings of ten images of 24 by 24, a quarter of them under each mode."""
    oris = list(ORIS.values())
    return [one(number, oris[number % 4]) for number in range(first, first + count)]


def one(number: int, ori: str) -> bytes:
    """One such booking."""
    return tiny_booking(number, cri=ori, tcn=f"BENCH{number:08d}", at=AT)


def closed(opened: app.Exchange) -> int:
    """How many bookings are closed."""
    rows = opened.bureau.store.rows("counts")
    return sum(int(row["n"]) for row in rows if row["state"] == State.CLOSED)


def latencies(opened: app.Exchange, stage: str) -> list[float]:
    """Seconds from receipt to the commit of a stage, by the journal, for every booking that passed it."""
    store = opened.bureau.store
    found = []
    for case in store.cases_in([State.CLOSED]):
        stamps = {row["stage"]: moment(row["at"]) for row in store.rows("journal_of", case_id=case.case_id)}
        if stage in stamps:
            found.append((stamps[stage] - case.received).total_seconds())
    return found
