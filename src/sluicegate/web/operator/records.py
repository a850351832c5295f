# SPDX-License-Identifier: Apache-2.0
"""The records desk: people's challenges to their records, and a booking destroyed or sealed on order.

Bureau's side only. What cannot be brought back is asked for twice, with a page between that says what goes
and who is told; who did it at the desk is entered in the private log, the order itself is public.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import Conflict, Missing, SettingsError, UsageError
from sluicegate.exchange.case import EMPTIED, Case
from sluicegate.exchange.challenging import Challenges
from sluicegate.exchange.stages import challenge as stages
from sluicegate.exchange.stages.expunge import ENDED, SEAL_WHY, WHY, Order
from sluicegate.facts import FactKind
from sluicegate.store import sealkey
from sluicegate.web.operator import records_view as view
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person

ADDRESS = "/desk/records"
SECTION = "records"
LONGEST = 2000
"""Longest field of a form; a public seal key is the longest that anybody needs."""

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/records.html": {
        "lines": "challenges, open ones first",
        "name": "what was looked for",
        "trouble": "why nothing was found, or empty",
    },
    "operator/records_booking.html": {
        "one": "where the booking came from",
        "takers": "who got something of it",
        "lines": "challenges to it",
        "what": "what can be challenged",
        "why": "reasons to destroy",
        "seal_why": "reasons to seal",
        "still": "whether nothing of it moves",
        "days": "how long a challenge may take",
        "trouble": "what is wrong with what was typed, or empty",
    },
    "operator/records_challenge.html": {
        "line": "the challenge and the days left",
        "one": "where the booking came from",
        "takers": "who got something of it",
        "reasons": "why it can be denied",
        "amend": "whether an identification can be taken back",
        "trouble": "what is wrong with what was typed, or empty",
    },
    "operator/records_remove.html": {
        "act": "expunge or seal",
        "one": "where the booking came from",
        "takers": "who got something of it",
        "order": "the order as typed: why, by",
        "key": "text of the public seal key, or empty",
        "key_id": "its short name, or empty",
    },
    "operator/records_gone.html": {
        "case": "the booking",
        "texts": "the signed words that it is gone",
        "notices": "which notices were attested",
        "act": "expunged or sealed",
    },
}


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The list, a booking, a challenge, and what can be done to both."""
    pages = Records(desk)

    table = (
        ("", pages.listed, "GET"),
        ("/booking/{case}", pages.booking, "GET"),
        ("/booking/{case}/challenge", pages.open, "POST"),
        ("/booking/{case}/remove", pages.preview, "POST"),
        ("/booking/{case}/destroy", pages.destroy, "POST"),
        ("/gone/{case}", pages.gone, "GET"),
        ("/challenge/{number}", pages.challenge, "GET"),
        ("/challenge/{number}/{act}", pages.act, "POST"),
    )
    return [
        Route(f"/records{path}", desk.guarded(handler, role=Role.RECORDS), methods=[method])
        for path, handler, method in table
    ]


class Records:
    """Handlers over the bureau's stores."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def _challenges(self) -> Challenges:
        side = self._desk.bureau
        return Challenges(side.bureau, side.settings.challenge_days)

    # -- looking ---------------------------------------------------------------------------------------

    def listed(self, request: Request, _person: Person) -> Response:
        """Challenges, and a way to a booking. What is overdue is an alert by now."""
        self._challenges.alert_overdue()
        name = request.query_params.get("name", "").strip()[:60]
        trouble = ""
        if name:
            found = self._named(name)
            if len(found) == 1:
                return RedirectResponse(f"{ADDRESS}/booking/{found[0].case_id}", 303)
            trouble = "none" if not found else "several"
        now = self._desk.clock()
        lines = [view.line(one, now) for one in self._challenges.every()]
        values = {"lines": lines, "name": name, "trouble": trouble}
        return self._desk.show(request, "operator/records.html", values, section=SECTION)

    def _named(self, name: str) -> list[Case]:
        store = self._desk.bureau.office.store
        try:
            return [store.case(name)]
        except Missing:
            return store.cases_of_tcn(name)

    def booking(self, request: Request, _person: Person) -> Response:
        """One booking: provenance, and the forms."""
        return self._booking(request)

    def _booking(self, request: Request, trouble: str = "") -> Response:
        case, now = self._case(request), self._desk.clock()
        mine = [one for one in self._challenges.every() if one.case_id == case.case_id]
        values = {
            "one": view.provenance(case),
            "takers": self._takers(case),
            "lines": [view.line(one, now) for one in mine],
            "what": tuple(stages.WHAT),
            "why": tuple(WHY),
            "seal_why": tuple(SEAL_WHY),
            "still": case.state in ENDED,
            "days": self._desk.bureau.settings.challenge_days,
            "trouble": trouble,
        }
        status = 400 if trouble else 200
        return self._desk.show(
            request, "operator/records_booking.html", values, section=SECTION, status=status
        )

    def _case(self, request: Request) -> Case:
        return self._desk.bureau.office.store.case(str(request.path_params["case"]))

    def _takers(self, case: Case) -> tuple[view.Taker, ...]:
        return view.takers(self._desk.bureau.office.store.messages_of(case.case_id))

    def challenge(self, request: Request, _person: Person) -> Response:
        """One challenge: what, until when, where the record came from, and how it can end."""
        return self._challenge(request)

    def _challenge(self, request: Request, trouble: str = "") -> Response:
        one = self._challenges.one(_number(request))
        case = self._desk.bureau.office.store.case(one.case_id)
        values = {
            "line": view.line(one, self._desk.clock()),
            "one": view.provenance(case),
            "takers": self._takers(case),
            "reasons": tuple(stages.REASONS),
            "amend": view.can_amend(one, case),
            "trouble": trouble,
        }
        status = 400 if trouble else 200
        return self._desk.show(
            request, "operator/records_challenge.html", values, section=SECTION, status=status
        )

    # -- challenges ------------------------------------------------------------------------------------

    def open(self, request: Request, person: Person) -> Response:
        """Enter a challenge that came in."""
        case, form = self._case(request), _form(request)
        try:
            at = _day(form.get("received", ""), self._desk.clock())
            made = self._challenges.open(
                case.case_id, form.get("what", ""), form.get("letter", "").strip(), at, person.name
            )
        except (UsageError, Conflict) as error:
            return self._booking(request, _said(error))
        return RedirectResponse(f"{ADDRESS}/challenge/{made.number}", 303)

    def act(self, request: Request, person: Person) -> Response:
        """Ask the agency, or settle. Raises HTTPException 404 for no such act."""
        number, form, desk = _number(request), _form(request), self._challenges
        try:
            match request.path_params["act"]:
                case "ask":
                    desk.ask(number, person.name)
                case "amend":
                    desk.amend(number, person.name)
                case "resubmitted":
                    found = self._named(form.get("name", "").strip())
                    if len(found) != 1:
                        raise UsageError("No booking, or more than one, has that TCN or case id.")
                    desk.resubmitted(number, found[0].case_id, person.name)
                case "deny":
                    desk.deny(number, form.get("reason", ""), person.name)
                case "removed":
                    desk.removed(number, person.name)
                case _:
                    raise HTTPException(404)
        except (UsageError, Conflict) as error:
            return self._challenge(request, _said(error))
        return RedirectResponse(f"{ADDRESS}/challenge/{number}", 303)

    # -- what cannot be brought back -------------------------------------------------------------------

    def preview(self, request: Request, _person: Person) -> Response:
        """What will be destroyed or sealed, and who is told, before it happens."""
        case, form = self._case(request), _form(request)
        try:
            act, order, key = self._order(case, form)
        except (UsageError, Conflict, SettingsError) as error:
            return self._booking(request, _said(error))
        values = {
            "act": act,
            "one": view.provenance(case),
            "takers": self._takers(case),
            "order": order,
            "key": str(key) if key else "",
            "key_id": key.key_id if key else "",
        }
        return self._desk.show(request, "operator/records_remove.html", values, section=SECTION)

    def destroy(self, request: Request, person: Person) -> Response:
        """Do it, once it was confirmed on the page that says what goes."""
        case, form = self._case(request), _form(request)
        try:
            act, order, key = self._order(case, form)
            if form.get("sure") != case.case_id:
                raise UsageError("It was not confirmed; nothing was destroyed.")
            body = {"who": person.name, "what": act, "why": order.why}
            # No case in it: an entry that named one would be emptied with it, and nobody would have done it.
            self._desk.enter(FactKind.ACTED, person.roles, body)
            expunger = self._desk.bureau.expunger
            if key is None:
                expunger.expunge(case.case_id, order)
            else:
                expunger.seal(case.case_id, order, key)
        except (UsageError, Conflict, SettingsError) as error:
            return self._booking(request, _said(error))
        return RedirectResponse(f"{ADDRESS}/gone/{case.case_id}", 303)

    def _order(self, case: Case, form: Mapping[str, str]) -> tuple[str, Order, sealkey.SealPublic | None]:
        """What is ordered. Raises UsageError, SettingsError for no key, Conflict where it still moves."""
        act = "seal" if form.get("act") == "seal" else "expunge"
        order = Order(form.get("why", ""), form.get("by", "").strip())
        if order.why not in (SEAL_WHY if act == "seal" else WHY):
            raise UsageError("Choose the reason.")
        if case.state in EMPTIED and not (act == "expunge" and case.text("seal")):
            raise Conflict("Nothing is left of that booking.")
        if case.state not in ENDED and case.state not in EMPTIED:
            raise Conflict("The booking still moves.", advice="Try again when it is closed.")
        return act, order, sealkey.read_public(form.get("key", "").strip()) if act == "seal" else None

    def gone(self, request: Request, _person: Person) -> Response:
        """The signed word that a booking was destroyed or sealed. Raises Missing where it was not."""
        case = self._case(request)
        if case.state not in EMPTIED:
            raise Missing("That booking was not expunged or sealed.")
        texts, notices = view.attested(case)
        values = {"case": case.case_id, "texts": texts, "notices": notices, "act": str(case.state)}
        return self._desk.show(request, "operator/records_gone.html", values, section=SECTION)


def _number(request: Request) -> int:
    """The challenge of the address. Raises Missing for what is no number."""
    told = str(request.path_params["number"])
    if not (told.isascii() and told.isdigit() and len(told) < 10):
        raise Missing("There is no such challenge.")
    return int(told)


def _form(request: Request) -> dict[str, str]:
    """The fields of the form. Raises HTTPException 400 for one that is too long."""
    told = {str(name): str(value) for name, value in request.state.form.items()}
    if any(len(one) > LONGEST for one in told.values()):
        raise HTTPException(400)
    return told


def _said(error: UsageError | Conflict | SettingsError) -> str:
    return f"{error.message} {error.advice}".strip()


def _day(text: str, now: datetime) -> datetime:
    """Midnight (UTC) of a day as typed; today is now. Raises UsageError."""
    try:
        found = datetime.combine(datetime.strptime(text.strip(), "%Y-%m-%d").date(), time(), UTC)
    except ValueError:
        raise UsageError("The day on which it came is missing.", advice="Write it as 2010-11-15.") from None
    return min(found, now) if found.date() == now.date() else found
