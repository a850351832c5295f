# SPDX-License-Identifier: Apache-2.0
"""The manifest of a gallery folder: which files are the gallery. docs/reference/gallery.md."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sluicegate.errors import StoreError
from sluicegate.ridge.gallery import History

MANIFEST = "gallery.json"


def segment_name(number: int) -> str:
    """The file of a segment."""
    return f"segment-{number:08d}.sgg"


def log_name(number: int) -> str:
    """The file of a log."""
    return f"log-{number:08d}.sgl"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the folder holds: a generation, the history at its making, segment numbers, the log's number.

    `next` is the first number that no file has had. `maker`: extractor and its parameters, once known.
    """

    generation: int = 0
    history: History = History()  # noqa: RUF009 - a frozen value
    maker: tuple[str, str] | None = None
    form: str = ""
    segments: tuple[int, ...] = ()
    log: int = 0
    next: int = 1

    def to_bytes(self) -> bytes:
        """As it is kept: JSON, with a digest of its own."""
        told: dict[str, Any] = {
            "version": 1,
            "generation": self.generation,
            "writes": self.history.writes,
            "digest": self.history.digest,
            "maker": list(self.maker) if self.maker else None,
            "form": self.form,
            "segments": list(self.segments),
            "log": self.log,
            "next": self.next,
        }
        return json.dumps({**told, "sha256": mark_of(told)}, indent=1).encode() + b"\n"

    @staticmethod
    def from_bytes(data: bytes) -> Manifest:
        """Raises StoreError for anything but a whole manifest of version 1."""
        try:
            held = json.loads(data)
            mark = held.pop("sha256")
            if held["version"] != 1 or mark != mark_of(held):
                raise StoreError("The manifest of the gallery is damaged, or of a version not known here.")
            maker = (str(held["maker"][0]), str(held["maker"][1])) if held["maker"] else None
            return Manifest(
                int(held["generation"]),
                History(int(held["writes"]), str(held["digest"])),
                maker,
                str(held["form"]),
                tuple(int(number) for number in held["segments"]),
                int(held["log"]),
                int(held["next"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError("The manifest of the gallery is damaged.") from error


def mark_of(told: dict[str, Any]) -> str:
    """SHA-256 of a manifest's values, in hexadecimal."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
