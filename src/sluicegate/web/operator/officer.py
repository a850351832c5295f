# SPDX-License-Identifier: Apache-2.0
"""The status officer: queries that wait, the word on one, and the correction of an answer that was wrong.

Partner's side only. A word is given in two steps: the form, then a page that shows the message letter by
letter as it would be sent. Whether anybody gets it the partner does not know: the bureau's gate decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.ebts.submission import Submission, partial
from sluicegate.errors import Conflict, Missing, UsageError
from sluicegate.exchange import correcting
from sluicegate.exchange.case import Case, State
from sluicegate.exchange.envelopes import read_copy
from sluicegate.exchange.stages import correct as stages
from sluicegate.exchange.stages.relied import SOURCES, Relied, typed
from sluicegate.itl.detect import peek_any, read_any
from sluicegate.web.operator import officer_view as view
from sluicegate.web.operator.frame import Desk, Seen
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person

ADDRESS = "/desk/officer"
SECTION = "officer"
MOST = 100
"""Most answers that the first page lists; every one has its address."""

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/officer.html": {
        "waiting": "queries that wait, oldest first",
        "answers": "answers that went out, newest first",
        "more": "how many further answers there are",
        "done": "what was just done: determined, corrected, or empty",
    },
    "operator/officer_case.html": {
        "case": "the case of the copy",
        "query": "what is known of the query",
        "subject": "what the booking says of the subject: key of a word and value; empty once it is erased",
        "history": "what was determined, oldest first",
        "choices": "what can be said",
        "sources": "what can be relied on",
        "chosen": "what was typed: status, source, dated",
        "trouble": "what is wrong with what was typed, or empty",
        "can": "whether a word can be given now",
    },
    "operator/officer_preview.html": {
        "case": "the case of the copy",
        "chosen": "what was typed: status, source, dated",
        "lines": "the message as it would be sent; empty where nothing goes back",
        "was": "the status that this corrects, or empty",
    },
}


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The queue, one case, the preview of a word, and the word."""
    pages = Officer(desk)
    only = Role.OFFICER
    case = desk.guarded(pages.case, role=only, personal=pages.seen)
    return [
        Route("/officer", desk.guarded(pages.queue, role=only), methods=["GET"]),
        Route("/officer/{case}", case, methods=["GET"]),
        Route(
            "/officer/{case}/preview",
            desk.guarded(pages.preview, role=only, personal=pages.seen),
            methods=["POST"],
        ),
        Route(
            "/officer/{case}/say", desk.guarded(pages.say, role=only, personal=pages.seen), methods=["POST"]
        ),
    ]


class Officer:
    """Handlers over the partner's stores."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def seen(self, request: Request) -> Seen:
        """Whose data a page is about to show. Raises Missing for no such query."""
        return Seen(self._case(request).case_id, "query", "to determine a status")

    def queue(self, request: Request, _person: Person) -> Response:
        """What waits, and what went out."""
        store, now = self._desk.partner.office.store, self._desk.clock()
        rows = store.rows("answered", limit=MOST)
        told = view.answers([store.case(row["case_id"]) for row in rows], now)
        done = request.query_params.get("done", "")
        values = {
            "waiting": [self._query(one, now) for one in store.cases_in([State.QUERIED])],
            "answers": told,
            "more": rows[0]["n"] - len(told) if rows else 0,
            "done": done if done in {"determined", "corrected"} else "",
        }
        return self._desk.show(request, "operator/officer.html", values, section=SECTION)

    def case(self, request: Request, _person: Person) -> Response:
        """One query or answer, with the form."""
        return self._shown(request, {"status": "", "source": "", "dated": ""})

    def preview(self, request: Request, _person: Person) -> Response:
        """The message letter by letter, before it is sent."""
        case, chosen = self._case(request), _chosen(request)
        try:
            self._relied(case, chosen)
        except (UsageError, Conflict) as error:
            return self._shown(request, chosen, f"{error.message} {error.advice}".strip())
        values = {
            "case": case,
            "chosen": chosen,
            "lines": view.sent(case, chosen["status"]),
            "was": stages.standing(case),
        }
        return self._desk.show(request, "operator/officer_preview.html", values, section=SECTION)

    def say(self, request: Request, person: Person) -> Response:
        """Determine, or correct what was determined."""
        case, chosen, partner = self._case(request), _chosen(request), self._desk.partner.partner
        was = request.state.form.get("was", "")
        try:
            if was != stages.standing(case):
                raise Conflict("Somebody else was first.", advice="Look at what they determined.")
            relied = self._relied(case, chosen)
            if was:
                correcting.correct(
                    partner, case.case_id, status=chosen["status"], by=person.name, relied=relied
                )
            else:
                partner.determine(case.case_id, status=chosen["status"], by=person.name, relied=relied)
        except (UsageError, Conflict) as error:
            return self._shown(request, chosen, f"{error.message} {error.advice}".strip())
        return RedirectResponse(f"{ADDRESS}?done={'corrected' if was else 'determined'}", 303)

    def _relied(self, case: Case, chosen: Mapping[str, str]) -> Relied:
        """What the word rests on. Raises UsageError or Conflict where the word cannot be given."""
        if chosen["status"] not in view.CHOICES:
            raise UsageError("Choose what you determined.")
        if case.text("status"):
            stages.require_correctable(case, chosen["status"])
        elif case.state is not State.QUERIED:
            raise Conflict("This query no longer waits.")
        return typed(chosen["source"], chosen["dated"]).by(self._desk.clock().date())

    def _shown(self, request: Request, chosen: Mapping[str, str], trouble: str = "") -> Response:
        case = self._case(request)
        said = self._said(case)
        values = {
            "case": case,
            "query": self._query(case, self._desk.clock()),
            "subject": view.subject(said) if said else (),
            "history": view.history(case, self._determined_at(case)),
            "choices": [one for one in view.CHOICES if one != stages.standing(case)],
            "sources": tuple(SOURCES),
            "chosen": chosen,
            "trouble": trouble,
            "can": case.state in {State.QUERIED, State.CLOSED},
        }
        status = 400 if trouble else 200
        return self._desk.show(request, "operator/officer_case.html", values, section=SECTION, status=status)

    def _case(self, request: Request) -> Case:
        """A query that waits, or one that was answered. Raises Missing."""
        found = self._desk.partner.office.store.case(str(request.path_params["case"]))
        if found.state is not State.QUERIED and not found.text("status"):
            raise Missing("There is no query of that id.")
        return found

    def _said(self, case: Case) -> Submission | None:
        """What the booking says; None once the copy is erased. It is personal data."""
        try:
            return partial(read_any(self._copy(case)).transaction)
        except Missing:
            return None

    def _copy(self, case: Case) -> bytes:
        return read_copy(self._desk.partner.office.spool.get(case.digest)).transaction

    def _query(self, case: Case, now: datetime) -> view.Query:
        try:
            header = peek_any(self._copy(case))
        except Missing:
            header = None
        return view.Query(
            case.case_id,
            view.Age.of(case.received, now),
            header.tcn if header else "",
            header.ori if header else "",
            view.candidates(case, self._entered, now),
        )

    def _determined_at(self, case: Case) -> str:
        rows = self._desk.partner.office.store.rows("journal_of", case_id=case.case_id)
        return next((str(row["at"]) for row in rows if row["stage"] == "determine"), "")

    def _entered(self, subject: str) -> list[datetime]:
        """When the entries of a subject were made, as far as the gallery knows."""
        return [one.received for one in self._desk.partner.gallery.bases_of(subject) if one]


def _chosen(request: Request) -> dict[str, str]:
    """What was typed. Raises HTTPException 400 for text that no form of ours sends."""
    form = request.state.form
    told = {name: str(form.get(name, "")) for name in ("status", "source", "dated")}
    if any(len(one) > 60 for one in told.values()):
        raise HTTPException(400)
    return told
