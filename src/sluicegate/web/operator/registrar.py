# SPDX-License-Identifier: Apache-2.0
"""The registrar's desk: see the chain of changes, propose one with its effect, sign another's, put one aside.

Nothing here is signed by the server. It shows the exact text; the registrar signs it in the browser, with a
key file that is never sent, or elsewhere; the registry then takes it as it takes one from the command line.
An account signs only with the key of its own name, so nobody approves under a second account what they
proposed. See docs/decisions/0014-registry-of-changes.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import Missing, ProgramError, SluicegateError, UsageError
from sluicegate.policy import proposal
from sluicegate.policy.model import Answer
from sluicegate.policy.proposal import LinkFile
from sluicegate.store.journal import moment
from sluicegate.store.preview import id_of
from sluicegate.store.registering import Registry
from sluicegate.store.registry import APPROVALS, Chain, Link, Registered
from sluicegate.web.operator import registrar_draft as drafts
from sluicegate.web.operator import registrar_parts as parts
from sluicegate.web.operator import registrar_rows as forms
from sluicegate.web.operator import registrar_signing as signing
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.registrar_signing import given, registrar_of
from sluicegate.web.operator.registrar_waiting import Waiting
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person

ADDRESS = parts.ADDRESS

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/registrar.html": {
        "trouble": "why the rules do not hold and every gate is closed, or None",
        "chain": "the links and the registrars",
        "lines": "each link, newest first, with what the ledger says of it",
        "waiting": "proposals that wait: file, signers, name",
        "beyond": "files that are signed and not registered",
        "asides": "proposals that were put aside",
        "mine": "the registrar that this account signs as, or None",
        "done": "what has just been done, or empty",
        "moment": "a stamp in words",
        "approvals": "how many registrars a change takes",
    },
    "operator/registrar_form.html": {
        "what": "choice, rule, wording or rows",
        "fields": "the fields of the form",
        "given": "what the form says, by field",
        "wrong": "what is wrong, by field; under the empty name what is of no one field",
        "against": "promises that the change would break",
        "questions": "the program's questions, for a wording",
        "answers": "what a wording can say to one",
        "papers": "numbers of the places for papers",
        "mine": "the registrar that this account signs as, or None",
        "by": "the account",
    },
    "operator/registrar_draft.html": {
        **parts.SIGNING,
        "what": "the form that it came from",
        "said": "the statement",
        "shown": "what it would do",
        "packed": "the draft as the form carries it back",
        "moment": "a stamp in words",
    },
    "operator/registrar_link.html": {
        "link": "the link",
        "entry": "what the ledger says of it",
        "shown": "what it did, or None",
        "moment": "a stamp in words",
    },
}
"""What each template is given, besides `pages.COMMON`."""


@dataclass(frozen=True, slots=True)
class Line:
    """A link with the entry that registered it."""

    link: Link
    entry: Registered


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Everything below `/desk/registrar`, for registrars only."""
    made, waits = RegistrarDesk(desk), Waiting(desk)
    get = (
        ("", made.overview),
        ("/new/{what}", made.form),
        ("/links/{number:int}", made.link),
        ("/links/{number:int}/file", made.link_file),
        ("/proposals/{name}", waits.proposal),
        ("/proposals/{name}/text", waits.proposal_text),
        ("/proposals/{name}/file", waits.proposal_file),
        ("/proposals/{name}/aside", waits.aside),
        ("/proposals/{name}/aside/text", waits.aside_text),
        ("/aside/{name}/file", waits.aside_file),
    )
    post = (
        ("/new/{what}", made.preview),
        ("/draft", made.propose),
        ("/draft/text", made.draft_text),
        ("/draft/file", made.draft_file),
        ("/proposals/{name}/sign", waits.sign),
        ("/proposals/{name}/aside", waits.put_aside),
    )
    every = [(path, one, "GET") for path, one in get] + [(path, one, "POST") for path, one in post]
    return [
        Route(f"/registrar{path}", desk.guarded(one, role=Role.REGISTRAR), methods=[method])
        for path, one, method in every
    ]


class RegistrarDesk:
    """Handlers over the registry of the home."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def _registry(self) -> Registry:
        return self._desk.bureau.registry

    # -- looking ---------------------------------------------------------------------------------------

    def overview(self, request: Request, person: Person) -> Response:
        """The chain, the registrars, what waits and what was put aside."""
        registry = self._registry
        chain, trouble, lines, waiting = Chain(), None, list[Line](), []
        try:
            chain = registry.chain()
            entries = registry.register.registered()
            lines = [Line(*pair) for pair in zip(chain.links, entries, strict=True)]
            waiting = [(file, signers, id_of(file)) for file, signers in registry.proposals()]
            registry.source.load()
        except ProgramError as error:
            trouble = error
        values = {
            "trouble": trouble,
            "chain": chain,
            "lines": lines[::-1],
            "waiting": waiting,
            "beyond": registry.register.beyond() if trouble is None else (),
            "asides": list(signing.asides(registry.register.folder, chain))[::-1],
            "mine": parts.mine(chain, person),
            "done": parts.done(request),
            "moment": parts.told,
            "approvals": APPROVALS,
        }
        return self._desk.show(request, "operator/registrar.html", values, section=parts.SECTION)

    def link(self, request: Request, _person: Person) -> Response:
        """One link: what it says, and what it changed."""
        link, entry = self._link(request)
        shown = drafts.of_link(self._registry, link.statement.number, moment(link.statement.at))
        values = {"link": link, "entry": entry, "shown": shown, "moment": parts.told}
        return self._desk.show(request, "operator/registrar_link.html", values, section=parts.SECTION)

    def link_file(self, request: Request, _person: Person) -> Response:
        """The file of a link, byte for byte."""
        link, _ = self._link(request)
        data = proposal.compose(link.file.note, link.file.rows)
        return parts.file(data, f"{link.statement.number:04d}.note")

    def _link(self, request: Request) -> tuple[Link, Registered]:
        number, registry = int(request.path_params["number"]), self._registry
        links = registry.chain().links
        if number >= len(links):
            raise Missing("There is no such link.")
        return links[number], registry.register.registered()[number]

    # -- proposing -------------------------------------------------------------------------------------

    def form(self, request: Request, person: Person) -> Response:
        """An empty form, or one that starts from a row on file."""
        what = _what(request)
        program, links = self._registry.source.load(), len(self._registry.chain().links)
        asked = {key: value[:200] for key, value in request.query_params.items()}
        begun = forms.beginning(what, program, links, self._desk.clock(), asked)
        return self._form(request, person, what, begun, {})

    def _form(
        self,
        request: Request,
        person: Person,
        what: str,
        told: Mapping[str, str],
        wrong: Mapping[str, Sequence[str]],
        against: Sequence[object] = (),
    ) -> Response:
        program = self._registry.source.load()
        values = {
            "what": what,
            "fields": forms.fields(what, program) if what != forms.ROWS else (),
            "given": dict(told),
            "wrong": wrong,
            "against": against,
            "questions": program.settings.questions if what == "wording" else {},
            "answers": tuple(one.value for one in Answer),
            "papers": tuple(range(1, forms.PAPERS + 1)),
            "mine": parts.mine(self._registry.chain(), person),
            "by": person.name,
        }
        status = 400 if wrong or against else 200
        return self._desk.show(
            request, "operator/registrar_form.html", values, section=parts.SECTION, status=status
        )

    def preview(self, request: Request, person: Person) -> Response:
        """What a form would do to the nation; or the form again, with what is wrong beside each field."""
        what, form, registry = _what(request), parts.form_of(request), self._registry
        program, why = registry.source.load(), " ".join(form.get(forms.WHY, "").split())
        known = [one.name for one in forms.fields(what, program)] if what != forms.ROWS else [forms.ROWS]
        if not why:
            return self._form(request, person, what, form, {forms.WHY: ["Say why, in one line."]})
        try:
            papers = forms.papers_of(form)
            rows = forms.rows_of(what, form, program, papers)
            made = drafts.examine(registry, rows, why, papers, person.name, self._desk.clock())
        except (UsageError, ProgramError) as error:
            return self._form(request, person, what, form, {"": [f"{error.message} {error.advice}"]})
        if made.sight is None or made.shown is None:
            wrong = forms.placed(made.problems, what, known, program, rows)
            return self._form(request, person, what, form, wrong, made.against)
        return self._draft(request, person, made.sight.file, made.shown, what)

    def _draft(
        self,
        request: Request,
        person: Person,
        file: LinkFile,
        shown: object,
        what: str,
        error: UsageError | None = None,
    ) -> Response:
        values = {
            "text": proposal.text(file.statement),
            "mine": parts.mine(self._registry.chain(), person),
            "error": error,
            "what": what,
            "said": file.statement,
            "shown": shown,
            "packed": signing.packed(file),
            "moment": parts.told,
        }
        return parts.page(self._desk, request, "operator/registrar_draft.html", values)

    def propose(self, request: Request, person: Person) -> Response:
        """Take a signed draft: it waits for another registrar."""
        form, registry = parts.form_of(request), self._registry
        try:
            file = signing.draft_of(form.get("draft", ""))
            signing.check_draft(file, person.name, self._desk.clock())
            sight, shown = drafts.as_signed(registry, file, self._desk.clock())
        except (UsageError, ProgramError) as error:
            return self._again(request, person, error)
        try:
            signer = given(registrar_of(registry.chain(), person.name), form.get("signature", ""))
            signer.sign(proposal.text(file.statement).encode())
            parts.enter(self._desk, person, "proposed", sight.id)
            registry.propose(sight, signer)
        except UsageError as error:
            return self._draft(request, person, file, shown, forms.ROWS, error)
        return parts.to(f"{parts.ADDRESS}/proposals/{sight.id}?done=proposed")

    def _again(self, request: Request, person: Person, error: SluicegateError) -> Response:
        """The form, with the rows of a draft that is not taken any more, where it has any."""
        told = {forms.ROWS: "", forms.WHY: ""}
        with suppress(UsageError):
            file = signing.draft_of(parts.form_of(request).get("draft", ""))
            told = {forms.ROWS: forms.shown(file.rows), forms.WHY: file.statement.why}
        wrong = {"": [f"{error.message} {error.advice}"]}
        return self._form(request, person, forms.ROWS, told, wrong)

    def draft_text(self, request: Request, person: Person) -> Response:
        """The text to sign, as a file."""
        try:
            file = signing.draft_of(parts.form_of(request).get("draft", ""))
        except UsageError as error:
            return self._again(request, person, error)
        return parts.file(proposal.text(file.statement).encode(), f"change-{id_of(file)}.txt")

    def draft_file(self, request: Request, person: Person) -> Response:
        """The unsigned change with its rows, as a file."""
        try:
            file = signing.draft_of(parts.form_of(request).get("draft", ""))
        except UsageError as error:
            return self._again(request, person, error)
        data = proposal.compose(f"{proposal.text(file.statement)}\n", file.rows)
        return parts.file(data, f"change-{id_of(file)}.unsigned")


def _what(request: Request) -> str:
    what = str(request.path_params["what"])
    if what not in forms.TABLES:
        raise HTTPException(404)
    return what
