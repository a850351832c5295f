# SPDX-License-Identifier: Apache-2.0
"""My county: find a place or an agency, and see what happens to fingerprints taken there on any day.

Everything follows from the published rules; an address names the day and whose knowledge is meant, so that
it says the same tomorrow. Each page is there as JSON too, and the history of a place as CSV.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import UTC

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.policy.account import Account
from sluicegate.policy.places import Placement
from sluicegate.policy.program import Program
from sluicegate.store.registry import Chain
from sluicegate.terms import Ori
from sluicegate.web.frame import Site
from sluicegate.web.pages import as_csv, words_of
from sluicegate.web.public import county_view as view
from sluicegate.web.public.county_dates import Asked, asked, noon
from sluicegate.web.public.county_search import LONGEST, Entry, folded, index, search
from sluicegate.web.source import Rules

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/county_search.html": {
        "question": "what was typed, at most as long as counts",
        "found": "places and agencies that fit, best first",
        "states": "places directly below the nation, shown where nothing was typed",
        "nation": "the nation's place",
    },
    "public/county.html": {
        "place": "the place that the page is about; None on the page of an agency",
        "agency": "the agency that the page is about; None on the page of a place",
        "title": "its name",
        "around": "the places around it, the nearest first",
        "asked": "the day and knowledge asked for, or what is wrong with the day",
        "answer": "what is in force, worked out from the rules; None where the day cannot be read",
        "history": "every stretch on record, the newest first; none for an agency",
        "agencies": "agencies that answer to the place on that day",
        "inside": "places in the place, and how many are under another mode; None for an agency",
        "log": "place whose public log there is to see, or empty",
        "address": "address of this page without a day",
        "citation": "whole address of this answer, day and all",
        "root": "policy root of the rules as published",
        "head": "digest of the newest link of the registry",
        "links": "how many links the registry has",
        "roles": "short names of the roles",
        "day": "a day in words",
        "mode": "a mode, or what was asked for, in words",
        "level": "a level of issuer in words",
        "kind": "a kind of row in words",
    },
}
"""What each template is given, besides `pages.COMMON`."""

HEADERS = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language, Cookie"}
_ORI = re.compile(r"[A-Z0-9]{9}", re.ASCII)
_COLUMNS = (
    *("begins", "ends", "mode_in_force", "asked_for", "rule", "issuer", "issuer_level", "legal_basis"),
    *("wording", "verified"),
)


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/places`, `/places/{place}` and `/agencies/{ori}`, as pages and as data."""
    made = _Pages(site)
    return [
        Route("/places", made.find, methods=["GET"], name="places"),
        Route("/places/{place}.json", made.place_json, methods=["GET"], name="place-json"),
        Route("/places/{place}.csv", made.place_csv, methods=["GET"], name="place-csv"),
        Route("/places/{place}", made.place, methods=["GET"], name="place"),
        Route("/agencies/{ori}.json", made.agency_json, methods=["GET"], name="agency-json"),
        Route("/agencies/{ori}", made.agency, methods=["GET"], name="agency"),
    ]


class _Pages:
    """The pages of a site; keeps the index of what can be found for as long as the rules are the same."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._index: tuple[Program | None, tuple[Entry, ...]] = None, ()

    def _entries(self, program: Program) -> tuple[Entry, ...]:
        held = self._index
        if held[0] is not program:
            self._index = held = program, index(program)
        return held[1]

    def find(self, request: Request) -> Response:
        program = self._site.source.rules().program
        typed = request.query_params.get("q", "").strip()[:LONGEST]
        found = search(self._entries(program), typed)
        ori = next((one.ori for one in found if one.ori and folded(typed) == one.ori.casefold()), "")
        if ori:
            return RedirectResponse(f"/agencies/{ori}", 303)
        nation = program.settings.root_jurisdiction
        values = {
            "question": typed,
            "found": found,
            "states": () if typed else [program.jurisdictions[one] for one in view.children(program, nation)],
            "nation": program.jurisdictions[nation],
        }
        return self._site.pages.show(
            request, "public/county_search.html", values, section="county", headers=HEADERS
        )

    def place(self, request: Request) -> Response:
        rules = self._site.source.rules()
        program, key = rules.program, _known_place(rules.program, request)
        place = program.jurisdictions[key]
        when = asked(request.query_params, program, self._site.clock(), place.zone)
        moment = noon(when.on or when.today, place.zone)
        seen = program.known_at(when.on) if when.on and when.then else program
        values: dict[str, object] = {
            "place": place,
            "agency": None,
            "title": place.name,
            "around": program.chain(key)[1:],
            "history": view.history(seen, key, moment)[::-1] if when.on else (),
            "agencies": [
                (ori, found.agency.name)
                for ori in sorted(program.stays)
                if (found := program.place(ori, moment)) and key in _homes(found)
            ],
            "inside": view.inside(seen, key, moment),
            "log": self._log(key),
        }
        both = view.of_place(program, key, moment, when.on if when.then else None)
        return self._show(request, rules, when, both, values, f"/places/{key}")

    def agency(self, request: Request) -> Response:
        rules = self._site.source.rules()
        ori, placement, when = self._agency(request, rules.program)
        moment = noon(when.on or when.today, placement.jurisdiction.zone)
        there = rules.program.place(ori, moment)
        values: dict[str, object] = {
            "place": None,
            "agency": {"ori": ori, "name": placement.agency.name, "here": there is not None},
            "title": placement.agency.name,
            "around": (*(placement.several or (placement.jurisdiction,)), *placement.chain[1:]),
            "history": (),
            "agencies": [],
            "inside": None,
            "log": self._log(placement.jurisdiction.id),
        }
        both = view.of_agency(rules.program, ori, moment, when.on if when.then else None)
        return self._show(request, rules, when, both, values, f"/agencies/{ori}")

    def _agency(self, request: Request, program: Program) -> tuple[Ori, Placement, Asked]:
        ori = Ori(request.path_params["ori"])
        if not _ORI.fullmatch(ori) or ori not in program.stays:
            raise HTTPException(404)
        last = program.stays[ori][-1].placement
        when = asked(request.query_params, program, self._site.clock(), last.jurisdiction.zone)
        there = program.place(ori, noon(when.on or when.today, last.jurisdiction.zone))
        return ori, there or last, when

    def _log(self, place: str) -> str:
        return place if self._site.source.bureau.names(f"logs/{place}") else ""

    def _show(
        self,
        request: Request,
        rules: Rules,
        when: Asked,
        both: tuple[Account, Account],
        values: Mapping[str, object],
        address: str,
    ) -> Response:
        program, words = rules.program, words_of(request)
        known = when.on if when.then else None
        made = view.answer(program, both, words, known) if when.on else None
        more = {
            "asked": when,
            "answer": made,
            "address": address,
            "citation": f"{self._site.origin}{address}?{when.query}" if when.on else "",
            "root": program.root,
            "head": rules.chain.head,
            "links": len(rules.chain.links),
            "roles": {one: view.role(program, one) for one in program.settings.roles},
            "day": view.day_words(words),
            "mode": view.mode_words(program, words),
            "level": view.known_words(words, "level"),
            "kind": view.known_words(words, "kind"),
        }
        status, headers = (200, HEADERS) if when.on else (400, {})
        return self._site.pages.show(
            request,
            "public/county.html",
            {**values, **more},
            section="county",
            status=status,
            headers=headers,
        )

    def place_json(self, request: Request) -> Response:
        rules = self._site.source.rules()
        program, key = rules.program, _known_place(rules.program, request)
        place = program.jurisdictions[key]
        when = _readable(asked(request.query_params, program, self._site.clock(), place.zone))
        moment = noon(when.on or when.today, place.zone)
        _, told = view.of_place(program, key, moment, when.on if when.then else None)
        return _json({"place": place.id, "name": place.name}, rules.chain, when, told)

    def agency_json(self, request: Request) -> Response:
        rules = self._site.source.rules()
        ori, placement, when = self._agency(request, rules.program)
        moment = noon(_readable(when).on or when.today, placement.jurisdiction.zone)
        _, told = view.of_agency(rules.program, ori, moment, when.on if when.then else None)
        return _json({"ori": ori, "name": placement.agency.name}, rules.chain, when, told)

    def place_csv(self, request: Request) -> Response:
        program = self._site.source.rules().program
        key = _known_place(program, request)
        paths = view.history(program, key, self._site.clock().astimezone(UTC))
        rows = [(*astuple(one)[:-1], "yes" if one.verified else "no") for one in paths]
        return as_csv(_COLUMNS, rows, f"{key}-history")


def _known_place(program: Program, request: Request) -> str:
    """The place that an address names. Raises HTTPException where there is none."""
    key = str(request.path_params["place"])
    if key not in program.jurisdictions:
        raise HTTPException(404)
    return key


def _readable(when: Asked) -> Asked:
    if when.on is None:
        raise HTTPException(400)
    return when


def _homes(found: Placement) -> tuple[str, ...]:
    return tuple(one.id for one in found.several or (found.jurisdiction,))


def _json(who: Mapping[str, str], chain: Chain, when: Asked, told: Account) -> Response:
    """The answer as data: what was asked, the account, and the rules that it follows from."""
    document: dict[str, object] = {
        **who,
        "on": str(when.on),
        "known": "then" if when.then else "now",
        "registry": {"links": len(chain.links), "head": chain.head, "root": chain.root},
        **{key: value for key, value in told.document().items() if key in {"gates", "retired", "stands"}},
    }
    return JSONResponse(document, headers={"Cache-Control": "public, max-age=60"})
