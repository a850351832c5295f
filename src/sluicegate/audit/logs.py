# SPDX-License-Identifier: Apache-2.0
"""Checks every public log of a side, and the statements of its master log: truth, order, clock, growth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.audit.findings import Check, Result
from sluicegate.audit.keys import check_stated, with_history
from sluicegate.audit.material import Material, Tick, held, silent
from sluicegate.audit.trees import MASTER, ReadLog, read_log
from sluicegate.errors import LedgerError, quoted
from sluicegate.ledger import canonical
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import statement as statements
from sluicegate.ledger.keyring import Keyring
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import HASH_BYTES, Checkpoint
from sluicegate.store.publish import PRIVATE_LOGS, check_name

SLACK = timedelta(minutes=1)
"""Clocks and threads may differ by so much."""


@dataclass(slots=True)
class Side:
    """A side's master log and logs as they were read; `said` are its statements by number."""

    material: Material
    master: ReadLog
    said: list[tuple[int, Statement]]
    ring: Keyring | None = None
    logs: dict[str, ReadLog] = field(default_factory=dict)

    def of_kind(self, kind: StatementKind) -> list[tuple[int, Statement]]:
        """Statements of a kind, in their order."""
        return [(number, one) for number, one in self.said if one.kind is kind]


def moment(text: str) -> datetime:
    """A time of the ledger."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_logs(material: Material, tick: Tick = silent) -> tuple[Side, Result, Result]:
    """Read everything under the signed summaries of a side: what there is, and the results of two checks."""
    trees, spoken = Result(Check.LOGS), Result(Check.STATEMENTS)
    material, ring = with_history(material, spoken)
    master = read_log(material, MASTER, trees, tick)
    said = _statements(master, spoken)
    _clock(said, spoken)
    side = Side(material, master, said, ring)
    check_stated(material, master.note, ring, side.of_kind(StatementKind.KEY), said, spoken)
    told = _told(side, spoken)
    for log in sorted({*told, *_present(material, trees)}):
        one = read_log(material, log, trees, tick)
        side.logs[log] = one
        _grown(one, told.get(log, []), material, trees)
        for number, data in enumerate(one.entries):
            if data is not None and len(data) != HASH_BYTES:
                place = f"logs/{log}, entry {number}"
                trees.find("private", place, "it is no commitment: it may tell what nobody should know")
    return side, trees, spoken


def _statements(master: ReadLog, result: Result) -> list[tuple[int, Statement]]:
    found = []
    for number, data in enumerate(master.entries):
        if data is None:
            continue
        try:
            found.append((number, statements.decode(data)))
            result.count("statements")
        except LedgerError as error:
            if _later(data):
                result.notes.append(f"Statement {number} is of a kind that this version does not know.")
            else:
                result.find("statement", f"statement {number}", held(error))
    return found


def _later(data: bytes) -> bool:
    """Whether it is well formed and of a kind that only a later version makes."""
    try:
        told = canonical.decode(data)
    except LedgerError:
        return False
    if not isinstance(told, dict) or told.get("v") != 1 or not isinstance(told.get("at"), str):
        return False
    return isinstance(told.get("kind"), str) and told["kind"] not in tuple(StatementKind)


def _clock(said: Sequence[tuple[int, Statement]], result: Result) -> None:
    newest, by = "", 0
    for number, one in said:
        if newest and moment(one.at) + SLACK < moment(newest):
            what = f"it is dated {one.at}, behind statement {by} of {newest}"
            result.find("clock", f"statement {number}", what)
        if one.at > newest:
            newest, by = one.at, number


def _told(side: Side, result: Result) -> dict[str, list[tuple[int, Checkpoint]]]:
    """What was stated of each log, by its name without the key's."""
    own = side.material.origin("")
    found: dict[str, list[tuple[int, Checkpoint]]] = {}
    for number, one in side.of_kind(StatementKind.CHECKPOINT):
        stated = statements.checkpoint_in(one)
        try:
            if not stated.origin.startswith(own):
                raise LedgerError(f"it speaks of a log of another key, {quoted(stated.origin, 120)}")
            found.setdefault(check_name(stated.origin.removeprefix(own)), []).append((number, stated))
        except LedgerError as error:
            result.find("statement", f"statement {number}", held(error))
    return found


def _present(material: Material, result: Result) -> set[str]:
    """Names of the logs in the folder."""
    found = set()
    for name in material.names("logs"):
        log = name.removeprefix("logs/")
        log = re.split(r"/(?:tile/|checkpoint$)", log, maxsplit=1)[0]
        if log.split("/")[0] in PRIVATE_LOGS:
            result.find("private", name, "a file of a log that is never public")
            continue
        try:
            found.add(check_name(log))
        except LedgerError:
            result.find("beyond", quoted(name, 120), "it is no file of a log")
    return found


def _grown(one: ReadLog, told: Sequence[tuple[int, Checkpoint]], material: Material, result: Result) -> None:
    """The log at each stated size is what was stated, sizes never fall, and the newest is the public one."""
    place, before = f"logs/{one.name}", 0
    for number, stated in told:
        result.count("earlier summaries")
        if stated.size < before:
            result.find("grown", place, f"statement {number} tells {stated.size} entries, after {before}")
        before = max(before, stated.size)
        if one.shown is not None and stated.size > one.tree.size:
            what = f"statement {number} tells {stated.size} entries, {one.tree.size} are there"
            result.find("unstated", place, what)
        elif one.shown is not None and one.tree.root_at(stated.size) != stated.root:
            what = f"at {stated.size} entries it is not what statement {number} said"
            result.find("grown", place, what)
    if one.shown is not None and one.shown.origin != material.origin(one.name):
        return
    if one.shown is not None and all(stated.size != one.shown.size for _, stated in told):
        result.find("unstated", place, f"no statement covers its {one.shown.size} entries")


def confirm(side: Side, note: bytes, result: Result, place: str) -> None:
    """Hold a signed checkpoint seen elsewhere, of any log of this side, against what is public."""
    own = side.material.origin("")
    try:
        log = checkpoints.parse(note).origin.removeprefix(own)
        seen = side.material.checkpoint(note, log)
    except LedgerError as error:
        result.find("split", place, held(error))
        return
    known = side.master if log == MASTER else side.logs.get(log)
    result.count("checkpoints seen elsewhere")
    if known is None:
        result.notes.append(f"{place}: its log is not in this folder.")
    elif seen.size > known.tree.size:
        result.notes.append(f"{place}: it is newer than this folder; nothing could be compared.")
    elif known.tree.root_at(seen.size) != seen.root:
        result.find("split", place, f"at {seen.size} entries it is of another history than this folder")
