# SPDX-License-Identifier: Apache-2.0
"""A door on a real store, bookings, and every intake on a free port of the loopback."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from edges_world import FIELDS, NOW, World

from sluicegate.ebts.build import booking
from sluicegate.intake.door import Door
from sluicegate.intake.mail import MailIntake
from sluicegate.intake.web import WebIntake, api
from sluicegate.itl.writer import FingerDraft
from sluicegate.store.blobs import BlobStore
from sluicegate.store.entries import EntryLog
from sluicegate.store.journal import Store
from sluicegate.store.sql import open_database
from sluicegate.testing.agency import AgencySimulator, Mailbox

MAX_BYTES = 1_000_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A bureau's store, spool and door, with a clock that stands still."""
    engine = open_database(tmp_path / "story.db", "schema.sql")
    store = Store(engine, BlobStore(tmp_path / "outgoing", bytes(32)), EntryLog(engine))
    spool = BlobStore(tmp_path / "spool", bytes(32))
    yield World(store, spool, Door(store, spool, lambda: NOW, MAX_BYTES))
    engine.dispose()


@pytest.fixture
def book() -> Callable[..., bytes]:
    """Builds a booking; `pixels` chooses what its images hold, `seed` makes it another booking."""

    def make(seed: int = 1, pixels: Callable[[int], bytes] | None = None, size: int = 32) -> bytes:
        noise = pixels or random.Random(seed).randbytes  # noqa: S311
        prints = [FingerDraft(n, 1, (n,), 0, size, 4, 0, noise(size * 4)) for n in range(1, 11)]
        return booking(replace(FIELDS, tcn=f"TEST-2011-{seed:09d}"), prints)

    return make


@pytest.fixture
def agency() -> AgencySimulator:
    """The agency that submits."""
    return AgencySimulator()


@pytest.fixture
def mail(world: World) -> Iterator[MailIntake]:
    """The SMTP intake, listening."""
    intake = MailIntake(world.door, "127.0.0.1", 0, max_bytes=MAX_BYTES, max_parts=4)
    intake.start()
    yield intake
    intake.close()


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """The HTTP intake, listening: its address."""
    app = api(world.door, [world.store], clock=lambda: NOW, secret=bytes(range(32)), max_parts=4)
    intake = WebIntake(app, "127.0.0.1", 0)
    intake.start()
    yield f"http://127.0.0.1:{intake.port}"
    intake.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """The agencies' mailboxes, listening."""
    box = Mailbox().start()
    yield box
    box.close()
