# SPDX-License-Identifier: Apache-2.0
"""The nation in a real browser: the slider, the keyboard, and the same page without a script."""

from __future__ import annotations

import pytest
from accessible import assert_accessible, overflow, violations
from playwright.sync_api import Page, expect

from browser.conftest import Opener

pytestmark = pytest.mark.slow

ARLINGTON = "[data-place=US-VA-013]"
DAY = "/nation?on=2010-09-28&view=mode&known=now"


def as_shown(page: Page) -> dict[str, object]:
    """All that depends on the day: the map, the figures, the key and the table."""
    found: dict[str, object] = page.evaluate(
        """() => ({
          lands: [...document.querySelectorAll('a.land')].map(one =>
            [one.dataset.place, one.getAttribute('class'), one.firstElementChild.textContent]),
          letters: [...document.querySelectorAll('[data-letter]')].map(one => one.textContent),
          figures: [...document.querySelectorAll('.figures strong')].map(one => one.textContent),
          key: [...document.querySelectorAll('[data-key], [data-ground]')].map(one => one.textContent),
          rows: [...document.querySelectorAll('[data-row]')].map(one => one.innerText),
          day: document.querySelector('#day').textContent,
          steps: ['earlier', 'later'].map(id => document.getElementById(id)).map(one =>
            one.hidden ? null : [one.getAttribute('href'), one.innerText]),
        })"""
    )
    return found


@pytest.mark.parametrize(("view", "known"), [("mode", "then"), ("gap", "now")])
def test_the_slider_shows_what_the_server_would(browser_page: Opener, view: str, known: str) -> None:
    """A day reached by the slider has the same map, figures, key and table as the page of that day."""
    page = browser_page(f"/nation?on=2008-06-01&view={view}&known={known}&lang=es")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    for day in ("2009-07-30", "2010-11-10"):
        page.locator("#on").fill(day)
        moved = as_shown(page)
        still = browser_page(f"/nation?on={day}&view={view}&known={known}&lang=es", js=False)
        assert moved == as_shown(still)
    assert [one for one in asked if "icon.svg" not in one] == []


def test_the_slider_goes_from_change_to_change_by_keyboard(browser_page: Opener) -> None:
    """Arrow keys go to the next change, the day and counts are announced, and the address follows."""
    page = browser_page(DAY)
    page.locator("#slider").focus()
    page.keyboard.press("ArrowRight")
    day = page.locator("#slider").get_attribute("aria-valuetext")
    assert day == page.locator("#day").inner_text() != "September 28, 2010"
    page.wait_for_function("day => document.querySelector('#status').textContent.startsWith(day)", arg=day)
    assert f"on={page.locator('#on').input_value()}" in page.url
    page.keyboard.press("Home")
    assert page.locator("#on").input_value() == "2008-01-01"
    assert page.locator("#earlier").is_hidden()


def test_a_county_is_told_on_pointing_and_leads_to_its_place(browser_page: Opener) -> None:
    """Pointing tells county, asked for, in force, rule; the keyboard goes over the map and opens a place."""
    page = browser_page(DAY)
    page.locator(f"{ARLINGTON} circle").hover()
    told = page.locator("#told").inner_text()
    assert "Arlington County" in told
    assert "Asked for:" in told
    page.locator("[data-place=US-KS] path").nth(3).hover()
    page.wait_for_function("document.querySelector('#told').textContent.includes(', Kansas')")
    page.locator("a.land[tabindex='0']").focus()
    assert "Alabama" in page.locator("#told").inner_text()
    page.keyboard.press("ArrowRight")
    assert "Georgia" in page.locator("#told").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/places/US-GA")


def test_playing_is_not_offered_where_less_motion_is_wished(browser_page: Opener) -> None:
    """Nothing moves by itself; the button that plays is there only for those who did not ask for less."""
    page = browser_page(DAY)
    expect(page.locator("#play")).to_be_visible()
    page.emulate_media(reduced_motion="reduce")
    assert page.locator("#play").is_hidden()


def test_the_map_is_whole_without_a_script(browser_page: Opener) -> None:
    """Without JavaScript the map is colored and leads to places, and days are reached by links and a form."""
    page = browser_page(DAY, js=False)
    assert page.locator("#slider").is_hidden()
    assert page.locator("#told").is_hidden()
    page.locator("#later").click()
    assert "on=2010-1" in page.url
    page.locator("#on").fill("2010-06-01")
    page.get_by_label("then, on that day").check()
    page.get_by_role("button", name="Show this day").click()
    assert "on=2010-06-01" in page.url
    assert "known=then" in page.url
    page.locator("[data-place=US-TX] path").nth(40).click()
    assert page.url.endswith("/places/US-TX")


def test_the_page_is_accessible(browser_page: Opener) -> None:
    """The map passes axe-core at WCAG 2.2 AA, at desktop and phone, light and dark."""
    assert_accessible(browser_page("/nation?on=2010-11-10&view=mode&known=now"))


def test_the_other_view_is_accessible_on_a_dark_phone(browser_page: Opener) -> None:
    """So does the view of gaps, in Spanish, where words are longest."""
    page = browser_page("/nation?on=2010-11-10&view=gap&known=then&lang=es", width=390, dark=True)
    assert violations(page) == []
    assert overflow(page) <= 0
