# SPDX-License-Identifier: Apache-2.0
"""Named queries, one heading each in `queries.sql`, and engines with the pragmas that durability needs."""

from __future__ import annotations

import sqlite3
from functools import cache
from importlib.resources import files
from pathlib import Path

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


def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"  # writers queue up instead of failing half-way
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA synchronous=FULL")  # a commit survives loss of power, not just of the process
    connection.execute("PRAGMA foreign_keys=ON")


def open_database(path: Path, schema: str) -> sa.Engine:
    """An engine over one SQLite file in WAL mode, created with `schema` (a file of this package) if new.

    Raises StoreError when the file cannot be opened or written.
    """
    try:
        with sqlite3.connect(path) as first:
            # The engine for durable steps opens in rollback-journal mode unless the file already says WAL.
            mode = first.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            if str(mode).lower() != "wal":
                raise StoreError(f"{path.name} cannot use write-ahead logging; is it on a network share?")
            first.executescript(files("sluicegate.store").joinpath(schema).read_text("utf-8"))
        first.close()
    except sqlite3.OperationalError as error:
        raise SettingsError(
            f"The database {path} cannot be opened: {error}.",
            advice=f"Check that the folder {path.parent} exists and that you may write to it.",
        ) from error
    path.chmod(0o600)
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.QueuePool, pool_size=8, max_overflow=24)
    sa.event.listen(engine, "connect", _pragmas)
    return engine
