# SPDX-License-Identifier: Apache-2.0
"""Prints of an evaluation: found by their names, extracted in disposable workers, kept by digest."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sluicegate.cli.calls import console, read_bytes, write_new
from sluicegate.cli.images import CODINGS
from sluicegate.errors import InputRefused, UsageError, WorkerLost, quoted
from sluicegate.itl.model import Image
from sluicegate.raster import encode
from sluicegate.raster.header import Caps, sniff
from sluicegate.raster.isolate import Workshop
from sluicegate.ridge import template as templates
from sluicegate.ridge.extract.job import choose, extract_apart
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.template import FingerTemplate

PATTERN = "FINGER_IMPRESSION"
SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".wsq", ".jp2", ".jpg")
_CONVERTED = ("TIFF", "BMP")
_FGP, _IMP = 2, 0  # any one finger, live-scan plain: the position is not compared, only that it is one
_NOTHING = FingerTemplate(_FGP, _IMP, 0, 0, np.zeros((0, 4), dtype=np.float32))

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Print:
    """One impression: its file, and the names of its finger and impression within a database."""

    path: Path
    finger: str
    impression: str


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """The prints of one database with their minutiae.

    `failed` of them could not be extracted or gave no minutiae; these stay, and are similar to nobody.
    """

    name: str
    prints: tuple[Print, ...]
    fingers: tuple[FingerTemplate, ...]
    failed: int


def databases(folder: Path, pattern: str) -> dict[str, tuple[Print, ...]]:
    """Prints by database: one in each folder under this one that holds images so named, and itself.

    `pattern` is a file's name without suffix: FINGER and IMPRESSION stand for their names, * for anything.

    Raises:
        UsageError: the pattern names no finger or no impression, or no database has two of each.
    """
    named = _expression(pattern)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {quoted(str(folder), 200)}.")
    found: dict[str, list[Print]] = {}
    for path in sorted(folder.rglob("*")):
        told = named.fullmatch(path.stem) if path.suffix.lower() in SUFFIXES else None
        if told and path.is_file():
            place = path.parent.relative_to(folder).as_posix()
            name = folder.resolve().name if place == "." else place
            found.setdefault(name, []).append(Print(path, told["finger"], told["impression"]))
    useful = {name: tuple(some) for name, some in found.items() if _is_comparable(some)}
    if not useful:
        raise UsageError(
            f"No folder here has images named {quoted(pattern)} of two fingers and two impressions of one.",
            advice="Name them with --pattern, for instance --pattern 'FINGER-IMPRESSION'.",
        )
    return useful


def _expression(pattern: str) -> re.Pattern[str]:
    if pattern.count("FINGER") != 1 or pattern.count("IMPRESSION") != 1:
        raise UsageError("A pattern names FINGER and IMPRESSION, each once.")
    parts = re.split(r"(FINGER|IMPRESSION|\*)", pattern)
    means = {"FINGER": "(?P<finger>.+?)", "IMPRESSION": "(?P<impression>[^_-]+)", "*": ".*?"}
    return re.compile("".join(means.get(part, re.escape(part)) for part in parts))


def _is_comparable(prints: Sequence[Print]) -> bool:
    fingers = {one.finger for one in prints}
    return 1 < len(fingers) < len(prints)


def extracted(
    found: dict[str, tuple[Print, ...]], extractor: str, ppi: float, kept: Path | None
) -> tuple[str, list[Extracted]]:
    """The extractor's id, and all databases with their minutiae; those kept in a folder are not made again.

    Raises SettingsError where the extractor cannot run, UsageError where the folder cannot be written.
    """
    chosen = choose(extractor, slots=max(1, len(os.sched_getaffinity(0))))
    identity = EXTRACTORS[chosen.extractor]().id
    total = sum(len(prints) for prints in found.values())
    with chosen.workshop as workshop, bar("extracting", total) as tick:

        def made(one: Print) -> FingerTemplate:
            finger = _cached(workshop, one.path, identity, ppi, kept)
            tick()
            return finger

        with ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)))) as pool:
            some = [(name, prints, tuple(pool.map(made, prints))) for name, prints in sorted(found.items())]
    return identity, [
        Extracted(name, prints, fingers, sum(not len(one.minutiae) for one in fingers))
        for name, prints, fingers in some
    ]


def _cached(workshop: Workshop, path: Path, identity: str, ppi: float, kept: Path | None) -> FingerTemplate:
    data = read_bytes(path)
    name = hashlib.sha256(data + f"|{identity}|{ppi!r}".encode()).hexdigest()
    cache = kept / f"{name}.sgt" if kept else None
    if cache and cache.is_file():
        made = templates.decode(cache.read_bytes())
        return made.fingers[0] if made.fingers else _NOTHING
    try:
        made = extract_apart(workshop, image_of(data, path, ppi), Caps())
    except (InputRefused, WorkerLost):
        return _NOTHING
    if cache:
        write_new(cache, templates.encode(made))
    return made.fingers[0] if made.fingers else _NOTHING


def image_of(data: bytes, path: Path, ppi: float) -> Image:
    """An image for the workers; forms that they do not read become PNG. Raises InputRefused."""
    kind = sniff(data)
    if kind not in CODINGS:
        # The evaluator's own files: these two forms are read in this process.
        try:
            with Picture.open(path, formats=_CONVERTED) as picture:
                data = encode.png(np.asarray(picture.convert("L"), dtype=np.uint8))
        except (OSError, ValueError, Picture.DecompressionBombError) as trouble:
            raise InputRefused("That is not an image of a kind that is read.") from trouble
        kind = sniff(data)
    return Image(4, 1, _IMP, (_FGP,), 0, 0, ppi, ppi, CODINGS[kind], data, 0)


@contextmanager
def bar(what: str, total: int) -> Iterator[Tick]:
    """A progress bar on a terminal; nothing elsewhere."""
    shown = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as drawn:
        task = drawn.add_task(what, total=total)
        yield lambda: drawn.advance(task)
