# SPDX-License-Identifier: Apache-2.0
"""The release builder in real Chromium: every step is accessible, and works with and without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import desk_world
import pytest
from accessible import assert_accessible
from desk_world import DeskWorld
from playwright.sync_api import Browser, Page

from scenes import scratch
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, DeskWorld]]:
    """The desks on loopback."""
    with scratch() as folder:
        sock = bound("127.0.0.1", 0, "web")
        url = f"http://localhost:{sock.getsockname()[1]}"
        with desk_world.opened(folder, origin=url) as world:
            server = HttpServer(world.application, sock, "web")  # type: ignore[arg-type]
            server.start()
            yield url, world
            server.close()


def looked_at(page: Page, name: str) -> None:
    """Hold a page against WCAG, and keep pictures where somebody wants to look at it."""
    assert_accessible(page)
    folder = os.environ.get("SLUICEGATE_PICTURES")
    for width in (390, 1280) if folder else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if width == 390 else "light")
        page.screenshot(path=str(Path(str(folder)) / f"{name}-{width}.png"), full_page=True)


def clerk(browser: Browser, served: tuple[str, DeskWorld], *, js: bool) -> Page:
    """A window in which the records account is signed in."""
    url, world = served
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=js)
    token = world.desk.accounts.sittings.begin("records", "a test", world.time())
    context.add_cookies([{"name": "sluicegate", "value": token, "url": url}])
    return context.new_page()


def released(page: Page, served: tuple[str, DeskWorld], name: str, *, js: bool) -> None:
    """From a booking to its published release."""
    url, world = served
    look = looked_at if js else lambda *_: None
    page.goto(f"{url}/desk/release")
    look(page, "start")
    page.fill("#case", world.cases["full"])
    page.click("main form[method=get] button")
    look(page, "document")
    with page.expect_download() as got:
        page.click("form[action='/desk/release/seal'] button")
    if js:
        page.set_input_files("#sealed-file", str(got.value.path()))
        page.wait_for_function("document.getElementById('sealed').value !== ''")
    else:
        assert not page.is_visible("#sealed-file")
        page.fill("#sealed", got.value.path().read_text("utf-8"))
    page.check("[name=propose]")
    page.click("form[action='/desk/release/choose'] button")
    look(page, "choose")
    page.fill("#name", name)
    page.click("form[action='/desk/release/preview'] > button")
    look(page, "preview")
    for box in page.locator("form[action='/desk/release/publish'] [type=checkbox]").all():
        box.check()
    page.click("form[action='/desk/release/publish'] button")
    page.wait_for_url(f"**/desk/release/made/{name}")
    look(page, "made")


@pytest.mark.parametrize("js", [True, False])
def test_a_bookings_record_is_released(browser: Browser, served: tuple[str, DeskWorld], js: bool) -> None:
    """Shown, sealed into a download, redacted as proposed, previewed and published."""
    page = clerk(browser, served, js=js)
    released(page, served, f"record-{js}".lower(), js=js)
    assert (served[1].town.home / "public" / "releases" / f"record-{js}".lower()).is_dir()
    page.context.close()
