# SPDX-License-Identifier: Apache-2.0
"""Words for what a transaction holds: names of records, fields and codes, and what is said of a person.

Text of a person is left out unless it is asked for. The rule is a list of what is harmless, so that a field
that nobody thought of is left out too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.cli.calls import plain
from sluicegate.ebts import codes, dictionary
from sluicegate.ebts.dictionary import FieldSpec
from sluicegate.itl import profile
from sluicegate.itl.binary import BINARY_TYPES as BINARY
from sluicegate.itl.binary import GCA
from sluicegate.itl.model import Defect, Field, Record, Transaction

WHAT = {
    1: "header",
    2: "descriptive text",
    3: "fingerprint, low resolution, grey",
    4: "fingerprint, grey",
    5: "fingerprint, low resolution, binary",
    6: "fingerprint, binary",
    7: "user-defined image",
    8: "signature",
    9: "minutiae",
    10: "face, scar, mark or tattoo",
    13: "latent friction ridge image",
    14: "fingerprint, variable resolution",
    15: "palm print, variable resolution",
    16: "user-defined test image",
    17: "iris",
    18: "DNA",
    19: "plantar print, variable resolution",
    20: "source representation",
    21: "associated context",
    22: "other imagery",
    98: "information assurance",
    99: "biometric data of another standard",
}
"""What a record of each type is."""

LEFT_OUT = "left out"
"""What stands where something is that may not be shown."""

_OF_HEADER = frozenset((1, 2))  # LEN and IDC
_EBTS_OPEN = _OF_HEADER | {5, 7, 59, 70, 73, 76, 79, 98}  # RET SCO SRF RAP CRI PRI NCR NDR
_TECHNICAL = frozenset(range(20))
_RIDGES = frozenset(range(100)) - {20}  # COM is free text
_OPEN: Mapping[int, frozenset[int]] = {
    9: frozenset(range(5)),
    10: _TECHNICAL,
    13: _RIDGES,
    14: _RIDGES,
    15: _RIDGES,
    16: _TECHNICAL,
    17: _TECHNICAL,
    19: _RIDGES,
    20: _TECHNICAL,
}
_EVERYWHERE = {1: "LEN", 2: "IDC"}
_CONTENTS = {1: "REC", 2: "IDC"}  # items of CNT; the first subfield is FRC and CRC
_COMPRESSED = ((3, 8), (4, 8))
_FACES = frozenset((8, 10, 16, 18, 20, 21, 22, 99))
_SCHEMA = "ITL-XML-SCHEMA"
_HIDDEN = "'...'"
_VALUE = re.compile(r"'.*'")  # greedy: a received value may hold quotation marks itself
_QUOTE = re.compile(r"`[^`]*`")
_RIDGE_CODES = {(4, 3): "IMP", (4, 4): "FGP", (13, 3): "IMP", (13, 13): "FGP", (14, 3): "IMP"} | {
    (14, 13): "FGP",
    (9, 3): "IMP",
}


@dataclass(frozen=True, slots=True)
class Words:
    """How the fields of one transaction are called, and which of them may be shown."""

    tot: str
    edition: str
    personal: bool

    def shows(self, kind: int, number: int) -> bool:
        """Whether the value of a field may be shown. `number` 0 stands for a whole record."""
        if self.personal or kind in (0, 1) or 3 <= kind <= 7:
            return True
        if kind == 2:
            known = self.tot in dictionary.known_tots()
            return number in (_EBTS_OPEN if known else _OF_HEADER)
        return number == 999 or number in _OPEN.get(kind, _OF_HEADER)

    def shows_image(self, kind: int) -> bool:
        """Whether the picture of a record may be shown: a face, unlike a print, is known at sight."""
        return self.personal or kind not in _FACES

    def mnemonic(self, kind: int, number: int) -> str:
        """The mnemonic of a field, or the empty string."""
        spec = self._spec(kind, number)
        if spec is not None:
            return spec.row.mnem
        if number in _EVERYWHERE and kind not in BINARY:
            return _EVERYWHERE[number]
        return dictionary.mnemonic(_tag(kind, number)) if kind < 3 else ""

    def name(self, kind: int, number: int) -> str:
        """What a field is called in full, or the empty string."""
        spec = self._spec(kind, number)
        return spec.row.name if spec else ""

    def item(self, kind: int, number: int, item: int) -> str:
        """The mnemonic of one item, from 1, of a field that has several; or the empty string."""
        if (kind, number) == (1, 3):
            return _CONTENTS.get(item, "")
        spec = self._spec(kind, number)
        if spec is None:
            return ""
        rows = spec.items.values() if isinstance(spec.items, Mapping) else spec.items
        return next((row.mnem for row in rows if row.item == item), "")

    def meaning(self, kind: int, number: int, text: str) -> str:
        """What a code means, or the empty string."""
        spec = self._spec(kind, number)
        if (kind, number) in _COMPRESSED:
            return GCA.get(int(text), "") if text.isdecimal() and len(text) < 4 else ""
        table = spec.row.codes if isinstance(spec, FieldSpec) else _RIDGE_CODES.get((kind, number), "")
        if not table:
            return ""
        try:
            return codes.table(table).get(text) or codes.table(table).get(text.lstrip("0") or "0", "")
        except KeyError:
            return ""

    def defect(self, defect: Defect) -> str:
        """The sentence of a defect with what was found and what belongs there."""
        sentence, found = defect.message, defect.found
        if defect.code == _SCHEMA and not self.personal:
            found = _without_values(found)
        if found and found not in sentence:
            sentence = f"{sentence.rstrip('.')}: found {found}"
            sentence += f", expected {defect.expected}" if defect.expected else ""
        place = defect.place
        number = place.tag.partition(".")[2]
        shown = self.shows(place.record_type, int(number) if number.isdigit() else 0)
        # A sentence about the text of a person may quote that text.
        return sentence if shown else _QUOTE.sub("`...`", sentence)

    def _spec(self, kind: int, number: int) -> FieldSpec | profile.Spec | None:
        if kind < 3:
            found = dictionary.fields(self.tot).get(_tag(kind, number))
            if found is not None:
                return found
        return profile.fields(kind, self.edition).get(number)


def _without_values(said: str) -> str:
    """What libxml2 said of an element, without the text of that element."""
    element, _, rest = said.partition("': ")
    if rest.startswith(("This element is not expected", "Missing child element")):
        return said
    return f"{element}': {_VALUE.sub(_HIDDEN, rest)}" if rest else said


def words_of(transaction: Transaction | None, tot: str, *, personal: bool) -> Words:
    """The words of a transaction."""
    header = transaction.header if transaction else None
    return Words(tot, profile.edition(header.text(2) if header else ""), personal)


def what(record: Record) -> str:
    """What kind of thing a record is."""
    return WHAT.get(record.type, "not described by the standard that is read here")


def fingers(positions: tuple[int, ...]) -> str:
    """Finger positions in words."""
    table = codes.table("FGP")
    return ", ".join(table.get(str(one), f"position {one}") for one in positions)


def impression(imp: int) -> str:
    """An impression type in words, or the empty string."""
    return codes.table("IMP").get(str(imp), "")


def texts(field: Field) -> list[list[str]]:
    """All items of a field, by subfield, made safe to show."""
    return [[plain(item, 4000) for item in one] for one in field.texts()]


def _tag(kind: int, number: int) -> str:
    return f"{kind}.{number:03d}"
