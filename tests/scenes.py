# SPDX-License-Identifier: Apache-2.0
"""A home in which every mode is in force somewhere, and what one booking left behind at every receiver."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sluicegate import app
from sluicegate.ebts.submission import partial
from sluicegate.exchange.searching import probe_images
from sluicegate.itl.reader import read
from sluicegate.ridge import template as templates
from sluicegate.ridge.template import Template
from sluicegate.store import programs
from sluicegate.store.journal import Store
from sluicegate.store.registering import Registry
from sluicegate.store.repository import Repository
from sluicegate.testing import bookings
from sluicegate.testing.registrars import Registrars, rows_of
from sluicegate.testing.world import START, World

PROGRAM, SCENARIO = "secure-communities", "demo-scenario"
UNKNOWN = "CA0999999"  # an ORI of no agency


def row(
    number: str,
    place: str,
    mode: str,
    *,
    kind: str = "entry-into-force",
    since: str = "2010-11-01",
    public: str = "",
) -> str:
    """A row of choices.csv that puts a mode in force; a capability is the state's word, the rest federal.

    It is public from the day on which it is valid, unless another day is given.
    """
    level = "state" if kind == "capability" else "federal"
    cells = [number, place, kind, "", mode, "Scenario", level, "a test", "none on record", "V12"]
    return ",".join([*cells, since, "", public or since, "", "SRC-V12", "X", ""]) + "\n"


@dataclass(frozen=True, slots=True)
class Scene:
    """A mode in force somewhere, and what the table of gates says of a booking there."""

    mode: str
    cri: str
    shares: bool  # G1
    relays: bool  # G2
    found: bool  # G3
    charge: str = "BURGLARY"


SCENES: dict[str, Scene] = {
    "full": Scene("FULL", "CA0430000", shares=True, relays=True, found=True),
    "no-answer": Scene("RESPONSE_OPT_OUT", "VA0070100", shares=True, relays=False, found=True),
    "no-relay": Scene("STATE_NO_RELAY", "CA0410000", shares=True, relays=False, found=True),
    "filter": Scene("JURISDICTION_FILTER", "CA0380000", shares=False, relays=False, found=False),
    "filter-dc": Scene("JURISDICTION_FILTER", "DCMPD0000", shares=False, relays=False, found=False),
    "listed": Scene(
        "OFFENCE_LEVEL_FILTER", "CA0010000", shares=True, relays=True, found=True, charge="ROBBERY"
    ),
    "unlisted": Scene("OFFENCE_LEVEL_FILTER", "CA0010000", shares=False, relays=False, found=False),
    "unknown-charge": Scene(
        "OFFENCE_LEVEL_FILTER", "CA0010000", shares=False, relays=False, found=False, charge="WITCHCRAFT"
    ),
    "not-activated": Scene("NOT_ACTIVATED", "NY0303000", shares=False, relays=False, found=False),
}
"""Design.md, Gates and modes, column by column."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: no test here is about the speed of a disk's flush."""
    memory = Path("/dev/shm")  # noqa: S108
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def choices(home: Path) -> Path:
    """The file of choices that tests spoil by hand."""
    return home / "programs" / SCENARIO / "choices.csv"


def lay_out(home: Path) -> Path:
    """A home with all six modes in force on the day the worlds start, 15 November 2010."""
    files = {name: programs.shipped(name) for name in (PROGRAM, SCENARIO)}
    more = [
        row("X101", "US-CA-075", "JURISDICTION_FILTER"),
        row("X102", "US-CA-001", "OFFENCE_LEVEL_FILTER"),
        row("X103", "US-CA-081", "STATE_NO_RELAY", kind="capability"),
    ]
    files[SCENARIO]["choices.csv"] += "".join(more).encode()
    app.lay_out(home, PROGRAM, SCENARIO, at=START, files=files)
    return home


class Town(World):
    """A world in which bookings are named by scene and person."""

    def __init__(self, home: Path, *, min_minutiae: int = 1) -> None:
        self.taken = 0
        super().__init__(lay_out(home) if not home.exists() else home, min_minutiae=min_minutiae)

    def draft(self, scene: Scene | str, person: int, **given: object) -> bytes:
        """A booking under a scene; `given` overrides what `bookings.tiny_booking` takes."""
        one = SCENES[scene] if isinstance(scene, str) else scene
        self.taken += 1
        words: dict[str, object] = {
            "cri": one.cri,
            "tcn": f"TOWN{self.taken:08d}",
            "at": self.clock(),
            "charge": one.charge,
            **given,
        }
        return bookings.tiny_booking(person, **words)  # type: ignore[arg-type]

    def book(self, scene: Scene | str, person: int, **given: object) -> str:
        """Draft and submit; returns the case."""
        return self.submit(self.draft(scene, person, **given))

    def publish(self, *lines: str) -> None:
        """Add rows to the choices in force, as two registrars do."""
        registry = Registry(self.exchange.programs, self.clock)
        Registrars(registry).publish(rows_of("choices.csv", lines))

    def finish(self) -> None:
        """Until nothing waits: the exchange moves, the officer determines, the exchange moves on."""
        self.settle()
        while self.determine_all():
            self.settle()

    def template(self, person: int) -> Template:
        """What extraction makes of this person's prints."""
        sample = bookings.tiny_booking(person, cri="CA0430000", tcn="SAMPLE0000000001", at=self.clock())
        images = partial(read(sample).transaction).images
        return probe_images(self.exchange.workshop, images, 1).template  # type: ignore[arg-type]

    def enrol(self, repository: Repository, person: int, subject: str) -> None:
        """Make a person known to a repository under a number."""
        repository.enrol(f"origin-{subject}", subject, templates.encode(self.template(person)))


@dataclass(slots=True)
class Left:
    """What one booking left at every receiver."""

    copies: int = 0  # taken by the partner
    queries: int = 0  # that an officer was asked
    seconds: int = 0  # taken by the state
    mail: Counter[tuple[str, str]] = field(default_factory=Counter)  # (recipient, kind)
    outbox: Counter[str] = field(default_factory=Counter)  # kinds in the bureau's outbox


def left(world: World, case_id: str) -> Left:
    """Everything that speaks of one booking, at the partner, at the state and in every mailbox."""
    case = world.case(case_id)
    offices = world.exchange.offices
    result = Left()
    for row in offices["partner"].store.rows("all_entries"):
        said = json.loads(row["body"])
        result.copies += row["kind"] == "copy-taken" and said["digest"] == case.digest
        if row["kind"] == "query-queued":
            reference = offices["partner"].store.case(said["copy"]).text("reference")
            result.queries += reference.startswith(case_id)
    states = {
        row["case_id"]: json.loads(row["dossier"])["reference"]
        for row in rows(offices["state"].store, "story")
    }
    ours = {name for name, reference in states.items() if reference.startswith(case_id)}
    result.seconds = len(ours)
    for recipient, letters in world.mail.items():
        for kind, message_id, _ in letters:
            result.mail[recipient, kind] += message_id.partition(".")[0] in {case_id, *ours}
    result.mail += Counter()  # drop zeros
    result.outbox = Counter(message.kind for message in world.exchange.bureau.store.messages_of(case_id))
    return result


def rows(store: Store, table: str) -> list[dict[str, object]]:
    """Every row of a table of the installation's database."""
    with store.engine.connect() as connection:
        return [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}").mappings()]  # noqa: S608


def item(answer: bytes, number: int) -> str:
    """An item of an answer's Type-2 record, or the empty string."""
    transaction = read(answer).transaction
    assert transaction is not None
    return next(transaction.of_type(2)).text(number)


def letter(world: World, case_id: str, kind: str) -> bytes:
    """The one answer of a kind that a booking got."""
    found = [
        body
        for letters in world.mail.values()
        for known, message_id, body in letters
        if known == kind and message_id.startswith(case_id)
    ]
    assert len(found) == 1, f"{len(found)} answers of kind {kind}"
    return found[0]


def bytes_at(world: World, role: str) -> bytes:
    """All that a role holds: its files as they lie on the disk, and its blobs opened."""
    office = world.exchange.offices[role]
    held = [path.read_bytes() for path in sorted((world.home / role).rglob("*")) if path.is_file()]
    stores = [office.spool, office.store.outgoing]
    if role == "partner":
        stores.append(world.exchange.gallery.blobs)
    for store in stores:
        for digest in sorted(store.digests()):
            held.append(store.get(digest))
            held += _unpacked(held[-1])
    return b"\n".join(held)


def _unpacked(envelope: bytes) -> list[bytes]:
    try:
        values = json.loads(envelope)
    except ValueError:
        return []
    return [base64.b64decode(one) for one in values.values() if isinstance(one, str) and _is_base64(one)]


def _is_base64(text: str) -> bool:
    try:
        return len(text) > 64 and bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def tokens(world: World, case_id: str, data: bytes) -> dict[str, bytes]:
    """What would tell that a booking exists: anything that names it, and what it holds."""
    case = world.case(case_id)
    booking = partial(read(data).transaction)
    names = {
        "case": case_id.encode(),
        "TCN": booking.tcn.encode(),
        "OCA": booking.oca.encode(),
        "digest": case.digest.encode(),
        "image": booking.images[0].data[:64],
    }
    return {what: value for what, value in names.items() if value}
