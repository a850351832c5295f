# SPDX-License-Identifier: Apache-2.0
"""What holds for every command."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from cli_world import run

from sluicegate.cli.main import sluicegate

DEMONSTRATION = {"demo"}  # plays for people; it has a home of its own and nothing to hand on


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group with the words that call it."""
    for name, one in group.commands.items():
        yield (*path, name), one
        if isinstance(one, click.Group):
            yield from commands(one, *path, name)


EVERY = list(commands(sluicegate))
NAMES = [" ".join(path) for path, _ in EVERY]


@pytest.mark.parametrize(("path", "command"), EVERY, ids=NAMES)
def test_every_command_says_what_it_does_and_shows_an_example(
    path: tuple[str, ...], command: click.Command
) -> None:
    """The help of a command says what it does and shows a line that can be typed."""
    shown = run(*path, "--help")
    assert shown.code == 0
    assert "Example" in shown.out
    assert f"sluicegate {' '.join(path)}" in shown.out
    assert command.help


@pytest.mark.parametrize(("path", "command"), EVERY, ids=NAMES)
def test_every_command_can_speak_to_a_program(path: tuple[str, ...], command: click.Command) -> None:
    """A command that prints something can print it as one JSON document, and takes the home as an option."""
    bare_group = isinstance(command, click.Group) and not command.invoke_without_command
    if bare_group or path[0] in DEMONSTRATION:
        return
    options = {name for parameter in command.params for name in parameter.opts}
    assert {"--json", "--home", "--debug"} <= options


@pytest.mark.parametrize(("path", "command"), EVERY, ids=NAMES)
def test_every_option_is_explained(path: tuple[str, ...], command: click.Command) -> None:
    """No option is left without a sentence."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and path[0] not in DEMONSTRATION:
            assert parameter.help, f"{parameter.name} of {' '.join(path)}"


def test_a_word_that_is_no_command_is_a_usage_error() -> None:
    """A slip of the pen is answered with exit code 2 and one line, not with a traceback."""
    ran = run("sumbit")
    assert ran.code == 2
    assert "No such command" in ran.err
    assert "Traceback" not in ran.err
