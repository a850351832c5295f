# SPDX-License-Identifier: Apache-2.0
"""The body of C2SP tlog-witness `add-checkpoint`: an old size, a consistency proof, a checkpoint.

::

    old 20852014
    <base64 of one hash>            no line to 63 lines
                                    (an empty line)
    <the checkpoint, a signed note>
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.errors import InputRefused
from sluicegate.ledger import verify
from sluicegate.ledger.verify import HASH_BYTES, MAX_NOTE_BYTES, NotVerified

MAX_PROOF = 63
MAX_BODY_BYTES = MAX_NOTE_BYTES + (MAX_PROOF + 1) * 48
SIZE_TYPE = "text/x.tlog.size"

_OLD = re.compile(r"old (0|[1-9][0-9]{0,17})")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,17})\n")


@dataclass(frozen=True, slots=True)
class Request:
    """What a log asks a witness. `note` is the checkpoint as it was sent; nothing in it is verified yet."""

    old: int
    proof: tuple[bytes, ...]
    note: str


def write_request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body of a request."""
    lines = [f"old {old}", *(base64.b64encode(one).decode("ascii") for one in proof), "", note]
    return "\n".join(lines).encode("utf-8")


def read_request(body: bytes) -> Request:
    """The request in a body.

    Raises:
        InputRefused: it is longer than MAX_BODY_BYTES or not laid out as a request.
    """
    if len(body) > MAX_BODY_BYTES:
        raise InputRefused(f"A request has {MAX_BODY_BYTES} bytes at most.")
    try:
        head, gap, note = body.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise InputRefused("The request is not UTF-8 text.") from None
    first, *rest = head.split("\n")
    old = _OLD.fullmatch(first)
    if old is None or not gap or len(rest) > MAX_PROOF:
        raise InputRefused("The request is not an old size, a proof, an empty line and a checkpoint.")
    try:
        proof = tuple(verify.unbase64(line, HASH_BYTES, "proof") for line in rest)
    except NotVerified:
        raise InputRefused("A line of the proof is not the base64 of one hash.") from None
    return Request(int(old[1]), proof, note)


def read_size(body: bytes) -> int | None:
    """The size that a witness answered a conflict with, or None where it is none."""
    found = _SIZE.fullmatch(body[:20].decode("latin-1")) if len(body) <= 20 else None
    return int(found[1]) if found else None
