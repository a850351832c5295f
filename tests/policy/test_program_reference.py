# SPDX-License-Identifier: Apache-2.0
"""docs/reference/program.md says which tables, columns and words there are, and how bad data is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from policy_world import changed, rule, shipped, table, with_row

from sluicegate.errors import ProgramError
from sluicegate.policy.model import Answer, Confidence, Effect, Kind
from sluicegate.policy.parse import PLACES
from sluicegate.policy.program import load
from sluicegate.policy.table import COLUMNS, OPTIONAL

_PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "program.md").read_text("utf-8")
_GENERAL = {"source": "SRC-GK", "confidence": "M"}


def _row(**cells: str) -> dict[str, str]:
    return rule(**{"confidence": "M", **cells})


def _heir(old: str, new: str) -> dict[str, str]:
    return {"ori": old, "replaced_by": new, "from": "2012-01-01", **_GENERAL}


def _wording() -> dict[str, bytes]:
    line = b"V12,2010-11-05"
    files = shipped()
    kept = [
        row.replace(b",SRC-V12,", b",,") if row.startswith(line) else row
        for row in files["wording.csv"].split(b"\n")
    ]
    return {**files, "wording.csv": b"\n".join(kept)}


def _two() -> dict[str, bytes]:
    return with_row(
        "rules.csv", _row(id="T2", mode_in_force="JURISDICTION_FILTER"), with_row("rules.csv", _row())
    )


def _circle() -> dict[str, bytes]:
    return with_row("rules.csv", _row(id="T2", supersedes="T1"), with_row("rules.csv", _row(supersedes="T2")))


_BAD = {
    "overlapping rules": _two(),
    "cycle of supersession": _circle(),
    "cycle of wordings": changed(
        "wording.csv", "V12,2010-11-05,2011-08-05,V13", "V12,2010-11-05,2011-08-05,V12"
    ),
    "unknown ORI": {
        **shipped(),
        "substitutions.csv": table("substitutions.csv", _heir("VA9990000", "VA9990001")),
    },
    "unknown jurisdiction": with_row(
        "agencies.csv", {"ori": "VA0070900", "jurisdiction": "US-ZZ", "name": "A test", **_GENERAL}
    ),
    "end before begin": with_row("rules.csv", _row(valid_until="2010-11-01")),
    "wording with no source": _wording(),
    "rule with no wording": with_row("rules.csv", _row(wording="")),
    "rule with no legal basis": with_row("rules.csv", _row(legal_basis="")),
    "unknown mode": with_row("rules.csv", _row(mode_in_force="SOMETIMES")),
    "no date": with_row("rules.csv", _row(valid_from="2010-02-30")),
    "id twice": with_row("rules.csv", _row(id="R001")),
}
"""Bad data of every kind that the page lists."""


def _refusal(files: dict[str, bytes]) -> str:
    with pytest.raises(ProgramError) as caught:
        load(files)
    return caught.value.message.replace("`", "'")


def listed() -> str:
    """The table of bad data as the page must have it."""
    rows = [f"| {name} | {_refusal(files)} |" for name, files in _BAD.items()]
    return "\n".join(["| what is wrong | what is said |", "|---|---|", *rows, ""])


def columns() -> str:
    """The table of files and columns as the page must have it."""
    rows = [
        f"| `{name}` | {'may be absent' if name in OPTIONAL else 'needed'} | "
        f"{', '.join(f'`{one}`' for one in heads)} |"
        for name, heads in COLUMNS.items()
    ]
    return "\n".join(["| file | | columns, in this order |", "|---|---|---|", *rows, ""])


def words() -> str:
    """The table of closed words as the page must have it."""
    closed = {
        "`kind` of a jurisdiction": PLACES,
        "`kind` of a rule or choice": tuple(one.value for one in Kind),
        "`effect` of a mode": tuple(one.value for one in Effect),
        "`answer` of a claim": tuple(one.value for one in Answer),
        "`answer` of a request": ("open", "closed"),
        "`shared` of a charge": ("yes", "no"),
        "`confidence`": tuple(one.value for one in Confidence),
    }
    rows = [f"| {name} | {', '.join(f'`{one}`' for one in allowed)} |" for name, allowed in closed.items()]
    return "\n".join(["| column | one of |", "|---|---|", *rows, ""])


def _part(name: str) -> str:
    found = re.search(rf"<!-- program: {name} -->\n(.*?)<!-- end -->", _PAGE, re.DOTALL)
    assert found, f"the page has a part {name}"
    return found[1]


@pytest.mark.parametrize("part", [columns, words, listed])
def test_the_reference_of_programs_is_as_the_code_says(part: object) -> None:
    """Files, columns, closed words and refusals on the page are those of the code, word for word."""
    assert callable(part)
    assert _part(part.__name__) == part()


@pytest.mark.parametrize("name", sorted(_BAD))
def test_bad_data_is_one_error_that_names_file_line_and_row(name: str) -> None:
    """Bad data is refused whole in one error that names the file, the line and the id of the row."""
    files = _BAD[name]
    with pytest.raises(ProgramError) as caught:
        load(files)
    file, row = caught.value.file, caught.value.row
    line = files[file].decode().splitlines()[row - 1]
    assert f"{file}, row {row}: `{line.split(',')[0]}`: " in caught.value.message
