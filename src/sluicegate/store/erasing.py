# SPDX-License-Identifier: Apache-2.0
"""The database's part of an expunction: one commit that empties a case, and the marks that it leaves."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sluicegate.errors import Conflict
from sluicegate.exchange.case import Case, Json, State
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.store.entries import COMMON_LOG
from sluicegate.store.journal import Store, stamp
from sluicegate.store.master import MasterLog
from sluicegate.store.publish import PRIVATE_LOGS
from sluicegate.store.sql import queries, scrub


def empty_entries(store: Store, session: Session, case_id: str) -> dict[str, int]:
    """Destroy bodies and salts of every entry of a case; how many by log."""
    places: dict[str, list[int]] = defaultdict(list)
    for row in session.execute(queries()["entries_of"], {"case_id": case_id}).mappings():
        places[str(row["log"])].append(int(row["seq"]))
    return {log: store.log.erase(session, log, seqs) for log, seqs in places.items()}


def state(
    store: Store,
    session: Session,
    key_name: str,
    counts: Mapping[str, int],
    order: Mapping[str, Json],
    at: datetime,
) -> int:
    """State the act in the master log; the statement's number.

    It tells of the booking's own log. What the private logs held of it is not counted: the number would tell
    whether there had been an answer (silence-is-total).
    """
    own = sorted(log for log in counts if log not in PRIVATE_LOGS) or [COMMON_LOG]
    said = [
        Statement(
            stamp(at),
            StatementKind.ERASED,
            {"log": f"{key_name}/{log}", **_told(log, counts), **order},
        )
        for log in own
    ]
    return MasterLog(store.engine).state(session, said)[0].seq


def _told(log: str, counts: Mapping[str, int]) -> dict[str, Json]:
    return {} if log in PRIVATE_LOGS else {"entries": counts[log]}


def empty_case(
    session: Session,
    case: Case,
    dossier: Mapping[str, Json],
    at: datetime,
    after: State = State.EXPUNGED,
) -> None:
    """Blank the case, its messages and its alerts. Raises Conflict where somebody else moved it first."""
    values = {
        "case_id": case.case_id,
        "before": str(case.state),
        "after": str(after),
        "version": case.version,
        "dossier": json.dumps(dict(dossier), sort_keys=True),
    }
    done: sa.CursorResult[Any] = session.execute(queries()["expunge_case"], values)  # type: ignore[assignment]
    if done.rowcount != 1:
        raise Conflict
    session.execute(queries()["expunge_messages"], {"case_id": case.case_id})
    session.execute(queries()["expunge_alerts"], {"case_id": case.case_id})
    note_move(session, case, "expunge" if after is State.EXPUNGED else "seal", after, at)


def note_move(session: Session, case: Case, stage: str, after: State, at: datetime) -> None:
    """Say in the journal that a case moved."""
    journal = {
        "case_id": case.case_id,
        "version": case.version + 1,
        "stage": stage,
        "before": str(case.state),
        "after": str(after),
        "at": stamp(at),
    }
    session.execute(queries()["insert_journal"], journal)


def set_dossier(session: Session, case: Case, dossier: Mapping[str, Json]) -> None:
    """Write the dossier anew. Raises Conflict where somebody else moved the case first."""
    values = {
        "case_id": case.case_id,
        "version": case.version,
        "dossier": json.dumps(dict(dossier), sort_keys=True),
    }
    done: sa.CursorResult[Any] = session.execute(queries()["set_dossier"], values)  # type: ignore[assignment]
    if done.rowcount != 1:
        raise Conflict


def scrub_store(store: Store, *, whole: bool = True) -> None:
    """See `sql.scrub`."""
    scrub(store.engine, whole=whole)
