# SPDX-License-Identifier: Apache-2.0
"""A repository: the subjects that one store keeps, in a file and under a key of its own.

The open and the filtered repository share nothing: not the file, not the key, not the numbers. A look-up by
the partner is given the open one and could not name the other.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sluicegate.errors import Missing, StoreError
from sluicegate.exchange.case import Json
from sluicegate.ridge.gallery import Gallery, MemoryGallery
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import Template, decode
from sluicegate.store.blobs import BlobStore, load_key
from sluicegate.store.sql import open_database, queries, scrub
from sluicegate.store.vault import DataKeys, Vault, place_of

_ALPHABET = "ABCDEFGHJKLMNPQRTUVWXY0123456789"


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a kept record may be looked up: the G3 decision at booking, and the facts to judge it now."""

    decision: Mapping[str, Json]
    cri: str
    ori: str
    received: datetime
    charges: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """As the repository keeps it."""
        return {
            "decision": dict(self.decision),
            "cri": self.cri,
            "ori": self.ori,
            "received": self.received.isoformat(),
            "charges": list(self.charges),
        }

    @staticmethod
    def from_json(held: dict[str, Any]) -> Basis | None:
        """The basis, or None where there is none."""
        if not held:
            return None
        received = datetime.fromisoformat(held["received"])
        return Basis(held["decision"], held["cri"], held["ori"], received, tuple(held["charges"]))


@dataclass(frozen=True, slots=True)
class Held:
    """What one case enrolled: template and transaction as bytes in the clear."""

    subject: str
    template: bytes
    transaction: bytes | None
    basis: Basis | None


class Repository:
    """References on disk, and the gallery in memory that searches read: an empty one is given, or made."""

    def __init__(
        self,
        name: str,
        folder: Path,
        key_file: Path,
        parameters: Parameters,
        keys: DataKeys | None = None,
        gallery: Gallery | None = None,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = load_key(key_file)
        self.name = name
        self.blobs = BlobStore(folder / "records", key, keys)
        self._gallery: Gallery = MemoryGallery(parameters) if gallery is None else gallery
        self._box = AESGCM(key)
        self._vault = Vault(key, keys)
        self._engine = open_database(folder / "references.db", "repository.sql")
        self._lock = threading.Lock()
        self._origins: dict[str, str] = {}  # subject by origin
        self._taken_out = 0  # number of the last reference known to have been taken out or brought back
        try:
            self._load()
        except BaseException:
            self._engine.dispose()
            raise

    @property
    def gallery(self) -> Gallery:
        """What searches read; what any process has taken out of this repository is gone from it."""
        self._catch_up()
        return self._gallery

    def _catch_up(self) -> None:
        with self._engine.connect() as connection:
            if connection.execute(queries()["last_taken_out"]).scalar_one() == self._taken_out:
                return
        with self._lock, self._engine.connect() as connection:
            given = {"after": self._taken_out}
            for row in connection.execute(queries()["taken_out"], given).mappings().all():
                self._look_again(connection, row["origin"])
                self._taken_out = row["number"]

    def _look_again(self, connection: sa.Connection, origin: str) -> None:
        """A reference was taken out, or brought back: the gallery follows the table."""
        held = connection.execute(queries()["whole_reference"], {"origin": origin}).mappings().first()
        before, now = self._origins.pop(origin, None), held["subject"] if held else None
        if now is not None:
            self._origins[origin] = now
        for subject in sorted({one for one in (before, now) if one is not None}):
            self._rebuild(connection, subject)

    def _rebuild(self, connection: sa.Connection, subject: str) -> None:
        """The subject as the table has it now: fewer templates, or nobody."""
        rows = connection.execute(queries()["templates_of"], {"subject": subject}).mappings().all()
        left = [one for row in rows if (one := self._template(row)) is not None]
        if not left:
            self._gallery.expunge(subject)
            return
        try:
            self._gallery.replace(subject, left)
        except Missing:  # brought back: this process does not know the subject
            for one in left:
                self._gallery.enrol(subject, one)

    def _load(self) -> None:
        with self._engine.connect() as connection:
            self._taken_out = connection.execute(queries()["last_taken_out"]).scalar_one()
            for row in connection.execute(queries()["references"]).mappings():
                found = self._template(row)
                if found is not None:
                    self._gallery.enrol(row["subject"], found)
                    self._origins[row["origin"]] = row["subject"]

    def _template(self, row: sa.RowMapping) -> Template | None:
        """The template of a reference; None where its key was destroyed and its row still stands."""
        try:
            return decode(self._unseal(bytes(row["template"]), row["origin"]))
        except Missing:
            return None

    def enrol(
        self,
        origin: str,
        subject: str,
        template: bytes,
        transaction: bytes | None = None,
        basis: Basis | None = None,
    ) -> None:
        """Keep a template (and the transaction, where RET asks) under the case it came from.

        Doing it again for the same origin changes nothing. Raises StoreError when the disk refuses.
        """
        rows = [(origin, subject, template, transaction, basis)]
        self.enrol_many(rows)

    def enrol_many(self, rows: Iterable[tuple[str, str, bytes, bytes | None, Basis | None]]) -> int:
        """Enrol several in one commit; returns how many were new."""
        with self._lock:
            fresh = [row for row in rows if row[0] not in self._origins]
            prepared = [self._row(*row) for row in fresh]
            try:
                with self._engine.begin() as connection:
                    for values in prepared:
                        connection.execute(queries()["enrol"], values)
            except sa.exc.OperationalError as error:
                raise StoreError("The repository refused to write; nothing was enrolled.") from error
            # If we crash here the reference is on disk and the gallery is read anew at the next start.
            for origin, subject, template, _, _ in fresh:
                self._gallery.enrol(subject, decode(template))
                self._origins[origin] = subject
            return len(fresh)

    def _row(
        self,
        origin: str,
        subject: str,
        template: bytes,
        transaction: bytes | None,
        basis: Basis | None,
    ) -> dict[str, object]:
        told = json.dumps(basis.to_json() if basis else {}, sort_keys=True).encode()
        return {
            "origin": origin,
            "subject": subject,
            "template": self._seal(template, origin),
            "transaction_digest": self.blobs.put(transaction) if transaction is not None else None,
            "basis": self._seal(told, f"{origin} basis"),
        }

    def _seal(self, plain: bytes, label: str) -> bytes:
        try:
            sealed = self._vault.seal(plain, label)
        except OSError as error:
            raise StoreError("The repository refused to write; nothing was enrolled.") from error
        if sealed is not None:
            return sealed
        nonce = secrets.token_bytes(12)
        return nonce + self._box.encrypt(nonce, plain, label.encode())

    def _unseal(self, sealed: bytes, label: str) -> bytes:
        if place_of(sealed) is not None:
            return self._vault.open(sealed, label)
        try:
            return self._box.decrypt(sealed[:12], sealed[12:], label.encode())
        except InvalidTag:
            raise StoreError("A reference was altered, or belongs to another key.") from None

    def held_of(self, origin: str) -> Held | None:
        """What a case enrolled, opened; None where there is nothing. Raises Missing where its key is gone."""
        with self._engine.connect() as connection:
            row = connection.execute(queries()["whole_reference"], {"origin": origin}).mappings().first()
        if row is None:
            return None
        digest = row["transaction_digest"]
        return Held(
            row["subject"],
            self._unseal(bytes(row["template"]), origin),
            self.blobs.get(digest) if digest else None,
            Basis.from_json(json.loads(self._unseal(bytes(row["basis"]), f"{origin} basis"))),
        )

    def bring_back(self, origin: str, held: Held) -> None:
        """Enrol again what was forgotten; other processes that hold the gallery hear of it."""
        self.enrol(origin, held.subject, held.template, held.transaction, held.basis)
        with self._lock, self._engine.begin() as connection:
            connection.execute(queries()["note_taken_out"], {"origin": origin})
        self._catch_up()

    def renumber(self, origin: str, subject: str) -> bool:
        """Put what a case enrolled under another subject number; whether anything changed.

        Every process that holds the gallery follows. Doing it again changes nothing.
        """
        with self._lock, self._engine.begin() as connection:
            given = {"origin": origin, "subject": subject}
            done = connection.execute(queries()["renumber"], given).rowcount == 1
            if done:
                connection.execute(queries()["note_taken_out"], {"origin": origin})
        self._catch_up()
        return done

    def forget(self, origin: str) -> bool:
        """Destroy what a case enrolled, here and in every copy; whether there was anything.

        If we crash before the commit, keys may be destroyed whose row still stands: the next run removes it.
        """
        with self._engine.connect() as connection:
            row = connection.execute(queries()["whole_reference"], {"origin": origin}).mappings().first()
        if row is None:
            return False
        if row["transaction_digest"]:
            self.blobs.erase(row["transaction_digest"])
        self._vault.destroy(bytes(row["template"]))
        self._vault.destroy(bytes(row["basis"]))
        self._take_out(origin)
        return True

    def _take_out(self, origin: str) -> None:
        with self._lock, self._engine.begin() as connection:
            connection.execute(queries()["take_out"], {"origin": origin})
            connection.execute(queries()["note_taken_out"], {"origin": origin})
        self._catch_up()

    def scrub(self) -> None:
        """See `sql.scrub`."""
        scrub(self._engine)

    def bases_of(self, subject: str) -> list[Basis | None]:
        """On what each reference of a subject may be looked up; None, where nothing says so, is doubt."""
        with self._engine.connect() as connection:
            rows = connection.execute(queries()["references_of"], {"subject": subject}).mappings()
            return [self._basis(row) for row in rows]

    def _basis(self, row: sa.RowMapping) -> Basis | None:
        try:
            plain = self._unseal(bytes(row["basis"]), f"{row['origin']} basis")
        except Missing:
            return None  # being destroyed just now: doubt, which closes
        return Basis.from_json(json.loads(plain))

    def template_of(self, origin: str) -> bytes | None:
        """The template that a case enrolled, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(queries()["reference_of_origin"], {"origin": origin}).mappings().first()
        if row is None:
            return None
        return self._unseal(bytes(row["template"]), origin)

    def newest_of(self, subject: str, limit: int) -> tuple[tuple[str, Template], ...]:
        """The newest references of a subject, at most `limit`: the case of each, and its template."""
        with self._engine.connect() as connection:
            rows = connection.execute(queries()["templates_of"], {"subject": subject}).mappings().all()
        opened = ((str(row["origin"]), self._template(row)) for row in rows[-limit:])
        return tuple((origin, template) for origin, template in opened if template is not None)

    def __len__(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(queries()["reference_count"]).scalar_one())

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()


def fresh_number() -> str:
    """A subject number nobody can guess or order: nine characters, as FBI numbers are (EBTS 2.014)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(9))
