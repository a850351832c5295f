# SPDX-License-Identifier: Apache-2.0
"""The examiner's desk: cases in the grey band, oldest first, and two people's prints side by side.

Nothing is decided by a score: the form has no default, and a word needs a reason and a second step. The page
names no person, agency or rule, tells nothing of repositories or of the partner, and never whether another
examiner was asked or what they said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import Conflict, Missing
from sluicegate.exchange.case import Case, State
from sluicegate.exchange.stages.examine import Opinion, candidates_of, has_spoken
from sluicegate.web.operator.examiner_images import TILE, WHY, Pictures
from sluicegate.web.operator.examiner_prints import (
    candidate_of,
    compared,
    pictured,
    sees_too_much,
    waiting_case,
)
from sluicegate.web.operator.examiner_view import (
    LONGEST,
    LOOKS,
    MARKS,
    SHORTEST,
    ZOOMS,
    Said,
    asked_of,
    drawing,
    rows,
    said_of,
    telling,
    thumbs,
    waits,
)
from sluicegate.web.operator.frame import Desk, Seen
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person

ADDRESS = "/desk/examine"
SECTION = "examiner"
MOST = 200
"""Cases in the queue as shown; the oldest."""

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/examine.html": {
        "queue": "cases that wait for this examiner, oldest first",
        "more": "how many more wait than are shown",
        "barred": "whether this account may not give words, because it opens bookings too",
        "said": "what came of the last word: entered, gone, or empty",
    },
    "operator/examine_case.html": {
        "case_id": "the case",
        "since": "when it came",
        "asked": "how the pair is shown: candidate, finger, zoom, look, marks, lines, turned",
        "candidates": "similarity of every candidate as the search gave it, and notes on it",
        "thumbs": "all ten fingers with what they have in common",
        "tile": "side of one small picture, in pixels",
        "position": "the finger shown large",
        "drawing": "the two prints, their minutiae and lines",
        "pairs": "corresponding minutiae as rows",
        "pictured": "whether an image is held, by side",
        "choices": "what can be chosen: zooms, looks and marks",
        "form": "word and reason as typed, and what is wrong with them",
        "limits": "shortest and longest reason",
    },
    "operator/examine_confirm.html": {
        "case_id": "the case",
        "form": "word and reason as typed",
        "number": "the candidate that the word is about, counted from 1, or 0",
        "several": "whether there is more than one candidate",
    },
}
_CHOICES = {"zoom": ZOOMS, "look": LOOKS, "marks": MARKS}
_EMPTY = Said("", "", ())


class Examining:
    """Handlers of the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def queue(self, request: Request, person: Person) -> Response:
        """Cases that wait, without those on which this person has given a word."""
        now, barred = self._desk.clock(), sees_too_much(self._desk.bureau, person)
        waiting = [
            waits(one.case_id, one.received, now, one.dossier)
            for one in self._desk.bureau.office.store.cases_in([State.AWAITING])
            if not (barred or has_spoken(one, person.name))
        ]
        said = request.query_params.get("said", "")
        values = {
            "queue": waiting[:MOST],
            "more": max(0, len(waiting) - MOST),
            "barred": barred,
            "said": said if said in {"entered", "gone"} else "",
        }
        return self._desk.show(request, "operator/examine.html", values, section=SECTION)

    def seen(self, request: Request) -> Seen:
        """What the page of a case is about to show. Raises Missing where it does not wait for this person."""
        number = asked_of(request.query_params).candidate
        case = self._case(request, request.state.person)
        candidate_of(case, number)
        return Seen(case.case_id, f"minutiae of the booking and of candidate {number}", WHY)

    def case(self, request: Request, person: Person) -> Response:
        """The prints of a case beside those of a candidate."""
        return self._page(request, self._case(request, person), _EMPTY)

    def check(self, request: Request, person: Person) -> Response:
        """A word that was typed: back to the page with what is missing, or on to the second step."""
        case = self._case(request, person)
        form = said_of(request.state.form, len(candidates_of(case)))
        if form.wrong:
            return self._page(request, case, form, status=400)
        number = form.parsed[1] + 1 if form.word.startswith("same-") else 0
        values = {
            "case_id": case.case_id,
            "form": form,
            "number": number,
            "several": len(candidates_of(case)) > 1,
        }
        return self._desk.show(request, "operator/examine_confirm.html", values, section=SECTION)

    def give(self, request: Request, person: Person) -> Response:
        """Enter the word. The answer is the same whatever came of it, so that it tells nobody else's word."""
        try:
            case = self._case(request, person)
        except Missing:
            return RedirectResponse(f"{ADDRESS}?said=gone", 303)
        form = said_of(request.state.form, len(candidates_of(case)))
        if form.wrong:
            raise HTTPException(400)
        word, candidate = form.parsed
        try:
            self._desk.bureau.bureau.speak(case.case_id, Opinion(person.name, word, candidate), form.why)
        except Conflict:
            return RedirectResponse(f"{ADDRESS}?said=gone", 303)
        return RedirectResponse(f"{ADDRESS}?said=entered", 303)

    def _case(self, request: Request, person: Person) -> Case:
        return waiting_case(self._desk.bureau, str(request.path_params["case"]), person)

    def _page(self, request: Request, case: Case, form: Said, status: int = 200) -> Response:
        asked = asked_of(request.query_params)
        found = compared(self._desk.bureau, case, asked.candidate)
        position = asked.finger or telling(found)
        values = {
            "case_id": case.case_id,
            "since": case.received,
            "asked": asked,
            "candidates": [
                {"similarity": f"{int(str(one['similarity'])) / 1000:.1f}", "notes": one.get("notes") or []}
                for one in candidates_of(case)
            ],
            "thumbs": thumbs(found),
            "tile": TILE,
            "position": position,
            "drawing": drawing(found, position),
            "pairs": rows(found, position),
            "pictured": pictured(self._desk.bureau, case, found, asked.candidate, position),
            "choices": _CHOICES,
            "form": form,
            "limits": (SHORTEST, LONGEST),
        }
        return self._desk.show(request, "operator/examine_case.html", values, section=SECTION, status=status)


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The queue, a case, a word in two steps, and the pictures."""
    examining, pictures = Examining(desk), Pictures(desk)
    picture = "/images/{case}/{candidate:int}/{side}"

    def page(handler: object, methods: str, path: str) -> Route:
        personal = pictures.seen if path.startswith("/images") else examining.seen
        guarded = desk.guarded(handler, role=Role.EXAMINER, personal=personal)  # type: ignore[arg-type]
        return Route(path, guarded, methods=[methods])

    return [
        Route("/examine", desk.guarded(examining.queue, role=Role.EXAMINER), methods=["GET"]),
        page(examining.case, "GET", "/examine/{case}"),
        page(examining.check, "POST", "/examine/{case}"),
        Route("/examine/{case}/word", desk.guarded(examining.give, role=Role.EXAMINER), methods=["POST"]),
        page(pictures.sheet, "GET", picture + "/all.png"),
        page(pictures.finger, "GET", picture + "/{finger:int}.png"),
    ]
