# SPDX-License-Identifier: Apache-2.0
"""Holds two checkpoints of one log against each other, and makes what they prove into evidence.

A log that shows one history to some and another to others (a split view) signs both. Two of its checkpoints
then prove it, alone where the sizes are equal. Where one is larger, its tiles say how the log began: if that
is not what the smaller one says, the root over that beginning and a consistency proof (RFC 9162) from it to
the larger checkpoint go into the evidence, so that nobody needs the tiles again.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import merkle, verify
from sluicegate.ledger.holding import holding
from sluicegate.ledger.tiles import Tiled
from sluicegate.ledger.verify import HASH_BYTES, Checkpoint, VerifierKey

HEADER = "Sluicegate evidence of a split view v1"
MAX_EVIDENCE_BYTES = 65_536

Open = Callable[[Checkpoint], Tiled]
"""Opens the tiles at a checkpoint. Raises LedgerError, or VerifyError where they do not lead to its root."""


class Verdict(StrEnum):
    """What two checkpoints of one log say of each other."""

    SAME = "same"
    GROWN = "grown"
    UNPROVEN = "unproven"
    UNFOUNDED = "unfounded"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two checkpoints of one log, the smaller first, both signed by `key`, and what they prove.

    `beginning` is the root that the larger one's first `first.size` entries have, where the tiles were read;
    `path` is the consistency proof from there to the larger checkpoint; `trouble` is why they were not.
    """

    verdict: Verdict
    key: VerifierKey
    first_note: str
    second_note: str
    beginning: bytes = b""
    path: tuple[bytes, ...] = ()
    trouble: str = ""

    @property
    def first(self) -> Checkpoint:
        """The smaller checkpoint."""
        return checkpoints.parse(self.first_note)

    @property
    def second(self) -> Checkpoint:
        """The larger checkpoint."""
        return checkpoints.parse(self.second_note)


def compare(one: str, other: str, key: VerifierKey, tiles: Open | None = None) -> Comparison:
    """Compare two checkpoints of the log of `key`, in any order.

    Raises:
        VerifyError: one of them is not signed by the key: it proves nothing about this log.
    """
    first, second = sorted((one, other), key=lambda note: checkpoints.verify(note, str(key)).size)
    met = Comparison(Verdict.SAME, key, first, second)
    if met.first.size == met.second.size:
        return met if met.first.root == met.second.root else replace(met, verdict=Verdict.SPLIT)
    if met.first.size == 0:
        grown = met.first.root == merkle.EMPTY_ROOT
        return replace(met, verdict=Verdict.GROWN if grown else Verdict.SPLIT)
    if tiles is None:
        return replace(met, verdict=Verdict.UNPROVEN, trouble="no tiles were given")
    try:
        tiled = tiles(met.second)
        found = replace(met, beginning=tiled.root_at(met.first.size), path=tiled.consistency(met.first.size))
    except LedgerError as error:
        return replace(met, verdict=Verdict.UNFOUNDED, trouble=error.message)
    grown = found.beginning == met.first.root
    return replace(found, verdict=Verdict.GROWN if grown else Verdict.SPLIT)


def check(found: Comparison) -> None:
    """Raises VerifyError unless a split view is proven by what the comparison holds, and by nothing else."""
    first, second = (
        checkpoints.verify(note, str(found.key)) for note in (found.first_note, found.second_note)
    )
    if first.size == second.size and first.root != second.root:
        return
    if first.size == 0 and first.root != merkle.EMPTY_ROOT:
        return
    merkle.verify_consistency(first.size, second.size, found.beginning, second.root, found.path)
    if found.beginning == first.root:
        raise VerifyError("evidence: the two checkpoints agree; they prove no split view")


_BY_HAND = "Without it: both are C2SP signed notes; both Ed25519 signatures hold under the one key."


def evidence(found: Comparison) -> str:
    """A text that proves the split view to anybody who knows the key of the log, and to nobody else.

    Raises:
        VerifyError: there is none to prove.
    """
    check(found)
    claim = f"The log {found.key.name} signed two histories that cannot both be true."
    parts = [HEADER, "", claim, "", f"Key of the log: {found.key}", ""]
    parts += ["First checkpoint, as it was signed:", "", *_barred(found.first_note), ""]
    parts += ["Second checkpoint, as it was signed:", "", *_barred(found.second_note), ""]
    if found.beginning:
        parts += [
            "The second one's log begins otherwise. Root over that beginning, and the consistency proof",
            "(RFC 9162 section 2.1.4) from it to the second checkpoint:",
            "",
            *_barred("\n".join(spelled(one) for one in (found.beginning, *found.path)) + "\n"),
            "",
        ]
    return "\n".join([*parts, "Verify this file: sluicegate witness compare FILE", _BY_HAND, ""])


def _barred(text: str) -> list[str]:
    """Each line behind a bar: no editor and no mail program takes an empty line for something else then."""
    return [f"| {line}" if line else "|" for line in text.removesuffix("\n").split("\n")]


def spelled(data: bytes) -> str:
    """A hash as checkpoints spell it, in base64."""
    return base64.b64encode(data).decode("ascii")


_BLOCK = r"(?:\|.*\n)+"
_EVIDENCE = re.compile(
    rf"{HEADER}\n\n.+\n\nKey of the log: (?P<key>\S+)\n\n"
    rf"First checkpoint, as it was signed:\n\n(?P<first>{_BLOCK})\n"
    rf"Second checkpoint, as it was signed:\n\n(?P<second>{_BLOCK})\n"
    rf"(?:The second one's log begins otherwise\. .*\n.*\n\n(?P<proof>{_BLOCK})\n)?"
    r"Verify this file: .*\n.*\n"
)


def is_evidence(data: bytes) -> bool:
    """Whether a file says that it is evidence."""
    return data.startswith(HEADER.encode("ascii"))


def read_evidence(data: bytes) -> Comparison:
    """The split view in a file of evidence, verified. Whose key it names is for the reader to know.

    Raises:
        VerifyError: it is damaged, or proves nothing.
    """
    try:
        found = _EVIDENCE.fullmatch(data.decode("utf-8")) if len(data) <= MAX_EVIDENCE_BYTES else None
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise VerifyError("evidence: it is not laid out as evidence of a split view")
    with holding():
        key = verify.read_key(found["key"])
        lines = _plain(found["proof"] or "").split("\n")[:-1]
        hashes = [verify.unbase64(line, HASH_BYTES, "evidence") for line in lines]
    beginning, path = (hashes[0], tuple(hashes[1:])) if hashes else (b"", ())
    notes = (_plain(found["first"]), _plain(found["second"]))
    read = Comparison(Verdict.SPLIT, key, *notes, beginning=beginning, path=path)
    check(read)
    return read


def _plain(block: str) -> str:
    return "".join(f"{line.removeprefix('|').removeprefix(' ')}\n" for line in block.split("\n")[:-1])
