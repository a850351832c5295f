# SPDX-License-Identifier: Apache-2.0
"""A folder as material: the one module of the audit that reads files."""

from __future__ import annotations

from pathlib import Path

from sluicegate.audit.material import Material
from sluicegate.errors import StoreError
from sluicegate.ledger.verify import VerifierKey
from sluicegate.store.days import MAX_DAY_BYTES


def of_folder(side: str, key: VerifierKey, folder: Path) -> Material:
    """The public folder of a side. Files are read when they are asked for; links are not followed out."""
    base = folder.resolve()

    def read(name: str) -> bytes | None:
        path = base / name
        try:
            if not path.resolve().is_relative_to(base):
                return None
            with path.open("rb") as file:
                return file.read(MAX_DAY_BYTES)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"The public file {path.name} cannot be read: {error.strerror}.") from error

    def names(under: str) -> tuple[str, ...]:
        start = base / under
        found = start.rglob("*") if start.is_dir() else ()
        return tuple(sorted(one.relative_to(base).as_posix() for one in found if one.is_file()))

    return Material(side, key, read, names)
