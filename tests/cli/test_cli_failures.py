# SPDX-License-Identifier: Apache-2.0
"""However a command fails, it ends in one sentence and a documented exit code."""

from __future__ import annotations

import json

import click
import pytest
import sqlalchemy as sa
from cli_world import Ran
from click.testing import CliRunner

from sluicegate.cli.calls import EXIT_CODES, Call, Commands, leave, standard
from sluicegate.errors import (
    Conflict,
    DeliveryError,
    InputRefused,
    Missing,
    ProgramError,
    SettingsError,
    StoreError,
    VerifyError,
)


def fail(error: BaseException, *words: str) -> Ran:
    """A command that raises this."""

    @click.group(cls=Commands)
    def program() -> None:
        """A program."""

    @program.command()
    @standard
    def work(call: Call) -> None:
        """Fail."""
        assert call.home
        raise error

    result = CliRunner().invoke(program, ["work", *words])
    assert isinstance(result.exception, SystemExit | None)
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreError("The disk is full."), 1),
        (Conflict("Too late."), 1),
        (DeliveryError("Nobody listens."), 1),
        (SettingsError("That setting."), 2),
        (ProgramError("no such mode", file="rules.csv", row=7), 2),
        (InputRefused("Not a card."), 3),
        (VerifyError("It does not hold."), 4),
        (Missing("No such case."), 5),
    ],
)
def test_each_class_of_failure_has_its_exit_code(error: Exception, code: int) -> None:
    """A failure of ours is its own sentence on standard error, and nothing on standard output."""
    ran = fail(error)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err == f"sluicegate: {error}\n"
    assert code in EXIT_CODES


def test_advice_is_a_line_of_its_own() -> None:
    """What to do next follows the sentence, and is in the document."""
    ran = fail(StoreError("The disk is full.", advice="Free space."), "--json")
    assert ran.err.splitlines() == ["sluicegate: The disk is full.", "Free space."]
    assert json.loads(ran.out) == {"error": "The disk is full.", "advice": "Free space.", "exit_code": 1}


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("SECRET \x1b[2J"),
        sa.exc.OperationalError("SELECT SECRET", {"name": "SECRET"}, RuntimeError("SECRET")),
    ],
)
def test_a_defect_of_the_program_shows_no_traceback_and_no_received_text(error: Exception) -> None:
    """A failure that nobody foresaw is told without its text, which could carry anything."""
    ran = fail(error)
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "SECRET" not in ran.err
    assert "Traceback" in fail(error, "--debug").err


def test_a_refusal_of_the_system_names_the_file() -> None:
    """A full disk is the system's own words and the file they are about."""
    ran = fail(OSError(28, "No space left on device", "/home/x\n"))
    assert ran.code == 1
    assert ran.err == "sluicegate: The system refused `/home/x\\u000a`: No space left on device.\n"


def test_the_keyboard_stops_a_command_with_130() -> None:
    """Ctrl-C is no fault."""
    ran = fail(KeyboardInterrupt())
    assert ran.code == 130
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("code", sorted(EXIT_CODES))
def test_a_command_can_end_with_any_documented_code(code: int) -> None:
    """An answer that is whole can still say by its exit code that it is no."""

    @click.command()
    def work() -> None:
        """Leave."""
        click.echo("whole")
        leave(code)

    result = CliRunner().invoke(work)
    assert (result.exit_code, result.stdout) == (code, "whole\n")
