# SPDX-License-Identifier: Apache-2.0
"""What is sealed of a booking: everything that an expunction destroys, as one box of bytes, and back again.

The box is canonical JSON; bytes are base64. It holds the case's row, the contents and salts of its entries,
its messages and alerts, and every blob, print and answer file, each opened.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sluicegate.errors import Conflict, LedgerError, VerifyError
from sluicegate.exchange.case import Case, State
from sluicegate.facts import FactKind
from sluicegate.ledger import entry as entries
from sluicegate.store.blobs import BlobStore
from sluicegate.store.erasing import note_move
from sluicegate.store.journal import Store
from sluicegate.store.repository import Basis, Held, Repository
from sluicegate.store.sql import queries

_CASE = ("digest", "size", "tcn", "ori", "cri", "tot", "claim", "dossier", "state")
_MESSAGE = ("message_id", "digest", "size", "recipient", "trouble", "state")
_ENTRY = ("log", "seq", "body")


def hold(session: Session, case: Case) -> dict[str, Any]:
    """The rows of a case, read after nobody else can write until the commit. Raises Conflict."""
    given = {"case_id": case.case_id, "version": case.version}
    done: sa.CursorResult[Any] = session.execute(queries()["hold_case"], given)  # type: ignore[assignment]
    if done.rowcount != 1:
        raise Conflict
    of = {"case_id": case.case_id}
    row = session.execute(queries()["case_by_id"], of).mappings().one()
    logged = session.execute(queries()["entries_of"], of).mappings().all()
    return {
        "v": 1,
        "case": {name: row[name] for name in _CASE},
        "entries": [
            {**{name: one[name] for name in _ENTRY}, "salt": _text(bytes(one["salt"]))}
            for one in logged
            if one["body"] is not None
        ],
        "messages": [
            {name: one[name] for name in _MESSAGE}
            for one in session.execute(queries()["messages_of"], of).mappings()
        ],
        "alerts": [dict(one) for one in session.execute(queries()["alerts_of"], of).mappings()],
    }


def gather(
    held: dict[str, Any],
    case_id: str,
    spool: BlobStore,
    outgoing: BlobStore,
    repositories: Iterable[Repository],
    answers: Path | None,
) -> bytes:
    """The whole box. Raises StoreError where something of it cannot be read: then nothing may be emptied."""
    template = json.loads(held["case"]["dossier"]).get("template") or ""
    spooled = [one for one in (held["case"]["digest"], template) if one]
    sent = [one["digest"] for one in held["messages"] if one["digest"]]
    prints = {one.name: found for one in repositories if (found := one.held_of(case_id)) is not None}
    whole = {
        **held,
        "spool": {one: _text(spool.get(one)) for one in spooled if spool.has(one)},
        "outgoing": {one: _text(outgoing.get(one)) for one in sent if outgoing.has(one)},
        "prints": {name: _spelled(one) for name, one in prints.items()},
        "answers": {
            path.relative_to(answers).as_posix(): _text(path.read_bytes())
            for path in answers.glob(f"*/*{case_id}.*")
        }
        if answers is not None
        else {},
    }
    return json.dumps(whole, sort_keys=True).encode()


def read(box: bytes) -> dict[str, Any]:
    """A box that was opened. Raises VerifyError where it is of another version."""
    held = json.loads(box)
    if not isinstance(held, dict) or held.get("v") != 1:
        raise VerifyError("seal: the box is of another version")
    return held


def put_back(
    held: Mapping[str, Any],
    case_id: str,
    spool: BlobStore,
    outgoing: BlobStore,
    repositories: Iterable[Repository],
    answers: Path | None,
) -> None:
    """Bring back bytes, prints and answer files, under new data keys; doing it again changes nothing.

    If we crash before the commit that follows, prints stand of a case that is sealed: `Expunger.finish_all`
    takes them out at the next start, and whoever unseals again brings them back.
    """
    for store, name in ((spool, "spool"), (outgoing, "outgoing")):
        for told in held[name].values():
            store.put(_bytes(told))
    for repository in repositories:
        if repository.name in held["prints"]:
            repository.bring_back(case_id, _read_held(held["prints"][repository.name]))
    for name, told in held["answers"].items() if answers is not None else ():
        path = Path(str(answers), name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(_bytes(told))


def restore(
    store: Store, session: Session, case: Case, held: Mapping[str, Any], at: datetime
) -> dict[str, int]:
    """The rows as they were; how many entries by log.

    Raises VerifyError where an entry is not the one that the ledger committed to, and Conflict where the case
    moved, or another booking has taken its TCN or its very bytes since.
    """
    counts: Counter[str] = Counter()
    leaves = {(row["log"], row["seq"]): row for row in store.rows("entries_of", case_id=case.case_id)}
    for one in held["entries"]:
        _check(one, leaves.get((one["log"], one["seq"])))
        given = {**one, "salt": _bytes(one["salt"]), "case_id": case.case_id}
        done: sa.CursorResult[Any] = session.execute(queries()["unseal_entry"], given)  # type: ignore[assignment]
        counts[one["log"]] += done.rowcount
    row = held["case"]
    after = State(row["state"])
    given = {**row, "after": str(after), "case_id": case.case_id, "version": case.version}
    given.pop("state")
    try:
        done = session.execute(queries()["unseal_case"], given)  # type: ignore[assignment]
    except sa.exc.IntegrityError:
        raise Conflict(
            "Another booking has taken its TCN, or its very bytes came again, since it was sealed.",
            advice="Expunge that one first.",
        ) from None
    if done.rowcount != 1:
        raise Conflict
    for message in held["messages"]:
        session.execute(queries()["unseal_message"], {**message, "case_id": case.case_id})
    for alert in held["alerts"]:
        session.execute(queries()["insert_alert"], {**alert, "case_id": case.case_id})
    note_move(session, case, "unseal", after, at)
    return dict(counts)


def _check(one: Mapping[str, Any], row: Mapping[str, Any] | None) -> None:
    try:
        spelled = entries.spell(one["seq"], row["at"], FactKind(row["kind"]), one["body"]) if row else b""
    except LedgerError:
        spelled = b""
    if row is None or entries.commitment(_bytes(one["salt"]), spelled) != bytes(row["leaf"]):
        raise VerifyError("seal: an entry in the box is not the one that the ledger committed to")


def _spelled(held: Held) -> dict[str, Any]:
    return {
        "subject": held.subject,
        "template": _text(held.template),
        "transaction": _text(held.transaction) if held.transaction is not None else None,
        "basis": held.basis.to_json() if held.basis else {},
    }


def _read_held(told: Mapping[str, Any]) -> Held:
    transaction = _bytes(told["transaction"]) if told["transaction"] is not None else None
    return Held(told["subject"], _bytes(told["template"]), transaction, Basis.from_json(told["basis"]))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
