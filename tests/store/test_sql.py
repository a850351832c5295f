# SPDX-License-Identifier: Apache-2.0
"""Databases open with what durability and the durable engine need."""

from __future__ import annotations

from pathlib import Path

from sluicegate.store.sql import open_database


def test_the_durable_engine_can_ask_for_milliseconds_under_any_sqlite(tmp_path: Path) -> None:
    """`unixepoch('subsec')` is a time under every SQLite, also one that does not know the modifier."""
    engine = open_database(tmp_path / "story.db", "schema.sql")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE t (at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000), n)"
        )
        connection.exec_driver_sql("INSERT INTO t (n) VALUES (1)")
        written = connection.exec_driver_sql("SELECT at FROM t").scalar_one()
    engine.dispose()
    assert written > 1_700_000_000_000
