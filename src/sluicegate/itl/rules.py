# SPDX-License-Identifier: Apache-2.0
"""What the reader of ANSI/NIST-ITL can complain about: one row per stable code.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clauses 5 to 8 and Annex B. ERROR is kept for what lets two
honest readers see two different transactions (lengths, contents, identity) or leaves an image that nobody
can decode; everything a reader can live with is WARNING or NOTE.
"""

from __future__ import annotations

from dataclasses import dataclass

from sluicegate.itl.model import Defect, Place, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A code, how bad it is, the clause it comes from and the sentence that tells it."""

    code: str
    severity: Severity
    clause: str
    sentence: str


_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

_ROWS = (
    Rule("ITL-EMPTY", _E, "B.1.5", "There are no bytes."),
    Rule("ITL-CAP", _E, "", "A limit of this installation is exceeded; reading stopped."),
    Rule("ITL-TYPE1", _E, "8.1", "The file does not begin with a Type-1 record."),
    Rule("ITL-VER", _E, "8.1.2", "The version number is not one of 0200 to 0502."),
    Rule("ITL-CNT", _E, "8.1.3", "The transaction content (1.003) cannot be read."),
    Rule("ITL-CNT-COUNT", _E, "8.1.3", "The transaction content tells another number of records."),
    Rule("ITL-CNT-TYPE", _E, "8.1.3", "A record is not of the type that the transaction content says."),
    Rule("ITL-CNT-IDC", _E, "8.1.3", "A record does not carry the IDC that the transaction content says."),
    Rule("ITL-IDC", _E, "7.3.1", "The IDC cannot be read."),
    Rule("ITL-IDC-TWICE", _W, "7.3.1", "Two records of one type carry the same IDC."),
    Rule("ITL-LEN", _E, "B.1.5", "The length of the record is not what its LEN says."),
    Rule("ITL-LEN-NONE", _E, "B.1.5", "The record does not begin with a readable LEN."),
    Rule("ITL-LEN-OVER", _E, "B.1.5", "The LEN of the record reaches past the end of the file."),
    Rule("ITL-FS", _W, "B.1.5", "The last record of the file is not ended by a file separator."),
    Rule("ITL-TYPE", _E, "5.3", "There is no tagged record of this type in the standard."),
    Rule("ITL-TAG", _E, "B.1.5", "A field does not begin with a readable tag."),
    Rule("ITL-TAG-TYPE", _E, "B.1.5", "A field is tagged as part of another record type."),
    Rule("ITL-TAG-LONG", _W, "B.1.5", "A field number has more than three digits."),
    Rule("ITL-FIELD-NONE", _W, "B.1.5", "There is nothing between two separators where a field belongs."),
    Rule("ITL-FIELD-TWICE", _W, "B.1.5", "A field number occurs twice in one record."),
    Rule("ITL-KEY-TWICE", _E, "B.1.5", "A field that must be unique occurs twice."),
    Rule("ITL-CHAR", _W, "5.5", "A text field holds control characters."),
    Rule("ITL-CHAR-TYPE1", _E, "5.5", "The Type-1 record holds bytes other than printable 7-bit ASCII."),
    Rule("ITL-CHAR-SET", _N, "5.5", "A text field is not 7-bit ASCII, and 1.015 names no character set."),
    Rule("ITL-LOST", _E, "B.1.5", "What follows cannot be read as a record."),
    Rule("ITL-TRAIL", _E, "B.1.5", "Bytes follow the last record."),
    Rule("ITL-PAD", _W, "B.1.5", "Padding follows the last record."),
    Rule("ITL-FGP", _E, "8.4", "The image names no finger position."),
    Rule("ITL-FGP-FILL", _W, "8.4", "Unused finger positions are filled with 0, not 255."),
    Rule("ITL-GCA", _E, "8.4", "The compression algorithm is not one of the standard's."),
    Rule("ITL-GCA-NONE", _W, "8.4", "The record does not name the compression algorithm."),
    Rule("ITL-SIZE", _E, "8.4", "The image has no width or no height."),
    Rule("ITL-IMAGE-SHORT", _E, "8.4", "The image data is shorter than the record says."),
    Rule("ITL-IMAGE-LONG", _W, "8.4", "The uncompressed image data is longer than the record says."),
    Rule("ITL-MORE", _N, "", "There are more defects than are listed."),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.code: rule for rule in _ROWS}
"""Every code the reader uses, in the order of the table. Never changed after import."""


class OverCapError(Exception):
    """A cap of `Limits` was exceeded. Raised and caught inside the reader only."""

    def __init__(self, place: Place, found: str, expected: str) -> None:
        self.defect = defect("ITL-CAP", place, found=found, expected=expected)
        super().__init__(self.defect.message)


def defect(code: str, place: Place, *, found: str = "", expected: str = "") -> Defect:
    """A defect after the row of its code. `found` must already be safe to show."""
    rule = RULES[code]
    clause = f"ANSI/NIST-ITL {rule.clause}" if rule.clause else ""
    return Defect(code, rule.severity, place, rule.sentence, clause, found, expected)


class Log:
    """The defects of one reading: the first few in full, the rest counted with their worst severity."""

    __slots__ = ("_defects", "_dropped", "_worst")

    KEPT = 200

    def __init__(self) -> None:
        self._defects: list[Defect] = []
        self._dropped = 0
        self._worst = Severity.NOTE

    def add(self, code: str, place: Place, *, found: str = "", expected: str = "") -> None:
        """Note one defect. Cost and memory stay bounded however many a file provokes."""
        if len(self._defects) < self.KEPT:
            self._defects.append(defect(code, place, found=found, expected=expected))
            return
        self._dropped += 1
        self._worst = max(self._worst, RULES[code].severity)

    def all(self) -> tuple[Defect, ...]:
        """All defects kept, and one more that tells how many were not."""
        if not self._dropped:
            return tuple(self._defects)
        rule = RULES["ITL-MORE"]
        # The severity of what is not listed must not get lost: it decides whether the file is refused.
        more = Defect(rule.code, self._worst, Place(), rule.sentence, found=str(self._dropped))
        return (*self._defects, more)
