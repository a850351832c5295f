# SPDX-License-Identifier: Apache-2.0
"""Makes the registry public: a statement of the master log for each link, and copies of its files.

`public/registry/NNNN.note` and `public/programs/NAME/` are what `registry verify --files public` reads. A
statement binds each link by its digest, so that nobody can later show another history of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sluicegate.errors import LedgerError
from sluicegate.ledger.statement import StatementKind
from sluicegate.store.journal import Store
from sluicegate.store.master import MasterLog
from sluicegate.store.programs import read_folder
from sluicegate.store.publish import read_file
from sluicegate.store.registering import registered_statement
from sluicegate.store.registry import FOLDER, Register, file_name

PROGRAMS = "programs"


@dataclass(frozen=True, slots=True)
class PublicRegistry:
    """Publishes the registry of a home.

    Attributes:
        register: the registry, read through its ledger.
        master: the master log that states its links.
        programs: the home's folder of programs.
        folder: the public folder.
        write: how a file is written durably.
    """

    register: Register
    master: MasterLog
    programs: Path
    folder: Path
    write: Callable[[Path, bytes], None]

    def state(self, store: Store, now: datetime) -> int:
        """State every link that is not stated yet, in one commit; how many there were.

        Raises:
            ProgramError: the registry does not hold; then nothing is stated.
            LedgerError: what was stated is not what is registered: one of the two was changed.
        """
        links = self.register.chain().links
        said = [one.statement.parts["change"] for one in self.master.about(StatementKind.REGISTERED)]
        if said != [link.digest for link in links[: len(said)]]:
            raise LedgerError(
                "The master log states another history of the rules than is registered.",
                advice="Leave both as they are and find out which was changed: sluicegate registry verify",
            )
        fresh = [registered_statement(link, now) for link in links[len(said) :]]
        # If we crash before this has landed, the next run states them. If it landed, it finds them stated.
        with store.session() as session:
            self.master.state(session, fresh)
        return len(fresh)

    def lay_out(self) -> int:
        """Copy every link and the files that the first one binds; how many files were written.

        A file that is public already never changes: LedgerError where it would. If we crash between two
        files, the statement names links that are not there yet, and the next run writes them.
        """
        chain = self.register.chain()
        wanted: dict[Path, bytes] = {}
        for name in {chain.links[0].statement.program, chain.links[0].statement.scenario} - {""}:
            wanted |= _under(self.folder / PROGRAMS / name, read_folder(self.programs / name))
        links = {
            file_name(n): (self.register.folder / file_name(n)).read_bytes() for n in range(len(chain.links))
        }
        wanted |= _under(self.folder / FOLDER, links)
        return sum(self._put(path, data) for path, data in sorted(wanted.items()))

    def _put(self, path: Path, data: bytes) -> bool:
        held = read_file(path)
        if held == data:
            return False
        if held is not None:
            raise LedgerError(
                f"{path.relative_to(self.folder)} is public already, with other bytes than are registered.",
                advice="Leave both as they are and find out which was changed: sluicegate registry verify",
            )
        self.write(path, data)
        return True


def _under(folder: Path, files: Mapping[str, bytes]) -> dict[Path, bytes]:
    return {folder / name: data for name, data in files.items()}
