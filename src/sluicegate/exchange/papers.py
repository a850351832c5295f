# SPDX-License-Identifier: Apache-2.0
"""Receipts and decision proofs, made from the ledger's own entry of the decision."""

from __future__ import annotations

from collections.abc import Mapping

from sluicegate.ledger import checkpoint
from sluicegate.ledger import proof as proofs
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger.note import LogSigner
from sluicegate.policy.decision import Decision, sentence
from sluicegate.store.entries import EntryLog, Proven
from sluicegate.terms import Gate


def log_key(key: LogSigner, log: str) -> LogSigner:
    """The key under a log's own name: each log is a tree of its own and signs as such."""
    return key.under(log)


def words(decisions: Mapping[Gate, Decision]) -> dict[Gate, str]:
    """One sentence per gate."""
    return {gate: sentence(decision) for gate, decision in decisions.items()}


def _signed(proven: Proven, key: LogSigner) -> str:
    own = log_key(key, proven.log)
    return checkpoint.sign(own.name, proven.size, proven.root, own)


def receipt(log: EntryLog, key: LogSigner, case_id: str, said: Mapping[Gate, str]) -> str:
    """The receipt of a case whose decision is in the ledger. Raises Missing where it is not."""
    proven = log.decided(case_id)
    placed = receipts.Placed(proven.entry, proven.salt, proven.path, _signed(proven, key))
    return receipts.compose(placed, said, log_key(key, proven.log))


def proof(proven: Proven, key: LogSigner) -> str:
    """What travels with a copy, so that the partner's door can see that it was allowed."""
    return proofs.encode(proofs.DecisionProof(proven.entry, proven.salt, proven.path, _signed(proven, key)))
