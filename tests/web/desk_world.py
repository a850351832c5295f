# SPDX-License-Identifier: Apache-2.0
"""The desks over a small home with cases in every state, and people of every role to look at it.

    with desk_world.opened(folder) as world:
        client = world.client("examiner")        # signed in as the account `examiner`
        client.get("/desk/")
        client.post("/desk/x", data={**world.form(client), "same": "yes"})

`world.cases` names a case of the bureau by how it stands, `world.copies` one of the partner. For a browser:
`desk_world.sign_in(page, url, world, "examiner")`. To test pages that are not in the table yet, give `pages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from declared import StrictPages
from web_world import TestClient

from scenes import Town
from sluicegate.cli.calls import Call
from sluicegate.cli.publishing import publish_all
from sluicegate.cli.site import public_source
from sluicegate.exchange.case import State
from sluicegate.store.people import PeopleFile
from sluicegate.web import app, desk
from sluicegate.web.frame import Site
from sluicegate.web.operator import accounts, csrf, totp
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.table import DESK, Page
from sluicegate.web.pages import environment

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

ORIGIN = "http://localhost:8080"
PASSWORD = "a tide of seven gates"
SECRETS = {
    str(role): f"{'ABCDEFGH'[at]}BSWY3DPEHPK3PXPJBSWY3DPEHPK3PX{'ABCDEFGH'[at]}"
    for at, role in enumerate(Role)
}
"""Secrets of the code generators, by account; every account has the name of its one role."""
_HASH = accounts.hashed(PASSWORD)


class StillTime:
    """Real time as the sessions see it; it moves when a test moves it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class DeskWorld:
    """An exchange, its desks, and the application over both."""

    town: Town
    desk: Desk
    time: StillTime
    application: object
    cases: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)

    def visitor(self) -> TestClient:
        """Somebody who is not signed in."""
        return TestClient(self.application, base_url=self.desk.site.origin, follow_redirects=False)  # type: ignore[arg-type]

    def client(self, role: str) -> TestClient:
        """The account of this name, signed in."""
        made = self.visitor()
        token = self.desk.accounts.sittings.begin(role, "a test", self.time())
        made.cookies.set("sluicegate", token)
        made.headers["origin"] = self.desk.site.origin
        return made

    @staticmethod
    def form(client: TestClient) -> dict[str, str]:
        """The hidden field that forms of a signed-in client carry."""
        return {"csrf": csrf.token(str(client.cookies["sluicegate"]))}

    def code(self, role: str) -> str:
        """The code that the generator of an account shows."""
        return totp.code(SECRETS[role], self.time())

    def facts(self, kind: str, side: str = "bureau") -> list[dict[str, object]]:
        """Bodies of the entries of a kind, oldest first."""
        store = self.town.exchange.offices[side].store
        return [store.log.body(row) for row in store.rows("all_entries") if row["kind"] == kind]


@contextmanager
def opened(
    folder: Path, *, pages: Sequence[Page] = DESK, origin: str = ORIGIN, populated: bool = True
) -> Iterator[DeskWorld]:
    """A home with its desks; `populated` adds a case in every state, published as far as it goes."""
    town = Town(folder / "home")
    cases, copies = _populate(town) if populated else ({}, {})
    Publishing(town).publish()
    time = StillTime()
    file = PeopleFile(town.home)
    try:
        made = desk_of(town, file, time, origin, pages)
        for role in Role:
            person(made, str(role))
        application = app.build(made.site, desk.routes(made, pages))
        yield DeskWorld(town, made, time, application, cases, copies)
    finally:
        file.close()
        town.close()


def desk_of(town: Town, file: PeopleFile, time: StillTime, origin: str, pages: Sequence[Page] = DESK) -> Desk:
    """The desks of a town, whose templates are given exactly what is declared for them."""
    site = Site(public_source(town.home), town.clock, StrictPages(environment()), origin)
    return desk.open_desk(site, town.exchange, file, now=time, pages=pages)


def person(made: Desk, role: str) -> None:
    """An account of the role's name, with the password and the code generator of these worlds."""
    people = made.accounts.people
    people.add(role, (role,), made.now())
    people.set_password(role, _HASH, SECRETS[role], 0)


@dataclass(frozen=True, slots=True)
class Publishing:
    """Publishes what a town has."""

    town: Town

    def publish(self) -> None:
        """Everything, to `public/` and `partner-public/`."""
        publish_all(Call(self.town.home, as_json=False), self.town.clock(), everything=True)


def _populate(town: Town) -> tuple[dict[str, str], dict[str, str]]:
    """Bookings that end in every state; by how they stand. The names of persons follow from their numbers."""
    cases: dict[str, str] = {}
    for at, scene in enumerate(("full", "no-answer", "no-relay", "filter", "listed", "unlisted")):
        town.enrol(town.exchange.gallery, 10 + at, f"P000000{10 + at}")
        cases[scene] = town.book(scene, 10 + at)
    cases["silent"] = town.book("full", 30)
    town.finish()
    for at in (1, 2):  # two subjects fit: an examiner must say which
        town.enrol(town.exchange.open, 40 + at - at, f"G0000004{at}")
    cases["awaiting"] = town.book("full", 40)
    bad = town.draft("full", 50).replace(b"2.027:508", b"2.027:XYZ")
    cases["refused"] = town.submit(bad)
    town.enrol(town.exchange.gallery, 60, "P00000060")
    cases["queried"] = town.book("full", 60)
    town.settle()
    cases["spooled"] = town.book("full", 70)
    partner = town.exchange.offices["partner"].store
    copies = {str(state): one.case_id for state in State for one in partner.cases_in([state])}
    return cases, copies


def sign_in(page: Tab, url: str, world: DeskWorld, role: str) -> None:
    """Sign a browser in as the account of this name, with its password and code, as a person would."""
    page.goto(f"{url}/desk/sign-in")
    page.fill("#name", role)
    page.fill("#password", PASSWORD)
    page.fill("#code", world.code(role))
    page.click("form[action='/desk/sign-in'] button")
    world.time.now += totp.STEP_S  # a code is used once
