# SPDX-License-Identifier: Apache-2.0
"""Every address of the site as it is built: public pages, the API, and the desks with an OpenID provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from census_paths import Path_
from starlette.routing import BaseRoute, Mount

from scenes import Town
from sluicegate.cli.site import public_source
from sluicegate.store.people import PeopleFile
from sluicegate.web import app, assets, desk
from sluicegate.web.operator.oidc import Provider, Trust

ISSUER = Trust("https://people.example", "sluicegate", "", "groups", {"all": "operator"}, ())


def addresses(routes: Sequence[BaseRoute], before: str = "") -> Iterator[Path_]:
    """Each route as method and path, those below another application too (HEAD comes with GET)."""
    for one in routes:
        if isinstance(one, Mount):
            yield from addresses(_inner(one), before + one.path)
            continue
        verbs = ",".join(sorted((getattr(one, "methods", None) or {"ANY"}) - {"HEAD"}))
        yield "route", f"site {verbs} {before}{one.path}"  # type: ignore[attr-defined]


def _inner(mount: Mount) -> Sequence[BaseRoute]:
    """Routes below a mount, whatever is wrapped around the application there."""
    app = mount.app
    while not hasattr(app, "routes"):
        app = app.app  # type: ignore[attr-defined]
    found: Sequence[BaseRoute] = app.routes
    return found


def of_site(town: Town) -> set[Path_]:
    """What the site of a home answers to, once its desks are open."""
    file = PeopleFile(town.home)
    try:
        made = app.site(public_source(town.home), town.clock, "http://localhost:8080")
        opened = desk.open_desk(made, town.exchange, file)
        desks = desk.routes(opened, provider=Provider(ISSUER))
        public = [route for module in app.PUBLIC for route in module(made)]
        return {*addresses([*assets.routes(), *public]), *addresses(desks, "/desk")}
    finally:
        file.close()
