# SPDX-License-Identifier: Apache-2.0
"""What passes between the roles."""

from __future__ import annotations

from collections.abc import Iterator

from sluicegate.errors import InputRefused
from sluicegate.exchange.envelopes import Copy, Second, read_copy, read_reply, read_second
from tools.fuzz.claims import hold, refused

MAX_LEN = 2048
TOKENS = (
    b'"reference"',
    b'"case"',
    b'"proof"',
    b'"transaction"',
    b'"template"',
    b'"recipient"',
    b'"channel"',
    b'"idr"',
    b'"matched"',
    b'"lines"',
    b'"kept"',
    b"true",
    b"[[[[[[[[",
    b"\\ud800",
    b"\\u0000",
    b"1e999",
    b"NaN",
)


def seeds() -> Iterator[bytes]:
    """One of each."""
    yield Copy("M1", "C1", "{}", b"1.001:", b"SGT\x01").encode()
    yield Second("M2", "VA0070100", "outbox", b"1.001:").encode()
    yield b'{"kept":true,"lines":["STATUS UNKNOWN"],"matched":true,"reference":"M1"}'


def one(data: bytes) -> None:
    """An envelope is read whole or refused, and means the same when it is written again."""
    copy = refused(lambda: read_copy(data), InputRefused)
    hold(copy is None or read_copy(copy.encode()) == copy, "a copy does not survive being written")
    second = refused(lambda: read_second(data), InputRefused)
    hold(
        second is None or read_second(second.encode()) == second, "a response does not survive being written"
    )
    reply = refused(lambda: read_reply(data), InputRefused)
    for text in (
        *((copy.reference, copy.case_id, copy.proof) if copy else ()),
        *((second.reference, second.recipient, second.channel) if second else ()),
        *((reply[0], *reply[1].lines) if reply else ()),
    ):
        hold(_can_be_kept(text), "a text of an envelope cannot be stored")


def _can_be_kept(text: str) -> bool:
    """No database takes half a character, and one of the two takes no NUL."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
