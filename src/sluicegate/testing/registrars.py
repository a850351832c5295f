# SPDX-License-Identifier: Apache-2.0
"""Two registrars who are of one mind: they propose and approve a change in one call, by the real registry.

For drills and tests. Their keys follow from seeds that anybody can read, so they vouch for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sluicegate.ledger.keys import FileKey, from_seed
from sluicegate.policy.table import COLUMNS
from sluicegate.store.registering import Registry
from sluicegate.store.registry import Link

FIRST: FileKey = from_seed("first", b"\x01" * 32)
SECOND: FileKey = from_seed("second", b"\x02" * 32)


def rows_of(table: str, lines: Iterable[str]) -> dict[str, bytes]:
    """Lines of CSV below the header of a table."""
    return {table: "".join([",".join(COLUMNS[table]), "\n", *lines]).encode("utf-8")}


class Registrars:
    """The two, entered on the list of a registry unless they are there."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        listed = {one.name for one in registry.chain().registrars}
        for key in (FIRST, SECOND):
            if key.name not in listed:
                registry.enroll(key, key.public, "for a drill")

    def publish(self, rows: Mapping[str, bytes], why: str = "for a drill") -> Link:
        """Propose, approve: the link, which is in force. Raises UsageError where the change may not be."""
        sight = self.registry.draft(rows, why, (), FIRST.name)
        link = self.registry.approve(self.registry.propose(sight, FIRST), SECOND)
        assert link is not None, "the second registrar's signature puts it in force"
        return link
