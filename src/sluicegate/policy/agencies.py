# SPDX-License-Identifier: Apache-2.0
"""Places the rows of a list of agencies: ORI to county or state, as rows of a program. Pure.

A row is placed where the list itself says so: by county code (FIPS, of five digits), or, for an agency of a
state, by the state. Nothing is worked out from names or ZIP codes. What cannot be placed is kept with its
line and the reason; no row is made for it, so it stays doubt, and doubt denies.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sluicegate.errors import ProgramError
from sluicegate.policy.model import Agency, Confidence, Jurisdiction
from sluicegate.policy.parse import ORI
from sluicegate.policy.program import Program
from sluicegate.policy.table import COLUMNS, Problems, Row
from sluicegate.policy.validate import overlap
from sluicegate.terms import Ori

NEEDED = ("ori", "agency_name", "state", "county_fips")
"""Columns that a list must have."""

USED = ("agency_type", "county", "county_from", "from", "until", "replaced_by")
"""Columns that are read where a list has them; every other one is ignored."""

MOST_COLUMNS, MOST_ROWS = 200, 200_000

_FIPS = re.compile(r"[0-9]{5}", re.ASCII)
_APART = re.compile(r"[\s;|/]+")
_FORMULA = ("=", "+", "-", "@")
_OF_STATE = frozenset({"state police", "other state agency"})
_CITIES_FROM = 510  # county codes from here on are independent cities, in the states that have any
_CITY_STATES = frozenset({"24", "29", "32", "51"})
_INTERIOR = "DI"


class How(StrEnum):
    """By what a row was placed."""

    COUNTY = "county"
    CITY = "independent city"
    SEVERAL = "several counties"
    STATE = "state"


class Why(StrEnum):
    """Why a row was not placed, in words that go into a report."""

    BROKEN = "the row has another number of cells than the header"
    TEXT = "a cell is empty that must not be, or has characters that cannot be shown"
    FORMULA = "the name begins as a formula of a spreadsheet does"
    ORI = "the ORI is not nine capital letters and digits"
    DATES = "a date is not a date, or the end is not after the beginning"
    TWICE = "the list has the ORI more than once at one time"
    STATE = "the state is not in the program"
    TRIBAL = "a tribe is a jurisdiction of its own, and no list of counties places it"
    FEDERAL = "a federal agency answers to no county or state"
    NO_COUNTY = "the list names no county"
    STANDS = "the list names no county; the row that the program has stands"
    CODE = "the county code is not five digits that begin with those of the state"
    NOT_LISTED = "the county code is not in the list of counties"
    NAMES = "one county code has two names"
    ELSEWHERE = "the program places it elsewhere; its row stands"
    SUCCESSOR = "it is retired, and its successor is not placed"


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a list as text; `line` is the line of the file on which it ends, the header being line 1."""

    line: int
    cells: Mapping[str, str]
    broken: bool = False

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Zone:
    """The time zone of a county; `split` if it lies in two, and then this is the one of later midnight."""

    name: str
    split: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its place: `homes`, the agency's own first; `known` if the program has it so."""

    line: int
    agency: Agency
    how: How
    known: bool
    homes: tuple[Jurisdiction, ...]
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A row without a place, and why."""

    line: int
    ori: str
    name: str
    why: Why


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every row of a list, placed or not, and the jurisdictions that the program lacks."""

    placed: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]
    places: tuple[Jurisdiction, ...]
    split: tuple[str, ...]

    @property
    def new(self) -> tuple[Placed, ...]:
        """Placed rows that the program does not have."""
        return tuple(one for one in self.placed if not one.known)


def read(data: bytes, name: str) -> tuple[Listed, ...]:
    """The rows of a list in CSV with a header, in UTF-8.

    Raises:
        ProgramError: the file as a whole cannot be read; a broken row is returned as such.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(name, 0, f"not UTF-8 at byte {error.start}") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return tuple(_rows(reader, name))
    except csv.Error:
        raise _refused(
            name, reader.line_num, "not CSV: a quote does not close, or a cell is too long"
        ) from None


def _refused(name: str, line: int, text: str) -> ProgramError:
    return ProgramError(text, file=name, row=line, advice="Nothing was placed. Mend the list and try again.")


def _rows(reader: Iterator[list[str]], name: str) -> Iterator[Listed]:
    header = [cell.strip() for cell in next(reader, [])]
    if len(header) > MOST_COLUMNS:
        raise _refused(name, 1, f"{len(header):,} columns; a list has at most {MOST_COLUMNS}")
    missing = [column for column in NEEDED if column not in header]
    if missing:
        raise _refused(name, 1, f"no column {', '.join(missing)}")
    if doubled := sorted({one for one in (*NEEDED, *USED) if header.count(one) > 1}):
        raise _refused(name, 1, f"the column {doubled[0]} is there twice")
    for count, cells in enumerate(reader, start=1):
        if count > MOST_ROWS:
            raise _refused(name, count, f"more than {MOST_ROWS:,} rows")
        line = getattr(reader, "line_num", count + 1)
        kept = {key: " ".join(cell.split()) for key, cell in zip(header, cells[: len(header)], strict=False)}
        yield Listed(line, kept, broken=len(cells) != len(header))


@dataclass(frozen=True, slots=True)
class _Atlas:
    """What is known of places: those of the program by FIPS, zones, and counties with their names."""

    states: Mapping[str, Jurisdiction]
    by_fips: Mapping[str, Jurisdiction]
    zones: Mapping[str, Zone]
    counties: Mapping[str, frozenset[str]] | None
    names: Mapping[str, frozenset[str]]
    agencies: Mapping[str, Sequence[Agency]]

    def split(self, state: str) -> bool:
        """Whether a state (FIPS) has counties of another zone than its own."""
        return any(code.startswith(state) for code in self.zones)

    def county(self, code: str, state: Jurisdiction) -> Jurisdiction:
        """The jurisdiction of a county code: the program's, or a new one."""
        if code in self.by_fips:
            return self.by_fips[code]
        city = code[:2] in _CITY_STATES and int(code[2:]) >= _CITIES_FROM
        zone = self.zones.get(code)
        sure = Confidence.GENERAL if self.split(code[:2]) else Confidence.SECONDARY
        name = min(self.names.get(code) or (self.counties or {}).get(code) or {f"County {code}"})
        return Jurisdiction(
            id=f"{state.id}-{code[2:]}",
            name=name,
            kind="city" if city else "county",
            parent=state.id,
            zone=zone.name if zone else state.zone,
            fips=code,
            confidence=Confidence.INFERRED if zone and zone.split else sure,
        )


def _atlas(
    rows: Iterable[Listed],
    program: Program,
    zones: Mapping[str, Zone],
    counties: Mapping[str, frozenset[str]] | None,
) -> _Atlas:
    places = program.jurisdictions
    root = program.settings.root_jurisdiction
    names: dict[str, set[str]] = {}
    for row in rows:
        if _FIPS.fullmatch(row["county_fips"]) and row["county"]:
            names.setdefault(row["county_fips"], set()).add(row["county"])
    return _Atlas(
        states={key.removeprefix(f"{root}-"): one for key, one in places.items() if one.kind == "state"},
        by_fips={one.fips: one for one in places.values() if one.fips},
        zones=zones,
        counties=counties,
        names={code: frozenset(found) for code, found in names.items()},
        agencies=_grouped(program.agencies),
    )


def place(
    rows: Iterable[Listed],
    program: Program,
    zones: Mapping[str, Zone],
    counties: Mapping[str, frozenset[str]] | None = None,
) -> Outcome:
    """Every row of a list with its place in a program, or the reason why it has none.

    Args:
        rows: the rows, as `read` gives them.
        program: the program that the rows are for; what it has stands.
        zones: time zones of counties (FIPS) that are not in the zone of their state.
        counties: names of every county there is by FIPS; without it a code is not compared with anything.
    """
    rows = tuple(rows)
    atlas = _atlas(rows, program, zones, counties)
    tried = [_one(row, atlas) for row in rows]
    found = _succeeded(_once([one for one in tried if isinstance(one, Placed)]), atlas)
    placed = tuple(one for one in found if isinstance(one, Placed))
    unplaced = [one for one in (*tried, *found) if isinstance(one, Unplaced)]
    places = _places(placed)
    return Outcome(
        placed=placed,
        unplaced=tuple(sorted(unplaced, key=lambda one: one.line)),
        places=tuple(one for one in places if one.id not in program.jurisdictions),
        split=tuple(one.id for one in places if (zone := zones.get(one.fips)) and zone.split),
    )


def _grouped(agencies: Iterable[Agency]) -> dict[str, list[Agency]]:
    found: dict[str, list[Agency]] = {}
    for one in agencies:
        found.setdefault(one.ori, []).append(one)
    return found


def _left(row: Listed, why: Why) -> Unplaced:
    return Unplaced(row.line, row["ori"], row["agency_name"], why)


def _unfit(row: Listed) -> Why | None:
    """Why a row cannot be read at all."""
    if row.broken:
        return Why.BROKEN
    if not row["agency_name"] or not all(cell.isprintable() for cell in row.cells.values()):
        return Why.TEXT
    if row["agency_name"].startswith(_FORMULA) or row["county"].startswith(_FORMULA):
        return Why.FORMULA
    if not ORI.fullmatch(row["ori"]) or (row["replaced_by"] and not ORI.fullmatch(row["replaced_by"])):
        return Why.ORI
    return None


_Home = tuple[How, tuple[Jurisdiction, ...], Confidence]


def _homes(row: Listed, atlas: _Atlas) -> _Home | Why:
    """How a row is placed, where, and how sure that is; or why it is not."""
    state = atlas.states.get(row["state"])
    sort = row["agency_type"].casefold()
    if state is None:
        return Why.STATE
    if sort == "tribal":
        return Why.TRIBAL
    if sort == "federal" or row["ori"][2:4] == _INTERIOR:
        return Why.FEDERAL
    codes = tuple(dict.fromkeys(one for one in _APART.split(row["county_fips"]) if one))
    if not codes:
        return (How.STATE, (state,), Confidence.SECONDARY) if sort in _OF_STATE else Why.NO_COUNTY
    if not all(_FIPS.fullmatch(one) and one.startswith(state.fips) for one in codes):
        return Why.CODE
    if atlas.counties is not None and not all(one in atlas.counties for one in codes):
        return Why.NOT_LISTED
    if any(len(atlas.names.get(one, ())) > 1 for one in codes):
        return Why.NAMES
    homes = [atlas.county(one, state) for one in codes]
    # A county worked out from the digits of an ORI is an inference of whoever made the list.
    worked_out = row["county_from"] not in ("", "agency name")
    how = How.SEVERAL if len(homes) > 1 else How.CITY if homes[0].kind == "city" else How.COUNTY
    sure = Confidence.INFERRED if worked_out else Confidence.SECONDARY
    return how, tuple(homes), sure


def _one(row: Listed, atlas: _Atlas) -> Placed | Unplaced:
    why = _unfit(row)
    if why:
        return _left(row, why)
    answer = _homes(row, atlas)
    if answer is Why.NO_COUNTY and row["ori"] in atlas.agencies:
        answer = Why.STANDS
    if isinstance(answer, Why):
        return _left(row, answer)
    how, homes, sure = answer
    first, *also = (one.id for one in homes)
    problems = Problems()
    dates = Row("", row.line, {"from": row["from"], "until": row["until"]})
    begins, ends = dates.day("from", problems), dates.day("until", problems)
    if problems.found or (begins and ends and ends <= begins) or (row["replaced_by"] and not ends):
        return _left(row, Why.DATES)
    agency = Agency(Ori(row["ori"]), first, row["agency_name"], begins, ends, sure, tuple(also))
    theirs = [one for one in atlas.agencies.get(agency.ori, ()) if overlap(one, agency)]
    if any({one.jurisdiction, *one.also} != {first, *also} for one in theirs):
        return _left(row, Why.ELSEWHERE)
    return Placed(row.line, agency, how, bool(theirs), homes, row["replaced_by"])


def _given_up(one: Placed, why: Why) -> Unplaced:
    return Unplaced(one.line, one.agency.ori, one.agency.name, why)


def _once(placed: Sequence[Placed]) -> list[Placed | Unplaced]:
    """Rows that share an ORI and a day are all given up: nobody says which of them is right."""
    same: dict[str, list[Placed]] = {}
    for one in placed:
        same.setdefault(one.agency.ori, []).append(one)
    return [
        _given_up(one, Why.TWICE)
        if any(other is not one and overlap(other.agency, one.agency) for other in same[one.agency.ori])
        else one
        for one in placed
    ]


def _succeeded(found: Sequence[Placed | Unplaced], atlas: _Atlas) -> list[Placed | Unplaced]:
    """A retired ORI stays only where following its successors ends at one that is placed and not retired."""
    there: set[str] = {one.agency.ori for one in found if isinstance(one, Placed)} | set(atlas.agencies)
    following: dict[str, str] = {one.agency.ori: one.replaced_by for one in found if isinstance(one, Placed)}

    def ends(ori: str) -> bool:
        seen: set[str] = set()
        while ori in there and ori not in seen:
            seen.add(ori)
            if not following.get(ori):
                return True
            ori = following[ori]
        return False

    return [
        _given_up(one, Why.SUCCESSOR)
        if isinstance(one, Placed) and one.replaced_by and not ends(one.agency.ori)
        else one
        for one in found
    ]


def _places(placed: Iterable[Placed]) -> list[Jurisdiction]:
    """Every jurisdiction that the placed rows name, once, in the order of ids."""
    wanted = {home.id: home for one in placed for home in one.homes}
    return [wanted[key] for key in sorted(wanted)]


def _table(name: str, rows: Iterable[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[name], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def tables(outcome: Outcome, source: str, locator: str = "") -> dict[str, bytes]:
    """The new rows as tables of a program (name to bytes), to be added to it.

    Args:
        outcome: what `place` gave.
        source: id of the source that every row names.
        locator: where the list was read; a row of sources.csv is made of it, unless it is empty.
    """
    made = {
        "agencies.csv": [_agency_row(one.agency, source) for one in outcome.new],
        "jurisdictions.csv": [
            {**{k: str(v) for k, v in asdict(one).items()}, "source": source} for one in outcome.places
        ],
        "substitutions.csv": [
            {
                "ori": one.agency.ori,
                "replaced_by": one.replaced_by,
                "from": one.agency.ends.isoformat(),
                "source": source,
                "confidence": one.agency.confidence.value,
            }
            for one in outcome.new
            if one.replaced_by and one.agency.ends
        ],
        "sources.csv": [{"id": source, "locator": locator, "kind": "document"}] if locator else [],
    }
    return {name: _table(name, rows) for name, rows in made.items() if rows}


def _agency_row(one: Agency, source: str) -> dict[str, str]:
    return {
        "ori": one.ori,
        "jurisdiction": " ".join((one.jurisdiction, *one.also)),
        "name": one.name,
        "from": one.begins.isoformat() if one.begins else "",
        "until": one.ends.isoformat() if one.ends else "",
        "source": source,
        "confidence": one.confidence.value,
    }
