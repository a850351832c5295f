# SPDX-License-Identifier: Apache-2.0
"""Releases: documents given out under public-records law, what is withheld with exemption and proof."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.audit.material import Material
from sluicegate.errors import VerifyError
from sluicegate.ledger.statement import StatementKind
from sluicegate.releases.bundle import DATA, MANIFEST, PAGE
from sluicegate.releases.verify import verify
from sluicegate.web.frame import Site
from sluicegate.web.public.ledgers_view import Ledgers, Reader, Spoken

FOLDER = "releases"
TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/releases.html": {"releases": "every release, the newest first"},
    "public/release.html": {
        "one": "the release: what it is, what was found, and where it is stated",
        "data": "its data; None where it does not hold and so is not shown",
        "pieces": "its pieces by id",
        "gone": "how many pieces are withheld under each code",
    },
}
"""What each template is given, besides `pages.COMMON`."""

HEADERS = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language, Cookie"}


@dataclass(frozen=True, slots=True)
class Release:
    """One release as found. `trouble` says why it does not hold; nothing of such a one is shown."""

    id: str
    title: str
    date: str
    custodian: str
    made: str
    root: str
    shown: int
    withheld: int
    found: tuple[str, ...]
    trouble: str
    manifest: str
    stated: Spoken | None


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/releases` and one release."""
    made = _Pages(site)
    return [
        Route("/releases", made.all, methods=["GET"], name="releases"),
        Route("/releases/{id}", made.one, methods=["GET"], name="release"),
    ]


class _Pages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._reader = Reader(site.source.bureau)

    def all(self, request: Request) -> Response:
        material, ledger = self._site.source.bureau, self._reader.read()
        found = [read(material, ledger, one)[0] for one in names(material)]
        values = {"releases": sorted(found, key=lambda one: (one.made, one.id), reverse=True)}
        return self._site.pages.show(
            request, "public/releases.html", values, section="releases", headers=HEADERS
        )

    def one(self, request: Request) -> Response:
        material = self._site.source.bureau
        key = str(request.path_params["id"])
        if key not in names(material):
            raise HTTPException(404)
        one, data = read(material, self._reader.read(), key)
        pieces = {str(piece["id"]): piece for piece in data["pieces"]} if data else {}
        gone: dict[str, int] = {}
        for piece in pieces.values():
            for code in piece.get("codes", ()):
                gone[code] = gone.get(code, 0) + 1
        values = {"one": one, "data": data, "pieces": pieces, "gone": gone}
        return self._site.pages.show(
            request, "public/release.html", values, section="releases", headers=HEADERS
        )


def names(material: Material) -> tuple[str, ...]:
    """Names of the releases in a public folder."""
    parts = (name.split("/") for name in material.names(FOLDER))
    return tuple(sorted({part[1] for part in parts if len(part) == 3}))


def read(material: Material, ledger: Ledgers | None, key: str) -> tuple[Release, dict[str, Any] | None]:
    """A release, verified now, with its data; without data where it does not hold or was never stated."""
    held = {name: material.read(f"{FOLDER}/{key}/{name}") for name in (DATA, PAGE, MANIFEST)}
    files = {name: data for name, data in held.items() if data is not None}
    manifest = hashlib.sha256(files.get(MANIFEST, b"")).hexdigest()
    stated = _stated(ledger, key, manifest)
    try:
        data, found = verify(files)
        if stated is None:
            raise VerifyError("ledger: no public statement names this release with this manifest")
    except VerifyError as error:
        return Release(key, key, "", "", "", "", 0, 0, (), error.message, manifest, stated), None
    shape = data["structure"]
    gone = sum("codes" in one for one in data["pieces"])
    one = Release(
        id=key,
        title=shape["title"],
        date=shape["date"],
        custodian=shape["custodian"],
        made=data["made"],
        root=data["root"],
        shown=len(data["pieces"]) - gone,
        withheld=gone,
        found=found,
        trouble="",
        manifest=manifest,
        stated=stated,
    )
    return one, data


def _stated(ledger: Ledgers | None, key: str, manifest: str) -> Spoken | None:
    for one in reversed(ledger.statements if ledger else ()):
        said = one.statement
        if said.kind is StatementKind.RELEASE and said.subject == key and said.parts["manifest"] == manifest:
            return one
    return None
