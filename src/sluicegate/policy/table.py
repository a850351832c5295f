# SPDX-License-Identifier: Apache-2.0
"""The files of a program as rows of text, with every problem noted by file and row.

Strict: a typo is a problem, never a guess.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sluicegate.errors import ProgramError, quoted

_RULE_COLUMNS = (
    "id jurisdiction kind mode_asked mode_in_force issuer issuer_level authority legal_basis wording "
    "valid_from valid_until public_from supersedes source confidence note"
)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "modes.csv": "mode gate effect sentence source confidence",
        "jurisdictions.csv": "id name kind parent zone fips source confidence",
        "agencies.csv": "ori jurisdiction name from until source confidence",
        "rules.csv": _RULE_COLUMNS,
        "choices.csv": _RULE_COLUMNS,
        "wording.csv": (
            "id valid_from valid_until superseded_by public_from issuer issuer_level audience document class "
            "meaning prints_to_partner answer_to_agency legal_basis source confidence note"
        ),
        "charges.csv": "charge level shared source confidence",
        "sources.csv": "id locator kind",
        "claims.csv": "wording question answer words source confidence",
        "substitutions.csv": "ori replaced_by from source confidence",
        "requesters.csv": "ori class from until source confidence",
        "requests.csv": "mode class purpose answer sentence source confidence",
        "documents.csv": "id rule title date sha256 source",
    }.items()
}
"""Every table of a program and its header."""

OPTIONAL = frozenset({"claims.csv", "substitutions.csv", "requesters.csv", "requests.csv", "documents.csv"})
"""Tables that a program may lack; one without rows counts as one that is not there."""

SETTINGS_FILE = "program.toml"
_FORM = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)
"""An id: letters, digits, dot, dash and underscore, at most 40."""

_DAY = re.compile(r"(19|20|21)\d\d-\d\d-\d\d", re.ASCII)
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: `row` counts from 1, the header being row 1; 0 is the file as a whole."""

    file: str
    row: int
    text: str
    id: str = ""

    @property
    def said(self) -> str:
        """What is wrong, with the id of the row in front where it has one."""
        return f"{quoted(self.id)}: {self.text}" if self.id else self.text


@dataclass(slots=True)
class Problems:
    """Collects what is wrong, so that all of it can be mended at once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: str, row: int, text: str) -> None:
        """Note one problem."""
        self.found.append(Problem(file, row, text))

    def name(self, rows: Iterable[Row]) -> None:
        """Give every problem the id of its row: what stands in the first column of its table."""
        if self.found:
            ids = {(row.file, row.number): next(iter(row.cells.values()), "") for row in rows}
            self.found = [replace(one, id=ids.get((one.file, one.row), "")) for one in self.found]

    def stop(self) -> None:
        """Raise one ProgramError that names the first problem and lists the rest, if there is any."""
        if not self.found:
            return
        first, *rest = self.found
        listed = "".join(f"; {p.file}, row {p.row}: {p.said}" for p in rest[: _SHOWN - 1])
        more = f"; and {len(rest) - _SHOWN + 1} more" if len(rest) >= _SHOWN else ""
        raise ProgramError(
            first.said + listed + more,
            file=first.file,
            row=first.row,
            advice="Nothing of this program was loaded. Mend every row named and load it again.",
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table as text."""

    file: str
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def day(self, column: str, problems: Problems) -> date | None:
        """The date in a column, written YYYY-MM-DD; None where it is empty."""
        text = self.cells[column]
        if not text:
            return None
        try:
            if not _DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            problems.add(self.file, self.number, f"{column} {quoted(text)} is not a date like 2010-11-05")
            return None


def digest(value: object) -> str:
    """SHA-256 (hex) of a value of dicts, lists and text in one fixed form: sorted keys, no blanks, UTF-8."""
    return hashlib.sha256(_FORM.encode(value).encode("utf-8", "surrogatepass")).hexdigest()


def _unclean(cells: list[str]) -> bool:
    """Whether a cell has blanks at its edge or characters that cannot be shown."""
    text = ",".join(cells)
    if not text.isprintable():  # every blank but the plain one is such a character
        return True
    if not (", " in text or " ," in text or text[:1] == " " or text[-1:] == " "):
        return False
    return any(cell[:1] == " " or cell[-1:] == " " for cell in cells)


def _strict_rows(file: str, text: str, columns: tuple[str, ...], problems: Problems) -> Iterable[Row]:
    header, *body = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    if tuple(header) != columns:
        problems.add(file, 1, f"the header must be {','.join(columns)}")
        return
    for number, cells in enumerate(body, start=2):
        if len(cells) != len(columns):
            problems.add(file, number, f"{len(cells)} cells where the header has {len(columns)}")
        elif _unclean(cells):
            problems.add(file, number, "a cell has blanks at its edge or characters that cannot be shown")
        else:
            yield Row(file, number, dict(zip(columns, cells, strict=True)))


def read(name: str, data: bytes, problems: Problems, *, shown_as: str = "") -> tuple[Row, ...]:
    """The rows of one CSV table in UTF-8; what cannot be read is noted in `problems` and left out."""
    file = shown_as or name
    if name not in COLUMNS:
        problems.add(file, 0, "a program has no table of that name")
        return ()
    try:
        return tuple(_strict_rows(file, data.decode("utf-8"), COLUMNS[name], problems))
    except UnicodeDecodeError as error:
        problems.add(file, 0, f"not UTF-8 at byte {error.start}")
    except csv.Error:
        problems.add(file, 0, "not CSV: a quote does not close, or a cell is too long")
    return ()
