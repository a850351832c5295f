# SPDX-License-Identifier: Apache-2.0
"""Mails and forms cut into their parts."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from sluicegate.errors import InputRefused
from sluicegate.intake.parts import Part, in_form, transactions
from tools.fuzz import samples
from tools.fuzz.claims import hold, refused

MAX_LEN = 8192
MOST = 8
TOKENS = (
    b"Content-Type: ",
    b"multipart/mixed; boundary=",
    b"message/rfc822",
    b"text/plain",
    b"application/octet-stream",
    b"Content-Transfer-Encoding: ",
    b"base64",
    b"quoted-printable",
    b"8bit",
    b"\r\n\r\n",
    b"\r\n--b",
    b"--",
    b"1.001:",
)

_FORM = "multipart/form-data; boundary=b"


def seeds() -> Iterator[bytes]:
    """Mails with one and two attachments in each transfer encoding, and a form."""
    small = samples.transactions()[-1]
    yield small
    yield _mail(_part(b"base64", base64.encodebytes(small)), _part(b"8bit", small))
    yield _mail(_part(b"quoted-printable", small.replace(b"=", b"=3D")), b"\r\nRegards\r\n")
    yield _mail(_part(b"8bit", b"\r\n" + _mail(_part(b"base64", base64.encodebytes(small)))))
    yield (
        _FORM.encode() + b"\n--b\r\nContent-Disposition: form-data; name=f\r\n\r\n" + small + b"\r\n--b--\r\n"
    )


def _part(encoding: bytes, data: bytes) -> bytes:
    head = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: " + encoding
    return head + b"\r\n\r\n" + data


def _mail(*parts: bytes) -> bytes:
    head = b"From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    return head + b"".join(b"\r\n--b\r\n" + part for part in parts) + b"\r\n--b--\r\n"


def one(data: bytes) -> None:
    """A message is cut or refused, never into more than it has; an attachment comes out whole."""
    _few(refused(lambda: transactions(data, MOST), InputRefused), data)
    kind, _, body = data.partition(b"\n")
    _few(refused(lambda: in_form(kind.decode("latin-1"), body, MOST), InputRefused), data)
    _whole(b"1.001:" + data)


def _few(parts: list[Part] | None, data: bytes) -> None:
    for part in parts or ():
        hold(len(part.data) <= len(data), "a part is longer than its message")
    hold(len(parts or ()) <= MOST, "more parts came out than were allowed")


def _whole(attachment: bytes) -> None:
    """Base64 always brings the bytes through; so does 8bit, where no line looks like a boundary."""
    ways = [_part(b"base64", base64.encodebytes(attachment))]
    if b"--b" not in attachment:
        ways.append(_part(b"8bit", attachment))
    for way in ways:
        hold(transactions(_mail(way), MOST) == [Part(1, attachment)], "an attachment was changed on the way")
