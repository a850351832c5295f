# SPDX-License-Identifier: Apache-2.0
"""My county in a real browser."""

from __future__ import annotations

import pytest
from accessible import assert_accessible
from playwright.sync_api import expect

from browser.conftest import Opener

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "path",
    ["/", "/places?q=san", "/places/US-CA-075?on=2010-06-01&known=then", "/agencies/VA0070100?lang=es"],
)
def test_the_pages_of_my_county_are_accessible(browser_page: Opener, path: str) -> None:
    """Each page passes axe-core at WCAG 2.2 AA, at desktop and phone, light and dark, none too wide."""
    assert_accessible(browser_page(path))


def test_a_county_is_found_and_asked_about_without_scripts(browser_page: Opener) -> None:
    """With scripts off a visitor types a name, opens the county and asks what was known on another day."""
    page = browser_page("/", js=False)
    page.get_by_label("County, city or agency").fill("san franc")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="San Francisco County", exact=True).first.click()
    page.get_by_label("Day", exact=True).fill("2010-06-01")
    page.get_by_label("then, on that day").check()
    page.get_by_role("button", name="Show this day").click()
    assert page.url.endswith("/places/US-CA-075?on=2010-06-01&known=then")
    assert page.get_by_text("no fingerprints taken here go to DHS").count() == 1


def test_one_picture_is_shown_at_a_time(browser_page: Opener) -> None:
    """A wide window shows the flow from left to right, a phone from top to bottom, never both."""
    for width, shown in ((1280, ".flow.wide"), (390, ".flow.narrow")):
        page = browser_page("/places/US-CA-075", width=width)
        visible = page.locator("svg.flow:visible")
        assert visible.count() == 1
        expect(page.locator(shown)).to_be_visible()


def test_the_printed_answer_is_one_sheet(browser_page: Opener) -> None:
    """What a clerk prints and files is one A4 page with the day, the root and the way to check it."""
    page = browser_page("/places/US-VA-013?on=2010-11-20&known=then")
    pages = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    assert pages == 1
    page.emulate_media(media="print")
    expect(page.get_by_text("Policy root", exact=True)).to_be_visible()
    assert not page.get_by_role("button", name="Show this day").is_visible()
