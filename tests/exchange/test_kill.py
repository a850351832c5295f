# SPDX-License-Identifier: Apache-2.0
"""A real process with the real durable engine, killed without warning again and again."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from scenes import SCENES, Town, bytes_at, rows, scratch

BOOKINGS = 20
KILLS = 4
DEADLINE_S = 120.0
CHILD = Path(__file__).with_name("kill_child.py")


def count(home: Path, role: str, query: str) -> int:
    """A number out of a role's database, read as another process may; 0 while there is none."""
    try:
        with sqlite3.connect(f"file:{home / role / 'story.db'}?mode=ro", uri=True, timeout=5) as reader:
            found = reader.execute(query).fetchone()
        reader.close()
    except sqlite3.OperationalError:
        return 0
    return int(found[0])


def run_until(home: Path, folder: Path, done: Callable[[], bool]) -> None:
    """Start the installation, wait until something is so, and kill it in that moment."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(home), str(folder)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + DEADLINE_S
    try:
        while not done():
            assert time.monotonic() < deadline, "the installation does not get on"
            try:
                pytest.fail(f"the installation ended by itself: {child.wait(timeout=0.01)}")
            except subprocess.TimeoutExpired:
                continue
    finally:
        child.kill()
        child.wait()
        if child.stdin:
            child.stdin.close()


def draft(home: Path, folder: Path) -> dict[str, str]:
    """Twenty bookings as files, every third known to the partner; digest to scene."""
    folder.mkdir()
    town = Town(home)
    scenes = {}
    for number in range(BOOKINGS):
        name = ("full", "filter", "no-answer", "full", "unlisted")[number % 5]
        data = town.draft(name, number)
        if number % 3 == 0:
            town.enrol(town.exchange.gallery, number, f"P{number:08d}")
        (folder / f"{number:02d}.an2").write_bytes(data)
        scenes[data.hex()] = name
    town.close()
    return scenes


def settled(home: Path) -> bool:
    """Whether every booking ended and every message was delivered."""
    ended = count(home, "bureau", "SELECT COUNT(*) FROM story WHERE state = 'closed'")
    waiting = sum(
        count(home, role, "SELECT COUNT(*) FROM message WHERE state = 'queued'")
        for role in ("bureau", "partner", "state")
    )
    return ended == BOOKINGS and waiting == 0


@pytest.mark.slow
def test_killed_again_and_again_the_exchange_answers_everybody_once() -> None:
    """Killed without warning at random moments and started again, every booking ends as it should."""
    chance = random.Random(20101115)  # noqa: S311 it chooses moments, not keys
    with scratch() as folder:
        home, incoming = folder / "home", folder / "bookings"
        scenes = draft(home, incoming)
        for moment in sorted(chance.sample(range(5, 150), KILLS)):
            run_until(
                home,
                incoming,
                lambda at=moment: count(home, "bureau", "SELECT COUNT(*) FROM journal") >= at,  # type: ignore[misc]
            )
        run_until(home, incoming, lambda: settled(home))
        town = Town(home)
        assert_answered_once(town, home)
        assert_shared_as_decided(town, scenes)
        town.close()


def assert_answered_once(town: Town, home: Path) -> None:
    """Each booking has one SRE and one receipt, under one name and one number each, without a gap."""
    names = [path.name.partition("-")[2] for path in (home / "answers").rglob("[!.]*.*")]
    assert len(names) == len(set(names))
    kinds = Counter(name.split(".")[1] for name in names)
    assert kinds["SRE"] == kinds["RECEIPT"] == BOOKINGS
    assert kinds["ERRT"] == 0
    for office in town.exchange.offices.values():
        counted: dict[str, list[int]] = {}
        for message in office.store.messages():
            counted.setdefault(message.channel, []).append(message.sequence)
        assert all(found == list(range(1, len(found) + 1)) for found in counted.values())
        office.store.log.check()


def assert_shared_as_decided(town: Town, scenes: dict[str, str]) -> None:
    """The partner took the copies of the open bookings, each once; of the others it holds no byte."""
    taken = [row["case_id"] for row in rows(town.exchange.partner.store, "story")]
    assert len(taken) == sum(SCENES[name].shares for name in scenes.values())
    held = bytes_at(town, "partner")
    withheld = [row for row in rows(town.exchange.bureau.store, "journal") if row["after"] == "withheld"]
    assert len(withheld) == BOOKINGS - len(taken)
    for row in withheld:
        case = town.case(str(row["case_id"]))
        assert case.case_id.encode() not in held
        assert case.tcn.encode() not in held
        assert case.digest.encode() not in held
    relayed = {m.recipient for m in town.exchange.offices["state"].store.messages()}
    assert relayed == {SCENES["full"].cri}
