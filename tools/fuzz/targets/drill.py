# SPDX-License-Identifier: Apache-2.0
"""A planted fault: shows that the fuzzer finds one and says so. Not run unless asked for by name."""

from __future__ import annotations

from collections.abc import Iterator

from sluicegate.itl.reader import read
from tools.fuzz.claims import hold

MAX_LEN = 64
TOKENS = (b"1.001:", b"\x1c", b"\x1d")


def seeds() -> Iterator[bytes]:
    """Nothing that breaks the claim."""
    yield b"0"


def one(data: bytes) -> None:
    """Claims what is not so: that no bytes are a transaction."""
    hold(read(data).transaction is None, "a transaction was read, as planted")
