# SPDX-License-Identifier: Apache-2.0
"""Bookings: a live list without names, and the whole walk of one. Who a booking is of is another page's.

A list that a page asks for by itself (`/desk/bookings/live`) is no use of the session: somebody who has left
the room is signed out on time, although the list went on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import Missing
from sluicegate.exchange.case import MessageKind, State
from sluicegate.exchange.walk import receipt_of, walk
from sluicegate.itl.model import Defect
from sluicegate.store.journal import Store
from sluicegate.store.listing import page, tally
from sluicegate.store.people_sittings import Sitting, Sittings
from sluicegate.web.operator import bookings_view as view
from sluicegate.web.operator.bookings_person import Personal
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person
from sluicegate.web.pages import as_csv

SECTION = "bookings"
PATH = "/desk/bookings"
PAGE = 50
MOST_IN_CSV = 10_000

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/bookings.html": {
        "asked": "what the form says, and fields of it that cannot be read",
        "states": "states in which bookings stand, with how many",
        "lines": "the bookings of this page",
        "older": "address of the next page, or empty",
        "newest": "address of the first page of the same list",
        "csv": "address of the list as CSV",
        "live": "address that the page asks for news, or empty further down the list",
        "every": "how many bookings there are",
        "now": "when the list was made",
        "moment": "a moment in words",
        "kind_of": "how a state is drawn",
    },
    "operator/booking.html": {
        "walk": "the booking and its walk",
        "gates": "every gate with its decision",
        "flaws": "defects with their place in the file",
        "here_still": "whether the received bytes are still here",
        "searched": "what the search came to",
        "partner": "what the partner said of the copy, or empty",
        "receipt": "whether there is a receipt",
        "person_at": "address that shows personal data, or empty where none is held",
        "whole": "from receipt to the last move",
        "moment": "a moment in words",
        "lasted": "a duration in words",
        "bar": "width of a duration",
        "kind_of": "how a state is drawn",
    },
}
"""What each template is given, besides `pages.COMMON`."""


class NotUsed(Sittings):
    """Sessions for what a page asks by itself: it is no sign of a person."""

    def __init__(self, real: Sittings) -> None:
        self._real = real

    def find(self, token: str) -> Sitting | None:
        """The session of a token, or None."""
        return self._real.find(token)

    def see(self, sitting: Sitting, now: float) -> None:
        """Note nothing."""

    def end(self, sitting: Sitting) -> None:
        """End a session."""
        self._real.end(sitting)


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The list, the same as CSV and for its own script, one booking, its receipt, and who it is of."""
    made = Bookings(desk)
    quiet = replace(desk, accounts=replace(desk.accounts, sittings=NotUsed(desk.accounts.sittings)))
    every = (
        ("/bookings", desk.guarded(made.listed, role=Role.OPERATOR)),
        ("/bookings/live", quiet.guarded(made.listed, role=Role.OPERATOR)),
        ("/bookings/list.csv", desk.guarded(made.as_csv, role=Role.OPERATOR)),
        ("/bookings/{case}", desk.guarded(made.one, role=Role.OPERATOR)),
        ("/bookings/{case}/receipt", desk.guarded(made.receipt, role=Role.OPERATOR)),
    )
    shown = [Route(path, endpoint, methods=["GET"]) for path, endpoint in every]
    return [*shown, *Personal(desk).routes()]


class Bookings:
    """Handlers over the bureau's store."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def listed(self, request: Request, _person: Person) -> Response:
        """A page of the list."""
        asked = view.asked(request.query_params)
        found, states = page(self._store, asked.wanted, PAGE), tally(self._store)
        after = view.place_after(found.lines[-1]) if found.more else ""
        first = not asked.given["after"]
        values = {
            "asked": asked,
            "states": {state: states[state] for state in State if state in states},
            "lines": found.lines,
            "older": asked.address(PATH, after=after) if after else "",
            "newest": asked.address(PATH, after=""),
            "csv": asked.address(f"{PATH}/list.csv", after=""),
            "live": asked.address(f"{PATH}/live") if first else "",
            "every": sum(states.values()),
            "now": self._desk.clock(),
            "moment": view.moment,
            "kind_of": view.kind_of,
        }
        status = 400 if asked.wrong else 200
        return self._desk.show(request, "operator/bookings.html", values, section=SECTION, status=status)

    def as_csv(self, request: Request, _person: Person) -> Response:
        """The whole list, newest first, up to ten thousand bookings; no names are in it."""
        wanted = view.asked(request.query_params).wanted
        found = page(self._store, wanted, MOST_IN_CSV)
        return as_csv(view.COLUMNS, map(view.row_of, found.lines), "bookings")

    def one(self, request: Request, _person: Person) -> Response:
        """The walk of one booking."""
        told = walk(self._store, request.path_params["case"])
        defects, still = self._defects(told.case.case_id)
        personal = still or (told.case.text("kept") in {"open", "filtered"} and not told.emptied)
        values = {
            "walk": told,
            "gates": view.gates(told),
            "flaws": view.flaws(defects),
            "here_still": still,
            "searched": view.searched(told),
            "partner": view.outcome(told)[1],
            "receipt": any(one.kind == MessageKind.RECEIPT and one.digest for one in told.messages),
            "person_at": f"{PATH}/{told.case.case_id}/person" if personal or told.candidates else "",
            "whole": view.widest(told.moves),
            "moment": view.moment,
            "lasted": view.lasted,
            "bar": view.bar,
            "kind_of": view.kind_of,
        }
        return self._desk.show(request, "operator/booking.html", values, section=SECTION)

    def receipt(self, request: Request, _person: Person) -> Response:
        """The receipt as it was sent, byte for byte."""
        case = self._store.case(request.path_params["case"])
        body = receipt_of(self._store, case)
        if body is None:
            raise Missing("That booking has no receipt.")
        named = f'attachment; filename="receipt-{case.case_id}.txt"'
        return Response(body, media_type="text/plain; charset=utf-8", headers={"Content-Disposition": named})

    @property
    def _store(self) -> Store:
        return self._desk.bureau.office.store

    def _defects(self, case_id: str) -> tuple[Sequence[Defect], bool]:
        """What is wrong with the received bytes, and whether they are still here."""
        bureau = self._desk.bureau.bureau
        try:
            return bureau.reread(bureau.store.case(case_id))[1], True
        except Missing:
            return (), False
