# SPDX-License-Identifier: Apache-2.0
"""What a status officer relied on: a kind of source from a closed list, and the date of the record.

A database entry alone has flagged United States citizens (the detainer litigation, docs domain.md), so the
kind is told. No free text: what is entered in the ledger names nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sluicegate.errors import UsageError
from sluicegate.exchange.case import Json

SOURCES: Mapping[str, str] = {
    "citizenship-record": "A record of birth, of naturalization, or of a passport of the United States.",
    "immigration-file": "The subject's own immigration file, seen in full.",
    "court-order": "An order of an immigration judge or a court, seen in full.",
    "own-papers": "Papers that the subject or counsel showed.",
    "interview": "An interview with the subject.",
    "database-only": "An entry in a database alone; nobody has seen the record behind it.",
}
"""On what a status may be determined. The last one is the weakest: it says that nothing was checked."""

EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Relied:
    """What a determination rests on. `dated` is the date of the record itself, not of looking at it."""

    source: str
    dated: date

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise UsageError(
                "There is no such source to rely on.", advice=f"Use one of: {', '.join(SOURCES)}."
            )
        if self.dated < EARLIEST:
            raise UsageError("The date of the record is before 1900.", advice="Write it as 2009-03-31.")

    def by(self, today: date) -> Relied:
        """Itself, for a determination made on this day. Raises UsageError for a record of a later day."""
        if self.dated > today:
            raise UsageError("The date of the record is in the future.", advice="Write it as 2009-03-31.")
        return self

    def to_json(self) -> dict[str, Json]:
        """As the ledger and the dossier hold it."""
        return {"source": self.source, "dated": self.dated.isoformat()}


def typed(source: str, dated: str) -> Relied:
    """From what a person typed. Raises UsageError."""
    try:
        day = date.fromisoformat(dated.strip())
    except ValueError:
        raise UsageError("The date of the record is missing.", advice="Write it as 2009-03-31.") from None
    return Relied(source, day)
