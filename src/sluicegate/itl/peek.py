# SPDX-License-Identifier: Apache-2.0
"""A cheap look at the Type-1 record, for the intake door.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clause 8.1. Never more than `PEEKED` bytes are looked at, and
nothing returned can break a log line, a mail header or a terminal.
"""

from __future__ import annotations

from dataclasses import dataclass

from sluicegate.itl.fields import Budget, read_tagged
from sluicegate.itl.model import FS, Limits
from sluicegate.itl.rules import Log, OverCapError

PEEKED = 64 * 1024
"""Bytes looked at. A list of contents of 999 records, the most that 1.003 may name, takes about 8 kB."""

_TYPE_1 = (b"1.001:", b"1.01:", b"1.1:")


@dataclass(frozen=True, slots=True)
class Header:
    """Items of the Type-1 record, empty where absent.

    Printable ASCII as received; any other character, and the backslash, as `\\\\uXXXX`. Two different values
    stay different. Made for showing and for first questions, not instead of reading the file.
    """

    tot: str
    ori: str
    dai: str
    tcn: str
    dat: str


def peek_header(data: bytes) -> Header | None:
    """The Type-1 record's TOT, ORI, DAI, TCN and DAT, or None where the bytes begin with no such record."""
    head = data[:PEEKED]
    if not head.startswith(_TYPE_1):
        return None
    try:
        record = read_tagged(head, 0, Budget(Limits()), Log())
    except OverCapError:
        return None
    # In a record that breaks off, the last field may be half a value, which is worse than none.
    fields = record.fields if record.raw.endswith(FS) else record.fields[:-1]
    values: dict[str, str] = {}
    for field in fields:
        values.setdefault(field.tag, field.text)
    tot, dat, dai, ori, tcn = (_shown(values.get(f"1.{n:03d}", "")) for n in (4, 5, 7, 8, 9))
    return Header(tot=tot, ori=ori, dai=dai, tcn=tcn, dat=dat)


def _shown(text: str) -> str:
    return "".join(c if " " <= c <= "~" and c != "\\" else f"\\u{ord(c):04x}" for c in text)
