# SPDX-License-Identifier: Apache-2.0
"""The keys of a side by its public history: begun by, or at least naming, the key that the reader trusts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sluicegate.audit.findings import Result
from sluicegate.audit.material import Material, held
from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import keyring
from sluicegate.ledger.keyring import Keyring
from sluicegate.ledger.statement import Statement

HISTORY = "keys/history.json"


def with_history(material: Material, result: Result) -> tuple[Material, Keyring | None]:
    """The material with every key that its history allows; no ring where it has no history."""
    data = material.read(HISTORY)
    if data is None:
        return material, None
    try:
        ring = keyring.verify(keyring.decode(data))
        if material.key not in [one.key for one in ring.periods]:
            raise VerifyError("key history: the given key is not in it")
    except LedgerError as error:
        result.find("key", HISTORY, held(error))
        return material, None
    result.count("keys", len(ring.periods))
    return replace(material, more=tuple(one.key for one in ring.periods)), ring


def check_stated(
    material: Material,
    note: bytes,
    ring: Keyring | None,
    about: Sequence[tuple[int, Statement]],
    said: Sequence[tuple[int, Statement]],
    result: Result,
) -> None:
    """The history is what the master log states, and whoever signed the newest summary was in force."""
    own = [one for _, one in about if one.subject == material.key.name]
    data = material.read(HISTORY)
    if data is None:
        if own:
            result.find("key", HISTORY, f"it is missing; {len(own)} statement(s) tell of keys")
        return
    if ring is None:
        return
    if list(keyring.decode(data)) != own:
        result.find("key", HISTORY, "it is not what the master log states of keys")
    newest = max((one.at for _, one in said), default="")
    signed = [one for one in ring.periods if material.signed_by(note, one.key)]
    if signed and not any(one.until is None or newest < one.until for one in signed):
        result.find("key", "checkpoint", f"it is signed by a key that had ended by {newest}")
