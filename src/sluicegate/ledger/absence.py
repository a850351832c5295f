# SPDX-License-Identifier: Apache-2.0
"""A proof of absence as one text file: a booking is not among the shared of its day, and where it is instead.

`verify.verify_absence` verifies it, offline; docs/explanation/absence.md says what it shows and what it does
not. Nothing is issued here that would not verify.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.errors import LedgerError
from sluicegate.ledger import days, verify
from sluicegate.ledger import statement as statements
from sluicegate.ledger.days import Day
from sluicegate.ledger.holding import holding
from sluicegate.ledger.statement import Statement
from sluicegate.ledger.verify import ABSENCE_HEADER, Absence, Policy, Receipt, VerifierKey

MAX_BYTES = 3072
"""A proof is never longer, as a receipt is not."""


@dataclass(frozen=True, slots=True)
class Stated:
    """The newest statement of a day with its place in the master log, and that log's checkpoint, cosigned."""

    statement: Statement
    number: int
    path: Sequence[bytes]
    checkpoint_note: str


def element_of(receipt: Receipt) -> bytes:
    """What stands for a receipt's booking in the sets of its day."""
    return verify.commitment(receipt.salt, receipt.entry_json)


def compose(element: bytes, day: Day, stated: Stated) -> str:
    """The proof, at most MAX_BYTES.

    Where the proof that the booking is withheld or pending does not fit beside the proof of absence, it is
    left out, and the text says "neither": nothing is shown then of where it is.

    Raises:
        LedgerError: the booking is among the shared, or even the proof of absence alone does not fit.
    """
    at, shared = days.place_of(day.sets["shared"], element)
    if shared:
        raise LedgerError(
            "This booking is among those that were told as SHARED: there is no proof of absence.",
            advice="See what its receipt says of G1: sluicegate verify RECEIPT",
        )
    names = [name for name in ("withheld", "pending") if days.place_of(day.sets[name], element)[1]]
    texts = [_text(element, day, stated, at, name) for name in (*names, "neither")]
    for text in texts:
        if len(text.encode("utf-8")) <= MAX_BYTES:
            return text
    size = len(texts[-1].encode("utf-8"))
    raise LedgerError(f"The proof has {size:,} bytes, over {MAX_BYTES:,}: too many signatures or hashes.")


def _text(element: bytes, day: Day, stated: Stated, at: int, name: str) -> str:
    shared = day.sets["shared"]
    beside = [place for place in (at - 1, at) if 0 <= place < len(shared)]
    near = [*(shared[place] for place in beside), *days.prove(shared, set(beside))]
    place, there = 0, ""
    if name != "neither":
        place, _ = days.place_of(day.sets[name], element)
        there = verify.pack_hashes(days.prove(day.sets[name], {place}))
    lines = [
        ABSENCE_HEADER,
        f"Element {base64.b64encode(element).decode('ascii')}",
        f"Not among shared: {at} come before it",
        verify.pack_hashes(near),
        f"Among {name}: {place} come before it",
        there,
        f"Statement {stated.number}",
        statements.encode(stated.statement).decode("utf-8"),
        verify.pack_hashes(stated.path),
        stated.checkpoint_note,
    ]
    return "\n".join(lines)


def verified(
    text: str | bytes, key: VerifierKey | None, policy: Policy | None, receipt: Receipt | None
) -> Absence:
    """A proof, all steps of `verify_absence` held; VerifyError names the first that did not."""
    with holding():
        return verify.verify_absence(text, key, policy, receipt)
