# SPDX-License-Identifier: Apache-2.0
"""Several files, one line each while they are looked at, and then what they come to together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import RenderableType

from sluicegate.cli import inspect_document
from sluicegate.cli.calls import plain, table
from sluicegate.cli.inspect_document import Summary
from sluicegate.cli.inspect_look import VERDICTS, Look
from sluicegate.cli.inspect_words import Words
from sluicegate.itl.model import Severity

HEAD = (
    f"{'verdict':<10} {'TOT':<6} {'rec':>4} {'img':>4} {'err':>4} {'warn':>4} {'bytes':>11} {'ms':>7}  file"
)
"""The names of the columns of `line`."""

_FIRST = 160  # characters of the first defect


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and in place of a folder every regular file in it and below, in order.

    Names that begin with a dot are left out, and links to folders are not followed.
    """
    found: list[Path] = []
    for path in paths:
        found += _inside(path) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def _inside(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        here = (Path(root) / one for one in sorted(names) if not one.startswith("."))
        yield from (one for one in here if one.is_file())


def line(look: Look, words: Words) -> str:
    """One file in one line: verdict, TOT, records, images, errors, warnings, bytes, time, first defect."""
    records = len(look.transaction.records) if look.transaction else 0
    counts = f"{records:>4} {len(look.pictures):>4}"
    wrong = f"{look.count(Severity.ERROR):>4} {look.count(Severity.WARNING):>4}"
    cost = f"{look.size:>11,} {look.seconds * 1000:>7.1f}"
    head = f"{look.verdict:<10} {plain(look.tot, 6) or '-':<6} {counts} {wrong} {cost}"
    first = inspect_document.first(look, words)
    told = f"  {_cut(first)}" if first else ""
    worst = f"  {look.worst.name}" if look.worst else ""
    return f"{head}  {plain(look.path, 300)}{worst}{told}"


def _cut(text: str) -> str:
    return text if len(text) <= _FIRST else f"{text[:_FIRST]}..."


def closing(summary: Summary) -> Iterator[RenderableType]:
    """The summary for people: files by verdict, defects by code."""
    cost = f"{summary.bytes:,} bytes in {summary.seconds:.2f} s"
    yield ""
    verdicts = table("verdict", "files", right=("files",))
    for name in VERDICTS:
        if summary.verdicts[name]:
            verdicts.add_row(name, str(summary.verdicts[name]))
    verdicts.add_row("all", str(summary.files))
    yield verdicts
    if summary.defects:
        yield ""
        codes = table("severity", "code", "defects", "files", right=("defects", "files"))
        for severity, code, count, files in summary.rows():
            codes.add_row(severity, code, str(count), str(files))
        yield codes
    yield from ("", f"{cost}.")
