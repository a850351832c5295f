# SPDX-License-Identifier: Apache-2.0
"""An answer goes back in the encoding in which its submission came."""

from __future__ import annotations

from sluicegate.itl.detect import looks_like_xml
from sluicegate.itl.reader import read
from sluicegate.itl.xml.writer import to_xml


def in_kind(received: bytes, answer: bytes) -> bytes:
    """The answer as NIEM-XML where the submission was XML, however damaged; otherwise as it is.

    `answer` is in traditional encoding, from the strict writer. An echoed item that XML cannot carry is left
    out: an answer that lacks one is better than none.
    """
    if not looks_like_xml(received):
        return answer
    transaction = read(answer).transaction
    assert transaction is not None, "what the strict writer writes can be read"
    return to_xml(transaction).data
