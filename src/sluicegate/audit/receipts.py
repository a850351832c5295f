# SPDX-License-Identifier: Apache-2.0
"""Checks receipts: signatures, place in the public ledger and in its days, and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sluicegate.audit.findings import Check, Result
from sluicegate.audit.logs import Side, confirm, moment
from sluicegate.audit.material import Tick, held, silent
from sluicegate.audit.registry import Rules
from sluicegate.audit.trees import MASTER
from sluicegate.errors import LedgerError
from sluicegate.exchange.replay import Replay, replay
from sluicegate.ledger import entry as entries
from sluicegate.ledger import keyring
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger.verify import JSON, Policy, Receipt
from sluicegate.store import sides
from sluicegate.terms import Gate, Outcome


@dataclass(frozen=True, slots=True)
class Held:
    """A receipt that verifies: its booking, where its entry stands, and what became of the booking."""

    place: str
    receipt: Receipt
    element: bytes
    log: str
    body: Mapping[str, JSON]
    within: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """A part of the entry's body, as text."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    @property
    def outcome(self) -> str:
        """What gate G1 was: open or closed."""
        return str(receipts.outcomes(self.receipt)[Gate.SHARE])


@dataclass(slots=True)
class Decided:
    """Decisions made again: how many, how many are otherwise today, each in a line."""

    changed: list[str] = field(default_factory=list)


def check_receipts(
    side: Side,
    files: Mapping[str, bytes],
    policy: Policy | None,
    bureau: sides.Side,
    partner: sides.Side | None,
    rules: Rules,
    tick: Tick = silent,
) -> tuple[list[Held], Decided, Result]:
    """Every receipt, by the name of its file. Those that hold, what is otherwise today, and the result."""
    result, today = Result(Check.RECEIPTS), Decided()
    told = {name: bureau.elements(name) for name in ("shared", "withheld", "pending")}
    taken = partner.elements("taken") if partner is not None else {}
    found: list[Held] = []
    seen: dict[bytes, str] = {}
    for name, data in sorted(files.items()):
        tick(1)
        result.count("receipts")
        one = _verified(side, name, data, policy, result)
        if one is None:
            continue
        if one.element in seen:
            result.notes.append(f"{name}: of the same booking as {seen[one.element]}; counted once.")
            continue
        seen[one.element] = name
        within = tuple(n for n, held_ in told.items() if one.element in held_)
        one = Held(name, one.receipt, one.element, one.log, one.body, within)
        _in_log(side, one, result)
        _in_days(one, within, taken, bureau, result)
        decide(name, one.body, rules, today, result)
        found.append(one)
    return found, today, result


def _verified(side: Side, name: str, data: bytes, policy: Policy | None, result: Result) -> Held | None:
    try:
        final = receipts.parse(data).stated is not None
        key = keyring.signer_of(data, side.ring).key if side.ring and not final else side.material.key
        if final:
            key = side.material.signer(receipts.parse(data).checkpoint_note.encode(), MASTER)
        one = receipts.verify(data, str(key), policy if final else None)
        element = entries.commitment(one.salt, one.entry_json)
        body = receipts.entry_of(one).body
    except LedgerError as error:
        result.find("receipt", name, held(error))
        return None
    if not final:
        result.count("made at once")
    from_note = one.checkpoint_note.split("\n", 1)[0]
    log = (one.stated.log if one.stated else from_note).removeprefix(side.material.origin(""))
    confirm(side, one.checkpoint_note.encode(), result, name)
    return Held(name, one, element, log, body)


def _in_log(side: Side, one: Held, result: Result) -> None:
    log = side.logs.get(one.log)
    number = one.receipt.index
    if log is None or number >= log.tree.size:
        result.notes.append(f"{one.place}: its entry is not public yet.")
    elif log.tree.node(0, number) != entries.leaf(one.receipt.salt, one.receipt.entry_json):
        result.find("receipt", one.place, f"the public log holds something else as entry {number}")
    else:
        result.count("in the public log")


def _in_days(
    one: Held,
    within: tuple[str, ...],
    taken: Mapping[bytes, sides.Place],
    bureau: sides.Side,
    result: Result,
) -> None:
    if "shared" in within and one.outcome == Outcome.CLOSED:
        result.find("receipt-day", one.place, "its gate G1 was closed, and its day tells it as shared")
    if one.element in taken and one.outcome == Outcome.CLOSED:
        result.find("receipt-day", one.place, "its gate G1 was closed, and the partner took it")
    if not within:
        place = one.log.removesuffix("/withheld")
        at = one.text("received")
        days = [day for (where, _), day in bureau.days.items() if where == place]
        if any(day.begins <= at < day.ends for day in days):
            result.find("receipt-day", one.place, "its day was told, and it is in no set of it")
        else:
            result.notes.append(f"{one.place}: its day is not told yet.")


def decide(
    place: str, body: Mapping[str, JSON], rules: Rules, today: Decided, result: Result
) -> Replay | None:
    """Make one decision again, under the rules as registered then and as they are now."""
    if not rules.read:
        return None
    root = body.get("root")
    root = root if isinstance(root, str) else ""
    try:
        made = replay(body, rules.programs.get(root), rules.now)
        received = moment(str(body["received"]))
    except (LedgerError, ValueError, KeyError) as error:
        result.find("decision", place, f"it cannot be made again: {type(error).__name__}")
        return None
    result.count("decisions made again")
    if not made.holds:
        result.find("decision", place, made.trouble)
    if root and root in rules.programs and root not in rules.in_force(received):
        what = (
            f"it was decided by rules {root[:16]}..., which were not those registered at {body['received']}"
        )
        result.find("back-dated", place, what)
    if made.changed:
        gates = ", ".join(
            f"{gate.value} was {made.then[gate].outcome}, today {made.now[gate].outcome}"
            for gate in made.changed
        )
        today.changed.append(f"{place}: {gates}")
    return made
