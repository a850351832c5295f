# SPDX-License-Identifier: Apache-2.0
"""States something in the bureau's master log. What is stated is public for ever."""

from __future__ import annotations

from collections.abc import Mapping

from sluicegate.cli.calls import Call
from sluicegate.cli.publishing import PUBLIC
from sluicegate.ledger.verify import JSON
from sluicegate.store import stating
from sluicegate.store.master import MasterLog


def state(call: Call, said: Mapping[str, JSON], under: str, files: Mapping[str, bytes]) -> int:
    """Append one statement and publish what it is about, as `store.stating.state`; its number.

    Raises:
        UsageError: other files are public there already; what is public never changes.
        LedgerError, StoreError.
    """
    with call.opened("bureau") as office:
        master = MasterLog(office.engine)
        return stating.state(office.store, master, call.home / PUBLIC, under, said, files)
