# SPDX-License-Identifier: Apache-2.0
"""The first page: type a place, and what this is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.web.frame import Site

TEMPLATES: Mapping[str, Mapping[str, str]] = {"public/home.html": {"program": "name of the program"}}
"""What each template is given, besides `pages.COMMON`."""


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/`."""

    def first(request: Request) -> Response:
        program = site.source.rules().program
        return site.pages.show(request, "public/home.html", {"program": program.name}, section="county")

    return [Route("/", first, methods=["GET"], name="home")]
