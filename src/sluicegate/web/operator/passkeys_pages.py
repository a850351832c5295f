# SPDX-License-Identifier: Apache-2.0
"""What `passkey.js` asks: a challenge to sign in or to make a passkey, and the answers to both, as JSON.

A challenge is kept here, named by a cookie, lasts five minutes and is answered once, so an answer that was
overheard is worth nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import UsageError
from sluicegate.store.people import Account
from sluicegate.store.people_sittings import ENROL
from sluicegate.web.operator import accounts, csrf, passkeys
from sluicegate.web.operator.frame import HOME, Desk, check_form, sit
from sluicegate.web.operator.passkeys import FRESH_S, LASTS_S, WAY
from sluicegate.web.operator.sessions import QUESTION, Judged, give_question, judge, take, token_of
from sluicegate.web.operator.signing_in import changed, failed, opened

_ENTER, _SIGN_IN = "passkey-enter", "passkey-sign-in"


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Four questions; none exists where browsers would make no passkey for the site."""
    if not passkeys.possible(desk.site.origin):
        return []
    pages = {"/ask": ask, "/sign-in": sign_in, "/new": new, "/enter": enter}
    return [Route(f"/passkey{path}", opened(desk, page), methods=["POST"]) for path, page in pages.items()]


def _asked(desk: Desk, kind: str, options: str, note: str) -> Response:
    token = desk.accounts.asked.ask(kind, note, desk.now(), LASTS_S)
    if token is None:
        raise HTTPException(429)
    answer = Response(options, media_type="application/json")
    give_question(answer, desk.site.origin, token, lasts=LASTS_S)
    return answer


def _note(desk: Desk, request: Request, kind: str) -> str:
    """The challenge that an answer is to. Raises HTTPException 403 for none."""
    token = token_of(request, desk.site.origin, QUESTION)
    note = desk.accounts.asked.answer(token, kind, desk.now())
    if note is None:
        raise HTTPException(403)
    return note


def ask(desk: Desk, _request: Request) -> Response:
    """A challenge to sign in with."""
    options, challenge = passkeys.request(desk.site.origin)
    return _asked(desk, _SIGN_IN, options, challenge)


def sign_in(desk: Desk, request: Request) -> Response:
    """Judge the answer of a passkey. Whatever is wrong, it is refused in the same way."""
    challenge = _note(desk, request, _SIGN_IN)
    text = str(request.state.form.get("json", ""))
    held = desk.accounts.people.passkey(passkeys.credential_of(text))
    account = desk.accounts.people.find(held.name) if held else None
    try:
        if held is None or account is None or account.disabled:
            raise UsageError("There is no such passkey.")
        uses = passkeys.proves(desk.site.origin, held, challenge, text)
        if not desk.accounts.people.use_passkey(held.credential, uses):
            raise UsageError("The counter of this passkey went back: it may have been copied.")
    except UsageError as error:
        failed(desk, "", account, WAY, error.message)
        raise HTTPException(403) from None
    answer = JSONResponse({"next": accounts.way_back(_next(text))})
    take(answer, desk.site.origin, QUESTION)
    sit(desk, request, account.name, WAY, answer)
    return answer


def _next(text: str) -> str:
    found = json.loads(text).get("next", HOME)  # it was read as JSON before
    return found if isinstance(found, str) else HOME


def _entering(desk: Desk, request: Request) -> Account:
    """Who may make a passkey: who is enrolling, and who signed in just now. Raises HTTPException 403."""
    token = token_of(request, desk.site.origin)
    sitting = desk.accounts.sittings.find(token)
    if sitting is None or judge(sitting, desk.now()) is not Judged.GOOD:
        raise HTTPException(403)
    if sitting.kind != ENROL and desk.now() - sitting.began >= FRESH_S:
        raise HTTPException(403)
    check_form(desk, request)
    request.state.csrf = csrf.token(token)
    return desk.accounts.people.account(sitting.name)


def new(desk: Desk, request: Request) -> Response:
    """A challenge to make a passkey with."""
    account = _entering(desk, request)
    held = desk.accounts.people.passkeys(account.name)
    options, challenge = passkeys.creation(desk.site.origin, account, held)
    return _asked(desk, _ENTER, options, f"{account.name} {challenge}")


def enter(desk: Desk, request: Request) -> Response:
    """Enter a passkey that was made; who was enrolling is signed in by that."""
    account = _entering(desk, request)
    name, _, challenge = _note(desk, request, _ENTER).partition(" ")
    if name != account.name:
        raise HTTPException(403)
    try:
        made = passkeys.made(desk.site.origin, name, challenge, str(request.state.form.get("json", "")))
        changed(desk, account, "passkey entered", account.name)
        desk.accounts.people.add_passkey(made, desk.now())
    except UsageError:
        raise HTTPException(403) from None
    answer = JSONResponse({"next": HOME})
    take(answer, desk.site.origin, QUESTION)
    sit(desk, request, account.name, WAY, answer)
    return answer
