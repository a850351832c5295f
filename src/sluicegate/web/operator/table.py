# SPDX-License-Identifier: Apache-2.0
"""Every module of operators' pages: whose stores it is handed, and its entry in the menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute

from sluicegate.web.operator import (
    accounts_pages,
    bookings,
    examiner,
    health,
    officer,
    records,
    registrar,
    releasing,
)
from sluicegate.web.operator.frame import Desk
from sluicegate.web.operator.roles import Role, Side


@dataclass(frozen=True, slots=True)
class Page:
    """A module of pages.

    Attributes:
        routes: makes its routes; their paths stand below `/desk`.
        side: whose stores it is handed.
        name: its entry in the menu, `desk.menu.NAME` in the catalogue; also its `section`.
        address: where the entry leads.
        roles: who sees the entry. What a route allows is said where the route is made.
    """

    routes: Callable[[Desk], Sequence[BaseRoute]]
    side: Side
    name: str
    address: str
    roles: tuple[Role, ...]


DESK: tuple[Page, ...] = (
    Page(bookings.routes, Side.BUREAU, "bookings", "/desk/bookings", (Role.OPERATOR,)),
    Page(examiner.routes, Side.BUREAU, "examiner", examiner.ADDRESS, (Role.EXAMINER,)),
    Page(officer.routes, Side.PARTNER, "officer", officer.ADDRESS, (Role.OFFICER,)),
    Page(registrar.routes, Side.BUREAU, "registrar", registrar.ADDRESS, (Role.REGISTRAR,)),
    Page(records.routes, Side.BUREAU, "records", records.ADDRESS, (Role.RECORDS,)),
    Page(releasing.routes, Side.BUREAU, "release", releasing.ADDRESS, (Role.RECORDS,)),
    Page(health.routes, Side.BUREAU, "health", "/desk/health", (Role.OPERATOR,)),
    Page(accounts_pages.routes, Side.NEITHER, "people", accounts_pages.ADDRESS, (Role.ADMIN,)),
)
"""In the order of the menu: bookings, examiner, officer, registrar, records, release, health, people."""
