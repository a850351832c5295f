# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.screenshots``: a picture of every page of the site, desktop and phone, light and dark.

Without ``--home`` the demonstration is played first, into a scratch folder, and made ready to be looked at.
With it, a copy of that home is opened, and nothing in it is changed; pages that it has nothing for are left
out. Writes ``screenshots/NN-name-{desktop,phone}-{light,dark}.png`` and ``screenshots/index.html``.
"""

from __future__ import annotations

import argparse
import html
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sluicegate import app
from sluicegate.cli.site import opened_site
from sluicegate.exchange.case import State
from sluicegate.settings import load
from sluicegate.store.people import People, PeopleFile
from sluicegate.store.people_sittings import Sittings
from sluicegate.store.preview import id_of
from tools import staged

CHROMIUM = "/usr/bin/chromium"
OUT = Path("screenshots")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PATIENCE_MS = 30_000


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to be taken: its name, its address, and whose account opens it (empty: anybody).

    Before the picture a field is filled (`fill`: selector, text) and something clicked, where that is said.
    """

    name: str
    path: str
    account: str = ""
    fill: tuple[str, str] = ("", "")
    click: str = ""


PUBLIC = (
    Shot("first-page", "/"),
    Shot("search", "/places?q=san"),
    Shot("search-nothing", "/places?q=zzzz"),
    Shot("county", "/places/US-CA-075?on=2010-11-15"),
    Shot("county-opted-out", "/places/US-VA-013?on=2010-11-15&known=then"),
    Shot("county-today", "/places/US-IL-031"),
    Shot("county-spanish", "/places/US-CA-075?on=2010-11-15&lang=es"),
    Shot("agency", "/agencies/VA0070100"),
    Shot("nation", "/nation?on=2010-11-10&view=mode&known=now"),
    Shot("nation-gap", "/nation?on=2010-11-10&view=gap&known=now"),
    Shot("words", "/words"),
    Shot("words-version", "/words/V12"),
    Shot("words-compare", "/words/compare?a=V06&b=V12"),
    Shot("numbers", "/numbers"),
    Shot("numbers-verify", "/numbers/verify?jurisdiction=US-CA-075&month=2010-11&figure=shared"),
    Shot("receipt", "/receipt"),
    Shot("releases", "/releases"),
    Shot("release", "/releases/letter-1"),
    Shot("ledger", "/ledger"),
    Shot("ledger-place", "/ledger/US-CA-075"),
    Shot("how", "/how"),
    Shot("api", "/api"),
    Shot("not-found", "/places/US-ZZ-999"),
    Shot("sign-in", "/desk/sign-in"),
    Shot("enrol", "/desk/enrol"),
)


def desks(exchange: app.Exchange) -> tuple[Shot, ...]:
    """The pages of the operators, as far as the home has something for them."""
    bureau, partner = exchange.bureau.store, exchange.partner.store
    waits = [case.case_id for case in bureau.cases_in([State.AWAITING])]
    closed = [case.case_id for case in bureau.cases_in([State.CLOSED])]
    asked = [case.case_id for case in partner.cases_in([State.QUERIED])]
    answered = [case.case_id for case in partner.cases_in([State.CLOSED]) if case.text("status")]
    refused = [case.case_id for case in bureau.cases_in(State) if case.text("refusal_code")]
    reason = {"fill": ("#why", "the sender called about it"), "click": "form.reason button"}
    found = [Shot("desk", "/desk/", "operator"), Shot("bookings", "/desk/bookings", "operator")]
    found += [Shot("booking", f"/desk/bookings/{one}", "operator") for one in closed[:1]]
    found += [Shot("booking-refused", f"/desk/bookings/{one}", "operator") for one in refused[:1]]
    found += [Shot("booking-person", f"/desk/bookings/{one}", "operator", **reason) for one in closed[:1]]  # type: ignore[arg-type]
    found += [Shot("examiner", "/desk/examine", "examiner")]
    found += [
        Shot("examiner-pair", f"/desk/examine/{one}?marks=all&lines=1", "examiner") for one in waits[:1]
    ]
    found += [Shot("officer", "/desk/officer", "officer")]
    found += [Shot("officer-query", f"/desk/officer/{one}", "officer") for one in asked[:1]]
    found += [Shot("officer-answered", f"/desk/officer/{one}", "officer") for one in answered[:1]]
    found += [Shot("registrar", "/desk/registrar", "alice")]
    found += [Shot("registrar-new", "/desk/registrar/new/choice", "alice")]
    found += [Shot("registrar-wording", "/desk/registrar/new/wording", "alice")]
    for name in _proposals(exchange):
        found += [Shot("registrar-proposal", f"/desk/registrar/proposals/{name}", "bob")]
    found += [Shot("records", "/desk/records", "records")]
    found += [Shot("records-booking", f"/desk/records/booking/{one}", "records") for one in closed[:1]]
    if bureau.rows("challenges", limit=1):
        found += [Shot("records-challenge", "/desk/records/challenge/1", "records")]
    found += [Shot("health", "/desk/health", "operator"), Shot("people", "/desk/people", "admin")]
    return (*found, Shot("account", "/desk/account", "examiner"))


def _proposals(exchange: app.Exchange) -> list[str]:
    registry = app.open_registry(exchange.settings, exchange.bureau.store, exchange.clock)
    return [id_of(file) for file, _ in registry.proposals()]


@contextmanager
def opened(home: Path) -> Iterator[tuple[str, app.Exchange, dict[str, str]]]:
    """The site of a home on loopback: its address, the exchange, and a session for every account."""
    staged.accounts(home)
    exchange = app.Exchange(load(home, web_port=0), searching=False)
    file = PeopleFile(home)
    try:
        with opened_site(exchange, port=0, serving=False) as origin:
            sittings, names = Sittings(file), {one.name for one in People(file).every()}
            yield origin, exchange, {one: sittings.begin(one, "a picture", time.time()) for one in names}
    finally:
        file.close()
        exchange.close()


def take(browser: Browser, origin: str, tokens: Mapping[str, str], shot: Shot, number: int) -> list[str]:
    """Four pictures of a page, from a window of its own; the names of their files."""
    context = browser.new_context(locale="en-US", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    if shot.account:
        context.add_cookies([{"name": "sluicegate", "value": tokens[shot.account], "url": origin}])
    try:
        page = context.new_page()
        page.goto(origin + shot.path, wait_until="networkidle")
        if shot.click:
            page.fill(*shot.fill)
            page.click(shot.click)
        return [_picture(page, shot, number, size, scheme) for size in SIZES for scheme in SCHEMES]
    finally:
        context.close()


def _picture(page: Page, shot: Shot, number: int, size: str, scheme: Literal["light", "dark"]) -> str:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    name = f"{number:02d}-{shot.name}-{size}-{scheme}.png"
    page.screenshot(path=OUT / name, full_page=True)
    return name


def index(taken: Mapping[str, Sequence[str]]) -> str:
    """A page with every picture, by page."""
    parts = ["<!doctype html><meta charset=utf-8><title>Every page of the site</title>"]
    parts += ["<style>img{width:20rem;border:1px solid #888;vertical-align:top;margin:.3rem}</style>"]
    for title, names in taken.items():
        pictures = "".join(f'<a href="{one}"><img loading=lazy src="{one}" alt="{one}"></a>' for one in names)
        parts.append(f"<h2>{html.escape(title)}</h2>{pictures}")
    return "\n".join(parts) + "\n"


def pictures(home: Path, console: Console, only: str = "") -> int:
    """Every picture of a home's site; how many."""
    OUT.mkdir(exist_ok=True)
    taken: dict[str, list[str]] = {}
    columns = (TextColumn("{task.description:<24}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
    with opened(home) as (origin, exchange, tokens), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE_MS)
        numbered = list(enumerate((*PUBLIC, *desks(exchange)), 1))
        numbered = [(number, shot) for number, shot in numbered if only in shot.name]
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=len(numbered))
            for number, shot in numbered:
                progress.update(task, description=shot.name)
                taken[f"{number:02d} {shot.name}: {shot.path}"] = take(browser, origin, tokens, shot, number)
                progress.advance(task)
        browser.close()
    if not only:
        (OUT / "index.html").write_text(index(taken), "utf-8")
    return sum(len(names) for names in taken.values())


def main() -> None:
    """Make or copy a home, open its site, take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home to look at; a copy of it is opened")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    given = parser.parse_args()
    if not Path(CHROMIUM).exists():
        sys.exit(f"There is no {CHROMIUM}, and nothing else draws pages here.")
    console = Console(highlight=False)
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if given.home:
            shutil.copytree(given.home, home)
        else:
            staged.stage(home, console.print)
        count = pictures(home, console, given.only)
    console.print(f"{count} pictures; open {OUT / 'index.html'}")


if __name__ == "__main__":
    main()
