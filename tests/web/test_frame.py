# SPDX-License-Identifier: Apache-2.0
"""What every page of the site carries, whatever is on it."""

from __future__ import annotations

from web_world import TestClient


def test_the_first_page_is_there(client: TestClient) -> None:
    """The site of a home answers at its root."""
    assert client.get("/").status_code == 200
