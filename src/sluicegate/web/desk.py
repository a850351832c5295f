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
from sluicegate.errors import SettingsError, UsageError
from sluicegate.settings import Settings
from sluicegate.store.people import People, PeopleFile
from sluicegate.store.people_sittings import Asked, Sittings, Tries
from sluicegate.web.frame import Site
from sluicegate.web.operator import oidc_pages, passkeys_pages, signing_in
from sluicegate.web.operator.accounts import FIRST_PAUSE_S, FORGET_S, FREE_TRIES, LONGEST_PAUSE_S, Flood
from sluicegate.web.operator.frame import Accounts, Desk, Guarded, opened_sides
from sluicegate.web.operator.oidc import Provider, Trust
from sluicegate.web.operator.roles import Role, Side
from sluicegate.web.operator.sessions import ABSOLUTE_END_S, IDLE_END_S
from sluicegate.web.operator.table import DESK, Page

BEFORE = (signing_in.routes, passkeys_pages.routes)
"""Modules whose routes are for people who are not signed in yet, besides those of everybody."""


def trust_of(settings: Settings) -> Trust | None:
    """The OpenID provider of the settings, or None. Raises SettingsError."""
    if not settings.oidc_issuer:
        return None
    secret = ""
    if settings.oidc_client_secret_file:
        secret = _secret(Path(settings.oidc_client_secret_file).expanduser())
    pairs = [one.partition("=") for one in settings.oidc_roles.split(",") if one.strip()]
    roles = {group.strip(): role.strip() for group, _, role in pairs}
    if not roles or set(roles.values()) - set(Role):
        raise SettingsError("The setting `oidc_roles` names no roles.", advice=f"Roles: {', '.join(Role)}.")
    acr = tuple(one.strip() for one in settings.oidc_acr.split(",") if one.strip())
    return Trust(settings.oidc_issuer, settings.oidc_client_id, secret, settings.oidc_claim, roles, acr)


def _secret(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError("The file of `oidc_client_secret_file` can be read by other accounts.")
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError("The file of `oidc_client_secret_file` cannot be read.") from None


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
    provider: Provider | None = None,
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
        provider=provider.trust.host if provider else "",
    )


def routes(desk: Desk, pages: Sequence[Page] = DESK, provider: Provider | None = None) -> list[BaseRoute]:
    """Every route below `/desk`. Raises UsageError where a page's route is not guarded."""
    made: list[BaseRoute] = [route for module in BEFORE for route in module(desk)]
    if provider is not None:
        made.extend(oidc_pages.routes(desk, provider))
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
