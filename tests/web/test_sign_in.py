# SPDX-License-Identifier: Apache-2.0
"""Signing in with a password and a code, enrolment, and what an attacker at the door gets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import desk_world
import pytest
from desk_world import ORIGIN, PASSWORD, DeskWorld
from httpx import Response
from hypothesis import given
from hypothesis import strategies as st
from web_world import TestClient

from scenes import scratch
from sluicegate.errors import LedgerError, UsageError
from sluicegate.store.people_sittings import ENROL
from sluicegate.web.operator import accounts, csrf, totp
from sluicegate.web.operator.frame import MOST_BYTES

FROM = {"origin": ORIGIN}


@pytest.fixture(scope="module")
def shared() -> Iterator[DeskWorld]:
    """The desks over a home without cases."""
    with scratch() as folder, desk_world.opened(folder, populated=False) as made:
        yield made


@pytest.fixture
def world(shared: DeskWorld) -> DeskWorld:
    """The same, an hour later than any test before: locks and used codes are of the past."""
    shared.time.now += 100_000
    return shared


def post(client: TestClient, path: str, headers: dict[str, str] | None = None, **fields: str) -> Response:
    """A form as our own page sends it."""
    return client.post(path, data=fields, headers=FROM if headers is None else headers)


def try_in(world: DeskWorld, client: TestClient, **fields: str) -> Response:
    """Sign in as the examiner, but for what is given."""
    held = {"name": "examiner", "password": PASSWORD, "code": world.code("examiner"), **fields}
    return client.post("/desk/sign-in", data=held, headers=FROM)


def test_a_password_and_a_code_sign_a_person_in_and_the_ledger_says_so_first(world: DeskWorld) -> None:
    """The right name, password and code open the desk, and the log-on is an entry of the ledger."""
    visitor = world.visitor()
    answer = try_in(world, visitor, next="/desk/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/account")
    assert visitor.get("/desk/account").status_code == 200
    assert world.facts("signed-in")[-1] == {"who": "examiner", "way": "password and code"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong", [{"password": "a tide of six gates"}, {"code": "000000"}, {"code": ""}, {"name": "nobody"}]
)
def test_whatever_is_wrong_the_answer_is_the_same(world: DeskWorld, wrong: dict[str, str]) -> None:
    """A wrong name, password or code is refused in the same words, and no session begins."""
    plain = try_in(world, world.visitor(), password="not at all this")
    answer = try_in(world, world.visitor(), **wrong)
    assert (answer.status_code, answer.text) == (403, plain.text)
    assert "set-cookie" not in answer.headers
    assert PASSWORD not in answer.text
    world.desk.accounts.tries.forgive("examiner")


@pytest.mark.slow
def test_a_password_without_a_code_is_never_enough(world: DeskWorld) -> None:
    """An account with a password and no code generator cannot sign in, whatever code is sent."""
    people = world.desk.accounts.people
    if people.find("bare") is None:
        people.add("bare", ("operator",), world.time())
        people.set_password("bare", accounts.hashed(PASSWORD), "", 0)
    for code in ("", "000000", totp.code("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", world.time())):
        assert try_in(world, world.visitor(), name="bare", code=code).status_code == 403
    assert not people.account("bare").enrolled


@pytest.mark.slow
def test_a_code_is_used_once(world: DeskWorld) -> None:
    """A code that was seen over somebody's shoulder opens nothing, and neither does an older one."""
    code, earlier = world.code("officer"), totp.code(desk_world.SECRETS["officer"], world.time() - 30)
    assert try_in(world, world.visitor(), name="officer", code=code).status_code == 303
    assert try_in(world, world.visitor(), name="officer", code=code).status_code == 403
    assert try_in(world, world.visitor(), name="officer", code=earlier).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("name", ["records", "nobody-here"])
def test_tries_lock_a_name_for_longer_each_time_whoever_has_it(world: DeskWorld, name: str) -> None:
    """After five failures a name waits, twice as long after each, whether an account has the name or not."""
    waits = []
    for _ in range(8):
        while (left := world.desk.accounts.tries.locked(name, world.time())) > 0:
            assert try_in(world, world.visitor(), name=name).status_code == 429
            world.time.now += left
            waits.append(round(left))
        assert try_in(world, world.visitor(), name=name, password="wrong again", code="1").status_code == 403
    assert waits == [30, 60, 120]


@pytest.mark.slow
def test_a_locked_name_is_refused_even_with_the_right_password(world: DeskWorld) -> None:
    """While a name is locked, the right password and code do not open it, so guesses cannot be tested."""
    for _ in range(5):
        try_in(world, world.visitor(), name="registrar", password="wrong again")
    answer = try_in(world, world.visitor(), name="registrar", code=world.code("registrar"))
    assert answer.status_code == 429
    assert world.facts("sign-in-failed")[-1]["why"] == "not proven; locked for 30 s"


@pytest.mark.slow
def test_a_flood_of_tries_stops_passwords_for_everybody_for_a_minute(world: DeskWorld) -> None:
    """More failures in a minute than people make close the password form, so names cannot be sprayed."""
    for _ in range(120):
        world.desk.accounts.flood.count(world.time())
    assert try_in(world, world.visitor()).status_code == 429
    world.time.now += 61
    assert try_in(world, world.visitor()).status_code == 303


def test_an_unknown_name_is_not_written_down(world: DeskWorld) -> None:
    """People type passwords where names belong: what nobody is called is nowhere in the ledger."""
    try_in(world, world.visitor(), name="my-secret-passphrase")
    last = world.facts("sign-in-failed")[-1]
    assert last["who"] == "unknown"
    held = b"".join(path.read_bytes() for path in world.town.home.rglob("*") if path.is_file())
    assert b"my-secret-passphrase" not in held


@pytest.mark.parametrize("name", ["auditor", "bare-of-all", "nobody-at-all"])
def test_the_same_work_is_done_for_a_name_that_nobody_has(
    world: DeskWorld, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One password is hashed and three codes are made for every name, so time tells nothing of accounts."""
    people = world.desk.accounts.people
    if people.find("bare-of-all") is None:
        people.add("bare-of-all", ("operator",), world.time())
    done: list[str] = []
    coding, deriving = totp.code, accounts.derived

    def counted(secret: str, now: float) -> str:
        done.append("code")
        return coding(secret, now)

    monkeypatch.setattr(totp, "code", counted)
    monkeypatch.setattr(accounts, "derived", lambda *given: (done.append("hash"), deriving(*given))[1])
    tried = post(world.visitor(), "/desk/sign-in", name=name, password="wrong again", code="1")
    assert tried.status_code == 403
    assert done == ["hash", "code", "code", "code"]


@pytest.mark.slow
def test_a_disabled_account_is_refused_in_the_same_words(world: DeskWorld) -> None:
    """Whoever was disabled is told what a stranger is told, and open sessions have ended."""
    client = world.client("admin")
    assert client.get("/desk/").status_code == 200
    world.desk.accounts.people.set_disabled("admin", disabled=True)
    assert client.get("/desk/").status_code == 303
    answer = try_in(world, world.visitor(), name="admin", code=world.code("admin"))
    assert answer.text == try_in(world, world.visitor(), name="nobody").text
    world.desk.accounts.people.set_disabled("admin", disabled=False)


def test_nobody_signs_in_while_the_ledger_cannot_be_written(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log-on that cannot be entered does not happen (doubt-denies)."""

    def broken(*_args: object, **_given: object) -> None:
        raise LedgerError

    monkeypatch.setattr(type(world.desk.ledgers["bureau"].store.log), "append", broken)
    visitor = world.visitor()
    answer = try_in(world, visitor)
    assert answer.status_code == 500
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://localhost:9999"])
def test_no_other_site_can_send_the_sign_in_form(world: DeskWorld, origin: str) -> None:
    """A sign-in form that our own page did not send is refused, so nobody is signed in as another."""
    held = {"name": "examiner", "password": PASSWORD, "code": world.code("examiner")}
    assert world.visitor().post("/desk/sign-in", data=held, headers={"origin": origin}).status_code == 403


def test_a_planted_session_is_worth_nothing_after_sign_in(world: DeskWorld) -> None:
    """Signing in always gives a fresh token, so one that an attacker planted or knew is not signed in."""
    visitor = world.visitor()
    visitor.cookies.set("sluicegate", "planted-by-somebody")
    answer = try_in(world, visitor)
    fresh = re.search(r"sluicegate=([^;]+)", answer.headers["set-cookie"])[1]  # type: ignore[index]
    assert fresh != "planted-by-somebody"
    other = world.visitor()
    other.cookies.set("sluicegate", "planted-by-somebody")
    assert other.get("/desk/").status_code == 303


@pytest.mark.slow
@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/", "//evil.example/desk/", "/desk//evil.example", "/\\evil.example", "data:x",
        "/desk/\r\nSet-Cookie: a=b", "/desk/%0d%0aX: y\n", "/deskevil", "http:/desk/", "/desk/@evil#",
        "\t/desk/", "",
    ],
)  # fmt: skip
def test_the_way_back_never_leads_to_another_site(world: DeskWorld, to: str) -> None:
    """Whatever `next` says, signing in leads to an address of the desks, and adds no header."""
    answer = try_in(world, world.visitor(), next=to)
    world.time.now += 30
    place = answer.headers["location"]
    assert place.startswith("/desk/")
    assert "//" not in place
    assert "evil" not in place or place == "/desk/"
    assert answer.headers.get_list("set-cookie") == [answer.headers["set-cookie"]]


@given(st.text())
def test_any_way_back_is_a_path_of_the_desks(text: str) -> None:
    """No text at all becomes an address outside `/desk`, or one with a control character."""
    found = accounts.way_back(text)
    assert found.startswith("/desk")
    assert found.isascii()
    assert found.isprintable()
    assert "//" not in found.partition("?")[0]


def test_passkeys_are_offered_where_browsers_make_them(world: DeskWorld) -> None:
    """Under the site's name passkeys are offered; under a bare address they are not, and codes still work."""
    assert "data-passkey" in world.visitor().get("/desk/sign-in").text
    bare = {"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}
    visitor = world.visitor()
    assert "data-passkey" not in visitor.get("/desk/sign-in", headers=bare).text
    held = {"name": "records", "password": PASSWORD, "code": world.code("records")}
    assert visitor.post("/desk/sign-in", data=held, headers=bare).status_code == 303


def test_pages_of_the_desks_cannot_be_framed_or_kept(world: DeskWorld) -> None:
    """No page of the desks may be shown inside another, or kept by any cache."""
    for client, path in ((world.visitor(), "/desk/sign-in"), (world.client("operator"), "/desk/")):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_a_form_that_is_too_large_or_of_another_kind_is_refused(world: DeskWorld) -> None:
    """More than a mebibyte, files, and bytes that are no text are refused before they are looked at."""
    visitor = world.visitor()
    large = b"name=" + b"x" * MOST_BYTES
    kind = {"content-type": "application/x-www-form-urlencoded", **FROM}
    assert visitor.post("/desk/sign-in", content=large, headers=kind).status_code == 400
    assert visitor.post("/desk/sign-in", content=b"\xff", headers=kind).status_code == 400
    assert visitor.post("/desk/sign-in", files={"a": b"b"}, headers=FROM).status_code == 400


# -- enrolment -------------------------------------------------------------------------------------------


def invited(world: DeskWorld, name: str) -> str:
    """A new account, and its code."""
    world.desk.accounts.people.add(name, ("operator",), world.time())
    code = accounts.new_code()
    world.desk.accounts.people.invite(name, accounts.code_hash(code), world.time() + accounts.CODE_LASTS_S)
    return code


@pytest.mark.slow
def test_a_code_lets_its_holder_set_up_how_to_sign_in(world: DeskWorld) -> None:
    """A code, a good password and the generator's first code make an account that signs in."""
    code, visitor = invited(world, "anna"), world.visitor()
    answer = post(visitor, "/desk/enrol", name="Anna ", code=code.lower().replace("-", " "))
    assert answer.headers["location"] == "/desk/enrol/factors"
    page = visitor.get("/desk/enrol/factors").text
    assert page == visitor.get("/desk/enrol/factors").text
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")  # type: ignore[index]
    form = {**world.form(visitor), "password": PASSWORD, "again": PASSWORD}
    wrong = post(visitor, "/desk/enrol/factors", **form, code="000000")
    assert wrong.status_code == 400
    done = post(visitor, "/desk/enrol/factors", **form, code=totp.code(secret, world.time()))
    assert done.headers["location"] == "/desk/"
    assert visitor.get("/desk/").status_code == 200
    what = [one["what"] for one in world.facts("account-changed") if one["who"] == "anna"]
    assert what == ["enrolment begun", "password and code generator set"]


def test_a_code_works_once_and_for_a_day(world: DeskWorld) -> None:
    """A code that was used, or is a day old, or is another account's, opens nothing."""
    code, other = invited(world, "boris"), invited(world, "clara")
    assert post(world.visitor(), "/desk/enrol", name="boris", code=other).status_code == 403
    assert post(world.visitor(), "/desk/enrol", name="boris", code=code).status_code == 303
    assert post(world.visitor(), "/desk/enrol", name="boris", code=code).status_code == 403
    world.time.now += accounts.CODE_LASTS_S + 1
    assert post(world.visitor(), "/desk/enrol", name="clara", code=other).status_code == 403


def test_enrolling_opens_no_page_of_the_desks(world: DeskWorld) -> None:
    """Who holds a code only, and no factor yet, is sent to sign in by every page."""
    token = world.desk.accounts.sittings.begin("operator", "enrolment code", world.time(), ENROL)
    visitor = world.visitor()
    visitor.cookies.set("sluicegate", token)
    assert visitor.get("/desk/").status_code == 303
    form = {"password": PASSWORD, "again": PASSWORD, "code": "1"}
    assert visitor.post("/desk/enrol/factors", data=form, headers=FROM).status_code == 303
    visitor.get("/desk/enrol/factors")
    assert visitor.post("/desk/enrol/factors", data=form, headers=FROM).status_code == 403


@pytest.mark.parametrize(
    ("password", "again"),
    [("short one", "short one"), ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa"),
     ("dora is my name 1", "dora is my name 1"),
     (PASSWORD, PASSWORD + "!"), ("x1y2z3" * 60, "x1y2z3" * 60)],
)  # fmt: skip
def test_a_weak_password_is_refused_in_words(password: str, again: str) -> None:
    """Short, uniform, overlong and mistyped passwords, and those with the account's name, are refused."""
    with pytest.raises(UsageError) as said:
        accounts.check_password("dora", password, again)
    assert password not in said.value.message


def test_a_session_token_says_nothing_of_its_form_token() -> None:
    """The token of a form holds for its own session only."""
    assert csrf.holds("one", csrf.token("one"))
    assert not csrf.holds("two", csrf.token("one"))
    assert not csrf.holds("one", "")
