# SPDX-License-Identifier: Apache-2.0
"""The EBTS profile as rows of data: transaction types, and what each field must look like in each of them.

Source: EBTS 9.1 (IAFIS-DOC-01078-9.1) Appendices B and C, with the name length of EBTS 9.4. One table for
all versions: a row says since when and until when it holds. The type IDR, the program's second response, is
ours and has the clause "Sluicegate".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from sluicegate.ebts import tables

Version = tuple[int, int]
"""An EBTS version, such as (9, 1)."""

DEFAULT_VERSION: Version = (9, 1)


@dataclass(frozen=True, slots=True)
class RecordCount:
    """How many records of the given types (counted together) a transaction may hold."""

    types: tuple[int, ...]
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class TotRow:
    """One type of transaction. `answers` are the TOTs that may answer it."""

    tot: str
    kind: str  # criminal, civil, humanitarian, search, latent, administrative, answer
    booking: bool  # whether this exchange processes it as a booking
    answers: tuple[str, ...]
    records: tuple[RecordCount, ...]
    clause: str
    name: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """What one field, or one item of it (`item` > 0), must look like. Sizes: characters, 0 is unbounded."""

    tag: str
    item: int
    mnem: str
    mandatory: bool
    cls: str  # A, N, AN, AS, NS, ANS: letters, digits, special characters
    special: frozenset[str]  # words that say which special characters
    least: int
    most: int
    occurs_least: int
    occurs_most: int
    format: str
    codes: str
    clause: str
    name: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field and its items, as they hold for one TOT and version."""

    row: FieldRow
    items: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """A field row, the TOTs and the versions for which it holds."""

    row: FieldRow
    tots: frozenset[str]  # "*" is every TOT
    since: Version
    until: Version | None

    def holds(self, tot: str, version: Version) -> bool:
        late = self.until is not None and version > self.until
        return (tot in self.tots or "*" in self.tots) and self.since <= version and not late


def known_tots() -> Mapping[str, TotRow]:
    """Every TOT of the table, by its code."""
    return _tots()


def fields(tot: str, version: Version = DEFAULT_VERSION) -> Mapping[str, FieldSpec]:
    """Specification of each Type-1 and Type-2 field of a TOT, by tag ("2.018"), in order of tags.

    For a TOT whose Type-2 fields the table does not carry only the fields common to all TOTs come back.
    A version before 9.1 reads as 9.1.
    """
    return _fields(tot, max(version, DEFAULT_VERSION))


def has_fields(tot: str) -> bool:
    """Whether the table carries the Type-2 fields of this TOT."""
    return any(tot in span.tots for span in _spans())


def mnemonic(tag: str) -> str:
    """The mnemonic of a tag in any TOT, or the empty string."""
    return _mnemonics().get(tag, "")


@cache
def _tots() -> Mapping[str, TotRow]:
    found = {
        r["tot"]: TotRow(
            tot=r["tot"],
            kind=r["kind"],
            booking=r["booking"] == "yes",
            answers=tuple(r["answers"].split()),
            records=tuple(_count(word) for word in r["records"].split()),
            clause=r["clause"],
            name=r["name"],
        )
        for r in tables.rows("tots.csv")
    }
    return MappingProxyType(found)


def _count(word: str) -> RecordCount:
    """One word of the column `records`, such as `4|14=1-14`."""
    types, _, span = word.partition("=")
    least, _, most = span.partition("-")
    return RecordCount(tuple(int(t) for t in types.split("|")), int(least), int(most or least))


@cache
def _spans() -> tuple[_Span, ...]:
    return tuple(
        _Span(
            row=_field_row(r),
            tots=frozenset(r["tots"].split()),
            since=_version(r["since"]),
            until=_version(r["until"]) if r["until"] else None,
        )
        for r in tables.rows("fields.csv")
    )


def _field_row(r: Mapping[str, str]) -> FieldRow:
    return FieldRow(
        tag=r["tag"],
        item=int(r["item"]),
        mnem=r["mnem"],
        mandatory=r["need"] == "M",
        cls=r["cls"],
        special=frozenset(r["special"].split()),
        least=int(r["min"] or 0),
        most=int(r["max"] or 0),
        occurs_least=int(r["occ_min"] or 0),
        occurs_most=int(r["occ_max"] or 0),
        format=r["format"],
        codes=r["codes"],
        clause=r["clause"],
        name=r["name"],
    )


def _version(word: str) -> Version:
    major, _, minor = word.partition(".")
    return int(major), int(minor or 0)


@cache
def _fields(tot: str, version: Version) -> Mapping[str, FieldSpec]:
    held = [span.row for span in _spans() if span.holds(tot, version)]
    items = {row.tag: tuple(i for i in held if i.tag == row.tag and i.item) for row in held}
    return MappingProxyType({row.tag: FieldSpec(row, items[row.tag]) for row in held if not row.item})


@cache
def _mnemonics() -> Mapping[str, str]:
    return MappingProxyType({span.row.tag: span.row.mnem for span in _spans() if not span.row.item})
