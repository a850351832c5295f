# SPDX-License-Identifier: Apache-2.0
"""The verifiers as files: what the pages run, and what a visitor can take away and run without this site.

There is one source of each, beside the formats that it verifies (`sluicegate/ledger/`); nothing is copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.web.frame import Site

PREFIX = "/verify"
TYPES: Mapping[str, str] = {
    "verify.js": "text/javascript; charset=utf-8",
    "recount.js": "text/javascript; charset=utf-8",
    "verify.py": "text/x-python; charset=utf-8",
    "verify.html": "text/html; charset=utf-8",
}
"""Every file, and its type. What a page does not run itself is sent to be kept, not to be opened here."""

RUN_HERE = ("verify.js", "recount.js")


@dataclass(frozen=True, slots=True)
class File:
    """A verifier's bytes and their SHA-256 in hex."""

    data: bytes
    digest: str


@cache
def read(name: str) -> File:
    """One of the files. Raises KeyError for no such file."""
    TYPES[name]
    data = files("sluicegate.ledger").joinpath(name).read_bytes()
    return File(data, hashlib.sha256(data).hexdigest())


def address(name: str) -> str:
    """Where a page finds a file; it changes with the file. Raises KeyError for no such file."""
    return f"{PREFIX}/{name}?v={read(name).digest[:16]}"


def routes(_site: Site) -> Sequence[BaseRoute]:
    """`/verify/NAME`."""
    return [Route(f"{PREFIX}/{{name}}", serve, methods=["GET"], name="verifier")]


def serve(request: Request) -> Response:
    """A verifier, byte for byte."""
    name = request.path_params["name"]
    if name not in TYPES:
        raise HTTPException(404)
    file = read(name)
    same = request.query_params.get("v") == file.digest[:16]
    headers = {"Cache-Control": "public, max-age=31536000, immutable" if same else "no-cache"}
    if name not in RUN_HERE or "download" in request.query_params:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(file.data, media_type=TYPES[name], headers=headers)
