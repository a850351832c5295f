# SPDX-License-Identifier: Apache-2.0
"""What every answer of the site carries: nothing from elsewhere may load, frame it, or be sent to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
"""Content Security Policy (W3C CSP 3): no inline script or style, and no origin but our own."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_SECURE_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}


class Guard:
    """Adds the headers, and refuses requests for another host: a name that points here is not ours."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str], *, secure: bool = False) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._headers = {**HEADERS, **(_SECURE_HEADERS if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        app = self._app if self._known(scope) else PlainTextResponse("This host is not served here.\n", 421)
        await app(scope, receive, guarded)

    def _known(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        name = given.rsplit(":", 1)[0] if not given.endswith("]") else given
        return name in self._hosts
