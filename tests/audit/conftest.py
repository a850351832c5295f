# SPDX-License-Identifier: Apache-2.0
"""One home with a month of bookings; every test gets a copy of what is public of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import audit_world as world
import pytest
from tampered import Scene, copied

from scenes import scratch


@pytest.fixture(scope="session")
def month() -> Iterator[tuple[Path, Path]]:
    """The home and the folder of receipts."""
    with scratch() as folder:
        world.build(folder / "home", folder / "receipts")
        world.cosigned(folder / "home" / "public")
        yield folder / "home", folder / "receipts"


@pytest.fixture
def scene(month: tuple[Path, Path], tmp_path: Path) -> Scene:
    """A copy to tamper with."""
    return copied(*month, tmp_path)
