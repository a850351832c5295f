# SPDX-License-Identifier: Apache-2.0
"""A program of sharing, loaded whole or not at all from the bytes of its files. Reads no file itself.

`root` is the policy root that every decision names: SHA-256 over all rows in one canonical form, so that two
installations with the same root hold the same rules, whatever their line ends or order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sluicegate.errors import UsageError, quoted
from sluicegate.policy import parse, settings, validate
from sluicegate.policy.model import Agency, Jurisdiction, Mode, Rule, Settings, Source, Wording
from sluicegate.policy.rules import FIRST, LAST, Court, Placement, Ruling, Timeline, midnight, timeline
from sluicegate.policy.table import COLUMNS, SETTINGS_FILE, Problem, Problems, Row, digest
from sluicegate.policy.table import read as read_table
from sluicegate.terms import Ori

_T = TypeVar("_T")
_CHARGES = "charges.csv"


@dataclass(frozen=True, slots=True)
class _Stay:
    begins: datetime
    ends: datetime
    placement: Placement


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A whole program: names and words, rows by id, and the rulings worked out from them."""

    root: str
    settings: Settings
    modes: Mapping[str, Mode]
    jurisdictions: Mapping[str, Jurisdiction]
    agencies: tuple[Agency, ...]
    rules: Mapping[str, Rule]
    wording: Mapping[str, Wording]
    sources: Mapping[str, Source]
    charges: Mapping[str, bool]
    timelines: Mapping[str, Timeline]
    stays: Mapping[str, tuple[_Stay, ...]]

    @property
    def name(self) -> str:
        """The program's name, as decisions carry it."""
        return self.settings.name

    def place(self, ori: Ori, at: datetime) -> Placement | None:
        """Where an agency stands at an aware moment, or None where no row places it."""
        for stay in self.stays.get(ori, ()):
            if stay.begins <= at < stay.ends:
                return stay.placement
        return None

    def in_force(self, jurisdiction: str, at: datetime) -> Ruling:
        """What is in force for a jurisdiction at a moment, why, and what else applied and lost.

        Raises:
            UsageError: the jurisdiction is not in the program, or the moment has no time zone.
        """
        line = self.timelines.get(jurisdiction)
        if line is None:
            raise UsageError(f"jurisdiction {quoted(jurisdiction)} is not in program {self.name}")
        if at.utcoffset() is None:
            raise UsageError("a moment without a time zone decides nothing")
        return line.at(at)

    def chain(self, jurisdiction: str) -> tuple[Jurisdiction, ...]:
        """A jurisdiction of the program and all it stands in, the nation last."""
        return _chain(jurisdiction, self.jurisdictions)


def _chain(place: str, table: Mapping[str, Jurisdiction]) -> tuple[Jurisdiction, ...]:
    found = []
    while place:
        found.append(table[place])
        place = table[place].parent
    return tuple(found)


def _canonical(toml: Mapping[str, object], tables: Mapping[str, tuple[Row, ...]]) -> str:
    body = {
        name: sorted((dict(row.cells) for row in rows), key=lambda cells: [cells[c] for c in COLUMNS[name]])
        for name, rows in tables.items()
    }
    return digest({"format": "sluicegate-program-1", "program": toml, "tables": body})


def _stays(agencies: tuple[Agency, ...], table: Mapping[str, Jurisdiction]) -> dict[str, tuple[_Stay, ...]]:
    stays: dict[str, tuple[_Stay, ...]] = {}
    for agency in agencies:
        chain = _chain(agency.jurisdiction, table)
        begins = midnight(agency.begins, chain[0].zone) if agency.begins else FIRST
        ends = midnight(agency.ends, chain[0].zone) if agency.ends else LAST
        stay = _Stay(begins, ends, Placement(agency, chain[0], chain))
        stays[agency.ori] = (*stays.get(agency.ori, ()), stay)
    return stays


def _typed(
    rows: tuple[Row, ...], one: Callable[[Row, Problems], _T], problems: Problems
) -> list[tuple[_T, Row]]:
    return [(one(row, problems), row) for row in rows]


def _build(parsed: validate.Parsed, root: str, charges: Mapping[str, bool], problems: Problems) -> Program:
    jurisdictions = validate.by_id(parsed.jurisdictions, problems)
    rules = validate.by_id(parsed.rules, problems)
    by_place: dict[str, list[Rule]] = {}
    for rule in rules.values():
        by_place.setdefault(rule.jurisdiction, []).append(rule)
    court = Court(parsed.modes, parsed.settings.issuers, parsed.settings.ties)
    agencies = tuple(agency for agency, _ in parsed.agencies)
    return Program(
        root=root,
        settings=parsed.settings,
        modes=parsed.modes,
        jurisdictions=jurisdictions,
        agencies=agencies,
        rules=rules,
        wording=validate.by_id(parsed.wording, problems),
        sources=validate.by_id(parsed.sources, problems),
        charges=charges,
        timelines={one: timeline(_chain(one, jurisdictions), by_place, court) for one in jurisdictions},
        stays=_stays(agencies, jurisdictions),
    )


def _read_all(
    files: Mapping[str, bytes], extra: Mapping[str, bytes], problems: Problems
) -> dict[str, tuple[Row, ...]]:
    for name in sorted(set(COLUMNS) - set(files)):
        problems.add(name, 0, "the file is missing")
    tables = {name: read_table(name, files[name], problems) for name in sorted(set(files) - {SETTINGS_FILE})}
    for name in sorted(extra):
        if name == SETTINGS_FILE:
            problems.add(
                f"overlay/{name}", 0, "an overlay adds rows; it cannot change the program's settings"
            )
            continue
        rows = read_table(name, extra[name], problems, shown_as=f"overlay/{name}")
        tables[name] = (*tables.get(name, ()), *rows)
    return tables


def _load(files: Mapping[str, bytes], extra: Mapping[str, bytes], problems: Problems) -> Program | None:
    """Every problem is noted in `problems`; the program is made only if there is none."""
    tables = _read_all(files, extra, problems)
    read, toml = settings.read(files.get(SETTINGS_FILE, b""), problems)
    if problems.found:
        return None
    rules = tables["rules.csv"] + tables["choices.csv"]
    parsed = validate.Parsed(
        settings=read,
        modes=parse.modes(tables["modes.csv"], problems),
        jurisdictions=_typed(tables["jurisdictions.csv"], parse.jurisdiction, problems),
        agencies=_typed(tables["agencies.csv"], parse.agency, problems),
        rules=_typed(rules, parse.rule, problems),
        wording=_typed(tables["wording.csv"], parse.wording, problems),
        sources=_typed(tables["sources.csv"], parse.source, problems),
        rows=[row for rows in tables.values() for row in rows],
    )
    charges = parse.charges(tables[_CHARGES], problems)
    validate.check(parsed, problems, scenario_files=frozenset(f"overlay/{name}" for name in extra))
    if problems.found:
        return None
    return _build(parsed, _canonical(toml, tables), charges, problems)


def problems(files: Mapping[str, bytes], extra: Mapping[str, bytes] | None = None) -> tuple[Problem, ...]:
    """Everything that keeps the files from being a program; empty if they are one."""
    found = Problems()
    _load(files, extra or {}, found)
    return tuple(found.found)


def load(files: Mapping[str, bytes]) -> Program:
    """The program made of these files (name to bytes).

    Raises:
        ProgramError: anything at all is wrong; it names the first file and row and lists the rest.
    """
    return overlay(files, {})


def overlay(files: Mapping[str, bytes], extra: Mapping[str, bytes]) -> Program:
    """The program with extra rows appended to its tables: local choices, or a scenario for a demonstration.

    Raises:
        ProgramError: as `load`; rows of the extra files are named as overlay/FILE.
    """
    found = Problems()
    program = _load(files, extra, found)
    found.stop()
    assert program is not None, "no problem, so there is a program"
    return program
