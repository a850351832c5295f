# SPDX-License-Identifier: Apache-2.0
"""Proposals that wait: seen as they would be now, signed by a second person, or put aside with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from sluicegate.errors import Missing, UsageError
from sluicegate.policy import proposal
from sluicegate.policy.proposal import LinkFile
from sluicegate.store.journal import moment, stamp
from sluicegate.store.preview import id_of
from sluicegate.store.registering import Registry
from sluicegate.store.registry import APPROVALS, Registrar
from sluicegate.web.operator import registrar_draft as drafts
from sluicegate.web.operator import registrar_parts as parts
from sluicegate.web.operator import registrar_rows as forms
from sluicegate.web.operator import registrar_signing as signing
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.registrar_signing import Fixed, given, registrar_of
from sluicegate.web.operator.sessions import Person

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/registrar_proposal.html": {
        **parts.SIGNING,
        "name": "the proposal's name",
        "said": "the statement",
        "again": "the proposal worked out again now",
        "shown": "what it would do, or None",
        "rows": "its rows as a form takes them, to propose them again",
        "may": "sign, proposed, signed or nobody: what this account can do",
        "done": "what has just been done, or empty",
        "moment": "a stamp in words",
        "approvals": "how many registrars a change takes",
    },
    "operator/registrar_aside.html": {
        **parts.SIGNING,
        "name": "the proposal's name",
        "said": "the statement",
        "why": "why it is put aside",
        "at": "the moment that the text names",
        "own": "whether the account proposed it",
    },
}
"""What each template is given, besides `pages.COMMON`."""


class Waiting:
    """Handlers for what waits, and for what was put aside."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def _registry(self) -> Registry:
        return self._desk.bureau.registry

    def proposal(self, request: Request, person: Person) -> Response:
        """A proposal with its effect, worked out now."""
        return self._proposal(request, person)

    def _proposal(self, request: Request, person: Person, error: UsageError | None = None) -> Response:
        registry = self._registry
        file, signers, name = self._waiting(request)
        again = drafts.again(registry, file, signers, name, self._desk.clock())
        mine = parts.mine(registry.chain(), person)
        values = {
            "text": proposal.text(file.statement),
            "mine": mine,
            "error": error,
            "name": name,
            "said": file.statement,
            "again": again,
            "shown": again.shown,
            "rows": forms.shown(file.rows),
            "may": _may(file, signers, mine),
            "done": parts.done(request),
            "moment": parts.told,
            "approvals": APPROVALS,
        }
        return parts.page(self._desk, request, "operator/registrar_proposal.html", values)

    def proposal_text(self, request: Request, _person: Person) -> Response:
        """The text of a proposal, as it is signed."""
        file, _, name = self._waiting(request)
        return parts.file(proposal.text(file.statement).encode(), f"change-{name}.txt")

    def proposal_file(self, request: Request, _person: Person) -> Response:
        """A proposal as it lies, with its signatures and rows."""
        file, _, name = self._waiting(request)
        return parts.file(proposal.compose(file.note, file.rows), f"proposal-{name}.note")

    def _waiting(self, request: Request) -> tuple[LinkFile, tuple[str, ...], str]:
        for file, signers in self._registry.proposals():
            if id_of(file) == request.path_params["name"]:
                return file, signers, id_of(file)
        raise Missing("No proposal of that name waits.")

    def sign(self, request: Request, person: Person) -> Response:
        """Sign what another proposed. With the second signature it is in force."""
        registry, form = self._registry, parts.form_of(request)
        file, signers, name = self._waiting(request)
        try:
            mine = registrar_of(registry.chain(), person.name)
            if _may(file, signers, mine) == "proposed":
                raise UsageError("You proposed this. Another person must approve it.")
            signer = given(mine, form.get("signature", ""))
            signer.sign(proposal.text(file.statement).encode())
            registry.sight(name)
            parts.enter(self._desk, person, "signed", name)
            link = registry.approve(name, signer)
        except UsageError as error:
            return self._proposal(request, person, error)
        if link is None:
            return parts.to(f"{parts.ADDRESS}/proposals/{name}?done=signed")
        return parts.to(f"{parts.ADDRESS}?done=registered#link-{link.statement.number}")

    # -- putting aside ---------------------------------------------------------------------------------

    def aside(self, request: Request, person: Person) -> Response:
        """Say why; then the text to sign."""
        return self._aside(request, person, parts.line(request.query_params.get("why", "")), "")

    def _aside(
        self, request: Request, person: Person, why: str, at: str, error: UsageError | None = None
    ) -> Response:
        file, _, name = self._waiting(request)
        now = moment(at) if at else self._desk.clock()
        chain = self._registry.chain()
        values = {
            "text": signing.rejection(name, now, why) if why else "",
            "mine": parts.mine(chain, person),
            "error": error,
            "name": name,
            "said": file.statement,
            "why": why,
            "at": stamp(now),
            "own": file.statement.by == person.name,
        }
        return parts.page(self._desk, request, "operator/registrar_aside.html", values)

    def aside_text(self, request: Request, _person: Person) -> Response:
        """The text to sign, as a file."""
        _, _, name = self._waiting(request)
        query = request.query_params
        at, why = parts.stamped(query.get("at", "")), parts.line(query.get("why", ""))
        return parts.file(signing.rejection(name, moment(at), why).encode(), f"aside-{name}.txt")

    def put_aside(self, request: Request, person: Person) -> Response:
        """Take a signed reason: the proposal is kept, and waits no more."""
        form, registry = parts.form_of(request), self._registry
        file, _, name = self._waiting(request)
        why, at = parts.line(form.get("why", "")), parts.stamped(form.get("at", ""))
        try:
            signing.check_moment(moment(at), self._desk.clock())
            signer = given(registrar_of(registry.chain(), person.name), form.get("signature", ""))
            signer.sign(signing.rejection(name, moment(at), why).encode())
            own = file.statement.by == person.name
            parts.enter(self._desk, person, "withdrew" if own else "put aside", name)
            Fixed(registry.source, moment(at)).reject(name, signer, why)
        except UsageError as error:
            return self._aside(request, person, why, at, error)
        return parts.to(f"{parts.ADDRESS}?done=aside#aside-{name}")

    def aside_file(self, request: Request, _person: Person) -> Response:
        """A proposal that was put aside, as it lay."""
        registry = self._registry
        for one in signing.asides(registry.register.folder, registry.chain()):
            if one.id == request.path_params["name"]:
                return parts.file(proposal.compose(one.file.note, one.file.rows), f"proposal-{one.id}.note")
        raise Missing("No proposal of that name was put aside.")


def _may(file: LinkFile, signers: Sequence[str], mine: Registrar | None) -> str:
    """What an account can do with a proposal: sign it, or why not: proposed, signed, nobody."""
    if mine is None:
        return "nobody"
    if file.statement.by == mine.name:
        return "proposed"
    return "signed" if mine.name in signers and len(signers) < APPROVALS else "sign"
