# SPDX-License-Identifier: Apache-2.0
"""The door over SMTP, spoken to over real sockets."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from edges_world import NOW, World

from sluicegate.errors import InputRefused, SettingsError
from sluicegate.intake.door import Accepted, Door
from sluicegate.intake.listen import bound
from sluicegate.intake.mail import MailHandler, MailIntake
from sluicegate.intake.server import SocketController
from sluicegate.testing.agency import AgencySimulator, attached

HOST = "127.0.0.1"
Booker = Callable[..., bytes]


class BrokenDoor(Door):
    """A door that falls off its hinges: the fault nobody foresaw."""

    def accept(self, data: bytes, channel: str) -> Accepted:
        raise KeyError("ROE,RICHARD ALAN")


def test_an_attached_booking_is_stored_as_it_was(
    world: World, mail: MailIntake, agency: AgencySimulator, book: Booker
) -> None:
    """A booking mailed as an attachment is answered 250, and the stored bytes are the sent ones."""
    reply = agency.submit_mail(HOST, mail.port, book())
    assert (reply.code, reply.text) == (250, "2.0.0 taken 1 transaction(s)")
    assert world.stored() == [book()]
    assert world.kinds() == ["received"]


@pytest.mark.parametrize("pattern", [b"\r\n.\r\n", b"\n.\n", b"\x00\xff", b"\r", b"..\r\n", b".", b"\r\n"])
def test_a_bare_file_is_stored_as_it_was(
    world: World, mail: MailIntake, agency: AgencySimulator, book: Booker, pattern: bytes
) -> None:
    """A bare file without any header, with lines of any kind and length, is stored byte for byte."""
    data = book(pixels=lambda n: (pattern * n)[:n], size=1000)
    assert agency.submit_mail(HOST, mail.port, data, attach=False).code == 250
    assert world.stored() == [data]


def test_an_8bit_part_is_stored_as_it_was(
    world: World, mail: MailIntake, agency: AgencySimulator, book: Booker
) -> None:
    """A booking sent as an unencoded part between boundaries is stored byte for byte."""
    data = book(pixels=lambda n: (b"\n.\r\n--\x00" * n)[:n])
    head = b"Content-Type: multipart/mixed; boundary=zz\r\n\r\n--zz\r\n"
    part = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    assert agency.send_mail(HOST, mail.port, head + part + data + b"\r\n--zz--\r\n").code == 250
    assert world.stored() == [data]


def test_two_bookings_in_one_mail_are_two_cases(
    world: World, mail: MailIntake, agency: AgencySimulator, book: Booker
) -> None:
    """Every attachment of a mail that is a transaction becomes a case."""
    reply = agency.send_mail(HOST, mail.port, attached([book(1), book(2)]))
    assert reply.text == "2.0.0 taken 2 transaction(s)"
    assert sorted(world.stored()) == sorted([book(1), book(2)])


def test_one_bad_part_refuses_the_whole_mail(
    world: World, mail: MailIntake, agency: AgencySimulator, book: Booker
) -> None:
    """Where one part of a mail is refused, nothing of it is taken and the reply names the part."""
    reply = agency.send_mail(HOST, mail.port, attached([book(), b"%PDF-1.7"]))
    assert reply.code == 554
    assert reply.text.startswith("5.6.0 Part 3: This is not an ANSI/NIST transaction")
    assert world.stored() == []


def test_the_same_mail_twice_opens_one_case(
    world: World, mail: MailIntake, agency: AgencySimulator, book: Booker
) -> None:
    """A repeat is answered like the first, and absorbed."""
    replies = [agency.submit_mail(HOST, mail.port, book()) for _ in range(2)]
    assert replies[0] == replies[1]
    assert world.kinds() == ["received", "duplicate"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\r\n", "The mail is empty."),
        (b"Subject: hello\r\n\r\nOnly words.\r\n", "no part begins with a Type-1 record"),
        (b"1.001:20\x1d1.002:0300\x1c", "ORI (1.008) is missing"),
        (attached([b"1.001:1"] * 4), "more than 4 parts"),
    ],
)
def test_what_is_no_booking_is_refused_for_good(
    world: World, mail: MailIntake, agency: AgencySimulator, content: bytes, said: str
) -> None:
    """A mail without a transaction that can be answered gets 554 and one sentence, and leaves no trace."""
    reply = agency.send_mail(HOST, mail.port, content)
    assert reply.code == 554
    assert said in reply.text
    assert "\n" not in reply.text
    assert world.kinds() == []


@pytest.mark.slow
def test_an_oversize_mail_is_refused_for_good(
    world: World, mail: MailIntake, agency: AgencySimulator, book: Booker
) -> None:
    """A mail above the limit is drained and refused with a permanent code; its line lengths do not matter."""
    big = book(size=30_000)
    assert agency.submit_mail(HOST, mail.port, big).code == 554  # the mail fits, the transaction does not
    assert agency.submit_mail(HOST, mail.port, big * 2).code == 552
    assert world.stored() == []


def test_a_full_disk_asks_the_sender_to_keep_it(
    world: World, mail: MailIntake, agency: AgencySimulator, book: Booker, tmp_path: Path
) -> None:
    """When the spool cannot be written, the sender hears 451, nothing is taken, and a later try succeeds."""
    spool = tmp_path / "spool"
    shutil.rmtree(spool)
    assert agency.submit_mail(HOST, mail.port, book()).text == "4.3.1 try again later"
    assert world.kinds() == []
    spool.mkdir()
    assert agency.submit_mail(HOST, mail.port, book()).code == 250
    assert world.stored() == [book()]


def test_our_own_fault_is_never_the_senders_loss(
    world: World, agency: AgencySimulator, book: Booker, caplog: pytest.LogCaptureFixture
) -> None:
    """A crash behind the door is told as 451 in neutral words, and no name reaches the reply or the log."""
    caplog.set_level(logging.DEBUG)
    intake = MailIntake(
        BrokenDoor(world.store, world.spool, lambda: NOW, 10**6), HOST, 0, max_bytes=10**6, max_parts=3
    )
    intake.start()
    reply = agency.submit_mail(HOST, intake.port, book())
    intake.close()
    assert (reply.code, reply.text) == (451, "4.3.0 trouble here, please try again later")
    assert "ROE" not in caplog.text
    assert "kind=KeyError" in caplog.text


def test_nothing_of_a_mail_is_logged(
    mail: MailIntake, agency: AgencySimulator, book: Booker, caplog: pytest.LogCaptureFixture
) -> None:
    """Even with every log at DEBUG, neither the sender nor a byte of the booking is logged."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="mail.log")
    agency.submit_mail(HOST, mail.port, book(), attach=False)
    agency.send_mail(HOST, mail.port, b"ROE,RICHARD\r\n")
    assert "ROE" not in caplog.text
    assert "agency.example" not in caplog.text
    assert "DATA" not in caplog.text


def test_hooks_are_spelled_as_the_library_looks_for_them(world: World) -> None:
    """The handler has exactly the two hooks that are meant; a misspelled one would be silence."""
    hooks = {name for name in dir(MailHandler(world.door, 3)) if name.startswith(("handle_", "auth_"))}
    assert hooks == {"handle_DATA", "handle_exception"}


def test_a_fault_inside_the_library_is_temporary(world: World, agency: AgencySimulator) -> None:
    """What breaks outside our own handler is told as 451, without the exception's text."""

    class Falling(MailHandler):
        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
            raise ValueError("ROE,RICHARD ALAN")

    sock = bound(HOST, 0, "smtp")
    controller = SocketController(Falling(world.door, 3), sock, max_message=1000)
    controller.start()
    reply = agency.send_mail(HOST, controller.port, b"1.001:1")
    controller.stop()
    assert (reply.code, reply.text) == (451, "4.3.0 trouble here, please try again later")


def test_a_taken_port_is_told_in_words(world: World, mail: MailIntake) -> None:
    """Where another program has the port, the operator hears which setting to change."""
    second = MailIntake(world.door, HOST, mail.port, max_bytes=10**6, max_parts=3)
    with pytest.raises(SettingsError, match="is taken by another program") as told:
        second.start()
    assert "smtp_port" in told.value.advice
    second.close()


def test_an_address_of_another_machine_is_told_in_words(world: World) -> None:
    """An address that this machine does not have is a wrong setting."""
    with pytest.raises(SettingsError, match="not at an address of this machine"):
        MailIntake(world.door, "192.0.2.1", 0, max_bytes=10**6, max_parts=3).start()


def test_too_many_connections_are_asked_to_come_back(mail: MailIntake) -> None:
    """Beyond the cap a caller hears 421 at once, so that memory stays bounded."""
    lines = [socket.create_connection((HOST, mail.port), timeout=10) for _ in range(40)]
    first = [line.makefile("rb").readline()[:9] for line in lines]
    for line in lines:
        line.close()
    assert set(first) == {b"220 sluic", b"421 4.3.2"}
    assert 30 <= first.count(b"220 sluic") <= 32


def test_refusals_fit_one_reply_line(world: World) -> None:
    """A reply is one line of printable ASCII, whatever the refusal's sentence holds."""

    class Refusing(Door):
        def check(self, data: bytes) -> str:
            raise InputRefused("First\r\n250 second \u2192 " + "x" * 900)

    door = Refusing(world.store, world.spool, lambda: NOW, 10**6)
    reply = MailHandler(door, 3).reply_to(b"1.001:1")
    assert reply.startswith("554 5.6.0 Part 1: First 250 second ? xxx")
    assert len(reply) < 500


@pytest.mark.slow
def test_curl_delivers_a_large_card_over_smtp(
    world: World, mail: MailIntake, book: Booker, tmp_path: Path
) -> None:
    """curl, which sends no From, To or Subject, delivers a 600 kB card byte for byte."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    card = tmp_path / "card.an2"
    card.write_bytes(book(size=15_000))
    where = f"smtp://{HOST}:{mail.port}/agency.example"
    envelope = ("--mail-from", "a@b.example", "--mail-rcpt", "door@exchange.example")
    command = [curl, "-sS", where, *envelope, "--upload-file", str(card)]
    told = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (0, b"")
    assert world.stored() == [card.read_bytes()]
