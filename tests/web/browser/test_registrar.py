# SPDX-License-Identifier: Apache-2.0
"""The registrar's desk in real Chromium: key files that never leave the browser sign a change."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import registrar_world
from accessible import assert_accessible
from desk_world import DeskWorld
from playwright.sync_api import Browser, Page, Request
from registrar_world import ALICE, BOB, CHOICE, registry_of

from scenes import scratch
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.ledger import keys
from sluicegate.ledger.keys import FileKey

pytestmark = pytest.mark.slow
PHRASE = "a weir of nine boards"


@dataclass
class Served:
    """The desks on loopback, and the key files of two registrars, closed with a passphrase."""

    url: str
    world: DeskWorld
    folder: Path

    def key_file(self, key: FileKey) -> Path:
        """The file of a key, as `registry enroll` writes it."""
        path = self.folder / f"registrar-{key.name}.key"
        if not path.exists():
            _write(path, key)
        return path

    def page(self, browser: Browser, name: str, *, js: bool = True) -> Page:
        """A window in which an account is signed in."""
        context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=js)
        token = self.world.desk.accounts.sittings.begin(name, "a test", self.world.time())
        context.add_cookies([{"name": "sluicegate", "value": token, "url": self.url}])
        return context.new_page()


def _write(path: Path, key: FileKey) -> None:
    """The file that `keys.create` makes, with a key that a test knows."""
    keys.create(path, key.name, passphrase=PHRASE)
    form, closed = keys.serialization.PrivateFormat.PKCS8, keys.serialization.BestAvailableEncryption
    pem = keys.serialization.Encoding.PEM
    path.write_bytes(key.private.private_bytes(pem, form, closed(PHRASE.encode())))


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Browsers sign on secure origins only, and localhost is one."""
    with scratch() as folder:
        sock = bound("127.0.0.1", 0, "web")
        url = f"http://localhost:{sock.getsockname()[1]}"
        with registrar_world.opened(folder, url) as world:
            server = HttpServer(world.application, sock, "web")  # type: ignore[arg-type]
            server.start()
            yield Served(url, world, folder)
            server.close()


def looked_at(page: Page, name: str) -> None:
    """Hold a page against WCAG, and keep pictures where somebody wants to look at it."""
    assert_accessible(page)
    pictured(page, name)


def pictured(page: Page, name: str) -> None:
    """Keep pictures where somebody wants to look at it."""
    folder = os.environ.get("SLUICEGATE_PICTURES")
    for size, width in (("phone", 390), ("desktop", 1280)) if folder else ():
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=str(Path(str(folder)) / f"{name}-{size}-{scheme}.png"), full_page=True)


def filled(page: Page, served: Served) -> None:
    """The form of a choice, sent."""
    page.goto(f"{served.url}/desk/registrar/new/choice")
    for name, value in CHOICE.items():
        box = page.locator(f"#f-{name}")
        if box.evaluate("one => one.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)


def sign(page: Page, file: Path, phrase: str) -> None:
    """Choose a key file and sign."""
    page.set_input_files("[data-key-file]", str(file))
    page.fill("[data-key-pass]", phrase)
    page.click("[data-make]")
    page.wait_for_selector("[data-said]:visible")


def test_two_people_change_a_choice_with_keys_that_never_leave_their_browsers(
    browser: Browser, served: Served
) -> None:
    """Proposed and approved in Chromium with key files; no request carries the key or its passphrase."""
    sent: list[Request] = []

    def heard(one: Request) -> None:
        sent.append(one)

    alice = served.page(browser, "alice")
    alice.on("request", heard)
    filled(alice, served)
    alice.fill("#f-jurisdiction", "San Fran")
    alice.click("form.change button")
    looked_at(alice, "mend")
    alice.fill("#f-jurisdiction", CHOICE["jurisdiction"])
    alice.click("form.change button")
    looked_at(alice, "draft")
    sign(alice, served.key_file(ALICE), "not this one")
    assert "does not open" in alice.inner_text("[data-said]")
    sign(alice, served.key_file(BOB), PHRASE)
    assert "another key" in alice.inner_text("[data-said]")
    sign(alice, served.key_file(ALICE), PHRASE)
    alice.click("[data-send]")
    alice.wait_for_url("**/proposals/*?done=proposed")
    looked_at(alice, "waiting")
    assert not alice.locator("[data-sign]").count()
    address = alice.url.partition("?")[0]
    bob = served.page(browser, "bob")
    bob.on("request", heard)
    bob.goto(address)
    looked_at(bob, "approve")
    bob.goto(f"{address}/aside?why=no")
    looked_at(bob, "aside")
    bob.goto(address)
    sign(bob, served.key_file(BOB), PHRASE)
    bob.click("[data-send]")
    bob.wait_for_url("**/desk/registrar?done=registered*")
    looked_at(bob, "overview")
    assert registry_of(served.world).chain().links[-1].signers == ("alice", "bob")
    bodies = [dict(parse_qsl(one.post_data or "")) for one in sent]
    secrets = (PHRASE, "PRIVATE KEY", ALICE.private.private_bytes_raw().hex())
    assert not [body for body in bodies if any(secret in str(body) for secret in secrets)]
    assert all(one.url.startswith(served.url) for one in sent)
    for page in (alice, bob):
        page.context.close()


def test_without_javascript_a_change_is_proposed_and_withdrawn(browser: Browser, served: Served) -> None:
    """The text is downloaded, signed on another machine, and its signature pasted; the reason too."""
    page = served.page(browser, "alice", js=False)
    filled(page, served)
    page.fill("#f-id", "N9100")
    page.fill("#f-jurisdiction", "Nowhere County")
    page.click("form.change button")
    pictured(page, "mend")
    page.fill("#f-jurisdiction", "US-CA-085")
    page.select_option("#f-kind", "request")
    page.select_option("#f-mode_in_force", "")
    page.click("form.change button")
    assert not page.is_visible("[data-make]")
    with page.expect_download() as got:
        page.click("button[form=text-form]")
    text = got.value.path().read_text("utf-8")
    assert text == page.inner_text("[data-text]").rstrip("\n") + "\n"
    page.fill("#signature", registrar_world.signed(text, ALICE))
    page.click("[data-send]")
    page.wait_for_url("**/proposals/*?done=proposed")
    page.click("text=Withdraw it")
    page.fill("#why", "the letter is not signed")
    page.click("main form[method=get] button")
    pictured(page, "aside")
    page.fill("#signature", registrar_world.signed(page.inner_text("[data-text]").rstrip("\n") + "\n", ALICE))
    page.click("[data-send]")
    page.wait_for_url("**/desk/registrar?done=aside*")
    assert "withdrawn" in page.inner_text("main")
    page.context.close()
