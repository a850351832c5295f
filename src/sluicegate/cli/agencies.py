# SPDX-License-Identifier: Apache-2.0
"""`agencies import|check|place`: a list of agencies as rows of a program, and what of it cannot be placed."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import RenderableType

from sluicegate.cli.calls import MISSING, Call, busy, leave, plain, read_bytes, standard, table, write_new
from sluicegate.errors import UsageError, quoted
from sluicegate.policy import agencies as lists
from sluicegate.policy.agencies import How, Outcome, Placed, Unplaced, Zone
from sluicegate.policy.program import Program, load, overlay
from sluicegate.policy.table import ID
from sluicegate.store.programs import read_folder, shipped

_SHOWN = 10
_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def agencies() -> None:
    """Place a list of agencies: which county or state each one answers to.

    \b
    Example:
      sluicegate agencies check agencies.csv --program secure-communities
      sluicegate agencies import agencies.csv --program secure-communities --to ./more
    """


@dataclass(frozen=True, slots=True)
class _Work:
    """A list placed in a program; `base` are the program's files, none where it is a home's."""

    base: Mapping[str, bytes]
    program: Program
    outcome: Outcome
    made: Mapping[str, bytes]
    source: str


def _base(call: Call, name: str | None) -> tuple[Mapping[str, bytes], Program]:
    """The files and the program of a folder or of a shipped name; without one, the program of the home."""
    if name is None:
        return {}, call.program()
    if Path(name).is_dir():
        found = read_folder(Path(name))
    elif "/" in name or "\\" in name:
        raise UsageError(f"There is no folder {quoted(name, 200)}.", advice="Name the folder of a program.")
    else:
        found = shipped(name)
    return found, load(found)


def county_zones() -> dict[str, Zone]:
    """Time zones of the counties that are not in the zone of their state, or are in two, by FIPS."""
    text = files("sluicegate").joinpath("cli", "data", "county_zones.csv").read_text("utf-8")
    return {
        row["fips"]: Zone(row["zone"], row["split"] == "yes") for row in csv.DictReader(io.StringIO(text))
    }


def _counties(path: Path | None) -> dict[str, frozenset[str]] | None:
    if path is None:
        return None
    name = quoted(path.name, 200)
    try:
        reader = csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8-sig")), strict=True)
        found: dict[str, set[str]] = {}
        for row in reader:
            found.setdefault(row["statefp"] + row["countyfp"], set()).add(row["name"])
    except (UnicodeDecodeError, csv.Error, KeyError, TypeError):
        raise UsageError(
            f"{name} is no list of counties.",
            advice="It needs the columns statefp, countyfp and name, in UTF-8.",
        ) from None
    return {code: frozenset(names) for code, names in found.items()}


def _work(call: Call, path: Path, program: str | None, counties: Path | None, source: str) -> _Work:
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    source = source or f"LIST-{digest[:8]}"
    if not ID.fullmatch(source):
        raise UsageError(f"{quoted(source)} is not an id: letters, digits, dot, dash and underscore.")
    with busy("reading the program"):
        base, into = _base(call, program)
    with busy("placing every row"):
        rows = lists.read(data, plain(path.name))
        outcome = lists.place(rows, into, county_zones(), _counties(counties))
    locator = "" if source in into.sources else f"List of agencies {plain(path.name)}, SHA-256 {digest}"
    made = lists.tables(outcome, source, locator) if outcome.new else {}
    if base and made:
        with busy("loading the program with the new rows"):
            overlay(base, made)
    return _Work(base, into, outcome, made, source)


def _listing(work: _F) -> _F:
    """Give a command the options that every command on a list has."""
    program = click.option(
        "--program", metavar="NAME", help="Program that ships, or a folder [default: the home's]."
    )
    counties = click.option(
        "--counties",
        type=click.Path(path_type=Path),
        help="List of all counties (statefp, countyfp, name): other codes are then not placed.",
    )
    return program(counties(work))


def _document(work: _Work) -> dict[str, object]:
    outcome = work.outcome
    return {
        "program": work.program.name,
        "root": work.program.root,
        "source": work.source,
        "rows": len(outcome.placed) + len(outcome.unplaced),
        "placed": _placed_by(outcome),
        "new": len(outcome.new),
        "already": len(outcome.placed) - len(outcome.new),
        "jurisdictions": len(outcome.places),
        "retired": sum(bool(one.replaced_by) for one in outcome.placed),
        "two_zones": list(outcome.split),
        "unplaced": [
            {"line": one.line, "ori": one.ori, "name": one.name, "why": one.why.value}
            for one in outcome.unplaced
        ],
    }


def _placed_by(outcome: Outcome) -> dict[str, int]:
    counted = Counter(one.how for one in outcome.placed)
    return {how.value: counted[how] for how in How}


def _lines(work: _Work, *, every: bool) -> Iterator[RenderableType]:
    outcome = work.outcome
    rows = len(outcome.placed) + len(outcome.unplaced)
    told = f"{len(outcome.placed):,} placed, {len(outcome.unplaced):,} not placed"
    yield f"{work.program.name}: {rows:,} rows, {told}."
    yield ""
    counts = table("placed by", "rows", right=("rows",))
    for how, count in _placed_by(outcome).items():
        counts.add_row(how, f"{count:,}")
    yield counts
    yield (
        f"{len(outcome.placed) - len(outcome.new):,} of them are in the program already; "
        f"new are {len(outcome.new):,} agencies in {len(outcome.places):,} new jurisdictions."
    )
    if outcome.unplaced:
        yield ""
        yield from _unplaced(outcome.unplaced, every=every)
    yield from _said(work)


def _unplaced(left: tuple[Unplaced, ...], *, every: bool) -> Iterator[RenderableType]:
    reasons = table("not placed, because", "rows", right=("rows",))
    for why, count in Counter(one.why for one in left).most_common():
        reasons.add_row(why.value, f"{count:,}")
    yield reasons
    yield "No row is made for these. An agency without a row is doubt, and doubt shares nothing."
    shown = table("line", "ORI", "agency", "why", right=("line",))
    for one in left if every else left[:_SHOWN]:
        shown.add_row(str(one.line), plain(one.ori, 12) or "-", plain(one.name, 50) or "-", one.why.value)
    yield ""
    yield shown
    if not every and len(left) > _SHOWN:
        yield f"and {len(left) - _SHOWN:,} more; --all lists them"


def _said(work: _Work) -> Iterator[str]:
    """What a person could misread."""
    outcome = work.outcome
    guessed = sum(one.agency.confidence.value == "I" for one in outcome.new)
    if guessed:
        yield ""
        yield f"{guessed:,} rows have a county that the list worked out; they are marked as inferred (I)."
    if outcome.split:
        named = ", ".join(outcome.split[:12])
        yield f"{len(outcome.split)} jurisdictions lie in two time zones: {named}."
        yield (
            "They get the zone whose midnight is later: no rule begins early there; "
            "one that closes may begin an hour late in the other part."
        )
    zones = county_zones()
    states = {code[:2] for code in zones}
    halves = sum(one.how is How.STATE and one.homes[0].fips in states for one in outcome.placed)
    if halves:
        yield f"{halves:,} state agencies are in states of two time zones; the zone of the state's row holds."


@agencies.command("check")
@click.argument("path", metavar="LIST", type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="List every row that is not placed.")
@_listing
@standard
def check(call: Call, path: Path, program: str | None, counties: Path | None, *, every: bool) -> None:
    """Show what a list would become: rows by county and by state, and what cannot be placed, with why.

    LIST is CSV in UTF-8 with the columns ori, agency_name, state and county_fips. Nothing is written.

    \b
    Example:
      sluicegate agencies check agencies.csv --program secure-communities
    """
    work = _work(call, path, program, counties, "")
    call.show(_document(work), *_lines(work, every=every))


@agencies.command("import")
@click.argument("path", metavar="LIST", type=click.Path(path_type=Path))
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path), help="New folder for the rows."
)
@click.option("--source", default="", metavar="ID", help="Source of the rows [default: the list's SHA-256].")
@click.option("--all", "every", is_flag=True, help="List every row that is not placed.")
@_listing
@standard
def import_(
    call: Call,
    path: Path,
    folder: Path,
    source: str,
    program: str | None,
    counties: Path | None,
    *,
    every: bool,
) -> None:
    """Write the rows of a list that can be placed as tables of a program, in a new folder.

    The rows count for nothing yet: propose them to the registry, or add them to a program of your own.

    \b
    Example:
      sluicegate agencies import agencies.csv --program secure-communities --to ./more
    """
    work = _work(call, path, program, counties, source)
    if not work.made:
        call.show(
            {**_document(work), "files": []}, *_lines(work, every=every), "Nothing new, nothing written."
        )
        return
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise UsageError(
            f"The folder {quoted(str(folder), 200)} cannot be made: {error.strerror}.",
            advice="Name a new one.",
        ) from error
    for name, data in work.made.items():
        write_new(folder / name, data)
    written = [str(folder / name) for name in work.made]
    call.show(
        {**_document(work), "files": written},
        *_lines(work, every=every),
        "",
        *(f"written {name}" for name in written),
        "Next, in a home: sluicegate registry propose "
        + " ".join(f"--rows {name}" for name in written)
        + ' --why "WHY" --by NAME',
    )


@agencies.command("place")
@click.argument("path", metavar="LIST", type=click.Path(path_type=Path))
@click.argument("oris", metavar="ORI...", nargs=-1, required=True)
@_listing
@standard
def place(call: Call, path: Path, oris: tuple[str, ...], program: str | None, counties: Path | None) -> None:
    """Show where a list places single agencies, or why it does not. Exit code 5 if one has no place.

    \b
    Example:
      sluicegate agencies place agencies.csv VA0990000 --program secure-communities
    """
    outcome = _work(call, path, program, counties, "").outcome
    wanted = set(oris)
    placed = [one for one in outcome.placed if one.agency.ori in wanted]
    left = [one for one in outcome.unplaced if one.ori in wanted]
    absent = sorted(wanted - {one.agency.ori for one in placed} - {one.ori for one in left})
    document = {
        "placed": [_place_document(one) for one in placed],
        "unplaced": [{"line": one.line, "ori": one.ori, "why": one.why.value} for one in left],
        "not_in_the_list": absent,
    }
    shown = table("line", "ORI", "agency", "stands in", "by", "time zone", right=("line",))
    for one in placed:
        homes = ", ".join(f"{home.name} ({home.id})" for home in one.homes)
        by = f"{one.how.value}, in the program" if one.known else one.how.value
        zones = ", ".join(dict.fromkeys(home.zone for home in one.homes))
        shown.add_row(str(one.line), one.agency.ori, plain(one.agency.name), plain(homes, 200), by, zones)
    lines: list[RenderableType] = [shown] if placed else []
    lines += [f"{one.ori}, line {one.line}: not placed, because {one.why.value}." for one in left]
    lines += [f"{plain(ori)}: not in the list." for ori in absent]
    call.show(document, *lines)
    leave(MISSING if left or absent else 0)


def _place_document(one: Placed) -> dict[str, object]:
    return {
        "line": one.line,
        "ori": one.agency.ori,
        "jurisdictions": [home.id for home in one.homes],
        "zones": [home.zone for home in one.homes],
        "by": one.how.value,
        "in_program": one.known,
        "replaced_by": one.replaced_by,
        "confidence": one.agency.confidence.value,
    }
