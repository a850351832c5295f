# SPDX-License-Identifier: Apache-2.0
"""The examiner's desk in real Chromium: with keys and mouse, without JavaScript, and for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import desk_world
import pytest
from accessible import assert_accessible
from desk_world import DeskWorld
from playwright.sync_api import Browser, Page, expect

from scenes import scratch
from sluicegate.exchange.case import State
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound

pytestmark = pytest.mark.slow


@dataclass
class Served:
    """Desks that answer on loopback."""

    url: str
    world: DeskWorld

    def opened(self, browser: Browser, path: str, *, js: bool = True) -> Page:
        """A page of the examiner, signed in."""
        context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=js)
        token = str(self.world.client("examiner").cookies["sluicegate"])
        context.add_cookies([{"name": "sluicegate", "value": token, "url": self.url}])
        page = context.new_page()
        page.goto(self.url + path)
        return page

    @property
    def address(self) -> str:
        """Where the case that waits is compared."""
        return f"/desk/examine/{self.world.cases['awaiting']}"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The desks of a home in which one case waits for an examiner."""
    with scratch() as folder:
        sock = bound("127.0.0.1", 0, "web")
        url = f"http://localhost:{sock.getsockname()[1]}"
        with desk_world.opened(folder, origin=url) as world:
            server = HttpServer(world.application, sock, "web")  # type: ignore[arg-type]
            server.start()
            yield Served(url, world)
            server.close()


def test_the_desk_is_accessible(served: Served, browser: Browser) -> None:
    """Queue and comparison pass axe-core at WCAG 2.2 AA, at desktop and phone, light and dark."""
    for path in ("/desk/examine", f"{served.address}?marks=all&lines=1"):
        page = served.opened(browser, path)
        assert_accessible(page)
        page.context.close()


def test_keys_show_the_pair_otherwise_and_the_address_follows(served: Served, browser: Browser) -> None:
    """With the prints in focus single keys zoom, turn and mark; in the reason they are letters."""
    page = served.opened(browser, served.address)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    pair = page.locator("#pair")
    pair.focus()
    for key in ("+", "l", "t", "i", "m"):
        page.keyboard.press(key)
    assert pair.get_attribute("class") == "pair zoom-2 look-invert marks-all lines turned"
    assert "zoom=2" in page.url
    assert "zoom=2" in str(page.locator(".fingers a").first.get_attribute("href"))
    page.locator("#why").focus()
    page.keyboard.type("tilt 0 +")
    assert (page.locator("#why").input_value(), "zoom-2" in str(pair.get_attribute("class"))) == (
        "tilt 0 +",
        True,
    )
    address = page.url
    page.reload()
    assert page.locator("#pair").get_attribute("class") == "pair zoom-2 look-invert marks-all lines turned"
    assert (page.url, complaints) == (address, [])
    page.context.close()


def test_a_word_is_given_without_script(served: Served, browser: Browser) -> None:
    """With scripts off the form shows the pair otherwise, and a word is chosen, confirmed and entered."""
    page = served.opened(browser, "/desk/examine", js=False)
    page.get_by_role("link", name="Compare").click()
    page.get_by_label("Zoom").select_option("300%")
    page.get_by_label("Lines between them").check()
    page.get_by_role("button", name="Show").click()
    assert page.locator("#pair").get_attribute("class") == "pair zoom-3 look-plain marks-paired lines"
    page.get_by_role("button", name="Go on to confirm").click()
    expect(page.get_by_role("alert").get_by_text("Choose what the prints show.")).to_be_visible()
    page.get_by_label("None of the candidates is this person").check()
    page.get_by_label("Reason").fill("Another pattern in the right index and middle.")
    page.get_by_role("button", name="Go on to confirm").click()
    assert "cannot be taken back" in page.inner_text("main")
    page.get_by_role("button", name="Enter my word").click()
    expect(page.get_by_text("Your word is entered.")).to_be_visible()
    assert served.world.town.case(served.world.cases["awaiting"]).state is State.RESOLVED
    page.context.close()
