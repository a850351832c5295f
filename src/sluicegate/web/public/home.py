# SPDX-License-Identifier: Apache-2.0
"""The first page: type a place, what this is, and today's nation in three numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.policy.places import zone_of
from sluicegate.policy.program import Program
from sluicegate.web.frame import Site
from sluicegate.web.pages import words_of
from sluicegate.web.public import county_view as view
from sluicegate.web.public.county import HEADERS
from sluicegate.web.public.nation_view import shares

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/home.html": {
        "nation": "today's nation in numbers",
        "about": "what the program is, in its own words",
        "partner": "short name of the partner",
        "today": "today in the nation's time zone (YYYY-MM-DD)",
        "day": "a day in words",
        "mode": "a mode in words",
    }
}
"""What each template is given, besides `pages.COMMON`."""


@dataclass(frozen=True, slots=True)
class Nation:
    """Places on record by what is in force there; the nation itself is not counted.

    `sharing` is how many let copies go to the partner at all, `gap` how many asked for something else than is
    in force. `modes` has every mode of the program, most places first.
    """

    places: int
    sharing: int
    stopped: int
    gap: int
    modes: tuple[tuple[str, int], ...]


def count(program: Program, at: datetime) -> Nation:
    """The nation at a moment."""
    places = [one for one in program.jurisdictions if one != program.settings.root_jurisdiction]
    rulings = [program.in_force(one, at) for one in places]
    modes = Counter(dict.fromkeys(program.modes, 0))
    modes.update(one.mode for one in rulings)
    sharing = sum(shares(program.modes[one.mode]) for one in rulings)
    gap = sum(one.asked is not None and one.asked.mode != one.mode for one in rulings)
    ordered = sorted(modes.items(), key=lambda one: -one[1])
    return Nation(len(places), sharing, len(places) - sharing, gap, tuple((str(k), n) for k, n in ordered))


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/`."""

    def first(request: Request) -> Response:
        program, now, words = site.source.rules().program, site.clock(), words_of(request)
        zone = program.jurisdictions[program.settings.root_jurisdiction].zone
        values = {
            "nation": count(program, now),
            "about": program.settings.about,
            "partner": view.role(program, "partner"),
            "today": now.astimezone(zone_of(zone)).date().isoformat(),
            "day": view.day_words(words),
            "mode": view.mode_words(program, words),
        }
        return site.pages.show(request, "public/home.html", values, section="county", headers=HEADERS)

    return [Route("/", first, methods=["GET"], name="home")]
