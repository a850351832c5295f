# SPDX-License-Identifier: Apache-2.0
"""To the provider and back. The way back comes from another site, so its cookie is Lax, and the session's,
which is Strict, is given with a page of ours that then goes on by itself."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import UsageError, VerifyError
from sluicegate.facts import FactKind
from sluicegate.web.operator import oidc
from sluicegate.web.operator.accounts import way_back
from sluicegate.web.operator.frame import Desk, sit
from sluicegate.web.operator.oidc import LASTS_S, Provider, Question
from sluicegate.web.operator.roles import roles_of
from sluicegate.web.operator.sessions import QUESTION, give_question, take, token_of
from sluicegate.web.operator.signing_in import changed, opened, sign_in_page

log = logging.getLogger("sluicegate.desk")

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/sign_returned.html": {"back": "address of the desks to go on to"}
}
WAY = "OpenID provider"
_KIND = "oidc"


def routes(desk: Desk, provider: Provider) -> Sequence[BaseRoute]:
    """Where one leaves for the provider, and where one comes back."""
    returns = f"{desk.site.origin}/desk/oidc/return"

    def leave(desk: Desk, request: Request) -> Response:
        question = oidc.new_question(desk.now(), way_back(request.query_params.get("next", "")))
        try:
            place = provider.address(question, returns)
        except VerifyError as error:
            return _refused(desk, request, error.message)
        token = desk.accounts.asked.ask(_KIND, question.to_json(), desk.now(), LASTS_S)
        if token is None:
            raise HTTPException(429)
        answer = RedirectResponse(place, 303)
        give_question(answer, desk.site.origin, token, lasts=LASTS_S, returning=True)
        return answer

    def come_back(desk: Desk, request: Request) -> Response:
        return _come_back(desk, request, provider, returns)

    return [
        Route("/oidc", opened(desk, leave), methods=["GET"]),
        Route("/oidc/return", opened(desk, come_back), methods=["GET"]),
    ]


def _come_back(desk: Desk, request: Request, provider: Provider, returns: str) -> Response:
    given = request.query_params
    held = desk.accounts.asked.answer(token_of(request, desk.site.origin, QUESTION), _KIND, desk.now())
    question: Question | None = oidc.question_of(held) if held else None
    if question is None or not hmac.compare_digest(question.state.encode(), given.get("state", "").encode()):
        return _refused(desk, request, "the answer is to no question of this browser")
    if given.get("iss", provider.trust.issuer) != provider.trust.issuer:  # RFC 9207
        return _refused(desk, request, "the answer is from another provider")
    try:
        vouched = provider.vouched(question, given.get("code", ""), returns, desk.now())
        roles = roles_of(vouched.roles)
        new = desk.accounts.people.provided(vouched.name, roles, desk.now())
    except (VerifyError, UsageError) as error:
        return _refused(desk, request, error.message)
    account = desk.accounts.people.account(vouched.name)
    if account.disabled:
        return _refused(desk, request, "the account is disabled here")
    if new:
        changed(desk, account, f"roles by the provider: {', '.join(roles)}", "provider")
    answer = desk.show(request, "operator/sign_returned.html", {"back": question.back})
    take(answer, desk.site.origin, QUESTION)
    sit(desk, request, account.name, WAY, answer)
    return answer


def _refused(desk: Desk, request: Request, why: str) -> Response:
    """Say that it did not work; why is for the ledger."""
    if not desk.accounts.flood.full(desk.now()):
        desk.accounts.flood.count(desk.now())
        desk.enter(FactKind.SIGN_IN_FAILED, (), {"who": "unknown", "way": WAY, "why": why})
    return sign_in_page(desk, request, "provider", status=403)
