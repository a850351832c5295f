# SPDX-License-Identifier: Apache-2.0
"""Reads the program's files and notices when they change. Broken data is doubt: then there is no program."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from sluicegate.errors import ProgramError, SettingsError
from sluicegate.policy.program import Program, overlay

log = logging.getLogger("sluicegate.programs")

SUFFIXES = (".toml", ".csv", ".md")
REMEMBERED = 16  # programs by root: bookings between door and decision may need an earlier one


def shipped(name: str) -> dict[str, bytes]:
    """The files of a program that ships with this package. Raises SettingsError where there is none."""
    folder = files("sluicegate").joinpath("programs", name)
    if not folder.is_dir():
        raise SettingsError(f"There is no program `{name}` in this package.")
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name.endswith(SUFFIXES)}


def _read(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise ProgramError(
            f"the folder {folder} does not exist", advice="Run `sluicegate init`, or correct `program`."
        )
    return {one.name: one.read_bytes() for one in sorted(folder.iterdir()) if one.suffix in SUFFIXES}


class ProgramSource:
    """The program in force: `current()` reads again when a file has changed, whole or not at all."""

    def __init__(self, folder: Path, scenario: Path | None) -> None:
        self._folder = folder
        self._scenario = scenario
        self._lock = threading.Lock()
        self._seen: object = None
        self._program: Program | None = None
        self._error: ProgramError | None = None
        self._earlier: dict[str, Program] = {}

    def _mark(self) -> object:
        folders = [self._folder, *([self._scenario] if self._scenario else [])]
        return tuple(
            (str(one), one.stat().st_mtime_ns, one.stat().st_size)
            for folder in folders
            if folder.is_dir()
            for one in sorted(folder.iterdir())
            if one.suffix in SUFFIXES
        )

    def load(self) -> Program:
        """The program as it lies on disk. Raises ProgramError naming file and row."""
        extra: Mapping[str, bytes] = _read(self._scenario) if self._scenario else {}
        return overlay(_read(self._folder), extra)

    def current(self) -> Program | None:
        """The program, or None where its data is broken: then every gate stays closed."""
        with self._lock:
            try:
                mark = self._mark()
                if self._program is None or mark != self._seen:
                    self._program = self.load()
                    self._seen = mark
                    self._error = None
                    self._remember(self._program)
            except (ProgramError, OSError) as error:
                if self._error is None:
                    log.error("program-broken all-gates-closed kind=%s", type(error).__name__)
                self._program = None
                self._error = error if isinstance(error, ProgramError) else ProgramError("cannot be read")
            return self._program

    def _remember(self, program: Program) -> None:
        self._earlier.pop(program.root, None)
        self._earlier[program.root] = program
        if len(self._earlier) > REMEMBERED:
            self._earlier.pop(next(iter(self._earlier)))

    def of(self, root: str) -> Program | None:
        """The program of this policy root: the one in force, or one that was while this process ran.

        None where it is not at hand any more: then nobody can say what its rules would have opened.
        """
        self.current()
        with self._lock:
            return self._earlier.get(root)

    def root(self) -> str:
        """The policy root now, or the empty string where the data is broken."""
        program = self.current()
        return program.root if program else ""

    @property
    def error(self) -> ProgramError | None:
        """Why there is no program now."""
        return self._error
