# SPDX-License-Identifier: Apache-2.0
"""Checks every day that a side told: its file, its sums, its revisions, its chain, and its logs beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sluicegate.audit.findings import Check, Result
from sluicegate.audit.logs import Side, moment
from sluicegate.audit.material import Tick, held, silent
from sluicegate.errors import LedgerError, quoted
from sluicegate.ledger import days
from sluicegate.ledger.days import SHARING, Day
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import JSON
from sluicegate.store import sides
from sluicegate.store.publish import UNPLACED

Place = tuple[str, str]
_SHOWN = 20
_SURELY_PUBLIC = timedelta(hours=26)
"""After so long every log has been published past the local midnight that a day's entries waited for."""


def check_days(side: Side, tick: Tick = silent) -> tuple[sides.Side, Result]:
    """The newest word of a side on every day, and every day's result. A file that fails is left out."""
    kind = StatementKind.DAY if side.material.side == "bureau" else StatementKind.TAKEN
    result = Result(Check.DAYS)
    newest: dict[Place, Day] = {}
    told: dict[Place, Statement] = {}
    for number, said in side.of_kind(kind):
        place = (said.subject, str(said.parts["day"]))
        _follows(number, said, told.get(place), result)
        if kind is StatementKind.DAY:
            _sum(number, said, result)
        day = _read(side, number, said, result)
        if day is not None:
            tick(day.received)
            _revised(number, day, newest.get(place), told.get(place), result)
            newest[place] = day
        else:
            newest.pop(place, None)
        told[place] = said
    _chain(told, result)
    _twice(newest, result)
    _strays(side, told, result)
    result.count("days", len(told))
    for name in (*SHARING, "taken"):
        held_ = [day.sets[name] for day in newest.values() if name in day.sets]
        if held_:
            result.count(name, sum(map(len, held_)))
    if kind is StatementKind.DAY:
        _beside_logs(side, newest, told, result)
    channel, at = _channel(side, result)
    return sides.Side(newest, {place: one.at for place, one in told.items()}, channel, at, ()), result


def words(place: Place) -> str:
    """A jurisdiction and a day, as people are told."""
    return f"{quoted(place[0])[1:-1]} {place[1]}"


def _size(said: Statement, name: str) -> int:
    part: JSON = said.parts.get(name)
    size = part.get("size") if isinstance(part, dict) else None
    return size if isinstance(size, int) else 0


def _sum(number: int, said: Statement, result: Result) -> None:
    total = sum(_size(said, name) for name in SHARING)
    if said.parts.get("received", total) != total:
        what = f"it tells {said.parts['received']} received, its three sets have {total}"
        result.find("day-sum", f"statement {number}", what)


def _follows(number: int, said: Statement, before: Statement | None, result: Result) -> None:
    revision = said.parts.get("revision")
    due = int(str(before.parts.get("revision"))) + 1 if before is not None else 0
    if revision != due:
        what = f"revision {revision} of {words((said.subject, str(said.parts['day'])))}, where {due} is due"
        result.find("day-chain", f"statement {number}", what)
    if before is not None and any(
        before.parts.get(n) != said.parts.get(n) for n in ("begins", "ends", "previous")
    ):
        result.find(
            "day-chain", f"statement {number}", "a revision tells another beginning, end or day before"
        )


def _read(side: Side, number: int, said: Statement, result: Result) -> Day | None:
    revision = said.parts.get("revision")
    suffix = f".{revision}" if revision else ""
    path = f"days/{said.parts['day']}/{said.subject}{suffix}.json"
    data = side.material.read(path)
    if data is None:
        result.find("day-file", path, f"it is missing; statement {number} tells of it")
        return None
    try:
        day = days.decode(data)
        days.check(day, said)
    except LedgerError as error:
        result.find("day-file", path, held(error).removeprefix(f"{path}: "))
        return None
    return day


def _revised(number: int, now: Day, before: Day | None, told: Statement | None, result: Result) -> None:
    if before is None or told is None:
        return
    result.count("revisions")
    over = "taken" not in now.sets and days.was_over(told)
    wrong = list(days.tampered(before, now, over=over))
    for element, how in wrong[:_SHOWN]:
        result.find("day-changed", now.path, f"statement {number}: booking {element.hex()[:16]}... {how}")
    if len(wrong) > _SHOWN:
        result.find("day-changed", now.path, f"and {len(wrong) - _SHOWN:,} more bookings")


def _chain(told: Mapping[Place, Statement], result: Result) -> None:
    before: dict[str, tuple[str, str]] = {}
    for place, said in sorted(told.items()):
        last = before.get(place[0])
        if said.parts.get("previous") != (last[0] if last else None):
            what = f"the day before it is told as {said.parts.get('previous') or 'none'}, which is not so"
            result.find("day-chain", words(place), what)
        if last is not None and last[1] > str(said.parts.get("begins")):
            result.find("day-chain", words(place), f"it begins before {last[0]} ends")
        before[place[0]] = (place[1], str(said.parts.get("ends")))


def _twice(newest: Mapping[Place, Day], result: Result) -> None:
    seen: dict[bytes, Place] = {}
    for place, day in newest.items():
        for elements in day.sets.values():
            for one in elements:
                if one in seen:
                    what = f"booking {one.hex()[:16]}... is told here and on {words(seen[one])}"
                    result.find("day-chain", words(place), what)
                seen[one] = place


def _strays(side: Side, told: Mapping[Place, Statement], result: Result) -> None:
    """Files that nothing speaks of: a crash may leave one; nothing in it is believed."""
    known = set()
    for (jurisdiction, day), said in told.items():
        upto = int(str(said.parts.get("revision") or 0))
        known |= {f"days/{day}/{jurisdiction}{f'.{n}' if n else ''}.json" for n in range(upto + 1)}
    odd = [name for name in side.material.names("days") if name not in known]
    if odd:
        result.notes.append(f"{len(odd)} file(s) of days that no statement speaks of; they prove nothing.")


def _channel(side: Side, result: Result) -> tuple[days.Channel | None, str]:
    newest: days.Channel | None = None
    at = ""
    for number, said in side.of_kind(StatementKind.CHANNEL):
        try:
            now = days.channel_in(said)
        except LedgerError as error:
            result.find("statement", f"statement {number}", held(error))
            continue
        if newest is not None and (now.last < newest.last or now.count < newest.count):
            what = f"it tells fewer numbers than before: {now.last} after {newest.last}"
            result.find("channel", f"statement {number}", what)
        newest, at = now, said.at
    for fault in newest.faults if newest else ():
        result.find("channel", f"{side.material.side}, channel", fault)
    return newest, at


def _beside_logs(
    side: Side, newest: Mapping[Place, Day], told: Mapping[Place, Statement], result: Result
) -> None:
    """A shared booking stands in its jurisdiction's log, a withheld one in the log of withheld ones."""
    logs: dict[str, Any] = {
        name: {one for one in log.entries if one is not None} for name, log in side.logs.items()
    }
    whole = {name for name, log in side.logs.items() if log.held}
    published = max((one.at for _, one in side.of_kind(StatementKind.CHECKPOINT)), default="")
    waiting = 0
    for place, day in newest.items():
        own, behind = logs.get(place[0], set()), logs.get(f"{place[0]}/withheld", set())
        where = words(place)
        for one in day.sets["shared"]:
            if one in behind:
                result.find(
                    "day-log", where, f"booking {one.hex()[:16]}... is told as shared; its log withheld it"
                )
        opened = [one for one in day.sets["withheld"] if one in own]
        if len(opened) > day.refused:
            what = f"{len(opened)} withheld bookings stand in the log of those that may be shared"
            result.find("day-log", where, f"{what}; {day.refused} were refused")
        if place[0] == UNPLACED or {place[0], f"{place[0]}/withheld"} & (set(side.logs) - whole):
            continue
        absent = [one for name in ("shared", "withheld") for one in day.sets[name] if one not in own | behind]
        if absent and published and moment(published) >= moment(told[place].at) + _SURELY_PUBLIC:
            result.find("day-log", where, f"{len(absent)} bookings are told that no log of it holds")
        else:
            waiting += len(absent)
    if waiting:
        result.notes.append(f"{waiting} booking(s) are told whose entries are not public yet.")


def check_sides(ours: sides.Side, theirs: sides.Side) -> Result:
    """What was sent against what was taken: alarms are findings, what only waits is a note."""
    result = Result(Check.SIDES)
    result.count("sent", len(ours.elements("shared")))
    result.count("taken", len(theirs.elements("taken")))
    waits = 0
    for one in sides.compare(ours, theirs):
        if not one.alarm:
            waits += 1
        elif one.element is None:
            if not one.what.startswith("on the channel"):  # told by the check of the days already
                result.find("channel", one.side, one.what)
        else:
            what = f"booking {one.element.hex()[:16]}... {one.what}"
            result.find("taken", f"{one.side}, {words(one.place)}", what)
    if waits:
        result.notes.append(f"{waits} difference(s) that only wait for the other side's next word.")
    return result
