# SPDX-License-Identifier: Apache-2.0
"""The API's page in a real browser."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from accessible import assert_accessible
from playwright.sync_api import expect

from browser.conftest import Opener

pytestmark = pytest.mark.slow

_UNFOLD = """for (const id of ["place", "ledger"]) {
  const part = document.getElementById(id).closest("section");
  for (const one of part.querySelectorAll("details")) one.open = true;
}
document.getElementById("shape-Stand").closest("details").open = true;"""


@pytest.mark.parametrize("path", ["/api", "/api?lang=es"])
def test_the_page_is_accessible(browser_page: Opener, path: str) -> None:
    """The page, with answers, examples and a shape unfolded, passes axe-core at WCAG 2.2 AA in all four."""
    page = browser_page(path)
    page.evaluate(_UNFOLD)
    assert_accessible(page)


def test_an_example_is_unfolded_and_asked_without_script(browser_page: Opener) -> None:
    """With scripts off a reader comes from the foot of any page to an example, and its address answers."""
    page = browser_page("/how", js=False)
    page.get_by_role("link", name="API").click()
    part = page.locator("section", has=page.locator("#ledger"))
    part.get_by_text("Example, made just now").click()
    address = part.get_by_role("link", name="/api/v1/ledger").get_attribute("href")
    assert address is not None
    assert page.request.get(urljoin(page.url, address)).json()["holds"] is True


def test_a_shape_unfolds_when_a_type_leads_to_it(browser_page: Opener) -> None:
    """Following a type from an answer's table shows the fields of that shape."""
    page = browser_page("/api#shape-Stand")
    page.locator("#shape-Stand").get_by_role("cell", name="The mode in force.").wait_for(timeout=5000)
    expect(page.locator("#shape-Stand").get_by_text("asked_since")).to_be_visible()
