# SPDX-License-Identifier: Apache-2.0
"""Compares two sides from what each has made public, as a stranger can: what was sent with what was taken.

Nothing here needs either installation: two folders and two public keys are enough, and no byte of a folder is
believed before it is shown to lead to a signed checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sluicegate.errors import LedgerError
from sluicegate.ledger import days
from sluicegate.ledger import statement as statements
from sluicegate.ledger.days import Channel, Day
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import VerifierKey
from sluicegate.store.days import read_day
from sluicegate.store.master import MASTER_LOG
from sluicegate.store.public import open_log

Place = tuple[str, str]
"""Jurisdiction and day."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side has made public: its newest word on every day, and what contradicts itself in it."""

    days: Mapping[Place, Day]
    told: Mapping[Place, str]  # when that word was given
    channel: Channel | None
    channel_at: str
    wrong: tuple[str, ...]

    def elements(self, name: str) -> dict[bytes, Place]:
        """Every element of the sets of one name, with where it is."""
        return {one: place for place, day in self.days.items() for one in day.sets.get(name, ())}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the sides. An alarm is one that no delay can explain."""

    what: str
    alarm: bool
    side: str
    element: bytes | None = None
    place: Place = ("", "")


@dataclass(slots=True)
class _Reading:
    newest: dict[Place, Day] = field(default_factory=dict)
    told: dict[Place, Statement] = field(default_factory=dict)
    channel: tuple[Channel | None, str] = (None, "")
    wrong: list[str] = field(default_factory=list)


def read_side(
    folder: Path, key: VerifierKey, kind: StatementKind, tick: Callable[[int], None] = lambda _done: None
) -> Side:
    """Everything that a public folder tells of days; `kind` is DAY or TAKEN.

    `tick` is called with the number of elements of each file read.

    Raises:
        VerifyError: the folder does not lead to a checkpoint signed by the key, or a day's file is missing or
            is not what was stated.
    """
    held = _Reading()
    for said in _statements(folder, key):
        if said.kind is StatementKind.CHANNEL:
            held.channel = (days.channel_in(said), said.at)
        elif said.kind is kind:
            held.wrong += _take(held, folder, said, tick)
    held.wrong += _chain(held.newest)
    seen: dict[bytes, Place] = {}
    for place, day in held.newest.items():
        for elements in day.sets.values():
            held.wrong += [
                f"{one.hex()[:16]}... is told on {_words(place)} and on {_words(seen[one])}."
                for one in elements
                if one in seen
            ]
            seen.update(dict.fromkeys(elements, place))
    told = {place: said.at for place, said in held.told.items()}
    return Side(held.newest, told, *held.channel, tuple(held.wrong))


def _statements(folder: Path, key: VerifierKey) -> Iterator[Statement]:
    for data in open_log(folder, MASTER_LOG, key).entries():
        try:
            yield statements.decode(data)
        except LedgerError:  # of a kind that a later version states
            continue


def _take(held: _Reading, folder: Path, said: Statement, tick: Callable[[int], None]) -> Iterator[str]:
    """Read the file of one statement and hold it against the word given before."""
    place = (said.subject, str(said.parts["day"]))
    before, earlier = held.newest.get(place), held.told.get(place)
    revision = said.parts.get("revision")
    if revision != (before.revision + 1 if before else 0):
        yield f"{_words(place)}: revision {revision} does not follow the word given before."
    now = read_day(folder, said)
    tick(now.received)
    if before is not None and earlier is not None:
        over = said.kind is StatementKind.DAY and days.was_over(earlier)
        for one, how in days.tampered(before, now, over=over):
            yield f"{_words(place)}, revision {now.revision}: {one.hex()[:16]}... {how}."
        if (before.begins, before.ends, before.previous) != (now.begins, now.ends, now.previous):
            yield f"{_words(place)}, revision {now.revision}: its beginning, end or day before changed."
    held.newest[place], held.told[place] = now, said


def _chain(newest: Mapping[Place, Day]) -> Iterator[str]:
    """Every day names the one before it, so that none can be left out in silence."""
    before: dict[str, Day] = {}
    for place, day in sorted(newest.items()):
        last = before.get(place[0])
        if day.previous != (last.day if last else None):
            yield f"{_words(place)}: the day before it is told as {day.previous or 'none'}, which is not so."
        if last is not None and last.ends > day.begins:
            yield f"{_words(place)}: it begins before {last.day} ends."
        before[place[0]] = day


def _words(place: Place) -> str:
    return f"{place[0]} {place[1]}"


def compare(bureau: Side, partner: Side) -> list[Difference]:
    """Every difference, alarms first."""
    found = [Difference(one, True, "bureau") for one in bureau.wrong]
    found += [Difference(one, True, "partner") for one in partner.wrong]
    shared, taken = bureau.elements("shared"), partner.elements("taken")
    for one in sorted(taken.keys() - shared.keys()):
        found.append(_never_sent(one, taken[one], bureau))
    for one in sorted(shared.keys() - taken.keys()):
        found.append(Difference("sent, not yet taken", False, "partner", one, shared[one]))
    for one, place in taken.items():
        if one in shared and shared[one] != place:
            what = f"taken as of {_words(place)}, sent as of {_words(shared[one])}"
            found.append(Difference(what, True, "partner", one, place))
    found += _channels(bureau, partner)
    return sorted(found, key=lambda one: not one.alarm)


def _never_sent(one: bytes, place: Place, bureau: Side) -> Difference:
    """A copy that the partner says it took and the bureau does not say it sent."""
    day = bureau.days.get(place)
    last = max((day for jurisdiction, day in bureau.days if jurisdiction == place[0]), default="")
    if day is not None and days.place_of(day.sets["pending"], one)[1]:
        what = f"taken; the bureau, on {bureau.told[place]}, told it as pending"
        return Difference(what, False, "bureau", one, place)
    if day is None and place[1] > last:
        return Difference("taken; the bureau has not told this day yet", False, "bureau", one, place)
    withheld = day is not None and days.place_of(day.sets["withheld"], one)[1]
    what = "taken, although it was withheld" if withheld else "taken, never sent"
    return Difference(what, True, "partner", one, place)


def _channels(bureau: Side, partner: Side) -> Iterator[Difference]:
    for name, side in (("bureau", bureau), ("partner", partner)):
        for fault in side.channel.faults if side.channel else ():
            yield Difference(f"on the channel {fault}", True, name)
    if bureau.channel is None or partner.channel is None:
        return
    sent, came = bureau.channel.last, partner.channel.last
    if came > sent:
        late = partner.channel_at > bureau.channel_at
        what = f"number {came} came, the bureau tells of {sent}"
        yield Difference(f"{what} so far" if late else what, not late, "bureau")
    elif came < sent:
        yield Difference(f"numbers {came + 1} to {sent} have not come yet", False, "partner")
