# SPDX-License-Identifier: Apache-2.0
"""Bookings per second, end to end, through a running exchange: intake, walks, partner, answers, receipts."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import sqlalchemy as sa

from sluicegate import app
from sluicegate.intake.mail import MailIntake
from sluicegate.testing.world import InlineWorkshop
from tools.bench import homes, machine
from tools.bench.agency import Agencies, agencies
from tools.bench.apart import Results
from tools.bench.figures import percentile

PATIENCE_S = 300.0
WARM_UP = 8


@dataclass(frozen=True, slots=True)
class Flow:
    """One way to drive the exchange."""

    name: str
    smtp: bool  # over real SMTP to and from another process; otherwise through the door, answers as files
    inline: bool  # null extraction in the walker's thread; otherwise in a disposable worker per image
    bookings: int
    every_s: float = 0.0  # seconds between bookings; 0 sends as fast as the exchange takes them


def measure(flow: Flow) -> Results:
    """One run of a flow, after a small warm-up that is not counted."""
    with ExitStack() as things:
        others = things.enter_context(agencies()) if flow.smtp else None
        opened = things.enter_context(
            homes.exchange(inline=flow.inline, smarthost=others.mailbox if others else "")
        )
        commits = _count_commits(opened)
        opened.start()
        port = _listen(opened, things) if flow.smtp else 0
        _play(opened, others, port, homes.tiny(WARM_UP, first=10_000_000), 0.0)
        commits.clear()
        before = _cpu_s(opened)
        spent = _play(opened, others, port, homes.tiny(flow.bookings), flow.every_s)
        cpu = _cpu_s(opened) - before
        return _told(opened, flow, spent, cpu, commits)


def _told(
    opened: app.Exchange, flow: Flow, spent: tuple[float, float], cpu: float, commits: Counter[str]
) -> Results:
    answered = homes.latencies(opened, "respond")[-flow.bookings :]
    ended = homes.latencies(opened, "close")[-flow.bookings :]
    assert opened.bureau.store.rows("alerts") == [], "a measured run must be clean"
    return {
        "intake_s": spent[0],
        "rate": flow.bookings / spent[1],
        "cpu_ms": cpu / flow.bookings * 1000.0,
        "answer_p50_s": percentile(answered, 0.5),
        "answer_p95_s": percentile(answered, 0.95),
        "closed_p50_s": percentile(ended, 0.5),
        "closed_p95_s": percentile(ended, 0.95),
        "commits": {role: count / flow.bookings for role, count in sorted(commits.items())},
        "resident_mib": machine.resident_mib(os.getpid()),
        "zygote_mib": 0.0 if flow.inline else machine.resident_mib(_zygote(opened)),
    }


def _listen(opened: app.Exchange, things: ExitStack) -> int:
    settings = opened.settings
    intake = MailIntake(
        opened.door, "127.0.0.1", 0, max_bytes=settings.max_bytes, max_parts=settings.max_parts
    )
    intake.start()
    things.callback(intake.close)
    return intake.port


def _play(
    opened: app.Exchange, others: Agencies | None, port: int, bookings: Sequence[bytes], every_s: float
) -> tuple[float, float]:
    """Seconds until all are taken in, and until all are closed and every message is delivered."""
    goal = homes.closed(opened) + len(bookings)
    start = time.monotonic()
    if others is not None:
        others.begin(port, bookings, every_s)
        others.finish()
    else:
        for number, data in enumerate(bookings):
            time.sleep(max(0.0, start + number * every_s - time.monotonic()))
            opened.door.accept(data, "folder")
    taken = time.monotonic() - start
    while homes.closed(opened) < goal or not (opened.runner and opened.runner.idle()):
        assert time.monotonic() - start < PATIENCE_S, "the exchange did not finish"
        time.sleep(0.02)
    return taken, time.monotonic() - start


def _zygote(opened: app.Exchange) -> int:
    assert opened.workshop is not None
    return opened.workshop.zygote_pid


def _cpu_s(opened: app.Exchange) -> float:
    """CPU seconds of the exchange, its zygote and its workers; the agencies' process is not in it."""
    own = os.times()
    workers = 0.0 if isinstance(opened.workshop, InlineWorkshop) else machine.cpu_s(_zygote(opened))
    return own.user + own.system + workers


def _count_commits(opened: app.Exchange) -> Counter[str]:
    """Commits by role; what the durable engine keeps in its own file is not in it."""
    counts: Counter[str] = Counter()

    def listen(role: str, engine: sa.Engine) -> None:
        sa.event.listen(engine, "commit", lambda _connection: counts.update([role]))

    for role, office in opened.offices.items():
        listen(role, office.engine)
    return counts
