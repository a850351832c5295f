# SPDX-License-Identifier: Apache-2.0
"""What a change would do, seen before anybody signs: its effect on the nation, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from sluicegate.errors import UsageError
from sluicegate.policy import proposal, succession, table
from sluicegate.policy.analysis.diff import Difference, diff
from sluicegate.policy.analysis.refuse import objections
from sluicegate.policy.program import Program
from sluicegate.policy.proposal import LinkFile
from sluicegate.policy.table import Problem

EARLIEST_DAY = timedelta(hours=12)
"""How far the last place on earth is behind UTC: rows are held to their own place's day in `succession`."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a person sees before signing: the change as it would be, and everything that it would do."""

    file: LinkFile
    signers: tuple[str, ...]
    effect: Difference
    late: tuple[Problem, ...]

    @property
    def id(self) -> str:
        """Name of the proposal: the beginning of its statement's digest."""
        return id_of(self.file)


NOTHING = Difference((), (), 0, 0)
"""The effect of a link that adds no rows."""


def effect_digest(effect: Difference) -> str:
    """SHA-256 (hex) over an effect: who approves has seen the same as who proposed."""
    rows = [
        [
            one.jurisdiction,
            one.gate.value,
            one.begins,
            one.ends,
            list(astuple(one.before)),
            list(astuple(one.after)),
        ]
        for one in effect.changes
    ]
    moves = [[one.ori, list(one.before), list(one.after)] for one in effect.moves]
    return table.digest([rows, moves, effect.restated])


def id_of(file: LinkFile) -> str:
    """Name of a proposal: ten hexadecimal digits of its statement's digest."""
    return proposal.sha256(proposal.text(file.statement))[:10]


def may_follow(
    before: Program, after: Program, rows: Mapping[str, bytes], now: datetime, *, drill: bool
) -> Difference:
    """What a change does. Raises UsageError where it may not follow, or breaks a promise."""
    wrong = succession.breaches(before, after, rows, now, drill=drill)
    if wrong:
        listed = "; ".join(f"{one.file}, row {one.row}: {one.text}" for one in wrong[:10])
        raise UsageError(
            f"This change may not follow: {listed}.",
            advice="Rows are only added, and are public from the day of registering or later.",
        )
    against = objections(before, after, today=(now - EARLIEST_DAY).date())
    if against:
        listed = "; ".join(
            f"{one.promise} ({one.jurisdiction or 'everywhere'}): {one.why}" for one in against[:10]
        )
        more = f"; and {len(against) - 10} more" if len(against) > 10 else ""
        raise UsageError(
            f"This change would break a promise: {listed}{more}.",
            advice="Nothing was proposed. A change that falsifies a promise is not possible.",
        )
    return diff(before, after)
