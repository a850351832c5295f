# SPDX-License-Identifier: Apache-2.0
"""What the acceptance tests share: one exchange with real workers that is asked and answers, and a meter."""

from __future__ import annotations

import re
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from sluicegate import app
from sluicegate.ebts.build import booking
from sluicegate.errors import InputRefused
from sluicegate.exchange.engine import walk
from sluicegate.intake.mail import MailIntake
from sluicegate.intake.web import WebIntake, api
from sluicegate.itl.model import Transaction
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft
from sluicegate.settings import load
from sluicegate.testing import bookings
from sluicegate.testing.agency import AgencySimulator, Mailbox, Received, Reply, Submitted
from sluicegate.testing.world import SteppingClock

AGENCY = "TX1010000"
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
DRILL = "2010-11-15T15:00:00Z"  # when a running installation plays: every rule of the program is in force
PATIENCE_S = 60.0
HANG_S = 20.0  # a file that is not settled by then hangs the exchange


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one file. `kind` is SRE, ERRT or REFUSED (at the door, with `lines[0]`)."""

    kind: str
    lines: tuple[str, ...]
    seconds: float
    answers: int = 0
    case_id: str = ""
    tcr: str = ""

    @property
    def code(self) -> str:
        """The first line's code."""
        return self.lines[0].partition(" - ")[0] if self.lines else ""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: no test here is about the speed of a disk's flush."""
    memory = Path("/dev/shm")  # noqa: S108
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def parsed(answer: bytes) -> Transaction:
    """An answer, which must itself be without defects."""
    reading = read(answer)
    assert reading.transaction is not None
    assert not reading.defects
    return reading.transaction


def kind_of(answer: Transaction) -> str:
    """TOT of an answer."""
    assert answer.header is not None
    return answer.header.text(4)


def lines_of(answer: Transaction) -> tuple[str, ...]:
    """The lines of MSG (2.060), none in an SRE."""
    message = next(answer.of_type(2)).get(60)
    return tuple(items[0] for items in message.texts()) if message else ()


class Counter:
    """A bureau's counter: one transaction is handed over and its case walks as far as it goes by itself."""

    def __init__(self, home: Path, **settings: object) -> None:
        app.lay_out(home, "secure-communities")
        given: dict[str, object] = {"engine": "null", "min_minutiae": 1, **settings}
        self.clock = SteppingClock(NOW)
        self.exchange = app.Exchange(load(home, **given), clock=self.clock)
        self._numbers = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.exchange.close()

    @property
    def zygote(self) -> int:
        """The process whose children are the workers."""
        assert self.exchange.workshop is not None
        return self.exchange.workshop.zygote_pid

    def ask(self, data: bytes) -> Settled:
        """Hand one file over; nothing but a refusal in words may come out of the door."""
        started = time.monotonic()
        try:
            case_id = self.exchange.door.accept(data, "folder").case_id
        except InputRefused as error:
            return Settled("REFUSED", (error.message,), time.monotonic() - started)
        walk(self.exchange.bureau, case_id)
        seconds = time.monotonic() - started
        store = self.exchange.bureau.store
        sent = [one for one in store.messages_of(case_id) if one.kind in ("SRE", "ERRT")]
        answer = parsed(store.outgoing.get(sent[0].digest))
        assert kind_of(answer) == sent[0].kind
        assert answer.header is not None
        tcr = answer.header.text(10)
        return Settled(kind_of(answer), lines_of(answer), seconds, len(sent), case_id, tcr)

    def number(self) -> str:
        """A TCN that was not used before."""
        self._numbers += 1
        return f"ACCEPT{self._numbers:08d}"

    def good(self, person: int) -> Settled:
        """Hand a conforming booking over."""
        return self.ask(bookings.tiny_booking(person, cri=AGENCY, tcn=self.number(), at=self.clock()))


def partial_booking(tcn: str, prints: list[FingerDraft], at: datetime = NOW) -> bytes:
    """A conforming booking of fewer than ten rolled prints; AMP explains the others."""
    there = {print_.fgp[0] for print_ in prints}
    amp = tuple((fgp, "UP") for fgp in range(1, 11) if fgp not in there)
    return booking(replace(bookings.fields(1, cri=AGENCY, tcn=tcn, at=at), amp=amp), prints)


def with_header(data: bytes, **items: bytes) -> bytes:
    """The same file with other values in Type-1 (`ori`, `tcn`, `cnt`), its LEN made right if it was a number.

    A value that is not there stays away.
    """
    changed = data
    for name, value in items.items():
        number = {"cnt": b"0?03", "ori": b"0?08", "tcn": b"0?09"}[name]
        changed = re.sub(rb"(\x1d1\." + number + rb":)[^\x1d\x1c]*", rb"\g<1>" + value, changed, count=1)
    told = re.match(rb"1\.0*1:(\d{1,10})\x1d", data)
    if told is None:
        return changed
    length = int(told[1]) + len(changed) - len(data)
    length += len(str(length)) - len(told[1])
    return changed[: told.start(1)] + str(length).encode() + changed[told.end(1) :]


@dataclass(slots=True)
class Meter:
    """Times and peak memory per file, for a table that `pytest -s` shows."""

    zygote: int
    rows: list[tuple[str, str, float, int]] = field(default_factory=list)
    _peak_kb: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, name="meter", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def note(self, name: str, settled: Settled) -> None:
        """One row; the workers' peak is counted anew from here."""
        self.rows.append((name, settled.kind, settled.seconds, self._peak_kb // 1024))
        self._peak_kb = 0

    def show(self, title: str, worst: int = 12) -> None:
        """Print the slowest and the largest."""
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        total = sum(row[2] for row in self.rows)
        print(f"\n{title}: {len(self.rows)} files in {total:.1f} s; this process peaked at {own} MB")
        print(f"{'file':58} {'settled as':8} {'seconds':>8} {'worker MB':>9}")
        slowest = sorted(self.rows, key=lambda row: -row[2])[:worst]
        largest = sorted(self.rows, key=lambda row: -row[3])[:worst]
        for name, kind, seconds, peak in dict.fromkeys([*slowest, *largest]):
            print(f"{name[:58]:58} {kind:10} {seconds:8.3f} {peak:9}")

    def _watch(self) -> None:
        children = Path(f"/proc/{self.zygote}/task/{self.zygote}/children")
        while not self._stop.wait(0.01):
            try:
                for pid in children.read_text().split():
                    status = Path(f"/proc/{pid}/status").read_text()
                    peak = status.partition("VmHWM:")[2].split()
                    self._peak_kb = max(self._peak_kb, int(peak[0]) if peak else 0)
            except OSError:
                continue  # a worker ended between the two reads, or this system has no such file


class Service:
    """A running installation on free ports of the loopback: mail and HTTP in, mail out, durable walks."""

    def __init__(self, home: Path, **settings: object) -> None:
        with ExitStack() as opened:
            self.mailbox = Mailbox().start()
            opened.callback(self.mailbox.close)
            if not home.exists():
                app.lay_out(home, "secure-communities")
            given = {"smarthost": self.mailbox.address, "clock": DRILL, "smtp_port": 0, **settings}
            self.exchange = app.Exchange(load(home, **given))
            opened.callback(self.exchange.close)
            self.exchange.start()
            self._listen(opened)
            self._open = opened.pop_all()

    def _listen(self, opened: ExitStack) -> None:
        read = self.exchange.settings
        mail = MailIntake(
            self.exchange.door, "127.0.0.1", 0, max_bytes=read.max_bytes, max_parts=read.max_parts
        )
        mail.start()
        opened.callback(mail.close)
        stores = [self.exchange.bureau.store]
        site = api(self.exchange.door, stores, clock=self.exchange.clock, secret=bytes(32), max_parts=4)
        web = WebIntake(site, "127.0.0.1", 0)
        web.start()
        opened.callback(web.close)
        self.mail_port = mail.port
        self.url = f"http://127.0.0.1:{web.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def mail(self, data: bytes) -> Reply:
        """Mail one transaction as an attachment."""
        return AgencySimulator().submit_mail("127.0.0.1", self.mail_port, data)

    def send(self, content: bytes) -> Reply:
        """Mail this very content."""
        return AgencySimulator().send_mail("127.0.0.1", self.mail_port, content)

    def answer(self, tcn: str, ori: str = AGENCY) -> Transaction:
        """The one SRE or ERRT that the agency gets by mail for this TCN."""
        have = self.mailbox.received(ori)
        deadline = time.monotonic() + PATIENCE_S
        while not (found := self._answers(tcn, have)):
            assert time.monotonic() < deadline, f"no answer to {tcn}"
            have = self.mailbox.wait_for(ori, len(have) + 1, timeout_s=1.0)
        assert len(found) == 1
        return found[0]

    @staticmethod
    def _answers(tcn: str, have: list[Received]) -> list[Transaction]:
        answers = [parsed(one.body) for one in have if one.kind in ("SRE", "ERRT")]
        return [one for one in answers if one.header is not None and one.header.text(10) == tcn]

    def posted(self, data: bytes) -> Submitted:
        """What HTTP says to one transaction."""
        return AgencySimulator().submit_http(self.url, data)

    def fetched(self, data: bytes, tcn: str) -> Transaction:
        """The one SRE or ERRT that the ticket opens, after posting the transaction."""
        posted = self.posted(data)
        assert posted.status == 202, posted
        agency, found = AgencySimulator(), list[Transaction]()

        def there() -> bool:
            every = agency.answers(self.url, posted.ticket)
            found[:] = [parsed(one.body) for one in every if one.kind in ("SRE", "ERRT")]
            return bool(found)

        until(there, f"an answer to {tcn}")
        assert [one.header.text(10) for one in found if one.header is not None] == [tcn]
        return found[0]

    def rest(self) -> None:
        """Wait until nothing moves."""
        runner = self.exchange.runner
        assert runner is not None
        until(runner.idle, "rest")


def until(holds: Callable[[], bool], what: str) -> None:
    """Look again and again until it holds; fail where it does not within `PATIENCE_S`."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"waited for {what} in vain"
        pause.wait(0.02)
