# SPDX-License-Identifier: Apache-2.0
"""The site over a small published home: a month of bookings in several modes, statistics, a release."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path

from declared import StrictPages
from tests.audit import audit_world

from sluicegate.cli.site import public_source
from sluicegate.web import app
from sluicegate.web.frame import Site
from sluicegate.web.pages import environment

with warnings.catch_warnings():  # it asks for a successor of httpx that is not among our dependencies
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ORIGIN = "http://127.0.0.1:8080"
NOW = datetime(2010, 12, 2, 12, 0, tzinfo=UTC)
"""The moment at which the site is looked at: the month of the home is over."""


def build(home: Path) -> Path:
    """The home, with everything in it published and cosigned by three witnesses."""
    audit_world.build(home, home.parent / "receipts")
    audit_world.cosigned(home / "public")
    return home


def site_of(home: Path, *, drill: str = "") -> Site:
    """The site of a home at `NOW`; its templates are given exactly what is declared for them."""
    return Site(public_source(home), lambda: NOW, StrictPages(environment(), drill), ORIGIN)


def client_of(site: Site) -> TestClient:
    """A visitor without a browser."""
    return TestClient(app.build(site), base_url=ORIGIN)
