# SPDX-License-Identifier: Apache-2.0
"""When a session counts (CJIS Security Policy 5.9.5: AC-11, AC-12, IA-11), and the cookie that names it.

After 30 minutes without a request the person must sign in again; after an hour, or twelve hours from its
beginning, the session is gone. Locking the screen with a pattern is the system's, not the site's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from sluicegate.store.people_sittings import FULL, Sitting

AGAIN_AFTER_S = 30 * 60
IDLE_END_S = 60 * 60
ABSOLUTE_END_S = 12 * 60 * 60
ENROL_END_S = 30 * 60
SEEN_EVERY_S = 15
"""A session's last use is written at most this often; its idle time is told that much too early at most."""

COOKIE = "sluicegate"
QUESTION = "sluicegate-question"


class Judged(StrEnum):
    """What a session is worth now."""

    GOOD = "good"
    AGAIN = "again"  # the person must sign in again; the session is not gone yet
    IDLE = "an hour without a request"
    OLD = "twelve hours since it began"
    DISABLED = "the account was disabled"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, and with what rights."""

    name: str
    roles: tuple[str, ...]
    way: str
    began: float
    menu: tuple[tuple[str, str], ...] = ()  # pages of the menu: name, address


def judge(sitting: Sitting, now: float) -> Judged:
    """What a session is worth at a moment. A clock that went back counts as no time."""
    if sitting.disabled:
        return Judged.DISABLED
    if now - sitting.began >= (ABSOLUTE_END_S if sitting.kind == FULL else ENROL_END_S):
        return Judged.OLD
    idle = now - sitting.seen
    if idle >= IDLE_END_S:
        return Judged.IDLE
    return Judged.AGAIN if idle >= AGAIN_AFTER_S else Judged.GOOD


def secure(origin: str) -> bool:
    """Whether the site is reached over TLS, so that its cookies travel over nothing else."""
    return urlsplit(origin).scheme == "https"


def cookie_name(origin: str, name: str = COOKIE) -> str:
    """Browsers take a `__Host-` cookie only from a secure origin, for that host and the whole of it."""
    return f"__Host-{name}" if secure(origin) else name


def token_of(request: Request, origin: str, name: str = COOKIE) -> str:
    """What the browser holds; empty for nothing."""
    return request.cookies.get(cookie_name(origin, name), "")[:100]


def give(response: Response, origin: str, token: str) -> None:
    """Let the browser hold a session: no script reads it, and no other site's page sends it."""
    name = cookie_name(origin)
    response.set_cookie(name, token, path="/", secure=secure(origin), httponly=True, samesite="strict")


def give_question(
    response: Response, origin: str, token: str, *, lasts: int, returning: bool = False
) -> None:
    """Let the browser hold a question. One that a provider's page answers is sent on the way back (Lax)."""
    kind: Literal["lax", "strict"] = "lax" if returning else "strict"
    name = cookie_name(origin, QUESTION)
    response.set_cookie(
        name, token, max_age=lasts, path="/", secure=secure(origin), httponly=True, samesite=kind
    )


def take(response: Response, origin: str, name: str = COOKIE) -> None:
    """Let the browser forget a cookie."""
    response.delete_cookie(
        cookie_name(origin, name), path="/", secure=secure(origin), httponly=True, samesite="strict"
    )
