# SPDX-License-Identifier: Apache-2.0
"""The walk in docs/walk.md is what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.walk import normalized, page

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_documented_walk_is_what_a_fresh_run_of_the_program_writes(tmp_path: Path) -> None:
    """The page in the documentation, but for names, salts and scores, is the page of a run made just now."""
    fresh = normalized("\n".join(page(tmp_path / "home")))
    kept = normalized((ROOT / "docs" / "walk.md").read_text("utf-8"))
    assert fresh.split("\n") == kept.rstrip("\n").split("\n")
