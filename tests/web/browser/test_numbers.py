# SPDX-License-Identifier: Apache-2.0
"""Numbers in a real browser: counted again there, and never from files that were changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import web_world
from accessible import assert_accessible
from playwright.sync_api import Browser, Page, expect
from tests.audit import audit_world

from browser.conftest import Opener
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.web.app import build

pytestmark = pytest.mark.slow
ONE = "/numbers/verify?jurisdiction=US-CA-075&month=2010-11&figure=withheld"
SEALED = "/numbers/verify?jurisdiction=US-CA-075&month=2010-11&measure=withheld"
DONE = "#verdict[data-state]:not([data-state=busy])"


def verdict(page: Page) -> str:
    """What the page says of its number."""
    page.wait_for_selector(DONE)
    return page.inner_text("#verdict")


@pytest.mark.parametrize("path", ["/numbers?jurisdiction=US-CA-075", ONE, f"{SEALED}&lang=es"])
def test_the_pages_of_numbers_are_accessible(browser_page: Opener, path: str) -> None:
    """Each page passes axe-core at WCAG 2.2 AA, at desktop and phone, light and dark, none too wide."""
    page = browser_page(path)
    if not path.startswith("/numbers?"):
        verdict(page)
        page.locator("details").first.click()
    assert_accessible(page)


def test_a_visitor_counts_a_number_again(browser_page: Opener) -> None:
    """From the table a visitor comes to a number, and the browser counts it and says each step."""
    page = browser_page("/numbers?jurisdiction=US-CA-075")
    page.get_by_role("link", name="4 Withheld, San Francisco County: verify this number").click()
    said = verdict(page)
    assert said.startswith("The number holds: counted again, it is 4.")
    assert "The key came from this very site" in said
    assert page.locator("#steps li[data-state=good]").count() == 5
    assert "No witness was asked" in page.locator("#steps li[data-state=open]").inner_text()


def test_a_sealed_number_is_shown_to_be_sealed(browser_page: Opener) -> None:
    """A figure that is not shown is verified to be the sealed one of the stated publication."""
    page = browser_page(SEALED)
    assert "The number is not shown, and what stands in its place holds." in verdict(page)
    assert "a sealed value stands in its place" in page.inner_text("#steps")


def test_a_visitor_names_witnesses_and_a_key(browser_page: Opener, public_home: Path) -> None:
    """With a policy its witnesses are asked; with a key of somebody else's nothing holds."""
    page = browser_page(ONE)
    verdict(page)
    page.locator("section details summary").click()
    page.fill("#policy", audit_world.policy_text(public_home))
    page.get_by_role("button", name="Count it again").click()
    assert "The number holds" in verdict(page)
    assert "3 of the witnesses that you named" in page.inner_text("#steps")
    page.fill("#key", str(audit_world.public_key(public_home, "partner")))
    page.get_by_role("button", name="Count it again").click()
    assert "THIS DOES NOT HOLD" in verdict(page)


@pytest.fixture
def tampered(public_home: Path, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A copy of the public folder to change while it is served, and its address."""
    home = Path(shutil.copytree(public_home, tmp_path / "home"))
    sock = bound("127.0.0.1", 0, "web")
    server = HttpServer(build(web_world.site_of(home)), sock, "web")
    server.start()
    yield home / "public", f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.close()


@pytest.mark.parametrize("name", ["days/2010-11-16/US-CA-075.json", "statistics/2010-11/statistics.json"])
def test_a_number_from_changed_files_fails_loudly(
    browser: Browser, tampered: tuple[Path, str], name: str
) -> None:
    """After somebody changes a file the browser says that the number does not hold, and at which step."""
    public, url = tampered
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(url + (ONE if name.startswith("days") else SEALED))
    assert "hold" in verdict(page)
    data = bytearray((public / name).read_bytes())
    data[len(data) - 20] ^= 1
    (public / name).write_bytes(bytes(data))
    page.locator("section details summary").click()
    page.get_by_role("button", name="Count it again").click()
    assert verdict(page).startswith("THIS DOES NOT HOLD. Do not rely on this number.")
    assert name in page.locator("#steps li[data-state=bad]").inner_text()
    context.close()


def test_without_scripts_the_way_by_hand_is_said(browser_page: Opener) -> None:
    """With scripts off the number, its meaning, its files and the commands are there, and no empty check."""
    page = browser_page("/numbers", js=False)
    page.get_by_label("Jurisdiction").select_option("US-CA-075")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="4 Withheld, San Francisco County: verify this number").click()
    expect(page.get_by_text("Scripts are off")).to_be_visible()
    expect(page.get_by_text("sluicegate audit run ./public")).to_be_visible()
    assert not page.get_by_text("Counted again in your browser").is_visible()
    page.get_by_role("link", name="days/2010-11-16/US-CA-075.json").click()
    assert '"withheld":["' in page.content()
