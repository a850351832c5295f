# SPDX-License-Identifier: Apache-2.0
"""Galleries of any size for benches: some thousand drawn people, and people made of their fingers.

Drawing half a million people would take half an hour. So some thousand are drawn and packed, and everybody
beyond them has, at each finger position, the finger that one of them, drawn by chance, has there. One finger
against a stranger's then scores as drawn fingers do, and so does a sum over fingers, but a person's fingers
no longer share the quality of one hand, and every finger is there several times. Those whom a bench
searches for (`mates`, the first of the drawn) lend no finger to anybody, so nobody but they has theirs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from sluicegate.ridge import gallery_disk, parameters, segment_file
from sluicegate.ridge.forms import form_of
from sluicegate.ridge.gallery import History
from sluicegate.ridge.gallery_manifest import MANIFEST, Manifest, segment_name
from sluicegate.ridge.gallery_packed import FULL_SEGMENT
from sluicegate.ridge.segment import MARK, Segment, joined, kept, packed
from sluicegate.ridge.synthetic import population

FINGERS = 10
SEED = 2
_LOT = 250


def name_of(number: int) -> str:
    """What the subject of this number is called."""
    return f"S{number:08d}"


def drawn(count: int, kept_in: Path | None = None) -> Segment:
    """The first people of the population, packed, in one segment; read from a file where it has them."""
    form = form_of(parameters.load())
    if kept_in and kept_in.is_file():
        head, segment = segment_file.from_buffer(gallery_disk.mapped(kept_in))
        if head.form == form and len(segment) >= count:
            return segment if len(segment) == count else kept(segment, np.arange(len(segment)) < count)
    lots = [(at, min(_LOT, count - at)) for at in range(0, count, _LOT)]
    with ProcessPoolExecutor(2, get_context("spawn")) as workers:
        done = workers.map(_lot, lots)
        made = [
            segment_file.from_buffer(np.frombuffer(one, np.uint8))[1]
            for one in track(done, "drawing", total=len(lots), console=Console(stderr=True))
        ]
    whole = joined(made)
    if kept_in:
        kept_in.write_bytes(segment_file.to_bytes(whole, population.MAKER, population.MAKING, form))
    return whole


def _lot(which: tuple[int, int]) -> bytes:
    numbers = parameters.load()
    first, count = which
    people = itertools.chain.from_iterable(population.people(SEED, first, count))
    made = joined([packed(name_of(first + n), [one], numbers, cold=False) for n, one in enumerate(people)])
    return segment_file.to_bytes(made, population.MAKER, population.MAKING, form_of(numbers))


def fill(folder: Path, people: Segment, subjects: int, *, mates: int) -> Iterator[int]:
    """Write a gallery of so many subjects into a new folder; gives how many were written as it goes.

    The drawn come first, the others after them, made as the module says.
    """
    form = form_of(parameters.load())
    folder.mkdir(mode=0o700)
    rng, made, numbers = np.random.default_rng(SEED), 0, list[int]()
    while made < subjects:
        count = min(FULL_SEGMENT, subjects - made)
        who = rng.integers(mates, len(people), (count, FINGERS))
        own = np.arange(made, made + count)
        who[own < len(people)] = own[own < len(people)][:, None]
        segment = recombined(people, who, made)
        data = segment_file.to_bytes(segment, population.MAKER, population.MAKING, form)
        numbers.append(len(numbers) + 1)
        (folder / segment_name(numbers[-1])).write_bytes(data)
        made += count
        yield count
    history = History().after("bench", str(subjects))
    maker = (population.MAKER, population.MAKING)
    manifest = Manifest(1, history, maker, form, tuple(numbers), 0, len(numbers) + 1)
    (folder / MANIFEST).write_bytes(manifest.to_bytes())


def recombined(people: Segment, who: NDArray[np.int64], first: int) -> Segment:
    """Subjects numbered from `first`: at position p + 1 the finger of the person `who[subject, p]`."""
    count = len(who)
    image = FINGERS * who + np.arange(FINGERS)
    starts, ends = people.record_at[image].ravel(), people.record_at[image + 1].ravel()
    at = np.concatenate([[0], np.cumsum((ends - starts).astype(np.int64))])
    names = "".join(name_of(first + n) for n in range(count)).encode()
    made = Segment(
        name_at=(np.arange(count + 1) * (len(names) // count)).astype("<u4"),
        names=np.frombuffer(names, np.uint8),
        owner=tuple(np.arange(count, dtype="<u4") for _ in range(FINGERS)),
        rows=tuple(people.rows[p][who[:, p]] for p in range(FINGERS)),
        image_at=(FINGERS * np.arange(count + 1)).astype("<u4"),
        image_template=np.zeros(FINGERS * count, "<u2"),
        image_finger=np.tile(np.arange(FINGERS, dtype="u1"), count),
        image_positions=np.tile((1 << np.arange(FINGERS)).astype("<u2"), count),
        record_at=at.astype("<u4"),
        records=np.concatenate([people.records[a:b] for a, b in zip(starts, ends, strict=True)]),
        template_at=np.arange(count + 1).astype("<u4"),
        marks=np.zeros(count * MARK, np.uint8),
        cold_at=np.zeros(count + 1, "<u8"),
        cold=np.zeros(0, np.uint8),
        crc=np.zeros(count, "<u4"),
    )
    return replace(made, _index={})
