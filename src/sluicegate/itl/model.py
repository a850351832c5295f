# SPDX-License-Identifier: Apache-2.0
"""An ANSI/NIST-ITL transaction as it was received: every part keeps its bytes and its offset.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clauses 5 (records, fields) and Annex B (traditional encoding).
Reading loses nothing: the concatenation of the records' raw bytes and `Transaction.trailing` is the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

FS, GS, RS, US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"


class Severity(IntEnum):
    """How bad a departure from the standard is. ERROR refuses a submission; the others are told."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a transaction something is. Zero or -1 means: not narrower than this."""

    offset: int = -1  # byte offset in the file
    record_type: int = 0
    idc: int = -1
    tag: str = ""  # "2.047"
    subfield: int = 0  # from 1
    item: int = 0  # from 1

    def __str__(self) -> str:
        parts = [f"Type-{self.record_type}"] if self.record_type else []
        if self.idc >= 0:
            parts.append(f"IDC {self.idc:02d}")
        if self.tag:
            parts.append(self.tag)
        if self.subfield:
            parts.append(f"subfield {self.subfield}")
        if self.item:
            parts.append(f"item {self.item}")
        if self.offset >= 0:
            parts.append(f"byte {self.offset}")
        return " ".join(parts) or "file"


@dataclass(frozen=True, slots=True)
class Defect:
    """One departure from the standard.

    `code` is stable, `ITL-...` for structure or an EBTS error family code for the FBI profile; `message`
    is one sentence that never carries received bytes unescaped; `clause` cites the rule.
    """

    code: str
    severity: Severity
    place: Place
    message: str
    clause: str = ""
    found: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """The smallest unit of a tagged field."""

    raw: bytes
    offset: int

    @property
    def text(self) -> str:
        """The value as text: UTF-8 where it is valid, otherwise Latin-1 (never fails)."""
        try:
            return self.raw.decode("utf-8")
        except UnicodeDecodeError:
            return self.raw.decode("latin-1")


@dataclass(frozen=True, slots=True)
class Subfield:
    """Items between two record separators (RS)."""

    items: tuple[Item, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Field:
    """One tagged field. `tag` is normalized to `T.NNN`; `raw` is the field as received, tag included."""

    tag: str
    raw: bytes
    offset: int
    subfields: tuple[Subfield, ...]

    @property
    def number(self) -> int:
        return int(self.tag.split(".", 1)[1])

    @property
    def text(self) -> str:
        """Text of the first item, or the empty string."""
        for subfield in self.subfields:
            for item in subfield.items:
                return item.text
        return ""

    def texts(self) -> list[list[str]]:
        """All items, by subfield."""
        return [[item.text for item in subfield.items] for subfield in self.subfields]


@dataclass(frozen=True, slots=True)
class Image:
    """The image of a record, as its record describes it. Nothing here was decoded.

    `compression` is one of NONE, WSQ, JPEGB, JPEGL, JP2, JP2L, PNG or `?code` for an unknown one.
    `ppi_h` and `ppi_v` are pixels per inch, 0 where the record does not tell. `fgp` holds the finger
    positions (EBTS FGP codes, 255 and unused left out).
    """

    record_type: int
    idc: int
    imp: int
    fgp: tuple[int, ...]
    hll: int
    vll: int
    ppi_h: float
    ppi_v: float
    compression: str
    data: bytes
    data_offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """One logical record. Binary records (3 to 8) have no fields except what the reader unpacked."""

    type: int
    idc: int  # -1 where none could be read
    raw: bytes  # the whole record, separators included
    offset: int
    fields: tuple[Field, ...] = ()
    image: Image | None = None
    binary: dict[str, int | tuple[int, ...]] = field(default_factory=dict)  # header items of types 3 to 8

    def get(self, number: int) -> Field | None:
        """The first field with this number."""
        for one in self.fields:
            if one.number == number:
                return one
        return None

    def text(self, number: int, default: str = "") -> str:
        """First item of the first field with this number."""
        one = self.get(number)
        return one.text if one is not None else default


@dataclass(frozen=True, slots=True)
class Transaction:
    """A whole file. `records[0]` is the Type-1 record wherever one could be read."""

    records: tuple[Record, ...]
    trailing: bytes = b""

    @property
    def header(self) -> Record | None:
        return self.records[0] if self.records and self.records[0].type == 1 else None

    def of_type(self, *types: int) -> Iterator[Record]:
        """Records of the given types, in file order."""
        return (r for r in self.records if r.type in types)

    @property
    def images(self) -> tuple[Image, ...]:
        return tuple(r.image for r in self.records if r.image is not None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps applied before and while reading. Units: bytes and counts."""

    file_bytes: int = 64 * 1024 * 1024
    records: int = 1000
    fields_per_record: int = 5000
    items_per_file: int = 200_000
    tagged_field_bytes: int = 1_000_000  # any tagged field except image data (nnn.999)


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading gave: the transaction as far as it could be told apart, and what is wrong with it.

    `transaction` is None only where not even a Type-1 record could be found, or a cap was exceeded.
    """

    transaction: Transaction | None
    defects: tuple[Defect, ...]

    @property
    def refused(self) -> bool:
        return self.transaction is None or any(d.severity is Severity.ERROR for d in self.defects)
