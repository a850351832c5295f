# SPDX-License-Identifier: Apache-2.0
"""States something in the bureau's master log. What is stated is public for ever."""

from __future__ import annotations

from collections.abc import Mapping

from sluicegate.cli.calls import Call
from sluicegate.cli.publishing import PUBLIC
from sluicegate.errors import UsageError
from sluicegate.ledger import canonical
from sluicegate.ledger import statement as statements
from sluicegate.ledger.verify import JSON
from sluicegate.store.master import MasterLog
from sluicegate.store.publish import write_durably


def state(call: Call, said: Mapping[str, JSON], under: str, files: Mapping[str, bytes]) -> int:
    """Append one statement, then put what it is about into the public folder; its number in the master log.

    If we crash between the two, the statement names a manifest that is not public yet: state it again.

    Args:
        call: how the command was called.
        said: the statement in plain values.
        under: where below `public/` the files go, as statistics/2010-11.
        files: they, by name.

    Raises:
        UsageError: other files are public there already; what is public never changes.
        LedgerError, StoreError.
    """
    made = statements.decode(canonical.encode(dict(said)))
    folder = call.home / PUBLIC / under
    held = {one.name: one.read_bytes() for one in folder.iterdir()} if folder.is_dir() else {}
    if any(files.get(name) != data for name, data in held.items()):
        raise UsageError(
            f"Something else is public already as {under}; what is public never changes.",
            advice="Publish it under another name, or leave out --state.",
        )
    with call.opened("bureau") as office:
        master = MasterLog(office.engine)
        with office.store.session() as session:
            number = master.state(session, [made])[0].seq
    for name, data in files.items():
        write_durably(folder / name, data)
    return number
