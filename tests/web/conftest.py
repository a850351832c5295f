# SPDX-License-Identifier: Apache-2.0
"""One published home for every test of the site, and a visitor to it. Tests that change it take a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import web_world
from web_world import TestClient

from scenes import scratch
from sluicegate.web.frame import Site


@pytest.fixture(scope="session")
def public_home() -> Iterator[Path]:
    """A home whose `public/` and `partner-public/` hold days, logs, tiles, statistics and a release.

    Its receipts lie in the folder `receipts` beside it.
    """
    with scratch() as folder:
        yield web_world.build(folder / "home")


@pytest.fixture(scope="session")
def site(public_home: Path) -> Site:
    """The site made from it, at noon of 2 December 2010."""
    return web_world.site_of(public_home)


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    """A visitor without a browser, for whom a fault of the site is an error of the test."""
    with web_world.client_of(site) as made:
        yield made
