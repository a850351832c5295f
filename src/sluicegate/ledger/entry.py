# SPDX-License-Identifier: Apache-2.0
"""One entry of the ledger, its canonical bytes, and the salted commitment that stands for it in the tree.

The tree never holds an entry, only a commitment to it (docs/decisions/0006-ledger-entries-and-receipts.md):

    leaf data = SHA-256(salt || canonical JSON of the entry)      salt: 32 fresh random bytes per entry
    leaf hash = SHA-256(0x00 || leaf data)                        RFC 9162 section 2.1.1

Once salt and entry are destroyed (expungement, sealing) the leaf stays, every earlier proof stays valid, and
the leaf can no longer be tried against guessed contents.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.errors import LedgerError
from sluicegate.facts import REQUIRED, FactKind
from sluicegate.ledger import canonical as canon
from sluicegate.ledger import verify
from sluicegate.ledger.verify import GATES, JSON, MAX_INTEGER, SALT_BYTES
from sluicegate.terms import Gate, Outcome

_RFC3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)

# What a decision says that is usually the same for all four gates; told once in the body of the entry.
_COMMON = ("program", "root", "mode", "rule_id", "wording_id", "wording_digest", "asked_for", "legal_basis")
_LONGEST = 120  # characters of one of these; the rest is in the full decision, which `explanation` binds


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact, entered once.

    Attributes:
        seq: number of the entry and index of its leaf, from 0, without a gap.
        at: moment of entering, RFC 3339 in UTC with `Z`.
        kind: what happened.
        body: the facts, at least the keys that `facts.REQUIRED` names for the kind.

    Raises:
        LedgerError: one of these does not hold, or the body has no canonical form.
    """

    seq: int
    at: str
    kind: FactKind
    body: dict[str, JSON]

    def __post_init__(self) -> None:
        if isinstance(self.seq, bool) or not 0 <= self.seq <= MAX_INTEGER:
            raise LedgerError("the number of an entry is a whole number from 0")
        check_time(self.at)
        spell_body(self.kind, self.body)


def check_time(at: str) -> None:
    """Raises LedgerError unless `at` is a moment in RFC 3339, in UTC, written with `Z`."""
    refusal = "a moment is written in RFC 3339 in UTC, such as 2010-11-08T14:03:00Z"
    if not _RFC3339_UTC.fullmatch(at):
        raise LedgerError(refusal)
    try:
        datetime.fromisoformat(at)
    except ValueError:  # the shape is right, but there is no such day or hour
        raise LedgerError(refusal) from None


def canonical(entry: Entry) -> bytes:
    """Canonical JSON of an entry: an object of `at`, `body`, `kind`, `seq`."""
    return spell(entry.seq, entry.at, entry.kind, spell_body(entry.kind, entry.body))


def spell_body(kind: FactKind, body: Mapping[str, JSON]) -> str:
    """Canonical JSON of a body.

    Raises:
        LedgerError: a key that the kind requires is missing, or the body has no canonical form.
    """
    if not body.keys() >= REQUIRED[kind]:
        missing = sorted(REQUIRED[kind] - body.keys())
        raise LedgerError(f"an entry of kind {kind.value} must carry {', '.join(missing)}")
    return canon.encode(dict(body)).decode("utf-8")


def spell(seq: int, at: str, kind: FactKind, body: str) -> bytes:
    """Canonical JSON of an entry whose body is spelled already; `at` must have passed `check_time`.

    Its four keys stand in canonical order and none of the other three values needs escaping.
    """
    return f'{{"at":"{at}","body":{body},"kind":"{kind.value}","seq":{seq}}}'.encode()


def decode(data: bytes) -> Entry:
    """The entry of canonical bytes.

    Raises:
        LedgerError: not canonical, of an unknown kind, or not an entry that could have been made.
    """
    match canon.decode(data):
        case {"at": str(at), "body": dict(body), "kind": str(kind), "seq": int(seq), **rest} if not rest:
            return Entry(seq, at, _kind(kind), body)
    raise LedgerError("an entry is an object of at, body, kind and seq")


def _kind(text: str) -> FactKind:
    try:
        return FactKind(text)
    except ValueError:
        raise LedgerError("an entry of a kind that this version does not know") from None


def commitment(salt: bytes, entry_bytes: bytes) -> bytes:
    """Leaf data of an entry, 32 bytes. `salt` is 32 random bytes, never used twice.

    Raises:
        LedgerError: the salt has another length (a fixed length keeps salt and entry apart).
    """
    if len(salt) != SALT_BYTES:
        raise LedgerError(f"a salt has {SALT_BYTES} bytes")
    return verify.commitment(salt, entry_bytes)


def leaf(salt: bytes, entry_bytes: bytes) -> bytes:
    """Leaf hash of an entry, 32 bytes: what the tree takes."""
    return verify.leaf_hash(commitment(salt, entry_bytes))


def explanation(decisions: Mapping[str, Mapping[str, JSON]]) -> str:
    """SHA-256, in hex, over the canonical JSON of the full decisions, by gate."""
    full = {str(gate): dict(decision) for gate, decision in decisions.items()}
    return hashlib.sha256(canon.encode(full)).hexdigest()


def decided_body(booking: Mapping[str, str], decisions: Mapping[str, Mapping[str, JSON]]) -> dict[str, JSON]:
    """Body of the one DECIDED entry of a booking, small enough for a receipt.

    The full decisions stay in the store; the body binds them by `explanation`. What all gates share (program,
    registry root, mode and rule in force, wording, what was asked for, legal basis) is taken from G1 and told
    once in the body; the decision of a gate holds its outcome and whatever differs. `decision_of` puts them
    together again.

    Args:
        booking: `case`, `tcn`, `digest` (SHA-256 hex of the bytes received), `cri`, `ori`, and `received`
            (RFC 3339 UTC).
        decisions: gate (`G1` to `G4`) to the JSON of its decision.

    Raises:
        LedgerError: a part of the booking or a gate is missing, or an outcome is neither open nor closed.
    """
    wanted = {"case", "tcn", "digest", "cri", "ori", "received"}
    if set(booking) != wanted or set(decisions) != set(GATES):
        raise LedgerError(f"a decided entry names {', '.join(sorted(wanted))} and decides {', '.join(GATES)}")
    check_time(booking["received"])
    common: dict[str, JSON] = {key: _short(decisions["G1"].get(key)) for key in _COMMON}
    compact: dict[str, JSON] = {}
    for gate in GATES:
        decision = decisions[gate]
        if decision.get("outcome") not in tuple(Outcome):
            raise LedgerError(f"the outcome of {gate} is neither open nor closed")
        own = {key: _short(decision.get(key)) for key in _COMMON}
        differing = {key: value for key, value in own.items() if value != common[key]}
        compact[gate] = {"outcome": decision["outcome"]} | differing
    return {**booking, **common, "decision": compact, "explanation": explanation(decisions)}


def _short(value: JSON) -> JSON:
    """A value as the entry tells it: a long text is cut, visibly."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[: _LONGEST - 6].rstrip() + " [...]"
    return value


def decision_of(entry: Entry, gate: Gate) -> dict[str, JSON]:
    """What a DECIDED entry says of one gate: `outcome`, and the keys that `decided_body` keeps.

    Raises:
        LedgerError: the entry does not decide the four gates.
    """
    try:
        raw = verify.read_entry(canonical(entry).decode("utf-8"))
        own = verify.decisions_of(raw)[gate.value]
    except verify.NotVerified as failure:
        raise LedgerError(str(failure)) from None
    return {key: entry.body.get(key) for key in _COMMON} | own
