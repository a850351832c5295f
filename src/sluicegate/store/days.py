# SPDX-License-Identifier: Apache-2.0
"""Tells finished days: gathers the sets from the ledger, writes their files, states their roots.

A day is told when it is over at its jurisdiction and every booking received before its end is decided. A file
is written before it is stated, and a stated one never changes, so that a crash between the two leaves a file
that nothing speaks of and that the next run writes over.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sluicegate.errors import Conflict, LedgerError, VerifyError
from sluicegate.ledger import days
from sluicegate.ledger.days import SHARING, TAKING, Channel, Day
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.store.master import MASTER_LOG, MasterLog
from sluicegate.store.publish import LATEST_ZONE, write_durably

MAX_DAY_BYTES = 256 * 1024 * 1024
"""No file of a day is larger: some three million bookings of one jurisdiction on one day."""
COPIES = "bureau to partner"
"""Name of the channel on which copies travel."""
UNPLACED = "unplaced"
GRACE = timedelta(minutes=15)
"""A day is told so long after its end: whatever was received before it has been entered by then."""
_SHOWN = 3  # elements named in one sentence

_BOOKINGS = sa.text("""
SELECT e.case_id, MIN(s.received) AS received,
  MIN(CASE WHEN e.kind = 'received' THEN e.at END) AS entered,
  MIN(CASE WHEN e.kind = 'received' THEN e.leaf END) AS first,
  MIN(CASE WHEN e.kind = 'decided' THEN e.leaf END) AS decided,
  MIN(CASE WHEN e.kind = 'decided' THEN e.log END) AS log,
  MAX(e.kind = 'shared') AS shared, MAX(e.kind = 'withheld') AS withheld, MAX(e.kind = 'refused') AS refused
FROM entry e LEFT JOIN story s ON s.case_id = e.case_id
WHERE e.case_id IS NOT NULL AND e.kind IN ('received', 'decided', 'shared', 'withheld', 'refused')
GROUP BY e.case_id
""")
_COPIES = sa.text("SELECT body FROM entry WHERE kind = 'copy-taken' AND body IS NOT NULL ORDER BY log, seq")
_SENT = sa.text(
    "SELECT sequence FROM message WHERE channel = 'partner' AND created < :before ORDER BY created, sequence"
)
_CAME = sa.text(
    # Of an expunged copy the entry is empty, and the case alone still knows its number.
    "SELECT kind, COALESCE(json_extract(body, '$.sequence'), (SELECT json_extract(s.dossier, '$.sequence') "
    "FROM story s WHERE s.case_id = entry.case_id)) AS sequence "
    "FROM entry WHERE kind IN ('copy-taken', 'copy-turned-away') AND at < :before ORDER BY log, seq"
)


@dataclass(frozen=True, slots=True)
class Booking:
    """One element with where it belongs. `element` is None while the booking is not decided."""

    case_id: str
    jurisdiction: str
    received: str  # RFC 3339 in UTC with microseconds
    element: bytes | None
    within: str  # the name of its set
    refused: bool = False


def bookings(engine: sa.Engine) -> list[Booking]:
    """Every booking that the bureau's ledger knows, by what the ledger says of it.

    Raises LedgerError where one has no entry of its receipt: then nothing adds up.
    """
    with engine.connect() as connection:
        rows = connection.execute(_BOOKINGS).mappings().all()
    return [_booking(dict(row)) for row in rows]


def _booking(row: Mapping[str, object]) -> Booking:
    case, entered = str(row["case_id"]), row["entered"]
    if entered is None:
        raise LedgerError(
            f"Booking {case} has no entry of its receipt.", advice="Run: sluicegate audit check"
        )
    place = str(row["log"] or UNPLACED).removesuffix("/withheld")
    refused, decided = bool(row["refused"]), row["decided"]
    # A booking that was refused before any rule was asked is told by the entry of its receipt.
    leaf = decided if decided is not None else row["first"] if refused else None
    within = "shared" if row["shared"] else "withheld" if row["withheld"] or refused else "pending"
    element = leaf if isinstance(leaf, bytes) else None
    return Booking(
        case, place, str(row["received"] or entered), element, within, refused and within != "shared"
    )


def copies(engine: sa.Engine) -> list[Booking]:
    """Every copy that the partner took, by the decision that came with it."""
    with engine.connect() as connection:
        bodies = [json.loads(row[0]) for row in connection.execute(_COPIES)]
    return [
        Booking(
            str(body["copy"]),
            str(body["log"]).removesuffix("/withheld"),
            str(body["received"]),
            bytes.fromhex(str(body["element"])),
            "taken",
        )
        for body in bodies
        if "element" in body  # a copy of an earlier version of this program: its day cannot be told
    ]


def sent(engine: sa.Engine, before: str) -> Channel:
    """The numbers that the bureau gave to copies made before a moment."""
    with engine.connect() as connection:
        return days.channel(COPIES, [int(row[0]) for row in connection.execute(_SENT, {"before": before})])


def came(engine: sa.Engine, before: str) -> Channel:
    """The numbers of the copies that came to the partner before a moment, also of those it turned away."""
    numbers: list[int] = []
    turned: set[int] = set()
    with engine.connect() as connection:
        for row in connection.execute(_CAME, {"before": before}).mappings():
            if row["sequence"] is None:
                continue
            number, away = int(row["sequence"]), row["kind"] == "copy-turned-away"
            # A carrier that crashed after the refusal asks once more and is refused once more: no fault.
            if not (away and number in turned):
                numbers.append(number)
            turned |= {number} if away else set()
    return days.channel(COPIES, numbers)


@dataclass(frozen=True, slots=True)
class Told:
    """What one run told: the days, how many bookings wait for a midnight, and how many are undecided."""

    days: tuple[Day, ...]
    waiting: int
    undecided: int


@dataclass(frozen=True, slots=True)
class _Known:
    """The newest statement of every day, and the folder with the files."""

    newest: Mapping[tuple[str, str], Statement]
    size: int


@dataclass(frozen=True, slots=True)
class DayBook:
    """Tells the days of one side.

    Attributes:
        master: its master log; `session` opens a session whose block is one commit.
        folder: its public folder.
        zone_of: the time zone of a jurisdiction, or None where none is known.
        gather, numbers: what there is to tell: `bookings` and `sent`, or `copies` and `came`.
        names: SHARING or TAKING.
        write: how a file is written; tests put a failing disk here.
    """

    master: MasterLog
    session: Callable[[], AbstractContextManager[Session]]
    folder: Path
    zone_of: Callable[[str], str | None]
    gather: Callable[[], Sequence[Booking]]
    numbers: Callable[[str], Channel]
    names: tuple[str, ...]
    write: Callable[[Path, bytes], None] = write_durably

    def tell(self, now: datetime, *, everything: bool = False) -> Told:
        """Tell every finished day that is new or has changed; with `everything` also those of today.

        Raises:
            LedgerError: the ledger contradicts what was told of a day before. Nothing is stated then.
            Conflict: somebody else stated something meanwhile; run it again.
            StoreError: a file could not be written; run it again.
        """
        known = self._known()
        at = _stamp(now)
        gathered = self.gather()
        fresh, waiting = self._plan(
            gathered, known, at if everything else _stamp(now - GRACE), everything=everything
        )
        before = at if everything else _stamp(_midnight(LATEST_ZONE, now - GRACE))
        channel = days.channel_stated(self.numbers(before), at)
        said = [days.stated(one, at) for one in fresh]
        if self._is_news(channel):
            said.append(channel)
        for one in fresh:
            # If we crash after this, nothing speaks of the file yet: the next run writes it again, or over.
            self.write(self.folder / one.path, days.encode(one))
        if said:
            # If we crash before this has landed, nothing was told; the next run tells it. If it landed, the
            # next run finds it told. Publishing the master log comes after, so no statement lacks its file.
            with self.session() as session:
                if self.master.trees.open(session, MASTER_LOG).size != known.size:
                    raise Conflict("Somebody else stated something meanwhile; nothing was told. Try again.")
                self.master.state(session, said)
        return Told(tuple(fresh), waiting, sum(one.element is None for one in gathered))

    def _known(self) -> _Known:
        size = self.master.size()
        kind = StatementKind.DAY if self.names == SHARING else StatementKind.TAKEN
        told = [one.statement for one in self.master.about(kind)]
        return _Known({(one.subject, str(one.parts["day"])): one for one in told}, size)

    def _is_news(self, channel: Statement) -> bool:
        before = self.master.newest(StatementKind.CHANNEL, channel.subject)
        return bool(channel.parts["count"]) and (before is None or before.statement.parts != channel.parts)

    def _plan(
        self, gathered: Iterable[Booking], known: _Known, by: str, *, everything: bool
    ) -> tuple[list[Day], int]:
        """The days to tell, in order, and how many bookings wait."""
        grouped: dict[str, dict[str, list[Booking]]] = defaultdict(lambda: defaultdict(list))
        undecided = []
        for one in gathered:
            if one.element is None:
                undecided.append(one.received)
            else:
                grouped[one.jurisdiction][self._day_of(one)].append(one)
        # Whose booking an undecided one is, nobody knows yet: no day that it may be of can be told.
        hold = min(undecided, default="9999")
        fresh: list[Day] = []
        waiting = 0
        for jurisdiction, by_day in sorted(grouped.items()):
            previous = None
            for day, held in sorted(by_day.items()):
                begins, ends = self._bounds(jurisdiction, day)
                if ends > hold or (ends > by and not everything):
                    waiting += len(held)
                    continue
                made = self._made(Day(jurisdiction, day, begins, ends, 0, previous, _sets(self.names, held),
                                      sum(one.refused for one in held)), known)  # fmt: skip
                fresh += [made] if made is not None else []
                previous = day
        return fresh, waiting

    def _made(self, now: Day, known: _Known) -> Day | None:
        """The day as it is to be told: new, revised, or None where it stands as it was told."""
        told = known.newest.get((now.jurisdiction, now.day))
        if told is None:
            return now
        if (told.parts["begins"], told.parts["ends"]) != (now.begins, now.ends):
            raise LedgerError(f"{now.path}: this day was told with another beginning or end.")
        revision = int(str(told.parts["revision"]))
        over = days.was_over(told)
        if over and self.names == SHARING and _size(told, "pending") == 0:
            # Final. Bookings of it may have been expunged since, so that the ledger knows fewer; never more.
            if now.received > int(str(told.parts["received"])):
                raise LedgerError(f"{now.path}: the ledger knows more bookings of it than were told.")
            return None
        before = read_day(self.folder, told)
        if self.names == TAKING:
            sets = {"taken": tuple(sorted({*before.sets["taken"], *now.sets["taken"]}))}
            return None if sets == before.sets else replace(now, revision=revision + 1, sets=sets)
        wrong = list(days.tampered(before, now, over=over))
        if wrong:
            named = "; ".join(f"{one.hex()[:16]}... {how}" for one, how in wrong[:_SHOWN])
            raise LedgerError(
                f"{before.path}: {len(wrong)} booking(s) are not as they were told: {named}.",
                advice="Nothing was stated. Find out who changed the ledger: sluicegate audit check",
            )
        same = now.sets == before.sets and now.refused == before.refused
        return None if same else replace(now, revision=revision + 1)

    def _day_of(self, one: Booking) -> str:
        zone = ZoneInfo(self.zone_of(one.jurisdiction) or LATEST_ZONE)
        moment = datetime.fromisoformat(one.received.replace("Z", "+00:00"))
        return moment.astimezone(zone).date().isoformat()

    def _bounds(self, jurisdiction: str, day: str) -> tuple[str, str]:
        zone = ZoneInfo(self.zone_of(jurisdiction) or LATEST_ZONE)
        first = date.fromisoformat(day)
        begins, ends = (datetime.combine(one, time.min, zone) for one in (first, first + timedelta(days=1)))
        return _stamp(begins), _stamp(ends)


def _sets(names: Sequence[str], held: Sequence[Booking]) -> dict[str, tuple[bytes, ...]]:
    return {
        name: tuple(sorted({one.element for one in held if one.element is not None and one.within == name}))
        for name in names
    }


def _size(told: Statement, name: str) -> int:
    tree = told.parts[name]
    return int(str(tree["size"])) if isinstance(tree, dict) else 0


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _midnight(zone: str, now: datetime) -> datetime:
    there = ZoneInfo(zone)
    return datetime.combine(now.astimezone(there).date(), time.min, there)


def read_day(folder: Path, told: Statement) -> Day:
    """The file of a stated day, held against what was stated of it.

    Raises VerifyError where it is missing, damaged, or not what was stated.
    """
    revision = told.parts.get("revision")
    path = days.path_of(told.subject, str(told.parts["day"]), revision if isinstance(revision, int) else 0)
    try:
        with (folder / path).open("rb") as file:
            data = file.read(MAX_DAY_BYTES)
    except OSError:
        raise VerifyError(f"{path}: it is missing or cannot be read") from None
    try:
        held = days.decode(data)
    except LedgerError as error:
        raise VerifyError(f"{path}: {error.message}") from None
    days.check(held, told)
    return held
