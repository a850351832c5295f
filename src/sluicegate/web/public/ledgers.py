# SPDX-License-Identifier: Apache-2.0
"""The ledger: checkpoints, witnesses, every statement and every day, read again from the public tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.ledger.statement import StatementKind
from sluicegate.web.frame import Site
from sluicegate.web.pages import as_csv
from sluicegate.web.public import ledgers_view as view
from sluicegate.web.public.ledgers_view import Ledgers, Reader

NEWEST = 50
"""Statements shown on one page."""

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/ledger.html": {
        "ledger": "what the bureau has made public, read and checked; None before anything is published",
        "partner": "the same of the partner, or None",
        "key": "public key of the bureau, as its line",
        "kind": "kind of statement that is shown, or empty for all",
        "kinds": "kinds of statement that there are",
        "statements": "the newest statements of that kind",
        "before": "number below which statements are shown next, or None",
        "names": "name of a place by its id",
    },
    "public/ledger_place.html": {
        "place": "id of the place",
        "name": "its name",
        "logs": "its public logs",
        "days": "its days, the newest first",
        "bars": "its days as bars of a picture, the oldest first",
        "histories": "for each log, what was stated of it",
        "whole": "whether all that is public was found to hold",
    },
}
"""What each template is given, besides `pages.COMMON`."""

HEADERS = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language, Cookie"}
_DAY_COLUMNS = (
    "day",
    "received",
    "shared",
    "withheld",
    "pending",
    "taken_by_partner",
    "revisions",
    "statement",
)


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/ledger`, and the ledger of a place as page and as CSV."""
    made = _Pages(site)
    return [
        Route("/ledger", made.all, methods=["GET"], name="ledger"),
        Route("/ledger.json", made.json, methods=["GET"], name="ledger-json"),
        Route("/ledger/{place}.csv", made.csv, methods=["GET"], name="ledger-csv"),
        Route("/ledger/{place}", made.place, methods=["GET"], name="ledger-place"),
    ]


class _Pages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._ours = Reader(site.source.bureau)
        self._theirs = Reader(site.source.partner) if site.source.partner else None

    def _both(self) -> tuple[Ledgers | None, Ledgers | None]:
        return self._ours.read(), self._theirs.read() if self._theirs else None

    def all(self, request: Request) -> Response:
        ours, theirs = self._both()
        kinds = tuple(StatementKind)
        kind = next((one for one in kinds if one.value == request.query_params.get("kind")), None)
        before = _number(request.query_params.get("before", ""))
        found = [
            one
            for one in reversed(ours.statements if ours else ())
            if (kind is None or one.statement.kind is kind) and (before is None or one.number < before)
        ]
        values = {
            "ledger": ours,
            "partner": theirs,
            "key": str(self._site.source.key),
            "kind": kind.value if kind else "",
            "kinds": [one.value for one in kinds],
            "statements": found[:NEWEST],
            "before": found[NEWEST - 1].number if len(found) > NEWEST else None,
            "names": self._names(),
        }
        return self._site.pages.show(request, "public/ledger.html", values, section="ledger", headers=HEADERS)

    def _names(self) -> dict[str, str]:
        places = self._site.source.rules().program.jurisdictions
        return {key: one.name for key, one in places.items()}

    def place(self, request: Request) -> Response:
        ours, theirs = self._both()
        place = str(request.path_params["place"])
        logs = [one for one in ours.logs if one.place == place] if ours else []
        if ours is None or not logs:
            raise HTTPException(404)
        days = view.days(ours, theirs, place)
        values = {
            "place": place,
            "name": self._names().get(place, place),
            "logs": logs,
            "days": days,
            "bars": _bars(days[:60][::-1]),
            "histories": {one.name: view.history(ours, one.name) for one in logs},
            "whole": not ours.findings,
        }
        return self._site.pages.show(
            request, "public/ledger_place.html", values, section="ledger", headers=HEADERS
        )

    def csv(self, request: Request) -> Response:
        ours, theirs = self._both()
        place = str(request.path_params["place"])
        if ours is None or all(one.place != place for one in ours.logs):
            raise HTTPException(404)
        rows = [
            (
                *(one.day, one.received, one.shared, one.withheld, one.pending, one.taken, one.revisions),
                one.stated.number,
            )
            for one in view.days(ours, theirs, place)
        ]
        return as_csv(_DAY_COLUMNS, rows, "days")

    def json(self, _request: Request) -> Response:
        ours, _ = self._both()
        if ours is None:
            raise HTTPException(404)
        document = {
            "checkpoint": ours.note,
            "size": ours.size,
            "root": ours.root,
            "newest": ours.newest,
            "holds": not ours.findings,
            "cosigned": [{"name": one.name, "time": one.time.isoformat()} for one in ours.cosigned],
            "logs": [
                {"name": one.name, "size": one.size, "root": one.root, "stated": one.stated, "at": one.at}
                for one in ours.logs
            ],
        }
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=60"})


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _bars(days: Sequence[view.DayRow]) -> list[dict[str, object]]:
    """Each day as three stacked heights in percent of the tallest day, and its place in percent."""
    most = max((one.received for one in days), default=0) or 1
    width = 100 / max(len(days), 8)
    bars: list[dict[str, object]] = []
    for at, one in enumerate(days):
        heights = [round(100 * part / most, 2) for part in (one.shared, one.withheld, one.pending)]
        bars.append(
            {"x": round(at * width, 2), "width": round(width * 0.8, 2), "heights": heights, "day": one.day}
        )
    return bars
