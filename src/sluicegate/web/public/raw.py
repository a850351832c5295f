# SPDX-License-Identifier: Apache-2.0
"""The public files as they are, so that a browser or a script can check what a page says.

An address names a file of the closed list of patterns in `KNOWN`, or nothing: no dotfile, no lock, no half
written file, nothing of a log that is never public, and no way out of the folder.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.audit.material import Material
from sluicegate.errors import VerifyError
from sluicegate.ledger import tiles
from sluicegate.store.publish import PRIVATE_LOGS
from sluicegate.web.frame import Site

PREFIX = "/public"
_N = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
KNOWN: tuple[str, ...] = (
    r"checkpoint",
    rf"days/\d{{4}}-\d\d-\d\d/{_N}\.json",
    r"registry/\d{4,9}\.note",
    rf"programs/{_N}/{_N}\.(?:csv|toml)",
    r"keys/history\.json",
    rf"statistics/{_N}/(?:statistics|measures|manifest)\.json",
    rf"statistics/{_N}/(?:table|figures)\.csv",
    rf"releases/{_N}/{_N}\.(?:json|html|txt|csv)",
)
"""Names of public files besides those of logs: regular expressions that match a name whole."""

_KNOWN = re.compile("|".join(f"(?:{one})" for one in KNOWN), re.ASCII)
_LOG = re.compile(rf"logs/(?P<log>{_N})(?:/withheld)?/(?P<file>checkpoint|tile/.+)", re.ASCII)
_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
_TEXT, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"
_FOREVER, _NEWEST = "public, max-age=31536000, immutable", "no-cache"
_LONGEST_NAME = 400


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/public/NAME`, and under `/public/` the list of all names, one on a line."""
    listed = Listed(site.source.bureau)

    def file(request: Request) -> Response:
        name = request.path_params["name"]
        return answer(site.source.bureau, name) if name else listed.answer()

    return [Route(f"{PREFIX}/{{name:path}}", file, methods=["GET"], name="public-file")]


@dataclass(slots=True)
class Listed:
    """The names of all public files; the folder is walked again when its signed summary is another one."""

    material: Material
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _held: tuple[bytes | None, bytes] = (b"", b"")

    def answer(self) -> Response:
        """The list as text."""
        with self._lock:
            note = self.material.read("checkpoint")
            if note != self._held[0]:
                names = filter(known, self.material.names(""))
                self._held = note, "".join(f"{name}\n" for name in names).encode()
            return Response(self._held[1], media_type=_TEXT, headers={"Cache-Control": _NEWEST})


def answer(material: Material, name: str) -> Response:
    """A file of the list, byte for byte. Raises HTTPException where there is no such file."""
    data = material.read(name) if known(name) else None
    if data is None:
        raise HTTPException(404)
    tile = "tile/" in name
    kind = _BYTES if tile else _TYPES.get(name.rpartition(".")[2], _TEXT)
    return Response(data, media_type=kind, headers={"Cache-Control": _FOREVER if tile else _NEWEST})


def known(name: str) -> bool:
    """Whether a name is on the list."""
    if len(name) > _LONGEST_NAME or ".." in name:
        return False
    within = _LOG.fullmatch(name)
    if within:
        return within["log"] not in PRIVATE_LOGS and (within["file"] == "checkpoint" or _tile(within["file"]))
    return _KNOWN.fullmatch(name) is not None or _tile(name)


def _tile(name: str) -> bool:
    try:
        tiles.parse_path(name)
    except VerifyError:
        return False
    return True
