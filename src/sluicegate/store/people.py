# SPDX-License-Identifier: Apache-2.0
"""Accounts of the people who work at the desks: names, roles and factors, in a database of its own.

Nothing here judges a password or a code; it keeps what a judge needs, and changes it so that two requests at
the same moment cannot spend one code twice.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sluicegate.errors import Missing, StoreError, UsageError, quoted
from sluicegate.store.blobs import load_key
from sluicegate.store.sql import open_database

FILE, KEY = "people.db", "people.key"
LOCAL, PROVIDED = "local", "oidc"
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,39}", re.ASCII)
_NONCE = 12


@cache
def _queries() -> Mapping[str, sa.TextClause]:
    text = files("sluicegate.store").joinpath("people_queries.sql").read_text("utf-8")
    named = (block.partition("\n") for block in text.split("-- name: ")[1:])
    return {name.strip(): sa.text(body.strip().rstrip(";")) for name, _, body in named}


@dataclass(frozen=True, slots=True)
class Account:
    """One person. `handle` is what an authenticator knows them by; `secret` is open here, in base32."""

    name: str
    origin: str
    roles: tuple[str, ...]
    disabled: bool
    handle: bytes
    password: bytes | None
    secret: str
    passkeys: int
    invited: bool  # an enrolment code was given out and not used

    @property
    def enrolled(self) -> bool:
        """Whether there is anything to sign in with."""
        return (
            self.origin == PROVIDED
            or bool(self.passkeys)
            or (self.password is not None and bool(self.secret))
        )


@dataclass(frozen=True, slots=True)
class Passkey:
    """A public key of a person. `uses` is the signature counter that its authenticator last told."""

    credential: bytes
    name: str
    public_key: bytes
    uses: int
    handle: bytes = b""


class PeopleFile:
    """The database and its key. Every block of `commit` is one commit."""

    def __init__(self, home: Path) -> None:
        self._key = load_key(home / "keys" / KEY)
        self._engine = open_database(home / FILE, "people.sql")

    @contextmanager
    def commit(self) -> Iterator[sa.Connection]:
        """A connection whose block is one commit. Raises StoreError."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.OperationalError as error:
            raise StoreError("The accounts could not be written; nothing was changed.") from error

    def change(self, name: str, /, **given: object) -> int:
        """Run one named statement in a commit of its own; how many rows it changed."""
        with self.commit() as connection:
            done = connection.execute(_queries()[name], given)
        return int(getattr(done, "rowcount", 0))

    def run(self, connection: sa.Connection, name: str, /, **given: object) -> int:
        """Run one named statement in an open commit; how many rows it changed."""
        return int(getattr(connection.execute(_queries()[name], given), "rowcount", 0))

    def rows(self, name: str, /, **given: object) -> list[Mapping[str, Any]]:
        """Rows of a named query."""
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(_queries()[name], given).mappings()]

    def closed(self, text: str, about: str) -> bytes:
        """A text, encrypted so that it opens for the same name only."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, text.encode(), about.encode())

    def opened(self, data: bytes | None, about: str) -> str:
        """What `closed` made; empty for nothing. Raises StoreError where the key or the name is another."""
        if not data:
            return ""
        try:
            return AESGCM(self._key).decrypt(data[:_NONCE], data[_NONCE:], about.encode()).decode()
        except InvalidTag:
            raise StoreError(
                "A secret of an account does not open: it was changed, or the key was."
            ) from None

    def blinded(self, name: str) -> bytes:
        """A keyed hash of a name, so that names which nobody has are not kept as they were typed."""
        return hashlib.blake2b(name.encode(), key=self._key, digest_size=32).digest()

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()


class People:
    """The accounts of a home."""

    def __init__(self, file: PeopleFile) -> None:
        self.file = file

    # -- reading ---------------------------------------------------------------------------------------

    def find(self, name: str) -> Account | None:
        """The account of this name, or None."""
        found = self.file.rows("person", name=name)
        return self._account(found[0]) if found else None

    def account(self, name: str) -> Account:
        """The account of this name. Raises Missing."""
        found = self.find(name)
        if found is None:
            raise Missing(
                f"There is no account named {quoted(name)}.", advice="List them: sluicegate people list"
            )
        return found

    def every(self) -> list[Account]:
        """All accounts by name."""
        return [self._account(row) for row in self.file.rows("people")]

    def _account(self, row: Mapping[str, Any]) -> Account:
        name = str(row["name"])
        return Account(
            name,
            str(row["origin"]),
            tuple(json.loads(row["roles"])),
            bool(row["disabled"]),
            bytes(row["handle"]),
            row["password"],
            self.file.opened(row["secret"], name),
            int(row["passkeys"]),
            row["code"] is not None,
        )

    # -- accounts --------------------------------------------------------------------------------------

    def add(self, name: str, roles: Sequence[str], now: float) -> None:
        """Make a local account that cannot sign in yet. Raises UsageError for a bad or taken name."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{quoted(name)} cannot be the name of an account.",
                advice="Use up to 40 of a-z, 0-9, dot, hyphen and underscore, a letter first.",
            )
        self._insert(name, LOCAL, roles, now)

    def provided(self, name: str, roles: Sequence[str], now: float) -> bool:
        """Enter or refresh an account that a provider vouches for; whether its roles are other than before.

        Raises UsageError where a local account has the name.
        """
        held = self.find(name)
        if held is None:
            self._insert(name, PROVIDED, roles, now)
            return True
        if held.origin != PROVIDED:
            raise UsageError("A local account has this name.")
        if held.roles != tuple(roles):
            self.set_roles(name, roles)
        return held.roles != tuple(roles)

    def _insert(self, name: str, origin: str, roles: Sequence[str], now: float) -> None:
        given = {"name": name, "origin": origin, "roles": json.dumps(list(roles)), "made": now}
        try:
            self.file.change("add_person", handle=secrets.token_bytes(32), **given)
        except sa.exc.IntegrityError as error:
            raise UsageError(f"There is an account named {quoted(name)} already.") from error

    def set_roles(self, name: str, roles: Sequence[str]) -> None:
        """Replace the roles; the next request of every session sees them. Raises Missing."""
        if not self.file.change("set_roles", name=name, roles=json.dumps(list(roles))):
            self.account(name)

    def set_disabled(self, name: str, *, disabled: bool) -> None:
        """Close or open an account; closing ends every session of it. Raises Missing."""
        self.account(name)
        with self.file.commit() as connection:
            self.file.run(connection, "set_disabled", name=name, disabled=int(disabled))
            if disabled:
                self.file.run(connection, "end_sittings_of", name=name)

    # -- enrolment -------------------------------------------------------------------------------------

    def invite(self, name: str, code: bytes, until: float) -> None:
        """Take away every factor and session, and let the holder of a code set up new ones. Raises Missing.

        Args:
            code: hash of the code.
            until: when it ends, in seconds since 1970.
        """
        account = self.account(name)
        if account.origin == PROVIDED:
            raise UsageError("The provider of this account looks after how it signs in.")
        with self.file.commit() as connection:
            self.file.run(connection, "set_code", name=name, code=code, until=until)
            for statement in ("drop_passkeys", "end_sittings_of"):
                self.file.run(connection, statement, name=name)

    def spend_code(self, name: str, code: bytes, now: float) -> bool:
        """Use an enrolment code up. False where it is wrong, used, late, or the account is disabled."""
        return self.file.change("spend_code", name=name, code=code, now=now) == 1

    def uninvite(self, name: str) -> None:
        """Let the enrolment code of an account end."""
        self.file.change("drop_code", name=name)

    def set_password(self, name: str, password: bytes, secret: str, step: int) -> None:
        """Set the hash of a password, and the secret of the code generator that goes with it."""
        closed = self.file.closed(secret, name)
        self.file.change("set_factors", name=name, password=password, secret=closed, step=step)

    def spend_step(self, name: str, step: int) -> bool:
        """Use a time step of the code generator up. False where it, or a later one, was used before."""
        return self.file.change("spend_step", name=name, step=step) == 1

    # -- passkeys --------------------------------------------------------------------------------------

    def add_passkey(self, one: Passkey, now: float) -> None:
        """Enter a passkey. Raises UsageError where it is known already."""
        given = {"credential": one.credential, "name": one.name, "public_key": one.public_key}
        try:
            self.file.change("add_passkey", uses=one.uses, made=now, **given)
        except sa.exc.IntegrityError as error:
            raise UsageError("This passkey is entered already.") from error

    def passkey(self, credential: bytes) -> Passkey | None:
        """The passkey of this id, or None."""
        found = self.file.rows("passkey", credential=credential)
        return _passkey(found[0]) if found else None

    def passkeys(self, name: str) -> list[Passkey]:
        """Passkeys of a person."""
        return [_passkey(row) for row in self.file.rows("passkeys_of", name=name)]

    def use_passkey(self, credential: bytes, uses: int) -> bool:
        """Note the counter of a signature. False where it does not go up: the passkey may have a copy."""
        return self.file.change("use_passkey", credential=credential, uses=uses) == 1


def _passkey(row: Mapping[str, Any]) -> Passkey:
    handle = bytes(row["handle"]) if "handle" in row else b""
    return Passkey(
        bytes(row["credential"]), str(row["name"]), bytes(row["public_key"]), int(row["uses"]), handle
    )
