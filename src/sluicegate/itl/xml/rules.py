# SPDX-License-Identifier: Apache-2.0
"""What the reader of NIEM-XML can complain about, beside what any reader of ANSI/NIST-ITL can.

Source: W3C XML 1.0; ANSI/NIST-ITL 1-2011 Annex C (NIEM-conformant encoding rules). ERROR is for what is no
transaction at all, or hides one; an element that is not mapped is a NOTE: its bytes are kept.
"""

from __future__ import annotations

from sluicegate.itl.model import Defect, Place, Severity
from sluicegate.itl.rules import Log, Rule

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

_ROWS = (
    Rule("ITL-XML", _E, "XML 1.0", "The document is not well-formed XML."),
    Rule("ITL-XML-DTD", _E, "XML 1.0 2.8", "The document declares a document type; none is taken."),
    Rule("ITL-XML-ENC", _E, "XML 1.0 4.3.3", "The character encoding is not one that is taken."),
    Rule("ITL-XML-ROOT", _E, "Annex C", "The document is not a package of ANSI/NIST-ITL."),
    Rule("ITL-XML-RECORD", _W, "Annex C", "The package holds an element that is no record of the standard."),
    Rule("ITL-XML-RCC", _W, "Annex C", "The record category code is not that of the record's element."),
    Rule("ITL-XML-CNT", _W, "8.1.3", "The transaction content lists other records than there are."),
    Rule("ITL-XML-BASE64", _E, "Annex C", "The image data is not base64."),
    Rule("ITL-XML-TWICE", _E, "Annex C", "An element that must be unique occurs twice."),
    Rule("ITL-XML-UNMAPPED", _N, "", "An element is not mapped to a field; its bytes are kept."),
    Rule("ITL-XML-ATTRIBUTE", _N, "", "An attribute is not mapped to a field; its bytes are kept."),
    Rule("ITL-XML-SCHEMA", _E, "", "The document does not conform to the schema."),
    Rule("ITL-XML-NO-SCHEMA", _N, "", "No schema of this namespace is at hand; only structure was checked."),
    Rule("ITL-XML-LOST", _W, "", "The other encoding cannot carry this; it was left out."),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.code: rule for rule in _ROWS}
"""Every code of this package, in the order of the table. Never changed after import."""


class RefusedError(Exception):
    """The document cannot be read any further. Raised and caught inside this package only."""

    def __init__(self, defect: Defect) -> None:
        self.defect = defect
        super().__init__(defect.message)


def defect(code: str, place: Place, *, line: int = 0, found: str = "", expected: str = "") -> Defect:
    """A defect after the row of its code, with its line. `found` must already be safe to show."""
    rule = RULES[code]
    clause = f"ANSI/NIST-ITL {rule.clause}" if rule.clause and "XML" not in rule.clause else rule.clause
    message = f"Line {line}: {rule.sentence[0].lower()}{rule.sentence[1:]}" if line else rule.sentence
    return Defect(code, rule.severity, place, message, clause, found, expected)


def unchecked(_data: bytes = b"") -> tuple[Defect, ...]:
    """The one NOTE that tells that no schema was at hand for a package."""
    return (defect("ITL-XML-NO-SCHEMA", Place(offset=0)),)


class XmlLog:
    """The defects of one reading: the first few of this package's, then those of the common reader."""

    __slots__ = ("_defects", "_dropped", "common")

    KEPT = 200

    def __init__(self) -> None:
        self._defects: list[Defect] = []
        self._dropped: list[Severity] = []
        self.common = Log()

    def add(self, code: str, place: Place, *, line: int = 0, found: str = "", expected: str = "") -> None:
        """Note one defect; beyond the first few only the worst severity is kept."""
        if len(self._defects) < self.KEPT:
            self._defects.append(defect(code, place, line=line, found=found, expected=expected))
        else:
            self._dropped.append(RULES[code].severity)

    def all(self) -> tuple[Defect, ...]:
        """All defects kept, and one more that tells how many were not."""
        if not self._dropped:
            return (*self._defects, *self.common.all())
        sentence = "There are more defects than are listed."
        more = Defect("ITL-MORE", max(self._dropped), Place(), sentence, found=str(len(self._dropped)))
        return (*self._defects, more, *self.common.all())
