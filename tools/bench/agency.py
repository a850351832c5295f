# SPDX-License-Identifier: Apache-2.0
"""The agencies' side in a process of its own: senders over real SMTP, and the mailbox the answers go to."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection

from sluicegate.testing.agency import AgencySimulator, Mailbox

SENDERS = 4


def _live(line: Connection) -> None:
    mailbox = Mailbox().start()
    line.send(mailbox.address)
    while (told := line.recv()) is not None:
        port, bookings, every_s = told
        _send_all(port, bookings, every_s)
        line.send(len(bookings))
    mailbox.close()


def _send_all(port: int, bookings: Sequence[bytes], every_s: float) -> None:
    threads = [
        threading.Thread(target=_send, args=(port, list(islice(bookings, own, None, SENDERS)), every_s, own))
        for own in range(SENDERS)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def _send(port: int, bookings: Sequence[bytes], every_s: float, own: int) -> None:
    agency, start = AgencySimulator(), time.monotonic()
    for number, data in enumerate(bookings):
        time.sleep(max(0.0, start + (number * SENDERS + own) * every_s - time.monotonic()))
        reply = agency.submit_mail("127.0.0.1", port, data)
        assert reply.code == 250, reply


class Agencies:
    """The other end of the line to that process."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self.mailbox: str = line.recv()

    def begin(self, port: int, bookings: Sequence[bytes], every_s: float) -> None:
        """Send these bookings, one each `every_s` seconds, or as fast as they are taken (0)."""
        self._line.send((port, bookings, every_s))

    def finish(self) -> None:
        """Wait until all are sent."""
        self._line.recv()


@contextmanager
def agencies() -> Iterator[Agencies]:
    """Agencies for the length of a block."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_live, args=(there,), daemon=True)
    process.start()
    try:
        yield Agencies(here)
        here.send(None)
        process.join(timeout=10)
    finally:
        process.kill()
        process.join()
