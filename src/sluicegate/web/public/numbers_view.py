# SPDX-License-Identifier: Apache-2.0
"""Numbers of jurisdictions and months from what the master log tells; values in, rows and drawings out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from sluicegate.ledger.days import path_of
from sluicegate.ledger.statement import Statement
from sluicegate.policy.places import midnight
from sluicegate.policy.program import Program
from sluicegate.statistics.measures import EVERYWHERE, MEASURES, Measure
from sluicegate.web.public.numbers_ledger import Export, Said, Told

FIGURES = ("received", "shared", "withheld", "refused", "pending")
"""What days tell: received = shared + withheld + pending; the refused are among the withheld."""
PARTS = ("shared", "withheld", "pending")
MOST_ROWS, MOST_PANELS, DAILY = 200, 12, 62
WIDTH, HEIGHT = 260, 96
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
COLUMNS = (
    *(
        "jurisdiction",
        "name",
        "month",
        "received",
        "shared_with_partner",
        "withheld",
        "refused_among_withheld",
    ),
    *("pending", "days_told", "last_told", "asked_for", "in_force", "statements"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A jurisdiction's month as its days tell it.

    Attributes:
        place, name: the jurisdiction; the name is empty for bookings that no rule could place.
        counts: bookings by figure.
        days: how many days were told.
        at: moment of the newest of these statements.
        asked, mode: at the end of the month, by the rules as published; asked is empty where nobody asked.
        statements: numbers of the statements that these counts come from.
    """

    place: str
    name: str
    month: str
    counts: Mapping[str, int]
    days: int
    at: str
    asked: str
    mode: str
    statements: tuple[int, ...]

    def cells(self) -> tuple[object, ...]:
        """The row of the CSV file, as `COLUMNS`."""
        counts = [self.counts[name] for name in FIGURES]
        told = " ".join(map(str, self.statements))
        return (
            *(self.place, self.name, self.month, *counts),
            *(self.days, self.at, self.asked, self.mode, told),
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor asks for: a jurisdiction or all (empty), and months from and to, as YYYY-MM."""

    place: str
    since: str
    until: str

    def covers(self, place: str, month: str) -> bool:
        """Whether a jurisdiction's month is asked for."""
        return self.place in ("", place) and self.since <= month <= self.until


def is_month(text: str) -> bool:
    """Whether a text is a month as YYYY-MM."""
    return _MONTH.fullmatch(text) is not None


def months_of(told: Told, exports: Sequence[Export]) -> tuple[str, ...]:
    """Every month about which anything is told, oldest first."""
    return tuple(sorted({day[:7] for _, day in told.days} | {one.month for one in exports}))


def places_of(told: Told, exports: Sequence[Export]) -> tuple[str, ...]:
    """Every jurisdiction about which anything is told, by id."""
    places = {place for place, _ in told.days}
    return tuple(sorted(places | {str(one["id"]) for export in exports for one in places_in(export)}))


def counts_in(statement: Statement) -> dict[str, int]:
    """The sizes that a day's statement tells, by figure."""
    sizes = {name: _size(statement, name) for name in PARTS}
    refused = statement.parts.get("refused")
    return {
        "received": sum(sizes.values()),
        **sizes,
        "refused": refused if isinstance(refused, int) else 0,
    }


def _size(statement: Statement, name: str) -> int:
    part = cast("Mapping[str, int]", statement.parts[name])  # `Statement` holds it against its kind
    return part["size"]


def rows(told: Told, asked: Asked, program: Program) -> tuple[Row, ...]:
    """The months asked for, by month, newest first, then by jurisdiction."""
    return first_rows(told, asked, program, len(told.days))[0]


def first_rows(told: Told, asked: Asked, program: Program, most: int) -> tuple[tuple[Row, ...], int]:
    """The first so many rows, and how many there are in all; only these are worked out."""
    held: dict[tuple[str, str], list[Said]] = {}
    for (place, day), said in told.days.items():
        if asked.covers(place, day[:7]):
            held.setdefault((day[:7], place), []).append(said)
    ordered = sorted(held, key=lambda key: key[1])
    ordered.sort(key=lambda key: key[0], reverse=True)
    shown = ordered[:most]
    return tuple(_row(place, month, held[month, place], program) for month, place in shown), len(ordered)


def _row(place: str, month: str, said: Sequence[Said], program: Program) -> Row:
    counts = dict.fromkeys(FIGURES, 0)
    for one in said:
        for name, number in counts_in(one.statement).items():
            counts[name] += number
    own = program.jurisdictions.get(place)
    wanted, mode = modes(program, place, month)
    return Row(
        place,
        own.name if own else "",
        month,
        counts,
        len(said),
        max(one.statement.at for one in said),
        wanted,
        mode,
        tuple(sorted(one.number for one in said)),
    )


def files(told: Told, place: str, month: str) -> tuple[str, ...]:
    """The public files of a jurisdiction's days of a month, by day."""
    found = sorted(
        (day, said.number, said.statement) for (one, day), said in told.days.items() if one == place
    )
    return tuple(
        path_of(place, day, _revision(said)) for day, _, said in found if day.startswith(f"{month}-")
    )


def _revision(said: Statement) -> int:
    revision = said.parts.get("revision")
    return revision if isinstance(revision, int) else 0


def modes(program: Program, place: str, month: str) -> tuple[str, str]:
    """What was asked for and what was in force at the end of a month; empty for no jurisdiction."""
    own = program.jurisdictions.get(place)
    if own is None:
        return "", ""
    after = (date.fromisoformat(f"{month}-01") + timedelta(days=32)).replace(day=1)
    ruling = program.in_force(place, midnight(after, own.zone) - timedelta(microseconds=1))
    return (str(ruling.asked.mode) if ruling.asked else ""), str(ruling.mode)


@dataclass(frozen=True, slots=True)
class Bar:
    """A day or a month in a drawing: the set that a part stands for, and its rectangle; and what it says."""

    label: str
    parts: tuple[tuple[str, float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One jurisdiction's drawing; all panels have one scale, `top` bookings high."""

    place: str
    name: str
    counts: Mapping[str, int]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Small multiples of one scale. `daily` says whether a bar is a day or a month; `more` were left out."""

    panels: tuple[Panel, ...]
    top: int
    daily: bool
    first: str
    last: str
    more: int


def drawing(told: Told, asked: Asked, program: Program) -> Drawing | None:
    """The drawing of what is asked for; None where there is nothing to draw."""
    held: dict[str, dict[str, dict[str, int]]] = {}
    daily = _days_between(asked.since, asked.until) <= DAILY
    for (place, day), said in told.days.items():
        if asked.covers(place, day[:7]):
            bars = held.setdefault(place, {})
            bar = bars.setdefault(day if daily else day[:7], dict.fromkeys(FIGURES, 0))
            for name, number in counts_in(said.statement).items():
                bar[name] += number
    if not held:
        return None
    span = _span(asked, daily=daily)
    totals = {place: _total(bars.values()) for place, bars in held.items()}
    largest = sorted(held, key=lambda place: (-totals[place]["received"], place))
    top = max(1, *(bar["received"] for bars in held.values() for bar in bars.values()))
    panels = tuple(
        Panel(place, _name(program, place), totals[place], _bars(held[place], span, top))
        for place in largest[:MOST_PANELS]
    )
    return Drawing(panels, top, daily, span[0], span[-1], max(0, len(held) - MOST_PANELS))


def _name(program: Program, place: str) -> str:
    own = program.jurisdictions.get(place)
    return own.name if own else ""


def _total(bars: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = dict.fromkeys(FIGURES, 0)
    for bar in bars:
        for name in FIGURES:
            total[name] += bar[name]
    return total


def _days_between(since: str, until: str) -> int:
    return (_end(until) - date.fromisoformat(f"{since}-01")).days


def _end(month: str) -> date:
    """The first day after a month."""
    return (date.fromisoformat(f"{month}-01") + timedelta(days=32)).replace(day=1)


def _span(asked: Asked, *, daily: bool) -> list[str]:
    first, after = date.fromisoformat(f"{asked.since}-01"), _end(asked.until)
    days = [(first + timedelta(days=n)).isoformat() for n in range((after - first).days)]
    return days if daily else sorted({day[:7] for day in days})


def _bars(held: Mapping[str, Mapping[str, int]], span: Sequence[str], top: int) -> tuple[Bar, ...]:
    step = WIDTH / len(span)
    wide = max(1.5, step * 0.8)
    made = []
    for place, label in enumerate(span):
        if label not in held:
            continue
        foot, parts = float(HEIGHT), []
        for name in PARTS:
            high = HEIGHT * held[label][name] / top
            if high:
                foot -= high
                parts.append((name, round(place * step, 1), round(foot, 1), round(wide, 1), round(high, 1)))
        made.append(Bar(label, tuple(parts)))
    return tuple(made)


# -- published figures of a month ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """A published figure: a value, or why it is not shown (`small`, `answers`, `few`), or neither."""

    measure: str
    value: int | None
    hidden: str
    commitment: str


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of a place in a month's export."""

    place: str
    name: str
    kind: str
    asked: str
    mode: str
    cells: tuple[Cell, ...]


def places_in(one: Export) -> Sequence[Mapping[str, Any]]:
    """The places of an export as it tells them."""
    return cast("Sequence[Mapping[str, Any]]", one.document["places"])


def threshold(one: Export) -> int:
    """Below this an export shows no count."""
    return cast("int", one.document["threshold"])


def lines(one: Export, place: str) -> tuple[Line, ...]:
    """The figures that an export has for each place; for one place, also those of what it stands in."""
    figures = cast("Sequence[Mapping[str, Any]]", one.document["figures"])
    held = {(str(f["place"]), str(f["measure"])): f for f in figures}
    around = {str(p["id"]): str(p["parent"]) for p in places_in(one)}
    wanted: set[str] = set(around)
    if place:
        wanted, at = set(), place if place in around else ""
        while at and at not in wanted:
            wanted.add(at)
            at = around.get(at, "")
    return tuple(
        Line(
            str(p["id"]), str(p["name"]), str(p["kind"]), str(p["asked_for"]), str(p["mode"]),
            tuple(_cell(held[str(p["id"]), m.id]) for m in EVERYWHERE),
        )
        for p in places_in(one)
        if p["id"] in wanted
    )  # fmt: skip


def nation(one: Export) -> tuple[Cell, ...]:
    """Every figure of the nation, those that no other place has among them."""
    root = next(str(p["id"]) for p in places_in(one) if not p["parent"])
    figures = cast("Sequence[Mapping[str, Any]]", one.document["figures"])
    held = {str(f["measure"]): f for f in figures if f["place"] == root}
    return tuple(_cell(held[m.id]) for m in MEASURES if m.id in held)


def _cell(told: Mapping[str, Any]) -> Cell:
    value = told.get("value")
    number = value if isinstance(value, int) else None
    hidden = str(told.get("hidden", ""))
    return Cell(str(told["measure"]), number, hidden, str(told.get("commitment", "")))


def measure(name: str) -> Measure | None:
    """The definition of a figure, or None."""
    return next((one for one in MEASURES if one.id == name), None)


def cell(one: Export, place: str, name: str) -> Cell | None:
    """One figure of an export, or None where it has no such figure."""
    figures = cast("Sequence[Mapping[str, Any]]", one.document["figures"])
    return next((_cell(f) for f in figures if f["place"] == place and f["measure"] == name), None)


def document(told: Told, asked: Asked, listed: Sequence[Row], exports: Sequence[Export]) -> dict[str, object]:
    """Everything asked for, as data."""
    root = told.checkpoint.root.hex()
    return {
        "ledger": {"origin": told.checkpoint.origin, "size": told.checkpoint.size, "root": root},
        "updated": told.newest,
        "asked": {"jurisdiction": asked.place, "from": asked.since, "to": asked.until},
        "months": [
            {
                "jurisdiction": one.place, "name": one.name, "month": one.month, **one.counts,
                "days": one.days, "told": one.at, "asked_for": one.asked, "in_force": one.mode,
                "statements": list(one.statements),
            }
            for one in listed
        ],
        "published": [
            {"month": one.month, "folder": f"/public/statistics/{one.folder}/", "manifest": one.manifest,
             "statement": one.said.number, "document": one.document}
            for one in exports
            if asked.since <= one.month <= asked.until
        ],
    }  # fmt: skip
