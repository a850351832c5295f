# SPDX-License-Identifier: Apache-2.0
"""A program of sharing, loaded whole or not at all from the bytes of its files. Reads no file itself.

`root` is the policy root that every decision names: SHA-256 over all rows in one canonical form, so that two
installations with the same root hold the same rules, whatever their line ends or order of rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from sluicegate.errors import UsageError, quoted
from sluicegate.policy import parse, parse_lists, settings, validate, validate_lists
from sluicegate.policy.decision import Grounds
from sluicegate.policy.model import (
    Agency,
    Claim,
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
from sluicegate.policy.places import FIRST, LAST, Placement, Stay, chain, stays
from sluicegate.policy.rules import Court, Ruling, Timeline, Timelines
from sluicegate.policy.table import COLUMNS, OPTIONAL, SETTINGS_FILE, Problem, Problems, Row, digest
from sluicegate.policy.table import read as read_table
from sluicegate.terms import Gate, Ori

_T = TypeVar("_T")
_CHARGES = "charges.csv"


@dataclass(frozen=True, slots=True)
class Sitting:
    """What decides for one ORI over one stretch of time.

    `rulings` has one for each jurisdiction that the agency stands in; `fixed` fills with the gates that no
    charge and no request can change.
    """

    placement: Placement
    rulings: tuple[Ruling, ...]
    fixed: dict[Gate, Grounds]


@dataclass(frozen=True, slots=True)
class Docket:
    """Every sitting of one ORI in order; None where no row places it. `starts` are their instants (UTC)."""

    starts: tuple[datetime, ...]
    sittings: tuple[Sitting | None, ...]


@dataclass(slots=True)
class Memo:
    """What a program has worked out once; only ever added to, and the same whoever works it out first."""

    known: dict[date, Program] = field(default_factory=dict)
    grounds: dict[object, Grounds] = field(default_factory=dict)
    dockets: dict[Ori, Docket] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A whole program: names and words, rows by id, and the rulings worked out from them.

    `known` is None for the program as it is; `known_at` gives one that holds only what was public by a day.
    """

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
    stays: Mapping[Ori, tuple[Stay, ...]]
    claims: tuple[Claim, ...] = ()
    substitutions: tuple[Substitution, ...] = ()
    requesters: Mapping[str, tuple[Requester, ...]] = field(default_factory=dict)
    requests: Mapping[str, tuple[Request, ...]] = field(default_factory=dict)
    documents: Mapping[str, tuple[Document, ...]] = field(default_factory=dict)
    known: date | None = None
    memo: Memo = field(init=False, default_factory=Memo, repr=False)

    @property
    def name(self) -> str:
        """The program's name, as decisions carry it."""
        return self.settings.name

    def place(self, ori: Ori, at: datetime) -> Placement | None:
        """Where an agency stands at an aware moment, or None where no row places it.

        A retired ORI stands where its successor does (`Placement.retired`).
        """
        for stay in self.stays.get(ori, ()):
            if stay.begins <= at < stay.ends:
                return stay.placement
        return None

    def sitting(self, ori: Ori, at: datetime) -> Sitting | None:
        """Where an agency stands and what is in force there at a moment; None where no row places it."""
        docket = self.memo.dockets.get(ori)
        if docket is None:
            if ori not in self.stays:
                return None  # and nothing is kept under a name that came from outside
            docket = self.memo.dockets.setdefault(ori, self._docket(ori))
        return docket.sittings[bisect_right(docket.starts, at) - 1]

    def _docket(self, ori: Ori) -> Docket:
        starts = {FIRST}
        for stay in self.stays[ori]:
            starts |= {stay.begins, stay.ends}
            for place in _homes(stay.placement):
                starts.update(one for one in self.timelines[place.id].starts if stay.begins < one < stay.ends)
        ordered = tuple(sorted(starts - {LAST}))
        return Docket(ordered, tuple(self._sitting(ori, start) for start in ordered))

    def _sitting(self, ori: Ori, at: datetime) -> Sitting | None:
        placement = self.place(ori, at)
        if placement is None:
            return None
        return Sitting(placement, tuple(self.in_force(one.id, at) for one in _homes(placement)), {})

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
        return chain(jurisdiction, self.jurisdictions)

    def _public(self) -> Iterator[date]:
        yield from (one.public for one in self.rules.values() if one.public)
        yield from (one.public for one in self.wording.values() if one.public)

    def known_at(self, day: date) -> Program:
        """The program with only the rows that anyone could have known by the end of a day.

        Rules, choices and wording count from their public day, claims and documents with the row that they
        belong to. The default rule was always known; a row without a public day was known to nobody, because
        nobody has put on record that it was. Modes, places, agencies and charges have no public day and stay.
        The root stays that of the whole program. One answer is kept for each day on which anything became
        public: `known` of the result is the last such day, or the first day there is.
        """
        last = max((one for one in self._public() if one <= day), default=date.min)
        made = self.memo.known.get(last)
        return made or self.memo.known.setdefault(last, _known(self, last))


def _homes(placement: Placement) -> tuple[Jurisdiction, ...]:
    return placement.several or (placement.jurisdiction,)


def _known(program: Program, day: date) -> Program:
    def out(public: date | None) -> bool:
        return public is not None and public <= day

    rules = {key: one for key, one in program.rules.items() if one.kind is Kind.DEFAULT or out(one.public)}
    wording = {key: one for key, one in program.wording.items() if out(one.public)}
    return replace(
        program,
        rules=rules,
        wording=wording,
        claims=tuple(one for one in program.claims if one.wording in wording),
        documents={key: found for key, found in program.documents.items() if key in rules},
        timelines=Timelines(program.jurisdictions, rules.values(), _court(program.settings, program.modes)),
        known=day,
    )


def _court(read: Settings, modes: Mapping[str, Mode]) -> Court:
    return Court(modes, read.issuers, read.ties)


def _canonical(toml: Mapping[str, object], tables: Mapping[str, tuple[Row, ...]]) -> str:
    body = {
        name: sorted((dict(row.cells) for row in rows), key=lambda cells: [cells[c] for c in COLUMNS[name]])
        for name, rows in tables.items()
        if rows or name not in OPTIONAL
    }
    return digest({"format": "sluicegate-program-1", "program": toml, "tables": body})


def _grouped(many: Iterable[_T], key: Callable[[_T], str]) -> dict[str, tuple[_T, ...]]:
    found: dict[str, list[_T]] = {}
    for one in many:
        found.setdefault(key(one), []).append(one)
    return {name: tuple(ones) for name, ones in found.items()}


def _build(parsed: validate.Parsed, root: str, charges: Mapping[str, bool], problems: Problems) -> Program:
    jurisdictions = validate.by_id(parsed.jurisdictions, problems)
    rules = validate.by_id(parsed.rules, problems)
    agencies = tuple(agency for agency, _ in parsed.agencies)
    substitutions = tuple(one for one, _ in parsed.substitutions)
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
        timelines=Timelines(jurisdictions, rules.values(), _court(parsed.settings, parsed.modes)),
        stays=stays(agencies, substitutions, jurisdictions),
        claims=tuple(one for one, _ in parsed.claims),
        substitutions=substitutions,
        requesters=_grouped((one for one, _ in parsed.requesters), lambda one: one.ori),
        requests=_grouped((one for one, _ in parsed.requests), lambda one: one.mode),
        documents=_grouped((one for one, _ in parsed.documents), lambda one: one.rule),
    )


def _read_all(
    files: Mapping[str, bytes], extra: Mapping[str, bytes], problems: Problems
) -> dict[str, tuple[Row, ...]]:
    for name in sorted(set(COLUMNS) - OPTIONAL - set(files)):
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


def _parsed(tables: Mapping[str, tuple[Row, ...]], read: Settings, problems: Problems) -> validate.Parsed:
    def typed(name: str, one: Callable[[Row, Problems], _T]) -> list[tuple[_T, Row]]:
        return [(one(row, problems), row) for row in tables.get(name, ())]

    return validate.Parsed(
        settings=read,
        modes=parse.modes(tables["modes.csv"], problems),
        jurisdictions=typed("jurisdictions.csv", parse.jurisdiction),
        agencies=typed("agencies.csv", parse.agency),
        rules=[*typed("rules.csv", parse.rule), *typed("choices.csv", parse.rule)],
        wording=typed("wording.csv", parse.wording),
        sources=typed("sources.csv", parse.source),
        claims=typed("claims.csv", parse_lists.claim),
        substitutions=typed("substitutions.csv", parse_lists.substitution),
        requesters=typed("requesters.csv", parse_lists.requester),
        requests=typed("requests.csv", parse_lists.request),
        documents=typed("documents.csv", parse_lists.document),
        rows=[row for rows in tables.values() for row in rows],
    )


def _load(files: Mapping[str, bytes], extra: Mapping[str, bytes], problems: Problems) -> Program | None:
    """Every problem is noted in `problems`; the program is made only if there is none."""
    tables = _read_all(files, extra, problems)
    read, toml = settings.read(files.get(SETTINGS_FILE, b""), problems)
    if problems.found:
        return None
    parsed = _parsed(tables, read, problems)
    charges = parse.charges(tables[_CHARGES], problems)
    validate.check(parsed, problems, scenario_files=frozenset(f"overlay/{name}" for name in extra))
    validate_lists.check(parsed, problems)
    if problems.found:
        problems.name(parsed.rows)
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
