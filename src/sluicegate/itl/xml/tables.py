# SPDX-License-Identifier: Apache-2.0
"""The packaged tables of NIEM-XML: namespaces, record elements, and which element is which field.

Source: the schemas of ANSI/NIST-ITL 2-2008, ANSI/NIST-ITL 1-2011 Annex C and FBI EBTS 10.0. Rows stand in the
order in which the schemas of 2011 want their elements, so that the writer only has to follow them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

EDITION = "2011"
"""The edition that is written. Both are read."""

DETAIL, IMAGE = "detail", "image"
"""Stand for the element, whatever its name, that wraps the fields of Type-2, and that of an image."""


@dataclass(frozen=True, slots=True)
class Row:
    """One element and the item that it is. `group` is the length of the path down to the repeated element."""

    number: int
    item: int  # from 1
    form: str
    path: tuple[str, ...]  # names as prefix:local
    group: int
    written: bool  # whether it belongs to the edition that is written


@dataclass(frozen=True, slots=True)
class RecordRow:
    """The element of a record type, and what wraps its fields when it is written."""

    type: int
    element: str
    wrapper: tuple[str, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Prefix by URI, and the URI of each prefix in the edition that is written."""

    prefix: Mapping[str, str]
    uri: Mapping[str, str]


def of_record(kind: int) -> tuple[Row, ...]:
    """The rows of a record type, in the order of the schema."""
    return _rows().get(kind, ())


@cache
def by_path(kind: int) -> Mapping[tuple[str, ...], Row]:
    """The rows of a record type by path; the first of equals wins."""
    return MappingProxyType({row.path: row for row in reversed(of_record(kind))})


@cache
def record_by_element() -> Mapping[str, RecordRow]:
    """Rows of record types by the local name of their element."""
    return MappingProxyType({row.element: row for row in _records()})


@cache
def record_by_type() -> Mapping[int, RecordRow]:
    """Rows of record types by number."""
    return MappingProxyType({row.type: row for row in _records()})


@cache
def namespaces() -> Namespaces:
    """The namespaces of both editions."""
    rows = _read("namespaces.csv")
    current = {row["prefix"]: row["uri"] for row in rows if row["edition"] in ("", EDITION)}
    return Namespaces(
        MappingProxyType({row["uri"]: row["prefix"] for row in rows}), MappingProxyType(current)
    )


@cache
def _records() -> tuple[RecordRow, ...]:
    return tuple(
        RecordRow(
            int(r["type"]), r["element"], tuple(filter(None, r["wrapper"].split("/"))), r["write"] == "yes"
        )
        for r in _read("records.csv")
    )


@cache
def _rows() -> Mapping[int, tuple[Row, ...]]:
    found: dict[int, list[Row]] = {}
    for r in _read("elements.csv"):
        row = _row(r)
        for kind in r["record"].split():
            found.setdefault(int(kind), []).append(row)
    return MappingProxyType({kind: tuple(rows) for kind, rows in found.items()})


def _row(r: Mapping[str, str]) -> Row:
    steps = r["path"].split("/")
    starred = [at for at, step in enumerate(steps, 1) if step.startswith("*")]
    current = (r["since"] or EDITION) <= EDITION <= (r["until"] or EDITION)
    return Row(
        number=int(r["number"]),
        item=int(r["item"]),
        form=r["form"],
        path=tuple(step.removeprefix("*") for step in steps),
        group=starred[0] if starred else len(steps),
        written=current,
    )


def _read(name: str) -> list[dict[str, str]]:
    text = resources.files("sluicegate.itl.xml").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
