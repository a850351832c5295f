# SPDX-License-Identifier: Apache-2.0
"""What the registrar's pages have in common: who an account signs as, and how a file is handed out."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sluicegate.facts import FactKind
from sluicegate.policy import proposal
from sluicegate.store.journal import moment, stamp
from sluicegate.store.registry import Chain, Registrar
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.sessions import Person

SECTION = "registrar"
ADDRESS = "/desk/registrar"
SIGNING: Mapping[str, str] = {
    "text": "the exact text that is signed",
    "mine": "the registrar that this account signs as, or None",
    "error": "why the last try failed, or None",
}
"""What every template with a place for a signature is given."""


def told(at: str) -> str:
    """A stamp to the minute, in UTC."""
    return f"{at[:10]} {at[11:16]} UTC"


def enter(desk: Desk, person: Person, what: str, name: str) -> None:
    """Enter what a registrar is about to do. Raises LedgerError or StoreError where it cannot be entered."""
    body = {"who": person.name, "what": what, "proposal": name}
    desk.enter(FactKind.REGISTRAR_ACTED, person.roles, body)


def page(desk: Desk, request: Request, template: str, values: Mapping[str, object]) -> Response:
    """A page with a place for a signature; status 400 where the last try failed."""
    return desk.show(request, template, values, section=SECTION, status=400 if values["error"] else 200)


def mine(chain: Chain, person: Person) -> Registrar | None:
    """The registrar of an account's own name."""
    return next((one for one in chain.registrars if one.name == person.name), None)


def form_of(request: Request) -> dict[str, str]:
    """The fields of a form."""
    return {str(key): str(value) for key, value in request.state.form.items() if key != "csrf"}


def done(request: Request) -> str:
    """What has just been done, as an address says it."""
    said = request.query_params.get("done", "")
    return said if said in {"proposed", "signed", "registered", "aside"} else ""


def line(text: str) -> str:
    """Text as one plain line of at most the length that a reason may have."""
    return " ".join(text.split())[: proposal.LONGEST_WHY]


def stamped(text: str) -> str:
    """A stamp as a page wrote it. Raises HTTPException 400 for anything else."""
    try:
        if stamp(moment(text)) == text:
            return text
    except ValueError:
        pass
    raise HTTPException(400)


def to(address: str) -> Response:
    """To another page, after a form."""
    return RedirectResponse(address, 303)


def file(data: bytes, name: str) -> Response:
    """A file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="text/plain; charset=utf-8", headers=headers)
