# SPDX-License-Identifier: Apache-2.0
"""A small OpenID provider on loopback with real keys and signatures, which a test can make lie in one way."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "sluicegate-desk", "a secret of the client"


class LoopbackProvider:
    """Vouches for one person at once. `claims` are put over those of an honest token; None leaves one out."""

    def __init__(self, origin: str, now: Callable[[], float]) -> None:
        self.origin, self.now = origin, now
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.signs = self.key
        self.claims: dict[str, object] = {}
        self.places: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.calls: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def app(self) -> Starlette:
        """The provider's pages."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )

    def discovery(self, request: Request) -> Response:
        """Where everything is."""
        self.calls.append("discovery")
        known = {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/keys",
        }
        return JSONResponse({**known, **self.places})

    def authorize(self, request: Request) -> Response:
        """The person signs in here, and is sent back with a code."""
        asked = dict(request.query_params)
        self.asked.append(asked)
        code = f"code{len(self._codes)}"
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.origin}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}")

    async def token(self, request: Request) -> Response:
        """A token for a code, once, for who can show the verifier and the secret."""
        self.calls.append("token")
        form = await request.form()
        asked = self._codes.pop(str(form["code"]), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or request.headers.get("authorization") != f"Basic {basic}"
            or asked["code_challenge"] != shown
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = self.id_token(asked["nonce"])
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def id_token(self, nonce: str) -> str:
        """What it says of the person."""
        now = int(self.now())
        honest: dict[str, object] = {
            "iss": self.origin,
            "aud": CLIENT,
            "sub": "anna.examiner",
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": nonce,
            "amr": ["pwd", "otp"],
            "groups": ["prints", "football"],
        }
        said = {name: value for name, value in {**honest, **self.claims}.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": "one"}, said, self.signs)

    def keys(self, request: Request) -> Response:
        """Its public keys."""
        self.calls.append("keys")
        return JSONResponse(KeySet([self.key]).as_dict(private=False))
