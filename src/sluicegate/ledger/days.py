# SPDX-License-Identifier: Apache-2.0
"""The sets of a jurisdiction's day: which bookings were shared, withheld or pending, and which were taken.

An element stands for one booking: the salted commitment of its decision's entry (32 bytes), which is on the
agency's receipt and in the copy's proof and which nobody else can guess. A set is its elements in ascending
order under the Merkle tree of RFC 9162 section 2.1, so that two neighbors prove that nothing stands between
them. What is public of a set is a file with its elements and a statement of the master log with its root.
Why so: docs/decisions/0016-daily-sets.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import canonical as canon
from sluicegate.ledger.entry import check_time
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import HASH_BYTES, JSON, MAX_INTEGER

VERSION = 1
SHARING = ("shared", "withheld", "pending")
"""The sets of the side that decides. received = shared + withheld + pending."""
TAKING = ("taken",)
"""The set of the side that takes copies."""
_KINDS = {SHARING: StatementKind.DAY, TAKING: StatementKind.TAKEN}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Day:
    """The sets of one jurisdiction's local day, as told at one moment.

    Attributes:
        jurisdiction: its id, or `unplaced`.
        day: the local day of receipt, YYYY-MM-DD.
        begins, ends: that day in UTC, RFC 3339; a booking is of the day if begins <= received < ends.
        revision: 0, and one more each time that the day is told anew.
        previous: the stated day of this jurisdiction before this one; no booking came between them.
        sets: the elements of each set of `SHARING` or of `TAKING`, ascending.
        refused: how many of the withheld are bookings that were refused.

    Raises:
        LedgerError: one of these does not hold, or an element is in two sets.
    """

    jurisdiction: str
    day: str
    begins: str
    ends: str
    revision: int
    previous: str | None
    sets: Mapping[str, tuple[bytes, ...]]
    refused: int = 0

    def __post_init__(self) -> None:
        _check_names(self)
        if tuple(self.sets) not in _KINDS:
            raise LedgerError("a day has the sets shared, withheld and pending, or the set taken")
        for name, elements in self.sets.items():
            if any(len(one) != HASH_BYTES for one in elements):
                raise LedgerError(f"an element of the set {name} does not have {HASH_BYTES} bytes")
            if any(one >= after for one, after in pairwise(elements)):
                raise LedgerError(f"the set {name} is not in ascending order, or tells an element twice")
        if len(set().union(*self.sets.values())) != self.received:
            raise LedgerError("a booking is in two sets of one day")
        if not 0 <= self.refused <= len(self.sets.get("withheld", ())):
            raise LedgerError("more bookings are told as refused than were withheld")

    @property
    def received(self) -> int:
        """How many bookings the day accounts for."""
        return sum(map(len, self.sets.values()))

    @property
    def path(self) -> str:
        """Name of its file below the public folder. A revision has a file of its own: none ever changes."""
        return path_of(self.jurisdiction, self.day, self.revision)


def path_of(jurisdiction: str, day: str, revision: int) -> str:
    """Name of a day's file below the public folder.

    Raises LedgerError for names that could not be a day's: a signed statement may still say anything.
    """
    if not _NAME.fullmatch(jurisdiction) or not _DAY.fullmatch(day):
        raise LedgerError("this is not the name of a jurisdiction and of a day")
    return f"days/{day}/{jurisdiction}{f'.{revision}' if revision else ''}.json"


def _check_names(one: Day) -> None:
    check_time(one.begins)
    check_time(one.ends)
    days = [one.day] if one.previous is None else [one.previous, one.day]
    if not _NAME.fullmatch(one.jurisdiction) or not all(map(_DAY.fullmatch, days)) or days != sorted(days):
        raise LedgerError("a day names its jurisdiction, itself, and an earlier day or none")
    if len(one.begins) != len(one.ends) or one.begins >= one.ends:
        raise LedgerError("a day ends after it begins")
    if isinstance(one.revision, bool) or not 0 <= one.revision <= MAX_INTEGER:
        raise LedgerError("a revision is a whole number from 0")


def root_of(elements: Sequence[bytes]) -> bytes:
    """Root over elements in their order (RFC 9162 section 2.1.1); about a microsecond for each."""
    if not elements:
        return hashlib.sha256(b"").digest()
    level = [hashlib.sha256(b"\x00" + one).digest() for one in elements]
    while len(level) > 1:
        # The last of an odd level rises as it is: the same tree as splitting at the largest power of two.
        spare = level[-1:] if len(level) & 1 else []
        pairs = iter(level)
        level = [
            hashlib.sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)
        ] + spare
    return level[0]


def place_of(elements: Sequence[bytes], element: bytes) -> tuple[int, bool]:
    """How many elements come before this one, and whether it is there itself."""
    at = bisect_left(elements, element)
    return at, at < len(elements) and elements[at] == element


def prove(elements: Sequence[bytes], places: set[int]) -> tuple[bytes, ...]:
    """What `verify.climb_many` needs to reach the root from the elements at these places, left to right."""
    found: list[bytes] = []

    def walk(low: int, high: int) -> None:
        if not any(low <= place < high for place in places):
            found.append(root_of(elements[low:high]))
        elif high - low > 1:
            middle = low + (1 << (high - low - 1).bit_length() - 1)
            walk(low, middle)
            walk(middle, high)

    if places:
        walk(0, len(elements))
    return tuple(found)


def parts(one: Day) -> dict[str, JSON]:
    """What the master log states of a day: all but the elements, and for each set its size and root."""
    told: dict[str, JSON] = {
        "jurisdiction": one.jurisdiction,
        "day": one.day,
        "begins": one.begins,
        "ends": one.ends,
        "revision": one.revision,
        "previous": one.previous,
    }
    for name, elements in one.sets.items():
        root = base64.b64encode(root_of(elements)).decode("ascii")
        told[name] = {"size": len(elements), "root": root}
    return told | ({"received": one.received, "refused": one.refused} if "shared" in one.sets else {})


def stated(one: Day, at: str) -> Statement:
    """The statement of a day."""
    return Statement(at, _KINDS[tuple(one.sets)], parts(one))


def encode(one: Day) -> bytes:
    """The public file of a day: canonical JSON, elements in lower-case hexadecimal, in the same order."""
    told: dict[str, JSON] = {
        "v": VERSION,
        "jurisdiction": one.jurisdiction,
        "day": one.day,
        "begins": one.begins,
        "ends": one.ends,
        "revision": one.revision,
        "previous": one.previous,
        "refused": one.refused,
    }
    return canon.encode(told | {name: [e.hex() for e in elements] for name, elements in one.sets.items()})


def decode(data: bytes) -> Day:
    """The day in a public file; LedgerError where it is none. What it tells is believed after `check`."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        raise LedgerError("a day's file is not JSON") from None
    match told:
        case {
            "v": 1,
            "jurisdiction": str(jurisdiction),
            "day": str(day),
            "begins": str(begins),
            "ends": str(ends),
            "revision": int(revision),
            "previous": (str() | None) as previous,
            "refused": int(refused),
            **rest,
        }:
            names = SHARING if "shared" in rest else TAKING
            if set(rest) == set(names):
                sets = {name: _elements(rest[name]) for name in names}
                return Day(jurisdiction, day, begins, ends, revision, previous, sets, refused)
    raise LedgerError("a day's file does not have the parts of version 1")


def _elements(told: object) -> tuple[bytes, ...]:
    if isinstance(told, list) and all(isinstance(one, str) and _HEX.fullmatch(one) for one in told):
        return tuple(map(bytes.fromhex, told))
    raise LedgerError("an element of a set is not 64 hexadecimal digits")


def check(one: Day, statement: Statement) -> None:
    """Raises VerifyError unless this file is what the statement tells, root by root."""
    for name, value in parts(one).items():
        if statement.parts.get(name) != value:
            raise VerifyError(f"{one.path}: its {name} is not what the master log states")
    if statement.kind is not _KINDS[tuple(one.sets)]:
        raise VerifyError(f"{one.path}: it is of another kind than the master log states")


def was_over(statement: Statement) -> bool:
    """Whether the day had ended when it was told: from then on it can gain nothing."""
    return statement.at >= str(statement.parts["ends"])


def tampered(old: Day, new: Day, *, over: bool) -> Iterator[tuple[bytes, str]]:
    """Every element that a revision treats as it must not, and in words how.

    Allowed are: pending to shared or withheld; and, until the day was `over` when `old` was told, new ones.
    """
    for name, elements in old.sets.items():
        for one in elements:
            now = next((other for other in new.sets if _within(new.sets[other], one)), None)
            if now is None:
                yield one, f"was {name} and is in no set any more"
            elif now != name and name != "pending":
                yield one, f"was {name} and is now {now}"
    if over:
        known = set().union(*old.sets.values())
        for name, elements in new.sets.items():
            yield from (
                (one, f"was added as {name} after the day was over") for one in elements if one not in known
            )


def _within(elements: Sequence[bytes], one: bytes) -> bool:
    return place_of(elements, one)[1]


MAX_FAULTS = 100
"""A statement names so many faults of a channel at most, and says how many more there are."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The sequence numbers of a channel between two sides, as one side saw them, in its order.

    Each side numbers from 1 without a gap; `faults` names every gap, repeat and reordering.
    """

    name: str
    first: int
    last: int
    count: int
    faults: tuple[str, ...]


def channel(name: str, numbers: Sequence[int]) -> Channel:
    """What there is to say of these numbers, in the order in which they were seen."""
    faults: list[str] = []
    seen: set[int] = set()
    highest = 0
    for number in numbers:
        if number in seen:
            faults.append(f"number {number} came twice")
        elif number < highest:
            faults.append(f"number {number} came after {highest}")
        seen.add(number)
        highest = max(highest, number)
    below = 0
    for number in sorted(seen):
        if number > below + 1:
            span = f"number {below + 1}" if number == below + 2 else f"numbers {below + 1} to {number - 1}"
            faults.append(f"{span} never came")
        below = number
    if len(faults) > MAX_FAULTS:
        faults = [*faults[:MAX_FAULTS], f"and {len(faults) - MAX_FAULTS} more"]
    return Channel(name, min(seen, default=0), highest, len(numbers), tuple(faults))


def channel_stated(one: Channel, at: str) -> Statement:
    """The statement of a channel."""
    told: dict[str, JSON] = {
        "channel": one.name,
        "first": one.first,
        "last": one.last,
        "count": one.count,
        "faults": list(one.faults),
    }
    return Statement(at, StatementKind.CHANNEL, told)


def channel_in(statement: Statement) -> Channel:
    """What a statement says of a channel. Raises LedgerError where it says nothing of one."""
    match statement.parts:
        case {
            "channel": str(name),
            "first": int(first),
            "last": int(last),
            "count": int(count),
            "faults": list(faults),
        }:
            return Channel(name, first, last, count, tuple(str(one) for one in faults))
    raise LedgerError("this statement is not about a channel")
