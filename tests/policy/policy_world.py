# SPDX-License-Identifier: Apache-2.0
"""The shipped program as bytes, and small ways to add a row to it; the policy itself reads no file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from importlib import resources

from sluicegate.policy.decide import Facts
from sluicegate.policy.table import COLUMNS
from sluicegate.terms import Ori

ARLINGTON, SAN_FRANCISCO, COOK = Ori("VA0070100"), Ori("CA0380100"), Ori("IL0160000")
DISTRICT, HARRIS, RALEIGH, PHOENIX = Ori("DCMPD0000"), Ori("TX1010000"), Ori("NC0920100"), Ori("AZ0072300")
NOBODY = Ori("ZZ9999999")


def shipped(folder: str = "secure-communities") -> dict[str, bytes]:
    """The files of a shipped program or overlay."""
    found = resources.files("sluicegate").joinpath("programs", folder)
    return {one.name: one.read_bytes() for one in found.iterdir()}


def table(name: str, *rows: dict[str, str], header: bool = True) -> bytes:
    """A table with these rows; a column not named is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[name], lineterminator="\n", restval="")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def rule(**cells: str) -> dict[str, str]:
    """A sound row of rules.csv: ICE puts RESPONSE_OPT_OUT in force for Arlington in November 2010."""
    return {
        "id": "T1",
        "jurisdiction": "US-VA-013",
        "kind": "entry-into-force",
        "mode_in_force": "RESPONSE_OPT_OUT",
        "issuer": "A test",
        "issuer_level": "federal",
        "authority": "a test",
        "legal_basis": "none on record",
        "wording": "V12",
        "valid_from": "2010-11-08",
        "source": "SRC-GK",
        "confidence": "X",
        **cells,
    }


def with_row(name: str, row: dict[str, str], files: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """The shipped files with one row more at the end of a table."""
    files = dict(files or shipped())
    files[name] += table(name, row, header=False)
    return files


def with_rules(*rows: dict[str, str]) -> dict[str, bytes]:
    """An overlay of rules."""
    return {"rules.csv": table("rules.csv", *rows)}


def changed(name: str, old: str, new: str) -> dict[str, bytes]:
    """The shipped files with one piece of text exchanged, which must be there exactly once."""
    files = shipped()
    assert files[name].count(old.encode()) == 1, "the text to exchange must be there exactly once"
    files[name] = files[name].replace(old.encode(), new.encode())
    return files


def utc(*parts: int) -> datetime:
    """A moment in UTC; noon where no hour is given."""
    year, month, day, *rest = parts
    hour, minute, second, micro = (*(rest or [12]), 0, 0, 0)[:4]
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)


def booking(cri: Ori, at: datetime, *charges: str, ori: Ori = NOBODY) -> Facts:
    """The facts of a booking."""
    return Facts(cri, ori, at, charges)
