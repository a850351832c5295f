# SPDX-License-Identifier: Apache-2.0
"""The desks of the status officer and of records in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

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


@pytest.fixture(scope="module")
def served() -> Iterator[DeskWorld]:
    """The desks, served on loopback."""
    sock = bound("127.0.0.1", 0, "web")
    origin = f"http://localhost:{sock.getsockname()[1]}"
    with scratch() as folder, desk_world.opened(folder, origin=origin) as world:
        server = HttpServer(world.application, sock, "web")
        server.start()
        yield world
        server.close()


def signed_in(browser: Browser, world: DeskWorld, role: str) -> Page:
    """A window without scripts, signed in as the account of a role."""
    page = browser.new_context(java_script_enabled=False).new_page()
    desk_world.sign_in(page, world.desk.site.origin, world, role)
    return page


def test_an_officer_determines_without_scripts(browser: Browser, served: DeskWorld) -> None:
    """From the queue over the form and the message letter by letter to the answer, with scripts off."""
    page = signed_in(browser, served, "officer")
    query = served.town.queries()[0].case_id
    page.get_by_role("link", name="Status officer").first.click()
    page.get_by_role("link", name=query).click()
    page.get_by_label("United States citizen", exact=True).check()
    page.get_by_label("The subject's own immigration file").check()
    page.get_by_label("Date of that record").fill("2009-03-31")
    page.get_by_role("button", name="Show the message").click()
    expect(page.get_by_text("This message is not a detainer")).to_be_visible()
    page.get_by_role("button", name="Determine and send").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert served.town.exchange.partner.store.case(query).text("status") == "citizen"
    page.context.close()


@pytest.mark.parametrize("role", ["officer", "records"])
def test_the_pages_are_accessible(browser: Browser, served: DeskWorld, role: str) -> None:
    """List and case pass axe-core at WCAG 2.2 AA, at desktop and phone, light and dark, none too wide."""
    page = browser.new_context().new_page()
    url = served.desk.site.origin
    desk_world.sign_in(page, url, served, role)
    answered = next(
        one for one in served.town.exchange.partner.store.cases_in([State.CLOSED]) if one.text("status")
    )
    paths = {
        "officer": ("/desk/officer", f"/desk/officer/{answered.case_id}"),
        "records": ("/desk/records", f"/desk/records/booking/{served.cases['full']}"),
    }
    for path in paths[role]:
        page.goto(url + path)
        assert_accessible(page)
    page.context.close()
