# SPDX-License-Identifier: Apache-2.0
"""Bad input to a running installation, over real mail and HTTP: one clear error each, and work goes on."""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from acceptance_world import AGENCY, Service, kind_of, lines_of, partial_booking, scratch
from test_hostile_images import claiming

from sluicegate.exchange.case import State
from sluicegate.itl.model import Transaction
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft
from sluicegate.testing import bookings

AT = datetime(2010, 11, 15, 12, 0, tzinfo=UTC)
NOBODY = "CA0999999"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One running installation for every bad input: it has to survive them all."""
    with (
        scratch() as folder,
        Service(folder / "home", extractor="null", engine="null", min_minutiae=1) as running,
    ):
        yield running


def tcn() -> str:
    """A TCN that was not used before."""
    return f"BADINPUT{next(_numbers):08d}"


def good(number: str, *, cri: str = AGENCY, ori: str = "") -> bytes:
    """A conforming booking."""
    return bookings.tiny_booking(5, cri=cri, ori=ori, tcn=number, at=AT)


@dataclass(frozen=True, slots=True)
class Bad:
    """One kind of bad input that is taken in, and what its ERRT must say."""

    make: Callable[[str], bytes]
    code: str
    says: str
    ori: str = AGENCY


def without(tag: str) -> Callable[[str], bytes]:
    """A booking without one Type-2 field, all lengths right."""
    return lambda number: _type_2(good(number), rb"\x1d" + re.escape(tag.encode()) + rb":[^\x1d\x1c]*", b"")


def with_value(tag: str, value: bytes) -> Callable[[str], bytes]:
    """A booking with another value of a Type-2 field, all lengths right."""
    old = rb"(\x1d" + re.escape(tag.encode()) + rb":)[^\x1d\x1c]*"
    return lambda number: _type_2(good(number), old, rb"\g<1>" + value)


def _type_2(data: bytes, old: bytes, new: bytes) -> bytes:
    transaction = read(data).transaction
    assert transaction is not None
    record = next(transaction.of_type(2))
    changed, count = re.subn(old, new, record.raw, count=1)
    assert count == 1
    length = len(changed)
    changed = re.sub(rb"\A2\.001:\d+", b"2.001:%d" % length, changed)
    assert len(changed) == length, "LEN kept its digits"
    return data[: record.offset] + changed + data[record.offset + len(record.raw) :]


def lying_hll(number: str) -> bytes:
    """A booking whose first print says that it is wider than it is."""
    data = good(number)
    transaction = read(data).transaction
    assert transaction is not None
    at = next(transaction.of_type(4)).offset + 13
    return data[:at] + struct.pack(">H", 400) + data[at + 2 :]


def huge_wsq(number: str) -> bytes:
    """A booking with a print that claims 20000x20000 pixels."""
    image = claiming(20000, 20000)
    return partial_booking(number, [FingerDraft(0, 1, (1,), 0, 20000, 20000, 1, image)], AT)


BAD: dict[str, Bad] = {
    "a truncated card": Bad(lambda number: good(number)[:-700], "E0004", "reaches past the end of the file"),
    "an unknown ORI": Bad(lambda number: good(number, cri=NOBODY), "A0001", "is an agency on file", NOBODY),
    "a missing NAM": Bad(without("2.018"), "E0001", "2.018 NAM is missing"),
    "a missing CRI": Bad(without("2.073"), "E0001", "2.073 CRI is missing"),
    "a date that is none": Bad(with_value("2.045", b"20101399"), "E0002", "2.045 DOA"),
    "an HLL that lies": Bad(lying_hll, "E0004", "IDC 01"),
    "a 20000x20000 WSQ": Bad(huge_wsq, "E0003", "IDC 01 (FGP 1): The image claims 20000x20000 pixels"),
    "escapes in a name": Bad(with_value("2.018", b"DOE,\x1b[2J<script>"), "E0002", "2.018 NAM"),
    "no UTF-8 in a name": Bad(with_value("2.018", b"DOE,\xff\xfe\x80"), "E0002", "2.018 NAM"),
    "a line end in a name": Bad(with_value("2.018", b"DOE,\r\nBcc: x@y"), "E0002", "2.018 NAM"),
}

NOT_TAKEN: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(500), "begin"),
    "a ZIP": (b"PK\x03\x04" + bytes(500), "begin"),
    "a PDF": (b"%PDF-1.7\n" + b"x" * 500, "begin"),
    "HTML": (b"<!doctype html><script>alert(1)</script>", "not a package of ANSI/NIST-ITL"),
    "a beginning of a header": (good("BADINPUT-SHORT")[:60], "ORI (1.008)"),
    "an ORI with a line end": (
        good("BADINPUT-LINE").replace(b"1.008:" + AGENCY.encode(), b"1.008:TX\r\nX: 000"),
        "ORI (1.008)",
    ),
}


def unclear(sentence: str) -> str:
    """Why a sentence is not fit for a person, or the empty string."""
    if not re.fullmatch(r"[ -~]{10,400}", sentence):
        return "not one printable line"
    told = re.search(
        r"Traceback|Exception|\b[A-Z][a-z]+[A-Z][A-Za-z]*(?:Error|Refused|Lost)?\b|\.py\b", sentence
    )
    raw = re.search(r"script|Bcc|<|>", sentence)
    return f"tells of our insides: {told[0]}" if told else f"repeats what came in: {raw[0]}" if raw else ""


def by_mail(service: Service, number: str, data: bytes, ori: str) -> Transaction:
    """Mail it, and the answer that comes by mail."""
    reply = service.mail(data)
    assert reply.code == 250, reply
    return service.answer(number, ori)


def by_http(service: Service, number: str, data: bytes, _ori: str) -> Transaction:
    """Post it, and the answer that the ticket opens."""
    return service.fetched(data, number)


WAYS: dict[str, Callable[[Service, str, bytes, str], Transaction]] = {"mail": by_mail, "http": by_http}


def goes_on(service: Service, way: str) -> None:
    """The installation takes and answers a good booking."""
    number = tcn()
    assert kind_of(WAYS[way](service, number, good(number), AGENCY)) == "SRE"


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BAD)
def test_a_bad_booking_gets_one_clear_errt(service: Service, way: str, name: str) -> None:
    """A booking that cannot be processed is answered by an ERRT that names the place in words for people,
    with no received byte in it, and the next booking is answered."""
    bad, number = BAD[name], tcn()
    answer = WAYS[way](service, number, bad.make(number), bad.ori)
    lines = lines_of(answer)
    assert kind_of(answer) == "ERRT"
    assert any(line.startswith(f"{bad.code} - ") and bad.says in line for line in lines), lines
    assert [unclear(line) for line in lines if unclear(line)] == []
    goes_on(service, way)


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_what_is_no_booking_is_refused_at_the_door(service: Service, name: str) -> None:
    """What is no transaction, or names nobody to answer, is refused in the very dialogue, in one sentence."""
    data, says = NOT_TAKEN[name]
    before = len(service.exchange.bureau.store.cases_in(State))
    reply = service.mail(data)
    posted = service.posted(data)
    told = str(posted.said["error"])
    assert (reply.code, posted.status) == (554, 400)
    assert says in told
    assert says in reply.text or "carries no ANSI/NIST transaction" in reply.text
    assert not unclear(reply.text)
    assert not unclear(told)
    assert len(service.exchange.bureau.store.cases_in(State)) == before


def test_an_empty_mail_is_refused(service: Service) -> None:
    """A mail without anything in it is refused in one sentence."""
    replies = [service.send(content) for content in (b"\r\n", b"Subject: booking\r\n\r\n")]
    assert [reply.code for reply in replies] == [554, 554]
    assert [unclear(reply.text) for reply in replies] == ["", ""]
    goes_on(service, "mail")


@pytest.mark.slow
def test_after_all_of_it_nothing_waits_and_nothing_was_lost(service: Service) -> None:
    """Every booking that was taken in got exactly one answer, and the installation is at rest."""
    store = service.exchange.bureau.store
    service.rest()
    taken = store.cases_in(State)
    answers = [
        [message.kind for message in store.messages_of(one.case_id) if message.kind in ("SRE", "ERRT")]
        for one in taken
    ]
    assert taken
    assert [one for one in answers if len(one) != 1] == []
    assert {one.state for one in taken} <= {State.CLOSED}
