# SPDX-License-Identifier: Apache-2.0
"""The power goes at every write of the registry, before it landed and after: one program is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from registry_world import Hall, closing
from scenes import scratch
from sluicegate.store.journal import Store
from sluicegate.store.preview import id_of
from sluicegate.store.registering import WRITES, Registry
from sluicegate.testing.registrars import FIRST, SECOND
from sluicegate.testing.world import CrashError

pytestmark = pytest.mark.slow


class Power:
    """Goes at the write that is asked for, counted from 0; counts every write on the way."""

    def __init__(self, at: int, *, landed: bool) -> None:
        self.at, self.landed = at, landed
        self.seen: list[str] = []

    def around(self, name: str, work: Callable[[], None]) -> None:
        """One write."""
        number = len(self.seen)
        self.seen.append(name)
        if number == self.at and not self.landed:
            raise CrashError
        work()
        if number == self.at:
            raise CrashError


def plug(registry: Registry, power: Power) -> None:
    """Let every write of the registry go through the power switch."""
    store, write = registry.register.store, registry._write
    session = Store.session.__get__(store)

    def files(path: Path, data: bytes) -> None:
        name = "proposal" if path.parent.name == "proposals" else "link"
        power.around(name, lambda: write(path, data))

    @contextmanager
    def commits() -> Iterator[Session]:
        number, landed = len(power.seen), power.landed
        power.seen.append("commit")
        with session() as opened:
            yield opened
            if number == power.at and not landed:
                raise CrashError
        if number == power.at:
            raise CrashError

    registry._write = files  # type: ignore[method-assign]
    store.session = commits  # type: ignore[method-assign]


def act(hall: Hall, power: Power) -> None:
    """Propose and approve one change, each as a process of its own."""
    hall.open()
    seen = hall.registry.draft(closing(), "a test", (), "first")
    plug(hall.registry, power)
    name = hall.registry.propose(seen, FIRST)
    plain = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        power.around("removal", lambda: plain(path, missing_ok=missing_ok))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        hall.registry.approve(name, SECOND)


def test_the_table_of_writes_is_what_is_written() -> None:
    """Proposing and approving makes exactly the writes of the table, in its order."""
    with scratch() as folder:
        hall = Hall(folder / "home")
        hall.people()
        power = Power(-1, landed=False)
        act(hall, power)
        assert power.seen == list(WRITES)
        hall.close()


@pytest.mark.parametrize("landed", [False, True], ids=["lost", "landed"])
@pytest.mark.parametrize("at", range(len(WRITES)), ids=list(WRITES))
def test_after_a_crash_the_old_rules_or_the_new_are_in_force_and_going_on_ends_the_same(
    at: int, landed: bool
) -> None:
    """Whichever write is cut, a fresh process finds one program in force, and the same two people go on."""
    with scratch() as folder:
        hall = Hall(folder / "home")
        hall.people()
        with pytest.raises(CrashError):
            act(hall, Power(at, landed=landed))
        program = hall.current()
        assert program is not None, hall.trouble()
        name = list(WRITES)[at]
        counted = name == "removal" or (name == "commit" and landed)
        assert ("X800" in program.rules) == counted
        waiting = [file.statement.number for file, _ in hall.registry.proposals()]
        assert waiting == ([] if counted or (name == "proposal" and not landed) else [3])
        if not counted:
            names = [id_of(file) for file, _ in hall.registry.proposals()]
            hall.registry.approve(names[0] if names else hall.propose(closing()), SECOND)
        final = hall.current()
        assert final is not None
        assert "X800" in final.rules
        assert len(hall.registry.chain().links) == 4
        assert hall.registry.proposals() == []
        assert hall.registry.register.beyond() == ()
        hall.office.store.log.check()
        hall.close()
