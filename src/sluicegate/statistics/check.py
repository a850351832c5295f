# SPDX-License-Identifier: Apache-2.0
"""Checks an export with nothing but its own files: sums, suppression, commitments, and what was opened."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from sluicegate.errors import LedgerError, VerifyError, quoted
from sluicegate.ledger import canonical
from sluicegate.statistics import export, figures
from sluicegate.statistics.export import DATA, FORMAT, MANIFEST, MANIFEST_FORMAT, OPENINGS_FORMAT
from sluicegate.statistics.figures import Place
from sluicegate.statistics.measures import BY_ID, EVERYWHERE, NATION_ONLY, Group
from sluicegate.statistics.suppress import Cell, attack

_HEX = re.compile(r"[0-9a-f]{64}")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def read_manifest(files: Mapping[str, bytes], kind: str) -> dict[str, Any]:
    """The manifest of a folder, once every file is as it says and none is missing or more.

    Raises VerifyError.
    """
    said = _object(files.get(MANIFEST, b""), "manifest")
    if said.get("format") != MANIFEST_FORMAT or said.get("kind") != kind:
        raise VerifyError(f"manifest: it is not the manifest of {kind}")
    try:
        listed = {one["name"]: (one["size"], one["sha256"]) for one in said["files"]}
    except (KeyError, TypeError):
        raise VerifyError("manifest: it does not list names, sizes and digests") from None
    there = {name for name in files if name != MANIFEST}
    if there != set(listed):
        odd = ", ".join(quoted(str(name)) for name in sorted(there ^ set(listed), key=str))
        raise VerifyError(f"manifest: it and the folder do not name the same files: {odd}")
    for name, (size, digest) in listed.items():
        if len(files[name]) != size or hashlib.sha256(files[name]).hexdigest() != digest:
            raise VerifyError(f"manifest: the file {quoted(name)} was changed")
    return said


def _object(data: bytes, step: str) -> dict[str, Any]:
    try:
        value = canonical.decode(data)
    except LedgerError:
        raise VerifyError(f"{step}: it is not canonical JSON") from None
    if not isinstance(value, dict):
        raise VerifyError(f"{step}: it is not an object")
    return value


def check(files: Mapping[str, bytes]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The document of an export, and what was found to hold, in sentences. Raises VerifyError."""
    manifest = read_manifest(files, "statistics")
    document = _object(files.get(DATA, b""), "figures")
    if set(manifest) != {"format", "kind", "name", "files"} or manifest["name"] != document.get("month"):
        raise VerifyError("manifest: it is of another month, or says more than a manifest does")
    try:
        return document, _held(files, document)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise VerifyError("figures: a part is missing or of another kind") from None


def _held(files: Mapping[str, bytes], document: dict[str, Any]) -> tuple[str, ...]:
    places, lines = _shaped(document)
    for name, data in export.tables_of(document).items():
        if files.get(name) != data:
            raise VerifyError(f"tables: {name} does not say what {DATA} says")
    shown = {cell: line["value"] for cell, line in lines.items() if "hidden" not in line}
    hidden = {cell for cell, line in lines.items() if "hidden" in line}
    counted = {c: v for c, v in shown.items() if _is_count(c) and v is not None}
    sums = [one for one in figures.sums_of(places) if all(cell in lines for cell in one.cells)]
    whole = [one for one in sums if not hidden & set(one.cells)]
    for one in whole:
        if counted.get(one.total) != sum(counted.get(cell, 0) for cell in one.parts):
            raise VerifyError(f"sums: {one.total[1]} of {quoted(one.total[0])} is not the sum of its parts")
    _small(counted, document["threshold"])
    _narrow(counted, hidden, sums, places, document["threshold"])
    _consequences(document, lines, places)
    return (
        f"Files: {len(files)} are as the manifest says; both tables say what {DATA} says.",
        f"Sums: {len(whole)} hold; {len(sums) - len(whole)} have a part that is not shown.",
        f"Small counts: no count from 1 to {document['threshold'] - 1} is shown; {len(hidden)} figures are "
        "not shown, each with a commitment, and no sum narrows one of them further than the mark does.",
    )


def _is_count(cell: Cell) -> bool:
    measure = BY_ID[cell[1]]
    return measure.group is not Group.TIME and measure.id not in ("agencies", "officer-median")


def _shaped(document: dict[str, Any]) -> tuple[list[Place], dict[Cell, dict[str, Any]]]:
    """Places and figures by cell, once every place has every figure that it must have, and no other."""
    if document["format"] != FORMAT or not _MONTH.fullmatch(document["month"]):
        raise VerifyError("figures: it is not an export of a month that this version knows")
    if type(document["threshold"]) is not int or document["threshold"] < 2:
        raise VerifyError("figures: the threshold is not a number from 2")
    places = [Place(**one) for one in document["places"]]
    by_id = {one.id: one for one in places}
    roots = [one.id for one in places if not one.parent]
    if len(by_id) != len(places) or len(roots) != 1 or any(one.parent not in {*by_id, ""} for one in places):
        raise VerifyError("figures: the places are not one nation with places in it")
    _acyclic(by_id)
    lines: dict[Cell, dict[str, Any]] = {}
    for line in document["figures"]:
        cell = (line["place"], line["measure"])
        if cell in lines or not _well_formed(line):
            raise VerifyError("figures: a figure stands twice, or is neither a value nor a commitment")
        lines[cell] = line
    expected = {(one.id, m.id) for one in places for m in EVERYWHERE}
    expected |= {(roots[0], m.id) for m in NATION_ONLY}
    if set(lines) != expected:
        raise VerifyError("figures: not every place has every figure, or one has too many")
    return places, lines


def _acyclic(by_id: Mapping[str, Place]) -> None:
    for one in by_id.values():
        seen, around = set(), one.id
        while around:
            if around in seen:
                raise VerifyError("figures: a place stands in itself")
            seen.add(around)
            around = by_id[around].parent


def _well_formed(line: dict[str, Any]) -> bool:
    if "hidden" in line:
        right = set(line) == {"place", "measure", "hidden", "commitment"} and line["hidden"] in export.REASONS
        return right and isinstance(line["commitment"], str) and bool(_HEX.fullmatch(line["commitment"]))
    value = line["value"]
    return set(line) == {"place", "measure", "value"} and (
        value is None or (type(value) is int and value >= 0)
    )


def _small(counted: Mapping[Cell, int], threshold: int) -> None:
    for (place, measure), value in counted.items():
        least = 0 if BY_ID[measure].group is Group.ANSWER else 1
        if least <= value < threshold:
            raise VerifyError(
                f"small counts: {measure} of {quoted(place)} is shown and is below the threshold"
            )


def _narrow(
    counted: Mapping[Cell, int], hidden: set[Cell], sums: list[Any], places: list[Place], threshold: int
) -> None:
    nation = next(one.id for one in places if not one.parent)
    floor = {(nation, name): 0 for name in figures.ANSWER_COUNTS}
    secret = {cell for cell in hidden if _is_count(cell)}
    try:
        told = attack(counted, secret, sums, floor)
    except (ValueError, KeyError):
        raise VerifyError("sums: no table of counts fits the figures that are shown") from None
    for (place, measure), found in told.items():
        if not found.spans(threshold, floor.get((place, measure), 1)):
            said = f"between {found.low} and {found.high}"
            raise VerifyError(f"suppression: {measure} of {quoted(place)} can be worked out to lie {said}")


def _consequences(
    document: dict[str, Any], lines: Mapping[Cell, dict[str, Any]], places: list[Place]
) -> None:
    """What must be hidden along with something else, and how the answers are treated."""
    for one in places:
        if "hidden" in lines[one.id, "submissions"]:
            for name in ("agencies", "answer-median", "answer-p95"):
                if "hidden" not in lines[one.id, name]:
                    raise VerifyError(
                        f"suppression: {name} of {quoted(one.id)} is shown and its count is not"
                    )
    nation = next(one.id for one in places if not one.parent)
    told = [name for name in figures.ANSWER_IDS if lines[nation, name].get("value") is not None]
    if told and document["answers"].get("shown") is not True:
        raise VerifyError("answers: figures that depend on the partner are shown and should not be")
    for line in document["basis"]:
        if "size" in line and any("hidden" in lines[line["place"], m.id] for m in EVERYWHERE):
            raise VerifyError(
                f"basis: the size of {quoted(line['log'], 120)} is told and would give a count back"
            )


def check_opened(document: Mapping[str, Any], opened: bytes) -> list[tuple[str, str, int | None]]:
    """What an opening tells: (place, measure, value) of each cell, once it is what was committed to.

    Raises VerifyError.
    """
    held = _object(opened, "opened")
    commitments = {(one["place"], one["measure"]): one.get("commitment") for one in document["figures"]}
    logs = {one["log"]: one.get("commitment") for one in document["basis"]}
    if held.get("format") != OPENINGS_FORMAT or held.get("month") != document["month"]:
        raise VerifyError("opened: it is not an opening of this month")
    found: list[tuple[str, str, int | None]] = []
    try:
        for one in held["cells"]:
            cell, value = (one["place"], one["measure"]), one["value"]
            salt = bytes.fromhex(one["salt"])
            if export.cell_commitment(salt, document["month"], cell, value) != commitments.get(cell):
                raise VerifyError(
                    f"opened: {quoted(cell[1])} of {quoted(cell[0])} is not what was committed to"
                )
            found.append((*cell, value))
        for one in held["basis"]:
            salt = bytes.fromhex(one["salt"])
            made = export.basis_commitment(salt, document["month"], one["log"], one["size"], one["root"])
            if made != logs.get(one["log"]):
                raise VerifyError(
                    f"opened: the size of {quoted(one['log'], 120)} is not what was committed to"
                )
    except (KeyError, TypeError, ValueError, LedgerError) as error:
        if isinstance(error, VerifyError):
            raise
        raise VerifyError("opened: a part is missing or of another kind") from None
    return found
