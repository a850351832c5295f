# SPDX-License-Identifier: Apache-2.0
"""Where documented things stand in the pages, so that tests can compare them with the program.

A page holds such a part between `<!-- made: NAME -->` and `<!-- end -->`; the tests compare it
with the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from sluicegate import errors
from sluicegate.cli.calls import EXIT_CODES
from sluicegate.cli.main import sluicegate
from sluicegate.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
WIDTH = 100
_PART = re.compile(r"<!-- made: (?P<name>[a-z-]+) -->\n(?P<text>.*?)<!-- end -->", re.DOTALL)


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group, with the words that call it, in the order of the help."""
    for name in sorted(group.commands):
        one = group.commands[name]
        yield (*path, name), one
        if isinstance(one, click.Group):
            yield from commands(one, *path, name)


def helps() -> str:
    """The help of every command, as the program prints it."""
    parts = []
    for path, one in commands(sluicegate):
        name = " ".join(("sluicegate", *path))
        widths = {"terminal_width": WIDTH, "max_content_width": WIDTH}
        context = one.context_class(one, info_name=name, help_option_names=["-h", "--help"], **widths)
        parts.append(f"## {name}\n\n```text\n{one.get_help(context)}\n```\n")
    return "\n".join(parts)


def exit_codes() -> str:
    """What each exit code says."""
    rows = [f"| {code} | {words} |" for code, words in EXIT_CODES.items()]
    return "\n".join(["| code | means |", "|---|---|", *rows, ""])


def error_classes(root: type[errors.SluicegateError] = errors.SluicegateError) -> str:
    """Every class of error, its default sentence, and the exit code it ends a command with."""
    rows = [f"| `{one.__name__}` | {one.exit_code} | {_first_line(one)} |" for one in _family(root)]
    return "\n".join(["| class | exit code | default sentence |", "|---|---|---|", *rows, ""])


def _family(one: type[errors.SluicegateError]) -> Iterator[type[errors.SluicegateError]]:
    yield one
    for child in one.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _family(child)


def _first_line(one: type) -> str:
    return (one.__doc__ or "").strip().splitlines()[0]


def settings() -> str:
    """Every setting with its variable, default and meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else f"`{_shown(field.default)}`"
        rows.append(f"| `{name}` | `SLUICEGATE_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(["| setting | variable | default | what |", "|---|---|---|---|", *rows, ""])


def _shown(value: object) -> str:
    """A default as it is written in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


MADE: dict[str, Callable[[], str]] = {
    "commands": helps,
    "exit-codes": exit_codes,
    "error-classes": error_classes,
    "settings": settings,
}


def parts(page: str) -> dict[str, str]:
    """The made parts of a page, by name."""
    return {found["name"]: found["text"] for found in _PART.finditer(page)}


def renewed(page: str) -> str:
    """The page with its made parts made again."""
    return _PART.sub(lambda m: f"<!-- made: {m['name']} -->\n{MADE[m['name']]()}<!-- end -->", page)


if __name__ == "__main__":
    for path in sorted(DOCS.rglob("*.md")):
        before = path.read_text("utf-8")
        if (after := renewed(before)) != before:
            path.write_text(after, "utf-8")
