# SPDX-License-Identifier: Apache-2.0
"""Numbers: what became of bookings by jurisdiction and month, each with the way to verify it oneself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import LedgerError
from sluicegate.policy.program import Program
from sluicegate.statistics.export import DATA, MANIFEST
from sluicegate.statistics.measures import ADDITIVE, EVERYWHERE, NATION_ONLY
from sluicegate.web.frame import Site
from sluicegate.web.pages import as_csv, words_of
from sluicegate.web.public import county_view, receipt_files
from sluicegate.web.public import numbers_view as view
from sluicegate.web.public.numbers_ledger import Export, Ledger, Told, verifier_keys

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/numbers.html": {
        "trouble": "why nothing can be shown: empty, broken, or an empty text",
        "asked": "the jurisdiction and the months asked for; None where nothing can be shown",
        "places": "every jurisdiction that can be asked for, id and name",
        "months": "every month that can be asked for",
        "query": "the question as the query of an address",
        "listed": "rows of jurisdictions and months",
        "more": "how many rows are left out of the page",
        "drawing": "small drawings of one scale, or None",
        "published": "the exports of the months asked for, with their lines and national figures",
        "strange": "folders of figures that the master log does not state",
        "updated": "moment of the newest statement",
        "definitions": "the figures of an export for every place",
        "national": "the figures of an export for the nation only",
        "mode": "a mode in words",
        "month": "a month in words",
        "partner": "short name of the partner",
    },
    "public/numbers_verify.html": {
        "claim": "the figure to verify",
        "task": "what the script is told",
        "words": "what the script says, by key",
        "keys": "the bureau's public keys, each with its last moment",
        "script": "address of a verifier",
        "origin": "address of the site",
        "month": "a month in words",
        "partner": "short name of the partner",
    },
}
"""What each template is given, besides `pages.COMMON`."""

HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"}


@dataclass(frozen=True, slots=True)
class Published:
    """An export as the page shows it."""

    export: Export
    threshold: int
    lines: tuple[view.Line, ...]
    nation: tuple[view.Cell, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure to verify. `kind` is day (from the sets of days) or export (from a month's publication).

    `value` is None where the figure is not shown, and then `hidden` says why. `files` are the
    public files that it is in.
    """

    kind: str
    place: str
    name: str
    month: str
    figure: str
    value: int | None
    hidden: str
    folder: str
    statements: tuple[int, ...]
    files: tuple[str, ...]


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/numbers`, as data, and one number to verify."""
    made = _Pages(site)
    return [
        Route("/numbers", made.all, methods=["GET"], name="numbers"),
        Route("/numbers.csv", made.csv, methods=["GET"], name="numbers-csv"),
        Route("/numbers.json", made.json, methods=["GET"], name="numbers-json"),
        Route("/numbers/verify", made.verify, methods=["GET"], name="numbers-verify"),
    ]


class _Pages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._ledger = Ledger(site.source.bureau)

    def _program(self) -> Program:
        return self._site.source.rules().program

    def all(self, request: Request) -> Response:
        program = self._program()
        try:
            told = self._ledger.told()
            exports, strange = self._ledger.exports(told) if told else ((), 0)
        except LedgerError:
            return self._trouble(request, "broken", 503)
        if told is None or not view.months_of(told, exports):
            return self._trouble(request, "empty", 200)
        asked = _asked(request, told, exports)
        listed, every = view.first_rows(told, asked, program, view.MOST_ROWS)
        values = {
            **_nothing(""),
            "asked": asked,
            "places": _named(view.places_of(told, exports), program),
            "months": view.months_of(told, exports),
            "query": f"jurisdiction={asked.place}&from={asked.since}&to={asked.until}",
            "listed": listed,
            "more": every - len(listed),
            "drawing": view.drawing(told, asked, program),
            "published": [_published(one, asked) for one in reversed(exports) if _within(one, asked)],
            "strange": strange,
            "updated": told.newest,
            "definitions": EVERYWHERE,
            "national": NATION_ONLY,
            "mode": county_view.mode_words(program, words_of(request)),
            "month": month_words(request),
            "partner": county_view.role(program, "partner"),
        }
        return self._site.pages.show(
            request, "public/numbers.html", values, section="numbers", headers=HEADERS
        )

    def _trouble(self, request: Request, trouble: str, status: int) -> Response:
        values = {**_nothing(trouble), "mode": str, "month": str}
        return self._site.pages.show(request, "public/numbers.html", values, section="numbers", status=status)

    def _found(self, request: Request) -> tuple[Told, tuple[Export, ...], view.Asked]:
        """What an address of data asks for. Raises HTTPException where there is nothing to tell."""
        try:
            told = self._ledger.told()
            exports = self._ledger.exports(told)[0] if told else ()
        except LedgerError:
            raise HTTPException(503) from None
        if told is None or not view.months_of(told, exports):
            raise HTTPException(404)
        return told, exports, _asked(request, told, exports)

    def csv(self, request: Request) -> Response:
        told, _, asked = self._found(request)
        found = view.rows(told, asked, self._program())
        return as_csv(view.COLUMNS, (one.cells() for one in found), "numbers")

    def json(self, request: Request) -> Response:
        told, exports, asked = self._found(request)
        found = view.rows(told, asked, self._program())
        return JSONResponse(view.document(told, asked, found, exports), headers={"Cache-Control": "no-cache"})

    def verify(self, request: Request) -> Response:
        told, exports, _ = self._found(request)
        program = self._program()
        claim = _claim(request, told, exports, program)
        words = words_of(request)
        values = {
            "claim": claim,
            "task": {
                "kind": claim.kind, "origin": told.checkpoint.origin, "jurisdiction": claim.place,
                "month": claim.month, "figure": claim.figure, "value": claim.value, "hidden": claim.hidden,
                "folder": claim.folder, "statements": claim.statements, "base": "/public/",
                "additive": ADDITIVE,
            },
            "words": {k: v for k, v in words.words.items() if k.startswith("numbers.step.")},
            "keys": verifier_keys(self._site.source.bureau),
            "script": receipt_files.address,
            "origin": self._site.origin,
            "month": month_words(request),
            "partner": county_view.role(program, "partner"),
        }  # fmt: skip
        return self._site.pages.show(
            request, "public/numbers_verify.html", values, section="numbers", headers=HEADERS
        )


def _nothing(trouble: str) -> dict[str, object]:
    empty = dict.fromkeys(TEMPLATES["public/numbers.html"], ())
    return {
        **empty,
        "trouble": trouble,
        "asked": None,
        "drawing": None,
        "more": 0,
        "strange": 0,
        "partner": "",
    }


def _within(one: Export, asked: view.Asked) -> bool:
    return asked.since <= one.month <= asked.until


def _published(one: Export, asked: view.Asked) -> Published:
    return Published(one, view.threshold(one), view.lines(one, asked.place), view.nation(one))


def _named(places: Sequence[str], program: Program) -> list[tuple[str, str]]:
    """Each with its name, in the order of names."""
    held = program.jurisdictions
    return sorted(((one, held[one].name if one in held else "") for one in places), key=lambda one: one[1])


def _asked(request: Request, told: Told, exports: Sequence[Export]) -> view.Asked:
    """What the address asks for; without months the newest twelve. Raises HTTPException."""
    months = view.months_of(told, exports)
    place = request.query_params.get("jurisdiction", "")
    since = request.query_params.get("from") or months[-12:][0]
    until = request.query_params.get("to") or months[-1]
    if not (view.is_month(since) and view.is_month(until)) or since > until:
        raise HTTPException(400)
    if place and place not in view.places_of(told, exports):
        raise HTTPException(404)
    return view.Asked(place, max(since, months[0]), min(until, months[-1]))


def _claim(request: Request, told: Told, exports: Sequence[Export], program: Program) -> Claim:
    """The figure that an address names. Raises HTTPException where there is none."""
    place, month, figure, measure = (
        request.query_params.get(name, "") for name in ("jurisdiction", "month", "figure", "measure")
    )
    own = program.jurisdictions.get(place)
    name = own.name if own else ""
    export = next((one for one in exports if one.month == month), None)
    if measure and export is not None:
        cell = view.cell(export, place, measure)
        if cell is not None and view.measure(measure) is not None:
            base = f"statistics/{export.folder}"
            return Claim(
                "export", place, name, month, measure, cell.value, cell.hidden, export.folder,
                (export.said.number,), (f"{base}/{MANIFEST}", f"{base}/{DATA}"),
            )  # fmt: skip
    if place and figure in view.FIGURES and view.is_month(month):
        for row in view.rows(told, view.Asked(place, month, month), program):
            files = view.files(told, place, month)
            return Claim("day", place, name, month, figure, row.counts[figure], "", "", row.statements, files)
    raise HTTPException(404)


def month_words(request: Request) -> Callable[[str], str]:
    """Says a month (YYYY-MM) in words of a request's language."""
    words = words_of(request)

    def said(month: str) -> str:
        year, number = month.split("-")
        name = words.text(f"county.month.{int(number)}")
        return words.text("numbers.month", month=name, year=year)

    return said
