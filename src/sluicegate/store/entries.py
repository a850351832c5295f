# SPDX-License-Identifier: Apache-2.0
"""The ledger's tables: entries, tree nodes and frontiers, written in the commit of the step they speak of.

An installation keeps several logs: one for what is not yet placed, one for what the partner answered, and
two for each jurisdiction, of which the second holds the withheld bookings. A checkpoint that the partner sees
then counts only what the partner was given, and one that an agency sees counts no answers.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sluicegate.errors import LedgerError, Missing
from sluicegate.exchange.case import Fact
from sluicegate.facts import FactKind
from sluicegate.ledger import entry as entries
from sluicegate.ledger import merkle
from sluicegate.ledger.entry import Entry
from sluicegate.store.sql import queries

COMMON_LOG = "intake"
"""Where facts go before a booking is placed, and facts that belong to no booking."""

_SALT_BYTES = 32
CLOCK_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry with its salt and a proof that it is in its log."""

    log: str
    entry: Entry
    salt: bytes
    size: int
    root: bytes
    path: tuple[bytes, ...]


class EntryLog:
    """Appends facts and proves them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def append(
        self,
        session: Session,
        facts: Iterable[Fact],
        case_id: str | None,
        at: datetime,
        log: str = COMMON_LOG,
    ) -> None:
        """Append facts to a log in the session's commit. Raises LedgerError; then nothing is committed."""
        listed = list(facts)
        if not listed:
            return
        # The write below takes the lock; reading the frontier first could lose an append that races us.
        session.execute(sa.text("UPDATE frontier SET tree = tree WHERE log = :log"), {"log": log})
        held = session.execute(queries()["frontier"], {"log": log}).scalar_one_or_none()
        tree = merkle.Frontier.decode(bytes(held)) if held is not None else merkle.Frontier()
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        rows: list[dict[str, object]] = []
        grown: list[dict[str, object]] = []
        for fact in listed:
            said = Entry(tree.size, stamp, fact.kind, dict(fact.body))
            salt = secrets.token_bytes(_SALT_BYTES)
            rows.append(
                {
                    "log": log,
                    "seq": said.seq,
                    "at": stamp,
                    "kind": str(fact.kind),
                    "case_id": case_id,
                    "body": json.dumps(said.body, sort_keys=True, ensure_ascii=False),
                    "salt": salt,
                }
            )
            tree, nodes = tree.append(entries.leaf(salt, entries.canonical(said)))
            grown += [{"log": log, "level": n.level, "place": n.index, "hash": n.hash} for n in nodes]
        session.execute(queries()["insert_entry"], rows)
        session.execute(queries()["insert_node"], grown)
        session.execute(queries()["set_frontier"], {"log": log, "tree": tree.encode()})

    def newest(self, log: str = COMMON_LOG) -> datetime | None:
        """The latest moment that a log has ever seen, or None where it has no entry."""
        with self._engine.connect() as connection:
            at = connection.execute(queries()["newest_entry"], {"log": log}).scalar_one_or_none()
        return datetime.fromisoformat(str(at).replace("Z", "+00:00")) if at is not None else None

    def is_ahead_of(self, now: datetime) -> bool:
        """Whether an entry is from later than `now` by more than clocks and threads may differ.

        Then the clock was set back (or had been forward), and which rule is in force now cannot be told.
        """
        newest = self.newest()
        return newest is not None and newest > now + CLOCK_SLACK

    def decided(self, case_id: str) -> Proven:
        """The one DECIDED entry of a case, proven at the present size of its log. Raises Missing."""
        with self._engine.connect() as connection:
            row = connection.execute(queries()["decided"], {"case_id": case_id}).mappings().first()
            if row is None:
                raise Missing("No decision about that case is in the ledger.")
            log = str(row["log"])
            said = Entry(row["seq"], row["at"], FactKind(row["kind"]), json.loads(row["body"]))
            held = connection.execute(queries()["frontier"], {"log": log}).scalar_one()
            tree = merkle.Frontier.decode(bytes(held))

            def read(level: int, place: int) -> bytes:
                found = connection.execute(
                    queries()["node"], {"log": log, "level": level, "place": place}
                ).scalar_one_or_none()
                if found is None:
                    raise LedgerError("A node of the tree is missing; run an audit of this log.")
                return bytes(found)

            path = merkle.inclusion(read, said.seq, tree.size)
            return Proven(log, said, bytes(row["salt"]), tree.size, tree.root(), path)

    def check(self) -> dict[str, int]:
        """Derive every tree again from its entries; size by log. Raises LedgerError on a difference."""
        sizes: dict[str, int] = {}
        with self._engine.connect() as connection:
            # One read transaction: beside a running server, trees and entries must be of the same moment.
            connection.exec_driver_sql("BEGIN")
            held = {str(r["log"]): bytes(r["tree"]) for r in connection.execute(queries()["logs"]).mappings()}
            grown: dict[str, merkle.Frontier] = {}
            for row in connection.execute(queries()["all_entries"]).mappings():
                tree = grown.get(str(row["log"]), merkle.Frontier())
                if row["seq"] != tree.size:
                    raise LedgerError(f"Log {row['log']} has a gap before entry {row['seq']}.")
                said = Entry(row["seq"], row["at"], FactKind(row["kind"]), json.loads(row["body"]))
                leaf = entries.leaf(bytes(row["salt"]), entries.canonical(said))
                grown[str(row["log"])] = tree.append(leaf)[0]
        for log, tree in grown.items():
            if tree.encode() != held.get(log):
                raise LedgerError(f"Log {log} does not add up to its tree.")
            sizes[log] = tree.size
        if set(held) != set(grown):
            raise LedgerError("A log has a tree but no entries.")
        return sizes
