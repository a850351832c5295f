# SPDX-License-Identifier: Apache-2.0
"""Real Chromium on the real server, on loopback; a page that asks elsewhere or complains fails its test."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.web.app import build
from sluicegate.web.frame import Site

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
"""Without a graphics process, and with its memory in files: /dev/shm is full of homes while tests run."""
STEP_MS = 15_000
LAUNCH_MS = 60_000
TEST_S = 180
"""Longest that one step, the start of the browser, and one test may take: on a busy machine, none hangs."""


class Opener(Protocol):
    """Opens a path of the site in a window of its own and returns its page, loaded."""

    def __call__(
        self, path: str, *, js: bool = True, width: int = 1280, height: int = 900, dark: bool = False
    ) -> Page: ...


@pytest.fixture(scope="package")
def site_url(site: Site) -> Iterator[str]:
    """Where the site of `public_home` is served, without a slash at the end."""
    sock = bound("127.0.0.1", 0, "web")
    server = HttpServer(build(site), sock, "web")
    server.start()
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of this folder only: its event loop must not outlive them."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with _at_most(2 * LAUNCH_MS // 1000):
        play = sync_playwright().start()
        made = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS, timeout=LAUNCH_MS)
    made.new_context = _patient(made.new_context)  # type: ignore[method-assign]
    yield made
    with _at_most(LAUNCH_MS // 1000):
        for context in list(made.contexts):
            context.close()
        made.close()
        play.stop()


def _patient(plain: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    """Windows whose steps end with an error sooner than Playwright's own thirty seconds each."""

    def new_context(**given: Any) -> BrowserContext:
        made = plain(**given)
        made.set_default_timeout(STEP_MS)
        return made

    return new_context


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in this block once so many seconds have gone: a driver may wait for ever for a
    Chromium that the system has killed."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the browser did not answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """No test of this folder hangs."""
    with _at_most(TEST_S):
        yield


@pytest.fixture
def browser_page(browser: Browser, site_url: str) -> Iterator[Opener]:
    """`browser_page(path, js=..., width=..., height=..., dark=...)`, as often as a test needs."""
    opened = []
    complaints: list[str] = []

    def heard(page: Page) -> Page:
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: complaints.append(f"asked {asked.url}") if _elsewhere(asked.url) else None,
        )
        return page

    def open_(
        path: str, *, js: bool = True, width: int = 1280, height: int = 900, dark: bool = False
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=js,
            locale="en-US",
        )
        opened.append(context)
        page = heard(context.new_page())
        page.goto(site_url + path)
        return page

    yield open_
    for context in opened:
        context.close()
    assert complaints == []


def _elsewhere(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != "127.0.0.1"
