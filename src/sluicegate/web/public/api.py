# SPDX-License-Identifier: Apache-2.0
"""The API and its page: every address with its parameters, its answer and an example made as the page is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message

from sluicegate.web.frame import Site
from sluicegate.web.public import api_docs as docs
from sluicegate.web.public.api_operations import PREFIX, application, opened_to_all

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/api.html": {
        "base": "how every address begins",
        "operations": "every operation, each with its shape and an example or None",
        "shapes": "shapes that are parts of answers",
        "named": "names of the shapes that stand on the page",
        "param": "words on a parameter: which key of the catalogue says it",
        "problems": "statuses of problems, each with the words of its kind",
    },
}
"""What the template is given, besides `pages.COMMON`."""

HEADERS = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language, Cookie"}
PROBLEMS: Mapping[int, str] = {
    400: "api.problem.400",
    404: "api.problem.404",
    405: "api.problem.405",
    422: "api.problem.422",
    500: "trouble.500",
    503: "trouble.503",
}
"""Kinds of problem, and where their words stand in the catalogue."""

_LISTS = ("places", "agencies", "numbers", "logs", "days", "statements", "releases")


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/api` for people and `/api/v1` for programs."""
    app, document = application(site)
    made = _Page(site, app, document)
    packed = [Middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)]
    return [
        Mount("/api/v1", app=opened_to_all(app), name="api"),
        Route("/api", made.page, methods=["GET"], name="api-page", middleware=packed),
    ]


class _Page:
    """The page; keeps its examples for as long as rules, ledger and day are the same."""

    def __init__(self, site: Site, app: ASGIApp, document: Mapping[str, Any]) -> None:
        self._site = site
        self._app = app
        self._operations = docs.operations(document)
        self._shapes = {one.name: one for one in docs.shapes(document)}
        self._held: tuple[object, Mapping[str, docs.Example]] = None, {}

    async def page(self, request: Request) -> Response:
        examples = await self._examples()
        whole = {one.shape for one in self._operations}
        values = {
            "base": f"{self._site.origin}{PREFIX}",
            "operations": [(one, self._shapes[one.shape], examples.get(one.id)) for one in self._operations],
            "shapes": [one for name, one in self._shapes.items() if name not in whole],
            "named": frozenset(self._shapes),
            "param": _key,
            "problems": PROBLEMS,
        }
        return self._site.pages.show(request, "public/api.html", values, headers=HEADERS)

    async def _examples(self) -> Mapping[str, docs.Example]:
        rules, note = self._site.source.rules(), self._site.source.bureau.read("checkpoint")
        mark = (rules.chain.head, note, self._site.clock().date())
        if self._held[0] != mark:
            self._held = mark, await self._made()
        return self._held[1]

    async def _made(self) -> Mapping[str, docs.Example]:
        """An example of every operation that has something to answer, asked as a visitor would."""
        found: dict[str, docs.Example] = {}
        given = await self._given()
        for one in self._operations:
            path = one.path.format_map({**dict.fromkeys(("place", "ori", "version", "id"), "-"), **given})
            query = "limit=1" if one.id in _LISTS else ""
            if one.id == "current" and given.get("day"):
                query = f"on={given['day']}"
            status, body = await asked(self._app, path, query)
            if status == 200:
                found[one.id] = docs.example(PREFIX, path, query, body)
        return found

    async def _given(self) -> dict[str, str]:
        """A place, an agency, a version and a release that there are, and a day with words in force."""
        wanted = (
            ("ori", "/agencies", "agencies", "ori"),
            ("place", "/places", "places", "id"),
            ("place", "/ledger/logs", "logs", "place"),  # rather one that has a log
            ("version", "/words", "versions", "id"),
            ("day", "/words", "versions", "in_force_from"),
            ("id", "/releases", "releases", "id"),
        )
        found: dict[str, str] = {}
        for name, path, rows, field in wanted:
            status, body = await asked(self._app, path, "" if path == "/words" else "limit=1")
            first = json.loads(body)[rows][:1] if status == 200 else []
            for one in first:
                found[name] = str(one[field])
        return found


def _key(name: str, operation: str) -> str:
    """Where the words on a parameter stand."""
    return f"api.param.{'log_place' if (name, operation) == ('place', 'logs') else name}"


async def asked(app: ASGIApp, path: str, query: str) -> tuple[int, bytes]:
    """What an application answers to GET: status and body, without a server."""
    status, parts = 500, list[bytes]()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        parts.append(message.get("body", b""))

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "headers": [(b"host", b"localhost")], "client": None, "server": ("localhost", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return status, b"".join(parts)
