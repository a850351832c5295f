# SPDX-License-Identifier: Apache-2.0
"""A database with logs and a publisher beside it, for the tests of publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session

from sluicegate.exchange.case import Fact
from sluicegate.exchange.papers import log_key
from sluicegate.facts import FactKind
from sluicegate.ledger import keys
from sluicegate.store.blobs import BlobStore
from sluicegate.store.entries import EntryLog
from sluicegate.store.journal import Store
from sluicegate.store.master import MasterLog
from sluicegate.store.publish import Publisher
from sluicegate.store.sql import open_database

KEY = keys.from_seed("a.example/bureau", bytes(32))
NOON = datetime(2010, 11, 15, 20, tzinfo=UTC)  # noon in San Francisco, 15 h in New York
DAY = timedelta(days=1)
ZONES = {"US-CA-075": "America/Los_Angeles", "US-NY-061": "America/New_York"}


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: no test here is about the speed of a disk's flush."""
    memory = Path("/dev/shm")  # noqa: S108
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


class House:
    """A database with logs, and the publisher of a folder beside it."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(folder / "story.db", "schema.sql")
        self.log, self.master = EntryLog(self.engine), MasterLog(self.engine)
        store = Store(self.engine, BlobStore(folder / "outgoing", bytes(32)), self.log)
        self.public = folder / "public"
        self.publisher = Publisher(
            self.log, self.master, store.session, self.public, lambda log: log_key(KEY, log), ZONES.get
        )

    def add(self, log: str, count: int, at: datetime = NOON) -> None:
        """Some entries from one moment."""
        start = self.log.sizes().get(log, 0)
        said = [Fact(FactKind.CLOSED, {"case": f"{log} {start + n}"}) for n in range(count)]
        with Session(self.engine) as session, session.begin():
            self.log.append(session, said, None, at, log)

    def files(self) -> dict[str, bytes]:
        """Every public file by its path."""
        found = (path for path in self.public.rglob("*") if path.is_file())
        return {path.relative_to(self.public).as_posix(): path.read_bytes() for path in found}
