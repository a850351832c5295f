# SPDX-License-Identifier: Apache-2.0
"""Codes of a generator on a telephone (RFC 6238: SHA-1, six digits, thirty seconds), each used once."""

from __future__ import annotations

import hmac

import pyotp
import segno

STEP_S = 30
_SLACK = 1  # steps that a telephone's clock may be off
_DUMMY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def new_secret() -> str:
    """A secret of 160 bits in base32."""
    return str(pyotp.random_base32())


def code(secret: str, now: float) -> str:
    """The code of a moment, in seconds since 1970."""
    return str(pyotp.TOTP(secret).at(int(now)))


def step_of(secret: str, given: str, now: float) -> int:
    """The time step whose code this is, or 0 where it is none of now, just before, or just after.

    Without a secret the same work is done for the answer 0. That a step is used once is for who keeps them.
    """
    held = secret or _DUMMY
    digits = "".join(given.split())
    current = int(now) // STEP_S
    found = 0
    for step in range(current - _SLACK, current + _SLACK + 1):
        if hmac.compare_digest(code(held, step * STEP_S).encode(), digits.encode()):
            found = step
    return found if secret else 0


def address(secret: str, name: str) -> str:
    """What a telephone reads: otpauth address of a secret."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Sluicegate"))


def picture(secret: str, name: str) -> str:
    """The address as a QR code, a `data:` address of a PNG."""
    return segno.make(address(secret, name), error="m").png_data_uri(scale=5, border=4)
