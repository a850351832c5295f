# SPDX-License-Identifier: Apache-2.0
"""The program on the disk: read whole or not at all, noticed when it changes, remembered by its root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sluicegate.errors import SettingsError
from sluicegate.store import programs
from sluicegate.store.programs import REMEMBERED, ProgramSource

NAME = "secure-communities"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped program in a folder."""
    for name, data in programs.shipped(NAME).items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def edit(folder: Path, number: int) -> None:
    """Change the program so that its root changes."""
    path = folder / "agencies.csv"
    path.write_bytes(path.read_bytes() + f"CA0{number:06d},US-CA-085,Test {number},,,SRC-ORI,S\n".encode())


def test_a_change_is_noticed_and_the_earlier_program_is_still_known_by_its_root(folder: Path) -> None:
    """After an edit the new program is in force, and the one before can still be asked for."""
    source = ProgramSource(folder, None)
    first = source.root()
    edit(folder, 1)
    second = source.root()
    assert first != second
    assert [source.of(root).root for root in (first, second)] == [first, second]  # type: ignore[union-attr]


def test_a_broken_program_is_none_and_says_why(folder: Path) -> None:
    """With a broken file there is no program, a reason names the file, and mending it brings it back."""
    source = ProgramSource(folder, None)
    root = source.root()
    kept = (folder / "rules.csv").read_bytes()
    (folder / "rules.csv").write_bytes(kept[:-30])
    assert source.current() is None
    assert source.root() == ""
    assert source.error is not None
    assert "rules.csv" in source.error.message
    (folder / "rules.csv").write_bytes(kept)
    assert source.root() == root


def test_an_edit_that_hides_its_time_is_noticed(folder: Path) -> None:
    """A file of the same size whose time of writing was put back is read again all the same."""
    source, path = ProgramSource(folder, None), folder / "rules.csv"
    first, seen = source.root(), path.stat()
    path.write_bytes(path.read_bytes().replace(b"2010-06-08", b"2010-05-08"))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (seen.st_size, seen.st_mtime_ns)
    assert source.root() != first


def test_no_root_is_no_program(folder: Path) -> None:
    """A root that nobody noted, or that this process never saw, leads to no program."""
    source = ProgramSource(folder, None)
    assert source.of("") is None
    assert source.of("0" * 64) is None


@pytest.mark.slow
def test_the_memory_of_earlier_programs_is_bounded(folder: Path) -> None:
    """Only so many earlier programs are kept; the oldest is the first to go."""
    source = ProgramSource(folder, None)
    roots = [source.root()]
    for number in range(REMEMBERED):
        edit(folder, number)
        roots.append(source.root())
    assert source.of(roots[0]) is None
    assert source.of(roots[1]) is not None


def test_a_program_that_is_not_shipped_is_refused() -> None:
    """There is a sentence for a program that does not exist."""
    with pytest.raises(SettingsError):
        programs.shipped("no-such-program")
