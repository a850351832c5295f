# SPDX-License-Identifier: Apache-2.0
"""Runs every check over public material, and never stops at a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sluicegate.audit.days import check_days, check_sides
from sluicegate.audit.entries import Row, check_entries
from sluicegate.audit.figures import check_figures
from sluicegate.audit.findings import Check, Finding, Result
from sluicegate.audit.logs import Side, check_logs
from sluicegate.audit.material import Material, Tick, silent
from sluicegate.audit.receipts import Held, check_receipts
from sluicegate.audit.registry import check_registry
from sluicegate.audit.witnesses import check_witnesses
from sluicegate.ledger.verify import Policy
from sluicegate.store import sides

Begin = Callable[[str], Tick]
"""Told the name of each part of the work; gives what is told of its progress."""


@dataclass(frozen=True, slots=True)
class Given:
    """What there is to audit. Everything but the bureau's public material may be left out.

    Attributes:
        policy: witnesses to trust.
        seen: signed checkpoints from elsewhere, by where they were seen.
        receipts: receipts by the name of their file.
        rows: every row of the bureau's ledger, with oversight access.
        broken: what was found deriving the roles' own databases, in sentences.
    """

    bureau: Material
    partner: Material | None = None
    policy: Policy | None = None
    seen: Mapping[str, bytes] = field(default_factory=dict)
    receipts: Mapping[str, bytes] | None = None
    rows: Iterable[Row] | None = None
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit went through: a result for each check, by side; receipts that hold; the days as read.

    `changed` names decisions that today's rules would make otherwise; that is no fault.
    """

    results: tuple[tuple[str, Result], ...]
    side: Side
    bureau: sides.Side
    partner: sides.Side | None
    receipts: tuple[Held, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """Every finding, with the side on which it was made."""
        return [(side, one) for side, result in self.results for one in result.findings]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def audit(given: Given, begin: Begin = lambda _what: silent) -> Audited:
    """Derive everything again from what is given. Raises StoreError only where files cannot be read."""
    side, trees, spoken = check_logs(given.bureau, begin("reading the bureau's logs"))
    rules, registered = check_registry(side)
    ours, told = check_days(side, begin("reading the bureau's days"))
    results = [trees, spoken, registered, told]
    found = [("bureau", one) for one in results]
    theirs = None
    if given.partner is not None:
        other, *logs = check_logs(given.partner, begin("reading the partner's logs"))
        theirs, taken = check_days(other, begin("reading the partner's days"))
        found += [("partner", one) for one in (*logs, taken)]
        found.append(("both", check_sides(ours, theirs)))
    else:
        found.append(("both", Result(Check.SIDES, skipped="the partner's public folder was not given")))
    found.append(("bureau", check_figures(side)))
    found.append(("bureau", check_witnesses(side, given.policy, given.seen)))
    held: list[Held] = []
    changed: list[str] = []
    if given.receipts is not None:
        tick = begin("checking receipts")
        held, today, result = check_receipts(side, given.receipts, given.policy, ours, theirs, rules, tick)
        found.append(("bureau", result))
        changed += today.changed
    if given.rows is not None:
        tick = begin("checking entries and decisions")
        today, result = check_entries(side, given.rows, given.broken, rules, tick)
        found.append(("bureau", result))
        changed += today.changed
    return Audited(tuple(found), side, ours, theirs, tuple(held), tuple(changed))
