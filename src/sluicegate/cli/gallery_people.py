# SPDX-License-Identifier: Apache-2.0
"""People for galleries: read from files or drawn, and packed by all cores."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from sluicegate.cli import template_files
from sluicegate.cli.calls import console, read_bytes
from sluicegate.ebts.submission import partial
from sluicegate.errors import InputRefused, SluicegateError, UsageError, WorkerLost, quoted
from sluicegate.exchange.searching import probe_images
from sluicegate.itl.detect import read_any
from sluicegate.raster.isolate import Workshop
from sluicegate.ridge import parameters, segment_file
from sluicegate.ridge import template as templates
from sluicegate.ridge.extract.job import extract_workshop
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.gallery_file import Packed
from sluicegate.ridge.segment import joined, packed
from sluicegate.ridge.synthetic import population
from sluicegate.ridge.template import Template

LOT = 128
"""People whom one process packs at a time."""

TOGETHER = 32
"""Lots that become one segment."""

Person = tuple[str, tuple[bytes, ...]]
"""A subject and the bytes of their templates."""


class _Rate(ProgressColumn):
    """How many in a second."""

    def render(self, task: Task) -> Text:
        """Empty until something is known."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar with rate and time left, on a terminal; nothing elsewhere."""
    shown = console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as drawn:
        task = drawn.add_task("", total=total)
        yield lambda count: drawn.advance(task, count)


@dataclass(slots=True)
class Files:
    """Templates of files: of our own forms as they are, of images by extraction in workers.

    `refused` gathers the files that gave none, and why.
    """

    extractor: str
    refused: list[tuple[str, str]] = field(default_factory=list)
    _workshop: Workshop | None = None

    def read(self, path: Path) -> Template:
        """The template of one file. Raises InputRefused, UsageError, WorkerLost."""
        data = read_bytes(path)
        if data[:3] == templates.MAGIC[:3] or data[:4] == b"FMR\0":
            return template_files.look(data).taken()
        transaction = read_any(data).transaction
        if transaction is None:
            raise InputRefused(
                f"{quoted(path.name, 120)} is neither a template nor an ANSI/NIST transaction."
            )
        if images := partial(transaction).images:
            self._workshop = self._workshop or extract_workshop(self.extractor)
            return probe_images(self._workshop, images, 0).template
        return template_files.look(data).taken()

    def people(self, folder: Path) -> list[tuple[str, Path]]:
        """Files of a folder as subjects: each is called as its file is without its suffix."""
        try:
            found = [path for path in sorted(folder.iterdir()) if path.is_file()]
        except OSError as error:
            name = quoted(str(folder), 200)
            raise UsageError(f"The folder {name} cannot be read: {error.strerror}.") from error
        return [(path.stem, path) for path in found]

    def each(self, people: Iterable[tuple[str, Path]]) -> Iterator[Person]:
        """Those that can be read; the others are in `refused`."""
        for subject, path in people:
            try:
                yield subject, (templates.encode(self.read(path)),)
            except (InputRefused, WorkerLost) as error:
                self.refused.append((path.name, error.message))

    def close(self) -> None:
        """End the workers."""
        if self._workshop is not None:
            self._workshop.close()


def named(extractor: str) -> tuple[str, str]:
    """What templates of this extractor are called; for "" what drawn people are."""
    if not extractor:
        return population.MAKER, population.MAKING
    made = EXTRACTORS[extractor]()
    return made.id, made.parameters


def drawn(seed: int, count: int, maker: tuple[str, str], *, cold: bool) -> Iterator[Packed]:
    """People drawn and packed, in order, named S00000000 and on."""
    starts = range(0, count, LOT)
    yield from _gathered((_drawn, (seed, first, min(LOT, count - first), maker, cold)) for first in starts)


def filed(people: Iterable[Person], *, cold: bool) -> Iterator[Packed]:
    """People packed, in order."""
    each = iter(people)
    lots = iter(lambda: list(itertools.islice(each, LOT)), [])
    yield from _gathered((_filed, (lot, cold)) for lot in lots)


_Lot = tuple[bytes, tuple[str, str], tuple[tuple[str, ...], ...]]
_Job = tuple[Callable[..., _Lot], tuple[object, ...]]


def _gathered(jobs: Iterable[_Job]) -> Iterator[Packed]:
    """What the jobs come to, in their order, some of them together; few wait at any time."""
    cores = os.cpu_count() or 1
    jobs = iter(jobs)
    first = list(itertools.islice(jobs, 2))
    if len(first) < 2:  # not worth the start of a process
        yield from (_together([do(*given)]) for do, given in first)
        return
    with ProcessPoolExecutor(cores, get_context("spawn")) as workers:
        waiting: list[Future[_Lot]] = []
        ready: list[_Lot] = []
        for do, given in itertools.chain(first, jobs):
            waiting.append(workers.submit(do, *given))
            if len(waiting) > 2 * cores:
                ready.append(waiting.pop(0).result())
            if len(ready) == TOGETHER:
                yield _together(ready)
                ready = []
        ready.extend(one.result() for one in waiting)
        for at in range(0, len(ready), TOGETHER):
            yield _together(ready[at : at + TOGETHER])


def _together(lots: Sequence[_Lot]) -> Packed:
    segments = [segment_file.from_buffer(np.frombuffer(data, np.uint8))[1] for data, _, _ in lots]
    return Packed(joined(segments), Template(*lots[0][1], ()), tuple(one for _, _, m in lots for one in m))


def _drawn(seed: int, first: int, count: int, maker: tuple[str, str], cold: bool) -> _Lot:
    people = (
        (f"S{n:08d}", [population.person(seed, n, extractor=maker[0], parameters=maker[1])])
        for n in range(first, first + count)
    )
    return _packed(people, cold=cold)


def _filed(lot: Sequence[Person], cold: bool) -> _Lot:
    return _packed(((name, [templates.decode(one) for one in held]) for name, held in lot), cold=cold)


def _packed(people: Iterable[tuple[str, list[Template]]], *, cold: bool) -> _Lot:
    numbers = parameters.load()
    segments, marks = [], []
    maker: Template | None = None
    for name, held in people:
        if maker is not None:
            templates.require_same(held[0], maker)
        maker = maker or held[0]
        segments.append(packed(name, held, numbers, cold=cold))
        marks.append(tuple(templates.digest(templates.encode(one)) for one in held))
    if maker is None:
        raise SluicegateError
    made = (maker.extractor, maker.parameters)
    return segment_file.to_bytes(joined(segments), *made, ""), made, tuple(marks)
