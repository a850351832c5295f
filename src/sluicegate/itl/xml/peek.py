# SPDX-License-Identifier: Apache-2.0
"""A cheap look at the header of a NIEM-XML package, for the intake door.

Source: ANSI/NIST-ITL 1-2011 Annex C. Never more than `PEEKED` bytes are parsed, and parsing stops where the
header ends. The first of equals counts, as it does for the reader.
"""

from __future__ import annotations

from contextlib import suppress

from sluicegate.itl.peek import Header
from sluicegate.itl.xml import tables
from sluicegate.itl.xml.forms import FORMS
from sluicegate.itl.xml.rules import RefusedError
from sluicegate.itl.xml.tree import Builder, EnoughError, Node, XmlLimits, feed

PEEKED = 256 * 1024
"""Bytes looked at: the header up to its list of contents takes about 3 kB, comments aside."""

_HEADER = "itl:PackageInformationRecord"
_WANTED = frozenset((4, 5, 7, 8, 9))


def peek_header(data: bytes) -> Header | None:
    """TOT, ORI, DAI, TCN and DAT, or None where the bytes begin with no package that has a header."""
    seen: dict[int, str] = {}
    headers: list[Node] = []
    rows = tables.by_path(1)

    def watch(trail: list[Node]) -> None:
        if len(trail) < 2:
            raise EnoughError
        if len(trail) == 2:
            headers.append(trail[1])
            raise EnoughError
        row = rows.get(tuple(node.name for node in trail[2:]))
        if row is not None and row.number in _WANTED:
            text = FORMS[row.form].read(trail[-1])
            if text:
                seen.setdefault(row.number, text)

    builder = Builder(XmlLimits(), watch)
    # What broke off, or is over a limit, may still say whom to answer.
    with suppress(EnoughError, RefusedError):
        feed(builder, data[:PEEKED], final=False)
    first = next(iter(builder.root.children), None) if builder.root is not None else None
    if first is None or first.name != _HEADER:
        return None
    tot, dat, dai, ori, tcn = (_shown(seen.get(number, "")) for number in (4, 5, 7, 8, 9))
    return Header(tot=tot, ori=ori, dai=dai, tcn=tcn, dat=dat)


def _shown(text: str) -> str:
    return "".join(c if " " <= c <= "~" and c != "\\" else f"\\u{ord(c):04x}" for c in text)
