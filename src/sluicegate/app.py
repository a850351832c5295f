# SPDX-License-Identifier: Apache-2.0
"""The one place where everything meets: a home folder becomes a running installation.

`lay_out` makes a home; `Exchange` opens one. Nothing else in the package knows about both policy and mail.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SQLAlchemyDatasource

from sluicegate.delivery.mail import to_mail
from sluicegate.delivery.post import (
    Carrier,
    Post,
    to_bureau,
    to_expunge,
    to_folder,
    to_hear,
    to_partner,
    to_state,
)
from sluicegate.engines import engine_of, gallery_of, workshop_of
from sluicegate.errors import SettingsError
from sluicegate.exchange.bureau import Bureau, BureauParts
from sluicegate.exchange.challenging import Challenges
from sluicegate.exchange.engine import Clock, Desk
from sluicegate.exchange.expunge import Expunger
from sluicegate.exchange.lookup import Lookup
from sluicegate.exchange.partner import Partner, PartnerParts
from sluicegate.exchange.runner import Runner
from sluicegate.exchange.searching import Search1N
from sluicegate.exchange.statebureau import StateBureau, StateParts
from sluicegate.intake.door import Door
from sluicegate.itl.model import Defect
from sluicegate.itl.xml.rules import unchecked
from sluicegate.itl.xml.validate import Validator
from sluicegate.ledger import keys
from sluicegate.ledger.note import LogSigner
from sluicegate.ledger.verify import VerifierKey
from sluicegate.raster.isolate import Workshop
from sluicegate.ridge import parameters
from sluicegate.settings import FILE, Settings, load
from sluicegate.signing.client import RemoteKey
from sluicegate.store import keyfile, programs
from sluicegate.store.blobs import BlobStore, load_key
from sluicegate.store.entries import EntryLog
from sluicegate.store.journal import FLEETING, Store
from sluicegate.store.programs import ProgramSource
from sluicegate.store.registering import Registry
from sluicegate.store.registry import FOLDER as REGISTRY
from sluicegate.store.registry import Register
from sluicegate.store.repository import Repository
from sluicegate.store.schemas import read_schemas
from sluicegate.store.sql import open_database
from sluicegate.store.vault import DataKeys

LOG_NAME = "sluicegate.example/bureau"
DATA_KEYS = "data-keys"
APPLICATION_VERSION = "1"
"""Version of the durable walks: those of another version are not replayed, the sweep starts them anew."""


_COMMIT_WITHIN_S = 600.0
"""Longer than any commit waits for its database: bytes older than this that nothing names are orphans."""


class SystemClock:
    """The time in UTC, or, in a drill, a time that started at a chosen moment."""

    def __init__(self, starts_at: datetime | None = None) -> None:
        now = datetime.now(UTC)
        self._offset = (starts_at - now) if starts_at else None

    def __call__(self) -> datetime:
        now = datetime.now(UTC)
        return now + self._offset if self._offset else now


def lay_out(
    home: Path,
    program: str,
    scenario: str = "",
    toml: str = "",
    *,
    at: datetime | None = None,
    files: Mapping[str, Mapping[str, bytes]] | None = None,
) -> None:
    """Make a home: folders, settings, keys, the program's data, and the registry's first link.

    Args:
        toml: text of the settings; by default program and scenario alone.
        at: moment of registering; by default what the settings' clock says.
        files: files of program and scenario by folder; by default those that ship.

    Raises:
        SettingsError: there is a home already, no such program, or the system refused.
        ProgramError: the files are no program.
    """
    if (home / FILE).exists():
        raise SettingsError(
            f"{home} is a home already.", advice="Choose another folder, or remove this one yourself."
        )
    files = files or {name: programs.shipped(name) for name in (program, scenario) if name}
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        for name in ("keys", "bureau", "partner", "state", "incoming", "answers", "refused", "programs"):
            (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder, held in files.items():
            (home / "programs" / folder).mkdir(exist_ok=True)
            for file, data in held.items():
                (home / "programs" / folder / file).write_bytes(data)
        for role in ("bureau", "partner", "state"):
            if not (home / "keys" / f"{role}-ledger.key").exists():
                keys.create(home / "keys" / f"{role}-ledger.key", LOG_NAME.replace("bureau", role))
        (home / FILE).write_text(toml or f'program = "{program}"\nscenario = "{scenario}"\n', "utf-8")
    except OSError as error:
        raise SettingsError(
            f"The home {home} could not be made: {error.strerror}.",
            advice="Check the path, its permissions and the space on the disk.",
        ) from error
    # If we crash before this has landed, nothing is registered, every gate is closed, and `doctor` says so.
    begin(home, at=at)


def begin(home: Path, *, at: datetime | None = None, adopted: bool = False) -> None:
    """Register the program of a home as its files lie. Raises UsageError where one is registered."""
    settings = load(home)
    office = open_office(home, "bureau")
    try:
        registry = open_registry(settings, office.store, lambda: at or SystemClock(settings.starts_at)())
        why = "taken over from files that were in force unregistered" if adopted else "as laid down"
        alert = "The rules of this home were registered as they lay; see: sluicegate registry history"
        registry.begin(office.key, office.key.public, why, alert if adopted else "")
    finally:
        office.engine.dispose()


def open_programs(settings: Settings, store: Store) -> ProgramSource:
    """The program in force of a home, through its registry; `store` is the bureau's."""
    folder, name = settings.home / "programs", settings.scenario
    register = Register(settings.home / REGISTRY, store)
    return ProgramSource(folder / settings.program, folder / name if name else None, register)


def open_registry(settings: Settings, store: Store, clock: Clock) -> Registry:
    """The registry of a home, for those who change it."""
    return Registry(open_programs(settings, store), clock)


@dataclass(frozen=True, slots=True)
class Office:
    """What every role has: a database, a spool, an outbox and a ledger."""

    engine: sa.Engine
    store: Store
    spool: BlobStore
    key: LogSigner
    boxes: BlobStore  # of sealed bookings


def data_keys(home: Path, role: str, store: str) -> DataKeys:
    """The data keys of a store. Their folder is never part of a backup (docs/how-to/expunge.md)."""
    return DataKeys(home / DATA_KEYS / f"{role}-{store}")


def open_signer(settings: Settings, role: str) -> LogSigner:
    """The key of a role: a file of this home, or a process that holds it; that one need not be there yet."""
    socket = settings.signer(role)
    if socket is None:
        return keyfile.open_key(settings.home, role)
    return RemoteKey(keys.load_public(keys.public_path(keyfile.path_of(settings.home, role))), socket)


def open_office(home: Path, role: str, settings: Settings | None = None) -> Office:
    """Open the files of a role; without settings, as those of the home say."""
    folder = home / role
    if not folder.is_dir():
        raise SettingsError(f"{home} is not a home.", advice=f"Run: sluicegate init --home {home}")
    key = open_signer(settings or load(home), role)
    spool, outgoing, boxes = (
        BlobStore(folder / name, load_key(home / "keys" / f"{role}-{name}.key"), data_keys(home, role, name))
        for name in ("spool", "outgoing", "sealed")
    )
    engine = open_database(folder / "story.db", "schema.sql")
    return Office(engine, Store(engine, outgoing, EntryLog(engine)), spool, key, boxes)


class Exchange:
    """An open installation. `start` makes it move; without it, tools and people can look and decide."""

    def __init__(
        self,
        settings: Settings,
        *,
        workshop: Workshop | None = None,
        searching: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.runner: Runner | None = None
        self._told = ""
        with ExitStack() as undone:
            self._open(undone, workshop, searching=searching, clock=clock)
            # Everything is open: from here on `close` closes it. Had anything failed, it is closed already.
            self._files = undone.pop_all()
        self.bureau = self._bureau()
        self.partner = self._partner()
        self.state = self._state()
        self.expungers = self._expungers()
        self.door = Door(
            self.offices["bureau"].store,
            self.offices["bureau"].spool,
            self.clock,
            settings.max_bytes,
            self._root_at_door,
        )
        self.lookup = Lookup(
            self.offices["bureau"].store,
            self.open,
            self.programs.current,
            self.search,
            self.clock,
            self.programs.of,
        )

    def _open(
        self, undone: ExitStack, workshop: Workshop | None, *, searching: bool, clock: Clock | None
    ) -> None:
        settings, home = self.settings, self.settings.home
        self.offices: dict[str, Office] = {}
        for role in ("bureau", "partner", "state"):
            self.offices[role] = open_office(home, role, settings)
            undone.callback(self.offices[role].engine.dispose)
        self.clock: Clock = clock or SystemClock(self._drill_start())
        self.programs = open_programs(settings, self.offices["bureau"].store)
        numbers = parameters.load()
        self.search = Search1N(engine_of(settings, numbers))
        keep = home / "keys"

        def repository(role: str, name: str) -> Repository:
            own, key = data_keys(home, role, name), keep / f"{role}-{name}.key"
            opened = Repository(name, home / role / name, key, numbers, own, gallery_of(settings, numbers))
            undone.callback(opened.close)
            return opened

        self.open = repository("bureau", "open")
        self.filtered = repository("bureau", "filtered")
        self.gallery = repository("partner", "gallery")
        self.workshop = workshop or (workshop_of(settings) if searching else None)
        if self.workshop is not None and workshop is None:
            undone.callback(self.workshop.close)

    def _root_at_door(self) -> str:
        """The policy root for a booking that comes in. Doubt about the rules is told once, in words."""
        root, error = self.programs.root(), self.programs.error
        doubt = f"No rule is in force: {error.message}. {error.advice}" if error else ""
        if doubt and doubt != self._told:
            store = self.offices["bureau"].store
            with store.session() as session:
                store.alert(session, doubt, None, self.clock())
        self._told = doubt
        return root

    def _drill_start(self) -> datetime | None:
        """Where a drill's clock starts: at the chosen moment, or where the ledger has got to since.

        A second start of a drill must not set the clock back: then every gate would close (doubt-denies).
        """
        chosen = self.settings.starts_at
        newest = self.offices["bureau"].store.log.newest()
        return max(chosen, newest) if chosen and newest else chosen

    def _bureau(self) -> Bureau:
        office, s = self.offices["bureau"], self.settings
        return Bureau(
            BureauParts(
                store=office.store,
                clock=self.clock,
                spool=office.spool,
                open=self.open,
                filtered=self.filtered,
                program_of=self.programs.of,
                workshop=self.workshop,
                search=self.search,
                key=office.key,
                ori=s.bureau_ori,
                default_route="smtp" if s.smarthost else "folder",
                min_minutiae=s.min_minutiae,
                min_fingers=s.min_fingers,
                check_xml=self._xml_check(),
                opinions=2 if s.second_opinion == "always" else 1,
            )
        )

    def _xml_check(self) -> Callable[[bytes], tuple[Defect, ...]]:
        named = self.settings.xml_schemas
        return Validator(read_schemas(Path(named).expanduser())).check if named else unchecked

    def _partner(self) -> Partner:
        office = self.offices["partner"]
        # The partner knows the bureau's public key and nothing else of the bureau's.
        known = keyfile.publics(self.settings.home, "bureau")
        return Partner(
            PartnerParts(office.store, self.clock, office.spool, self.gallery, self.search, *_split(known))
        )

    def _state(self) -> StateBureau:
        office = self.offices["state"]
        return StateBureau(StateParts(office.store, self.clock, office.spool, self.settings.state_relays))

    def _expungers(self) -> dict[str, Expunger]:
        known = [key for role in ("partner", "state") for key in keyfile.publics(self.settings.home, role)]
        held = {"bureau": (self.open, self.filtered), "partner": (self.gallery,)}
        return {
            role: Expunger(
                office.store,
                office.spool,
                self.clock,
                office.key,
                held.get(role, ()),
                self.settings.home / "answers",
                tuple(known),
                office.boxes,
            )
            for role, office in self.offices.items()
        }

    @property
    def desks(self) -> dict[str, Desk]:
        """The desks of the roles that this process serves."""
        every: dict[str, Desk] = {"bureau": self.bureau, "partner": self.partner, "state": self.state}
        return {role: every[role] for role in self.settings.role_names}

    def carriers(self) -> dict[str, Carrier]:
        """Who carries which channel."""
        table: dict[str, Carrier] = {
            "folder": to_folder(self.settings.home / "answers"),
            "partner": to_partner(self.bureau, self.partner),
            "bureau": to_bureau(self.bureau),
            "state": to_state(self.state),
            "expunge": to_expunge(self.expungers),
            "attested": to_hear(self.expungers["bureau"]),
        }
        if self.settings.smarthost:
            table["smtp"] = to_mail(self.settings.smarthost, self.settings.mail_domain)
        else:
            table["smtp"] = table["folder"]
        return table

    def start(self) -> Runner:
        """Launch the durable engine and begin to move cases, what a crash interrupted included."""
        # One file per set of roles: two processes on one home must not take over each other's walks.
        path = self.settings.home / f"durable-{'-'.join(sorted(self.desks))}.db"
        durable = open_database(path, "durable.sql")
        self._files.callback(durable.dispose)
        DBOS(
            config=DBOSConfig(
                name="sluicegate",
                system_database_url=f"sqlite:///{path}",
                system_database_engine=durable,
                serializer=DBOSPortableJSONSerializer(),  # never pickle: a row must not be code
                application_version=APPLICATION_VERSION,
                executor_id="local",
                log_level="ERROR",
            )
        )
        sources = {
            role: SQLAlchemyDatasource.create(
                f"sqlite:///{self.settings.home / role / 'story.db'}",
                engine=self.offices[role].engine,
                serializer=DBOSPortableJSONSerializer(),
            )
            for role in self.desks
        }
        challenges = Challenges(self.bureau, self.settings.challenge_days)
        overdue = challenges.alert_overdue if "bureau" in self.desks else None
        post = Post({role: office.store for role, office in self.offices.items()}, self.carriers())
        self.runner = Runner(
            self.desks, sources, post.hand_over, workers=self.settings.walkers, chore=overdue
        )
        DBOS.launch()
        for expunger in self.expungers.values():
            expunger.finish_all()
        self.sweep_orphans(_COMMIT_WITHIN_S)
        self.runner.start()
        return self.runner

    def sweep_orphans(self, min_age_s: float = 0.0) -> int:
        """Erase bytes that nothing names: what a crash left between a blob and its commit, or after a close.

        Another process may be between the two just now: `min_age_s` spares what it stored.
        """
        removed = 0
        for office in self.offices.values():
            spooled, queued = office.spool.digests(min_age_s), office.store.outgoing.digests(min_age_s)
            rows = office.store.rows("open_digests")
            named = {row["digest"] for row in rows} | {row["template"] for row in rows}
            rows = office.store.rows("kept_bodies", fleeting=json.dumps(sorted(FLEETING)))
            sent = {row["digest"] for row in rows}
            boxes = office.boxes.digests(min_age_s) - {row["digest"] for row in office.store.rows("bundles")}
            orphaned = (
                (office.spool, spooled - named),
                (office.store.outgoing, queued - sent),
                (office.boxes, boxes),
            )
            for store, orphans in orphaned:
                for digest in orphans:
                    store.erase(digest)
                removed += len(orphans)
        return removed

    def close(self) -> None:
        """Stop moving and close every file."""
        if self.runner is not None:
            self.runner.close()
            DBOS.destroy()
            self.runner = None
        self._files.close()


def _split(known: tuple[VerifierKey, ...]) -> tuple[VerifierKey, tuple[VerifierKey, ...]]:
    return known[0], known[1:]


def home_of(given: str | None) -> Path:
    """The home folder: as given, or SLUICEGATE_HOME, or `~/.sluicegate`."""
    return Path(given or os.environ.get("SLUICEGATE_HOME") or Path.home() / ".sluicegate").expanduser()
