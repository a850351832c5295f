# SPDX-License-Identifier: Apache-2.0
"""What makes a home public: the registry of the rules, both sides' days, and every log, by static files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sluicegate import settings
from sluicegate.app import Office, open_programs
from sluicegate.cli.calls import Call
from sluicegate.exchange.papers import log_key
from sluicegate.ledger.days import SHARING, TAKING
from sluicegate.store.days import DayBook, Told, bookings, came, copies, sent
from sluicegate.store.keyfile import KeyBook
from sluicegate.store.master import MasterLog
from sluicegate.store.public_registry import PublicRegistry
from sluicegate.store.publish import Published, Publisher, write_durably
from sluicegate.store.registry import FOLDER as REGISTRY
from sluicegate.store.registry import Register

PUBLIC = "public"
"""The public folder of a home; any static web host can serve it."""
PARTNER_PUBLIC = "partner-public"
"""The public folder of the partner of a home."""


@dataclass(frozen=True, slots=True)
class Made:
    """What one run made public: the days told by side, the logs by side, and files of the registry."""

    told: dict[str, Told]
    logs: dict[str, Published]
    rules: int


def publisher(call: Call, office: Office, side: str = "bureau") -> Publisher:
    """The publisher of one side of a home; a log is finished at the midnight of its jurisdiction."""
    with call.opened("bureau") as rules:
        places = open_programs(settings.load(call.home), rules.store).load().jurisdictions
    earlier = KeyBook(call.home, side, office.store, call.clock()).overlapping()

    def zone_of(place: str) -> str | None:
        return places[place].zone if place in places else None

    return Publisher(
        entries=office.store.log,
        master=MasterLog(office.engine),
        session=office.store.session,
        folder=call.home / (PUBLIC if side == "bureau" else PARTNER_PUBLIC),
        signer_of=lambda log: log_key(office.key, log),
        also_of=lambda log: [log_key(one, log) for one in earlier],
        zone_of=zone_of,
    )


def registry(call: Call, office: Office) -> PublicRegistry:
    """What makes the registry of a home public."""
    return PublicRegistry(
        register=Register(call.home / REGISTRY, office.store),
        master=MasterLog(office.engine),
        programs=call.home / "programs",
        folder=call.home / PUBLIC,
        write=write_durably,
    )


def publish_days(
    ours: Publisher, theirs: Publisher, bureau: Office, partner: Office, now: datetime, *, everything: bool
) -> tuple[dict[str, Told], dict[str, Published]]:
    """Tell and publish the days of both sides, each by its own key. Raises LedgerError, StoreError."""
    told, logs = {}, {}
    sides = (
        ("bureau", ours, bookings, sent, bureau, SHARING),
        ("partner", theirs, copies, came, partner, TAKING),
    )
    for side, one, gather, numbers, office, names in sides:
        book = DayBook(
            one.master,
            one.session,
            one.folder,
            one.zone_of,
            partial(gather, office.engine),
            partial(numbers, office.engine),
            names,
        )
        told[side] = book.tell(now, everything=everything)
        logs[side] = one.publish(now, everything=everything)
    return told, logs


def publish_all(
    call: Call,
    now: datetime,
    *,
    everything: bool = False,
    through: Callable[[Publisher], Publisher] = lambda one: one,
) -> Made:
    """Make public whatever the day allows. If we crash anywhere in it, the next run completes it.

    Args:
        call: the home.
        now: the moment of the run.
        everything: do not wait for days to end.
        through: what the publishers pass through before they work, for a progress bar.

    Raises:
        LedgerError: something public is not what is on record; nothing is written over either.
        ProgramError: the registry does not hold.
        StoreError: a file could not be written.
    """
    with call.opened("bureau") as bureau, call.opened("partner") as partner:
        rules = registry(call, bureau)
        rules.state(bureau.store, now)
        ours = through(publisher(call, bureau))
        theirs = through(publisher(call, partner, "partner"))
        told, logs = publish_days(ours, theirs, bureau, partner, now, everything=everything)
        return Made(told, logs, rules.lay_out())
