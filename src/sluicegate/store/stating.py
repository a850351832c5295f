# SPDX-License-Identifier: Apache-2.0
"""States something in the bureau's master log and puts it into the public folder: both stay for ever."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sluicegate.errors import UsageError
from sluicegate.ledger import canonical
from sluicegate.ledger import statement as statements
from sluicegate.ledger.verify import JSON
from sluicegate.store.journal import Store
from sluicegate.store.master import MasterLog
from sluicegate.store.publish import write_durably


def refuse_other(public: Path, under: str, files: Mapping[str, bytes]) -> None:
    """Raises UsageError where other files are public already under that name."""
    folder = public / under
    held = {one.name: one.read_bytes() for one in folder.iterdir()} if folder.is_dir() else {}
    if any(files.get(name) != data for name, data in held.items()):
        raise UsageError(
            f"Something else is public already as {under}; what is public never changes.",
            advice="Publish it under another name.",
        )


def state(
    store: Store,
    master: MasterLog,
    public: Path,
    under: str,
    said: Mapping[str, JSON],
    files: Mapping[str, bytes],
) -> int:
    """Append one statement, then put what it is about into the public folder; its number in the master log.

    If we crash between the two, the statement names a manifest that is not public yet: state it again.

    Args:
        store: the bureau's.
        master: its master log.
        public: the public folder of the home.
        under: where below it the files go, as statistics/2010-11.
        said: the statement in plain values.
        files: they, by name.

    Raises:
        UsageError: other files are public there already; what is public never changes.
        LedgerError, StoreError.
    """
    made = statements.decode(canonical.encode(dict(said)))
    refuse_other(public, under, files)
    with store.session() as session:
        number = master.state(session, [made])[0].seq
    for name, data in files.items():
        write_durably(public / under / name, data)
    return number
