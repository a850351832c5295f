# SPDX-License-Identifier: Apache-2.0
"""The registry as the public gets it: every link stated and copied, and never another history."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_world import Hall, closing
from scenes import PROGRAM, SCENARIO, scratch
from sluicegate.errors import LedgerError, StoreError
from sluicegate.ledger.statement import StatementKind
from sluicegate.policy.program import Program
from sluicegate.store.master import MasterLog
from sluicegate.store.programs import read_folder
from sluicegate.store.public_registry import PublicRegistry
from sluicegate.store.publish import write_durably
from sluicegate.store.registry import Register, check_history, read_chain

pytestmark = pytest.mark.slow


@pytest.fixture
def hall() -> Iterator[Hall]:
    """A registered home with one approved change."""
    with scratch() as folder:
        made = Hall(folder / "home")
        made.publish(closing())
        yield made
        made.close()


def published(hall: Hall) -> PublicRegistry:
    """What makes that home's registry public."""
    register = Register(hall.folder, hall.office.store)
    master = MasterLog(hall.office.engine)
    return PublicRegistry(register, master, hall.home / "programs", hall.home / "public", write_durably)


def derived(public: Path) -> Program:
    """The program that follows from the public files alone."""
    chain = read_chain(public / "registry")
    files = read_folder(public / "programs" / PROGRAM)
    return check_history(chain, files, read_folder(public / "programs" / SCENARIO))


def test_the_public_files_alone_give_the_program_in_force(hall: Hall) -> None:
    """Whoever has the public folder derives the very root that decisions name, and each link is stated."""
    made = published(hall)
    made.state(hall.office.store, hall.clock())
    made.lay_out()
    current = hall.current()
    assert current is not None
    assert derived(hall.home / "public").root == current.root
    said = made.master.about(StatementKind.REGISTERED)
    assert [one.statement.parts["change"] for one in said] == [
        one.digest for one in hall.registry.chain().links
    ]


def test_publishing_again_says_and_writes_nothing_new(hall: Hall) -> None:
    """A second run finds everything stated and every file in its place."""
    made = published(hall)
    assert made.state(hall.office.store, hall.clock()) == len(hall.registry.chain().links)
    assert made.lay_out() > 0
    assert (made.state(hall.office.store, hall.clock()), made.lay_out()) == (0, 0)


def test_a_disk_that_fills_up_leaves_nothing_that_a_later_run_does_not_mend(hall: Hall) -> None:
    """Whichever file could not be written, the next run writes it and the public root is right."""
    whole = published(hall)
    whole.state(hall.office.store, hall.clock())
    count = whole.lay_out()
    for failing in range(count):
        shutil.rmtree(hall.home / "public")
        left = [failing]

        def write(path: Path, data: bytes, left: list[int] = left) -> None:
            if left[0] == 0:
                raise StoreError
            left[0] -= 1
            write_durably(path, data)

        cut = PublicRegistry(whole.register, whole.master, whole.programs, whole.folder, write)
        with pytest.raises(StoreError):
            cut.lay_out()
        assert whole.lay_out() == count - failing
        derived(hall.home / "public")


def test_what_is_public_is_never_written_over(hall: Hall) -> None:
    """A public file with other bytes than are registered is an alarm, and stays as it is."""
    made = published(hall)
    made.state(hall.office.store, hall.clock())
    made.lay_out()
    touched = hall.home / "public" / "registry" / "0000.note"
    touched.write_bytes(b"another history")
    with pytest.raises(LedgerError, match="public already"):
        made.lay_out()
    assert touched.read_bytes() == b"another history"


def test_another_history_than_was_stated_is_never_stated(hall: Hall) -> None:
    """Once the master log names a link, a registry that holds another one in its place states nothing."""
    made = published(hall)
    made.state(hall.office.store, hall.clock())
    with scratch() as folder:
        other = Hall(folder / "home")
        register = Register(other.folder, other.office.store)
        forked = PublicRegistry(register, made.master, made.programs, made.folder, write_durably)
        other.publish(closing("X801"))
        before = made.master.size()
        with pytest.raises(LedgerError, match="another history"):
            forked.state(hall.office.store, hall.clock())
        other.close()
    assert made.master.size() == before
