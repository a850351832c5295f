# SPDX-License-Identifier: Apache-2.0
"""Sessions, forms and roles at the desks, tried on every route that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import desk_world
import pytest
from desk_world import ORIGIN, DeskWorld
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from scenes import scratch
from sluicegate.errors import LedgerError, StoreError, UsageError
from sluicegate.store.people import People, PeopleFile
from sluicegate.web import desk
from sluicegate.web.operator import accounts, csrf
from sluicegate.web.operator.frame import Desk, Seen
from sluicegate.web.operator.roles import Role, Side, roles_of
from sluicegate.web.operator.sessions import Person, give
from sluicegate.web.operator.table import DESK, Page

MINUTE = 60
SECRET_TEXT = "JONES, ALICE"


def trial(given: Desk) -> Sequence[BaseRoute]:
    """A page that shows personal data, one that takes a form, and one that reaches for the other side."""

    def show(request: Request, person: Person) -> Response:
        return PlainTextResponse(SECRET_TEXT)

    def take(request: Request, person: Person) -> Response:
        return PlainTextResponse(f"took {request.state.form['word']}")

    def cross(request: Request, person: Person) -> Response:
        return PlainTextResponse(str(given.partner.office.store))

    def seen(request: Request) -> Seen:
        return Seen("CASE0", "name", "a test")

    return [
        Route("/trial", given.guarded(show, role=Role.EXAMINER, personal=seen), methods=["GET"]),
        Route("/trial/take", given.guarded(take, role=Role.EXAMINER), methods=["POST"]),
        Route("/trial/cross", given.guarded(cross, role=Role.EXAMINER), methods=["GET"]),
    ]


TRIAL = Page(trial, Side.BUREAU, "examiner", "/desk/trial", (Role.EXAMINER,))
PAGES = (*DESK, TRIAL)


@pytest.fixture(scope="module")
def shared() -> Iterator[DeskWorld]:
    """The desks with all their pages, and those of this test."""
    with scratch() as folder, desk_world.opened(folder, pages=PAGES) as made:
        yield made


@pytest.fixture
def world(shared: DeskWorld) -> DeskWorld:
    """The same, a day later than any test before."""
    shared.time.now += 100_000
    return shared


# -- how long a session lasts ----------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "open_"), [(29, True), (31, False), (59, False), (61, False)])
def test_after_half_an_hour_idle_a_person_signs_in_again(world: DeskWorld, minutes: int, open_: bool) -> None:
    """A session that was not used for thirty minutes shows nothing until its person proves who they are."""
    client = world.client("examiner")
    world.time.now += minutes * MINUTE
    answer = client.get("/desk/trial?a=1")
    assert (answer.status_code == 200) == open_
    if not open_:
        why = "idle" if minutes < 60 else "ended"
        assert answer.headers["location"] == f"/desk/sign-in?next=%2Fdesk%2Ftrial%3Fa%3D1&why={why}"
        assert SECRET_TEXT not in answer.text


def test_asking_again_does_not_wake_a_session_that_went_idle(world: DeskWorld) -> None:
    """Once idle, requests do not count as use: a page that reloads itself keeps no session open."""
    client = world.client("examiner")
    world.time.now += 31 * MINUTE
    for _ in range(3):
        assert client.get("/desk/").status_code == 303
        world.time.now += 10 * MINUTE
    ended = client.get("/desk/")
    assert "why=ended" in ended.headers["location"]
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert world.facts("signed-out")[-1] == {"who": "examiner", "why": "an hour without a request"}


@pytest.mark.slow
def test_a_session_ends_after_twelve_hours_however_busy(world: DeskWorld) -> None:
    """Used every ten minutes, a session ends twelve hours after it began."""
    client = world.client("operator")
    for _ in range(71):
        world.time.now += 10 * MINUTE
        assert client.get("/desk/").status_code == 200
    world.time.now += 10 * MINUTE
    assert client.get("/desk/").status_code == 303
    assert world.facts("signed-out")[-1]["why"] == "twelve hours since it began"


def test_signing_out_ends_the_session_for_whoever_has_its_cookie(world: DeskWorld) -> None:
    """After signing out the old cookie opens nothing, even where somebody kept a copy."""
    client, copy = world.client("records"), world.visitor()
    copy.cookies.set("sluicegate", str(client.cookies["sluicegate"]))
    assert copy.get("/desk/").status_code == 200
    answer = client.post("/desk/sign-out", data=world.form(client))
    assert answer.headers["location"] == "/desk/sign-in?why=out"
    assert copy.get("/desk/").status_code == 303
    assert world.facts("signed-out")[-1] == {"who": "records", "why": "asked"}


def test_signing_out_everywhere_ends_every_session_of_the_person_and_no_other(world: DeskWorld) -> None:
    """A lost device is shut out from another one, and nobody else is."""
    here, there, other = world.client("records"), world.client("records"), world.client("operator")
    here.post("/desk/sign-out", data={**world.form(here), "everywhere": "yes"})
    assert [one.get("/desk/").status_code for one in (here, there, other)] == [303, 303, 200]


def test_a_change_of_roles_counts_at_the_next_request(world: DeskWorld) -> None:
    """A role that is taken away closes its pages at once, without waiting for a new session."""
    client, people = world.client("examiner"), world.desk.accounts.people
    assert client.get("/desk/trial").status_code == 200
    people.set_roles("examiner", ("auditor",))
    assert client.get("/desk/trial").status_code == 403
    people.set_roles("examiner", ("examiner",))


@pytest.mark.parametrize(
    ("origin", "name"), [(ORIGIN, "sluicegate"), ("https://x.example", "__Host-sluicegate")]
)
def test_the_cookie_is_for_this_host_only_and_for_no_script(origin: str, name: str) -> None:
    """The session's cookie is HttpOnly and SameSite=Strict, and over TLS Secure and bound to the host."""
    answer = Response()
    give(answer, origin, "token")
    held = answer.headers["set-cookie"]
    assert held.startswith(f"{name}=token; HttpOnly; Path=/; SameSite=strict")
    assert ("Secure" in held) == origin.startswith("https")
    assert "Domain" not in held
    assert "Max-Age" not in held


def test_a_stolen_database_opens_no_session_and_no_account(world: DeskWorld) -> None:
    """The file of accounts holds no token, no password, no enrolment code and no secret in the clear."""
    client = world.client("examiner")
    held = b"".join(path.read_bytes() for path in world.town.home.glob("people.db*"))
    for secret in (client.cookies["sluicegate"], desk_world.PASSWORD, desk_world.SECRETS["examiner"]):
        assert str(secret).encode() not in held
    assert (world.town.home / "people.db").stat().st_mode & 0o077 == 0


# -- forms -----------------------------------------------------------------------------------------------


def test_a_form_counts_with_its_own_sessions_token_only(world: DeskWorld) -> None:
    """No token, a wrong one, and that of another session of the same person are all refused."""
    client, other = world.client("examiner"), world.client("examiner")
    own = {**world.form(client), "word": "yes"}
    assert client.post("/desk/trial/take", data=own).text == "took yes"
    for bad in ("", "x", csrf.token(str(other.cookies["sluicegate"]))):
        assert client.post("/desk/trial/take", data={**own, "csrf": bad}).status_code == 403
    assert client.post("/desk/trial/take", data={"word": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"origin": ""},
     {"origin": ORIGIN, "sec-fetch-site": "cross-site"}, {"origin": ORIGIN, "sec-fetch-site": "same-site"}],
)  # fmt: skip
def test_a_form_from_elsewhere_is_refused_even_with_the_token(
    world: DeskWorld, headers: dict[str, str]
) -> None:
    """A request that another site's page sends is refused whatever it carries."""
    client = world.client("examiner")
    own = {**world.form(client), "word": "yes"}
    assert client.post("/desk/trial/take", data=own, headers=headers).status_code == 403


# -- roles and routes ------------------------------------------------------------------------------------


def routes(world: DeskWorld) -> list[Route]:
    """Every route below /desk."""
    return [one for one in desk.routes(world.desk, PAGES) if isinstance(one, Route)]


def address(world: DeskWorld, route: Route) -> str:
    """An address that a route answers, of a case where it wants one."""
    path = re.sub(r"{[^}]*:int}", "1", route.path)
    return "/desk" + re.sub(r"{[^}]*}", world.cases["queried"], path)


@pytest.mark.slow
def test_no_route_shows_anything_without_a_session(world: DeskWorld) -> None:
    """Every guarded route sends a stranger to sign in and tells nothing else, by every method."""
    guarded = [one for one in routes(world) if desk.guard_of(one)]
    assert len(guarded) >= 6
    for route in guarded:
        for method in sorted(route.methods or ()):
            visitor = world.visitor()
            answer = visitor.request(method, address(world, route), headers={"origin": ORIGIN})
            assert (answer.status_code, answer.text) == (303, ""), route.path
            assert answer.headers["location"].startswith("/desk/sign-in?next=")


@pytest.mark.slow
def test_no_route_lets_a_wrong_role_in(world: DeskWorld) -> None:
    """Every guarded route refuses every role that it does not name, whatever the method and the token."""
    tried = 0
    for role in Role:
        client = world.client(str(role))
        for route in routes(world):
            guard = desk.guard_of(route)
            if guard is None or role in guard.roles:
                continue
            for method in sorted(route.methods or ()):
                form = world.form(client) if method == "POST" else None
                answer = client.request(method, address(world, route), data=form)
                assert answer.status_code == 403, f"{role} {method} {route.path}"
                assert SECRET_TEXT not in answer.text
                # The page repeats its own address, in the links to other languages, and nothing else.
                assert world.cases["queried"] not in answer.text.replace(address(world, route), "")
                tried += 1
    assert tried >= 12
    assert world.facts("turned-away")[-1]["who"] in set(Role)


def test_every_route_that_a_stranger_reaches_is_on_this_list(world: DeskWorld) -> None:
    """Only the ways in are open without a session; a new route must be guarded or be listed here."""
    unguarded = {one.path for one in routes(world) if desk.guard_of(one) is None}
    assert unguarded == {
        "/sign-in", "/enrol", "/enrol/factors",
        "/passkey/ask", "/passkey/sign-in", "/passkey/new", "/passkey/enter",
    }  # fmt: skip


def test_a_page_with_an_unguarded_route_stops_the_site_from_starting(world: DeskWorld) -> None:
    """A module whose route does not answer through the guard is refused before anything is served."""

    def loose(_given: Desk) -> Sequence[BaseRoute]:
        return [Route("/loose", lambda _request: Response(SECRET_TEXT))]

    page = Page(loose, Side.BUREAU, "health", "/desk/loose", (Role.OPERATOR,))
    with pytest.raises(UsageError):
        desk.routes(world.desk, (page,))


def test_every_page_of_the_table_is_in_the_menu_of_its_roles(world: DeskWorld) -> None:
    """Whoever signs in sees the pages of their roles in the menu, and no others."""
    for role in Role:
        page = world.client(str(role)).get("/desk/").text
        for one in PAGES:
            assert (f'href="{one.address}"' in page) == (role in one.roles), f"{role} {one.name}"


def test_a_page_of_the_bureau_is_not_handed_the_partners_stores(world: DeskWorld) -> None:
    """A page reaches its own side only: asking for the other is an error, and nothing of it is shown."""
    assert world.client("examiner").get("/desk/trial/cross").status_code == 500
    with pytest.raises(StoreError):
        _ = world.desk.bureau
    with pytest.raises(StoreError):
        _ = world.desk.narrowed(Side.PARTNER).bureau
    assert world.desk.narrowed(Side.PARTNER).partner.office is world.town.exchange.offices["partner"]


@pytest.mark.parametrize("named", [(), ("boss",), ("officer", "examiner"), ("officer", "records")])
def test_no_account_works_for_both_sides(named: tuple[str, ...]) -> None:
    """An account without a role, with an unknown one, or with roles of both sides is not made."""
    with pytest.raises(UsageError):
        roles_of(named)


# -- the ledger ------------------------------------------------------------------------------------------


def test_every_view_of_personal_data_is_in_the_ledger(world: DeskWorld) -> None:
    """Who looked at what, which part and why is entered, once for each page that was sent."""
    before = len(world.facts("viewed"))
    assert world.client("examiner").get("/desk/trial").text == SECRET_TEXT
    made = world.facts("viewed")[before:]
    assert made == [{"who": "examiner", "case": "CASE0", "part": "name", "why": "a test"}]


def test_a_page_with_personal_data_is_not_sent_while_the_ledger_is_dead(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the view cannot be entered, the page is refused and holds nothing of the person."""

    def broken(*_args: object, **_given: object) -> None:
        raise LedgerError

    client = world.client("examiner")
    monkeypatch.setattr(type(world.desk.ledgers[Side.BUREAU].store.log), "append", broken)
    answer = client.get("/desk/trial")
    assert answer.status_code == 503
    assert SECRET_TEXT not in answer.text


@pytest.mark.slow
def test_what_happens_at_the_desks_is_never_public(world: DeskWorld) -> None:
    """Log-ons and views change no public file: nobody can count from outside who was looked at."""
    world.client("examiner").get("/desk/trial")
    desk_world.Publishing(world.town).publish()
    before = sizes(world.town.home)
    for _ in range(3):
        world.client("examiner").get("/desk/trial")
    desk_world.Publishing(world.town).publish()
    assert sizes(world.town.home) == before


def sizes(home: Path) -> dict[str, int]:
    """Tiles and entries that are public, by name, with their sizes."""
    found = [path for name in ("public", "partner-public") for path in (home / name / "logs").rglob("*")]
    return {str(path.relative_to(home)): path.stat().st_size for path in found if path.is_file()}


# -- the page of administrators --------------------------------------------------------------------------


def test_an_administrator_shuts_somebody_out_and_lets_them_in_again_with_a_code(world: DeskWorld) -> None:
    """Closing ends open sessions at once; a new code takes every factor away; both are entered by name."""
    admin, examiner = world.client("admin"), world.client("examiner")
    form = {**world.form(admin), "disabled": "yes"}
    assert admin.post("/desk/people/examiner/open", data=form).status_code == 303
    assert examiner.get("/desk/").status_code == 303
    admin.post("/desk/people/examiner/open", data={**form, "disabled": "no"})
    page = admin.post("/desk/people/examiner/reset", data=world.form(admin)).text
    code = re.search(r'class="code">([A-Z0-9-]+)<', page)[1]  # type: ignore[index]
    people = world.desk.accounts.people
    assert not people.account("examiner").enrolled
    assert code not in admin.get("/desk/people").text
    assert people.spend_code("examiner", accounts.code_hash(code), world.time())
    people.set_password("examiner", accounts.hashed(desk_world.PASSWORD), desk_world.SECRETS["examiner"], 0)
    entered = [(one["what"], one["by"]) for one in world.facts("account-changed")[-3:]]
    told = ("disabled", "opened again", "factors taken away, new enrolment code")
    assert entered == [(what, "admin") for what in told]


def test_no_administrator_changes_their_own_account(world: DeskWorld) -> None:
    """One's own account is another administrator's to close or to reset, and one that is not there is 404."""
    admin = world.client("admin")
    for act in ("open", "reset"):
        assert admin.post(f"/desk/people/admin/{act}", data=world.form(admin)).status_code == 403
        assert admin.post(f"/desk/people/nobody/{act}", data=world.form(admin)).status_code == 404


# -- the file of accounts --------------------------------------------------------------------------------


def test_a_secret_moved_to_another_account_does_not_open(world: DeskWorld) -> None:
    """Each generator's secret is bound to its account, so that rows of the database cannot be swapped."""
    file = world.desk.accounts.people.file
    closed = file.closed("SECRET", "anna")
    assert file.opened(closed, "anna") == "SECRET"
    with pytest.raises(StoreError):
        file.opened(closed, "boris")


@pytest.mark.parametrize("name", ["", "A", "a b", "1a", "oidc:x", "é", "a" * 41, "../x", "a\n"])
def test_a_name_that_could_mislead_is_no_account(world: DeskWorld, name: str) -> None:
    """Names are short and plain, and none can be taken for an account of a provider."""
    with pytest.raises(UsageError):
        world.desk.accounts.people.add(name, ("operator",), 0.0)


def test_accounts_survive_a_restart(world: DeskWorld) -> None:
    """What was set up is there when the file is opened again."""
    again = PeopleFile(world.town.home)
    assert People(again).account("officer").secret == desk_world.SECRETS["officer"]
    again.close()
