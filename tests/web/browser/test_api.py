# SPDX-License-Identifier: Apache-2.0
"""The API's page in a real browser."""

from __future__ import annotations

import pytest
from accessible import assert_accessible

from browser.conftest import Opener

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", ["/api", "/api?lang=es"])
def test_the_page_is_accessible(browser_page: Opener, path: str) -> None:
    """The page, with every answer and example unfolded, passes axe-core at WCAG 2.2 AA in all four."""
    page = browser_page(path)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert_accessible(page)


def test_an_example_is_unfolded_and_asked_without_script(browser_page: Opener) -> None:
    """With scripts off a reader comes from the foot of any page to an example, and it answers."""
    page = browser_page("/how", js=False)
    page.get_by_role("link", name="API").click()
    part = page.locator("section", has=page.locator("#ledger"))
    part.get_by_text("Example, made just now").click()
    part.get_by_role("link", name="/api/v1/ledger").click()
    assert '"holds":true' in page.inner_text("body")
