# SPDX-License-Identifier: Apache-2.0
"""Writes ANSI/NIST-ITL in traditional encoding: what was read as it was read, what is new strictly.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clauses 5.5, 7.3.1, 8.1, 8.4 and Annex B.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sluicegate.errors import UsageError, quoted
from sluicegate.itl.binary import FINGER, GCA, UNUSED
from sluicegate.itl.fields import TAGGED_TYPES
from sluicegate.itl.model import FS, GS, RS, US, Transaction
from sluicegate.itl.reader import VERSIONS, read

Value = str | bytes | list[list[str]]
"""A field's value: text, or items by subfield, or (999 only) image data."""

_MAX_RECORDS = 999  # 1.003 CRC, the number of records after Type-1
_MAX_IDC = 99
_DATA = 999
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class HeaderDraft:
    """What the caller decides about the Type-1 record; LEN and CNT are worked out.

    `dom` is the name, or name and version, of the domain. `utf8` allows text beyond ASCII outside Type-1
    and says so in 1.015.
    """

    tot: str
    dat: str
    dai: str
    ori: str
    tcn: str
    tcr: str = ""
    pry: str = ""
    nsr: str = "19.69"
    ntr: str = "19.69"
    dom: str | tuple[str, ...] = ""
    gmt: str = ""
    ver: str = "0400"
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class TaggedDraft:
    """A tagged record: its fields from 003 on, in ascending order; LEN and IDC are written for it."""

    type: int
    idc: int
    fields: Sequence[tuple[int, Value]]


@dataclass(frozen=True, slots=True)
class FingerDraft:
    """A Type-4 record. `fgp` holds one to six positions; `data` is the image, compressed as `gca` says."""

    idc: int
    imp: int
    fgp: tuple[int, ...]
    isr: int
    hll: int
    vll: int
    gca: int
    data: bytes

    @property
    def type(self) -> int:
        return 4


Draft = TaggedDraft | FingerDraft

# Item, field number, what it has to look like. ITL leaves most of it open; widths of TOT and TCN are those of
# the 2013 update (16 and 48), the tightest that any edition has.
_SHAPES = (
    ("tot", 4, r"[A-Z0-9-]{1,16}"),
    ("dat", 5, r"\d{8}"),
    ("pry", 6, r"[1-9]?"),
    ("dai", 7, r"[ -~]+"),
    ("ori", 8, r"[ -~]+"),
    ("tcn", 9, r"[ -~]{1,48}"),
    ("tcr", 10, r"[ -~]{0,48}"),
    ("nsr", 11, r"\d\d\.\d\d"),
    ("ntr", 12, r"\d\d\.\d\d"),
    ("gmt", 14, r"(\d{14}Z)?"),
)


def write(transaction: Transaction) -> bytes:
    """The bytes of a transaction as they were received."""
    return b"".join(record.raw for record in transaction.records) + transaction.trailing


def build(header: HeaderDraft, drafts: Sequence[Draft]) -> bytes:
    """A new transaction. Reading it back gives no defects.

    Raises UsageError for anything that would not be conformant: control or separator characters in a
    value, text beyond ASCII without `utf8`, fields out of order, an IDC used twice, a number too big for
    its place, and whatever else the reader would complain about.
    """
    idcs = [draft.idc for draft in drafts]
    _require(len(drafts) <= _MAX_RECORDS, f"a transaction has at most {_MAX_RECORDS} records after Type-1")
    _require(all(0 <= idc <= _MAX_IDC for idc in idcs), f"an IDC is a number from 0 to {_MAX_IDC}")
    _require(len(set(idcs)) == len(idcs), "each record needs an IDC of its own")
    bodies = [_finger(d) if isinstance(d, FingerDraft) else _tagged(d, utf8=header.utf8) for d in drafts]
    data = b"".join((_header(header, drafts), *bodies))
    # The reader has the last word, so that what one side writes the other never complains about.
    for defect in read(data).defects:
        raise UsageError(f"This transaction cannot be written: {defect.place}: {defect.message}")
    return data


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise UsageError(f"This transaction cannot be written: {sentence}.")


def _header(header: HeaderDraft, drafts: Sequence[Draft]) -> bytes:
    _require(header.ver in VERSIONS, "VER is not a version of the standard")
    contents = [["1", str(len(drafts))], *([str(draft.type), f"{draft.idc:02d}"] for draft in drafts)]
    fields: list[tuple[int, Value]] = [(2, header.ver), (3, contents)]
    for name, number, shape in _SHAPES:
        value: str = getattr(header, name)
        _require(re.fullmatch(shape, value) is not None, f"{name.upper()} cannot be {quoted(value)}")
        if value:
            fields.append((number, value))
    if header.dom:
        fields.append((13, [[header.dom] if isinstance(header.dom, str) else list(header.dom)]))
    if header.utf8:
        fields.append((15, [["3", "UTF-8"]]))
    return _record(1, [_field(1, number, value, utf8=False) for number, value in sorted(fields)])


def _tagged(draft: TaggedDraft, *, utf8: bool) -> bytes:
    numbers = [number for number, _ in draft.fields]
    _require(
        draft.type in TAGGED_TYPES - {1}, f"Type-{draft.type} is not a tagged record that can be drafted"
    )
    _require(all(3 <= number <= _DATA for number in numbers), "fields are numbered from 003 to 999")
    _require(all(a < b for a, b in pairwise(numbers)), "fields come in ascending order, each once")
    idc = _field(draft.type, 2, f"{draft.idc:02d}", utf8=False)
    fields = [_field(draft.type, number, value, utf8=utf8) for number, value in draft.fields]
    return _record(draft.type, [idc, *fields])


def _field(kind: int, number: int, value: Value, *, utf8: bool) -> bytes:
    where = f"{kind}.{number:03d}"
    if isinstance(value, bytes):
        _require(number == _DATA and kind >= 10, f"{where} is text, and only 999 of an image record is bytes")
        _require(bool(value), f"{where} has no data")
        return where.encode() + b":" + value
    _require(number != _DATA or kind < 10, f"{where} is image data, and that is bytes")
    subfields = [[value]] if isinstance(value, str) else value
    _require(any(item for items in subfields for item in items), f"{where} has no value")
    encoded = [US.join(_item(item, where, utf8=utf8) for item in items) for items in subfields]
    return where.encode() + b":" + RS.join(encoded)


def _item(text: str, where: str, *, utf8: bool) -> bytes:
    _require(_FORBIDDEN.search(text) is None, f"{where} holds a control or separator character")
    _require(utf8 or text.isascii(), f"{where} holds characters beyond ASCII")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"This transaction cannot be written: {where} holds half a character.") from error


def _record(kind: int, fields: Sequence[bytes]) -> bytes:
    """A tagged record behind its LEN, which counts its own digits."""
    rest = b"".join(GS + field for field in fields) + FS
    start = f"{kind}.001:".encode()
    length = len(start) + len(rest)
    digits = len(str(length))
    while len(str(length + digits)) > digits:
        digits += 1
    return start + str(length + digits).encode() + rest


def _finger(draft: FingerDraft) -> bytes:
    positions = len(draft.fgp)
    _require(1 <= positions <= 6, "Type-4 names one to six finger positions")
    _require(all(0 <= one < UNUSED for one in draft.fgp), "a finger position is a number from 0 to 254")
    _require(not draft.fgp[0] or all(draft.fgp), "finger position 0 (unknown) cannot follow a known one")
    _require(draft.imp in range(256), "IMP is a number from 0 to 255")
    _require(draft.isr in (0, 1), "ISR is 0 or 1")
    _require(draft.hll in range(1, 65536), "HLL is a number from 1 to 65535")
    _require(draft.vll in range(1, 65536), "VLL is a number from 1 to 65535")
    _require(draft.gca in GCA, "GCA is not a compression algorithm of the standard")
    size = len(draft.data)
    exact = draft.gca != 0 or size == draft.hll * draft.vll
    _require(bool(size) and exact, "the image data is not as long as it should be")
    length = FINGER.size + size
    _require(length < 2**32, "Type-4 cannot hold that much image data")
    fgp = bytes(draft.fgp) + bytes([UNUSED]) * (6 - positions)
    head = FINGER.pack(length, draft.idc, draft.imp, fgp, draft.isr, draft.hll, draft.vll, draft.gca)
    return head + draft.data
