# SPDX-License-Identifier: Apache-2.0
"""Turns rows of text into typed rows. A row with a problem is noted and left out; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfoNotFoundError

from sluicegate.errors import quoted
from sluicegate.policy.model import (
    BINDING,
    Agency,
    Confidence,
    Effect,
    Jurisdiction,
    Kind,
    Mode,
    Rule,
    Source,
    Wording,
)
from sluicegate.policy.places import zone_of
from sluicegate.policy.table import ID, Problems, Row, digest
from sluicegate.terms import Gate, ModeName, Ori

_E = TypeVar("_E", bound=StrEnum)
ORI = re.compile(r"[A-Z0-9]{9}", re.ASCII)
PLACES = ("federal", "state", "county", "city")
"""Kinds of jurisdiction."""


@dataclass(frozen=True, slots=True)
class At:
    """A typed row and the row of text it came from, so that a later check can name the place."""

    row: Row
    problems: Problems

    def note(self, text: str) -> None:
        """Note a problem with this row."""
        self.problems.add(self.row.file, self.row.number, text)

    def member(self, column: str, kind: type[_E], default: _E) -> _E:
        """The value of a column that holds one of a closed set of words."""
        try:
            return kind(self.row[column])
        except ValueError:
            allowed = ", ".join(one.value for one in kind)
            self.note(f"{column} {quoted(self.row[column])} is not one of {allowed}")
            return default

    def needed(self, *columns: str) -> None:
        """Note every column that must not be empty and is."""
        for column in columns:
            if not self.row[column]:
                self.note(f"{column} is missing")

    def name(self, column: str) -> str:
        """An id: letters, digits, dot, dash and underscore, at most 40."""
        if self.row[column] and not ID.fullmatch(self.row[column]):
            self.note(f"{column} {quoted(self.row[column])} is not an id")
        self.needed(column)
        return self.row[column]

    def confidence(self) -> Confidence:
        """How well the row is known."""
        return self.member("confidence", Confidence, Confidence.GENERAL)

    def in_order(self, first: str, then: str) -> None:
        """Note a period that does not end after it begins."""
        if not (self.row[first] and self.row[then]):
            return
        begins, ends = self.row.day(first, Problems()), self.row.day(then, Problems())
        if begins and ends and ends <= begins:
            self.note(f"{then} {ends.isoformat()} is not after {first} {begins.isoformat()}")


def modes(rows: Iterable[Row], problems: Problems) -> dict[str, Mode]:
    """Modes by name; each must say what it does to every gate that the program does not declare."""
    effects: dict[str, dict[Gate, Effect]] = {}
    sentences: dict[str, dict[Gate, str]] = {}
    for row in rows:
        at = At(row, problems)
        name, gate = at.name("mode"), at.member("gate", Gate, Gate.SHARE)
        effect = at.member("effect", Effect, Effect.CLOSED)
        if effect is Effect.BY_REQUEST and gate is not Gate.LOOKUP:
            at.note("only gate G3 can be left to the request: nobody requests at the others")
        at.needed("sentence", "source")
        at.confidence()
        if gate in effects.setdefault(name, {}):
            at.note(f"mode {name} already has gate {gate.value}")
        effects[name][gate] = effect
        sentences.setdefault(name, {})[gate] = row["sentence"]
    return {name: Mode(ModeName(name), effects[name], sentences[name]) for name in effects}


def jurisdiction(row: Row, problems: Problems) -> Jurisdiction:
    """One row of jurisdictions.csv."""
    at = At(row, problems)
    at.needed("name", "source")
    if row["kind"] not in PLACES:
        at.note(f"kind {quoted(row['kind'])} is not one of {', '.join(PLACES)}")
    try:
        zone_of(row["zone"] or "-")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        at.note(f"zone {quoted(row['zone'])} is not a time zone known here")
    place = at.name("id")
    return Jurisdiction(
        place, row["name"], row["kind"], row["parent"], row["zone"], row["fips"], at.confidence()
    )


def agency(row: Row, problems: Problems) -> Agency:
    """One row of agencies.csv; an agency in several jurisdictions names them with one blank between."""
    at = At(row, problems)
    at.needed("jurisdiction", "name", "source")
    if not ORI.fullmatch(row["ori"]):
        at.note(f"ori {quoted(row['ori'])} is not nine capital letters and digits")
    begins, ends = row.day("from", problems), row.day("until", problems)
    at.in_order("from", "until")
    first, *also = row["jurisdiction"].split(" ")
    if also and not all((first, *also)):
        at.note("several jurisdictions have one blank between them")
    elif len({first, *also}) != len(also) + 1:
        at.note("a jurisdiction is named twice")
    return Agency(Ori(row["ori"]), first, row["name"], begins, ends, at.confidence(), tuple(also))


def _shape(at: At, kind: Kind) -> None:
    row = at.row
    if kind in BINDING and not row["mode_in_force"]:
        at.note(f"a row of kind {kind.value} puts a mode in force and names none")
    if kind not in BINDING and row["mode_in_force"]:
        at.note(f"a row of kind {kind.value} cannot put a mode in force")
    if kind in (Kind.REQUEST, Kind.AGREEMENT) and not row["mode_asked"]:
        at.note(f"a row of kind {kind.value} asks for something and does not say for what")
    if kind is Kind.DEFAULT and (row["valid_from"] or row["valid_until"]):
        at.note("the default has no beginning and no end")
    if kind is not Kind.DEFAULT and not row["valid_from"]:
        at.note("valid_from is missing")


def rule(row: Row, problems: Problems) -> Rule:
    """One row of rules.csv or choices.csv."""
    at = At(row, problems)
    kind = at.member("kind", Kind, Kind.STATEMENT)
    at.needed("jurisdiction", "issuer", "issuer_level", "authority", "legal_basis", "wording", "source")
    _shape(at, kind)
    at.in_order("valid_from", "valid_until")
    return Rule(
        id=at.name("id"),
        version=digest(dict(row.cells))[:16],
        jurisdiction=row["jurisdiction"],
        kind=kind,
        asked=row["mode_asked"],
        mode=ModeName(row["mode_in_force"]) if row["mode_in_force"] else None,
        issuer=row["issuer"],
        level=row["issuer_level"],
        authority=row["authority"],
        legal_basis=row["legal_basis"],
        wording=row["wording"],
        begins=row.day("valid_from", problems),
        ends=row.day("valid_until", problems),
        public=row.day("public_from", problems),
        supersedes=row["supersedes"],
        source=row["source"],
        confidence=at.confidence(),
        note=row["note"],
    )


def wording(row: Row, problems: Problems) -> Wording:
    """One row of wording.csv."""
    at = At(row, problems)
    at.needed("valid_from", "issuer", "issuer_level", "document", "class", "meaning", "legal_basis", "source")
    at.in_order("valid_from", "valid_until")
    return Wording(
        id=at.name("id"),
        digest=digest(dict(row.cells)),
        begins=row.day("valid_from", problems),
        ends=row.day("valid_until", problems),
        superseded_by=row["superseded_by"],
        public=row.day("public_from", problems),
        issuer=row["issuer"],
        level=row["issuer_level"],
        audience=row["audience"],
        document=row["document"],
        label=row["class"],
        meaning=row["meaning"],
        legal_basis=row["legal_basis"],
        source=row["source"],
        confidence=at.confidence(),
        note=row["note"],
    )


def source(row: Row, problems: Problems) -> Source:
    """One row of sources.csv."""
    at = At(row, problems)
    at.needed("locator", "kind")
    return Source(at.name("id"), row["locator"], row["kind"])


def folded(charge: str) -> str:
    """A charge as it is compared: capitals, single blanks."""
    return " ".join(charge.upper().split())


def charges(rows: Iterable[Row], problems: Problems) -> Mapping[str, bool]:
    """Whether a booking for a charge goes to the partner where the gate depends on the charge."""
    table: dict[str, bool] = {}
    for row in rows:
        at = At(row, problems)
        at.needed("charge", "level", "source")
        at.confidence()
        if row["shared"] not in ("yes", "no"):
            at.note(f"shared {quoted(row['shared'])} is not yes or no")
        if folded(row["charge"]) in table:
            at.note("the charge is already in the list")
        table[folded(row["charge"])] = row["shared"] == "yes"
    return table
