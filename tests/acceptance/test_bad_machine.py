# SPDX-License-Identifier: Apache-2.0
"""A machine in a bad state: a full disk, a taken port, loose or missing keys, no home. Real processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from acceptance_world import AGENCY, DRILL, Service, kind_of, parsed, scratch, until
from click.testing import CliRunner

from sluicegate import app
from sluicegate.cli.main import sluicegate
from sluicegate.errors import SettingsError, SluicegateError
from sluicegate.exchange.case import State
from sluicegate.exchange.engine import walk
from sluicegate.settings import load
from sluicegate.store.blobs import BlobStore
from sluicegate.store.entries import EntryLog
from sluicegate.store.journal import Store
from sluicegate.store.sql import open_database
from sluicegate.testing import bookings
from sluicegate.testing.agency import AgencySimulator, Mailbox
from sluicegate.testing.world import InlineWorkshop, SteppingClock

pytestmark = pytest.mark.slow

AT = datetime(2010, 11, 15, 12, 0, tzinfo=UTC)
NO_LIMIT = resource.RLIM_INFINITY
TROUBLES = (
    "no home",
    "smtp port taken",
    "http port taken",
    "key for all to read",
    "key gone",
    "spool key cut",
)


def words_of(home: Path, *words: str) -> list[str]:
    """The words of `sluicegate serve` for this home, on free ports unless these words say otherwise."""
    options = ["--extractor", "null", "--engine", "null", "--clock", DRILL, *words]
    for port in ("--smtp-port", "--http-port", "--web-port"):
        options += [] if port in words else [port, "0"]
    return ["serve", "--home", str(home), *options]


def serving(home: Path, *words: str) -> subprocess.Popen[str]:
    """`sluicegate serve` in a process of its own."""
    command = [sys.executable, "-m", "sluicegate.cli.main", *words_of(home, *words)]
    env = {**os.environ, "SLUICEGATE_MIN_MINUTIAE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


@contextlib.contextmanager
def stopped(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End the process and read it to its end, whatever the test did."""
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


# -- what keeps an installation from starting ----------------------------------------------------------------


def _prepared(trouble: str, home: Path, port: str) -> list[str]:
    """Bring the home into trouble; returns the options that belong to it."""
    key = home / "keys" / "bureau-ledger.key"
    match trouble:
        case "smtp port taken":
            return ["--smtp-port", port]
        case "http port taken":
            return ["--http-port", port]
        case "key for all to read":
            key.chmod(0o644)
        case "key gone":
            key.unlink()
        case "spool key cut":
            spool = home / "keys" / "bureau-spool.key"
            spool.touch(mode=0o600)
            spool.write_bytes(b"short")
    return []


SAYS = {
    "no home": "is not a home",
    "smtp port taken": "is taken by another program",
    "http port taken": "is taken by another program",
    "key for all to read": "can be read or changed by others than its owner",
    "key gone": "bureau-ledger.key cannot be read",
    "spool key cut": "is damaged: it has 5 bytes instead of 32",
}


@pytest.mark.parametrize("trouble", SAYS)
def test_what_keeps_an_installation_from_starting_is_told(trouble: str) -> None:
    """An installation that cannot start says in one sentence why, says what to do, and ends with code 2."""
    with scratch() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        home = folder / "home"
        if trouble != "no home":
            app.lay_out(home, "secure-communities")
        words = _prepared(trouble, home, str(taken.getsockname()[1]))
        if trouble == "no home":  # one in a process of its own, to see all that a person sees
            process = serving(home, *words)
            out, err = process.communicate(timeout=120)
            _is_told(trouble, process.returncode, out, err)
        else:
            ran = CliRunner().invoke(sluicegate, words_of(home, *words))
            _is_told(trouble, ran.exit_code, ran.stdout, ran.stderr)


def _is_told(trouble: str, code: int, out: str, err: str) -> None:
    sentence, advice = [line for line in err.splitlines() if not line.startswith("at=")]
    assert code == 2
    assert out == ""
    assert sentence.startswith("sluicegate: ")
    assert SAYS[trouble] in sentence
    assert sentence.endswith(".")
    assert advice
    assert not re.search(r"Traceback|Error\b|\.py\b", err)


def test_one_process_can_serve_a_home_twice() -> None:
    """A process that closed an installation may open it again, and it answers as before."""
    with scratch() as folder:
        for number in (1, 2):
            with Service(folder / "home", extractor="null", engine="null", min_minutiae=1) as service:
                assert service.mail(booking(900 + number)).code == 250
                assert kind_of(service.answer(tcn(900 + number))) == "SRE"


class NoWorkers(InlineWorkshop):
    """A workshop that cannot start its workers for a while."""

    trouble = True

    def map(self, payloads: Iterable[bytes]) -> Iterator[bytes | SluicegateError]:
        """Answers, or for each payload the trouble."""
        if not self.trouble:
            yield from super().map(payloads)
            return
        for _ in payloads:
            yield SettingsError("The worker entry cannot be started.")


def test_a_booking_outlasts_an_exchange_that_has_no_workers() -> None:
    """A booking is not refused because our workers cannot be started: it waits, and is then searched."""
    with scratch() as folder:
        app.lay_out(folder / "home", "secure-communities")
        workshop = NoWorkers()
        settings = load(folder / "home", extractor="null", engine="null", min_minutiae=1)
        exchange = app.Exchange(settings, workshop=workshop, clock=SteppingClock())
        case_id = exchange.door.accept(booking(1), "folder").case_id
        with pytest.raises(SettingsError):
            walk(exchange.bureau, case_id)
        assert exchange.bureau.store.case(case_id).state is State.AUTHORIZED
        workshop.trouble = False
        walk(exchange.bureau, case_id)
        kinds = [message.kind for message in exchange.bureau.store.messages_of(case_id)]
        exchange.close()
    assert "SRE" in kinds
    assert "ERRT" not in kinds


# -- a disk that fills up while an installation runs --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Machine:
    """A served home, the agency's mailbox, and a disk that can be filled."""

    home: Path
    process: subprocess.Popen[str]
    mailbox: Mailbox
    port: int
    url: str

    def fill(self, room: int) -> None:
        """From now on every write beyond this many bytes of a file is refused, as by a full disk."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (room, NO_LIMIT))

    def free(self) -> None:
        """There is room again."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (NO_LIMIT, NO_LIMIT))

    def mail(self, number: int) -> int:
        """Mail a booking; the code of the reply."""
        return AgencySimulator().submit_mail("127.0.0.1", self.port, booking(number)).code

    def answers(self) -> Counter[str]:
        """How often each TCN was answered, by messages that differ."""
        got = [parsed(one.body) for one in self.mailbox.received(AGENCY) if one.kind in ("SRE", "ERRT")]
        return Counter(one.header.text(10) for one in got if one.header is not None)


def booking(number: int) -> bytes:
    """A conforming booking of a person of its own."""
    return bookings.tiny_booking(number, cri=AGENCY, tcn=tcn(number), at=AT)


def tcn(number: int) -> str:
    """Its TCN."""
    return f"FULLDISK{number:08d}"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A served home."""
    with scratch() as folder, contextlib.ExitStack() as opened:
        mailbox = Mailbox().start()
        opened.callback(mailbox.close)
        home = folder / "home"
        app.lay_out(home, "secure-communities")
        process = opened.enter_context(stopped(serving(home, "--smarthost", mailbox.address)))
        until(lambda: (home / "run.json").exists() or process.poll() is not None, "the server")
        assert process.poll() is None
        held = json.loads((home / "run.json").read_text("utf-8"))
        port = int(held["smtp"].rpartition(":")[2])
        yield Machine(home, process, mailbox, port, f"http://{held['http']}")


@pytest.mark.parametrize("room", [0, 20_000])
def test_a_full_disk_turns_senders_away_for_now_and_loses_nothing(machine: Machine, room: int) -> None:
    """While the disk is full, mail is told 451 and HTTP 503, in words; when there is room again, the same
    bookings are taken and answered once."""
    first = 100 + room
    assert machine.mail(first) == 250
    until(lambda: machine.answers()[tcn(first)] == 1, "the first answer")
    machine.fill(room)
    try:
        assert machine.mail(first + 1) == 451
        posted = AgencySimulator().submit_http(machine.url, booking(first + 2))
        assert posted.status == 503
        assert posted.said == {"error": "This cannot be done now.", "advice": "Try again later."}
    finally:
        machine.free()
    assert machine.mail(first + 1) == 250
    until(lambda: machine.answers()[tcn(first + 1)] == 1, "the answer after the disk was full")
    assert machine.process.poll() is None


def test_bookings_under_way_when_the_disk_fills_are_answered_later(machine: Machine) -> None:
    """Bookings that were taken in before the disk filled up are answered exactly once when there is room."""
    numbers = range(500, 512)
    taken = []
    for number in numbers:
        if number == 504:
            machine.fill(0)
        code = machine.mail(number)
        assert code in (250, 451)
        taken += [number] if code == 250 else []
    assert taken[:4] == list(numbers[:4])
    assert len(taken) < len(numbers), "the disk was not full"
    machine.free()
    until(lambda: all(machine.answers()[tcn(one)] for one in taken), "every answer")
    again = [number for number in numbers if number not in taken]
    assert [machine.mail(number) for number in again] == [250] * len(again)
    until(lambda: all(machine.answers()[tcn(one)] for one in numbers), "the answers to the others")
    assert {tcn(one): machine.answers()[tcn(one)] for one in numbers} == {tcn(one): 1 for one in numbers}


def test_after_full_disks_everything_rests_and_every_log_holds(machine: Machine) -> None:
    """When all is done every case is closed with one answer, and the ledger checks out."""
    engine = open_database(machine.home / "bureau" / "story.db", "schema.sql")
    store = Store(engine, BlobStore(machine.home / "bureau" / "outgoing", bytes(32)), EntryLog(engine))
    try:
        until(lambda: {one.state for one in store.cases_in(State)} == {State.CLOSED}, "rest")
        machine.process.send_signal(signal.SIGTERM)
        assert machine.process.wait(timeout=60) == 0
        answers = [
            sum(message.kind in ("SRE", "ERRT") for message in store.messages_of(one.case_id))
            for one in store.cases_in(State)
        ]
        assert set(answers) == {1}
        assert sum(store.log.check().values()) > len(answers)
    finally:
        engine.dispose()
