# SPDX-License-Identifier: Apache-2.0
"""Passkeys (W3C Web Authentication, Level 3): asked, entered and verified; two factors in one gesture.

The person is verified by the authenticator itself (`userVerification: required`). The site never asks for a
name first, so a stranger learns nothing about who has an account.
"""

from __future__ import annotations

import ipaddress
import json
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from sluicegate.errors import UsageError
from sluicegate.store.people import Account, Passkey
from sluicegate.web.operator.sessions import Person

WAY = "passkey"
LASTS_S = 300
FRESH_S = 600
"""A signed-in person may add a passkey for so long after signing in."""
_SHOWN = "Sluicegate"
_DAMAGED = (WebAuthnException, ValueError, KeyError, TypeError)


def rp_id(origin: str) -> str:
    """The name that passkeys are bound to: the host of the site."""
    return urlsplit(origin).hostname or ""


def possible(origin: str) -> bool:
    """Whether browsers make passkeys for this site: not for a bare address, and only over TLS or loopback."""
    name = rp_id(origin)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(name) and (urlsplit(origin).scheme == "https" or name == "localhost")
    return False


def offered(asked: str | None, origin: str) -> bool:
    """Whether a browser that asked for this host can use passkeys: 127.0.0.1 is not the name localhost."""
    return possible(origin) and asked == rp_id(origin)


def fresh(person: Person, now: float) -> bool:
    """Whether somebody signed in just now."""
    return now - person.began < FRESH_S


def creation(origin: str, account: Account, held: list[Passkey]) -> tuple[str, str]:
    """What a browser is asked in order to make a passkey: JSON, and the challenge in base64url."""
    options = generate_registration_options(
        rp_id=rp_id(origin),
        rp_name=_SHOWN,
        user_name=account.name,
        user_id=account.handle,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential) for one in held],
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def made(origin: str, name: str, challenge: str, answer: str) -> Passkey:
    """The passkey that a browser made. Raises UsageError where the answer does not hold."""
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=rp_id(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
    except _DAMAGED:
        raise UsageError("The passkey does not hold: it was not made for this page.") from None
    return Passkey(found.credential_id, name, found.credential_public_key, found.sign_count)


def request(origin: str) -> tuple[str, str]:
    """What a browser is asked in order to sign in: JSON, and the challenge in base64url."""
    options = generate_authentication_options(
        rp_id=rp_id(origin), user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def credential_of(answer: str) -> bytes:
    """Which passkey an answer says that it is of; empty where it says nothing."""
    try:
        return base64url_to_bytes(str(json.loads(answer)["rawId"]))
    except _DAMAGED:
        return b""


def proves(origin: str, held: Passkey, challenge: str, answer: str) -> int:
    """The counter of an answer that was signed with a passkey by its verified owner.

    Raises UsageError where it does not hold.
    """
    try:
        given = json.loads(answer)["response"].get("userHandle") or ""
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=rp_id(origin),
            expected_origin=origin,
            credential_public_key=held.public_key,
            credential_current_sign_count=held.uses,
            require_user_verification=True,
        )
        owner = base64url_to_bytes(given) if given else held.handle
    except _DAMAGED:
        raise UsageError("The answer of the passkey does not hold.") from None
    if owner != held.handle:
        raise UsageError("The passkey is another person's.")
    return int(found.new_sign_count)
