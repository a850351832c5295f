# SPDX-License-Identifier: Apache-2.0
"""A power cut at every write of a publication: lost, torn, landed, or on a full disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from publish_world import KEY, NOON, House, scratch
from sqlalchemy.orm import Session

from sluicegate.errors import SluicegateError, StoreError
from sluicegate.store.public import check_public
from sluicegate.store.publish import write_durably
from sluicegate.store.writes import APPEND, PUBLISH, Write

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "ledger.md"


class PowerCutError(Exception):
    """The power went."""


def kind_of(path: str) -> str:
    """The write of the documented list that a public file belongs to."""
    if path.endswith("checkpoint"):
        return "master checkpoint" if path == "checkpoint" else "log checkpoint"
    return "bundle" if "/entries/" in path else "tile"


class Cut:
    """Cuts the power at one write of a publication, and notes which writes there were."""

    def __init__(self, house: House, at: int, how: str) -> None:
        self.house, self.at, self.how, self.seen = house, at, how, list[str]()
        self.publisher = replace(house.publisher, session=self._session, write=self._write)

    def _now(self, name: str) -> bool:
        self.seen.append(name)
        return len(self.seen) - 1 == self.at

    def _write(self, path: Path, data: bytes) -> None:
        now = self._now(kind_of(path.relative_to(self.house.public).as_posix()))
        if now and self.how == "torn":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f".{path.name}.new").write_bytes(data[: len(data) // 2])
        if now and self.how == "full":
            raise StoreError("no space left on device")
        if now and self.how != "landed":
            raise PowerCutError
        write_durably(path, data)
        if now:
            raise PowerCutError

    @contextmanager
    def _session(self) -> Iterator[Session]:
        now = self._now("statements")
        with Session(self.house.engine) as session:
            yield session
            if now and self.how != "landed":
                raise PowerCutError
            session.commit()
        if now:
            raise PowerCutError


@pytest.mark.slow
@pytest.mark.parametrize("how", ["lost", "torn", "full", "landed"])
def test_after_a_crash_at_any_write_of_a_publication_the_next_run_completes_it(how: str) -> None:
    """Cut the power at any write: every checkpoint then public is whole, and one more run ends as if nothing
    had happened, byte for byte."""
    with scratch() as folder:
        house = House(folder)
        house.add("US-CA-075", 250)
        house.add("US-NY-061/withheld", 2)
        house.publisher.publish(NOON, everything=True)
        house.add("US-CA-075", 20)
        house.add("US-CA-075/withheld", 1)
        kept = folder / "kept"
        house.engine.dispose()
        shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("kept"))
        whole = Cut(house, -1, how)
        whole.publisher.publish(NOON, everything=True)
        undisturbed, count = house.files(), len(whole.seen)
        assert set(whole.seen) == {one.name for one in PUBLISH}
        assert whole.seen[0] == "statements"
        assert whole.seen[-1] == "master checkpoint"
        house.engine.dispose()
        for at in range(count):
            again = folder / f"run{at}"
            shutil.copytree(kept, again)
            house = House(again)
            with suppress(PowerCutError, SluicegateError):
                Cut(house, at, how).publisher.publish(NOON, everything=True)
                pytest.fail("the power was never cut")
            check_public(house.public, KEY.public)  # what is shown is whole, whatever is missing
            house.log.check()
            house.publisher.publish(NOON, everything=True)
            assert house.files() == undisturbed
            assert check_public(house.public, KEY.public).ahead == ()
            house.log.check()
            house.engine.dispose()


def table(writes: tuple[Write, ...]) -> str:
    """The list of writes as the page shows it."""
    rows = [f"| {one.name} | {one.what} | {one.lost} | {one.landed} |" for one in writes]
    return "\n".join(
        ["| write | what | crash before it landed | crash after it landed |", "|---|---|---|---|", *rows]
    )


@pytest.mark.parametrize("writes", [APPEND, PUBLISH], ids=["append", "publish"])
def test_the_page_tells_of_every_write_what_the_code_says(writes: tuple[Write, ...]) -> None:
    """The table of crashes in the reference is that of the code, word for word."""
    assert table(writes) in PAGE.read_text("utf-8")
