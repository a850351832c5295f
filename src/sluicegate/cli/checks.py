# SPDX-License-Identifier: Apache-2.0
"""The checks of `doctor`: each looks at one thing and says in one line what it found."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sluicegate import settings
from sluicegate.app import DATA_KEYS, open_office, open_programs
from sluicegate.cli.running import is_served
from sluicegate.errors import SettingsError, SluicegateError, StoreError
from sluicegate.ledger import keys
from sluicegate.ledger.note import LogSigner
from sluicegate.ridge import parameters
from sluicegate.ridge.extract.job import choose
from sluicegate.settings import Settings
from sluicegate.signing.client import RemoteKey
from sluicegate.store import keyfile

_LOW_DISK = 1_000_000_000  # bytes
_ROLES = ("bureau", "partner", "state")


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found."""

    name: str
    ok: bool
    said: str


def examine(home: Path) -> list[Result]:
    """Every check in order; a later one is made even where an earlier one failed."""
    try:
        read = settings.load(home)
    except SluicegateError as error:
        return [Result("settings", False, _sentence(error))]
    every: dict[str, Callable[[], str]] = {
        "settings": lambda: f"{home / settings.FILE} is valid",
        "permissions": lambda: _permissions(home),
        "keys": lambda: _keys(home),
        "databases": lambda: _databases(home),
        "program": lambda: _program(read),
        "extractor": lambda: _extractor(read),
        "search": lambda: f"{read.engine}, parameters {parameters.load().digest()[:12]}",
        "disk": lambda: _disk(home),
        "smtp port": lambda: _port(read, read.smtp_host, read.smtp_port),
        "http port": lambda: _port(read, read.http_host, read.http_port),
    }
    return [_run(name, check) for name, check in every.items()]


def _run(name: str, check: Callable[[], str]) -> Result:
    try:
        return Result(name, True, check())
    except SluicegateError as error:
        return Result(name, False, _sentence(error))
    except sa.exc.SQLAlchemyError:
        return Result(name, False, "The database cannot be read.")
    except OSError as error:
        return Result(name, False, f"{error.strerror or 'refused'}: {error.filename or ''}".rstrip(": "))


def _sentence(error: SluicegateError) -> str:
    return " ".join(part for part in (error.message, error.advice) if part)


def _permissions(home: Path) -> str:
    open_to_others = [str(one) for one in _private(home) if one.stat().st_mode & 0o077]
    if open_to_others:
        raise SettingsError(
            f"Other accounts can read {open_to_others[0]}.", advice=f"Run: chmod go= {open_to_others[0]}"
        )
    for role in _ROLES:
        probe = home / role / ".doctor"
        probe.touch(mode=0o600)
        probe.unlink()
    return "private files are private, and the role folders can be written"


def _private(home: Path) -> Iterator[Path]:
    for name in ("keys", DATA_KEYS, *_ROLES, "incoming", "answers"):
        if name != DATA_KEYS or (home / name).is_dir():
            yield home / name
    yield from (one for one in sorted((home / "keys").iterdir()) if one.suffix != ".pub")


def _keys(home: Path) -> str:
    names = []
    for role in _ROLES:
        office = open_office(home, role)
        office.engine.dispose()
        names.append(f"{office.key.name}{_lies(office.key, keyfile.path_of(home, role))}")
    return ", ".join(names)


def _lies(key: LogSigner, path: Path) -> str:
    """What a person must know of where a private key lies. Raises LedgerError where its process is gone."""
    if not isinstance(key, RemoteKey):
        return "" if keys.is_protected(path) else " (NOT encrypted)"
    key.need()
    if path.exists():
        raise SettingsError(
            f"A process signs for {key.name}, and {path.name} still lies here.",
            advice="Move the private key to the account that signs; the .pub file stays.",
        )
    return " (a process of its own signs)"


def _databases(home: Path) -> str:
    for role in _ROLES:
        office = open_office(home, role)
        try:
            with office.engine.connect() as connection:
                said = connection.execute(sa.text("PRAGMA quick_check(1)")).scalar_one()
        finally:
            office.engine.dispose()
        if said != "ok":
            raise StoreError(f"The database of the {role} is damaged.", advice="Restore it from a backup.")
    return "bureau, partner and state are sound"


def _program(read: Settings) -> str:
    office = open_office(read.home, "bureau")
    try:
        source = open_programs(read, office.store)
        program, register = source.load(), source.register
        links, beyond = (len(register.registered()), register.beyond()) if register else (0, ())
    finally:
        office.engine.dispose()
    size = f"{len(program.rules)} rules, {len(program.agencies)} agencies"
    stray = f"; not registered and not in force: {', '.join(beyond)}" if beyond else ""
    return f"{program.name}, {size}, root {program.root[:12]}, as registered in {links} links{stray}"


def _extractor(read: Settings) -> str:
    chosen = choose(read.extractor, slots=1)
    chosen.workshop.close()
    instead = f"; it stands in: {chosen.because}" if chosen.because else ""
    return f"{chosen.extractor} can be built{instead}"


def _disk(home: Path) -> str:
    free = shutil.disk_usage(home).free
    if free < _LOW_DISK:
        raise StoreError(f"Only {free // 1_000_000} MB are free.", advice="Free space before serving.")
    return f"{free // 1_000_000_000} GB free"


def _port(read: Settings, host: str, port: int) -> str:
    if is_served(read.home):
        return "an exchange is serving this home now"
    if port == 0:
        return "any free one"
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"{host}:{port} cannot be used: {error.strerror}.", advice="Choose another port."
            ) from error
    return f"{host}:{port} is free"
