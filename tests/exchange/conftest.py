# SPDX-License-Identifier: Apache-2.0
"""A world in which all six modes are in force."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scenes import Town, scratch


@pytest.fixture
def town() -> Iterator[Town]:
    """A fresh world with every mode in force somewhere."""
    with scratch() as folder:
        world = Town(folder / "home")
        yield world
        world.close()
