# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files that nobody on this project wrote; the test is skipped where it is absent."""
    named = os.environ.get("SLUICEGATE_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("shared test material is not at hand (set SLUICEGATE_SHARED_DATA to its folder)")
    return folder
