# SPDX-License-Identifier: Apache-2.0
"""Bookings and health in real Chromium: accessible, whole without scripts, and live without losing place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import desk_world
import pytest
from accessible import assert_accessible
from desk_world import DeskWorld
from playwright.sync_api import Browser, Page, expect

from scenes import scratch
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound

pytestmark = pytest.mark.slow


@dataclass
class Served:
    """Desks that answer on loopback."""

    url: str
    world: DeskWorld
    browser: Browser

    def page(self, path: str, *, js: bool = True) -> Page:
        """A page that an operator has opened, in a window of its own."""
        context = self.browser.new_context(java_script_enabled=js, locale="en-US")
        token = self.world.desk.accounts.sittings.begin("operator", "a test", self.world.time())
        context.add_cookies([{"name": "sluicegate", "value": token, "url": self.url}])
        page = context.new_page()
        page.goto(self.url + path)
        return page


@pytest.fixture(scope="module")
def served(browser: Browser) -> Iterator[Served]:
    """The desks over cases in every state."""
    with scratch() as folder:
        sock = bound("127.0.0.1", 0, "web")
        url = f"http://localhost:{sock.getsockname()[1]}"
        with desk_world.opened(folder, origin=url) as world:
            server = HttpServer(world.application, sock, "web")  # type: ignore[arg-type]
            server.start()
            yield Served(url, world, browser)
            server.close()
    for context in browser.contexts:
        context.close()


@pytest.mark.parametrize("what", ["list", "closed", "spooled", "health"])
def test_pages_of_the_operator_are_accessible(served: Served, what: str) -> None:
    """Nothing that axe-core can find is wrong, at desktop and phone, light and dark."""
    cases = served.world.cases
    path = {
        "list": "/desk/bookings",
        "closed": f"/desk/bookings/{cases['no-answer']}",
        "spooled": f"/desk/bookings/{cases['spooled']}",
        "health": "/desk/health",
    }[what]
    assert_accessible(served.page(path))


def test_the_person_is_shown_without_javascript(served: Served) -> None:
    """A reason and a button lead to the prints, and a button to one of them, by forms alone."""
    page = served.page(f"/desk/bookings/{served.world.cases['queried']}", js=False)
    assert page.locator(".switches").count() == 0
    page.fill("#why", "the sender called about it")
    page.click("form.reason button")
    assert page.locator(".prints img").count() == 10
    page.locator(".prints button").first.click()
    picture = page.locator(".picture img")
    assert picture.evaluate("one => one.complete && one.naturalWidth") > 0
    page.check("[value=most]")
    assert picture.evaluate("one => getComputedStyle(one).filter") == "contrast(2.6)"


def test_the_pages_of_a_person_are_accessible(served: Served) -> None:
    """Prints and one print closer pass axe-core at desktop and phone, light and dark."""
    page = served.page(f"/desk/bookings/{served.world.cases['awaiting']}")
    page.fill("#why", "the sender called about it")
    page.click("form.reason button")
    assert_accessible(page)
    page.locator(".prints button").first.click()
    assert_accessible(page)


def test_keys_walk_the_list_and_can_be_switched_off(served: Served) -> None:
    """j and k go down and up, a slash goes to the search, Enter opens; unchecked, none of them does."""
    page = served.page("/desk/bookings")
    focused = "document.activeElement.closest('tr') ? document.activeElement.closest('tr').rowIndex : 0"
    for key, row in (("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == row
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("jk/")
    assert page.input_value("#q") == "jk/"
    page.uncheck("#keys")
    page.keyboard.press("j")
    assert page.evaluate(focused) == 0
    page.check("#keys")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/bookings/*")


def test_a_list_that_renews_itself_keeps_focus_and_stops_when_signed_out(served: Served) -> None:
    """A booking that arrives appears at the top while focus stays on its row; signed out, it says so."""
    page = served.page("/desk/bookings")
    page.clock.install()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("j")
    held = page.evaluate("document.activeElement.closest('tr').dataset.case")
    fresh = served.world.town.book("full", 95)
    page.clock.run_for(6000)
    page.wait_for_selector(f"tr[data-case='{fresh}']")
    assert page.evaluate("document.activeElement.closest('tr').dataset.case") == held
    assert page.locator("#list tbody tr").first.get_attribute("data-case") == fresh
    served.world.time.now += 31 * 60
    page.clock.run_for(6000)
    expect(page.locator("#made")).to_have_text("The list no longer updates. Load it again.")
    assert not page.is_checked("#live")
