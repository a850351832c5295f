# SPDX-License-Identifier: Apache-2.0
"""The nation: a map of what is in force and of what was asked for, on any day since the first rule.

An address names the day, what is drawn, and whose knowledge is meant. The page is whole without a script;
with one, the days follow a slider, from the same looks and words that the server would send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sluicegate.policy.model import CONFIDENCE_WORDS, Kind
from sluicegate.policy.program import Program
from sluicegate.web.catalog import Catalog
from sluicegate.web.frame import Site
from sluicegate.web.pages import as_csv, words_of
from sluicegate.web.public import nation_view as view
from sluicegate.web.public.county import HEADERS
from sluicegate.web.public.county_dates import Asked, asked
from sluicegate.web.public.county_view import day_words, mode_words
from sluicegate.web.public.nation_map import atlas
from sluicegate.web.public.nation_said import Speaker, View

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/nation.html": {
        "asked": "the day and knowledge asked for, or what is wrong with the day",
        "view": "what is drawn: mode or gap",
        "seen": "the nation on that day; None where the day cannot be read",
        "lands": "pieces of the map, each with its look and words",
        "lines": "groups of places, each with its look and words",
        "key": "what colors and letters mean, with counts",
        "atlas": "the map: its size and the lines between states",
        "followers": "how many counties of the map have no row of their own",
        "unmapped": "places that the map has no shape for",
        "earlier": "the last day before on which something changed, or None",
        "later": "the next day on which something changed, or None",
        "moving": "all that the script draws other days from; None where that is too much",
        "nation": "the nation's place",
        "address": "address of the page with the given day, view and knowledge",
        "root": "policy root of the rules as published",
        "day": "a day in words",
    }
}
"""What each template is given, besides `pages.COMMON`."""

_COLUMNS = (
    *(
        "place",
        "name",
        "kind",
        "inside",
        "fips",
        "asked_for",
        "asked_by",
        "mode_in_force",
        "gap",
        "whose_rule",
    ),
    *("rule", "issuer", "issuer_level", "shared_with_partner", "how_known", "on", "known"),
)
Stretches = Mapping[str, tuple[tuple[date, view.Look], ...]]


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/nation`, as page, CSV and JSON. They are packed: what they hold is public, and no secret is in it."""
    made = _Pages(site)
    packed = [Middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)]
    return [
        Route("/nation", made.page, methods=["GET"], name="nation", middleware=packed),
        Route("/nation.csv", made.csv, methods=["GET"], name="nation-csv", middleware=packed),
        Route("/nation.json", made.json, methods=["GET"], name="nation-json", middleware=packed),
    ]


class _Pages:
    """The pages of a site; keeps what the slider needs for as long as the rules are the same."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._held: dict[bool, tuple[Program, Stretches | None]] = {}

    def _stretches(self, program: Program, then: bool) -> Stretches | None:
        held = self._held.get(then)
        if held is None or held[0] is not program:
            held = self._held[then] = program, view.stretches(program, then=then)
        return held[1]

    def _asked(self, request: Request, program: Program) -> Asked:
        zone = program.jurisdictions[program.settings.root_jurisdiction].zone
        return asked(request.query_params, program, self._site.clock(), zone)

    def page(self, request: Request) -> Response:
        program, words = self._site.source.rules().program, words_of(request)
        when, drawn = self._asked(request, program), _view(request)
        values: dict[str, object] = {
            "asked": when,
            "view": drawn,
            "nation": program.jurisdictions[program.settings.root_jurisdiction],
            "address": address,
            "root": program.root,
            "day": day_words(words),
            "atlas": atlas(),
            **self._shown(program, when, drawn, words),
        }
        status, headers = (200, HEADERS) if when.on else (400, {})
        return self._site.pages.show(
            request, "public/nation.html", values, section="nation", status=status, headers=headers
        )

    def _shown(self, program: Program, when: Asked, drawn: View, words: Catalog) -> dict[str, object]:
        if when.on is None:
            names = ("seen", "earlier", "later", "moving")
            empty = dict.fromkeys(("lands", "lines", "key", "unmapped"), ())
            return {**dict.fromkeys(names), **empty, "followers": 0}
        seen = view.nation(program.known_at(when.on) if when.then else program, when.on)
        lands = view.lands(program, {line.place.id: line.look for line in seen.lines})
        saying = Speaker(program, words, drawn)
        stretches = self._stretches(program, when.then)
        changes = _changes(program, stretches, when)
        return {
            "seen": seen,
            "lands": [
                (land, saying(land.look, land.ground) if land.look else None, _title(saying, land, words))
                for land in lands
            ],
            "lines": [[(line, saying(line.look, "")) for line in group] for group in seen.groups],
            "key": _key(program, seen, drawn, words),
            "followers": sum(len(land.paths) for land in lands if not land.fips and land.look),
            "unmapped": [line.place.name for line in seen.lines if not line.mapped],
            "earlier": max((one for one in changes if one < when.on), default=None),
            "later": min((one for one in changes if one > when.on), default=None),
            "moving": _moving(stretches, saying, changes, when, words) if stretches else None,
        }

    def _day(self, request: Request) -> tuple[Program, Asked, view.Nation]:
        program = self._site.source.rules().program
        when = self._asked(request, program)
        if when.on is None:
            raise HTTPException(400)
        return program, when, view.nation(program.known_at(when.on) if when.then else program, when.on)

    def csv(self, request: Request) -> Response:
        _, when, seen = self._day(request)
        rows = [[_plain(value) for value in _row(line, when).values()] for line in seen.lines]
        return as_csv(_COLUMNS, rows, f"nation-{when.on}-known-{_known(when)}")

    def json(self, request: Request) -> Response:
        program, when, seen = self._day(request)
        document = {
            "on": str(when.on),
            "known": _known(when),
            "program": program.name,
            "root": program.root,
            "places": seen.places,
            "shared_with_partner": seen.sharing,
            "asked_for_something_else": seen.apart,
            "by_mode": {one.name: asdict(one) | {"all": one.all} for one in seen.modes},
            "by_gap": {one.name: one.all for one in seen.gaps},
            "rows": [_row(line, when) for line in seen.lines],
        }
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=60"})


def _view(request: Request) -> View:
    return "gap" if request.query_params.get("view") == "gap" else "mode"


def _known(when: Asked) -> Literal["then", "now"]:
    return "then" if when.then else "now"


def address(on: date | str, drawn: str, then: bool, path: str = "/nation") -> str:
    """Where a view of a day is found, always."""
    return f"{path}?on={on}&view={drawn}&known={'then' if then else 'now'}"


def _row(line: view.Line, when: Asked) -> dict[str, object]:
    place, look = line.place, line.look
    cells = (
        *(place.id, place.name, place.kind, place.parent, place.fips, look.asked, look.asker, look.mode),
        *(
            look.gap,
            look.ground,
            look.rule,
            look.issuer,
            look.level,
            look.shares,
            CONFIDENCE_WORDS[look.confidence],
        ),
        *(str(when.on), _known(when)),
    )
    return dict(zip(_COLUMNS, cells, strict=True))


def _plain(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _changes(program: Program, stretches: Stretches | None, when: Asked) -> list[date]:
    """Days on which something on the map changes, and the first day there is."""
    if stretches is None:
        found = set(view.days(program, when.today))
    else:
        found = {day for ones in stretches.values() for day, _ in ones}
    return sorted({when.first} | {one for one in found if when.first < one <= when.today})


def _title(saying: Speaker, land: view.Land, words: Catalog) -> str:
    if land.place is None or land.look is None:
        return words.text("nation.map.absent")
    said = saying(land.look, land.ground)
    return words.text(
        "nation.map.says", name=land.place.name, force=said.force, asked=said.asked, whose=said.whose
    )


def _key(program: Program, seen: view.Nation, drawn: View, words: Catalog) -> list[dict[str, object]]:
    """Lines of the legend: what is drawn, its mark and words, and how many places."""
    mode, letters = mode_words(program, words), view.letters(program)
    if drawn == "gap":
        return [
            {"mark": f"g-{one.name} flat", "letter": view.GAPS[one.name], "code": "", "counted": one,
             "words": words.text(f"nation.gap.{one.name}")}
            for one in seen.gaps
        ]  # fmt: skip
    least = {str(rule.mode) for rule in program.rules.values() if rule.kind is Kind.DEFAULT}
    return [
        {"mark": f"k{n % 8} {'default' if one.name in least else 'own shut' if one.shut else 'own'}",
         "letter": letters[one.name], "code": one.name, "counted": one, "words": mode(one.name)}
        for n, one in enumerate(seen.modes)
    ]  # fmt: skip


def _moving(
    stretches: Stretches, saying: Speaker, changes: Sequence[date], when: Asked, words: Catalog
) -> dict[str, object]:
    """Every place's looks over all days, each look told once; days count from the first day there is."""
    looks: dict[view.Look, int] = {}
    places = {
        key: [
            number
            for day, look in ones
            if day <= when.today
            for number in (_since(day, when.first), looks.setdefault(look, len(looks)))
        ]
        for key, ones in stretches.items()
    }
    said = [
        {**asdict(saying(look, "")), "on": look.ground, "name": look.gap, "mode": look.mode,
         "shares": look.shares, "apart": look.gap in view.APART}
        for look in looks
    ]  # fmt: skip
    names = ("name", "force", "asked", "whose")
    return {
        "first": str(when.first),
        "last": _since(when.today, when.first),
        "changes": [_since(one, when.first) for one in changes],
        "looks": said,
        "places": places,
        "above": words.text("nation.ground.above"),
        "view": saying.drawn,
        "says": words.text("nation.map.says", **{name: f"{{{name}}}" for name in names}),
        "status": words.text("nation.slider.status", day="{day}", sharing="{sharing}", apart="{apart}"),
    }


def _since(day: date, first: date) -> int:
    return max(0, (day - first) // timedelta(days=1)) if day > first else 0
