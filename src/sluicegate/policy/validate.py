# SPDX-License-Identifier: Apache-2.0
"""What must hold between the rows of a program: known references, no double ids, no circles, one default."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from sluicegate.errors import quoted
from sluicegate.policy.model import (
    BINDING,
    DOUBT_RULE,
    UNKNOWN_MODE,
    Agency,
    Claim,
    Confidence,
    Document,
    Jurisdiction,
    Kind,
    Mode,
    Request,
    Requester,
    Rule,
    Settings,
    Source,
    Substitution,
    Wording,
)
from sluicegate.policy.table import Problems, Row
from sluicegate.terms import Gate


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


_T = TypeVar("_T", bound=_WithId)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Everything a program says, row by row, before it is known to hold together."""

    settings: Settings
    modes: Mapping[str, Mode]
    jurisdictions: Sequence[tuple[Jurisdiction, Row]]
    agencies: Sequence[tuple[Agency, Row]]
    rules: Sequence[tuple[Rule, Row]]
    wording: Sequence[tuple[Wording, Row]]
    sources: Sequence[tuple[Source, Row]]
    claims: Sequence[tuple[Claim, Row]]
    substitutions: Sequence[tuple[Substitution, Row]]
    requesters: Sequence[tuple[Requester, Row]]
    requests: Sequence[tuple[Request, Row]]
    documents: Sequence[tuple[Document, Row]]
    rows: Sequence[Row]


def by_id(pairs: Iterable[tuple[_T, Row]], problems: Problems) -> dict[str, _T]:
    """Typed rows by id; an id that occurs twice is a problem."""
    table: dict[str, _T] = {}
    for one, row in pairs:
        if one.id in table:
            problems.add(row.file, row.number, f"id {quoted(one.id)} is there twice")
        table.setdefault(one.id, one)
    return table


def circle(start: str, following: Mapping[str, str]) -> bool:
    """Whether following the arrows from an id comes back to it."""
    seen, here = {start}, following.get(start, "")
    while here and here not in seen:
        seen.add(here)
        here = following.get(here, "")
    return here == start


def known(row: Row, column: str, table: Container[str], problems: Problems) -> None:
    """Note a column that names something that the program does not have."""
    if row[column] and row[column] not in table:
        problems.add(row.file, row.number, f"{column} {quoted(row[column])} is not in this program")


def _modes(parsed: Parsed, problems: Problems) -> None:
    declared = {gate for gate, text in parsed.settings.gates.items() if text.declared}
    for name, mode in parsed.modes.items():
        missing = sorted(g.value for g in set(Gate) - declared - set(mode.effects))
        if missing:
            problems.add("modes.csv", 0, f"mode {name} does not say what it does to {', '.join(missing)}")
        if declared & set(mode.effects):
            problems.add("modes.csv", 0, f"mode {name} speaks of a gate that the program declares")
    if UNKNOWN_MODE in parsed.modes:
        problems.add("modes.csv", 0, f"{UNKNOWN_MODE} is reserved for doubt")


def _jurisdictions(parsed: Parsed, problems: Problems) -> None:
    table = by_id(parsed.jurisdictions, problems)
    parents = {one.id: one.parent for one in table.values()}
    root = parsed.settings.root_jurisdiction
    if root not in table:
        problems.add("jurisdictions.csv", 0, f"the root jurisdiction {quoted(root)} is missing")
    for one, row in parsed.jurisdictions:
        known(row, "parent", table, problems)
        if circle(one.id, parents):
            problems.add(row.file, row.number, f"{one.id} is its own ancestor")
        if bool(one.parent) == (one.id == root):
            problems.add(row.file, row.number, "every jurisdiction but the root has a parent")


class _Period(Protocol):
    @property
    def begins(self) -> date | None: ...
    @property
    def ends(self) -> date | None: ...


def overlap(one: _Period, other: _Period) -> bool:
    """Whether two periods share a day."""
    return (one.begins or date.min) < (other.ends or date.max) and (other.begins or date.min) < (
        one.ends or date.max
    )


def _agencies(parsed: Parsed, problems: Problems) -> None:
    places = {one.id for one, _ in parsed.jurisdictions}
    seen: dict[str, list[Agency]] = {}
    for one, row in parsed.agencies:
        for place in (one.jurisdiction, *one.also):
            if place and place not in places:
                problems.add(row.file, row.number, f"jurisdiction {quoted(place)} is not in this program")
        for other in seen.setdefault(one.ori, []):
            if overlap(one, other):
                problems.add(row.file, row.number, f"{one.ori} stands in two places at one time")
        seen[one.ori].append(one)


def _rule(one: Rule, row: Row, table: Mapping[str, Rule], parsed: Parsed, problems: Problems) -> None:
    if one.kind is Kind.ACTIVATION and one.mode in parsed.modes and not parsed.modes[str(one.mode)].opens:
        problems.add(row.file, row.number, "an activation names a mode that opens something")
    if one.id == DOUBT_RULE:
        problems.add(row.file, row.number, f"{DOUBT_RULE} is reserved for doubt")
    older = table.get(one.supersedes)
    if older and older.kind in BINDING and one.kind not in BINDING:
        problems.add(row.file, row.number, "a row that only asks cannot end a row in force")
    if older and (older.jurisdiction != one.jurisdiction or older.kind is Kind.DEFAULT):
        problems.add(
            row.file, row.number, "a row supersedes only rows of its own jurisdiction, never the default"
        )


def _references(parsed: Parsed, table: Mapping[str, Rule]) -> dict[str, Container[str]]:
    """What each column of a rule may name."""
    return {
        "jurisdiction": {one.id for one, _ in parsed.jurisdictions},
        "mode_asked": {*parsed.modes, *parsed.settings.claims},
        "mode_in_force": parsed.modes,
        "issuer_level": parsed.settings.issuers,
        "wording": {one.id for one, _ in parsed.wording},
        "supersedes": table,
    }


def _rules(parsed: Parsed, problems: Problems) -> None:
    table = by_id(parsed.rules, problems)
    references = _references(parsed, table)
    following = {one.id: one.supersedes for one in table.values()}
    for one, row in parsed.rules:
        for column, allowed in references.items():
            known(row, column, allowed, problems)
        if one.supersedes and circle(one.id, following):
            problems.add(row.file, row.number, f"{one.id} supersedes itself in a circle")
        _rule(one, row, table, parsed, problems)
    _tied(parsed, problems)
    _default(parsed, [one for one in table.values() if one.kind is Kind.DEFAULT], problems)


def _tied(parsed: Parsed, problems: Problems) -> None:
    """Rows that overlap and that no order tells apart: one place, level and first day, other modes."""
    replaced = {one.supersedes for one, _ in parsed.rules}
    seen: dict[tuple[str, str, bool, date | None], list[Rule]] = {}
    for one, row in parsed.rules:
        if one.kind not in BINDING or one.kind is Kind.DEFAULT or one.id in replaced:
            continue
        key = (one.jurisdiction, one.level, one.kind is Kind.CAPABILITY, one.begins)
        for other in seen.setdefault(key, []):
            if other.mode != one.mode:
                text = f"it and {quoted(other.id)} put different modes in force for one place from one day on"
                problems.add(row.file, row.number, f"{text}, by issuers of one level: neither goes before")
        seen[key].append(one)


def _default(parsed: Parsed, defaults: Sequence[Rule], problems: Problems) -> None:
    if len(defaults) != 1:
        problems.add("rules.csv", 0, f"a program has exactly one default rule; this one has {len(defaults)}")
    for one in defaults:
        if one.jurisdiction != parsed.settings.root_jurisdiction or one.level != "program":
            problems.add("rules.csv", 0, "the default rule is the program's, for the root jurisdiction")
        if one.mode in parsed.modes and parsed.modes[str(one.mode)].opens:
            problems.add("rules.csv", 0, "the default rule must not open a gate")


def _wording(parsed: Parsed, problems: Problems) -> None:
    table = by_id(parsed.wording, problems)
    following = {one.id: one.superseded_by for one in table.values()}
    for one, row in parsed.wording:
        known(row, "superseded_by", table, problems)
        known(row, "issuer_level", parsed.settings.issuers, problems)
        if one.superseded_by and circle(one.id, following):
            problems.add(row.file, row.number, f"{one.id} supersedes itself in a circle")


def check(parsed: Parsed, problems: Problems, *, scenario_files: frozenset[str]) -> None:
    """Note everything that does not hold together. A scenario row may stand only in an overlay."""
    _modes(parsed, problems)
    _jurisdictions(parsed, problems)
    _agencies(parsed, problems)
    _rules(parsed, problems)
    _wording(parsed, problems)
    sources = by_id(parsed.sources, problems)
    for row in parsed.rows:
        if "source" in row.cells:
            known(row, "source", sources, problems)
        if row.cells.get("confidence") == Confidence.SCENARIO and row.file not in scenario_files:
            problems.add(row.file, row.number, "a scenario may stand in an overlay only, never in a program")
