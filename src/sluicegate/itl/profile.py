# SPDX-License-Identifier: Apache-2.0
"""What each field of a record must look like by the standard alone, as rows of data by edition.

Source: ANSI/NIST-ITL 1-2007 and 1-2011 with its updates of 2013 and 2015, record layouts of clause 8 and
tables 7 to 15. A row names the editions (values of VER) for which it holds; what a row says of an edition
older than 2007 is only what that edition shares with it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

EDITIONS = ("0200", "0201", "0300", "0400", "0500", "0501", "0502")
"""Values of VER (1.002) in order of time: 1993, 1997, 2000, 2007, 2011, 2013, 2015."""

FALLBACK = "0400"
"""The edition by which a file is judged whose VER is none of these."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field (`item` 0) or one item of it. Sizes in characters and counts; 0 is unbounded.

    `need` is M (mandatory), I (mandatory where the record holds an image) or O. `rule` is a word of
    `itl.values`; for a field with items it is `open` where further items may follow them.
    """

    type: int
    number: int
    item: int
    mnem: str
    need: str
    rule: str
    least: int
    most: int
    occurs_least: int
    occurs_most: int
    name: str

    @property
    def tag(self) -> str:
        return f"{self.type}.{self.number:03d}"

    @property
    def clause(self) -> str:
        return f"ANSI/NIST-ITL 8.{self.type}"


@dataclass(frozen=True, slots=True)
class Spec:
    """A field and its items by number."""

    row: Row
    items: Mapping[int, Row]


def edition(ver: str) -> str:
    """The edition by which a file with this VER is judged."""
    return ver if ver in EDITIONS else FALLBACK


@cache
def fields(record_type: int, edition_: str) -> Mapping[int, Spec]:
    """Specifications of a record type by field number; none for a type that is not described here."""
    held = [row for row, since, until in _rows() if row.type == record_type and since <= edition_ <= until]
    found = {}
    for row in held:
        if not row.item:
            items = {one.item: one for one in held if one.number == row.number and one.item}
            found[row.number] = Spec(row, MappingProxyType(items))
    return MappingProxyType(found)


@cache
def _rows() -> tuple[tuple[Row, str, str], ...]:
    text = resources.files("sluicegate.itl").joinpath("data", "fields.csv").read_text(encoding="utf-8")
    return tuple(
        (_row(int(kind), r), r["since"] or EDITIONS[0], r["until"] or EDITIONS[-1])
        for r in csv.DictReader(text.splitlines())
        for kind in r["types"].split()
    )


def _row(kind: int, r: Mapping[str, str]) -> Row:
    return Row(
        type=kind,
        number=int(r["number"]),
        item=int(r["item"]),
        mnem=r["mnem"],
        need=r["need"],
        rule=r["rule"],
        least=int(r["min"] or 0),
        most=int(r["max"] or 0),
        occurs_least=int(r["occ_min"] or 0),
        occurs_most=int(r["occ_max"] or 0),
        name=r["name"],
    )
