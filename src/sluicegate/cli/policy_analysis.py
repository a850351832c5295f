# SPDX-License-Identifier: Apache-2.0
"""`policy check|diff|export`: what a whole program amounts to, what a change changes, and a copy in Cedar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import RenderableType

from sluicegate import settings
from sluicegate.cli.calls import NOT_HELD, Call, busy, leave, plain, standard, table, write_new
from sluicegate.errors import UsageError, quoted
from sluicegate.policy.analysis import cedar
from sluicegate.policy.analysis.cells import Survey
from sluicegate.policy.analysis.coverage import located
from sluicegate.policy.analysis.diff import Change, Difference, Side
from sluicegate.policy.analysis.diff import diff as compare
from sluicegate.policy.analysis.refuse import Objection, objections
from sluicegate.policy.check import Report
from sluicegate.policy.check import check as check_all
from sluicegate.policy.program import Program, load
from sluicegate.store.programs import SUFFIXES, shipped

_SHOWN = 20
Where = Mapping[str, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Read:
    """A program, and where each of its rules stands."""

    program: Program
    where: Where


def _folder(path: Path) -> dict[str, bytes]:
    if not path.is_dir():
        return {}
    return {one.name: one.read_bytes() for one in sorted(path.iterdir()) if one.suffix in SUFFIXES}


def _named(name: str) -> _Read:
    """The program in a folder, or one that ships under that name."""
    path = Path(name)
    if path.is_dir():
        files = _folder(path)
    elif "/" in name or "\\" in name:
        raise UsageError(f"There is no folder {quoted(name, 200)}.", advice="Name the folder of a program.")
    else:
        files = shipped(name)
    return _Read(load(files), located(files))


def _read(call: Call, name: str | None) -> _Read:
    """The program of that name or folder; without one, the program of the home as it is in force."""
    if name is not None:
        return _named(name)
    call.need_home()
    read = settings.load(call.home)
    folder = read.home / "programs"
    scenario = folder / read.scenario if read.scenario else None
    return _Read(
        call.program(), located(_folder(folder / read.program), _folder(scenario) if scenario else {})
    )


def _at(where: Where, rule: str) -> str:
    file, row = where.get(rule, ("", 0))
    return f"{file}, row {row}" if file else "added since"


@click.command()
@click.argument("program", required=False)
@click.option("--thorough", is_flag=True, help="Also decide every booking of every cell (seconds).")
@click.option("--all", "every", is_flag=True, help=f"List everything, not the first {_SHOWN} of each kind.")
@standard
def check(call: Call, program: str | None, *, thorough: bool, every: bool) -> None:
    """Look for leaks, gaps, overlaps and rows that decide nothing, and hold every promise to every cell.

    PROGRAM is a folder, or the name of a program that ships; without it, the program of the home. A cell is
    a jurisdiction, a period in which nothing changes, a gate, and a kind of booking. Exit code 4 if a gate
    is open that must not be, or a promise does not hold.

    \b
    Example:
      sluicegate policy check secure-communities
    """
    read = _read(call, program)
    with busy("checking every cell"):
        report = check_all(read.program, thorough=thorough)
    call.show(_document(report, read.where), *_lines(report, read.where, None if every else _SHOWN))
    leave(0 if report.sound else NOT_HELD)


def _document(report: Report, where: Where) -> dict[str, object]:
    cover = report.coverage
    return {
        "program": report.program,
        "root": report.root,
        "sound": report.sound,
        "thorough": report.thorough,
        "jurisdictions": report.jurisdictions,
        "periods": report.periods,
        "cells": report.cells,
        "pairs": report.pairs,
        "decided": report.decided,
        "leaks": [{**asdict(one), "at": one.at.isoformat()} for one in report.leaks],
        "differences": [{**asdict(one), "at": one.at.isoformat()} for one in report.differences],
        "gaps": [asdict(one) for one in cover.gaps],
        "overlaps": [asdict(one) for one in cover.overlaps],
        "unreachable": [{**asdict(one), "where": _at(where, one.rule)} for one in cover.unreachable],
        "unused_modes": list(cover.unused_modes),
        "waiting": cover.waiting,
        "without_agency": cover.without_agency,
        "promises": [{**asdict(one), "held": one.held} for one in report.promises],
    }


def _lines(report: Report, where: Where, limit: int | None) -> list[RenderableType]:
    cover = report.coverage
    counts = table("looked for", "found", "meaning", right=("found",))
    for name, found, meaning in (
        ("leaks", len(report.leaks), "a gate is open that the rows do not open"),
        ("differences", len(report.differences), "two ways of working out the row in force disagree"),
        ("gaps", len(cover.gaps), "nothing but the default holds, after something held"),
        ("overlaps", len(cover.overlaps), "two rows of one jurisdiction name different modes at once"),
        ("idle rows", len(cover.unreachable), "in force nowhere and never"),
        ("unused modes", len(cover.unused_modes), "no row names them"),
    ):
        counts.add_row(name, f"{found:,}", meaning)
    held = table("promise", "cells", "holds", right=("cells",))
    for one in report.promises:
        held.add_row(one.name, f"{one.cells:,}", "yes" if one.held else f"NO, {len(one.breaches):,} breaches")
    deep = "on every one of them" if report.thorough else "once for each mode and case"
    return [
        f"{report.program}, root {report.root[:16]}…",
        f"{report.jurisdictions:,} jurisdictions, {report.periods:,} periods, {report.cells:,} cells, "
        f"{report.pairs:,} pairs of a booking and a look-up. Decisions were run {deep}.",
        f"{cover.waiting:,} jurisdictions have a time with nothing on record yet; "
        f"{cover.without_agency:,} hold no agency and can send no booking.",
        "",
        counts,
        "",
        held,
        *_broken(report, limit),
        *_details(report, where, limit),
    ]


def _more(many: int, limit: int | None) -> list[RenderableType]:
    return [f"and {many - limit:,} more; --all lists them"] if limit is not None and many > limit else []


def _broken(report: Report, limit: int | None) -> list[RenderableType]:
    found = [breach for one in report.promises for breach in one.breaches]
    if not found:
        return []
    shown = table("broken promise", "jurisdiction", "at", "rule", "why")
    for one in found[:limit]:
        shown.add_row(
            one.promise, plain(one.jurisdiction or "-"), one.at or "-", plain(one.rule or "-"), one.why
        )
    return ["", shown, *_more(len(found), limit)]


def _details(report: Report, where: Where, limit: int | None) -> list[RenderableType]:
    cover = report.coverage
    lines: list[RenderableType] = []
    if cover.gaps:
        shown = table("gap in", "from", "until", "after")
        for gap in cover.gaps[:limit]:
            shown.add_row(plain(gap.jurisdiction), gap.begins, gap.ends or "no end", plain(gap.after))
        lines += ["", shown, *_more(len(cover.gaps), limit)]
    if cover.overlaps:
        shown = table("overlap in", "from", "until", "in force", "gives way", "decided by")
        for over in cover.overlaps[:limit]:
            by = "closer, later or id" if over.same_level else "level of issuer"
            shown.add_row(
                plain(over.jurisdiction),
                over.begins,
                over.ends or "no end",
                plain(over.rule),
                plain(over.other),
                by,
            )
        lines += ["", shown, *_more(len(cover.overlaps), limit)]
    if cover.unreachable:
        shown = table("idle row", "stands in", "mode", "why")
        for idle in cover.unreachable[:limit]:
            shown.add_row(plain(idle.rule), plain(_at(where, idle.rule)), plain(idle.mode), idle.why)
        lines += ["", shown, *_more(len(cover.unreachable), limit)]
    return lines


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--as-change", is_flag=True, help="Also say what speaks against AFTER as a change of BEFORE.")
@click.option("--all", "every", is_flag=True, help=f"List everything, not the first {_SHOWN} of each kind.")
@standard
def diff(call: Call, before: str, after: str, *, as_change: bool, every: bool) -> None:
    """List every jurisdiction, gate and period whose answer differs between two programs.

    BEFORE and AFTER are folders, or names of programs that ship. Dates are local days of the jurisdiction.
    With --as-change, exit code 4 if the registry would refuse it.

    \b
    Example:
      sluicegate policy diff secure-communities ./changed
    """
    first, second = _named(before).program, _named(after).program
    found = compare(first, second)
    against = objections(first, second) if as_change else ()
    document = {
        "before": first.root,
        "after": second.root,
        "changes": [{**asdict(one), "late": one.late} for one in found.changes],
        "moves": [asdict(one) for one in found.moves],
        "restated": found.restated,
        "objections": [asdict(one) for one in against],
    }
    limit = None if every else _SHOWN
    call.show(document, *_changed(found, limit), *(_against(against, limit) if as_change else ()))
    leave(NOT_HELD if against else 0)


def _changed(found: Difference, limit: int | None) -> list[RenderableType]:
    if not found.changes and not found.moves:
        return [
            f"No answer changes. {found.restated:,} periods have another row in force that answers alike."
        ]
    wide = sum(one.widens for one in found.changes)
    lines: list[RenderableType] = [
        f"{len(found.changes):,} answers change in {found.jurisdictions:,} jurisdictions; {wide:,} of them "
        f"let more through. {found.restated:,} periods have another row in force that answers alike.",
    ]
    if found.changes:
        lines += ["", _table(found.changes[:limit]), *_more(len(found.changes), limit)]
    if found.moves:
        shown = table("agency", "stood in", "stands in")
        for one in found.moves[:limit]:
            shown.add_row(
                plain(one.ori),
                plain("; ".join(one.before) or "nowhere"),
                plain("; ".join(one.after) or "nowhere"),
            )
        lines += ["", shown, *_more(len(found.moves), limit)]
    return lines


def _table(changes: tuple[Change, ...]) -> RenderableType:
    shown = table("jurisdiction", "gate", "from", "until", "", "answer", "asked for", "in force", "rule")
    for one in changes:
        begins, ends = one.begins or "beginning", one.ends or "no end"
        for word, side in (("was", one.before), ("is", one.after)):
            place, gate, first, last = (
                (plain(one.jurisdiction), str(one.gate), begins, ends) if word == "was" else ("", "", "", "")
            )
            shown.add_row(place, gate, first, last, word, *_cells(side))
    return shown


def _cells(side: Side) -> tuple[str, str, str, str]:
    if not side.mode:
        return "no such place", "-", "-", "-"
    return side.answer, plain(side.asked or "nothing on record"), plain(side.mode), plain(side.rule)


def _against(found: tuple[Objection, ...], limit: int | None) -> list[RenderableType]:
    if not found:
        return ["", "Nothing speaks against this change."]
    shown = table("refused by", "jurisdiction", "rule", "why")
    for one in found[:limit]:
        shown.add_row(one.promise, plain(one.jurisdiction or "-"), plain(one.rule or "-"), one.why)
    return ["", "The registry would refuse this change.", "", shown, *_more(len(found), limit)]


@click.command()
@click.argument("program", required=False)
@click.option("--cedar", "as_cedar", is_flag=True, required=True, help="As a Cedar policy with its entities.")
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="A new folder.")
@standard
def export(call: Call, program: str | None, *, as_cedar: bool, folder: Path) -> None:  # noqa: ARG001 the only form
    """Write the rules in a form that other tools read, to ask them the same questions.

    PROGRAM is a folder, or the name of a program that ships; without it, the program of the home.

    \b
    Example:
      sluicegate policy export secure-communities --cedar --to ./cedar
    """
    read = _read(call, program)
    files = cedar.export(Survey(read.program))
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UsageError(
            f"The folder {quoted(str(folder), 200)} cannot be made: {error.strerror}.",
            advice="Name a new one.",
        ) from error
    for name, text in files.items():
        write_new(folder / name, text.encode())
    document = {"root": read.program.root, "folder": str(folder), "files": sorted(files)}
    call.show(document, f"Written to {folder}: {', '.join(sorted(files))}.", "README.md says how to ask it.")
