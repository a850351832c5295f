# SPDX-License-Identifier: Apache-2.0
"""The receipt of a booking: what each gate did, in words, bound to the ledger (docs/reference/receipt.md).

There are two forms. One is signed at once, with the operator's sentences. The final one says the same in
fixed words, is signed by nobody of its own, and rests on a checkpoint that witnesses cosigned.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.errors import LedgerError
from sluicegate.ledger import entry as entries
from sluicegate.ledger import note
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.entry import Entry
from sluicegate.ledger.holding import holding
from sluicegate.ledger.note import Signer
from sluicegate.ledger.verify import GATES, JSON, MEANING, PROOF_HEADER, NotVerified, Policy, Receipt, Stated
from sluicegate.terms import Gate

__all__ = [
    "MAX_BYTES",
    "Placed",
    "Stated",
    "Receipt",
    "compose",
    "compose_final",
    "parse",
    "verify",
    "entry_of",
    "outcomes",
]

MAX_BYTES = 3072
"""A receipt is never longer: it fits in a mail, on one printed page, in a person's patience."""

_CUT = " [...]"
_MIN_WORDS = 40  # a gate's sentence is never cut shorter than this many characters


@dataclass(frozen=True, slots=True)
class Placed:
    """A DECIDED entry with its place in the ledger: salt, inclusion path, and a signed checkpoint over it."""

    entry: Entry
    salt: bytes
    path: Sequence[bytes]
    checkpoint_note: str


def compose(placed: Placed, words: Mapping[Gate, str], signer: Signer) -> str:
    """The receipt, signed, at most MAX_BYTES of UTF-8.

    `words` are one sentence per gate, without "G1 closed:", which is written from the entry. Long sentences
    are cut, visibly and the longest first, so that a receipt can always be issued; the entry binds the full
    decisions by their digest.

    Raises:
        LedgerError: the entry is not a decision of four gates, a gate has no words, salt and path do not lead
            to a checkpoint of the signer's log, or even cut words do not fit.
    """
    entry_json = entries.canonical(placed.entry)
    try:
        raw = standalone.read_entry(entry_json.decode("utf-8"))
        decided = {gate: one["outcome"] for gate, one in standalone.decisions_of(raw).items()}
        head = standalone.head_lines(raw)
        _check_place(placed, entry_json, signer)
    except NotVerified as failure:
        raise LedgerError(f"no receipt can be made of this entry; {failure}") from None
    said = {gate: _plain(words.get(Gate(gate), "")) for gate in GATES}
    if not all(said.values()):
        raise LedgerError("a receipt tells every gate in words")
    tail = _ledger_part(placed, entry_json)

    def text_of(told: Mapping[str, str]) -> str:
        gates = (f"{gate} {decided[gate]}: {told[gate]}" for gate in GATES)
        return "\n".join([*head, *gates, "", tail])

    spare = MAX_BYTES - note.signed_length(text_of(dict.fromkeys(GATES, "")), signer)
    return note.sign(text_of(_fit(said, spare)), signer)


def compose_final(
    placed: Placed, stated: Stated, policy: Policy | None = None, *, limit: int = MAX_BYTES
) -> str:
    """The final receipt: the entry under a statement of the master log, under a cosigned checkpoint.

    `placed` is the entry in its own log at the size that `stated` tells; its `checkpoint_note` is the MASTER
    log's, with the witnesses' lines. With a policy, only the lines that make its quorum are kept.

    To fit, these parts of the receipt at once gave way: the operator's sentences (the verifier's own stand
    there instead, so nothing in it is unverified), the signatures of the receipt and of the log's checkpoint,
    that log's root (it follows from the proof), and what the lines above already tell of the entry.

    Raises:
        LedgerError: the entry is not a decision of four gates, the proofs do not lead to the checkpoint, the
            policy is not met, or it does not fit into `limit` bytes because the two proofs are too long:
            take an earlier checkpoint that covers the entry.
    """
    entry_json = entries.canonical(placed.entry)
    try:
        master_note = _needed(placed.checkpoint_note, policy)
        raw = standalone.read_entry(entry_json.decode("utf-8"))
        decided = standalone.decisions_of(raw)
        _check_statement(placed, entry_json, stated)
        head = standalone.head_lines(raw, standalone.FINAL_HEADER)
        outcomes = {gate: str(one["outcome"]) for gate, one in decided.items()}
        rest = _untold(raw, head, outcomes)
    except NotVerified as failure:
        raise LedgerError(f"no final receipt can be made of this entry; {failure}") from None
    seq = placed.entry.seq
    lines = [
        *head,
        *(f"{gate} {outcomes[gate]}: {MEANING[gate, outcomes[gate]]}" for gate in GATES),
        "",
        f"Ledger entry {seq} of {stated.size} in {stated.log}, made {placed.entry.at}, "
        f"salt {_base64(placed.salt)}",
        rest,
        f"{standalone.pack_hashes(placed.path)}",
        f"Statement {stated.number}, made {stated.at}",
        f"{standalone.pack_hashes(stated.path)}",
        master_note,
    ]
    text = "\n".join(lines)
    size, hashes = len(text.encode("utf-8")), len(placed.path) + len(stated.path)
    if size > limit:
        raise LedgerError(f"the final receipt has {size} bytes, over {limit}, {hashes} hashes among them")
    return text


def _needed(master_note: str, policy: Policy | None) -> str:
    """The checkpoint with its log's signature and as few cosignatures as make the quorum, in their order."""
    if policy is None:
        return master_note
    signed = standalone.check_cosignatures(master_note, policy)
    text, signatures = standalone.split_note(master_note, "checkpoint")
    kept: set[str] = set(signed)
    for name in sorted(signed, reverse=True):
        if policy.met(kept - {name}):
            kept.discard(name)
    origin = standalone.read_checkpoint(text).origin
    names = {origin, *(policy.witnesses[name].name for name in kept)}
    return text + "\n" + "".join(f"\u2014 {name} {told}\n" for name, told in signatures if name in names)


def _check_statement(placed: Placed, entry_json: bytes, stated: Stated) -> None:
    """A receipt that would not verify is never issued."""
    text, _ = standalone.split_note(placed.checkpoint_note, "checkpoint")
    master = standalone.read_checkpoint(text)
    leaf = entries.leaf(placed.salt, entry_json)
    root = standalone.climb(leaf, placed.entry.seq, stated.size, placed.path)
    said = standalone.leaf_hash(standalone.statement_json(stated, root))
    standalone.check_inclusion(said, stated.number, master.size, stated.path, master.root)


def _untold(raw: dict[str, JSON], head: Sequence[str], outcomes: Mapping[str, str]) -> str:
    """Canonical JSON of what the lines do not tell of the body, or would not tell exactly."""
    body = raw["body"]
    assert isinstance(body, dict)
    told = standalone.told_in(head)
    rest = {name: value for name, value in body.items() if name not in told or told[name] != value}
    decision = rest.pop("decision")
    assert isinstance(decision, dict)
    extra: dict[str, JSON] = {}
    for gate, one in decision.items():
        own = (
            {name: value for name, value in one.items() if name != "outcome"} if isinstance(one, dict) else {}
        )
        extra |= {gate: own} if own else {}
    text = standalone.spell_json(rest | ({"decision": extra} if extra else {}))
    if standalone.whole_entry(head, outcomes, text, str(raw["at"]), int(str(raw["seq"]))) != raw:
        raise NotVerified("entry", "its body lacks a key that the lines of a receipt tell")
    return text


def _check_place(placed: Placed, entry_json: bytes, signer: Signer) -> None:
    """A receipt that would not verify is never signed."""
    text, _ = standalone.split_note(placed.checkpoint_note, "checkpoint")
    checkpoint = standalone.read_checkpoint(text)
    if checkpoint.origin != signer.name:
        raise LedgerError("the checkpoint is of another log than the signer's")
    leaf = entries.leaf(placed.salt, entry_json)
    standalone.check_inclusion(leaf, placed.entry.seq, checkpoint.size, placed.path, checkpoint.root)


def _plain(words: str) -> str:
    """One line, with nothing in it that could hide, reorder or color text on a screen."""
    return standalone.shown(" ".join(words.split())) if words.strip() else ""


def _ledger_part(placed: Placed, entry_json: bytes) -> str:
    seq = placed.entry.seq
    heading = f"Ledger entry {seq}, salt {_base64(placed.salt)}"
    proof = "\n".join([PROOF_HEADER, f"index {seq}", *(_base64(one) for one in placed.path)])
    return "\n".join([heading, entry_json.decode("utf-8"), "", proof, "", placed.checkpoint_note])


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _fit(words: Mapping[str, str], spare: int) -> dict[str, str]:
    """The words within `spare` bytes of UTF-8: the largest common length to which all can be cut."""
    longest = min(max(map(len, words.values())), max(spare, 0))
    for length in range(longest, _MIN_WORDS - 1, -1):
        cut = {gate: _cut(text, length) for gate, text in words.items()}
        if sum(len(text.encode("utf-8")) for text in cut.values()) <= spare:
            return cut
    if sum(len(text.encode("utf-8")) for text in words.values()) <= spare:
        return dict(words)
    raise LedgerError(f"the receipt does not fit into {MAX_BYTES} bytes")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - len(_CUT)].rstrip() + _CUT


def parse(text: str | bytes) -> Receipt:
    """A receipt taken apart, nothing verified but its layout; VerifyError where it is none."""
    with holding():
        return standalone.parse_receipt(text)


def verify(text: str | bytes, verifier_key: str | None, policy: Policy | None = None) -> Receipt:
    """The receipt, all steps of `verify_receipt` held; VerifyError names the first that did not."""
    with holding():
        key = standalone.read_key(verifier_key) if verifier_key is not None else None
        return standalone.verify_receipt(text, key, policy)


def entry_of(receipt: Receipt) -> Entry:
    """The ledger entry in a receipt, as strictly as the ledger itself reads it (LedgerError)."""
    return entries.decode(receipt.entry_json)


def outcomes(receipt: Receipt) -> dict[Gate, JSON]:
    """What the entry decided for each gate."""
    return {Gate(gate): one["outcome"] for gate, one in standalone.decisions_of(receipt.entry).items()}
