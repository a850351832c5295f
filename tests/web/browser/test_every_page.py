# SPDX-License-Identifier: Apache-2.0
"""Every page of the site and its desks, found in the application itself, is for everybody and well formed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import demo_town
import pytest
from accessible import overflow, violations
from desk_world import DeskWorld
from playwright.sync_api import Browser, Page
from starlette.routing import BaseRoute, Mount
from tools import staged

from scenes import scratch
from sluicegate.exchange.expunge import Order
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.store.people_sittings import ENROL, FULL

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Shown:
    """How a page comes about: its address, whose it is, and what is filled, chosen and pressed before."""

    path: str
    who: str = ""
    fill: tuple[tuple[str, str], ...] = ()
    check: tuple[str, ...] = ()
    press: tuple[str, ...] = ()


WHY = (("#why", "the sender called about it"),)
PERSON = "form.reason button"
PAGES = {
    "GET /": Shown("/"),
    "GET /places": Shown("/places?q=san"),
    "GET /places/{place}": Shown("/places/US-CA-075?on=2010-11-15"),
    "GET /agencies/{ori}": Shown("/agencies/VA0070100"),
    "GET /nation": Shown("/nation?on=2010-11-10"),
    "GET /words": Shown("/words"),
    "GET /words/compare": Shown("/words/compare?a=V06&b=V12"),
    "GET /words/{version}": Shown("/words/V12"),
    "GET /numbers": Shown("/numbers"),
    "GET /numbers/verify": Shown("/numbers/verify?jurisdiction=US-CA-075&month=2010-11&figure=shared"),
    "GET /receipt": Shown("/receipt"),
    "GET /releases": Shown("/releases"),
    "GET /releases/{id}": Shown("/releases/letter-1"),
    "GET /ledger": Shown("/ledger"),
    "GET /ledger/{place}": Shown("/ledger/US-CA-075"),
    "GET /how": Shown("/how"),
    "GET /api": Shown("/api"),
    "GET /desk/sign-in": Shown("/desk/sign-in"),
    "GET /desk/enrol": Shown("/desk/enrol"),
    "GET /desk/enrol/factors": Shown("/desk/enrol/factors", "auditor"),
    "GET /desk/": Shown("/desk/", "operator"),
    "GET /desk/account": Shown("/desk/account", "operator"),
    "GET /desk/bookings": Shown("/desk/bookings", "operator"),
    "GET /desk/bookings/{case}": Shown("/desk/bookings/{full}", "operator"),
    "POST /desk/bookings/{case}/person": Shown("/desk/bookings/{full}", "operator", WHY, press=(PERSON,)),
    "POST /desk/bookings/{case}/image": Shown(
        "/desk/bookings/{full}", "operator", WHY, press=(PERSON, ".prints button >> nth=0")
    ),
    "GET /desk/examine": Shown("/desk/examine", "examiner"),
    "GET /desk/examine/{case}": Shown("/desk/examine/{waits}?marks=all&lines=1", "examiner"),
    "POST /desk/examine/{case}": Shown(
        "/desk/examine/{waits}",
        "examiner",
        (("#why", "Ridge flow and ten minutiae agree."),),
        ("form.word input[type=radio] >> nth=0",),
        ("form.word button",),
    ),
    "GET /desk/officer": Shown("/desk/officer", "officer"),
    "GET /desk/officer/{case}": Shown("/desk/officer/{query}", "officer"),
    "POST /desk/officer/{case}/preview": Shown(
        "/desk/officer/{query}",
        "officer",
        (("input[type=date]", "2009-03-31"),),
        ("fieldset:nth-of-type(1) input >> nth=0", "fieldset:nth-of-type(2) input[type=radio] >> nth=0"),
        ("form[action$=preview] button",),
    ),
    "GET /desk/registrar": Shown("/desk/registrar", "alice"),
    "GET /desk/registrar/new/{what}": Shown("/desk/registrar/new/choice", "alice"),
    "POST /desk/registrar/new/{what}": Shown(
        "/desk/registrar/new/choice", "alice", press=("form.change button",)
    ),
    "GET /desk/registrar/links/{number:int}": Shown("/desk/registrar/links/0", "alice"),
    "GET /desk/registrar/proposals/{name}": Shown("/desk/registrar/proposals/{proposal}", "bob"),
    "GET /desk/registrar/proposals/{name}/aside": Shown("/desk/registrar/proposals/{proposal}/aside", "bob"),
    "GET /desk/records": Shown("/desk/records", "records"),
    "GET /desk/records/booking/{case}": Shown("/desk/records/booking/{full}", "records"),
    "POST /desk/records/booking/{case}/remove": Shown(
        "/desk/records/booking/{full}",
        "records",
        (("form[action$=remove] >> nth=0 >> input[name=by]", "a court"),),
        (),
        ("form[action$=remove] >> nth=0 >> button",),
    ),
    "GET /desk/records/gone/{case}": Shown("/desk/records/gone/{gone}", "records"),
    "GET /desk/records/challenge/{number}": Shown("/desk/records/challenge/1", "records"),
    "GET /desk/release": Shown("/desk/release", "records"),
    "GET /desk/release/case/{case}": Shown("/desk/release/case/{full}", "records"),
    "GET /desk/release/made/{name}": Shown("/desk/release/made/letter-1", "records"),
    "GET /desk/health": Shown("/desk/health", "operator"),
    "GET /desk/people": Shown("/desk/people", "admin"),
}
"""How each route that answers with a page of its own comes to do so."""

LEADS_ON = {
    "POST /desk/sign-in", "POST /desk/enrol", "POST /desk/enrol/factors", "POST /desk/sign-out",
    "POST /desk/passkey/ask", "POST /desk/passkey/sign-in", "POST /desk/passkey/new",
    "POST /desk/passkey/enter", "POST /desk/examine/{case}/word", "POST /desk/officer/{case}/say",
    "POST /desk/registrar/draft", "POST /desk/registrar/proposals/{name}/sign",
    "POST /desk/registrar/proposals/{name}/aside", "POST /desk/records/booking/{case}/challenge",
    "POST /desk/records/booking/{case}/destroy", "POST /desk/records/challenge/{number}/{act}",
    # Pages of a document that a form carries: test_releasing goes through them, and looks at each.
    "POST /desk/release/document", "POST /desk/release/seal", "POST /desk/release/choose",
    "POST /desk/release/preview", "POST /desk/release/page", "POST /desk/release/publish",
    "POST /desk/people/{name}/open", "POST /desk/people/{name}/reset",
}  # fmt: skip
"""Routes that answer with the way to another page; what they say when they refuse stands on pages above."""

FILES = (
    ".json", ".csv", ".png", ".ico", "/file", "/text", "/{name:path}", "/verify/{name}", "/bookings/live",
    "/bookings/{case}/receipt",
)  # fmt: skip
"""Ends of addresses that answer with a file; all below /api/v1 do."""

_WRONG = """() => {
  const found = [], every = selector => [...document.querySelectorAll(selector)];
  if (every('h1').length !== 1) found.push(every('h1').length + ' first headings');
  const ids = every('[id]').map(one => one.id);
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) found.push('id twice: ' + id);
  for (const one of every('input:not([type=hidden]), select, textarea'))
    if (!one.labels?.length && !one.getAttribute('aria-label') && !one.getAttribute('aria-labelledby'))
      found.push('no label: ' + (one.id || one.name));
  for (const one of every('[for], [aria-describedby], [aria-labelledby]'))
    for (const name of ['for', 'aria-describedby', 'aria-labelledby'])
      for (const id of (one.getAttribute(name) || '').split(' ').filter(Boolean))
        if (!document.getElementById(id)) found.push(name + ' names nothing: ' + id);
  if (!document.documentElement.lang) found.push('no language');
  if (!document.title.trim() || document.title.startsWith(' ')) found.push('no title');
  for (const one of every('[style], [onclick], script:not([src]):not([type="application/json"])'))
    found.push('inline: ' + one.outerHTML.slice(0, 60));
  return found;
}"""


@pytest.fixture(scope="module")
def town() -> Iterator[DeskWorld]:
    """The demonstration's home with a challenge, a proposal and a destroyed booking, served on loopback."""
    sock = bound("127.0.0.1", 0, "web")
    origin = f"http://localhost:{sock.getsockname()[1]}"
    with scratch() as folder, demo_town.opened(folder, origin) as world:
        exchange, cases = world.town.exchange, world.cases
        staged.challenge(exchange)
        exchange.expungers["bureau"].expunge(cases["DEMO-NOTACTIVE-0001"], Order("court-order", "a court"))
        cases |= {
            "full": cases["DEMO-FULL-0001"],
            "waits": cases["DEMO-WAITS-0001"],
            "gone": cases["DEMO-NOTACTIVE-0001"],
            "query": world.town.queries()[0].case_id,
            "proposal": staged.propose(exchange),
        }
        server = HttpServer(world.application, sock, "web")  # type: ignore[arg-type]
        server.start()
        yield world
        server.close()


def routes(found: Sequence[BaseRoute], before: str = "") -> Iterator[str]:
    """Method and address of every route, those below other applications too."""
    for one in found:
        if isinstance(one, Mount):
            yield from routes(_inside(one.app), before + one.path)
        else:
            for method in sorted(set(getattr(one, "methods", None) or {"ANY"}) - {"HEAD"}):
                yield f"{method} {before}{one.path}"  # type: ignore[attr-defined]


def _inside(application: object) -> Sequence[BaseRoute]:
    """Routes of an application, whatever is wrapped around it."""
    while not hasattr(application, "routes"):
        application = getattr(application, "app", None) or application._app  # type: ignore[attr-defined]
    found: Sequence[BaseRoute] = application.routes
    return found


def test_every_route_is_a_page_here_or_known_to_be_none(town: DeskWorld) -> None:
    """A route that the site has and that nobody looks at fails this test, and so does one that is gone."""
    every = set(routes(_inside(town.application)))
    files = {one for one in every if one.endswith(FILES) or " /api/v1/" in one}
    assert sorted(every - files - LEADS_ON - set(PAGES)) == []
    assert sorted((set(PAGES) | LEADS_ON) - every) == []
    assert not files & set(PAGES)


@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_for_everybody(browser: Browser, town: DeskWorld, route: str) -> None:
    """It passes axe-core at WCAG 2.2 AA, light on a desktop and dark on a phone, fits, and is well formed."""
    shown = PAGES[route]
    origin = town.desk.site.origin
    context = browser.new_context(locale="en-US", base_url=origin, reduced_motion="reduce")
    if shown.who:
        kind = ENROL if "enrol" in shown.path else FULL
        token = town.desk.accounts.sittings.begin(shown.who, "a test", town.time(), kind)
        context.add_cookies([{"name": "sluicegate", "value": token, "url": origin}])
    page = context.new_page()
    answer = page.goto(shown.path.format_map(town.cases))
    assert answer is not None
    assert (answer.status, page.url) == (200, origin + shown.path.format_map(town.cases))
    come(page, shown)
    assert re.search(re.sub(r"{[^}]*}", "[^/]+", route.split()[1]) + "$", page.url.partition("?")[0])
    wrong = list(page.evaluate(_WRONG))
    for width, height, scheme in ((1280, 900, "light"), (390, 844, "dark")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        wrong += [f"{width}, {scheme}: {one}" for one in violations(page)]
        if (wide := overflow(page)) > 0:
            wrong.append(f"{width}: {wide} pixels too wide")
    context.close()
    assert wrong == []


def come(page: Page, shown: Shown) -> None:
    """Do what leads to the page."""
    for selector in shown.check:
        page.check(selector)
    # What a browser would not send is sent all the same: then the page says what is wrong.
    page.evaluate("for (const one of document.forms) one.noValidate = true")
    for number, selector in enumerate(shown.press):
        for place, text in shown.fill if number == 0 else ():
            page.fill(place, text)
        with page.expect_navigation():
            page.click(selector)
