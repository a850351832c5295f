# SPDX-License-Identifier: Apache-2.0
"""Named queries, one heading each in `queries.sql`, and engines with the pragmas that durability needs."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from sluicegate.errors import SettingsError, StoreError


@cache
def queries() -> dict[str, sa.TextClause]:
    """All named queries of the package."""
    text = files("sluicegate.store").joinpath("queries.sql").read_text("utf-8")
    named = {}
    for block in text.split("-- name: ")[1:]:
        name, _, body = block.partition("\n")
        named[name.strip()] = sa.text(body.strip().rstrip(";"))
    return named


_WRITES = ("INSERT", "UPDATE", "DELETE")
_TURN = "turn"
_TURN_S = 30.0


class _Turns:
    """Lets the writers of this process take turns, from a commit's first write until it is on the disk.

    SQLite makes a second writer sleep, longer each time, and looks again only then; a lock wakes it at once.
    Other processes still wait as SQLite has them wait, and so does a writer whose turn does not come.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._lock = threading.Lock()
        sa.event.listen(engine, "before_cursor_execute", self._before)
        sa.event.listen(engine, "checkin", self._after)

    def _before(self, connection: sa.Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.lstrip()[:6].upper().startswith(_WRITES) or _TURN in connection.info:
            return
        if self._lock.acquire(timeout=_TURN_S):
            connection.info[_TURN] = True

    def _after(self, _connection: object, record: sa.PoolProxiedConnection) -> None:
        """The connection goes back to the pool: its commit or its rollback is done."""
        if record.info.pop(_TURN, False):
            self._lock.release()


def _pragmas(synchronous: str) -> Callable[[sqlite3.Connection, object], None]:
    def apply(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"  # writers queue up instead of failing half-way
        connection.execute("PRAGMA busy_timeout=30000")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
        if sqlite3.sqlite_version_info < _KNOWS_SUBSEC:
            connection.create_function("unixepoch", 1, _unixepoch)

    return apply


_KNOWS_SUBSEC = (3, 42, 0)


def _unixepoch(moment: str) -> float | None:
    """`unixepoch('subsec')` for an SQLite that does not know the modifier and answers NULL.

    The durable engine takes Python 3.12 as a sign of a newer SQLite; Debian 12 has 3.40 under any Python, and
    a time of NULL would stop the launch.
    """
    return time.time() if moment == "subsec" else None


def scrub(engine: sa.Engine, *, whole: bool = True) -> None:
    """Leave nothing on freed pages or in the write-ahead log: write the whole file anew, empty the log.

    With `whole` false only the log is emptied. Takes about a second for each 100 MB; readers go on, writers
    wait. Raises StoreError where it could not.
    """
    path = str(engine.url.database)
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as alone:
            alone.execute("PRAGMA secure_delete=ON")
            alone.execute("PRAGMA synchronous=FULL")
            if whole:
                alone.execute("VACUUM")
            busy = alone.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise StoreError(
            "The database could not be written anew.", advice="Free space and run it again."
        ) from error
    if busy:
        raise StoreError("Somebody was reading the database all the while.", advice="Run it again.")


def open_database(path: Path, schema: str, *, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> sa.Engine:
    """An engine over one SQLite file in WAL mode, created with `schema` (a file of this package) if new.

    With FULL a commit survives loss of power, not just of the process. With NORMAL the last commits may be
    lost then, never the file: only for what can be derived again.

    Raises StoreError when the file cannot be opened or written.
    """
    try:
        with closing(sqlite3.connect(path)) as first:
            # The engine for durable steps opens in rollback-journal mode unless the file already says WAL.
            mode = first.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            if str(mode).lower() != "wal":
                raise StoreError(f"{path.name} cannot use write-ahead logging; is it on a network share?")
            first.executescript(files("sluicegate.store").joinpath(schema).read_text("utf-8"))
    except sqlite3.OperationalError as error:
        raise SettingsError(
            f"The database {path} cannot be opened: {error}.",
            advice=f"Check that the folder {path.parent} exists and that you may write to it.",
        ) from error
    path.chmod(0o600)
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.QueuePool, pool_size=8, max_overflow=24)
    sa.event.listen(engine, "connect", _pragmas(synchronous))
    _Turns(engine)
    return engine
