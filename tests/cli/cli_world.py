# SPDX-License-Identifier: Apache-2.0
"""Runs the command line in this process, and a home whose bookings stand in every place they can stand in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sluicegate import app
from sluicegate.cli.main import sluicegate
from sluicegate.ebts.submission import partial
from sluicegate.exchange.searching import probe_images
from sluicegate.itl.reader import read
from sluicegate.ridge import template as templates
from sluicegate.store.repository import Repository
from sluicegate.testing.bookings import tiny_booking
from sluicegate.testing.world import World

AT = datetime(2010, 11, 15, 15, 0, tzinfo=UTC)
FULL, MUTED, NOT_ACTIVATED, UNKNOWN = "CA0380000", "VA0070100", "NY0303000", "CA0999999"
TOML = """program = "secure-communities"
scenario = "demo-scenario"
extractor = "null"
engine = "null"
min_minutiae = 1
clock = "2010-11-15T18:00:00Z"
smtp_port = 0
http_port = 0
web_port = 0
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its standard output as the one JSON document that it is."""
        return json.loads(self.out)


def run(*words: object, home: Path | None = None) -> Ran:
    """A command in this process."""
    every = [str(word) for word in words]
    if home is not None:
        every += ["--home", str(home)]
    result = CliRunner().invoke(sluicegate, every, env={"SLUICEGATE_HOME": "/nonexistent"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def draft(person: int, cri: str, tcn: str, **given: Any) -> bytes:
    """A booking of tiny images."""
    return tiny_booking(person, cri=cri, tcn=tcn, at=AT, **given)


@dataclass(frozen=True, slots=True)
class Town:
    """A home and the cases in it, by what became of them."""

    home: Path
    cases: Mapping[str, str]


def settle(home: Path) -> None:
    """Move everything in a home as far as it goes."""
    world = World(home)
    world.settle()
    world.close()


def build(home: Path) -> Town:
    """Bookings that were shared, withheld, refused, and that wait for an examiner and for an officer."""
    app.lay_out(home, "secure-communities", "demo-scenario", TOML)
    world = World(home)
    _know_people(world)
    sent = {
        "shared": draft(1, FULL, "TCN-SHARED-1"),
        "withheld": draft(2, NOT_ACTIVATED, "TCN-WITHHELD-1"),
        "unknown": draft(3, UNKNOWN, "TCN-UNKNOWN-1"),
        "matched": draft(7, FULL, "TCN-MATCHED-1"),
        "grey": draft(9, FULL, "TCN-GREY-1"),
        "twin-a": draft(4, FULL, "TCN-TWICE-1"),
        "twin-b": draft(5, MUTED, "TCN-TWICE-1"),
    }
    cases = {name: world.submit(data, "folder") for name, data in sent.items()}
    world.settle()
    fresh = world.submit(draft(6, FULL, "TCN-FRESH-1"), "folder")  # nothing has looked at it yet
    cases["query"] = world.queries()[0].case_id
    world.close()
    return Town(home, {**cases, "fresh": fresh})


def know_people(home: Path) -> None:
    """Person 7 is known to the partner; person 9 to the bureau, twice, which the null engine calls grey."""
    world = World(home)
    _know_people(world)
    world.close()


def _know_people(world: World) -> None:
    _enrol(world, world.exchange.gallery, 7, "DHS7")
    for subject in ("TWIN1", "TWIN2"):
        _enrol(world, world.exchange.open, 9, subject)


def _enrol(world: World, repository: Repository, person: int, subject: str) -> None:
    images = partial(read(draft(person, FULL, "TCN-SAMPLE-1")).transaction).images
    assert world.exchange.workshop is not None
    made = probe_images(world.exchange.workshop, images, 1).template
    repository.enrol(f"origin-{subject}", subject, templates.encode(made))


class Server:
    """`sluicegate serve` as a process of its own."""

    def __init__(self, home: Path, *words: str) -> None:
        command = [
            sys.executable,
            "-m",
            "sluicegate.cli.main",
            "serve",
            "--home",
            str(home),
            "--json",
            *words,
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        )
        self.said: dict[str, Any] = {}

    def ready(self) -> Server:
        """Wait for the document that says where it listens."""
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1].rstrip() != "}":
            line = self.process.stdout.readline()
            assert line, f"the server ended: {self.process.communicate()[1]}"
            lines.append(line)
        self.said = json.loads("".join(lines))
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stop it; its exit code and what it logged."""
        self.process.send_signal(how)
        _, logged = self.process.communicate(timeout=30)
        return self.process.returncode, logged


def environment() -> dict[str, str]:
    """This process's environment without any setting of an exchange."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SLUICEGATE_")}
    return {**kept, "OMP_NUM_THREADS": "1"}
