# SPDX-License-Identifier: Apache-2.0
"""OpenID Connect Core 1.0, code flow with PKCE (RFC 7636): what is asked of a provider, and what is believed.

Nothing is asked of any host but the issuer's own, and an ID token counts only when it is signed by the
issuer's keys, is for us, answers this very question, is fresh, and says that two factors were used.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from sluicegate.errors import SettingsError, VerifyError

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "Ed25519"]
LASTS_S = 600
_WELL_KNOWN = "/.well-known/openid-configuration"
_LEEWAY_S = 60
_TIMEOUT_S = 10.0
_MOST_BYTES = 512 * 1024
_PLAIN = re.compile(r"[A-Za-z0-9._@-]{1,64}", re.ASCII)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_KNOWS, _HAS, _IS = (
    {"pwd", "pin", "kba"},
    {"otp", "hwk", "swk", "sms", "tel", "sc", "pop"},
    {"fpt", "face", "iris", "vbm"},
)


@dataclass(frozen=True, slots=True)
class Trust:
    """What the settings say of a provider.

    Attributes:
        issuer: its address, as it names itself.
        client: our id there, and `secret` our secret.
        claim: which claim of the ID token names groups.
        roles: role by value of that claim.
        acr: values of `acr` that mean two factors.
    """

    issuer: str
    client: str
    secret: str
    claim: str
    roles: Mapping[str, str]
    acr: tuple[str, ...]

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if (parts.scheme != "https" and not local) or not parts.hostname or parts.query or parts.fragment:
            raise SettingsError("The setting `oidc_issuer` is no https address.")
        if not self.client:
            raise SettingsError("The setting `oidc_client_id` is missing.")

    @property
    def host(self) -> str:
        """The issuer's host, as people know it."""
        return urlsplit(self.issuer).netloc


@dataclass(frozen=True, slots=True)
class Question:
    """What one sign-in keeps while the browser is at the provider."""

    state: str
    nonce: str
    verifier: str
    began: float
    back: str

    def to_json(self) -> str:
        """As text."""
        return json.dumps([self.state, self.nonce, self.verifier, self.began, self.back])


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouches for: the name of the account here, and roles."""

    name: str
    roles: tuple[str, ...]


def question_of(text: str) -> Question:
    """What `to_json` made."""
    state, nonce, verifier, began, back = json.loads(text)
    return Question(state, nonce, verifier, float(began), back)


def new_question(now: float, back: str) -> Question:
    """A fresh one."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Question(state, nonce, verifier, now, back)


class Provider:
    """One provider. Each method may raise VerifyError: then nobody is signed in."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self._known: Mapping[str, Any] | None = None

    def address(self, question: Question, returns: str) -> str:
        """Where the browser goes: there the person must prove again who they are."""
        digest = hashlib.sha256(question.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.trust.client,
            "redirect_uri": returns,
            "scope": "openid",
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "max_age": "0",
            **({"acr_values": " ".join(self.trust.acr)} if self.trust.acr else {}),
        }
        place = self._place("authorization_endpoint")
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"

    def vouched(self, question: Question, code: str, returns: str, now: float) -> Vouched:
        """Whom the code is for."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": returns,
            "code_verifier": question.verifier,
            "client_id": self.trust.client,
        }
        told = self._ask(self._place("token_endpoint"), form)
        keys = self._ask(self._place("jwks_uri"))
        return judge(str(told.get("id_token", "")), keys, self.trust, question, now)

    def _place(self, name: str) -> str:
        if self._known is None:
            found = self._ask(self.trust.issuer.rstrip("/") + _WELL_KNOWN)
            if found.get("issuer") != self.trust.issuer:
                raise VerifyError("The provider names itself otherwise than the settings do.")
            self._known = found
        place = str(self._known.get(name, ""))
        if _origin(place) != _origin(self.trust.issuer):
            raise VerifyError("The provider points to another host than its own.")
        return place

    def _ask(self, place: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        auth = httpx.BasicAuth(self.trust.client, self.trust.secret) if self.trust.secret else httpx.Auth()
        try:
            with httpx.Client(timeout=_TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
                answer = client.get(place) if form is None else client.post(place, data=form, auth=auth)
            found = answer.json() if answer.status_code == 200 and len(answer.content) < _MOST_BYTES else None
        except (httpx.HTTPError, ValueError):
            found = None
        if not isinstance(found, dict):
            raise VerifyError("The provider did not answer as it should.")
        return found


def _origin(place: str) -> tuple[str, str]:
    parts = urlsplit(place)
    return parts.scheme, parts.netloc


def judge(token: str, keys: Mapping[str, Any], trust: Trust, question: Question, now: float) -> Vouched:
    """Whom an ID token vouches for (OpenID Connect Core 1.0, 3.1.3.7). Raises VerifyError."""
    try:
        read = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": trust.issuer},
            aud={"essential": True, "value": trust.client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": question.nonce},
        ).validate(read.claims)
    except (JoseError, ValueError, KeyError, TypeError):
        raise VerifyError("The provider's token does not hold.") from None
    claims = read.claims
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != trust.client:
        raise VerifyError("The provider's token is for others too.")
    proved = claims.get("auth_time")
    if not isinstance(proved, int | float) or proved < question.began - _LEEWAY_S:
        raise VerifyError("The provider does not say that the person proved to be themselves just now.")
    if not two_factors(claims.get("acr"), claims.get("amr"), trust.acr):
        raise VerifyError("The provider does not say that two factors were used.")
    roles = _roles(claims.get(trust.claim), trust.roles)
    if not roles:
        raise VerifyError("The provider names no group that has a role here.")
    return Vouched(name_of(str(claims["sub"])), roles)


def two_factors(acr: object, amr: object, accepted: Sequence[str]) -> bool:
    """Whether a token says so: by an `acr` that the settings accept, or by `amr` (RFC 8176).

    `mfa` says it outright; else methods of two kinds do, of what one knows, has and is.
    """
    if isinstance(acr, str) and acr in accepted:
        return True
    told = {one for one in amr if isinstance(one, str)} if isinstance(amr, list) else set()
    return "mfa" in told or sum(bool(told & kind) for kind in (_KNOWS, _HAS, _IS)) >= 2


def _roles(claim: object, table: Mapping[str, str]) -> tuple[str, ...]:
    told = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return tuple(dict.fromkeys(table[one] for one in told if isinstance(one, str) and one in table))


def name_of(subject: str) -> str:
    """The name of an account that a provider vouches for; it cannot be that of a local account."""
    if _PLAIN.fullmatch(subject):
        return f"oidc:{subject}"
    return f"oidc:{hashlib.sha256(subject.encode()).hexdigest()[:24]}"
