# SPDX-License-Identifier: Apache-2.0
"""`statistics`: a month's figures for the operator, for the public, and checked by anybody."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any

import click
from rich.console import RenderableType

from sluicegate.cli import statistics_plot
from sluicegate.cli.calls import Call, busy, plain, read_bytes, standard, table, write_new
from sluicegate.cli.stating import state
from sluicegate.cli.statistics_month import Month, gather
from sluicegate.errors import Missing, UsageError, VerifyError, quoted
from sluicegate.ledger import canonical
from sluicegate.statistics import check, export
from sluicegate.statistics.export import HIDDEN, MANIFEST, About
from sluicegate.statistics.measures import BY_ID, EVERYWHERE, NATION_ONLY, rate
from sluicegate.statistics.suppress import THRESHOLD
from sluicegate.store.statistics import statistic_queries

_BAR = 7
_LARGEST_FILE = 64 * 1024 * 1024
_FOLDER = "statistics"
_MONTH = click.option("--month", required=True, metavar="YYYY-MM", help="Month, in each place's local time.")


@click.group()
def statistics() -> None:
    """Count what the exchange did, publish it with its proof, and check such an export.

    \b
    Example:
      sluicegate statistics show --month 2010-11
    """


@statistics.command()
@_MONTH
@click.option("--public", is_flag=True, help="Show it as an export would, small counts not shown.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw it to this .svg or .png as well.")
@standard
def show(call: Call, month: str, public: bool, plot: Path | None) -> None:
    """Show a month's figures, with a bar for each place.

    Without --public every count is shown, also those that no publication may carry.

    \b
    Example:
      sluicegate statistics show --month 2010-11 --public
    """
    with busy("asking the ledgers"):
        found = gather(call, month)
    reasons, held = export.hide(found.figures, found.about)
    hidden = reasons if public else {}
    values = {cell: value for cell, value in found.figures.values.items() if cell not in hidden}
    if plot is not None:
        _draw(plot, found, values, set(hidden), public=public)
    lines = _shown(found, values, hidden)
    notes = [
        _heading(found, public=public),
        *([f"{HIDDEN} {export.REASONS[r]}." for r in sorted(set(hidden.values()))]),
    ]
    if public and held:
        notes.append(f"The partner's answers are held back: {held}.")
    document = {
        "month": month,
        "public": public,
        "program": found.about.program,
        "not_final": found.open_until,
        "figures": [
            {
                "place": place.id,
                "measure": name,
                "value": values.get((place.id, name)),
                "hidden": hidden.get((place.id, name)),
            }
            for place in found.figures.places
            for name in BY_ID
            if (place.id, name) in found.figures.values or (place.id, name) in hidden
        ],
    }
    call.show(document, notes[0], "", *lines, "", *notes[1:])


def _heading(found: Month, *, public: bool) -> str:
    kind = "as an export would show it" if public else "for the operator, not for publication"
    state = f"Not final: {found.open_until}." if found.open_until else "Final."
    return f"{found.figures.month}, {plain(found.about.program)}: {kind}. {state}"


def _shown(found: Month, values: dict[Any, int], hidden: dict[Any, str]) -> list[RenderableType]:
    figures = found.figures
    names = [one.id for one in EVERYWHERE]

    def cell(place: str, name: str) -> str:
        if (place, name) in hidden:
            return HIDDEN
        value = values.get((place, name))
        return "-" if value is None else f"{value:,}"

    heads = (
        "sub-\nmitted",
        "copied",
        "with-\nheld",
        "refused",
        "pend-\ning",
        "agen-\ncies",
        "median\nseconds",
        "95 %\nseconds",
    )
    shown = table("place", "asked for", "in force", *heads, "", right=heads)
    for column in shown.columns:
        column.no_wrap = True
    most = max((values.get((one.id, "submissions"), 0) for one in figures.leaves()), default=0)
    for one in _nested(figures.places):
        depth, place = one
        count = values.get((place.id, "submissions"), 0)
        leaf = place in figures.leaves()
        bar = _bar(count, most) if leaf else ""
        shown.add_row(
            "  " * depth + plain(place.name), plain(place.asked_for or "-"), plain(place.mode),
            *(cell(place.id, name) for name in names), bar,
        )  # fmt: skip
    nation = table("nation only", "figure", "", right=("figure",))
    for measure in NATION_ONLY:
        nation.add_row(measure.title, cell(figures.nation, measure.id), measure.unit)
    citizen, all_of = ((figures.nation, name) for name in ("citizen", "determined"))
    if citizen in values and all_of in values:
        nation.add_row("Citizens among the determined", rate(values[citizen], values[all_of]), "")
    return [shown, "", nation]


def _nested(places: tuple[Any, ...]) -> list[tuple[int, Any]]:
    """Places as a tree, each with its depth."""
    found: list[tuple[int, Any]] = []

    def walk(parent: str, depth: int) -> None:
        for one in (place for place in places if place.parent == parent):
            found.append((depth, one))
            walk(one.id, depth + 1)

    walk("", 0)
    return found


def _bar(count: int, most: int) -> str:
    """A bar in eighths of a character."""
    if count <= 0 or most <= 0:
        return ""
    eighths = max(1, round(8 * _BAR * count / most))
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def _draw(path: Path, found: Month, values: dict[Any, int], hidden: set[Any], *, public: bool) -> None:
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("svg", "png"):
        raise UsageError(f"{quoted(path.name)} is neither .svg nor .png.")
    write_new(path, statistics_plot.draw(found.figures, values, hidden, kind=kind, public=public))


@statistics.command("export")
@_MONTH
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option(
    "--threshold",
    type=click.IntRange(3, 1000),
    default=THRESHOLD,
    show_default=True,
    help="Least count shown.",
)
@click.option("--draft", is_flag=True, help="Also where the month is not final; marked, not to publish.")
@click.option(
    "--state",
    "stated",
    is_flag=True,
    help="Make it public: stated in the master log, copied to public/.",
)
@standard
def export_(call: Call, month: str, folder: Path, threshold: int, draft: bool, stated: bool) -> None:
    """Write a month for the public: tables, definitions, and a commitment for every count not shown.

    The openings of what is not shown stay in the home, for a court.

    \b
    Example:
      sluicegate statistics export --month 2010-11 --to ./2010-11
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{quoted(str(folder), 200)} is there already.", advice="Name a new folder.")
    with busy("asking the ledgers"):
        found = gather(call, month)
        if found.open_until and not draft:
            raise UsageError(
                f"{month} is not final: {found.open_until}.",
                advice="Wait, or see `statistics show`; --draft writes what may not be published.",
            )
        one = found.about
        unfinished = bool(found.open_until)
        about = About(one.program, one.rules, one.made, unfinished, one.days_since, threshold)
        queries = statistic_queries()
        made = export.make(found.figures, found.cuts, about, queries, salt=lambda: secrets.token_bytes(32))
    kept = _keep_openings(call.home, month, made)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.files.items():
        (folder / name).write_bytes(data)
    said = export.statement(made.files[MANIFEST], about.made)
    to_state = stated and not about.draft
    number = state(call, said, f"statistics/{month}", made.files) if to_state else None
    held = json.loads(made.files[export.DATA])["answers"]["why"]
    hidden = sum(1 for line in json.loads(made.files[export.DATA])["figures"] if "hidden" in line)
    document = {
        "folder": str(folder),
        "manifest": made.manifest,
        "draft": about.draft,
        "hidden": hidden,
        "answers": held or "shown",
        "openings": str(kept),
        "statement": said,
        "stated": number,
    }
    lines = [f"Wrote {plain(folder, 200)}: {', '.join(sorted(made.files))}.", f"manifest  {made.manifest}"]
    lines += [f"{hidden} figures are not shown; their openings are kept in {plain(kept, 200)}."]
    lines += [f"The partner's answers are held back: {held}."] if held else []
    lines += [f"A draft, not for publication: {found.open_until}."] if about.draft else []
    lines += [f"Stated in the master log as number {number}."] if number is not None else []
    call.show(document, *lines)


def _keep_openings(home: Path, month: str, made: export.Export) -> Path:
    """Keep the openings before the export leaves: without them no court could ever open a cell."""
    folder = home / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{month}-{made.manifest[:16]}.openings.json"
    write_new(path, made.openings)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


@statistics.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--opened", type=click.Path(path_type=Path), help="Openings to check and show.")
@standard
def verify_(call: Call, folder: Path, opened: Path | None) -> None:
    """Verify an export: sums, small counts, commitments. With --home, count it again from the ledgers.

    \b
    Example:
      sluicegate statistics verify ./2010-11
    """
    files = _read_folder(folder)
    with busy("working out what a reader could"):
        document, holds = check.check(files)
    lines = list(holds)
    if opened is not None:
        cells = check.check_opened(document, read_bytes(opened))
        lines.append(f"Opened: {len(cells)} figures are what was committed to.")
        lines += [
            f"  {plain(place)}  {plain(measure)}  {'none' if value is None else f'{value:,}'}"
            for place, measure, value in cells
        ]
    if click.get_current_context().params.get("home") is not None:
        with busy("counting again"):
            lines.append(_recount(call, document, files))
    if document["draft"]:
        lines.append("This is a draft and not for publication.")
    call.show(
        {"verified": True, "month": document["month"], "draft": document["draft"], "holds": lines}, *lines
    )


def _read_folder(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise UsageError(f"{quoted(str(folder), 200)} is not a folder.")
    files = {}
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            raise VerifyError(f"manifest: {quoted(path.name)} is no file of an export")
        files[path.name] = path.read_bytes()
    return files


def _recount(call: Call, document: dict[str, Any], files: dict[str, bytes]) -> str:
    """Count the month again over the same cut of the logs. Raises VerifyError where anything differs."""
    call.need_home()
    digest = export.digest_of(files[MANIFEST])
    path = call.home / _FOLDER / f"{document['month']}-{digest[:16]}.openings.json"
    if not path.is_file():
        raise Missing(
            "This home did not make that export.", advice="Leave --home out to check the files alone."
        )
    held: Any = canonical.decode(path.read_bytes())
    check.check_opened(document, path.read_bytes())
    basis = {one["log"]: one for one in (*document["basis"], *held["basis"]) if "size" in one}
    sizes = {name: int(one["size"]) for name, one in basis.items()}
    again = gather(call, document["month"], sizes, document["made"])
    for cut in again.cuts:
        if base64.b64encode(cut.root).decode("ascii") != basis[cut.origin]["root"]:
            raise VerifyError(f"ledger: {quoted(cut.origin, 120)} had another root at that size")
    told = {(one["place"], one["measure"]): one["value"] for one in held["cells"]}
    told |= {(one["place"], one["measure"]): one["value"] for one in document["figures"] if "value" in one}
    for cell, value in told.items():
        if again.figures.values.get(cell) != value:
            raise VerifyError(f"figures: {cell[1]} of {quoted(cell[0])} is counted differently now")
    return (
        f"Ledgers: {len(sizes)} logs had these roots at these sizes, and {len(told)} figures count the same."
    )
