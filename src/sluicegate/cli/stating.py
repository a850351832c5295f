# SPDX-License-Identifier: Apache-2.0
"""States something in the bureau's master log. What is stated is public for ever."""

from __future__ import annotations

from collections.abc import Mapping

from sluicegate.cli.calls import Call
from sluicegate.ledger import canonical
from sluicegate.ledger import statement as statements
from sluicegate.ledger.verify import JSON
from sluicegate.store.master import MasterLog


def state(call: Call, said: Mapping[str, JSON]) -> int:
    """Append one statement; its number in the master log. Raises LedgerError, StoreError."""
    made = statements.decode(canonical.encode(dict(said)))
    with call.opened("bureau") as office:
        master = MasterLog(office.engine)
        with office.store.session() as session:
            return master.state(session, [made])[0].seq
