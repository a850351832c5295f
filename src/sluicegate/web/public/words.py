# SPDX-License-Identifier: Apache-2.0
"""The words: every version of what people were told, which was current on a day, and what contradicts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import UsageError
from sluicegate.policy import wording as words
from sluicegate.policy.model import Wording
from sluicegate.policy.program import Program
from sluicegate.web.frame import Site
from sluicegate.web.pages import as_csv, words_of
from sluicegate.web.public import county_view, words_view
from sluicegate.web.public.county_dates import Asked, asked

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/words.html": {
        "asked": "the day and knowledge asked for, or what is wrong with the day",
        "audience": "whom the words were meant for, or empty for everyone",
        "everyone": "everybody whom some version is addressed to",
        "current": "what was current on that day; None where the day cannot be read",
        "line": "the time line of the years shown",
        "years": "years in which anything changed",
        "year": "the year shown, or None for all",
        "versions": "every version in order",
        "questions": "the program's questions by id",
        "turns": "questions that a later version answers otherwise",
        "day": "a day in words",
        "answered": "the answer of a claim, or of none",
    },
    "public/words_version.html": {
        "one": "the version with everything that stands against it",
        "questions": "the program's questions by id",
        "others": "the other versions, to compare with",
        "day": "a day in words",
    },
    "public/words_compare.html": {
        "compared": "two versions, question by question and line by line; None before two are chosen",
        "versions": "every version in order",
        "first": "id of the first, or empty",
        "second": "id of the second, or empty",
        "pieces": "two texts as one, word by word",
        "answered": "the answer of a claim, or of none",
    },
}
"""What each template is given, besides `pages.COMMON`."""

HEADERS = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language, Cookie"}


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/words`, one version, two beside each other, and all of them as data."""
    made = _Pages(site)
    return [
        Route("/words", made.all, methods=["GET"], name="words"),
        Route("/words.csv", made.csv, methods=["GET"], name="words-csv"),
        Route("/words.json", made.json, methods=["GET"], name="words-json"),
        Route("/words/compare", made.compare, methods=["GET"], name="words-compare"),
        Route("/words/{version}", made.one, methods=["GET"], name="words-version"),
    ]


class _Pages:
    def __init__(self, site: Site) -> None:
        self._site = site

    def _program(self) -> Program:
        return self._site.source.rules().program

    def _asked(self, request: Request, program: Program) -> Asked:
        nation = program.jurisdictions[program.settings.root_jurisdiction]
        return asked(request.query_params, program, self._site.clock(), nation.zone)

    def all(self, request: Request) -> Response:
        program = self._program()
        when = self._asked(request, program)
        everyone = words_view.everyone(program)
        audience = request.query_params.get("audience", "")
        if audience and audience not in everyone:
            raise HTTPException(404)
        years = words_view.years(program, when.today)
        year = _year(request.query_params.get("year", ""), years)
        values = {
            "asked": when,
            "audience": audience,
            "everyone": everyone,
            "current": _current(program, when, audience),
            "line": words_view.span(program, when.today, year, when.on),
            "years": years,
            "year": year,
            "versions": words.in_order(program),
            "questions": program.settings.questions,
            "turns": words_view.turns_of(program),
            "day": _days(request),
            "answered": words_view.answer_of,
        }
        status, headers = (200, HEADERS) if when.on else (400, {})
        return self._site.pages.show(
            request, "public/words.html", values, section="words", status=status, headers=headers
        )

    def one(self, request: Request) -> Response:
        program = self._program()
        key = _known(program, request.path_params["version"])
        values = {
            "one": words_view.version(program, key),
            "questions": program.settings.questions,
            "others": [one for one in words.in_order(program) if one.id != key],
            "day": _days(request),
        }
        return self._site.pages.show(
            request, "public/words_version.html", values, section="words", headers=HEADERS
        )

    def compare(self, request: Request) -> Response:
        program = self._program()
        first, second = (request.query_params.get(name, "") for name in ("a", "b"))
        both = bool(first and second)
        for one in (first, second):
            if one:
                _known(program, one)
        values = {
            "compared": words.compare(program, first, second) if both else None,
            "versions": words.in_order(program),
            "first": first,
            "second": second,
            "pieces": words_view.pieces,
            "answered": words_view.answer_of,
        }
        return self._site.pages.show(
            request, "public/words_compare.html", values, section="words", headers=HEADERS
        )

    def csv(self, _request: Request) -> Response:
        return as_csv(words_view.COLUMNS, words_view.rows(self._program()), "wording")

    def json(self, _request: Request) -> Response:
        rules = self._site.source.rules()
        registry = {"links": len(rules.chain.links), "head": rules.chain.head, "root": rules.program.root}
        document = {"registry": registry, "versions": words_view.documents(rules.program)}
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=60"})


def _current(program: Program, when: Asked, audience: str) -> words_view.Day | None:
    if when.on is None:
        return None
    seen = when.on if when.then else when.today
    try:
        return words_view.on_day(program, when.on, seen, audience)
    except UsageError:
        raise HTTPException(404) from None


def _known(program: Program, name: str) -> str:
    """The version that an address names. Raises HTTPException where there is none."""
    found: Wording | None = program.wording.get(name)
    if found is None:
        raise HTTPException(404)
    return found.id


def _year(text: str, there: Sequence[int]) -> int | None:
    return next((one for one in there if str(one) == text), None)


def _days(request: Request) -> Callable[[date], str]:
    """A day in the words of a request's language."""
    said = county_view.day_words(words_of(request))
    return lambda day: said(day.isoformat())
