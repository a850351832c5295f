# SPDX-License-Identifier: Apache-2.0
"""Takes the transactions out of a mail or of a multipart body, byte for byte. Pure, in linear time.

Source: RFC 5322 (header block), RFC 2045 (transfer encodings), RFC 2046 section 5.1 (multipart), RFC 7578
(form-data). Bodies are cut with byte searches and never become text on the way: a fingerprint image is full
of lone LF, lone CR and NUL.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from sluicegate.errors import InputRefused
from sluicegate.itl.detect import looks_like_xml, peek_any
from sluicegate.itl.reader import read

TYPE_1 = (b"1.001:", b"1.01:", b"1.1:")
"""What a transaction begins with: the LEN field of its Type-1 record."""

_MAX_DEPTH = 4
_MAX_HEADER = 64 * 1024
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_SPACE = bytes.maketrans(b"", b"")


@dataclass(frozen=True, slots=True)
class Part:
    """One transaction candidate: its place among the message's leaves, from 1, and its decoded bytes."""

    number: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Leaf:
    kind: str
    data: bytes
    container: bool = False


def transactions(message: bytes, max_parts: int) -> list[Part]:
    """What a mail carries, in order: every part except the text around it.

    A message without any header may be a transaction itself. Raises InputRefused where there is nothing to
    take, where a part cannot be decoded, and where there are more than `max_parts` parts.
    """
    if not message.strip():
        raise InputRefused("The mail is empty.", advice="Attach one ANSI/NIST transaction.")
    if _is_transaction(message):
        return [Part(1, _without_last_line_end(message))]
    return _chosen(_leaves(message, max_parts))


def in_form(content_type: str, body: bytes, max_parts: int) -> list[Part]:
    """The files of a multipart/form-data body. Raises InputRefused as `transactions` does."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    return _chosen(_leaves(head + body, max_parts))


def _chosen(leaves: list[_Leaf]) -> list[Part]:
    parts = [Part(number, leaf.data) for number, leaf in enumerate(leaves, 1)]
    if not any(_is_transaction(part.data) for part in parts):
        raise InputRefused(
            "The message carries no ANSI/NIST transaction: no part begins with a Type-1 record (1.001),"
            " nor is one an XML package with a readable header.",
            advice="Attach the file itself; check the encoding of the attachment.",
        )
    # Text beside a transaction is what mail programs and disclaimers add; anything else is a mistake that the
    # sender has to hear of, so it goes to the door and is refused there.
    kept = zip(parts, leaves, strict=True)
    return [p for p, leaf in kept if _is_transaction(p.data) or not _is_text(leaf)]


def _is_transaction(data: bytes) -> bool:
    """Whether bytes begin as a transaction does, in either encoding. XHTML is XML too, but no package."""
    return data.startswith(TYPE_1) or (looks_like_xml(data) and peek_any(data) is not None)


def _is_text(leaf: _Leaf) -> bool:
    return leaf.kind in {"text/plain", "text/html"} or not leaf.data.strip()


def _leaves(message: bytes, max_parts: int) -> list[_Leaf]:
    found: list[_Leaf] = []
    containers = 0
    for leaf in _walk(message, _MAX_DEPTH, whole=True):
        containers += leaf.container
        if not leaf.container:
            found.append(leaf)
        # Containers are counted too: a million empty ones would be work without a single leaf.
        if max(len(found), containers) > max_parts:
            raise InputRefused(
                f"The message has more than {max_parts} parts.", advice="Send fewer transactions at a time."
            )
    return found


def _walk(entity: bytes, depth: int, *, whole: bool = False) -> Iterator[_Leaf]:
    """The leaves of one MIME entity, and an empty one for each container; `whole` says it is a message."""
    if depth < 0:
        raise InputRefused("The message's parts are nested too deep.", advice="Attach the file directly.")
    header, body = _split(entity)
    kind = header.get_content_type()
    if kind.startswith("multipart/"):
        yield _Leaf(kind, b"", container=True)
        for inner in _cut(body, _boundary(header)):
            yield from _walk(inner, depth - 1)
        return
    data = _decoded(body, header)
    if kind == "message/rfc822":
        yield _Leaf(kind, b"", container=True)
        yield from _walk(data, depth - 1)
        return
    if whole and data is body and data.startswith(TYPE_1):
        data = _without_last_line_end(data)
    yield _Leaf(kind, data)


def _split(entity: bytes) -> tuple[Message, bytes]:
    # A part may have no header at all: then it begins with the empty line (RFC 2046, 5.1).
    for nothing in (b"\r\n", b"\n"):
        if entity.startswith(nothing):
            return Message(), entity[len(nothing) :]
    end = _END_OF_HEADER.search(entity, 0, _MAX_HEADER)
    if end is None and len(entity) > _MAX_HEADER:
        raise InputRefused("The header of the message or of a part has no end.")
    head = entity[: end.start()] if end else entity
    body = entity[end.end() :] if end else b""
    return BytesHeaderParser().parsebytes(head + b"\r\n\r\n"), body


def _boundary(header: Message) -> bytes:
    boundary = header.get_boundary()
    if boundary is None or not _BOUNDARY.fullmatch(boundary):
        raise InputRefused("A multipart message names no usable boundary.")
    return boundary.encode("ascii")


def _cut(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Entities between the boundary lines. The line end before a boundary belongs to the boundary."""
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start = -1
    for mark in line.finditer(body):
        if start >= 0:
            yield body[start : mark.start()]
        if mark.group(1):
            return
        start = mark.end() + (2 if body.startswith(b"\r\n", mark.end()) else 1)
    raise InputRefused("A multipart message breaks off before its last boundary.")


def _decoded(body: bytes, header: Message) -> bytes:
    encoding = str(header.get("Content-Transfer-Encoding", "8bit")).strip().lower()
    if encoding in {"7bit", "8bit", "binary"}:
        return body
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding != "base64":
        raise InputRefused(
            "A part's transfer encoding is not one of 7bit, 8bit, binary, quoted-printable and base64."
        )
    try:
        # Strict, because the lenient form skips whatever it does not know: that would change bytes silently.
        return base64.b64decode(body.translate(_SPACE, b" \t\r\n"), validate=True)
    except (binascii.Error, ValueError):
        raise InputRefused("A part is not valid base64.", advice="Send the attachment again.") from None


def _without_last_line_end(data: bytes) -> bytes:
    """Without the CRLF that ends the last line of a mail, where it is not part of the transaction.

    SMTP cannot end a message anywhere else than at a line's end, so the client adds one where the file has
    none. The LEN fields tell which case this is.
    """
    transaction = read(data).transaction if data.endswith(b"\r\n") else None
    return data[:-2] if transaction is not None and transaction.trailing == b"\r\n" else data
