# SPDX-License-Identifier: Apache-2.0
"""A month's figures as files for anybody, and the openings of what is not shown, for a court.

Every cell that is not shown is committed to: SHA-256(salt || canonical JSON of place, measure, month and
value), as entries of the ledger are. What the size of a jurisdiction's log would give away is treated alike.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluicegate.errors import LedgerError
from sluicegate.ledger import canonical
from sluicegate.ledger.entry import commitment
from sluicegate.ledger.verify import JSON
from sluicegate.statistics import figures as tables
from sluicegate.statistics.figures import Cut, Figures, Place
from sluicegate.statistics.measures import BY_ID, EVERYWHERE, MEASURES, NATION_ONLY, Group
from sluicegate.statistics.suppress import ORIGIN, THRESHOLD, Cell, protect

FORMAT, MANIFEST_FORMAT, OPENINGS_FORMAT = (
    "sluicegate-statistics-1",
    "sluicegate-manifest-1",
    "sluicegate-openings-1",
)
DATA, DEFINITIONS, TABLE, LONG, MANIFEST = (
    "statistics.json",
    "measures.json",
    "table.csv",
    "figures.csv",
    "manifest.json",
)
HIDDEN = "*"
SMALL, ANSWERS, FEW = "small", "answers", "few"
REASONS = {
    SMALL: "not shown: it is small, or would give a small count back",
    ANSWERS: "not shown: it depends on the partner's answers",
    FEW: "not shown: over too few answers",
}


@dataclass(frozen=True, slots=True)
class About:
    """What an export says of itself. `days_since` counts whole days from the end of the month."""

    program: str
    rules: str
    made: str
    draft: bool
    days_since: int
    threshold: int = THRESHOLD


@dataclass(frozen=True, slots=True)
class Export:
    """Files to publish by name, and the openings to keep."""

    files: Mapping[str, bytes]
    openings: bytes
    manifest: str  # SHA-256 of the manifest, hex


def hide(figures: Figures, about: About) -> tuple[dict[Cell, str], str]:
    """Which cells are not shown, each with its reason, and why the answers are held back, if they are."""
    nation, values = figures.nation, figures.values
    held = tables.answers_held_back(figures, about.days_since)
    answers = {(nation, name) for name in tables.ANSWER_IDS}
    counted = {cell: value for cell, value in values.items() if BY_ID[cell[1]].group is not Group.TIME}
    counted = {c: v for c, v in counted.items() if c[1] not in ("agencies", "officer-median")}
    floor = {(nation, name): 0 for name in tables.ANSWER_COUNTS}
    forced = set(answers) if held else set()
    if not tables.mixed(figures.silenced.values()):
        forced.add((nation, "muted"))  # else it speaks of one jurisdiction that chose silence
    if 0 < values.get((nation, "refused-at-door"), 0) < about.threshold:
        forced.add((nation, "received"))  # received less submissions comes close to it
    gone = protect(
        counted, tables.sums_of(figures.places), threshold=about.threshold, hidden=forced, floor=floor
    )
    reasons = dict.fromkeys(gone, SMALL) | dict.fromkeys(gone & answers, ANSWERS)
    for one in figures.places:
        if (one.id, "submissions") in gone:
            # Also a median that does not exist: that there is none would tell something of the count.
            reasons |= {(one.id, name): SMALL for name in ("agencies", "answer-median", "answer-p95")}
    reasons |= {cell: FEW for cell in tables.times_hidden(figures, about.threshold) if cell not in reasons}
    if held or (nation, "determined") in gone:
        reasons[nation, "officer-median"] = ANSWERS
    return reasons, held


def make(
    figures: Figures,
    cuts: Sequence[Cut],
    about: About,
    queries: Mapping[str, str],
    *,
    salt: Callable[[], bytes],
) -> Export:
    """The export of a month.

    Args:
        figures: all of them, before anything is hidden.
        cuts: the logs that they were counted over; those whose place is not shown whole are committed to.
        about: what the export says of itself.
        queries: text of every named query.
        salt: gives 32 fresh random bytes at each call.

    Raises:
        LedgerError: two figures of one name, or a place that no row describes.
    """
    reasons, held = hide(figures, about)
    shown, openings = _lines(figures, reasons, salt)
    partly = {place for place, _ in reasons}
    basis, opened = _basis(cuts, partly, figures, salt)
    document: dict[str, JSON] = {
        "format": FORMAT,
        "month": figures.month,
        "made": about.made,
        "draft": about.draft,
        "program": about.program,
        "rules": about.rules,
        "threshold": about.threshold,
        "threshold_origin": ORIGIN if about.threshold == THRESHOLD else "set by the publisher",
        "answers": {"shown": not held, "why": held},
        "places": [_place(one) for one in figures.places],
        "basis": basis,
        "figures": shown,
    }
    files = _files(document, queries)
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    kept: dict[str, JSON] = {
        "format": OPENINGS_FORMAT,
        "month": figures.month,
        "manifest": digest,
        "cells": openings,
        "basis": opened,
    }
    return Export(files, canonical.encode(kept), digest)


def _lines(
    figures: Figures, reasons: Mapping[Cell, str], salt: Callable[[], bytes]
) -> tuple[list[JSON], list[JSON]]:
    """Every figure, with its value or its commitment; and the openings of the commitments."""
    shown: list[JSON] = []
    openings: list[JSON] = []
    for one in figures.places:
        for measure in _measures(one, figures.nation):
            cell, value = (one.id, measure), figures.values.get((one.id, measure))
            line: dict[str, JSON] = {"place": one.id, "measure": measure}
            if cell in reasons:
                fresh = salt()
                sealed = cell_commitment(fresh, figures.month, cell, value)
                shown.append({**line, "hidden": reasons[cell], "commitment": sealed})
                openings.append({**line, "value": value, "salt": fresh.hex()})
            else:
                shown.append({**line, "value": value})
    return shown, openings


def _measures(place: Place, nation: str) -> list[str]:
    own = [one.id for one in EVERYWHERE]
    return own + ([one.id for one in NATION_ONLY] if place.id == nation else [])


def cell_commitment(salt: bytes, month: str, cell: Cell, value: int | None) -> str:
    """The commitment to a figure that is not shown, in hex."""
    place, measure = cell
    said = canonical.encode({"measure": measure, "month": month, "place": place, "value": value})
    return commitment(salt, said).hex()


def basis_commitment(salt: bytes, month: str, log: str, size: int, root: str) -> str:
    """The commitment to how far a log had grown, in hex; `root` is base64."""
    said = canonical.encode({"log": log, "month": month, "root": root, "size": size})
    return commitment(salt, said).hex()


def _basis(
    cuts: Sequence[Cut], partly: set[str], figures: Figures, salt: Callable[[], bytes]
) -> tuple[list[JSON], list[JSON]]:
    leaves = {one.id for one in figures.leaves()}
    told: list[JSON] = []
    opened: list[JSON] = []
    for cut in cuts:
        name, root = cut.origin, base64.b64encode(cut.root).decode("ascii")
        line: dict[str, JSON] = {"log": name, "place": cut.place, "since": cut.since, "until": cut.until}
        if cut.place in leaves and cut.place not in partly and cut.log.split("/")[0] == cut.place:
            told.append({**line, "size": cut.size, "root": root})
            continue
        fresh = salt()
        told.append({**line, "commitment": basis_commitment(fresh, figures.month, name, cut.size, root)})
        opened.append({"log": name, "size": cut.size, "root": root, "salt": fresh.hex()})
    return told, opened


def _place(one: Place) -> dict[str, JSON]:
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "parent": one.parent,
        "fips": one.fips,
        "mode": one.mode,
        "asked_for": one.asked_for,
    }


def definitions(queries: Mapping[str, str]) -> list[JSON]:
    """Every measure with its definition and the query that it comes from."""
    return [
        {
            "id": one.id,
            "title": one.title,
            "unit": one.unit,
            "group": str(one.group),
            "published": "every place" if one.everywhere else "nation only",
            "counts": one.counts,
            "leaves_out": one.leaves_out,
            "query": one.query,
            "query_sha256": hashlib.sha256(queries[one.query].encode("utf-8")).hexdigest(),
        }
        for one in MEASURES
    ]


def _files(document: dict[str, JSON], queries: Mapping[str, str]) -> dict[str, bytes]:
    told: dict[str, JSON] = {
        "format": "sluicegate-measures-1",
        "measures": definitions(queries),
        "queries": dict(queries),
    }
    files = {DATA: canonical.encode(document), DEFINITIONS: canonical.encode(told), **tables_of(document)}
    files[MANIFEST] = manifest(files, "statistics", str(document["month"]))
    return files


def manifest(files: Mapping[str, bytes], kind: str, name: str) -> bytes:
    """The list of files with size and SHA-256, in canonical JSON."""
    listed: list[JSON] = [
        {"name": one, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for one, data in sorted(files.items())
    ]
    return canonical.encode({"format": MANIFEST_FORMAT, "kind": kind, "name": name, "files": listed})


def digest_of(data: bytes) -> str:
    """SHA-256, hex: what names a manifest."""
    return hashlib.sha256(data).hexdigest()


def statement(export_manifest: bytes, at: str) -> dict[str, JSON]:
    """What the master log says of an export: its month and the SHA-256 of its manifest."""
    said = canonical.decode(export_manifest)
    if not isinstance(said, dict) or said.get("kind") != "statistics":
        raise LedgerError("that is not the manifest of an export")
    digest = hashlib.sha256(export_manifest).hexdigest()
    return {"v": 1, "at": at, "kind": "statistics", "month": said["name"], "manifest": digest}


def tables_of(document: Mapping[str, Any]) -> dict[str, bytes]:
    """The two CSV files, made from the JSON document alone: a reader can make them again and compare."""
    lines = {(one["place"], one["measure"]): one for one in document["figures"]}
    month = document["month"]
    ids = [one.id for one in MEASURES]
    wide, long = io.StringIO(), io.StringIO()
    table, rows = csv.writer(wide, lineterminator="\n"), csv.writer(long, lineterminator="\n")
    table.writerow(["month", "place", "name", "kind", "parent", "fips", "asked_for", "mode", *ids])
    rows.writerow(["month", "place", "measure", "value", "hidden", "commitment", "query", "basis"])
    basis = _basis_words(document)
    for one in document["places"]:
        found = [lines.get((one["id"], name)) for name in ids]
        head = [one[key] for key in ("id", "name", "kind", "parent", "fips", "asked_for", "mode")]
        table.writerow([month, *map(_safe, head), *map(_cell, found)])
        for line in (f for f in found if f is not None):
            tail = [line.get("hidden", ""), line.get("commitment", ""), BY_ID[line["measure"]].query]
            rows.writerow([month, one["id"], line["measure"], _cell(line), *tail, basis(line)])
    return {TABLE: wide.getvalue().encode("utf-8"), LONG: long.getvalue().encode("utf-8")}


def _cell(line: Mapping[str, Any] | None) -> str:
    if line is None or ("hidden" not in line and line["value"] is None):
        return ""
    return HIDDEN if "hidden" in line else str(line["value"])


def _safe(text: str) -> str:
    """No cell of a CSV begins with what a spreadsheet would take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _basis_words(document: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], str]:
    """The checkpoints behind a figure: told one by one for a jurisdiction, by one digest for sums."""
    every = hashlib.sha256(canonical.encode(document["basis"])).hexdigest()
    own: dict[str, list[str]] = {}
    for one in document["basis"]:
        word = (
            f"{one['log']} {one['size']} {one['root']}"
            if "size" in one
            else f"{one['log']} {one['commitment']}"
        )
        own.setdefault(one["place"], []).append(word)
    around = {one["parent"] for one in document["places"]}

    def words(line: Mapping[str, Any]) -> str:
        place = line["place"]
        return f"basis sha256:{every}" if place in around else "; ".join(own.get(place, []))

    return words
