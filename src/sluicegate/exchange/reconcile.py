# SPDX-License-Identifier: Apache-2.0
"""Both sides counted: what the bureau says it sent against what the partner says it took. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sluicegate.facts import FactKind


@dataclass(frozen=True, slots=True)
class Said:
    """One fact of a ledger, as far as counting needs it."""

    kind: str
    case: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Balance:
    """The counts of both sides and every difference in words; no difference means they reconcile."""

    received: int
    refused: int
    shared: int
    withheld: int
    pending: int
    taken: int
    deleted: int
    waiting: int
    turned_away: int
    differences: tuple[str, ...]


def balance(bureau: Iterable[Said], partner: Iterable[Said], copies_underway: int) -> Balance:
    """Count and compare. `copies_underway` are copies in the outbox that were not handed over yet."""
    ours, theirs = list(bureau), list(partner)
    cases = {one.case for one in ours if one.kind == FactKind.RECEIVED}
    refused = {one.case for one in ours if one.kind == FactKind.REFUSED}
    shared = {one.case for one in ours if one.kind == FactKind.SHARED}
    withheld = {one.case for one in ours if one.kind == FactKind.WITHHELD}
    taken = [one for one in theirs if one.kind == FactKind.COPY_TAKEN]
    deleted = [one for one in theirs if one.kind == FactKind.COPY_DELETED]
    away = sum(1 for one in theirs if one.kind == FactKind.COPY_TURNED_AWAY)
    pending = cases - refused - shared - withheld
    found = [
        *(f"Case {one} was both shared and withheld." for one in sorted(shared & withheld)),
        *(f"Case {one} was refused and yet shared." for one in sorted(refused & shared)),
    ]
    if len(shared) != len(taken) + away + copies_underway:
        found.append(
            f"The bureau shared {len(shared)}; the partner took {len(taken)}, turned {away} away, "
            f"and {copies_underway} are under way."
        )
    digests = [str(one.body.get("digest")) for one in taken]
    if len(set(digests)) != len(digests):
        found.append("The partner took a transaction twice.")
    return Balance(
        received=len(cases),
        refused=len(refused),
        shared=len(shared),
        withheld=len(withheld),
        pending=len(pending),
        taken=len(taken),
        deleted=len(deleted),
        waiting=len(taken) - len(deleted),
        turned_away=away,
        differences=tuple(found),
    )
