# SPDX-License-Identifier: Apache-2.0
"""A home and its registry, without an exchange: two registrars, a clock that steps, rows to propose."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scenes import PROGRAM, SCENARIO, row
from sluicegate import app
from sluicegate.ledger import note
from sluicegate.ledger.keys import FileKey, from_seed
from sluicegate.policy import proposal
from sluicegate.policy.program import Program
from sluicegate.policy.proposal import LinkFile
from sluicegate.settings import load
from sluicegate.store.registering import Registry
from sluicegate.store.registry import Chain, Link, read_chain
from sluicegate.testing.registrars import FIRST, Registrars, rows_of
from sluicegate.testing.world import START, SteppingClock

STRANGER = from_seed("stranger", b"\x09" * 32)
TODAY = "2010-11-15"


def closing(number: str = "X800", *, since: str = TODAY, public: str = TODAY) -> dict[str, bytes]:
    """A row that filters the county of San Francisco out, valid and public from today."""
    line = row(number, "US-CA-075", "JURISDICTION_FILTER", since=since, public=public)
    return rows_of("choices.csv", [line])


class Hall:
    """A registered home, opened as the commands open it."""

    def __init__(self, home: Path, *, scenario: str = SCENARIO) -> None:
        self.home = home
        if not home.exists():
            app.lay_out(home, PROGRAM, scenario, at=START)
        self.clock = SteppingClock()
        self.open()

    def open(self) -> None:
        """As a new process would."""
        with suppress(AttributeError):
            self.office.engine.dispose()
        self.office = app.open_office(self.home, "bureau")
        self.registry: Registry = app.open_registry(load(self.home), self.office.store, self.clock)

    @property
    def folder(self) -> Path:
        """Where the links lie."""
        return self.home / "registry"

    def people(self) -> Registrars:
        """The two registrars, entered."""
        return Registrars(self.registry)

    def publish(self, rows: Mapping[str, bytes]) -> Link:
        """Add rows as two registrars do."""
        return self.people().publish(rows)

    def propose(self, rows: Mapping[str, bytes], key: FileKey = FIRST) -> str:
        """Propose rows as one registrar does."""
        self.people()
        return self.registry.propose(self.registry.draft(rows, "a test", (), key.name), key)

    def current(self) -> Program | None:
        """What is in force, asked by a process that was just started."""
        self.open()
        return self.registry.source.current()

    def trouble(self) -> str:
        """Why nothing is in force."""
        error = self.registry.source.error
        return error.message if error else ""

    def chain(self) -> Chain:
        """The chain by its files alone."""
        return read_chain(self.folder)

    def note(self, number: int) -> Path:
        """The file of a link."""
        return self.folder / f"{number:04d}.note"

    def close(self) -> None:
        """Close the database."""
        self.office.engine.dispose()


def copied(hall: Hall, to: Path) -> Hall:
    """A copy that may be spoiled."""
    shutil.copytree(hall.home, to)
    return Hall(to)


def signed(file: LinkFile, *keys: FileKey) -> bytes:
    """A link signed by these keys, whoever they are: what a forger could write."""
    text = proposal.text(file.statement)
    made = proposal.compose(note.sign(text, keys[0]), file.rows)
    for key in keys[1:]:
        line = note.sign(text, key).rpartition("\n\n")[2].strip("\n")
        made = proposal.add_signature(made, line)
    return made
