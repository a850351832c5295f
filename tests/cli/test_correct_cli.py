# SPDX-License-Identifier: Apache-2.0
"""`queue correct`, and what a determination rests on, from a terminal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cli_world import Town, run, settle

from sluicegate.testing.world import World

RECORD = ("--source", "citizenship-record", "--dated", "2009-03-31", "--by", "officer 7")
pytestmark = pytest.mark.slow


def later(home: Path) -> None:
    """As `settle`, at an hour when what the command sent is due."""
    world = World(home)
    world.clock.now += timedelta(days=1)
    world.settle()
    world.close()


def test_a_determined_answer_is_corrected_from_a_terminal(town: Town) -> None:
    """The correction says what stood before, is refused for what stands already, and reaches the agency."""
    query = town.cases["query"]
    before = ("queue", "decide", query, "--status", "order", *RECORD)
    assert run(*before, home=town.home).code == 0
    settle(town.home)
    ran = run("queue", "correct", query, "--status", "citizen", *RECORD, "--json", home=town.home)
    assert ran.code == 0
    assert (ran.document["was"], ran.document["status"], ran.document["correction"]) == (
        "order",
        "citizen",
        1,
    )
    again = run("queue", "correct", query, "--status", "citizen", *RECORD, home=town.home)
    assert (again.code, "stands already" in again.err) == (2, True)
    later(town.home)
    told = run("show", "TCN-MATCHED-1", "--json", home=town.home).document["cases"][0]
    assert [one["kind"] for one in told["messages"]].count("SECOND") == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("correct", "QUERY", "--status", "citizen", *RECORD), 1),
        (("correct", "QUERY", "--status", "citizen", "--by", "me"), 2),
        (("correct", "QUERY", "--status", "citizen", *RECORD[:3], "2009-13-31", *RECORD[4:]), 2),
        (("correct", "0" * 26, "--status", "citizen", *RECORD), 5),
        (("decide", "QUERY", "--status", "citizen", *RECORD[:2], *RECORD[4:]), 2),
        (("decide", "QUERY", "--same", *RECORD), 2),
    ],
)
def test_a_correction_without_its_grounds_or_its_answer_is_refused(
    made: Town, words: tuple[str, ...], code: int
) -> None:
    """A query that still waits, no source, no day, no such case, half of what was relied on: refused."""
    given = [made.cases["query"] if one == "QUERY" else one for one in words]
    assert run("queue", *given, home=made.home).code == code
