# SPDX-License-Identifier: Apache-2.0
"""Health: whether everything moves and agrees, what does not, and what to do about it; the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.web.operator import health_view as view
from sluicegate.web.operator.bookings_view import lasted, moment
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.health_read import Measuring
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "operator/health.html": {
        "health": "everything that was measured, with verdicts",
        "moment": "a moment in words",
        "lasted": "a duration in words",
        "sized": "bytes in words",
    },
}
"""What each template is given, besides `pages.COMMON`."""


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The page, and the same for a machine that watches."""
    made = _Health(desk)
    return [
        Route("/health", desk.guarded(made.page, role=Role.OPERATOR), methods=["GET"]),
        Route("/health.json", desk.guarded(made.document, role=Role.OPERATOR), methods=["GET"]),
    ]


class _Health:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._measuring = Measuring(desk)

    def page(self, request: Request, _person: Person) -> Response:
        """For people."""
        values = {
            "health": self._measuring.health(),
            "moment": moment,
            "lasted": lasted,
            "sized": view.sized,
        }
        return self._desk.show(request, "operator/health.html", values, section="health")

    def document(self, _request: Request, _person: Person) -> Response:
        """For a machine: counts, ages in seconds, verdicts; no booking is named."""
        found = self._measuring.health()
        return JSONResponse(view.document(found.checks, found.at))
