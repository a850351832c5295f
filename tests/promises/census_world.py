# SPDX-License-Identifier: Apache-2.0
"""Two worlds that differ in hidden bookings only, and all that each receiver can see of a world.

The clock stands still unless a test moves it, so that what differs is not the number of times it was read.
What is random by construction (ids, salts, hashes, signatures, subject numbers) is replaced by its kind and
length before views are compared; counts, sizes, order and sequence numbers stay.
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from scenes import SCENES, Town, row, scratch
from sluicegate.exchange.envelopes import read_copy
from sluicegate.store.journal import Outgoing
from sluicegate.testing.world import START

BEFORE = START
CHANGED = datetime(2010, 11, 20, 15, 0, tzinfo=UTC)
AFTER = datetime(2010, 11, 25, 15, 0, tzinfo=UTC)
LATER = datetime(2010, 12, 6, 15, 0, tzinfo=UTC)
BOOKED = {"before": BEFORE, "after": AFTER}

OPEN: Mapping[str, tuple[bool, bool]] = {
    "full": (True, False),  # a filter comes into force on 20 November 2010
    "no-answer": (True, True),
    "no-relay": (True, True),
    "filter": (False, True),  # it is lifted on 20 November 2010
    "filter-dc": (False, False),
    "listed": (True, True),
    "unlisted": (False, False),
    "unknown-charge": (False, False),
    "not-activated": (False, False),
}
"""Whether G1 and G3 are open in a scene, before and after the changes: written by hand, asked of no code."""
assert set(OPEN) == set(SCENES)

CELLS = [(name, day) for day in BOOKED for name in SCENES]
SHOWN = [cell for cell in CELLS if OPEN[cell[0]][cell[1] == "after"]]
HIDDEN = [cell for cell in CELLS if cell not in SHOWN]
CHANGES = (
    row("X900", "US-CA-085", "JURISDICTION_FILTER", since="2010-11-20"),
    row("X901", "US-CA-075", "FULL", since="2010-11-20"),
)
LINKED = 7
"""A person booked openly, and by every hidden booking as well: the link must not show."""


def person_of(cell: tuple[str, str]) -> int:
    """A person of one's own for each cell."""
    return 200 + CELLS.index(cell)


class StillClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class StillTown(Town):
    """A town whose clock stands still."""

    def _open(self) -> None:
        if not isinstance(self.clock, StillClock):
            self.still = StillClock()
            self.clock = self.still  # type: ignore[assignment]
            self.handed: list[tuple[str, str, int, str]] = []
        super()._open()
        plain_way = self.post.hand_over

        def hand_over(role: str, message: Outgoing) -> None:
            body = self.exchange.offices[role].store.outgoing.get(message.digest)
            self.handed.append(
                (message.channel, message.kind, message.sequence, plain(body.decode("latin-1")))
            )
            plain_way(role, message)

        self.post.hand_over = hand_over  # type: ignore[method-assign]

    def at(self, moment: datetime) -> None:
        """Move the clock."""
        self.still.now = moment


@dataclass(slots=True)
class Story:
    """A world with its cases by (scene, day, way), and what was sent for each."""

    town: StillTown
    cases: dict[tuple[str, str, str], str]
    sent: dict[tuple[str, str, str], bytes]

    def book(self, cell: tuple[str, str], way: str, person: int, **given: object) -> None:
        """One booking, settled before the next comes."""
        name, day = cell
        number = f"{CELLS.index(cell):02d}{way.upper()[:8]:0<8}"
        data = self.town.draft(name, person, **{"tcn": f"CENSUS{number}", **given})
        self.cases[name, day, way] = self.town.submit(data)
        self.sent[name, day, way] = data
        self.town.finish()


def told(folder: Path, hidden: list[tuple[str, str]]) -> Story:
    """The same open bookings in every world; beside them, those hidden ones that are given."""
    town = StillTown(folder)
    story = Story(town, {}, {})
    town.enrol(town.exchange.gallery, LINKED, "P00000007")
    for day, moment in BOOKED.items():
        if day == "after":
            town.at(CHANGED)
            town.publish(*CHANGES)
        town.at(moment)
        for name in SCENES:
            cell = (name, day)
            if cell in SHOWN:
                story.book(cell, "plain", person_of(cell))
            elif cell in hidden:
                _hide(story, cell)
        if day == "before":
            story.book(("no-answer", day), "linked", LINKED)
    return story


def _hide(story: Story, cell: tuple[str, str]) -> None:
    """A hidden booking in each way that could show: of a stranger, of a person the partner knows and whom
    others book, under a TCN that an open booking has, naming agencies for copies, twice, and refused."""
    town = story.town
    story.book(cell, "plain", person_of(cell))
    story.book(cell, "linked", LINKED)
    story.book(cell, "sametcn", 400 + person_of(cell), tcn="CENSUS01PLAIN000")
    story.book(cell, "sco", 500 + person_of(cell), sco=(SCENES["no-answer"].cri, SCENES["no-relay"].cri))
    town.submit(story.sent[*cell, "plain"])
    bad = town.draft(cell[0], 600 + person_of(cell), tcn=f"REFUSED{CELLS.index(cell):05d}")
    town.submit(bad.replace(b"2.027:508", b"2.027:XYZ"))
    town.finish()


# -- what a receiver can see -----------------------------------------------------------------------------

PUBLISHED = "2011-01-20T12:00:00Z"
"""When tests publish: the clock of a command moves on from there by itself."""
_KINDS = (
    ("moment", re.compile(r"2011-01-20T12:0\d:\d\d\.\d{6}Z")),
    ("case", re.compile(r"(?<![0-9A-Z])[0-9A-HJKMNP-TV-Z]{26}(?![0-9A-Z])")),
    ("hex", re.compile(r"(?<![0-9a-f])[0-9a-f]{24,}(?![0-9a-f])")),
    ("base64", re.compile(r"(?<![A-Za-z0-9+/_-])(?=[^ ]*\d|[^ ]*[A-Z][^ ]*[a-z])[A-Za-z0-9+/_-]{40,}=*")),
)


def plain(text: str) -> str:
    """A text in which what is random by construction is told by its kind and length."""
    for name, pattern in _KINDS:
        text = pattern.sub(lambda found, name=name: f"<{name} {len(found[0])}>", text)  # type: ignore[misc]
    return text


def _cell(value: object) -> object:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return plain(value) if isinstance(value, str) else value


def database(path: Path) -> dict[str, object]:
    """Every row of every table, and what the file itself tells: pages, row numbers, statistics."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
        names = [
            name
            for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        held: dict[str, object] = {}
        for name in names:
            rows = [[_cell(one) for one in found] for found in opened.execute(f"SELECT * FROM {name}")]  # noqa: S608
            held[name] = sorted(rows, key=repr)
        for pragma in ("page_count", "freelist_count", "schema_version"):
            held[pragma] = opened.execute(f"PRAGMA {pragma}").fetchone()[0]
    return held


def files(folder: Path) -> list[tuple[str, int]]:
    """Names and sizes of all files below a folder, but for databases, whose rows and pages are compared."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    named = [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in found]
    return sorted(
        (re.sub(r"(^|/)[0-9a-f]{2}/<", r"\1<xx>/<", plain(name)), size)
        for name, size in named
        if not name.endswith((".db", ".db-wal", ".db-shm"))
    )


def copies(town: Town) -> list[object]:
    """Every envelope that left for the partner, its transaction as it is."""
    told_ = []
    for body in town.copies.values():
        copy = read_copy(body)
        told_.append(
            (plain(copy.proof), copy.transaction, copy.template, len(body), sorted(json.loads(body)))
        )
    return told_


def partner_sees(story: Story) -> dict[str, object]:
    """All that the partner has, by the way that it came."""
    town, home = story.town, story.town.home
    return {
        "database": database(home / "partner" / "story.db"),
        "gallery": database(home / "partner" / "gallery" / "references.db"),
        "files": files(home / "partner"),
        "data keys": [one for one in files(home / "data-keys") if one[0].startswith("partner")],
        "envelopes": copies(town),
        "look-ups": looked(town),
        "handed over": [one for one in town.handed if one[0].endswith("partner")],
        "alerts": town.exchange.offices["partner"].store.rows("alerts"),
    }


def looked(town: Town) -> dict[str, list[int]]:
    """Look-ups of everybody who was ever booked, on pages of 1, 3 and 50: how like each one found is."""
    asked = [LINKED, *(person_of(cell) for cell in CELLS), *(400 + person_of(cell) for cell in CELLS)]
    return {
        f"{person} of {limit}": [
            one.similarity for one in town.exchange.lookup.look_up(town.template(person), "partner", limit)
        ]
        for person in asked
        for limit in (1, 3, 50)
    }


def heard(town: Town, agencies: tuple[str, ...]) -> dict[str, list[tuple[str, int, str]]]:
    """What agencies have in their mailboxes, in order, with its text."""
    return {
        ori: [(kind, len(body), plain(body.decode("latin-1"))) for kind, _, body in town.mail[ori]]
        for ori in agencies
    }


@contextmanager
def counted(engines: Mapping[str, sa.Engine]) -> Iterator[dict[str, list[str]]]:
    """The statements that each database was asked, in order, with nothing of their values."""
    asked: dict[str, list[str]] = {name: [] for name in engines}

    def listen(name: str) -> object:
        def before(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            asked[name].append(" ".join(statement.split()))

        return before

    hooks = {name: listen(name) for name in engines}
    for name, engine in engines.items():
        sa.event.listen(engine, "before_cursor_execute", hooks[name])
    try:
        yield asked
    finally:
        for name, engine in engines.items():
            sa.event.remove(engine, "before_cursor_execute", hooks[name])


def opened(data: bytes) -> list[bytes]:
    """Bytes, and whatever is packed inside them as JSON and base64, however deep."""
    found = [data]
    try:
        values = json.loads(data)
    except ValueError:
        return found
    for one in values.values() if isinstance(values, dict) else values if isinstance(values, list) else ():
        if isinstance(one, dict | list):
            found += opened(json.dumps(one).encode())
        elif isinstance(one, str):
            found.append(one.encode())
            try:
                found += opened(base64.b64decode(one, validate=True))
            except ValueError:
                continue
    return found


# -- a smaller pair of worlds ------------------------------------------------------------------------------

CLOSED = sorted({name for name, day in HIDDEN if day == "before"})
"""Scenes in which a booking is hidden when the worlds start."""


@contextmanager
def both(hide: Callable[[StillTown], None]) -> Iterator[tuple[StillTown, StillTown]]:
    """A world, and the same world after something hidden happened in it."""
    with scratch() as folder:
        made = StillTown(folder / "without"), StillTown(folder / "with")
        for town in made:
            for person in range(20, 24):
                town.book("full", person)
            town.finish()
        hide(made[1])
        made[1].finish()
        yield made
        for town in made:
            town.close()


def booked(name: str, *people: int) -> Callable[[StillTown], None]:
    """Something hidden: bookings of these people in a scene."""

    def hide(town: StillTown) -> None:
        for person in people:
            town.submit(town.draft(name, person, tcn=f"HIDDEN{person:06d}"))

    return hide


def page(town: Town, person: int, limit: int = 50) -> list[int]:
    """One page of a look-up: how like each one found is."""
    return [one.similarity for one in town.exchange.lookup.look_up(town.template(person), "partner", limit)]
