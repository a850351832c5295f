# SPDX-License-Identifier: Apache-2.0
"""The site's own files: styles, scripts and map, named by their content so that they may be kept for ever.

Everything is read once; an address names a file of that list or nothing, so no path of a visitor's is opened.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PREFIX = "/static"
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
}
_FOREVER = "public, max-age=31536000, immutable"
_SHORT = "public, max-age=300"
_WORTH_PACKING = 1024


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: bytes, the same packed (empty where that saves nothing), type, and digest of the bytes."""

    data: bytes
    packed: bytes
    kind: str
    digest: str


@cache
def assets() -> Mapping[str, Asset]:
    """Every file by its name below `static/`."""
    return {name: _asset(name, data) for name, data in _read(files("sluicegate.web").joinpath("static"), "")}


def _read(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if one.is_dir():
            yield from _read(one, f"{before}{one.name}/")
        elif one.name.rpartition(".")[2] in TYPES:
            yield f"{before}{one.name}", one.read_bytes()


def _asset(name: str, data: bytes) -> Asset:
    packed = gzip.compress(data, 9, mtime=0) if len(data) >= _WORTH_PACKING else b""
    worth = packed if 0 < len(packed) < len(data) else b""
    return Asset(data, worth, TYPES[name.rpartition(".")[2]], hashlib.sha256(data).hexdigest()[:16])


def address(name: str) -> str:
    """Where a page finds a file; it changes with the file. Raises KeyError for no such file."""
    return f"{PREFIX}/{name}?v={assets()[name].digest}"


async def serve(request: Request) -> Response:
    """A file of the list."""
    asset = assets().get(request.path_params["name"])
    if asset is None:
        return Response("There is no such file.\n", 404, media_type="text/plain")
    headers = {
        "Cache-Control": _FOREVER if request.query_params.get("v") == asset.digest else _SHORT,
        "ETag": f'"{asset.digest}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    packs = "gzip" in request.headers.get("accept-encoding", "") and bool(asset.packed)
    if packs:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packs else asset.data, headers=headers, media_type=asset.kind)


async def icon(_request: Request) -> Response:
    """The icon, where browsers look for it beside a page that is no HTML."""
    held = assets()["icon.svg"]
    return Response(held.data, headers={"Cache-Control": _SHORT}, media_type=held.kind)


def routes() -> list[Route]:
    """The route of files, and the one that browsers know by heart."""
    return [
        Route(f"{PREFIX}/{{name:path}}", serve, methods=["GET"], name="static"),
        Route("/favicon.ico", icon, methods=["GET"], name="icon"),
    ]
