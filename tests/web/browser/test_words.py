# SPDX-License-Identifier: Apache-2.0
"""The words in a real browser."""

from __future__ import annotations

import pytest
from accessible import assert_accessible

from browser.conftest import Opener

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", ["/words?on=2010-11-15", "/words/V12", "/words/compare?a=V04&b=V12"])
def test_the_words_are_accessible(browser_page: Opener, path: str) -> None:
    """Each page passes axe-core at WCAG 2.2 AA, at desktop and phone, light and dark."""
    assert_accessible(browser_page(path))


def test_the_words_are_found_without_script(browser_page: Opener) -> None:
    """With scripts off, the form gives another day's words, and a link leads to one version."""
    page = browser_page("/words", js=False)
    page.get_by_label("Day", exact=True).fill("2010-06-01")
    page.get_by_role("button", name="Show").click()
    assert "On June 1, 2010" in page.inner_text("main")
    page.locator("article a").first.click()
    assert page.url.split("/words/")[1] in page.inner_text("h1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
