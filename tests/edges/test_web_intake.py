# SPDX-License-Identifier: Apache-2.0
"""The door over HTTP, spoken to over real sockets."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from edges_world import NOW, ORI, World
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import DeliveryError, SettingsError
from sluicegate.exchange.case import MessageKind
from sluicegate.intake.door import Accepted, Door
from sluicegate.intake.web import Tickets, WebIntake, api
from sluicegate.store.blobs import BlobStore
from sluicegate.store.entries import EntryLog
from sluicegate.store.journal import Store
from sluicegate.store.sql import open_database
from sluicegate.testing.agency import AgencySimulator

Booker = Callable[..., bytes]
SECRET = bytes(range(32))


def post(url: str, **given: object) -> httpx.Response:
    """POST to the intake."""
    return httpx.post(f"{url}/v1/transactions", timeout=30, **given)  # type: ignore[arg-type]


def test_a_booking_is_taken_and_gives_a_ticket(
    world: World, url: str, agency: AgencySimulator, book: Booker
) -> None:
    """A booking as a raw body is answered 202 with its case, its TCN and a ticket, and stored as it was."""
    told = agency.submit_http(url, book())
    assert told.status == 202
    assert told.said["tcn"] == "TEST-2011-000000001"
    assert told.said["duplicate"] is False
    assert told.ticket.startswith(f"{told.said['case']}.")
    assert world.stored() == [book()]


def test_a_form_with_files_is_taken(world: World, url: str, book: Booker) -> None:
    """Files of a form become one case each, byte for byte; text fields beside them are ignored."""
    nasty = book(2, pixels=lambda n: (b"\r\n--\x00" * n)[:n])
    files = [("file", ("a.an2", book(1))), ("file", ("b.an2", nasty))]
    said = post(url, files=files, data={"remark": "two cards"}).json()
    assert sorted(world.stored()) == sorted([book(1), nasty])
    assert said["ticket"] != said["others"][0]["ticket"]


def test_a_chunked_body_is_taken(world: World, url: str, book: Booker) -> None:
    """A body whose length nobody announced is taken as well."""

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(book()), 100):
            yield book()[start : start + 100]

    assert post(url, content=chunks()).status_code == 202
    assert world.stored() == [book()]


@pytest.mark.parametrize("announced", [True, False])
def test_an_oversize_body_is_cut_off(world: World, url: str, announced: bool) -> None:
    """A body over the limit is refused with 413, whether its length was announced or not."""
    pieces = (bytes(100_000) for _ in range(15))
    answer = post(url, content=bytes(1_500_000) if announced else pieces)
    assert answer.status_code == 413
    assert "larger than" in answer.json()["error"]
    assert world.kinds() == []


@pytest.mark.parametrize(
    ("headers", "body", "status", "said"),
    [
        ({}, b"", 400, "empty"),
        ({}, b"%PDF", 400, "not an ANSI/NIST transaction"),
        ({"Content-Type": "application/json"}, b"{}", 415, "content type"),
        ({"Content-Type": "multipart/mixed; boundary=b"}, b"--b--", 415, "content type"),
        ({"Content-Encoding": "gzip"}, b"1.001:1", 415, "compressed"),
        ({"Content-Type": "multipart/form-data"}, b"1.001:1", 400, "no usable boundary"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b--\r\n", 400, "no ANSI/NIST transaction"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    world: World, url: str, headers: dict[str, str], body: bytes, status: int, said: str
) -> None:
    """Every refusal is JSON with one sentence, and leaves no trace."""
    answer = post(url, content=body, headers=headers)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "advice"})
    assert said in answer.json()["error"]
    assert world.kinds() == []


def test_one_bad_file_refuses_the_whole_form(world: World, url: str, book: Booker) -> None:
    """Where one file of a form is refused, none is taken."""
    answer = post(url, files=[("f", ("a", book())), ("f", ("b", b"%PDF"))])
    assert answer.status_code == 400
    assert world.kinds() == []


def test_a_duplicate_gives_no_ticket(world: World, url: str, agency: AgencySimulator, book: Booker) -> None:
    """Whoever sends the same bytes again learns that they are known, and gets no ticket to their answers."""
    first = agency.submit_http(url, book())
    again = agency.submit_http(url, book())
    assert (again.status, again.ticket, again.said["duplicate"]) == (202, "", True)
    assert "only the reply to that first submission" in str(again.said["note"])
    assert first.ticket
    assert world.kinds() == ["received", "duplicate"]


def test_answers_are_fetched_with_the_ticket(
    world: World, url: str, agency: AgencySimulator, book: Booker
) -> None:
    """The ticket opens the answers, byte for byte, and fetching marks them delivered once."""
    told = agency.submit_http(url, book())
    assert agency.answers(url, told.ticket) == []
    sent = world.answer(str(told.said["case"]), b"1.001:1\x00\xff")
    for _ in range(2):
        (got,) = agency.answers(url, told.ticket)
        assert (got.message_id, got.kind, got.body) == (sent.message_id, "SRE", b"1.001:1\x00\xff")
    assert world.store.message(sent.message_id).state == "delivered"
    assert world.kinds().count("delivered") == 1


def test_asking_for_the_head_delivers_nothing(
    world: World, url: str, agency: AgencySimulator, book: Booker
) -> None:
    """A request that shows nobody the answer does not mark it delivered."""
    told = agency.submit_http(url, book())
    sent = world.answer(str(told.said["case"]), b"x")
    assert httpx.head(f"{url}/v1/answers/{told.ticket}").status_code == 405
    assert world.store.message(sent.message_id).state == "queued"


@pytest.mark.parametrize("other", [{"recipient": "NJ0010000"}, {"channel": "partner"}])
def test_a_ticket_opens_only_the_submitters_answers(
    world: World, url: str, agency: AgencySimulator, book: Booker, other: dict[str, str]
) -> None:
    """What is for another recipient, or goes another way, is not among the answers of a ticket."""
    told = agency.submit_http(url, book())
    world.answer(str(told.said["case"]), b"x", **other)  # type: ignore[arg-type]
    assert agency.answers(url, told.ticket) == []


@pytest.mark.slow
def test_second_responses_of_the_state_come_out_here_too(
    world: World, agency: AgencySimulator, book: Booker, tmp_path: Path
) -> None:
    """An IDR that the state queued for the submitter is fetched with the same ticket, after the SRE."""
    engine = open_database(tmp_path / "state.db", "schema.sql")
    state = Store(engine, BlobStore(tmp_path / "state-out", bytes(32)), EntryLog(engine))
    spool = BlobStore(tmp_path / "state-spool", bytes(32))
    there = World(state, spool, Door(state, spool, lambda: NOW, 10**6))
    app = api(world.door, [world.store, state], clock=lambda: NOW, secret=SECRET)
    intake = WebIntake(app, "127.0.0.1", 0)
    intake.start()
    told = agency.submit_http(f"http://127.0.0.1:{intake.port}", book())
    case_id = str(told.said["case"])
    world.answer(case_id, b"sre")
    held = there.door.accept(book(2), "bureau").case_id
    there.answer(held, b"idr", kind=MessageKind.IDR, channel=f"http:{case_id}")
    fetched = agency.answers(f"http://127.0.0.1:{intake.port}", told.ticket)
    intake.close()
    engine.dispose()
    assert [one.body for one in fetched] == [b"sre", b"idr"]


@given(st.text(max_size=100), st.integers(0, 90), st.sampled_from("0123456789abcdefABCZ.\u0660"))
def test_no_other_ticket_opens_a_case(noise: str, place: int, letter: str) -> None:
    """A ticket opens its case; changed in one place, or made up, it opens nothing."""
    tickets = Tickets(SECRET)
    good = tickets.give("01HX0000000000000000000000")
    changed = good[:place] + letter + good[place + 1 :]
    assert tickets.case_of(good) == "01HX0000000000000000000000"
    assert tickets.case_of(noise) is None
    assert changed == good or tickets.case_of(changed) is None
    assert Tickets(bytes(32)).case_of(good) is None


def test_a_wrong_ticket_is_not_found(url: str, agency: AgencySimulator, book: Booker) -> None:
    """A made-up ticket, even for a case that exists, is answered 404 like one for no case."""
    told = agency.submit_http(url, book())
    for ticket in (f"{told.said['case']}.{'0' * 64}", "x", "%00"):
        with pytest.raises(DeliveryError, match="404"):
            agency.answers(url, ticket)


def test_replies_carry_nothing_of_ours_or_theirs(url: str) -> None:
    """No reply names the server software, echoes a received byte in a header, or may be kept by a cache."""
    for answer in (
        httpx.get(f"{url}/v1/health", headers={"X-Probe": "zebra"}),
        httpx.get(f"{url}/zebra"),
        httpx.put(f"{url}/v1/health"),
    ):
        assert "server" not in answer.headers
        assert "zebra" not in str(answer.headers) + answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert httpx.get(f"{url}/v1/health").json() == {"ok": True}
    assert httpx.get(f"{url}/zebra").status_code == 404
    assert httpx.put(f"{url}/v1/health").status_code == 405


def test_our_own_fault_is_never_the_senders_loss(
    world: World, agency: AgencySimulator, book: Booker, caplog: pytest.LogCaptureFixture
) -> None:
    """A crash behind the door is told as 503 in neutral words, and no name reaches the reply or the log."""

    class BrokenDoor(Door):
        def accept(self, data: bytes, channel: str) -> Accepted:
            raise KeyError("ROE,RICHARD ALAN")

    caplog.set_level(logging.DEBUG, logger="sluicegate")
    door = BrokenDoor(world.store, world.spool, lambda: NOW, 10**6)
    intake = WebIntake(api(door, [world.store], clock=lambda: NOW, secret=SECRET), "127.0.0.1", 0)
    intake.start()
    told = agency.submit_http(f"http://127.0.0.1:{intake.port}", book())
    intake.close()
    assert (told.status, told.said["error"]) == (503, "This cannot be done now.")
    assert "ROE" not in caplog.text + json.dumps(told.said)


def test_a_full_disk_asks_the_sender_to_keep_it(
    world: World, url: str, agency: AgencySimulator, book: Booker, tmp_path: Path
) -> None:
    """When the spool cannot be written the sender hears 503, and nothing is taken."""
    shutil.rmtree(tmp_path / "spool")
    assert agency.submit_http(url, book()).status == 503
    assert world.kinds() == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "exchange.example", ""])  # noqa: S104
def test_only_loopback_is_served(world: World, host: str) -> None:
    """As long as there is no transport security, the HTTP intake refuses any address but loopback."""
    with pytest.raises(SettingsError, match="no transport security"):
        WebIntake(api(world.door, [world.store], clock=lambda: NOW, secret=SECRET), host, 0)


def test_a_taken_port_is_told_in_words(world: World, url: str) -> None:
    """Where another program has the port, the operator hears which setting to change."""
    app = api(world.door, [world.store], clock=lambda: NOW, secret=SECRET)
    with pytest.raises(SettingsError, match="is taken by another program") as told:
        WebIntake(app, "127.0.0.1", int(url.rpartition(":")[2])).start()
    assert "http_port" in told.value.advice


def test_a_short_secret_is_refused(world: World) -> None:
    """A secret that is not 32 bytes cannot seal tickets."""
    with pytest.raises(SettingsError, match="32 bytes"):
        api(world.door, [world.store], clock=lambda: NOW, secret=b"short")


@pytest.mark.slow
@pytest.mark.parametrize(
    "way", [["--data-binary"], ["-H", "Transfer-Encoding: chunked", "--data-binary"], ["-F"]]
)
def test_curl_delivers_a_large_card_over_http(
    world: World, url: str, book: Booker, tmp_path: Path, way: list[str]
) -> None:
    """curl delivers a 600 kB card byte for byte: as a body, in chunks, and as a form."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    card = tmp_path / "card.an2"
    card.write_bytes(book(size=15_000))
    what = f"file=@{card}" if way == ["-F"] else f"@{card}"
    command = [curl, "-sS", *way, what, f"{url}/v1/transactions"]
    told = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert json.loads(told.stdout)["case"]
    assert world.store.case(json.loads(told.stdout)["case"]).ori == ORI
    assert world.stored() == [card.read_bytes()]
