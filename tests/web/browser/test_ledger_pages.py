# SPDX-License-Identifier: Apache-2.0
"""The ledger, a release and how it works in a real browser."""

from __future__ import annotations

import pytest
from accessible import assert_accessible

from browser.conftest import Opener

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "path", ["/ledger", "/ledger/US-CA-001", "/releases", "/releases/letter-1", "/how", "/how?lang=es"]
)
def test_the_pages_are_accessible(browser_page: Opener, path: str) -> None:
    """Each page passes axe-core at WCAG 2.2 AA, at desktop and phone, light and dark."""
    assert_accessible(browser_page(path))


def test_a_place_is_reached_from_the_ledger_without_script(browser_page: Opener) -> None:
    """With scripts off a reader goes from the ledger to a place's days and on to the file of a day."""
    page = browser_page("/ledger", js=False)
    page.get_by_role("link", name="Alameda County").first.click()
    assert "The ledger of Alameda County" in page.inner_text("h1")
    assert page.locator("tbody a").first.get_attribute("href").startswith("/public/days/")  # type: ignore[union-attr]
