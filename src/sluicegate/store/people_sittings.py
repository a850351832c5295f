# SPDX-License-Identifier: Apache-2.0
"""Sessions of signed-in people, questions that await an answer, and counts of failed tries.

A browser holds a random token; what is kept is its hash. Moments are seconds since 1970, as the caller's
clock tells them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.store.people import PeopleFile

FULL, ENROL = "full", "enrol"
TOKEN_BYTES = 32
MOST_ASKED = 10_000
"""Questions open at a time: whoever asks for more challenges than that is answered that it is too many."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One session. `roles` are those of the account now, not those at sign-in."""

    mark: bytes
    name: str
    roles: tuple[str, ...]
    disabled: bool
    kind: str
    way: str
    began: float
    seen: float
    note: str


def mark_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


class Sittings:
    """The sessions of a home."""

    def __init__(self, file: PeopleFile) -> None:
        self._file = file

    def begin(self, name: str, way: str, now: float, kind: str = FULL, *, instead_of: str = "") -> str:
        """Begin a session under a fresh token, and end the one that it follows, if any; the token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._file.commit() as connection:
            if instead_of:
                self._file.run(connection, "end_sitting", mark=mark_of(instead_of))
            given = {"mark": mark_of(token), "name": name, "kind": kind, "way": way, "now": now}
            self._file.run(connection, "begin_sitting", **given)
        return token

    def find(self, token: str) -> Sitting | None:
        """The session of a token, however old it is, or None."""
        found = self._file.rows("sitting", mark=mark_of(token)) if token else []
        if not found:
            return None
        row = found[0]
        note = self._file.opened(row["note"], str(row["name"]))
        roles: Sequence[str] = json.loads(row["roles"])
        times = float(row["began"]), float(row["seen"])
        mark, name = bytes(row["mark"]), str(row["name"])
        disabled = bool(row["disabled"])
        return Sitting(mark, name, tuple(roles), disabled, str(row["kind"]), str(row["way"]), *times, note)

    def see(self, sitting: Sitting, now: float) -> None:
        """Note that the session was used now."""
        self._file.change("see_sitting", mark=sitting.mark, now=now)

    def note(self, sitting: Sitting, text: str) -> None:
        """Keep a secret with a session, encrypted."""
        self._file.change("note_sitting", mark=sitting.mark, note=self._file.closed(text, sitting.name))

    def end(self, sitting: Sitting) -> None:
        """End a session."""
        self._file.change("end_sitting", mark=sitting.mark)

    def end_of(self, name: str) -> int:
        """End every session of a person; how many."""
        return self._file.change("end_sittings_of", name=name)

    def end_old(self, began: float, seen: float) -> int:
        """End sessions that began before, or were last used before, these moments; how many."""
        return self._file.change("end_old_sittings", began=began, seen=seen)

    def of(self, name: str) -> list[tuple[str, float, float]]:
        """Sessions of a person: way, began, last used."""
        rows = self._file.rows("sittings_of", name=name)
        return [(str(row["way"]), float(row["began"]), float(row["seen"])) for row in rows]


class Asked:
    """What was asked of a browser: kept here, named by a token that the browser holds, answered once."""

    def __init__(self, file: PeopleFile) -> None:
        self._file = file

    def ask(self, kind: str, note: str, now: float, lasts: float) -> str | None:
        """Keep a question and give its token; None where too many are open."""
        self._file.change("forget_asked", now=now)
        if self._file.rows("count_asked")[0]["n"] >= MOST_ASKED:
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._file.change("ask", mark=mark_of(token), kind=kind, note=note, until=now + lasts)
        return token

    def answer(self, token: str, kind: str, now: float) -> str | None:
        """The note of a question, which is closed by this; None where there is none, or it is too late."""
        given = {"mark": mark_of(token), "kind": kind, "now": now}
        found = self._file.rows("asked", **given)
        if not found or self._file.change("answer", **given) != 1:
            return None
        return str(found[0]["note"])


class Tries:
    """Failures by name, whether anybody has the name or not, so that a lock tells nothing of the name."""

    def __init__(
        self, file: PeopleFile, free: int, first_s: float, longest_s: float, forget_s: float
    ) -> None:
        self._file = file
        self._free, self._first, self._longest, self._forget = free, first_s, longest_s, forget_s

    def locked(self, name: str, now: float) -> float:
        """Seconds until a name may be tried again; 0 where it may now."""
        found = self._file.rows("tries", mark=self._file.blinded(name))
        return max(0.0, float(found[0]["until"]) - now) if found else 0.0

    def failed(self, name: str, now: float) -> float:
        """Count a failure; seconds for which the name is locked by it: none at first, then doubling."""
        mark = self._file.blinded(name)
        self._file.change("forget_tries", before=now - self._forget, now=now)
        self._file.change("count_failure", mark=mark, now=now)
        failures = int(self._file.rows("tries", mark=mark)[0]["failures"])
        if failures < self._free:
            return 0.0
        pause = min(self._longest, self._first * 2.0 ** min(failures - self._free, 20))
        self._file.change("lock_tries", mark=mark, until=now + pause)
        return pause

    def forgive(self, name: str) -> None:
        """Forget the failures of a name."""
        self._file.change("forgive", mark=self._file.blinded(name))
