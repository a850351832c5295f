# SPDX-License-Identifier: Apache-2.0
"""Passwords and enrolment codes: made, hashed, judged in the same time whoever asks.

A password alone opens nothing: a code of a generator goes with it (`totp`). Hash: scrypt (RFC 7914) with
N 2^15, r 8, p 1, which is 32 MiB and about a tenth of a second.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections import deque
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sluicegate.errors import UsageError

SHORTEST, LONGEST, KINDS = 12, 256, 6
CODE_LASTS_S = 24 * 60 * 60
FREE_TRIES, FIRST_PAUSE_S, LONGEST_PAUSE_S, FORGET_S = 5, 30.0, 900.0, 86_400.0
_SALT, _LENGTH, _N, _R, _P = 16, 32, 2**15, 8, 1
_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_GROUPS, _GROUP = 4, 5
_DUMMY = b"\0" * (_SALT + _LENGTH)
_AT_ONCE = threading.BoundedSemaphore(2)  # 32 MiB each: a rush of tries must not eat the memory
_PATH = re.compile(r"/desk(/[A-Za-z0-9._~/%-]*)?", re.ASCII)
_QUERY = re.compile(r"[A-Za-z0-9._~%&=+:,-]*", re.ASCII)


def derived(password: str, salt: bytes) -> bytes:
    """Scrypt of a password."""
    with _AT_ONCE:
        return Scrypt(salt=salt, length=_LENGTH, n=_N, r=_R, p=_P).derive(password.encode())


def hashed(password: str) -> bytes:
    """Salt and scrypt of a password, 48 bytes."""
    salt = secrets.token_bytes(_SALT)
    return salt + derived(password, salt)


def fits(password: str, held: bytes | None) -> bool:
    """Whether a password is the one; without one on file, the same work for the answer no."""
    data = held if held is not None and len(held) == len(_DUMMY) else _DUMMY
    same = hmac.compare_digest(derived(password, data[:_SALT]), data[_SALT:])
    return same and data is held


def check_password(name: str, password: str, again: str) -> None:
    """Raises UsageError, whose message a form shows, where a new password will not do."""
    if password != again:
        raise UsageError("The two passwords are not the same.")
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"A password has {SHORTEST} to {LONGEST} characters. A few words in a row do well.")
    if len(set(password)) < KINDS or name.lower() in password.lower():
        raise UsageError("That is too easy to guess: more different characters, and not the account's name.")


def new_code() -> str:
    """An enrolment code of 98 bits, such as `K7QGM-...`, without letters that look alike."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def code_hash(code: str) -> bytes:
    """What is kept of an enrolment code: it has too many bits to be guessed, so a plain hash will do."""
    plain = re.sub(r"[^A-Z0-9]", "", code.upper())
    return hashlib.sha256(plain.encode()).digest()


def way_back(given: str) -> str:
    """Where to go after signing in: an address of the desks, or their first page; never another site."""
    parts = urlsplit(given) if len(given) <= 1000 and given.isascii() and given.isprintable() else None
    if parts is None or parts.scheme or parts.netloc or parts.fragment:
        return "/desk/"
    if not _PATH.fullmatch(parts.path) or "//" in parts.path or not _QUERY.fullmatch(parts.query):
        return "/desk/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Flood:
    """Counts failures of everybody together: more than so many in a minute, and no password is tried."""

    def __init__(self, most: int = 120, within_s: float = 60.0) -> None:
        self._most, self._within = most, within_s
        self._seen: deque[float] = deque()
        self._lock = threading.Lock()

    def full(self, now: float) -> bool:
        """Whether there were too many."""
        with self._lock:
            while self._seen and self._seen[0] <= now - self._within:
                self._seen.popleft()
            return len(self._seen) >= self._most

    def count(self, now: float) -> None:
        """One more."""
        with self._lock:
            self._seen.append(now)
