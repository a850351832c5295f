# SPDX-License-Identifier: Apache-2.0
"""A home with bookings in every state, made once; tests that change it take a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cli_world import Town, build


@pytest.fixture(scope="session")
def made() -> Iterator[Town]:
    """The home that nobody may change."""
    memory = Path("/dev/shm")  # noqa: S108 (in memory where there is one: the disk's flush is not on trial)
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield build(Path(name) / "home")


@pytest.fixture
def town(made: Town) -> Iterator[Town]:
    """A copy of it, for tests that change something."""
    with TemporaryDirectory(dir=made.home.parent) as name:
        home = Path(name) / "home"
        shutil.copytree(made.home, home)
        yield Town(home, made.cases)
