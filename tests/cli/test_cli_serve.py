# SPDX-License-Identifier: Apache-2.0
"""A served exchange as a process of its own: submitted to by all three ways, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cli_world import FULL, NOT_ACTIVATED, TOML, UNKNOWN, Server, draft, environment, know_people, run

from sluicegate import app

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Path, Server]]:
    """A home that is being served, on free ports, with null extraction."""
    with TemporaryDirectory() as name:
        home = Path(name) / "home"
        app.lay_out(home, "secure-communities", "demo-scenario", TOML)
        know_people(home)
        server = Server(home).ready()
        try:
            yield home, server
        finally:
            if server.process.poll() is None:
                server.stop()
            for stream in (server.process.stdout, server.process.stderr):
                if stream is not None:
                    stream.close()


def submit(home: Path, folder: Path, data: bytes, *words: str) -> tuple[int, dict[str, object]]:
    """Submit through the command line and wait for the answer."""
    file = folder / "booking.an2"
    file.write_bytes(data)
    ran = run("submit", file, "--wait", "30", "--json", *words, home=home)
    return ran.code, json.loads(ran.out)


@pytest.mark.parametrize("via", ["smtp", "http", "folder"])
def test_a_booking_is_answered_by_every_way_in(via: str, served: tuple[Path, Server], tmp_path: Path) -> None:
    """By mail, by HTTP and through the folder, a booking is taken, answered and closed."""
    home, _ = served
    code, said = submit(home, tmp_path, draft(ord(via[0]), FULL, f"TCN-BY-{via}-1"), "--via", via)
    assert code == 0
    story = said["stories"][0]  # type: ignore[index]
    assert (story["state"], story["channel"]) == ("closed", via)
    assert {one["kind"] for one in story["messages"]} >= {"SRE", "RECEIPT", "COPY"}


def test_a_withheld_booking_is_answered_and_no_copy_exists(
    served: tuple[Path, Server], tmp_path: Path
) -> None:
    """Where the rule is closed the agency gets its answer, and there is no copy to lose."""
    code, said = submit(served[0], tmp_path, draft(80, NOT_ACTIVATED, "TCN-NY-000001"))
    story = said["stories"][0]  # type: ignore[index]
    assert code == 0
    assert "COPY" not in {one["kind"] for one in story["messages"]}


def test_an_unknown_agency_is_answered_with_a_refusal(served: tuple[Path, Server], tmp_path: Path) -> None:
    """An ORI that is not on file gets an ERRT, and the command says so."""
    file = tmp_path / "booking.an2"
    file.write_bytes(draft(81, UNKNOWN, "TCN-UNKNOWN-2"))
    ran = run("submit", file, "--wait", "30", home=served[0])
    assert ran.code == 0
    assert "A0001" in ran.out
    assert "ERRT" in ran.out


@pytest.mark.parametrize("via", ["smtp", "http", "folder"])
@pytest.mark.parametrize("data", [b"", b"<html>", b"\x1b[2J"], ids=["empty", "page", "escape"])
def test_what_is_no_transaction_is_refused_by_every_way_in(
    via: str, data: bytes, served: tuple[Path, Server], tmp_path: Path
) -> None:
    """The exchange's own sentence is shown, with exit code 3 and no received byte on the terminal."""
    file = tmp_path / "junk.an2"
    file.write_bytes(data)
    ran = run("submit", file, "--via", via, "--wait", "30", home=served[0])
    assert ran.code == 3
    assert "\x1b" not in ran.out + ran.err


def test_a_repeat_is_absorbed_and_gets_no_ticket(served: tuple[Path, Server], tmp_path: Path) -> None:
    """The same bytes twice are one booking; only the first submission can fetch its answers."""
    data = draft(82, FULL, "TCN-REPEAT-1")
    _, first = submit(served[0], tmp_path, data, "--via", "http")
    _, again = submit(served[0], tmp_path, data, "--via", "http")
    assert first["files"][0]["ticket"]  # type: ignore[index]
    assert again["files"][0]["ticket"] == ""  # type: ignore[index]
    assert first["stories"][0]["case"] == again["stories"][0]["case"]  # type: ignore[index]


def test_from_afar_the_ticket_fetches_the_answer(served: tuple[Path, Server], tmp_path: Path) -> None:
    """Without the home, over HTTP, the answer comes by the ticket alone."""
    file = tmp_path / "booking.an2"
    file.write_bytes(draft(83, FULL, "TCN-AFAR-0001"))
    words = ("--via", "http", "--server", served[1].said["http"], "--answers", tmp_path / "got")
    ran = run("submit", file, *words, "--wait", "30", "--json", home=tmp_path / "absent")
    assert ran.code == 0
    assert "SRE" in ran.document["stories"][0]["fetched"]
    answer = next((tmp_path / "got").glob("*-SRE.an2"))
    assert run("inspect", answer).code == 0
    assert answer.stat().st_mode & 0o077 == 0


def test_a_home_is_served_once(served: tuple[Path, Server]) -> None:
    """A second server on the same home is refused in a sentence, and the first goes on."""
    ran = run("serve", home=served[0])
    assert ran.code == 2
    assert "already serving" in ran.err
    assert run("status", "--json", home=served[0]).document["served"]["pid"] == served[1].process.pid


def test_run_json_is_for_its_owner_only(served: tuple[Path, Server]) -> None:
    """Other accounts cannot read where an exchange listens."""
    assert (served[0] / "run.json").stat().st_mode & 0o077 == 0


def test_the_audit_adds_up_beside_a_running_server(served: tuple[Path, Server]) -> None:
    """Auditing needs no pause of the exchange."""
    ran = run("audit", "check", "--json", home=served[0])
    assert (ran.code, ran.document["differences"]) == (0, [])


def test_people_decide_beside_a_running_server(served: tuple[Path, Server], tmp_path: Path) -> None:
    """An examiner and an officer type their words, and the server goes on with both cases in its own time."""
    home, file = served[0], tmp_path / "booking.an2"
    code, _ = submit(home, tmp_path, draft(9, FULL, "TCN-GREY-0001"))
    assert code == 6, "an examiner is awaited, so there is no answer yet"
    case = run("list", "--state", "awaiting-examiner", "--json", home=home).document["cases"][0]["case"]
    assert run("queue", "decide", case, "--different", "--by", "examiner 3", home=home).code == 0
    answered = run("submit", file, "--wait", "30", "--json", home=home)
    assert answered.document["stories"][0]["dossier"]["finding"] == "N"

    assert submit(home, tmp_path, draft(7, FULL, "TCN-MATCH-001"))[0] == 0
    query = run("queue", "--role", "officer", "--json", home=home).document["waiting"][0]["case"]
    ran = run("queue", "decide", query, "--status", "citizen", "--by", "officer 7", "--json", home=home)
    assert ran.document["served"] is True
    story = run("submit", file, "--wait", "30", "--json", home=home).document["stories"][0]
    assert story["state"] == "closed"
    assert "SECOND" in {one["kind"] for one in story["messages"]}
    assert {one["at"][:4] for one in story["journal"]} == {"2010"}, "one clock for all in a drill"


def test_a_killed_server_loses_nothing(served: tuple[Path, Server], tmp_path: Path) -> None:
    """Killed in the middle of many bookings and started again, every one of them is answered once."""
    home, server = served
    files = []
    for person in range(100, 106):
        file = tmp_path / f"{person}.an2"
        file.write_bytes(draft(person, FULL, f"TCN-KILL-{person}"))
        files.append(file)
    assert run("submit", *files, home=home).code == 0
    server.stop(signal.SIGKILL)
    assert (home / "run.json").exists(), "a killed process tidies nothing"
    assert run("status", "--json", home=home).document["served"] is None
    again = Server(home).ready()
    try:
        ran = run("submit", *files, "--wait", "30", "--json", home=home)
        assert ran.code == 0
        for story in ran.document["stories"]:
            assert story["state"] == "closed"
            assert [one["kind"] for one in story["messages"]].count("SRE") == 1
    finally:
        code, logged = again.stop()
    assert code == 0
    assert not (home / "run.json").exists()
    assert "event=stopping" in logged
    assert "BURGLARY" not in logged
    assert [line for line in logged.splitlines() if not line.startswith("at=")] == []


def test_without_a_server_submit_says_how_to_start_one(tmp_path: Path) -> None:
    """Nobody listens: exit code 1, and the command that would help."""
    home, file = tmp_path / "home", tmp_path / "booking.an2"
    app.lay_out(home, "secure-communities", "", TOML.replace("demo-scenario", ""))
    file.write_bytes(draft(1, FULL, "TCN-NOBODY-1"))
    ran = run("submit", file, home=home)
    assert ran.code == 1
    assert "sluicegate serve" in ran.err
    ran = run("submit", file, "--via", "folder", "--wait", "0.01", home=home)
    assert ran.code == 6, "dropped, and nothing has answered yet"


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    """Serving on another program's port fails before anything is taken in, with exit code 2."""
    home = tmp_path / "home"
    app.lay_out(home, "secure-communities", "", TOML.replace("demo-scenario", ""))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = ["serve", "--home", str(home), "--smtp-port", str(taken.getsockname()[1])]
        ended = subprocess.run(
            [sys.executable, "-m", "sluicegate.cli.main", *words],
            capture_output=True, text=True, timeout=60, env=environment(),
        )  # fmt: skip
    assert ended.returncode == 2
    assert "is taken" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (home / "run.json").exists()


def test_a_closed_pipe_is_quiet(served: tuple[Path, Server]) -> None:
    """`sluicegate list | head -0` ends without a complaint."""
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "sluicegate.cli.main", "list", "--home", str(served[0])],
        stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, env=environment(),
    )  # fmt: skip
    os.close(writer)
    assert ended.stderr == ""
