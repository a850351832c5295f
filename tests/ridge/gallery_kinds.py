# SPDX-License-Identifier: Apache-2.0
"""The kinds of galleries, each with the engine that searches it, for one suite over all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.engine import Engine, PlainEngine
from sluicegate.ridge.fast import FastEngine
from sluicegate.ridge.gallery import Gallery, MemoryGallery
from sluicegate.ridge.gallery_file import FileGallery
from sluicegate.ridge.gallery_packed import PackedGallery

P = numbers.load()


@dataclass(frozen=True, slots=True)
class Kind:
    """An engine, an empty gallery for it in a folder of its own, and whether snapshots outlast expunging."""

    name: str
    engine: Engine
    make: Callable[[Path], Gallery]
    outlasts: bool = True


def made_file(folder: Path) -> Gallery:
    """A gallery of files, open for writing."""
    return FileGallery(folder / "gallery", P, write=True)


KINDS = (
    Kind("plain", PlainEngine(P), lambda _: MemoryGallery(P)),
    Kind("packed", FastEngine(P), lambda _: PackedGallery(P)),
    Kind("packed-threads", FastEngine(P, threads=3), lambda _: PackedGallery(P)),
    Kind("file", FastEngine(P), made_file),
)
