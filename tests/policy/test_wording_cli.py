# SPDX-License-Identifier: Apache-2.0
"""`sluicegate wording`: people and machines are told the same, and it can be read without color."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.cli.main import sluicegate
from sluicegate.cli.strip import Bar, calendar

_SHIPPED = ("--shipped", "secure-communities")
_MONTHS = ("--from", "2010-05-01", "--until", "2010-12-01")


def run(*words: str) -> Result:
    """One `wording` command on the program as it ships."""
    return CliRunner().invoke(sluicegate, ["wording", *words, *_SHIPPED])


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "V06"),
        ("show", "V03"),
        ("current", "--at", "2010-07-30"),
        ("current", "--at", "1990-01-01"),
        ("diff", "V04", "V12"),
        ("contradictions", *_MONTHS),
        ("contradictions", "--from", "1990-01-01", "--until", "1991-01-01"),
        ("contradictions", "--known-at", "1990-01-01"),
        ("contradictions", "--question", "copy", "--known-at", "2010-12-01"),
    ],
)
def test_every_command_answers_people_and_machines(words: tuple[str, ...]) -> None:
    """Each command prints plain ASCII for people, and with --json one document about the same program."""
    told = run(*words)
    assert told.exit_code == 0, told.output
    assert told.output.isascii()
    document = json.loads(run(*words, "--json").output)
    assert document["program"] == "secure-communities"


def test_may_to_november_2010_lights_up() -> None:
    """The calendar of those months has rows of clashes, turned answers, and gates against the words."""
    lines = run("contradictions", *_MONTHS).output.splitlines()
    clash = [line for line in lines if line.startswith("     statements disagree")]
    assert [set(line[25:].split()[0]) for line in clash] == [{"!"}, {"!"}, {"!"}]
    assert any(line.startswith("     open in San Francisco County") and "ooo" in line for line in lines)
    assert any(line.startswith("     closed in District of Columbia") and "ccc" in line for line in lines)
    (press,) = [line for line in lines if line.startswith("V04  yes (S)") and "press" in line]
    (inside,) = [line for line in lines if line.startswith("V02  no (S)") and "internal" in line]
    assert "===" in press
    assert "---" not in press
    assert "---" in inside
    assert "===" not in inside


def test_a_statement_that_was_not_public_is_shown_as_such() -> None:
    """Asked for July 2010, the command says that the letter to Cook County was public only in 2011."""
    (line,) = [one for one in run("current", "--at", "2010-07-30").output.splitlines() if "V05 " in one[:4]]
    assert line.split()[1:5] == ["NO,", "public", "from", "Cook"]
    document = json.loads(run("current", "--at", "2010-07-30", "--json").output)
    assert {one["id"]: one["public_then"] for one in document["versions"]}["V05"] is False


def test_what_is_not_verified_is_said_so_in_every_document() -> None:
    """Each claim, gap and period tells machines whether it is verified, and none of the gaps is."""
    document = json.loads(run("contradictions", *_MONTHS, "--json").output)
    assert {one["verified"] for one in document["gaps"]} == {False}
    assert {one["verified"] for one in document["asked_and_in_force"]} == {False}
    assert all("verified" in one[side] for one in document["clashes"] for side in ("first", "second"))


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("show", "V99"), "wording list"),
        (("current", "--audience", "nobody"), "Cook County"),
        (("contradictions", "--question", "cost"), "local-out"),
        (("contradictions", "--from", "2010-05-01", "--until", "2010-04-01"), "after"),
    ],
)
def test_a_wrong_question_is_refused_with_what_there_is(words: tuple[str, ...], advice: str) -> None:
    """What is not in the program, or is no period, ends with exit code 2 and says what to ask instead."""
    told = run(*words)
    assert told.exit_code == 2
    assert advice in told.stderr


_DAYS = st.dates(date(2008, 1, 1), date(2026, 1, 1))


@given(
    begins=_DAYS, length=st.integers(1, 7000), room=st.integers(20, 120), start=_DAYS, days=st.integers(1, 40)
)
def test_a_strip_never_loses_a_period_of_one_day_or_more(
    begins: date, length: int, room: int, start: date, days: int
) -> None:
    """Whatever the scale, a bar is drawn if and only if it touches the days that are shown."""
    ends = begins + timedelta(days=length)
    made = calendar(begins, ends, room)
    line = made.draw([Bar(start, start + timedelta(days=days), "x")]).plain
    assert len(line) == len(made.days) <= room
    assert ("x" in line) == (start < ends and start + timedelta(days=days) > begins)
    assert len(made.head()) <= len(line)
