# SPDX-License-Identifier: Apache-2.0
"""The door's quick look at a Type-1 record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

from sluicegate.itl.peek import peek_header
from tools.fuzz import samples
from tools.fuzz.claims import plain

MAX_LEN = 1024
TOKENS = (b"\x1c", b"\x1d", b"1.001:", b"1.01:", b"1.1:", b"1.004:", b"1.008:", b"1.009:", b"\xc3\xa4")


def seeds() -> Iterator[bytes]:
    """The heads of our own transactions."""
    yield from (data[:MAX_LEN] for data in samples.transactions())


def one(data: bytes) -> None:
    """Nothing is raised, and nothing that is shown could break a line."""
    seen = peek_header(data)
    for value in astuple(seen) if seen else ():
        plain(value, "an item of the header")
