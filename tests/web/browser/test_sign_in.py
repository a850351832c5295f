# SPDX-License-Identifier: Apache-2.0
"""Setting up an account and signing in, in real Chromium: with a passkey, and without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import desk_world
import pytest
from accessible import assert_accessible
from desk_world import DeskWorld
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from scenes import scratch
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.web.operator import accounts, totp

pytestmark = pytest.mark.slow


@dataclass
class Served:
    """Desks that answer on loopback."""

    url: str
    world: DeskWorld

    def invite(self, name: str) -> str:
        """A new account, and its code."""
        people = self.world.desk.accounts.people
        people.add(name, ("examiner",), self.world.time())
        code = accounts.new_code()
        people.invite(name, accounts.code_hash(code), self.world.time() + 1000)
        return code


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The desks over a home without cases, under the name localhost: passkeys are made for names only."""
    with scratch() as folder:
        sock = bound("127.0.0.1", 0, "web")
        url = f"http://localhost:{sock.getsockname()[1]}"
        with desk_world.opened(folder, origin=url, populated=False) as world:
            server = HttpServer(world.application, sock, "web")  # type: ignore[arg-type]
            server.start()
            yield Served(url, world)
            server.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of its own."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


def device(page: Page, *, verified: bool = True) -> CDPSession:
    """A virtual authenticator that keeps passkeys, and knows its owner or does not."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verified,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def enrol(page: Page, served: Served, name: str) -> None:
    """To the page where one chooses how to sign in."""
    page.goto(f"{served.url}/desk/enrol")
    page.fill("#name", name)
    page.fill("#code", served.invite(name))
    page.click("main form button")
    page.wait_for_url("**/desk/enrol/factors")


def seen(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants to look at it."""
    folder = os.environ.get("SLUICEGATE_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def looked_at(page: Page, name: str) -> None:
    """Hold a page against WCAG, and keep pictures of it."""
    assert_accessible(page)
    for size, width in (("phone", 390), ("desktop", 1280)):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            seen(page, f"{name}-{size}-{scheme}")


def test_a_passkey_is_made_and_signs_in_and_a_device_that_knows_nobody_does_not(
    context: BrowserContext, served: Served
) -> None:
    """A device that verifies its owner sets up an account and signs in; one that does not is refused."""
    page = context.new_page()
    session = device(page)
    enrol(page, served, "anna")
    looked_at(page, "factors")
    page.click("[data-passkey] button")
    page.wait_for_url(f"{served.url}/desk/")
    assert served.world.facts("signed-in")[-1] == {"who": "anna", "way": "passkey"}
    looked_at(page, "home")
    page.goto(f"{served.url}/desk/account")
    looked_at(page, "account")
    page.click(".who button")
    page.wait_for_url("**/desk/sign-in?why=out")
    page.goto(f"{served.url}/desk/sign-in?next=/desk/account")
    looked_at(page, "sign-in")
    page.click("[data-passkey] button")
    page.wait_for_url(f"{served.url}/desk/account")
    assert "1 passkey" in page.inner_text("main")
    served.world.desk.accounts.people.set_disabled("anna", disabled=True)
    page.goto(f"{served.url}/desk/sign-in")
    page.click("[data-passkey] button")
    page.wait_for_selector("[data-passkey] .errors:visible")
    session.detach()


def test_a_device_that_does_not_know_its_owner_makes_no_passkey(
    context: BrowserContext, served: Served
) -> None:
    """User verification is required: holding the device is one factor only."""
    page = context.new_page()
    device(page, verified=False)
    enrol(page, served, "boris")
    page.click("[data-passkey] button")
    page.wait_for_selector("[data-passkey] .errors:visible", timeout=5000)
    assert served.world.desk.accounts.people.passkeys("boris") == []


def test_everything_works_with_javascript_off(browser: Browser, served: Served) -> None:
    """An account is set up with password and code, signs out and in again, without any script."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    enrol(page, served, "clara")
    assert not page.is_visible("[data-passkey] button")
    secret = page.inner_text(".scan code").replace(" ", "")
    page.fill("#password", desk_world.PASSWORD)
    page.fill("#again", desk_world.PASSWORD)
    page.fill("form[action='/desk/enrol/factors'] #code", totp.code(secret, served.world.time()))
    page.click("form[action='/desk/enrol/factors'] button")
    page.wait_for_url(f"{served.url}/desk/")
    page.click(".who button")
    served.world.time.now += totp.STEP_S
    page.fill("#name", "clara")
    page.fill("#password", desk_world.PASSWORD)
    page.fill("#code", totp.code(secret, served.world.time()))
    page.click("form[action='/desk/sign-in'] button")
    page.wait_for_url(f"{served.url}/desk/")
    assert "clara" in page.inner_text(".who")
    context.close()


def test_an_administrators_page_is_accessible(context: BrowserContext, served: Served) -> None:
    """The list of people, with a new code on it, passes the same checks, on a telephone too."""
    page = context.new_page()
    desk_world.sign_in(page, served.url, served.world, "admin")
    page.goto(f"{served.url}/desk/people")
    page.click("form[action='/desk/people/auditor/reset'] button")
    page.wait_for_selector(".code")
    looked_at(page, "people")


def test_what_goes_wrong_at_the_door_is_said_accessibly(context: BrowserContext, served: Served) -> None:
    """The page with an error, and the one for a code, pass the same checks as those without."""
    page = context.new_page()
    page.goto(f"{served.url}/desk/sign-in")
    for field, typed in (("name", "nobody"), ("password", "not at all this"), ("code", "000000")):
        page.fill(f"#{field}", typed)
    page.click("form[action='/desk/sign-in'] button")
    assert "did not fit" in page.inner_text("[role=alert]:visible")
    looked_at(page, "wrong")
    page.goto(f"{served.url}/desk/enrol")
    looked_at(page, "enrol")
