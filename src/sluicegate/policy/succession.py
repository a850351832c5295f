# SPDX-License-Identifier: Apache-2.0
"""May one program follow another? The registry only grows: rows are added, and none reaches back unseen.

Two clocks (promise `no-back-dating`): a row may say that it was valid earlier, and is then shown as late; it
may never say that people could know of it before the day on which it is registered. The moment is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sluicegate.policy.model import Confidence
from sluicegate.policy.program import Program
from sluicegate.policy.table import COLUMNS, Problem, Problems, Row
from sluicegate.policy.table import read as read_table

_KEPT_BY_ID = ("modes", "jurisdictions", "rules", "wording", "sources", "charges")
_KEPT_IN_ORDER = ("agencies", "claims", "substitutions")
_KEPT_BY_GROUP = ("requesters", "requests", "documents")
_BEGINS = {"rules.csv": "valid_from", "choices.csv": "valid_from", "wording.csv": "valid_from"}
_BELONGS = {
    "claims.csv": ("wording", ("wording.csv",)),
    "documents.csv": ("rule", ("rules.csv", "choices.csv")),
}


def breaches(
    before: Program, after: Program, added: Mapping[str, bytes], at: datetime, *, drill: bool = False
) -> tuple[Problem, ...]:
    """Why `after`, which is `before` and the rows added, may not follow it at a moment; empty if it may.

    Args:
        added: the rows by table, as CSV with its header.
        at: moment of registering, aware. What day it is for a row, its jurisdiction's zone says.
        drill: whether the program has a scenario laid over it; only then may rows of a scenario be added.
    """
    found = Problems()
    for what in lost(before, after):
        found.add("", 0, what)
    tables = {name: read_table(name, table, found) for name, table in added.items()}
    if not any(tables.values()):
        found.add("", 0, "a change adds at least one row")
    for name, rows in tables.items():
        for row in rows:
            if row.cells.get("confidence") == Confidence.SCENARIO and not drill:
                found.add(name, row.number, "a scenario is not history: it may be added in a drill only")
            _public(after, row, at, found)
            _belongs(tables, row, found)
    return tuple(found.found)


def lost(before: Program, after: Program) -> Iterator[str]:
    """A sentence for everything that was on record and is not any more, or is otherwise."""
    for field in _KEPT_BY_ID:
        was, now = getattr(before, field), getattr(after, field)
        yield from (f"{field}: {one} was changed or removed" for one in was if now.get(one) != was[one])
    for field in _KEPT_IN_ORDER:
        if not set(getattr(before, field)) <= set(getattr(after, field)):
            yield f"{field}: a row was changed or removed"
    for field in _KEPT_BY_GROUP:
        was, now = getattr(before, field), getattr(after, field)
        if any(not set(rows) <= set(now.get(key, ())) for key, rows in was.items()):
            yield f"{field}: a row was changed or removed"
    if before.settings != after.settings:
        yield "program.toml was changed"


def today(program: Program, jurisdiction: str, at: datetime) -> date:
    """What day it is at a moment for a jurisdiction; for one that is not known, for the root."""
    places = program.jurisdictions
    place = places.get(jurisdiction, places[program.settings.root_jurisdiction])
    return at.astimezone(ZoneInfo(place.zone)).date()


def _public(after: Program, row: Row, at: datetime, found: Problems) -> None:
    """What is registered is public from the day of registering, or from a later one."""
    if "public_from" not in row.cells:
        return
    day = today(after, row.cells.get("jurisdiction", ""), at)
    public = row.day("public_from", found)
    if public is None and not row["public_from"]:
        found.add(row.file, row.number, "public_from is missing: what is registered is public from then on")
    elif public is not None and public < day:
        said = f"public_from {public.isoformat()} is before {day.isoformat()}, the day of registering"
        found.add(row.file, row.number, said)


def _belongs(tables: Mapping[str, tuple[Row, ...]], row: Row, found: Problems) -> None:
    """A claim or document counts as known with its row, so it may come only together with that row."""
    if row.file not in _BELONGS:
        return
    column, names = _BELONGS[row.file]
    if all(row[column] != one["id"] for name in names for one in tables.get(name, ())):
        said = f"it would count as known since {row[column]} was: add it together with a row of its own"
        found.add(row.file, row.number, said)


def late(after: Program, added: Mapping[str, bytes], at: datetime) -> tuple[Problem, ...]:
    """Rows that say they were valid before the day of registering: allowed, never silent."""
    found, ignored = Problems(), Problems()
    for name, column in _BEGINS.items():
        for row in read_table(name, added[name], ignored) if name in added else ():
            begins = row.day(column, ignored)
            day = today(after, row.cells.get("jurisdiction", ""), at)
            if begins and begins < day:
                ago = (day - begins).days
                said = f"{row['id']} is said to be valid since {begins.isoformat()}, {ago} days ago"
                found.add(name, row.number, said)
    return tuple(found.found)


def tables_of(added: Mapping[str, bytes]) -> dict[str, tuple[Row, ...]]:
    """The rows added, by table; what cannot be read is left out."""
    ignored = Problems()
    return {name: read_table(name, added[name], ignored) for name in sorted(added) if name in COLUMNS}
