# SPDX-License-Identifier: Apache-2.0
"""Signing in with a password and a code, enrolment, signing out, and the first page of the desks.

Whatever is wrong, the answer is one sentence, after the same work: nobody learns from it which accounts there
are. Every success and every failure is in the ledger before it is answered.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import UsageError
from sluicegate.facts import FactKind
from sluicegate.store.people import Account
from sluicegate.store.people_sittings import ENROL, Sitting
from sluicegate.web.operator import accounts, csrf, passkeys, totp
from sluicegate.web.operator.frame import HOME, SIGN_IN, Desk, check_form, form_of, sit
from sluicegate.web.operator.roles import MEANING, Role
from sluicegate.web.operator.sessions import Judged, Person, give, judge, take, token_of

log = logging.getLogger("sluicegate.desk")

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/sign_in.html": {
        "why": "what happened before: wrong, wait, idle, ended, out, provider, or empty",
        "wait": "minutes until the name may be tried again",
        "back": "address of the desks to go to afterwards",
        "passkeys": "whether browsers make passkeys for this site",
        "provider": "host of the OpenID provider, or empty",
    },
    "operator/sign_enrol.html": {"why": "wrong, wait, or empty", "wait": "minutes until the next try"},
    "operator/sign_factors.html": {
        "name": "the account",
        "secret": "of the code generator, in groups of four",
        "picture": "the same as a QR code, a data address",
        "wrong": "a sentence of ours about what was typed, or empty",
        "shortest": "characters that a password needs",
        "passkeys": "whether browsers make passkeys for this site",
    },
    "operator/home.html": {"meaning": "what each role does"},
    "operator/account.html": {
        "meaning": "what each role does",
        "account": "the person's own account",
        "passkeys": "whether a passkey can be added now",
        "sittings": "way, minutes since the beginning, minutes since the last use",
    },
}
WAY = "password and code"
FACTORS = "/desk/enrol/factors"
_REASONS = {"idle", "ended", "out"}

Plain = Callable[[Desk, Request], Response]


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Pages that nobody needs to be signed in for, and those of everybody who is."""
    everybody = tuple(Role)

    def get(path: str, page: Plain) -> Route:
        return Route(path, opened(desk, page), methods=["GET"])

    def post(path: str, page: Plain) -> Route:
        return Route(path, opened(desk, page), methods=["POST"])

    def first(request: Request, _person: Person) -> Response:
        return desk.show(request, "operator/home.html", {"meaning": MEANING}, section="home")

    def account(request: Request, person: Person) -> Response:
        return show_account(desk, request, person)

    def out(request: Request, person: Person) -> Response:
        return sign_out(desk, request, person)

    return [
        get("/sign-in", show_sign_in),
        post("/sign-in", sign_in),
        get("/enrol", show_enrol),
        post("/enrol", enrol),
        get("/enrol/factors", show_factors),
        post("/enrol/factors", set_factors),
        Route("/", desk.guarded(first, role=everybody), methods=["GET"]),
        Route("/account", desk.guarded(account, role=everybody), methods=["GET"]),
        Route("/sign-out", desk.guarded(out, role=everybody), methods=["POST"]),
    ]


def opened(desk: Desk, page: Plain) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint without a session: a form must still come from a page of this site."""

    async def answer(request: Request) -> Response:
        if request.method == "POST":
            request.state.form = await form_of(request)
            if not csrf.same_origin(request, desk.site.origin):
                raise HTTPException(403)
        response = await run_in_threadpool(page, desk, request)
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


# -- signing in ------------------------------------------------------------------------------------------


def show_sign_in(desk: Desk, request: Request) -> Response:
    """The page for signing in."""
    why = request.query_params.get("why", "")
    return sign_in_page(desk, request, why if why in _REASONS else "")


def sign_in_page(
    desk: Desk, request: Request, why: str, *, status: int = 200, back: str = "", wait: int = 0
) -> Response:
    """The same with what went wrong before: nothing of what was typed is shown again."""
    values = {
        "why": why,
        "wait": wait,
        "back": accounts.way_back(back or request.query_params.get("next", "")),
        "passkeys": passkeys.offered(request.url.hostname, desk.site.origin),
        "provider": desk.provider,
    }
    return desk.show(request, "operator/sign_in.html", values, status=status)


def sign_in(desk: Desk, request: Request) -> Response:
    """Judge a name, a password and a code."""
    form, now = request.state.form, desk.now()
    name = str(form.get("name", "")).strip().lower()[:60]
    back = str(form.get("next", ""))
    wait = _must_wait(desk, name, now)
    if wait:
        return sign_in_page(desk, request, "wait", status=429, back=back, wait=math.ceil(wait / 60))
    account = desk.accounts.people.find(name)
    if not _proves(desk, account, str(form.get("password", "")), str(form.get("code", "")), now):
        failed(desk, name, account, WAY)
        return sign_in_page(desk, request, "wrong", status=403, back=back)
    desk.accounts.tries.forgive(name)
    answer = RedirectResponse(accounts.way_back(back), 303)
    sit(desk, request, name, WAY, answer)
    return answer


def _must_wait(desk: Desk, name: str, now: float) -> float:
    if desk.accounts.flood.full(now):
        log.warning("sign-in-flood: no password is tried for a while")
        return 60.0
    return desk.accounts.tries.locked(name, now)


def _proves(desk: Desk, account: Account | None, password: str, code: str, now: float) -> bool:
    """Whether password and code are those of an account. Both are judged whatever the first one is."""
    fits = accounts.fits(password[: accounts.LONGEST + 1], account.password if account else None)
    step = totp.step_of(account.secret if account else "", code[:12], now)
    if account is None or account.disabled or not (fits and step):
        return False
    return desk.accounts.people.spend_step(account.name, step)


def failed(desk: Desk, name: str, account: Account | None, way: str, why: str = "not proven") -> None:
    """Count and enter a failure. A name that nobody has is not entered: people type passwords there."""
    now = desk.now()
    if desk.accounts.flood.full(now):
        log.warning("sign-in-flood: failures are counted no more for a while")
        return
    desk.accounts.flood.count(now)
    locked = desk.accounts.tries.failed(name, now)
    who, roles = (account.name, account.roles) if account else ("unknown", ())
    said = f"{why}; locked for {locked:.0f} s" if locked else why
    desk.enter(FactKind.SIGN_IN_FAILED, roles, {"who": who, "way": way, "why": said})


def sign_out(desk: Desk, request: Request, person: Person) -> Response:
    """End this session, or every session of the person."""
    everywhere = request.state.form.get("everywhere") == "yes"
    if everywhere:
        desk.accounts.sittings.end_of(person.name)
    else:
        sitting = desk.accounts.sittings.find(token_of(request, desk.site.origin))
        if sitting is not None:
            desk.accounts.sittings.end(sitting)
    why = "asked, everywhere" if everywhere else "asked"
    desk.enter(FactKind.SIGNED_OUT, person.roles, {"who": person.name, "why": why})
    gone = RedirectResponse(f"{SIGN_IN}?why=out", 303)
    take(gone, desk.site.origin)
    return gone


def show_account(desk: Desk, request: Request, person: Person) -> Response:
    """One's own account: how it signs in, and where it is signed in."""
    account = desk.accounts.people.account(person.name)
    values = {
        "meaning": MEANING,
        "account": account,
        "passkeys": passkeys.offered(request.url.hostname, desk.site.origin)
        and passkeys.fresh(person, desk.now()),
        "sittings": [
            (way, round((desk.now() - began) / 60), round((desk.now() - seen) / 60))
            for way, began, seen in desk.accounts.sittings.of(person.name)
        ],
    }
    return desk.show(request, "operator/account.html", values, section="account")


# -- enrolment -------------------------------------------------------------------------------------------


def show_enrol(desk: Desk, request: Request) -> Response:
    """The page for a code that an administrator gave out."""
    return _enrol_page(desk, request, "")


def _enrol_page(desk: Desk, request: Request, why: str, *, status: int = 200, wait: int = 0) -> Response:
    return desk.show(request, "operator/sign_enrol.html", {"why": why, "wait": wait}, status=status)


def enrol(desk: Desk, request: Request) -> Response:
    """Use a code up, and let its holder set up how to sign in."""
    form, now = request.state.form, desk.now()
    name = str(form.get("name", "")).strip().lower()[:60]
    wait = _must_wait(desk, name, now)
    if wait:
        return _enrol_page(desk, request, "wait", status=429, wait=math.ceil(wait / 60))
    account = desk.accounts.people.find(name)
    given = accounts.code_hash(str(form.get("code", ""))[:60])
    if account is None or not desk.accounts.people.spend_code(name, given, now):
        failed(desk, name, account, "enrolment code")
        return _enrol_page(desk, request, "wrong", status=403)
    desk.accounts.tries.forgive(name)
    changed(desk, account, "enrolment begun", account.name)
    before = token_of(request, desk.site.origin)
    token = desk.accounts.sittings.begin(name, "enrolment code", now, ENROL, instead_of=before)
    answer = RedirectResponse(FACTORS, 303)
    give(answer, desk.site.origin, token)
    return answer


def changed(desk: Desk, account: Account, what: str, by: str) -> None:
    """Enter what became of an account."""
    desk.enter(FactKind.ACCOUNT_CHANGED, account.roles, {"who": account.name, "what": what, "by": by})


def enrolling(desk: Desk, request: Request) -> tuple[Sitting, Account] | None:
    """The enrolment that a browser is in, and whose; None where it is in none, or it took too long."""
    sitting = desk.accounts.sittings.find(token_of(request, desk.site.origin))
    if sitting is None or sitting.kind != ENROL or judge(sitting, desk.now()) is not Judged.GOOD:
        return None
    request.state.csrf = csrf.token(token_of(request, desk.site.origin))
    return sitting, desk.accounts.people.account(sitting.name)


def show_factors(desk: Desk, request: Request) -> Response:
    """Set up a passkey, or a password with a code generator."""
    found = enrolling(desk, request)
    if found is None:
        return RedirectResponse("/desk/enrol", 303)
    sitting, account = found
    secret = sitting.note
    if not secret:
        secret = totp.new_secret()
        desk.accounts.sittings.note(sitting, secret)
    return _factors_page(desk, request, account, secret, "")


def _factors_page(
    desk: Desk, request: Request, account: Account, secret: str, wrong: str, *, status: int = 200
) -> Response:
    values = {
        "name": account.name,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": totp.picture(secret, account.name),
        "wrong": wrong,
        "shortest": accounts.SHORTEST,
        "passkeys": passkeys.offered(request.url.hostname, desk.site.origin),
    }
    return desk.show(request, "operator/sign_factors.html", values, status=status)


def set_factors(desk: Desk, request: Request) -> Response:
    """Take a password and the first code of the generator; then the person is signed in."""
    found = enrolling(desk, request)
    if found is None or not found[0].note:
        return RedirectResponse("/desk/enrol", 303)
    sitting, account = found
    check_form(desk, request)
    form = request.state.form
    password = str(form.get("password", ""))
    try:
        accounts.check_password(account.name, password, str(form.get("again", "")))
        step = totp.step_of(sitting.note, str(form.get("code", ""))[:12], desk.now())
        if not step:
            raise UsageError("The code is not the one that the generator shows now.")
    except UsageError as error:
        return _factors_page(desk, request, account, sitting.note, error.message, status=400)
    changed(desk, account, "password and code generator set", account.name)
    desk.accounts.people.set_password(account.name, accounts.hashed(password), sitting.note, step)
    answer = RedirectResponse(HOME, 303)
    sit(desk, request, account.name, WAY, answer)
    return answer
