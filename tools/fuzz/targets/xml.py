# SPDX-License-Identifier: Apache-2.0
"""NIEM-XML: as it comes, and put together from the table of elements, so that its mapping is reached."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from sluicegate.errors import UsageError
from sluicegate.itl.detect import peek_any, read_any
from sluicegate.itl.reader import read as traditional
from sluicegate.itl.writer import write
from sluicegate.itl.xml import tables
from sluicegate.itl.xml.convert import to_traditional
from sluicegate.itl.xml.tree import ROOT
from sluicegate.itl.xml.writer import to_xml
from tools.fuzz import samples
from tools.fuzz.answered import answered
from tools.fuzz.claims import hold, plain, plain_defects, refused

MAX_LEN = 8192
TOKENS = (
    *(
        b"<?xml version='1.0' encoding='",
        b"UTF-16",
        b"<!DOCTYPE",
        b"<!ENTITY",
        b"&#0;",
        b"&#xd800;",
        b"&amp;",
    ),
    *(b"<![CDATA[", b"]]>", b"<!--", b"<itl:", b"</itl:", b"<nc:", b"<biom:", b"xmlns:", b"xsi:nil='true'"),
    *(b"\n1", b"\n2", b"\n4", b"\n14", b"2026-11-22", b"2026-11-22T12:00:00Z", b"true", b"VA0070100"),
)

_SOUND = {4: "CAR", 5: "2026-11-22", 7: "WVIAFIS0Z", 8: "VA0070100", 9: "FUZZ-0000000001", 73: "VA0070100"}


def seeds() -> Iterator[bytes]:
    """Every element of the table once, by record type; the same as XML; and nearly nothing."""
    lines = [b"\n1", *_all(1), b"\n2", *_all(2)]
    yield b"".join(lines)
    yield composed(b"".join([b"\n1", *_all(1)]))
    for kind in (4, 13, 14, 15):
        yield b"".join([b"\n1", *_all(1), b"\n%d" % kind, *_all(kind)])
    yield composed(b"\n1\n4")
    for data in samples.transactions()[1:]:
        transaction = traditional(data).transaction
        if transaction is not None:
            yield to_xml(transaction).data
    yield from samples.shared("xml/*.xml", most=MAX_LEN)


def _all(kind: int) -> Iterator[bytes]:
    for number, row in enumerate(tables.of_record(kind)):
        yield b"\n=" + bytes([33 + number % 94, 33 + number // 94]) + _SOUND.get(row.number, "1").encode()


def composed(data: bytes) -> bytes:
    """A package: a line of digits begins a record of that type, `=` and two characters name a row."""
    parts: list[str] = []
    kind, element = 0, ""
    for line in data.decode("utf-8", "replace").split("\n"):
        rows = tables.of_record(kind)
        if line.isascii() and line.isdigit() and int(line[:4]) in tables.record_by_type():
            parts.append(f"</itl:{element}>" if element else "")
            kind = int(line[:4])
            element = tables.record_by_type()[kind].element
            parts.append(f"<itl:{element}>")
        elif line.startswith("=") and len(line) >= 3 and rows and element:
            row = rows[(ord(line[1]) - 33 + 94 * (ord(line[2]) - 33)) % len(rows)]
            parts.append(_nested(row.path, line[3:]))
    parts.append(f"</itl:{element}>" if element else "")
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in tables.namespaces().uri.items())
    return f"<{ROOT}{spaces}>{''.join(parts)}</{ROOT}>".encode("utf-8", "replace")


def _nested(path: tuple[str, ...], text: str) -> str:
    wrapped = escape(text)
    for name in reversed(path):
        full = name if ":" in name else f"biom:{name.title()}"
        wrapped = f"<{full}>{wrapped}</{full}>"
    return wrapped


def one(data: bytes) -> None:
    """Reading raises nothing and loses nothing; whatever was read is checked and answered."""
    _read(data)
    _read(composed(data))


def _read(data: bytes) -> None:
    seen = peek_any(data)
    for value in (seen.tot, seen.ori, seen.dai, seen.tcn, seen.dat) if seen else ():
        plain(value, "an item of the header")
    reading = read_any(data)
    plain_defects(reading.defects)
    transaction = reading.transaction
    if transaction is None:
        hold(reading.refused, "nothing was read, and nothing is wrong")
        return
    hold(write(transaction) == data, "what was read is not written as it was")
    for record in transaction.records:
        hold(data.startswith(record.raw, record.offset), "a record is not at its offset")
    answered(reading, transaction)
    other = refused(lambda: to_traditional(transaction), UsageError)
    if other is not None:
        plain_defects(other.defects)
        hold(not traditional(other.data).refused, "what was written in the other encoding is refused")
