# SPDX-License-Identifier: Apache-2.0
"""Cosignatures (C2SP tlog-cosignature, Ed25519 v1): making them, gathering them in a note, counting them.

A cosignature is a witness's word that, at its time, the checkpoint was the largest it had seen of the log,
and that it took nothing back. Whether enough witnesses gave their word is what `final` says; it is verified
by the stand-alone verifier, like everything an auditor relies on.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import verify
from sluicegate.ledger.holding import holding
from sluicegate.ledger.verify import COSIGNATURE, MAX_SIGNATURES, NO_QUORUM, NotVerified, Policy, VerifierKey

_LINE = re.compile(r"\u2014 ([^\s+]{1,200}) (\S{1,200})")
_LAST_SECOND = 253_402_300_799  # of the year 9999


class CosignKey(Protocol):
    """Signs as a witness: a key file, or a device. `sign` is as for `note.Signer`."""

    @property
    def name(self) -> str:
        """Name of the witness; by custom a URL without its scheme."""

    @property
    def public(self) -> VerifierKey:
        """Its public key, of any purpose: the 32 bytes are what counts."""

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""


def verifier_key(key: CosignKey) -> VerifierKey:
    """The key as a policy names it: the same 32 bytes, marked for cosignatures, and so of another id."""
    public = key.public.public
    return VerifierKey(key.name, verify.key_id(key.name, public, COSIGNATURE), public, COSIGNATURE)


def cosignature(note: str, key: CosignKey, time: int) -> str:
    """One signature line, with its line feed, over the checkpoint in `note`; `time` in Unix seconds.

    INVARIANT for the caller: what it judged the checkpoint against is on the disk before this line leaves.

    Raises:
        VerifyError: the note is not a signed checkpoint.
        LedgerError: the time is out of range, or the signing device answered with something else.
    """
    if not 0 <= time < 2**63:
        raise LedgerError("the time of a cosignature is out of range")
    with holding():
        text, _ = verify.split_note(note, "checkpoint")
        verify.read_checkpoint(text)
    signature = key.sign(verify.cosigned_message(time, text))
    if len(signature) != 64:
        raise LedgerError("the signing device answered with something else than a signature")
    raw = verifier_key(key).key_id + time.to_bytes(8, "big") + signature
    return _line(key.name, base64.b64encode(raw).decode("ascii"))


def _line(name: str, encoded: str) -> str:
    return f"\u2014 {name} {encoded}\n"


def merge(note: str, received: Iterable[str], policy: Policy) -> str:
    """The note with every received cosignature that a witness of the policy made over it.

    Of each witness the newest is kept. Signatures that were there under other names than those of the
    policy's witnesses stay; what was received from strangers, or does not hold, is passed over.

    Raises:
        VerifyError: the note is none.
    """
    with holding():
        text, signatures = verify.split_note(note, "checkpoint")
    held = [_line(*one) for one in signatures]
    asked = {key.name for key in policy.witnesses.values()}
    own = [line for line, (name, _) in zip(held, signatures, strict=True) if name not in asked]
    newest: dict[str, tuple[int, str]] = {}
    for line in (*held, *received):
        for name, time in times(text, line, policy).items():
            if name not in newest or newest[name][0] < time:
                newest[name] = (time, line)
    added = [newest[name][1] for name in policy.witnesses if name in newest]
    return f"{text}\n" + "".join([*own, *added][:MAX_SIGNATURES])


def times(text: str, line: str, policy: Policy) -> dict[str, int]:
    """Which witness of the policy made one line over the text of a checkpoint, and when; empty for none."""
    if not line.endswith("\n") or _LINE.fullmatch(line[:-1]) is None:
        return {}
    try:
        return verify.cosigners(f"{text}\n{line}", policy)
    except NotVerified:
        return {}


@dataclass(frozen=True, slots=True)
class Finality:
    """Whether enough witnesses stand behind a checkpoint.

    Attributes:
        final: the quorum of the policy is met, and it asks for one witness at least.
        signed: the policy's name of each witness that cosigned, and when (Unix seconds), in its order.
        missing: the witnesses of the policy that did not.
        needed: the quorum in words, such as `2 of: court, paper, university`.
        fewest: how many more witnesses would do at the least; 0 where it is final.
    """

    final: bool
    signed: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    needed: str
    fewest: int

    @property
    def words(self) -> str:
        """The whole of it in a sentence or two."""
        by = ", ".join(f"{name} ({moment(time)})" for name, time in self.signed) or "nobody"
        said = f"cosigned by {by}. Needed: {self.needed}."
        if self.final:
            return f"FINAL: {said}"
        more = f" {self.fewest} more would do." if self.fewest else " So nothing can become final."
        return f"NOT FINAL: {said}{more}"


def final(note: str | bytes, policy: Policy) -> Finality:
    """Whether a checkpoint is final under a policy: signed by its log, and cosigned by enough witnesses.

    A policy of `quorum none` makes nothing final: only the log's own word stands behind such a checkpoint.

    Raises:
        VerifyError: the checkpoint is not signed by a log of the policy, a cosignature that names one
            of its witnesses does not hold, or the policy lists no log, or a log as its own witness.
    """
    if not policy.logs:
        raise VerifyError("policy: it names no log, so nobody's checkpoint can become final")
    if {key.public for key in policy.logs} & {key.public for key in policy.witnesses.values()}:
        raise VerifyError("policy: it names a log as its own witness, which proves nothing")
    alone = Policy(policy.logs, policy.witnesses, {}, NO_QUORUM)
    with holding():
        found = verify.check_cosignatures(
            note, alone
        )  # all but the quorum, which may be unmet and still told
    asked = policy.quorum != NO_QUORUM
    ordered = tuple((name, found[name]) for name in policy.witnesses if name in found)
    missing = tuple(name for name in policy.witnesses if name not in found)
    fewest = _fewest(policy, policy.quorum, set(found)) if asked else 0
    return Finality(asked and policy.met(found), ordered, missing, _needed(policy), fewest)


def _fewest(policy: Policy, name: str, signed: set[str]) -> int:
    """How many more witnesses a witness or a group needs at the least."""
    if name not in policy.groups:
        return 0 if name in signed else 1
    needed, members = policy.groups[name]
    return sum(sorted(_fewest(policy, member, signed) for member in members)[:needed])


def _needed(policy: Policy) -> str:
    if policy.quorum == NO_QUORUM:
        return "no witness is asked, by the policy"
    return _in_words(policy, policy.quorum)


def _in_words(policy: Policy, name: str) -> str:
    if name not in policy.groups:
        return name
    needed, members = policy.groups[name]
    told = [f"({_in_words(policy, one)})" if one in policy.groups else one for one in members]
    return f"{needed} of: {', '.join(told)}"


def moment(time: int) -> str:
    """Unix seconds as people read them, in UTC."""
    if time > _LAST_SECOND:
        return "at no possible time"
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
