# SPDX-License-Identifier: Apache-2.0
"""The release builder of the records desk: a document is sealed, pieces withheld, the release published.

Nothing of the custodian's is kept in the home: the document, its salts and the choices travel in the forms
of the person who holds them, and what cannot be brought back is asked for twice. Every page that shows a
document is entered in the ledger before it is sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import InputRefused, Missing, UsageError
from sluicegate.exchange.case import Case
from sluicegate.exchange.release_case import describe, proposed
from sluicegate.facts import FactKind
from sluicegate.releases import bundle, document, redact
from sluicegate.releases.codes import EXEMPTIONS, UNVERIFIED
from sluicegate.releases.document import Document
from sluicegate.releases.redact import Redaction, Secrets
from sluicegate.store import stating
from sluicegate.store.journal import stamp
from sluicegate.store.master import MasterLog
from sluicegate.web.operator import releasing_view as view
from sluicegate.web.operator.frame import Desk, Seen
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person

ADDRESS = "/desk/release"
SECTION = "release"
WHY = "to make a release"
PUBLIC = "public"
FILE = "custodian.secrets"

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/release.html": {
        "name": "booking that was looked for",
        "text": "document as pasted, or empty",
        "trouble": "what is wrong with what was given, or empty",
        "sealed": "custodian's file as given, or empty",
    },
    "operator/release_document.html": {
        "made": "the document",
        "text": "the document as its file has it",
        "pieces": "how many pieces it has",
        "sealed": "custodian's file, empty here",
    },
    "operator/release_choose.html": {
        "made": "the document",
        "rows": "a line for each piece, with what was chosen",
        "codes": "the exemptions",
        "unverified": "what is not verified about their meanings",
        "sealed": "the custodian's file",
        "troubles": "what cannot be meant: kind and piece",
        "trouble": "another thing that is wrong, or empty",
        "name": "id of the release",
    },
    "operator/release_preview.html": {
        "made": "the document",
        "shape": "structure of the release",
        "pieces": "its pieces by id",
        "gone": "how many pieces are withheld",
        "counts": "code, meaning and number of pieces",
        "unverified": "what is not verified about the meanings",
        "repeats": "withheld texts that stand elsewhere",
        "root": "the root",
        "sealed": "the custodian's file",
        "redactions": "what is withheld, as text",
        "name": "id of the release",
        "trouble": "why it was not published, or empty",
    },
    "operator/release_made.html": {
        "name": "id of the release",
        "manifest": "SHA-256 of its manifest",
        "root": "the root",
        "gone": "how many pieces are withheld",
        "every": "how many pieces there are",
    },
}


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The start, and each step to a published release."""
    pages = Releasing(desk)
    table: tuple[tuple[str, Handler, str, Callable[[Request], Seen] | None], ...] = (
        ("", pages.start, "GET", None),
        ("/case/{case}", pages.of_case, "GET", pages.seen_case),
        ("/document", pages.pasted, "POST", seen_document),
        ("/seal", pages.seal, "POST", seen_sealing),
        ("/choose", pages.choose, "POST", seen_choosing),
        ("/preview", pages.preview, "POST", seen_preview),
        ("/page", pages.page, "POST", seen_preview),
        ("/publish", pages.publish, "POST", seen_preview),
        ("/made/{name}", pages.made, "GET", None),
    )
    return [
        Route(
            f"/release{path}", desk.guarded(handler, role=Role.RECORDS, personal=personal), methods=[method]
        )
        for path, handler, method, personal in table
    ]


Handler = Callable[[Request, Person], Response]


@dataclass(frozen=True, slots=True)
class Draft:
    """A release as the forms carry it."""

    sealed: str
    secrets: Secrets
    redactions: tuple[Redaction, ...]
    name: str

    @property
    def document(self) -> Document:
        """What was sealed."""
        return self.secrets.document


class Releasing:
    """Handlers over the bureau's store and the public folder."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._one_at_a_time = threading.Lock()  # two clicks on one button must not publish twice

    # -- the document ----------------------------------------------------------------------------------

    def start(self, request: Request, _person: Person) -> Response:
        """Where a release begins: a booking, a document, or a custodian's file."""
        name = request.query_params.get("case", "").strip()[:60]
        if not name:
            return self._start(request)
        found = self._named(name)
        if len(found) == 1:
            return RedirectResponse(f"{ADDRESS}/case/{found[0].case_id}", 303)
        told = "Several bookings have that TCN." if found else "No booking has that TCN or case id."
        return self._start(request, told, name=name)

    def _start(
        self, request: Request, trouble: str = "", *, name: str = "", text: str = "", sealed: str = ""
    ) -> Response:
        values = {"name": name, "text": text, "trouble": trouble, "sealed": sealed}
        status = 400 if trouble else 200
        return self._desk.show(request, "operator/release.html", values, section=SECTION, status=status)

    def _named(self, name: str) -> list[Case]:
        store = self._desk.bureau.office.store
        try:
            return [store.case(name)]
        except Missing:
            return store.cases_of_tcn(name)

    def seen_case(self, request: Request) -> Seen:
        """Whose record is about to be shown. Raises Missing."""
        case = self._desk.bureau.office.store.case(str(request.path_params["case"]))
        return Seen(case.case_id, "administrative record", WHY)

    def of_case(self, request: Request, _person: Person) -> Response:
        """The administrative record of a booking, as the command writes it."""
        store = self._desk.bureau.office.store
        made = describe(store, store.case(str(request.path_params["case"])))
        return self._document(request, made)

    def pasted(self, request: Request, _person: Person) -> Response:
        """A document that somebody pasted."""
        text = _field(request, "document")
        try:
            return self._document(request, document.read(text.encode("utf-8")))
        except InputRefused as error:
            return self._start(request, _said(error), text=text)

    def _document(self, request: Request, made: Document) -> Response:
        text = json.dumps(document.to_json(made), indent=2, ensure_ascii=False)
        count = sum(1 for _ in made.pieces())
        values = {"made": made, "text": text, "pieces": count, "sealed": ""}
        return self._desk.show(request, "operator/release_document.html", values, section=SECTION)

    def seal(self, request: Request, _person: Person) -> Response:
        """The custodian's file, to be kept by the person: nothing of it stays here."""
        text = _field(request, "document")
        try:
            sealed = redact.seal(document.read(text.encode("utf-8")), lambda: secrets.token_bytes(32))
        except InputRefused as error:
            return self._start(request, _said(error), text=text)
        headers = {"Content-Disposition": f'attachment; filename="{FILE}"', "Cache-Control": "no-store"}
        return Response(redact.encode_secrets(sealed), media_type="application/json", headers=headers)

    # -- what is withheld ------------------------------------------------------------------------------

    def choose(self, request: Request, _person: Person) -> Response:
        """Every piece, to be shown or withheld."""
        sealed = _field(request, "sealed")
        try:
            held = redact.decode_secrets(sealed.encode("utf-8"))
            listed = _field(request, "redactions")
            if not listed and _field(request, "propose"):
                listed = json.dumps(proposed(held.document))
            gone = redact.read(listed.encode("utf-8"), held.document) if listed else ()
            return self._choices(request, held, sealed, view.choices_from(gone))
        except InputRefused as error:
            return self._start(request, _said(error), sealed=sealed)

    def _choices(
        self,
        request: Request,
        held: Secrets,
        sealed: str,
        choices: Mapping[str, view.Choice],
        trouble: str = "",
    ) -> Response:
        wrong = view.troubles(held.document, choices)
        values = {
            "made": held.document,
            "rows": view.rows(held.document, choices),
            "codes": EXEMPTIONS,
            "unverified": UNVERIFIED,
            "sealed": sealed,
            "troubles": wrong,
            "trouble": trouble,
            "name": _field(request, "name")[:64] or held.document.id,
        }
        status = 400 if wrong or trouble else 200
        return self._desk.show(
            request, "operator/release_choose.html", values, section=SECTION, status=status
        )

    # -- what will be public ---------------------------------------------------------------------------

    def preview(self, request: Request, _person: Person) -> Response:
        """What will be public, with what is withheld in boxes and counted by exemption."""
        sealed = _field(request, "sealed")
        try:
            held = redact.decode_secrets(sealed.encode("utf-8"))
            view.rows(held.document, {})
        except InputRefused as error:
            return self._start(request, _said(error), sealed=sealed)
        choices = view.choices_of(request.state.form.multi_items())
        try:
            if view.troubles(held.document, choices):
                return self._choices(request, held, sealed, choices)
            text = view.redactions_text(held.document, choices)
            gone = redact.read(text.encode("utf-8"), held.document)
            name = self._free(_field(request, "name"))
            return self._preview(request, Draft(sealed, held, gone, name))
        except (InputRefused, UsageError) as error:
            return self._choices(request, held, sealed, choices, _said(error))

    def _preview(self, request: Request, draft: Draft, trouble: str = "") -> Response:
        files = self._files(draft)
        shape, pieces = view.shown(files[bundle.DATA])
        values = {
            "made": draft.document,
            "shape": shape,
            "pieces": pieces,
            "gone": len(draft.redactions),
            "counts": view.counted(draft.redactions),
            "unverified": UNVERIFIED,
            "repeats": view.repeats(draft.document, draft.redactions),
            "root": redact.root(draft.secrets).hex(),
            "sealed": draft.sealed,
            "redactions": view.redactions_text(draft.document, view.choices_from(draft.redactions)),
            "name": draft.name,
            "trouble": trouble,
        }
        status = 400 if trouble else 200
        return self._desk.show(
            request, "operator/release_preview.html", values, section=SECTION, status=status
        )

    def page(self, request: Request, _person: Person) -> Response:
        """The page that will be public, but for the moment of making; its policy forbids every script."""
        try:
            made = self._files(self._draft(request))[bundle.PAGE]
        except InputRefused as error:
            return self._start(request, _said(error), sealed=_field(request, "sealed"))
        headers = {"Content-Security-Policy": _policy(made), "Cache-Control": "no-store"}
        return Response(made, media_type="text/html; charset=utf-8", headers=headers)

    # -- for ever --------------------------------------------------------------------------------------

    def publish(self, request: Request, person: Person) -> Response:
        """State it and make it public, once it was confirmed on the page that shows it."""
        try:
            draft = self._draft(request)
        except InputRefused as error:
            return self._start(request, _said(error), sealed=_field(request, "sealed"))
        try:
            self._confirmed(request, draft)
            with self._one_at_a_time:
                self._free(draft.name)
                body = {"who": person.name, "what": "release", "why": draft.name}
                self._desk.enter(FactKind.ACTED, person.roles, body)
                self._state(draft)
        except UsageError as error:
            return self._preview(request, draft, _said(error))
        return RedirectResponse(f"{ADDRESS}/made/{draft.name}", 303)

    def _confirmed(self, request: Request, draft: Draft) -> None:
        """Raises UsageError unless both confirmations that are needed were ticked."""
        if _field(request, "sure") != draft.name:
            raise UsageError("It was not confirmed; nothing was published.")
        if view.repeats(draft.document, draft.redactions) and not _field(request, "repeated"):
            raise UsageError(
                "What is withheld stands elsewhere in the release; nothing was published.",
                advice="Withhold it there too, or confirm that it may stand there.",
            )

    def _state(self, draft: Draft) -> None:
        now = stamp(self._desk.clock())
        files = bundle.make(draft.secrets, draft.redactions, name=draft.name, made=now)
        said = bundle.statement(files[bundle.MANIFEST], now)
        office = self._desk.bureau.office
        public = self._desk.bureau.settings.home / PUBLIC
        stating.state(office.store, MasterLog(office.engine), public, f"releases/{draft.name}", said, files)

    def made(self, request: Request, _person: Person) -> Response:
        """What was published. Raises Missing for no such release."""
        name = str(request.path_params["name"])
        try:
            folder = (
                self._desk.bureau.settings.home / PUBLIC / "releases" / document.check_id(name, "release")
            )
            manifest = (folder / bundle.MANIFEST).read_bytes()
            held = json.loads((folder / bundle.DATA).read_bytes())
        except (InputRefused, OSError):
            raise Missing("There is no such release.") from None
        values = {
            "name": name,
            "manifest": hashlib.sha256(manifest).hexdigest(),
            "root": held["root"],
            "gone": sum("codes" in one for one in held["pieces"]),
            "every": len(held["pieces"]),
        }
        return self._desk.show(request, "operator/release_made.html", values, section=SECTION)

    # -- parts -----------------------------------------------------------------------------------------

    def _draft(self, request: Request) -> Draft:
        """The draft of a form that a preview sent. Raises InputRefused."""
        sealed = _field(request, "sealed")
        held = redact.decode_secrets(sealed.encode("utf-8"))
        gone = redact.read(_field(request, "redactions").encode("utf-8"), held.document)
        return Draft(sealed, held, gone, document.check_id(_field(request, "name"), "release"))

    def _files(self, draft: Draft) -> dict[str, bytes]:
        now = stamp(self._desk.clock())
        return bundle.make(draft.secrets, draft.redactions, name=draft.name, made=now)

    def _free(self, name: str) -> str:
        """The id itself. Raises InputRefused for none, UsageError where it is public already."""
        under = f"releases/{document.check_id(name, 'release')}"
        if (self._desk.bureau.settings.home / PUBLIC / under).exists():
            raise UsageError(
                f"A release {name} is public already; what is public never changes.",
                advice="Give this one another id.",
            )
        return name


def _field(request: Request, name: str) -> str:
    """A field of the form without the spaces around it."""
    return str(request.state.form.get(name, "")).strip()


def _said(error: InputRefused | UsageError) -> str:
    return f"{error.message} {error.advice}".strip()


def _policy(made: bytes) -> str:
    """The policy of a release's page: its own style and nothing else, in no frame and with no origin."""
    style = re.search(rb"<style>(.*?)</style>", made, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1] if style else b"").digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; sandbox"


def seen_document(_request: Request) -> Seen:
    """A document that was pasted."""
    return Seen("", "document of a release", WHY)


def seen_sealing(_request: Request) -> Seen:
    """A document and the salts of its pieces, as a file."""
    return Seen("", "custodian's file of a release", WHY)


def seen_choosing(_request: Request) -> Seen:
    """A whole document, piece by piece."""
    return Seen("", "pieces of a release", WHY)


def seen_preview(_request: Request) -> Seen:
    """What will be public, with the whole document carried beside it."""
    return Seen("", "preview of a release", WHY)
