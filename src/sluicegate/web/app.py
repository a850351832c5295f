# SPDX-License-Identifier: Apache-2.0
"""The site: every page in one table, what it is made from, and the answers where nothing is found.

Public pages are made from public files alone (`PublicSource`). Operator pages stand under `/desk` and exist
only where the site is opened on an installation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from sluicegate.errors import Missing, ProgramError, SluicegateError
from sluicegate.web import assets
from sluicegate.web.frame import Site
from sluicegate.web.guard import Guard
from sluicegate.web.pages import Clock, Pages, environment
from sluicegate.web.public import (
    api,
    county,
    home,
    how,
    ledgers,
    nation,
    numbers,
    raw,
    receipt,
    receipt_files,
    releases,
    words,
)
from sluicegate.web.source import PublicSource

log = logging.getLogger("sluicegate.web")

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


PUBLIC: tuple[Callable[[Site], Sequence[BaseRoute]], ...] = (
    home.routes,
    county.routes,
    nation.routes,
    words.routes,
    numbers.routes,
    receipt.routes,
    receipt_files.routes,
    releases.routes,
    ledgers.routes,
    how.routes,
    api.routes,
    raw.routes,
)
"""Every module of public pages, in the order of the menu."""


def site(source: PublicSource, clock: Clock, origin: str, *, drill: str = "") -> Site:
    """A site with the templates of the package."""
    return Site(source, clock, Pages(environment(), drill), origin)


def build(made: Site, desk: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The application; `desk` are the routes of the operators' pages."""
    routes: list[BaseRoute] = [*assets.routes()]
    for module in PUBLIC:
        routes.extend(module(made))
    inner = Starlette(
        routes=[*routes, *([Mount("/desk", routes=list(desk))] if desk else [])],
        exception_handlers={
            HTTPException: _trouble(made),
            SluicegateError: _fault(made),
            Exception: _unforeseen(made),
        },
    )
    named = urlsplit(made.origin)
    hosts = (*LOOPBACK, named.hostname or "")
    return Guard(inner, hosts, secure=named.scheme == "https")


Handler = Callable[[Request, Exception], Response]


def _trouble(made: Site) -> Handler:
    def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return said(made, request, status)

    return answer


def _fault(made: Site) -> Handler:
    def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, Missing):
            return said(made, request, 404)
        log.error("page-failed page=%s kind=%s", _route(request), type(error).__name__)
        return said(made, request, 503 if isinstance(error, ProgramError) else 500)

    return answer


def _unforeseen(made: Site) -> Handler:
    def answer(request: Request, error: Exception) -> Response:
        log.error("page-failed page=%s kind=%s", _route(request), type(error).__name__)
        return said(made, request, 500)

    return answer


def _route(request: Request) -> str:
    """The pattern of the route, never the path as received."""
    return getattr(request.scope.get("route"), "path", "none")


def said(made: Site, request: Request, status: int) -> Response:
    """A page that says what is wrong and what to do next, in the visitor's language."""
    known = status if status in {400, 403, 404, 405, 429, 503} else 500
    if request.method not in {"GET", "HEAD", "POST"}:
        return PlainTextResponse("This is not answered here.\n", 405)
    return made.pages.show(request, "trouble.html", {"trouble": known}, status=status)
