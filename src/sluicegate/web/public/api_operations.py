# SPDX-License-Identifier: Apache-2.0
"""The API: what the public pages say, as JSON with an OpenAPI 3.1 description; read only, from public files.

Where a page has its data as JSON, the API asks that page and adds nothing; everything else is made by the
pages' own functions. A receipt is never sent here: it is checked where its holder is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI
from fastapi import Path as InPath
from fastapi import Query as InQuery
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.errors import UsageError
from sluicegate.ledger.statement import StatementKind
from sluicegate.policy.program import Program
from sluicegate.web.catalog import ENGLISH, catalog
from sluicegate.web.frame import Site
from sluicegate.web.public import api_models as shapes
from sluicegate.web.public import api_proofs as proofs
from sluicegate.web.public import api_view as view
from sluicegate.web.public import (
    county,
    county_view,
    ledgers_view,
    nation,
    numbers,
    releases,
    words,
    words_view,
)
from sluicegate.web.public.api_answers import JSON, PROBLEM, Refused, answer, handlers, opened, tagged
from sluicegate.web.public.county_dates import Asked, asked
from sluicegate.web.public.county_search import LONGEST, Entry, Found, index, search
from sluicegate.web.public.ledgers_view import Ledgers, Reader

PREFIX = "/api/v1"
"""Where the application is mounted."""
VERSION = "1.0.0"
MOST = 500
"""Entries of a list in one answer at most."""

_say = catalog(ENGLISH).text
_DAY, _MONTH, _ORI = r"^\d{4}-\d\d-\d\d$", r"^\d{4}-(0[1-9]|1[0-2])$", r"^[A-Z0-9]{9}$"
_FAR = 10_000_000


def _query(name: str, **more: Any) -> Any:
    return InQuery(description=_say(f"api.param.{name}"), **more)


def _path(name: str, **more: Any) -> Any:
    return InPath(description=_say(f"api.param.{name}"), **more)


PlaceId = Annotated[str, _path("place", max_length=80)]
AgencyId = Annotated[str, _path("ori", pattern=_ORI)]
VersionId = Annotated[str, _path("version", max_length=80)]
ReleaseId = Annotated[str, _path("id", max_length=100)]
On = Annotated[str | None, _query("on", pattern=_DAY)]
Known = Annotated[Literal["now", "then"], _query("known")]
Words = Annotated[str, _query("q", max_length=LONGEST)]
Skip = Annotated[int, _query("skip", ge=0, le=_FAR)]
Limit = Annotated[int, _query("limit", ge=1, le=MOST)]
View = Annotated[Literal["all", "gap"], _query("view", alias="view")]
Audience = Annotated[str, _query("audience", max_length=80)]
Since = Annotated[str | None, _query("from", alias="from", pattern=_MONTH)]
Until = Annotated[str | None, _query("to", alias="to", pattern=_MONTH)]
Place = Annotated[str, _query("jurisdiction", max_length=80)]
LogPlace = Annotated[str, _query("log_place", alias="place", max_length=80)]
Kind = Annotated[StatementKind | None, _query("kind")]
Number = Annotated[int | None, _query("before", ge=0, le=2**53)]


def opened_to_all(app: FastAPI) -> CORSMiddleware:
    """What is public may be read from any site's scripts; no cookie goes along. Answers are packed."""
    return CORSMiddleware(
        GZipMiddleware(app, minimum_size=1024, compresslevel=6),
        allow_origins=["*"],
        allow_methods=["GET", "HEAD"],
        allow_headers=["If-None-Match"],
        expose_headers=["ETag"],
    )


def application(site: Site) -> tuple[FastAPI, dict[str, Any]]:
    """The application, without the doors of any documentation but ours, and its OpenAPI document."""
    app = FastAPI(
        title=_say("api.title"),
        version=VERSION,
        description=_say("api.about"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(_nothing_else)],
    )
    for kind, handler in handlers(site.origin).items():
        app.add_exception_handler(kind, handler)
    made = _Operations(site)
    _rules(app, made)
    _proofs(app, made)
    description = described(app, site.origin)
    held = json.dumps(description, ensure_ascii=False, indent=1).encode()
    for one in app.routes:
        if isinstance(one, APIRoute):
            one.methods = {"GET", "HEAD"}  # only now, or it would be described as an operation of its own

    def document(request: Request) -> Response:
        return tagged(request, held, JSON)

    app.router.routes.append(Route("/openapi.json", document, methods=["GET"], name="openapi"))
    return app, description


def _named(name: str, shape: type[BaseModel]) -> dict[str, Any]:
    """How an operation is described."""
    return {
        "operation_id": name,
        "name": name,
        "methods": ["GET"],
        "response_model": shape,
        "summary": _say(f"api.op.{name}.name"),
        "description": _say(f"api.op.{name}.text"),
        "responses": {"4XX": {}},  # else FastAPI describes errors that are not ours
    }


def _rules(app: FastAPI, made: _Operations) -> None:
    """What follows from the rules."""
    add = app.add_api_route
    add("/places", made.places, **_named("places", shapes.Places))
    add("/places/{place}", made.place, **_named("place", shapes.PlaceAnswer))
    add("/places/{place}/history", made.history, **_named("history", shapes.History))
    add("/agencies", made.agencies, **_named("agencies", shapes.Agencies))
    add("/agencies/{ori}", made.agency, **_named("agency", shapes.AgencyAnswer))
    add("/nation", made.nation, **_named("nation", shapes.Nation))
    add("/words", made.words, **_named("words", shapes.Words))
    add("/words/current", made.current, **_named("current", shapes.CurrentWords))
    add("/words/{version}", made.version, **_named("version", shapes.VersionAnswer))


def _proofs(app: FastAPI, made: _Operations) -> None:
    """What follows from the ledger."""
    add = app.add_api_route
    add("/numbers", made.numbers, **_named("numbers", proofs.Numbers))
    add("/ledger", made.ledger, **_named("ledger", proofs.Checkpoint))
    add("/ledger/logs", made.logs, **_named("logs", proofs.Logs))
    add("/ledger/places/{place}/days", made.days, **_named("days", proofs.Days))
    add("/ledger/statements", made.statements, **_named("statements", proofs.Statements))
    add("/releases", made.releases, **_named("releases", proofs.Releases))
    add("/releases/{id}", made.release, **_named("release", proofs.ReleaseAnswer))


def described(app: FastAPI, origin: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document: every operation, every shape, and problems as RFC 9457 has them."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        servers=[{"url": f"{origin}{PREFIX}"}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    held = document["components"]["schemas"]
    problem = shapes.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    held |= problem.pop("$defs") | {"Problem": problem}
    refers = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in document["paths"].values():
        told = path["get"]["responses"]
        del told["4XX"]
        for status in (400, 404, 422, 503):
            told[str(status)] = {"description": _say(f"api.status.{status}"), "content": refers}
    document["components"]["schemas"] = dict(sorted(held.items()))
    return document


def _nothing_else(request: Request) -> None:
    """Refuse a parameter that the address does not have: a slip of the pen must not change the question."""
    route = request.scope["route"]
    known = {one.alias for one in route.dependant.query_params}
    if set(request.query_params) - known:
        listed = ", ".join(sorted(known)) or "none"
        message = {"loc": ("query", ""), "msg": f"The parameters of this address are: {listed}"}
        raise RequestValidationError([message])


def _twin(made: Sequence[BaseRoute], name: str) -> Callable[[Request], Response]:
    """The function behind a page's own JSON."""
    found: Callable[[Request], Response] = next(
        one.endpoint for one in made if isinstance(one, Route) and one.name == name
    )
    return found


class _Operations:
    """The operations; each parameter is checked before a page is asked."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._index: tuple[Program | None, tuple[Entry, ...]] = None, ()
        self._ours = Reader(site.source.bureau)
        self._theirs = Reader(site.source.partner) if site.source.partner else None
        places = county.routes(site)
        self._place, self._agency = _twin(places, "place-json"), _twin(places, "agency-json")
        self._nation = _twin(nation.routes(site), "nation-json")
        self._words = _twin(words.routes(site), "words-json")
        self._numbers = _twin(numbers.routes(site), "numbers-json")

    # -- the rules ---------------------------------------------------------------------------------------

    def _program(self) -> Program:
        return self._site.source.rules().program

    def _found(self, q: str, *, agencies: bool) -> list[Found]:
        program, held = self._program(), self._index
        if held[0] is not program:
            self._index = held = program, index(program)
        entries = [one for one in held[1] if bool(one.found.ori) is agencies]
        return list(search(entries, q)) if q.strip() else [one.found for one in entries]

    def _day(self, on: str | None, known: str, place: str) -> Asked:
        """The day asked about, in a place's time zone. Raises Refused where it cannot be answered."""
        program = self._program()
        if place not in program.jurisdictions:
            raise HTTPException(404)
        when = asked(
            {"on": on or "", "known": known}, program, self._site.clock(), program.jurisdictions[place].zone
        )
        if when.on is None:
            raise Refused(400, f"api.day.{when.problem}", first=when.first, today=when.today)
        return when

    def _root(self) -> str:
        return self._program().settings.root_jurisdiction

    def places(self, request: Request, q: Words = "", skip: Skip = 0, limit: Limit = 100) -> Response:
        program = self._program()
        rows = [view.place(program, one) for one in self._found(q, agencies=False)]
        return answer(request, shapes.Places, view.cut("places", rows, skip, limit))

    def agencies(self, request: Request, q: Words = "", skip: Skip = 0, limit: Limit = 100) -> Response:
        rows = [view.agency(one) for one in self._found(q, agencies=True)]
        return answer(request, shapes.Agencies, view.cut("agencies", rows, skip, limit))

    def place(self, request: Request, place: PlaceId, on: On = None, known: Known = "now") -> Response:
        self._day(on, known, place)
        return answer(request, shapes.PlaceAnswer, opened(self._place(request)))

    def history(self, request: Request, place: PlaceId) -> Response:
        program = self._program()
        if place not in program.jurisdictions:
            raise HTTPException(404)
        found = county_view.history(program, place, self._site.clock())
        return answer(request, shapes.History, view.history(program, place, found))

    def agency(self, request: Request, ori: AgencyId, on: On = None, known: Known = "now") -> Response:
        stays = {str(key): one for key, one in self._program().stays.items()}
        if ori not in stays:
            raise HTTPException(404)
        self._day(on, known, stays[ori][-1].placement.jurisdiction.id)
        return answer(request, shapes.AgencyAnswer, opened(self._agency(request)))

    def nation(self, request: Request, on: On = None, known: Known = "now", view_: View = "all") -> Response:
        self._day(on, known, self._root())
        document = opened(self._nation(request))
        return answer(request, shapes.Nation, view.only_apart(document) if view_ == "gap" else document)

    def words(self, request: Request) -> Response:
        return answer(request, shapes.Words, opened(self._words(request)))

    def current(
        self, request: Request, on: On = None, known: Known = "now", audience: Audience = ""
    ) -> Response:
        when = self._day(on, known, self._root())
        day = when.on or when.today
        try:
            seen = words_view.on_day(self._program(), day, day if when.then else when.today, audience)
        except UsageError:
            raise Refused(404, "api.no_audience") from None
        return answer(request, shapes.CurrentWords, view.current(seen, day, known, audience))

    def version(self, request: Request, version: VersionId) -> Response:
        program = self._program()
        if version not in program.wording:
            raise HTTPException(404)
        return answer(request, shapes.VersionAnswer, view.version(program, version))

    # -- the ledger --------------------------------------------------------------------------------------

    def _ledgers(self) -> Ledgers:
        ours = self._ours.read()
        if ours is None:
            raise Refused(404, "api.nothing_yet")
        return ours

    def numbers(
        self,
        request: Request,
        jurisdiction: Place = "",
        since: Since = None,
        until: Until = None,
        skip: Skip = 0,
        limit: Limit = 100,
    ) -> Response:
        del jurisdiction, since, until  # the page reads them itself
        try:
            document = opened(self._numbers(request))
        except HTTPException as error:
            raise Refused(503, "api.broken") if error.status_code == 503 else error from None
        return answer(request, proofs.Numbers, view.numbers(document, skip, limit))

    def ledger(self, request: Request) -> Response:
        document = view.checkpoint(self._ledgers(), str(self._site.source.key))
        return answer(request, proofs.Checkpoint, document)

    def logs(self, request: Request, place: LogPlace = "", skip: Skip = 0, limit: Limit = 100) -> Response:
        rows = [one for one in self._ledgers().logs if place in ("", one.place)]
        return answer(request, proofs.Logs, view.cut("logs", view.logs(rows), skip, limit))

    def days(self, request: Request, place: PlaceId, skip: Skip = 0, limit: Limit = 100) -> Response:
        ours = self._ledgers()
        if all(one.place != place for one in ours.logs):
            raise HTTPException(404)
        theirs = self._theirs.read() if self._theirs else None
        rows = view.days(ledgers_view.days(ours, theirs, place))
        document = {"place": place, "holds": not ours.findings, **view.cut("days", rows, skip, limit)}
        return answer(request, proofs.Days, document)

    def statements(
        self, request: Request, kind: Kind = None, before: Number = None, limit: Limit = 100
    ) -> Response:
        return answer(request, proofs.Statements, view.statements(self._ledgers(), kind, before, limit))

    def releases(self, request: Request, skip: Skip = 0, limit: Limit = 100) -> Response:
        material, ours = self._site.source.bureau, self._ours.read()
        found = [releases.read(material, ours, one)[0] for one in releases.names(material)]
        found.sort(key=lambda one: (one.made, one.id), reverse=True)
        rows = [view.release(one) for one in found]
        return answer(request, proofs.Releases, view.cut("releases", rows, skip, limit))

    def release(self, request: Request, id: ReleaseId) -> Response:  # noqa: A002  the name in the address
        material = self._site.source.bureau
        if id not in releases.names(material):
            raise HTTPException(404)
        one, data = releases.read(material, self._ours.read(), id)
        document = {"release": view.release(one), "found": list(one.found), "document": data}
        return answer(request, proofs.ReleaseAnswer, document)
