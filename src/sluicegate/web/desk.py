# SPDX-License-Identifier: Apache-2.0
"""Opens the desks of an installation, and collects the routes of all operators' pages.

A route that does not answer through `Desk.guarded` stops the site from starting, unless it is one of the few
that people need before they are signed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.routing import BaseRoute, Route

from sluicegate.app import Exchange
from sluicegate.errors import UsageError
from sluicegate.store.people import People, PeopleFile
from sluicegate.store.people_sittings import Asked, Sittings, Tries
from sluicegate.web.frame import Site
from sluicegate.web.operator import signing_in
from sluicegate.web.operator.accounts import FIRST_PAUSE_S, FORGET_S, FREE_TRIES, LONGEST_PAUSE_S, Flood
from sluicegate.web.operator.frame import Accounts, Desk, Guarded, opened_sides
from sluicegate.web.operator.roles import Side
from sluicegate.web.operator.sessions import ABSOLUTE_END_S, IDLE_END_S
from sluicegate.web.operator.table import DESK, Page

BEFORE = (signing_in.routes,)
"""Modules whose routes are for people who are not signed in yet, besides those of everybody."""


def accounts_of(file: PeopleFile) -> Accounts:
    """Accounts, sessions, questions and tries over one database."""
    tries = Tries(file, FREE_TRIES, FIRST_PAUSE_S, LONGEST_PAUSE_S, FORGET_S)
    return Accounts(People(file), Sittings(file), Asked(file), tries, Flood())


def open_desk(
    site: Site,
    exchange: Exchange,
    file: PeopleFile,
    *,
    serving: bool = False,
    now: Callable[[], float] = time.time,
    pages: Sequence[Page] = DESK,
) -> Desk:
    """The desks of an open exchange. Sessions that have ended meanwhile are forgotten."""
    accounts = accounts_of(file)
    accounts.sittings.end_old(now() - ABSOLUTE_END_S, now() - IDLE_END_S)
    return Desk(
        site=site,
        accounts=accounts,
        clock=exchange.clock,
        now=now,
        serving=serving,
        ledgers={Side.BUREAU: exchange.offices["bureau"], Side.PARTNER: exchange.offices["partner"]},
        sides=opened_sides(exchange),
        pages=tuple((page.name, page.address, page.roles) for page in pages),
    )


def people_file(home: Path) -> PeopleFile:
    """The accounts of a home, made where there are none yet."""
    return PeopleFile(home)


def routes(desk: Desk, pages: Sequence[Page] = DESK) -> list[BaseRoute]:
    """Every route below `/desk`. Raises UsageError where a page's route is not guarded."""
    made: list[BaseRoute] = [route for module in BEFORE for route in module(desk)]
    for page in pages:
        for route in page.routes(desk.narrowed(page.side)):
            if not isinstance(route, Route) or guard_of(route) is None:
                raise UsageError(f"A route of the pages {page.name} is not guarded.")
            made.append(route)
    return made


def guard_of(route: Route) -> Guarded | None:
    """The guard that a route answers through, or None."""
    own = getattr(route.endpoint, "__self__", None)
    return own if isinstance(own, Guarded) else None
