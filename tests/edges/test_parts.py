# SPDX-License-Identifier: Apache-2.0
"""The transactions inside a mail: which parts they are, and every byte of them."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import InputRefused
from sluicegate.intake.parts import TYPE_1, in_form, transactions
from sluicegate.testing.agency import attached

NASTY = b"\x00\r\n.\r\n--\r\n\n.\n\r\r\n\x1c\x85\xff\xfe=20=\r\nFrom x\r\n\r\n"
_BINARY = st.binary(max_size=300).map(lambda tail: b"1.001:" + tail)


def mixed(*parts: bytes, boundary: bytes = b"cut") -> bytes:
    """A multipart message of parts that carry their own headers."""
    head = b'From: a@b\r\nContent-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\npreamble'
    body = b"".join(b"\r\n--" + boundary + b"\r\n" + part for part in parts)
    return head + body + b"\r\n--" + boundary + b"--\r\nepilogue\r\n"


def raw(data: bytes, kind: bytes = b"application/octet-stream", encoding: bytes = b"binary") -> bytes:
    """A part as it is."""
    return b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + data


def taken(message: bytes, max_parts: int = 5) -> list[bytes]:
    """The bytes of the parts."""
    return [part.data for part in transactions(message, max_parts)]


@given(_BINARY)
def test_binary_parts_arrive_byte_for_byte(data: bytes) -> None:
    """Whatever bytes a transaction has, an 8bit or binary part of a mail gives back the same."""
    assert taken(mixed(raw(data), raw(b"Hello", b"text/plain", b"8bit"))) == [data]


@given(_BINARY)
def test_encoded_parts_arrive_byte_for_byte(data: bytes) -> None:
    """Whatever bytes a transaction has, base64 and quoted-printable parts give back the same."""
    base = raw(base64.encodebytes(data).replace(b"\n", b"\r\n"), encoding=b"BASE64")
    printable = quopri.encodestring(data.replace(b"\r", b"").replace(b"\n", b""))
    assert taken(mixed(base)) == [data]
    assert taken(mixed(raw(printable, encoding=b"quoted-printable"))) == [
        data.replace(b"\r", b"").replace(b"\n", b"")
    ]


@given(st.binary(max_size=400), st.binary(max_size=60))
def test_any_bytes_give_parts_or_a_refusal(message: bytes, inner: bytes) -> None:
    """Whatever a mail holds, the outcome is a list of parts or a refusal, and nothing else."""
    for whole in (message, mixed(inner), b"Content-Type: " + inner + b"\r\n\r\n" + message):
        try:
            parts = transactions(whole, 3)
        except InputRefused as refused:
            assert refused.message  # noqa: PT017
        else:
            assert 1 <= len(parts) <= 3


def test_a_headerless_mail_is_the_transaction_itself(book: Callable[..., bytes]) -> None:
    """A client that sends the bare file and closes its last line adds nothing to the file."""
    data = book()
    assert taken(data + b"\r\n") == [data]
    assert taken(data) == [data]


def test_a_file_that_ends_in_a_line_end_keeps_it(book: Callable[..., bytes]) -> None:
    """A transaction whose last image bytes are CR and LF keeps them, because LEN says that they belong."""
    data = book(pixels=lambda n: b"\r\n" * (n // 2))
    assert data.endswith(b"\r\n")
    assert taken(data) == [data]
    assert taken(b"Subject: x\r\n\r\n" + data) == [data]
    assert taken(mixed(raw(data))) == [data]


def test_a_single_part_with_headers_is_taken(book: Callable[..., bytes]) -> None:
    """A mail that is only the file, with headers before it, is taken without the added line end."""
    data = book()
    assert taken(raw(data) + b"\r\n") == [data]
    assert taken(b"Received: from relay\r\n\r\n" + data + b"\r\n") == [data]


def test_lone_line_feeds_are_understood() -> None:
    """A mail written with bare LF is cut as well as one written with CRLF."""
    text = b'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: a/b\n\n1.001:9\n--x--\n'
    assert taken(text) == [b"1.001:9"]


def test_text_around_transactions_is_left_out() -> None:
    """Cover letters and disclaimers beside a transaction are not taken for transactions."""
    letter = raw(b"See attached", b"text/plain")
    page = raw(b"<p>See attached", b"text/html")
    both = transactions(mixed(letter, page, raw(b"1.001:1"), raw(b"1.01:2"), letter), 5)
    assert [(part.number, part.data) for part in both] == [(3, b"1.001:1"), (4, b"1.01:2")]


def test_a_transaction_labeled_as_text_is_taken() -> None:
    """A transaction is known by how it begins, not by the label that a mail program gave it."""
    assert taken(mixed(raw(b"1.001:1", b"text/plain"))) == [b"1.001:1"]


def test_other_attachments_are_shown_to_the_door() -> None:
    """A picture beside a transaction is not passed over in silence: the door has to refuse it."""
    assert taken(mixed(raw(b"1.001:1"), raw(b"\x89PNG", b"image/png"))) == [b"1.001:1", b"\x89PNG"]


def test_forwarded_mail_is_opened(book: Callable[..., bytes]) -> None:
    """A mail forwarded inside another is opened, but not without end."""
    data = book()
    assert taken(mixed(raw(attached([data]), b"message/rfc822"))) == [data]
    deep = raw(b"1.001:1")
    for _ in range(5):
        deep = raw(deep, b"message/rfc822")
    with pytest.raises(InputRefused, match="nested too deep"):
        transactions(deep, 5)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"Subject: hello\r\n\r\nNothing attached.\r\n", "no ANSI/NIST transaction"),
        (mixed(raw(b"Hello", b"text/plain")), "no ANSI/NIST transaction"),
        (mixed(*[raw(b"1.001:1")] * 6), "more than 5 parts"),
        (mixed(*[raw(b"--y--", b"multipart/mixed; boundary=y")] * 9), "more than 5 parts"),
        (mixed(raw(b"1.001", encoding=b"uuencode")), "transfer encoding"),
        (mixed(raw(b"MS4wMDE6\r\n!!!!", encoding=b"base64")), "not valid base64"),
        (b"Content-Type: multipart/mixed\r\n\r\n1.001:1", "no usable boundary"),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n1.001:1", "breaks off"),
        (b"X-Long: " + b"x" * 70_000, "has no end"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(message: bytes, said: str) -> None:
    """A mail without a usable transaction is refused with a sentence that says why."""
    with pytest.raises(InputRefused, match=said):
        transactions(message, 5)


def test_form_files_are_taken_as_they_are() -> None:
    """Files of a web form come out byte for byte."""
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
    body = head + b"1.001:" + NASTY + b"\r\n--b--\r\n"
    assert [p.data for p in in_form("multipart/form-data; boundary=b", body, 3)] == [b"1.001:" + NASTY]


@pytest.mark.shared
@pytest.mark.slow
def test_real_files_survive_every_way_of_mailing(shared_data: Path) -> None:
    """Real transactions, bare, with headers, as 8bit parts and as base64, come out byte for byte."""
    files = [path.read_bytes() for path in sorted((shared_data / "an2-valid").iterdir())]
    files = [data for data in files if data.startswith(TYPE_1) and len(data) < 700_000]
    assert len(files) > 20
    for data in files:
        closed = data if data.endswith(b"\r\n") else data + b"\r\n"
        assert taken(closed) == [data]
        assert taken(b"From: a@b\r\n\r\n" + closed) == [data]
        assert taken(mixed(raw(data), boundary=b"=_unlikely")) == [data]
        assert taken(attached([data])) == [data]
