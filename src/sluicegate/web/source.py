# SPDX-License-Identifier: Apache-2.0
"""All that public pages know: a folder of public files, and the keys that they are signed with.

Whoever has a copy of the folder can serve the same pages. Nothing of it is believed unread: the rules are
derived again from their signed links, and a tile counts only under a signed checkpoint.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from sluicegate.audit.folder import of_folder
from sluicegate.audit.material import Material
from sluicegate.errors import ProgramError
from sluicegate.ledger.verify import VerifierKey
from sluicegate.policy.program import Program
from sluicegate.store.registry import FOLDER, Chain, derive, read_chain

PROGRAMS = "programs"


@dataclass(frozen=True, slots=True)
class Rules:
    """The registry as published: its links, and the program after the newest of them."""

    chain: Chain
    program: Program


class PublicSource:
    """The public folders of the bureau and of the partner; the partner's may be missing."""

    def __init__(
        self, folder: Path, key: VerifierKey, partner: tuple[Path, VerifierKey] | None = None
    ) -> None:
        self.folder = folder
        self.key = key
        self.bureau = of_folder("bureau", key, folder)
        self.partner: Material | None = of_folder("partner", partner[1], partner[0]) if partner else None
        self._lock = threading.Lock()
        self._rules: tuple[object, Rules] | None = None

    def rules(self) -> Rules:
        """The rules as published. Read again when a link is added.

        Raises:
            ProgramError: there are none, or they are not what their signed links say.
        """
        with self._lock:
            mark = self._mark()
            if self._rules is None or self._rules[0] != mark:
                self._rules = mark, self._read()
            return self._rules[1]

    def _mark(self) -> object:
        folder = self.folder / FOLDER
        return sorted((one.name, one.stat().st_mtime_ns) for one in folder.glob("*.note"))

    def _read(self) -> Rules:
        chain = read_chain(self.folder / FOLDER)
        if not chain.links:
            raise ProgramError(
                "No rules are published here.", advice="Run: sluicegate ledger publish --home HOME"
            )
        first = chain.links[0].statement
        files, scenario = (self._files(name) for name in (first.program, first.scenario))
        return Rules(chain, derive(chain, files, scenario))

    def _files(self, name: str) -> dict[str, bytes]:
        base = f"{PROGRAMS}/{name}/"
        held = ((one, self.bureau.read(one)) for one in self.bureau.names(base.rstrip("/")) if name)
        return {one.removeprefix(base): data for one, data in held if data is not None}
