# SPDX-License-Identifier: Apache-2.0
"""Which encoding bytes are in, and the reader for it.

Source: ANSI/NIST-ITL 1-2011 Annex B (traditional) and Annex C (NIEM-XML). The traditional encoding
begins with the tag of its first field, XML with `<`: no bytes are both.
"""

from __future__ import annotations

from sluicegate.itl import peek, reader
from sluicegate.itl.model import Limits, Reading
from sluicegate.itl.peek import Header
from sluicegate.itl.xml import peek as xml_peek
from sluicegate.itl.xml import reader as xml_reader
from sluicegate.itl.xml.tree import XmlLimits

_LOOKED_AT = 1024
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SPACE = b" \t\r\n\x00"


def looks_like_xml(data: bytes) -> bool:
    """Whether the first character that is no blank is `<`, in UTF-8 or UTF-16, byte order mark or not."""
    head = data[:_LOOKED_AT]
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return head.lstrip(_SPACE).startswith(b"<")


def read_any(
    data: bytes,
    limits: Limits = Limits(),  # noqa: B008 (frozen, shared on purpose)
    xml_limits: XmlLimits = XmlLimits(),  # noqa: B008
) -> Reading:
    """Read a whole file in either encoding. Never raises; time is linear in its size."""
    return xml_reader.read(data, xml_limits) if looks_like_xml(data) else reader.read(data, limits)


def peek_any(data: bytes) -> Header | None:
    """The header's TOT, ORI, DAI, TCN and DAT in either encoding, or None where there is no header."""
    return xml_peek.peek_header(data) if looks_like_xml(data) else peek.peek_header(data)
