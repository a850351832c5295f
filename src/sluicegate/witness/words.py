# SPDX-License-Identifier: Apache-2.0
"""What a comparison of two checkpoints means, in words for people who never saw a Merkle tree."""

from __future__ import annotations

from dataclasses import dataclass

from sluicegate.ledger import verify
from sluicegate.ledger.cosign import moment
from sluicegate.ledger.verify import JSON, NotVerified, Policy
from sluicegate.witness.compare import Comparison, Verdict, spelled

HEADLINE = {
    Verdict.SAME: "SAME. Both are one checkpoint: the same number of entries, the same contents.",
    Verdict.GROWN: "CONSISTENT. The larger log begins with the smaller one, unchanged, and then goes on.",
    Verdict.UNPROVEN: "NOT PROVEN EITHER WAY. Nothing here shows how the smaller log became the larger one.",
    Verdict.UNFOUNDED: "NOT SHOWN. What the log serves does not lead to the checkpoint that it signed.",
    Verdict.SPLIT: "SPLIT VIEW. This log signed two histories that cannot both be true.",
}

_WHAT = (
    "A checkpoint is a log's signed word: how many entries it holds, and a root, a digest over all of them. "
    "Change, drop or slip in one entry anywhere, and the root is another. A log may grow; "
    "it may never take anything back."
)
_NOT_SHOWN = (
    "This does not show which of the two is true, which entries differ, or who did it: "
    "whoever runs the log, or somebody who stole its key."
)
_KEEP = "Keep both files and the evidence. Whoever has the log's public key can verify it, without us."


@dataclass(frozen=True, slots=True)
class Cosigners:
    """Who stands behind a checkpoint besides its log.

    `known` maps witnesses of the policy to the time of their cosignatures, which hold; `others` counts
    signature lines that nobody verified, for want of a key; `damaged` says that one does not hold.
    """

    known: dict[str, int]
    others: int
    damaged: bool

    @property
    def words(self) -> str:
        """All of it in a line."""
        parts = [f"{name}, {moment(time)}" for name, time in self.known.items()]
        parts += [f"{self.others} not verified"] if self.others else []
        parts += ["one that does not hold"] if self.damaged else []
        return "; ".join(parts) or "nobody"


def cosigners(note: str, policy: Policy | None) -> Cosigners:
    """Who cosigned a checkpoint, as far as the policy lets us know."""
    _, signatures = verify.split_note(note, "checkpoint")
    others = len(signatures) - 1
    if policy is None:
        return Cosigners({}, others, damaged=False)
    try:
        known = verify.cosigners(note, policy)
    except NotVerified:
        return Cosigners({}, others, damaged=True)
    return Cosigners(known, max(0, others - len(known)), damaged=False)


def explanation(found: Comparison, policy: Policy | None = None) -> list[str]:
    """What it means, paragraph by paragraph."""
    first, second = found.first, found.second
    sizes = f"{first.size:,} and {second.size:,} entries"
    match found.verdict:
        case Verdict.SAME:
            return ["Whoever holds either of them has been shown the same log."]
        case Verdict.GROWN:
            return [f"The tiles lead from {first.size:,} to {second.size:,} entries; nothing was taken back."]
        case Verdict.UNPROVEN:
            missing = f"Both are signed by the log, with {sizes}. Whether the larger one contains the smaller"
            ask = "Ask the log for its tiles and compare again with --tiles FOLDER. An honest log has them."
            return [f"{missing} one cannot be told from these two files alone.", ask]
        case Verdict.UNFOUNDED:
            told = f"The checkpoint of {second.size:,} entries is signed by the log, but: {found.trouble}."
            return [told, "Fetch the tiles again. If they stay like this, the log hides what it signed."]
    return [_WHAT, *_split(found), *_both(found, policy), _NOT_SHOWN, _KEEP]


def _split(found: Comparison) -> list[str]:
    first, second = found.first, found.second
    signed = "Here the log's own key signed two checkpoints"
    shown = "Somebody was shown another history than somebody else. No error of a network does that:"
    only = "only the key of the log can sign."
    if first.size == second.size:
        return [f"{signed} of {first.size:,} entries each, with different roots. {shown} {only}"]
    begins = f"The first {first.size:,} entries of the larger have another root than the smaller one says."
    return [f"{signed} of {first.size:,} and {second.size:,} entries. {begins} {shown} {only}"]


def _both(found: Comparison, policy: Policy | None) -> list[str]:
    """Witnesses that stand behind both: they promised never to."""
    each = [cosigners(note, policy).known for note in (found.first_note, found.second_note)]
    both = sorted(set(each[0]) & set(each[1]))
    if not both:
        return []
    return [f"Cosigned on both sides by {', '.join(both)}: such a witness broke its word, or lost its key."]


def document(found: Comparison, policy: Policy | None = None) -> dict[str, JSON]:
    """The same as data."""
    sides: dict[str, JSON] = {}
    for name, note, one in (
        ("first", found.first_note, found.first),
        ("second", found.second_note, found.second),
    ):
        by = cosigners(note, policy)
        sides[name] = {
            "size": one.size,
            "root": spelled(one.root),
            "signed_by_log": True,
            "cosigned": [{"witness": who, "time": time} for who, time in by.known.items()],
            "signatures_not_verified": by.others,
            "damaged_cosignature": by.damaged,
            "note": note,
        }
    return {
        "verdict": found.verdict.value,
        "log": found.key.name,
        "key": str(found.key),
        **sides,
        "beginning": spelled(found.beginning) if found.beginning else None,
        "proof": [spelled(one) for one in found.path],
        "trouble": found.trouble,
        "words": [HEADLINE[found.verdict], *explanation(found, policy)],
    }
