# SPDX-License-Identifier: Apache-2.0
"""The reference fails the build where it says what is not so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from reference_text import DOCS, MADE, parts

from sluicegate import errors
from sluicegate.cli.calls import EXIT_CODES
from sluicegate.cli.main import sluicegate
from sluicegate.settings import Settings

PAGES = sorted(DOCS.rglob("*.md"))
NAMES = [str(one.relative_to(DOCS)) for one in PAGES]
_FENCE = re.compile(r"^```(?:console|sh|bash|shell)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SETTING = re.compile(r"SLUICEGATE_([A-Z_]+)")
_NOT_SETTINGS = {"SHARED_DATA", "HOME", "PASSPHRASE", "PASSPHRASE_FILE"}  # the tests'; the home; of keys


def typed(page: str) -> list[list[str]]:
    """Every `sluicegate ...` that a page tells its reader to type, as words."""
    blocks = [block.replace("\\\n", " ") for block in _FENCE.findall(page)]
    lines = [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]
    each = [one for line in lines for one in re.split(r"\s(?:&&|\|)\s", line)]
    return [shlex.split(one, comments=True)[1:] for one in each if one.startswith("sluicegate ")]


def check(words: list[str]) -> None:
    """Parse words as the program would, without running anything. Raises click.UsageError."""
    command: click.Command = sluicegate
    context = click.Context(command, info_name="sluicegate")
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    if {"--help", "--version"} & set(words):
        return
    bare = isinstance(command, click.Group) and not command.invoke_without_command
    assert not bare, f"{command.name} wants a command"
    command.parse_args(context, [word for word in words if word != "&"])


@pytest.mark.parametrize("name", sorted(MADE))
def test_what_follows_from_the_code_is_as_the_code_says(name: str) -> None:
    """Commands, exit codes, error classes and settings in the reference are those of the program."""
    pages = [page.read_text("utf-8") for page in PAGES]
    told = [held[name] for held in map(parts, pages) if name in held]
    assert len(told) == 1, f"one page tells {name}"
    assert told[0] == MADE[name](), "write it anew: python tests/docs/reference_text.py"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_in_the_documents_can_be_typed(page: Path) -> None:
    """Whatever a page tells its reader to type is a command with options that exist."""
    for words in typed(page.read_text("utf-8")):
        check(words)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_variable_in_the_documents_is_a_setting(page: Path) -> None:
    """A variable that a page names is one that the program reads."""
    known = {name.upper() for name in Settings.model_fields} | _NOT_SETTINGS
    assert set(_SETTING.findall(page.read_text("utf-8"))) <= known


def test_a_command_that_does_not_exist_is_caught() -> None:
    """The check above sees a wrong command, a wrong option and a missing argument."""
    for words in (["sumbit", "x"], ["submit", "--tcp", "x"], ["submit"], ["queue", "decide", "--by", "me"]):
        with pytest.raises((click.UsageError, AssertionError)):
            check(words)
    check(["submit", "booking.an2", "--via", "http"])


def test_every_error_ends_in_a_documented_exit_code() -> None:
    """No error class has an exit code that the reference does not explain."""
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    assert {one.exit_code for one in classes if issubclass(one, errors.SluicegateError)} <= set(EXIT_CODES)


def test_the_error_tree_is_as_drawn() -> None:
    """The picture at the top of the error module names every class and its parent, and no other."""
    drawn: dict[str, str] = {}
    above: dict[int, str] = {0: "SluicegateError"}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"    (?P<bars>[| ]*)\+-- (?P<name>\w+)", line):
            depth = len(match["bars"]) // 4 + 1
            above[depth] = match["name"]
            drawn[match["name"]] = above[depth - 1]
    real = {
        one.__name__: one.__mro__[1].__name__
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.SluicegateError)
    }
    real.pop("SluicegateError")
    assert drawn == real
