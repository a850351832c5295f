# SPDX-License-Identifier: Apache-2.0
"""Brings the tables of a home that an earlier version made into their present shape, in one commit.

Earlier versions kept no commitment beside an entry, could not erase, and stored leaf hashes as nodes.
"""

from __future__ import annotations

import json

import sqlalchemy as sa

from sluicegate.facts import FactKind
from sluicegate.ledger import entry as entries
from sluicegate.ledger.entry import Entry
from sluicegate.store.sql import queries

_BATCH = 1000
_ENTRY = """CREATE TABLE entry (
  log     TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  at      TEXT NOT NULL,
  kind    TEXT NOT NULL,
  case_id TEXT,
  leaf    BLOB NOT NULL,
  body    TEXT,
  salt    BLOB,
  PRIMARY KEY (log, seq),
  CHECK ((body IS NULL) = (salt IS NULL))
) WITHOUT ROWID"""


def upgrade(engine: sa.Engine) -> None:
    """Bring an older home up to date; nothing happens to one of today.

    If we crash anywhere in it, nothing of it happened: the next start does it again.
    Raises LedgerError where an entry of the older home cannot be read.
    """
    with engine.connect() as connection:
        if "leaf" in _columns(connection, "entry"):
            return
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # one of two processes does it, the other waits
        if "leaf" not in _columns(connection, "entry"):
            _rebuild(connection)
        connection.commit()


def _columns(connection: sa.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}


def _rebuild(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE frontier ADD COLUMN newest TEXT NOT NULL DEFAULT ''")
    connection.exec_driver_sql(
        "UPDATE frontier SET newest = (SELECT MAX(at) FROM entry WHERE entry.log = frontier.log)"
    )
    connection.exec_driver_sql("ALTER TABLE entry RENAME TO entry_before")
    connection.exec_driver_sql(_ENTRY)
    found = connection.exec_driver_sql("SELECT * FROM entry_before ORDER BY log, seq").mappings()
    for rows in found.partitions(_BATCH):
        connection.execute(queries()["insert_entry"], [_filled(dict(row)) for row in rows])
    connection.exec_driver_sql("DROP TABLE entry_before")  # its indices go with it
    connection.exec_driver_sql("CREATE INDEX entry_of_case ON entry (case_id) WHERE case_id IS NOT NULL")
    connection.exec_driver_sql("DELETE FROM node WHERE level = 0")


def _filled(row: dict[str, object]) -> dict[str, object]:
    """The row with its commitment, and with its body in the one spelling that it is committed to."""
    seq, at, kind = int(str(row["seq"])), str(row["at"]), FactKind(str(row["kind"]))
    said = Entry(seq, at, kind, json.loads(str(row["body"])))
    salt = row["salt"] if isinstance(row["salt"], bytes) else b""
    body = entries.spell_body(kind, said.body)
    return {**row, "leaf": entries.commitment(salt, entries.canonical(said)), "body": body}
