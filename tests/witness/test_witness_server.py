# SPDX-License-Identifier: Apache-2.0
"""A witness over HTTP, spoken to over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from sluicegate.errors import SettingsError
from sluicegate.ledger import cosign
from sluicegate.testing.witnesses import History
from sluicegate.witness import server
from sluicegate.witness.judge import Witness
from sluicegate.witness.server import WitnessServer
from sluicegate.witness.state import State
from sluicegate.witness.wire import MAX_BODY_BYTES, write_request

Opened = Callable[..., tuple[Witness, State]]


@pytest.fixture
def running(opened: Opened) -> Iterator[tuple[str, State]]:
    """The address of a witness, which waits a tenth of a second for a body, and its memory."""
    witness, memory = opened()
    served = WitnessServer(server.application(witness, body_within_s=0.1), "127.0.0.1", 0).start()
    yield served.url, memory
    served.close()


def post(url: str, body: object) -> httpx.Response:
    """Ask."""
    return httpx.post(f"{url}/add-checkpoint", content=body, timeout=30)  # type: ignore[arg-type]


def test_the_protocol_is_spoken_over_http(running: tuple[str, State], told: History) -> None:
    """A good request is answered 200 with a cosignature; the next from nothing 409 with the size."""
    url, _ = running
    first = post(url, write_request(0, (), told.note()))
    assert first.status_code == 200
    assert first.text.startswith("\u2014 paper.example/witness ")
    second = post(url, write_request(0, (), told.note()))
    assert (second.status_code, second.text) == (409, "9\n")
    assert second.headers["content-type"] == "text/x.tlog.size"


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_long_is_cut_off(running: tuple[str, State], announced: bool) -> None:
    """A body over the limit is refused with 413, whether its length was announced or not."""
    pieces = (b"x" * 4096 for _ in range(2 * MAX_BODY_BYTES // 4096))
    assert post(running[0], b"x" * 2 * MAX_BODY_BYTES if announced else pieces).status_code == 413


def test_a_body_that_does_not_arrive_is_given_up(running: tuple[str, State]) -> None:
    """Who announces a body and does not send it is answered 408, and the connection is free again."""
    host, port = running[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as peer:
        peer.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold 0\n")
        assert peer.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_a_witness_whose_disk_fails_says_later(running: tuple[str, State], told: History) -> None:
    """When the memory cannot be read the answer is 503, without a cosignature and without a reason."""
    url, memory = running
    memory.close()
    answer = post(url, write_request(0, (), told.note()))
    assert (answer.status_code, answer.text) == (503, "This cannot be done now. Ask again later.\n")


def test_the_front_page_says_who_it_is(running: tuple[str, State], opened: Opened) -> None:
    """GET / tells name and key in plain text, and that the key is better had from people."""
    page = httpx.get(f"{running[0]}/", timeout=30)
    assert str(cosign.verifier_key(opened()[0].key)) in page.text
    assert "ask the people who run it" in page.text
    assert page.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/add-checkpoint", 405), ("GET", "/<script>", 404)]
)
def test_nothing_else_is_served(running: tuple[str, State], method: str, path: str, status: int) -> None:
    """Another method or address is answered in our own words, without what was asked for."""
    answer = httpx.request(method, f"{running[0]}{path}", timeout=30)
    assert answer.status_code == status
    assert answer.text == "There is nothing here but POST /add-checkpoint.\n"


def test_a_port_that_is_taken_is_told(running: tuple[str, State], opened: Opened) -> None:
    """A second witness on the same port does not start, and says why."""
    port = int(running[0].rsplit(":", 1)[1])
    with pytest.raises(SettingsError, match=f"Port {port}"):
        WitnessServer(server.application(opened()[0]), "127.0.0.1", port).start()
