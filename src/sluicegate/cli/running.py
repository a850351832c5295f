# SPDX-License-Identifier: Apache-2.0
"""One server per home: the lock it holds, and `run.json`, by which other commands find it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sluicegate.errors import DeliveryError, UsageError
from sluicegate.store.served import LOCK as LOCK
from sluicegate.store.served import is_served as is_served

RUN = "run.json"


@dataclass(frozen=True, slots=True)
class Running:
    """A server: its process, and what it listens on (empty where it does not)."""

    pid: int
    smtp: str  # host:port
    http: str  # host:port
    folder: str
    roles: tuple[str, ...]
    ahead_s: float = 0.0  # how far its clock is ahead of the real time: a drill's is years behind


@contextmanager
def only_server(home: Path) -> Iterator[None]:
    """Hold the home for this process. Raises UsageError where another one holds it.

    The system drops the lock when the process ends, however it ends: a crash leaves nothing to clear up.
    """
    handle = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"An exchange is already serving {home}.", advice="Stop it first, or choose another --home."
            ) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def announced(home: Path, running: Running) -> Iterator[None]:
    """`run.json` for as long as the server runs, readable by its owner only."""
    path = home / RUN
    spare = path.with_suffix(f".{running.pid}")
    handle = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(asdict(running), out)
    spare.rename(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running(home: Path) -> Running | None:
    """The server of this home, or None where none runs."""
    try:
        held = json.loads((home / RUN).read_text("utf-8")) if is_served(home) else None
    except (OSError, ValueError):  # it is starting or stopping at this moment
        held = None
    return Running(**{**held, "roles": tuple(held["roles"])}) if isinstance(held, dict) else None


def find(home: Path) -> Running:
    """The server of this home. Raises DeliveryError where none runs."""
    found = running(home)
    if found is None:
        raise DeliveryError(
            f"No exchange is serving {home}.",
            advice=f"Start one: sluicegate serve --home {home}; or name another with --server HOST:PORT.",
        )
    return found
