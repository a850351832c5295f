# SPDX-License-Identifier: Apache-2.0
"""Counters for the acceptance tests, one per module: an exchange that goes on is half of every claim."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from acceptance_world import Counter, scratch


@pytest.fixture(scope="module")
def counter() -> Iterator[Counter]:
    """An exchange whose real workers decode, and extract nothing but a digest."""
    with scratch() as folder, Counter(folder / "home", extractor="null") as opened:
        yield opened


@pytest.fixture(scope="module")
def mindtct() -> Iterator[Counter]:
    """An exchange whose real workers extract minutiae; no image may keep one longer than 10 s."""
    with scratch() as folder, Counter(folder / "home", extractor="mindtct", worker_wall_s=10.0) as opened:
        yield opened
