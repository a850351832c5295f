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
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sluicegate.errors import StoreError
from sluicegate.exchange.case import Json
from sluicegate.ridge.gallery import Gallery, MemoryGallery
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import decode
from sluicegate.store.blobs import BlobStore, load_key
from sluicegate.store.sql import open_database, queries

_ALPHABET = "ABCDEFGHJKLMNPQRTUVWXY0123456789"


class Repository:
    """References on disk, and the gallery in memory that searches read."""

    def __init__(self, name: str, folder: Path, key_file: Path, parameters: Parameters) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = load_key(key_file)
        self.name = name
        self.blobs = BlobStore(folder / "records", key)
        self.gallery: Gallery = MemoryGallery(parameters)
        self._box = AESGCM(key)
        self._engine = open_database(folder / "references.db", "repository.sql")
        self._lock = threading.Lock()
        self._origins: set[str] = set()
        self._load()

    def _load(self) -> None:
        with self._engine.connect() as connection:
            for row in connection.execute(queries()["references"]).mappings():
                sealed = bytes(row["template"])
                plain = self._box.decrypt(sealed[:12], sealed[12:], row["origin"].encode())
                self.gallery.enrol(row["subject"], decode(plain))
                self._origins.add(row["origin"])

    def enrol(
        self,
        origin: str,
        subject: str,
        template: bytes,
        transaction: bytes | None = None,
        decision: Mapping[str, Json] | None = None,
    ) -> None:
        """Keep a template (and the transaction, where RET asks) under the case it came from.

        Doing it again for the same origin changes nothing. Raises StoreError when the disk refuses.
        """
        rows = [(origin, subject, template, transaction, decision)]
        self.enrol_many(rows)

    def enrol_many(
        self, rows: Iterable[tuple[str, str, bytes, bytes | None, Mapping[str, Json] | None]]
    ) -> int:
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
                self.gallery.enrol(subject, decode(template))
                self._origins.add(origin)
            return len(fresh)

    def _row(
        self,
        origin: str,
        subject: str,
        template: bytes,
        transaction: bytes | None,
        decision: Mapping[str, Json] | None,
    ) -> dict[str, object]:
        nonce = secrets.token_bytes(12)
        return {
            "origin": origin,
            "subject": subject,
            "template": nonce + self._box.encrypt(nonce, template, origin.encode()),
            "transaction_digest": self.blobs.put(transaction) if transaction is not None else None,
            "decision": json.dumps(dict(decision or {}), sort_keys=True),
        }

    def origins_of(self, subject: str) -> list[tuple[str, dict[str, Json]]]:
        """The cases that a subject's references came from, each with the look-up decision at booking."""
        with self._engine.connect() as connection:
            rows = connection.execute(queries()["references_of"], {"subject": subject}).mappings()
            return [(row["origin"], json.loads(row["decision"])) for row in rows]

    def __len__(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(queries()["reference_count"]).scalar_one())

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()


def fresh_number() -> str:
    """A subject number nobody can guess or order: nine characters, as FBI numbers are (EBTS 2.014)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(9))
