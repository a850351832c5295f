# SPDX-License-Identifier: Apache-2.0
"""The page of administrators: accounts, closing one, and a new code for somebody who lost a device.

Accounts are made, and roles given, at the console only (`sluicegate people`). Who resets an account could use
the code alone and act as its holder; that is entered under the administrator's name, and its holder is shut
out and so comes to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.store.people import LOCAL, Account
from sluicegate.web.operator import accounts
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person
from sluicegate.web.operator.signing_in import changed

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/accounts.html": {
        "people": "every account",
        "code": "an enrolment code that was just made, shown this once, or empty",
        "of": "whose code that is",
        "address": "where its holder opens the page for it",
    }
}
ADDRESS = "/desk/people"


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The list, and the two things that can be done to an account of another."""

    def listed(request: Request, _person: Person) -> Response:
        return _page(desk, request)

    def change(request: Request, person: Person) -> Response:
        account = _other(desk, request, person)
        disabled = request.state.form.get("disabled") == "yes"
        changed(desk, account, "disabled" if disabled else "opened again", person.name)
        desk.accounts.people.set_disabled(account.name, disabled=disabled)
        return RedirectResponse(ADDRESS, 303)

    def reset(request: Request, person: Person) -> Response:
        account = _other(desk, request, person)
        if account.origin != LOCAL:
            raise HTTPException(400)
        changed(desk, account, "factors taken away, new enrolment code", person.name)
        code = accounts.new_code()
        until = desk.now() + accounts.CODE_LASTS_S
        desk.accounts.people.invite(account.name, accounts.code_hash(code), until)
        return _page(desk, request, code, account.name)

    return [
        Route("/people", desk.guarded(listed, role=Role.ADMIN), methods=["GET"]),
        Route("/people/{name}/open", desk.guarded(change, role=Role.ADMIN), methods=["POST"]),
        Route("/people/{name}/reset", desk.guarded(reset, role=Role.ADMIN), methods=["POST"]),
    ]


def _other(desk: Desk, request: Request, person: Person) -> Account:
    """The account of the address. Raises Missing for none, HTTPException 403 for the person's own."""
    account = desk.accounts.people.account(str(request.path_params["name"]))
    if account.name == person.name:
        raise HTTPException(403)
    return account


def _page(desk: Desk, request: Request, code: str = "", of: str = "") -> Response:
    values = {
        "people": desk.accounts.people.every(),
        "code": code,
        "of": of,
        "address": f"{desk.site.origin}/desk/enrol",
    }
    return desk.show(request, "operator/accounts.html", values, section="people")
