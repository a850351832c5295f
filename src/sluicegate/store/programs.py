# SPDX-License-Identifier: Apache-2.0
"""Reads the program in force and notices when its files change. Broken data is doubt: there is no program.

In a home the program is genesis, scenario and approved changes; files that are not as registered are doubt.
"""

from __future__ import annotations

import logging
import threading
from importlib.resources import files
from pathlib import Path

from sluicegate.errors import ProgramError, SettingsError
from sluicegate.policy.program import Program, overlay
from sluicegate.store.registry import Chain, Register, derive

log = logging.getLogger("sluicegate.programs")

SUFFIXES = (".toml", ".csv", ".md")
REMEMBERED = 16  # programs by root: bookings between door and decision may need an earlier one


def shipped(name: str) -> dict[str, bytes]:
    """The files of a program that ships with this package. Raises SettingsError where there is none."""
    folder = files("sluicegate").joinpath("programs", name)
    if not folder.is_dir():
        raise SettingsError(f"There is no program `{name}` in this package.")
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name.endswith(SUFFIXES)}


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of a program or scenario. Raises ProgramError where there is no such folder."""
    if not folder.is_dir():
        raise ProgramError(
            f"the folder {folder} does not exist", advice="Run `sluicegate init`, or correct `program`."
        )
    return {one.name: one.read_bytes() for one in sorted(folder.iterdir()) if one.suffix in SUFFIXES}


class ProgramSource:
    """The program in force: `current()` reads again when a file has changed, whole or not at all.

    With the register of a home only what is registered is in force. Without one it reads a folder that no
    home governs, for tools; an installation always has one.
    """

    def __init__(self, folder: Path, scenario: Path | None, register: Register | None = None) -> None:
        self._folder = folder
        self._scenario = scenario
        self.register = register
        self._lock = threading.Lock()
        self._seen: object = None
        self._program: Program | None = None
        self._error: ProgramError | None = None
        self._earlier: dict[str, Program] = {}

    def _mark(self) -> object:
        folders = [self._folder, *([self._scenario] if self._scenario else [])]
        stats = [
            (str(one), one.stat())
            for folder in folders
            if folder.is_dir()
            for one in sorted(folder.iterdir())
            if one.suffix in SUFFIXES
        ]
        # The time of change, which no program can set, beside the time of writing, which any can.
        files = tuple((name, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size) for name, stat in stats)
        return files, self.register.mark() if self.register else None

    def files(self) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """The files of the program and of its scenario, as they lie. Raises ProgramError."""
        return read_folder(self._folder), read_folder(self._scenario) if self._scenario else {}

    @property
    def names(self) -> tuple[str, str]:
        """Folder names of program and scenario; the latter is empty where there is none."""
        return self._folder.name, self._scenario.name if self._scenario else ""

    def load(self) -> Program:
        """The program in force. Raises ProgramError naming file and row, or what is not as registered."""
        files, scenario = self.files()
        if self.register is None:
            return overlay(files, scenario)
        return derive(self._chain(self.register), files, scenario)

    def _chain(self, register: Register) -> Chain:
        chain = register.chain()
        said = chain.links[0].statement
        if (said.program, said.scenario) != self.names:
            raise ProgramError(
                f"this home was registered for {said.program}"
                + (f" with {said.scenario}" if said.scenario else " without a scenario"),
                advice="Correct `program` and `scenario` in sluicegate.toml.",
            )
        return chain

    def current(self) -> Program | None:
        """The program, or None where its data is broken or not as registered: every gate stays closed."""
        with self._lock:
            mark: object = None
            try:
                mark = self._mark()
                if mark != self._seen:
                    self._program = self.load()
                    self._error = None
                    self._remember(self._program)
            except (ProgramError, OSError) as error:
                self._doubt(error if isinstance(error, ProgramError) else ProgramError("cannot be read"))
                mark = mark if isinstance(error, ProgramError) else None  # a disk may come back unchanged
            self._seen = mark
            return self._program

    def _doubt(self, error: ProgramError) -> None:
        if self._error is None:
            log.error("program-broken all-gates-closed file=%s row=%d", error.file, error.row)
        self._program, self._error = None, error

    def _remember(self, program: Program) -> None:
        self._earlier.pop(program.root, None)
        self._earlier[program.root] = program
        if len(self._earlier) > REMEMBERED:
            self._earlier.pop(next(iter(self._earlier)))

    def of(self, root: str) -> Program | None:
        """The program of this policy root: the one in force, or an earlier one.

        What was in force while this process ran is remembered; what was before is derived again from the
        registry. None where neither gives it: then nobody can say what its rules would have opened.
        """
        self.current()
        with self._lock:
            if root and root not in self._earlier:
                try:
                    self._derive_earlier(root)
                except (ProgramError, OSError):
                    log.warning("earlier-program-not-at-hand")
            return self._earlier.get(root)

    def _derive_earlier(self, root: str) -> None:
        if self.register is None:
            return
        chain = self._chain(self.register)
        after = [number for number, link in enumerate(chain.links, start=1) if link.statement.after == root]
        if after:
            self._remember(derive(chain, *self.files(), after[0]))

    def root(self) -> str:
        """The policy root now, or the empty string where the data is broken."""
        program = self.current()
        return program.root if program else ""

    @property
    def error(self) -> ProgramError | None:
        """Why there is no program now."""
        return self._error
