# SPDX-License-Identifier: Apache-2.0
"""That a form comes from our own page: a token bound to the session, and the Origin that browsers tell.

The token is an HMAC of a fixed word under the session's own token, so that it needs no storage, is another
for every session, and tells nothing of the session. OWASP calls this the HMAC-based token pattern.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

FIELD, HEADER = "csrf", "x-csrf"
_WORD = b"sluicegate form"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def token(session: str) -> str:
    """The token that forms of a session carry."""
    mac = hmac.new(session.encode(), _WORD, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def holds(session: str, given: str) -> bool:
    """Whether a form of this session carried its token."""
    return hmac.compare_digest(token(session).encode(), given.encode())


def same_origin(request: Request, origin: str) -> bool:
    """Whether a request that changes something was sent by a page of this site.

    Every browser names the origin of a POST (Fetch standard); a request without one is refused. On
    loopback the site answers by more than one name, so there the origin may be the host that was asked.
    """
    given = request.headers.get("origin", "")
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    own = urlsplit(origin)
    if given == origin:
        return True
    asked = request.headers.get("host", "")
    return own.scheme == "http" and own.hostname in _LOOPBACK and given == f"http://{asked}"
