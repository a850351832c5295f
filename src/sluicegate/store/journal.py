# SPDX-License-Identifier: Apache-2.0
"""The store of one installation: cases, journal, ledger entries, outbox, alerts, in one SQLite file.

INVARIANT: `commit` writes state, facts and messages in one database commit, with compare-and-swap on
(state, version). Whoever loses the swap has written nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sluicegate.errors import Conflict, Missing, StoreError
from sluicegate.exchange.case import ANSWERS_LOG, Case, Fact, Json, Message, MessageKind, State, Step
from sluicegate.facts import FactKind
from sluicegate.store.blobs import BlobStore
from sluicegate.store.entries import COMMON_LOG, EntryLog
from sluicegate.store.sql import queries


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds: sorts as it reads."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime:
    """The moment of a stamp."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as the outbox holds it."""

    message_id: str
    case_id: str
    kind: str
    channel: str
    recipient: str
    sequence: int
    digest: str
    size: int
    created: datetime
    state: str
    attempts: int
    trouble: str
    delivered: datetime | None


def _case(row: Mapping[str, Any]) -> Case:
    return Case(
        case_id=row["case_id"],
        digest=row["digest"],
        size=row["size"],
        channel=row["channel"],
        received=moment(row["received"]),
        state=State(row["state"]),
        version=row["version"],
        tcn=row["tcn"],
        ori=row["ori"],
        cri=row["cri"],
        tot=row["tot"],
        dossier=json.loads(row["dossier"]),
    )


def _outgoing(row: Mapping[str, Any]) -> Outgoing:
    return Outgoing(
        message_id=row["message_id"],
        case_id=row["case_id"],
        kind=row["kind"],
        channel=row["channel"],
        recipient=row["recipient"],
        sequence=row["sequence"],
        digest=row["digest"],
        size=row["size"],
        created=moment(row["created"]),
        state=row["state"],
        attempts=row["attempts"],
        trouble=row["trouble"],
        delivered=moment(row["delivered"]) if row["delivered"] else None,
    )


FLEETING = frozenset({"COPY", "REPLY", "SECOND", "EXPUNGE", "SEAL", "ATTESTED"})
"""Kinds whose bytes go once the receiving installation has taken them: it answers for them from then on."""


class Store:
    """All that one installation remembers. Safe to use from several threads."""

    def __init__(self, engine: sa.Engine, outgoing: BlobStore, log: EntryLog) -> None:
        self.engine = engine
        self.outgoing = outgoing
        self.log = log

    # -- reading ---------------------------------------------------------------------------------------

    def rows(self, name: str, **given: object) -> list[Mapping[str, Any]]:
        """Rows of a named query."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(queries()[name], given).mappings()]

    def case(self, case_id: str) -> Case:
        """The case as last committed. Raises Missing."""
        found = self.rows("case_by_id", case_id=case_id)
        if not found:
            raise Missing("There is no case of that id.")
        return _case(found[0])

    def case_of_digest(self, digest: str) -> Case | None:
        """The case that these very bytes opened, if any."""
        found = self.rows("case_by_digest", digest=digest)
        return _case(found[0]) if found else None

    def cases_of_tcn(self, tcn: str) -> list[Case]:
        """Cases whose TCN this is, oldest first (two agencies may use the same)."""
        return [_case(row) for row in self.rows("cases_by_tcn", tcn=tcn)]

    def cases_in(self, states: Iterable[State]) -> list[Case]:
        """Cases in any of these states, oldest first."""
        return [_case(row) for row in self.rows("cases_in", states=json.dumps([str(s) for s in states]))]

    def runnable(self, states: Iterable[State], limit: int = 500) -> list[tuple[str, int]]:
        """Case ids and versions in these states, oldest first."""
        found = self.rows("runnable_cases", states=json.dumps([str(s) for s in states]), limit=limit)
        return [(row["case_id"], row["version"]) for row in found]

    def has_twin(self, case: Case, tcn: str, ori: str) -> bool:
        """Whether another case of this originator already uses the TCN."""
        return bool(self.rows("twin", tcn=tcn, ori=ori, case_id=case.case_id))

    def messages_of(self, case_id: str) -> list[Outgoing]:
        """Messages of a case, oldest first."""
        return [_outgoing(row) for row in self.rows("messages_of", case_id=case_id)]

    def messages(self) -> list[Outgoing]:
        """The whole outbox, by channel and sequence."""
        return [_outgoing(row) for row in self.rows("messages_all")]

    def on_channel(self, channel: str) -> list[Outgoing]:
        """Messages of one channel, by sequence."""
        return [_outgoing(row) for row in self.rows("messages_on", channel=channel)]

    def due(self, now: datetime, limit: int = 200) -> list[Outgoing]:
        """The next message of every channel that may be tried now: a channel keeps its order."""
        return [_outgoing(row) for row in self.rows("messages_due", now=stamp(now), limit=limit)]

    def message(self, message_id: str) -> Outgoing:
        """One message. Raises Missing."""
        found = self.rows("message_by_id", message_id=message_id)
        if not found:
            raise Missing("There is no message of that id.")
        return _outgoing(found[0])

    # -- writing ---------------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session whose block is one commit."""
        try:
            with Session(self.engine) as session, session.begin():
                yield session
        except sa.exc.OperationalError as error:
            raise StoreError("The database refused to write; nothing was changed.") from error

    def open_case(self, session: Session, case: Case, facts: Iterable[Fact], at: datetime) -> None:
        """Insert a new case. Raises Conflict where these bytes already opened one."""
        try:
            session.execute(
                queries()["insert_case"],
                {
                    "case_id": case.case_id,
                    "digest": case.digest,
                    "size": case.size,
                    "channel": case.channel,
                    "received": stamp(case.received),
                    "state": str(case.state),
                    "tcn": case.tcn,
                    "ori": case.ori,
                    "cri": case.cri,
                    "tot": case.tot,
                    "dossier": json.dumps(dict(case.dossier), sort_keys=True),
                },
            )
        except sa.exc.IntegrityError as error:
            raise Conflict("These bytes already opened a case.") from error
        self.log.append(session, facts, case.case_id, at)

    def commit(self, session: Session, case: Case, stage: str, step: Step, at: datetime) -> Case:
        """Write one step: state, journal, facts, messages and alerts. Raises Conflict."""
        identity = {"tcn": case.tcn, "ori": case.ori, "cri": case.cri, "tot": case.tot, **step.identity}
        dossier = {**case.dossier, **step.note}
        values = {
            "case_id": case.case_id,
            "before": str(case.state),
            "after": str(step.to),
            "version": case.version,
            "dossier": json.dumps(dossier, sort_keys=True),
            **identity,
        }
        try:
            moved = session.execute(queries()["move_case"], values)
        except sa.exc.IntegrityError as error:
            # Another case was admitted under this TCN a moment ago; asked again, the stage sees the twin.
            raise Conflict from error
        if getattr(moved, "rowcount", 0) != 1:
            raise Conflict
        after = Case(
            case.case_id,
            case.digest,
            case.size,
            case.channel,
            case.received,
            step.to,
            case.version + 1,
            **identity,
            dossier=dossier,
        )
        self._journal(session, case, stage, step, at)
        log = step.log or after.text("log") or COMMON_LOG
        self.log.append(session, step.facts, case.case_id, at, log)
        self.log.append(session, step.aside, case.case_id, at, COMMON_LOG)
        for message in step.messages:
            self.queue(session, case.case_id, message, at)
        for reason in step.alerts:
            self.alert(session, reason, case.case_id, at)
        return after

    def _journal(self, session: Session, case: Case, stage: str, step: Step, at: datetime) -> None:
        session.execute(
            queries()["insert_journal"],
            {
                "case_id": case.case_id,
                "version": case.version + 1,
                "stage": stage,
                "before": str(case.state),
                "after": str(step.to),
                "at": stamp(at),
            },
        )

    def queue(self, session: Session, case_id: str, message: Message, at: datetime) -> None:
        """Put a message into the outbox, in the session's commit. Raises StoreError."""
        # The blob goes first: if we crash here it is an orphan that the sweep removes, never a row
        # without bytes.
        digest = self.outgoing.put(message.body)
        sequence = session.execute(queries()["next_sequence"], {"channel": message.channel}).scalar_one()
        session.execute(
            queries()["insert_message"],
            {
                "message_id": message.message_id,
                "case_id": case_id,
                "kind": str(message.kind),
                "channel": message.channel,
                "recipient": message.recipient,
                "sequence": sequence,
                "digest": digest,
                "size": len(message.body),
                "created": stamp(at),
            },
        )

    def alert(self, session: Session, reason: str, case_id: str | None, at: datetime) -> None:
        """Tell the operator, durably."""
        session.execute(queries()["insert_alert"], {"at": stamp(at), "case_id": case_id, "reason": reason})

    def open_once(self, case: Case, facts: Iterable[Fact], at: datetime) -> str:
        """Open a case in a commit of its own, unless these bytes opened one before; the case's id."""
        try:
            with self.session() as session:
                self.open_case(session, case, facts, at)
        except Conflict:  # the same bytes came twice at the same moment
            first = self.case_of_digest(case.digest)
            return first.case_id if first else case.case_id
        return case.case_id

    def delivered(self, session: Session, message: Outgoing, at: datetime) -> bool:
        """Mark a message as taken by its receiver, and enter that. False where it already was."""
        done = session.execute(
            queries()["mark_delivered"], {"message_id": message.message_id, "at": stamp(at)}
        )
        if getattr(done, "rowcount", 0) != 1:
            return False
        known = session.execute(queries()["case_by_id"], {"case_id": message.case_id}).mappings().first()
        log = _case(dict(known)).text("log") if known else ""
        if message.kind == MessageKind.SECOND:
            log = ANSWERS_LOG
        body: dict[str, Json] = {
            "case": message.case_id,
            "message": message.message_id,
            "channel": message.channel,
            "sequence": message.sequence,
        }
        self.log.append(session, (Fact(FactKind.DELIVERED, body),), message.case_id, at, log or COMMON_LOG)
        return True

    def let_go(self, message: Outgoing) -> None:
        """Erase the bytes of a delivered message that passed between installations; its row stays.

        If we crash before this, the sweep at the next start erases them.
        """
        if message.kind in FLEETING:
            self.outgoing.erase(message.digest)

    def trouble(self, session: Session, message: Outgoing, sentence: str, at: datetime) -> None:
        """Note why a delivery failed, and wait longer each time (1 s doubling to 5 minutes)."""
        pause = timedelta(seconds=min(300.0, 2.0 ** min(message.attempts, 9)))
        session.execute(
            queries()["mark_trouble"],
            {"message_id": message.message_id, "next_try": stamp(at + pause), "trouble": sentence[:200]},
        )
