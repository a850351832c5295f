# SPDX-License-Identifier: Apache-2.0
"""With access to the entries themselves: each against its commitment, order, egress, counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluicegate.audit.findings import Check, Result
from sluicegate.audit.logs import SLACK, Side, moment
from sluicegate.audit.material import Tick, silent
from sluicegate.audit.receipts import Decided, decide
from sluicegate.audit.registry import Rules
from sluicegate.errors import LedgerError
from sluicegate.facts import FactKind
from sluicegate.ledger import entry as entries
from sluicegate.ledger.entry import Entry
from sluicegate.ledger.statement import StatementKind
from sluicegate.ledger.verify import SALT_BYTES

Row = Mapping[str, Any]
"""A row of the ledger: log, seq, at, kind, case_id, leaf, body (JSON text or None), salt (or None)."""

_ALLOWED = {FactKind.SHARED: "open", FactKind.WITHHELD: "closed"}


@dataclass(slots=True)
class _Seen:
    due: dict[str, int] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)
    decided: dict[str, tuple[Row, dict[str, Any]]] = field(default_factory=dict)
    acts: list[tuple[str, Row, dict[str, Any]]] = field(default_factory=list)
    kinds: dict[str, set[str]] = field(default_factory=dict)
    erased: Counter[str] = field(default_factory=Counter)


def check_entries(
    side: Side, rows: Iterable[Row], broken: Iterable[str], rules: Rules, tick: Tick = silent
) -> tuple[Decided, Result]:
    """Every row of the bureau's ledger, by log and number.

    `broken` are sentences of those who derived the database's own trees and compared the roles.
    """
    result, seen, today = Result(Check.ENTRIES), _Seen(), Decided()
    rows = list(rows)
    for row in rows:
        if row["kind"] == FactKind.REGISTERED and row["body"] is not None:
            _registered(row, rules)
    for row in rows:
        tick(1)
        result.count("entries")
        place = f"log {row['log']}, entry {row['seq']}"
        _placed(row, place, seen, result)
        seen.erased[str(row["log"])] += row["body"] is None
        body = _body(side, row, place, result)
        if body is None:
            continue
        case = str(row["case_id"] or "")
        seen.kinds.setdefault(str(row["kind"]), set()).add(case)
        if row["kind"] == FactKind.DECIDED:
            if case in seen.decided:
                result.find("count", place, "the booking was decided twice")
            seen.decided[case] = (row, body)
            decide(place, body, rules, today, result)
        elif row["kind"] in _ALLOWED:
            seen.acts.append((place, row, body))
    for place, row, body in seen.acts:
        _allowed(place, row, body, seen, result)
    for log, size in seen.due.items():
        public = side.logs.get(log)
        if public is not None and public.tree.size > size:
            result.find(
                "entry-order", f"log {log}", f"{public.tree.size} entries are public, {size} are held"
            )
    _erased(side, seen, result)
    for sentence in broken:
        result.find("count", "home", sentence.removesuffix("."))
    result.count("bookings", len(seen.kinds.get("received", ())))
    return today, result


def _registered(row: Row, rules: Rules) -> None:
    try:
        body = json.loads(row["body"])
        if body.get("root") != body.get("before"):  # of a registrar's link the rules know nothing
            rules.know(str(body.get("root")), moment(str(row["at"])))
    except (ValueError, AttributeError):
        return  # told when its body is held against its commitment


def _placed(row: Row, place: str, seen: _Seen, result: Result) -> None:
    log, number, at = str(row["log"]), int(row["seq"]), str(row["at"])
    due = seen.due.get(log, 0)
    if number != due:
        result.find("entry-order", place, f"entry {due} of this log should stand here")
    seen.due[log] = number + 1
    before = seen.newest.get(log, at)
    if moment(at) + SLACK < moment(before):
        result.find("clock", place, f"it is dated {at}, behind one of {before}")
    seen.newest[log] = max(before, at)


def _body(side: Side, row: Row, place: str, result: Result) -> dict[str, Any] | None:
    """The body of an entry that is what was entered, also in public; None where it was erased or is not."""
    leaf, number = bytes(row["leaf"]), int(row["seq"])
    public = side.logs.get(str(row["log"]))
    if public is not None and number < len(public.entries) and public.entries[number] not in (None, leaf):
        result.find("entry-body", place, "its commitment is not the one that is public")
    if row["body"] is None:
        result.count("erased")
        return None
    try:
        body: dict[str, Any] = json.loads(row["body"])
        said = Entry(number, str(row["at"]), FactKind(row["kind"]), body)
        made = entries.commitment(bytes(row["salt"] or b"").ljust(SALT_BYTES, b"\0"), entries.canonical(said))
    except (ValueError, LedgerError, TypeError):
        made = b""
    if made != leaf:
        result.find("entry-body", place, "moment, kind, body or salt are not those that were entered")
        return None
    return body


def _erased(side: Side, seen: _Seen, result: Result) -> None:
    """No more entries of a public log are empty than was stated."""
    stated: Counter[str] = Counter()
    for _, one in side.of_kind(StatementKind.ERASED):
        told = one.parts.get("entries")
        number = told if isinstance(told, int) else 0
        log = one.subject.removeprefix(side.material.origin(""))
        stated[log] += -number if one.parts.get("act") == "unsealed" else number
    for log, number in seen.erased.items():
        if log in side.logs and number > stated[log]:
            result.find(
                "erased", f"log {log}", f"{number} entries are empty, {stated[log]} were stated as erased"
            )


def _allowed(place: str, row: Row, body: dict[str, Any], seen: _Seen, result: Result) -> None:
    """A copy follows an open decision, earlier by place and by moment; a withholding a closed one."""
    decided = seen.decided.get(str(row["case_id"] or ""))
    kind = FactKind(row["kind"])
    if decided is None:
        result.find("egress", place, f"it tells that a booking was {kind}; no decision about it is at hand")
        return
    entry, said = decided
    result.count("acts that follow a decision")
    if said["decision"]["G1"]["outcome"] != _ALLOWED[kind]:
        result.find("egress", place, f"the booking was {kind}; gate G1 was decided otherwise")
    same = entry["log"] == row["log"]
    if body.get("decision_seq") != entry["seq"] or (same and entry["seq"] >= row["seq"]):
        result.find("egress", place, "the decision that it names does not stand before it")
    if moment(str(row["at"])) + SLACK < moment(str(entry["at"])):
        result.find("egress", place, "it is dated before the decision that allows it")
