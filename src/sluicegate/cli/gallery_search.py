# SPDX-License-Identifier: Apache-2.0
"""`gallery search` and `gallery bench`: who a probe is, and how long it takes to say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click
import numpy as np
from rich.console import RenderableType

from sluicegate.cli import gallery_people as people
from sluicegate.cli.calls import FAULT, Call, busy, leave, plain, standard, table
from sluicegate.cli.tracing import draw_candidates
from sluicegate.errors import UsageError
from sluicegate.ridge import parameters
from sluicegate.ridge.deciding import Band, Candidate, Search
from sluicegate.ridge.gallery_file import FileGallery
from sluicegate.ridge.synthetic import population
from sluicegate.ridge.template import Template
from sluicegate.shards.gallery import How, ShardedGallery

_WORK = TypeVar("_WORK", bound=Callable[..., object])
_STRANGERS = 977  # the population that `bench` draws its probes from

BANDS = {
    Band.ACCEPT: "accept: one subject fits beyond the threshold for an identification without an examiner.",
    Band.GREY: "grey: a person has to compare the prints.",
    Band.NONE: "none: nobody enrolled here fits.",
}

_HOW = (
    click.option("--shards", type=click.IntRange(1, 64), default=2, show_default=True, help="Parts at once."),
    click.option(
        "--how",
        type=click.Choice([str(one) for one in How]),
        default=str(How.THREADS),
        show_default=True,
        help="Where parts are searched.",
    ),
    click.option(
        "--deadline",
        type=click.FloatRange(0.01),
        default=10.0,
        show_default=True,
        help="Seconds that a part may take for one step; then the answer is incomplete.",
    ),
)


def _sharing(work: _WORK) -> _WORK:
    for option in reversed(_HOW):
        work = option(work)
    return work


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.argument("probe", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--limit", type=click.IntRange(1, 200), default=5, show_default=True, help="At most so many.")
@click.option(
    "--extractor",
    type=click.Choice(("leader", "mindtct")),
    default="leader",
    show_default=True,
    help="Who finds the minutiae: the one that the gallery was made with.",
)
@click.option(
    "--trace",
    "traces",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Draws there why each candidate was found. Shows fingerprints.",
)
@_sharing
@standard
def search(
    call: Call,
    folder: Path,
    probe: Path,
    limit: int,
    extractor: str,
    traces: Path | None,
    shards: int,
    how: str,
    deadline: float,
) -> None:
    """Search a gallery by the fingers of FILE: a template, a minutiae record, or a transaction.

    The answer is the same however many shards there are. Where a shard is lost the answer is incomplete:
    what was not searched is said, nothing follows from it, and the exit code is 1.

    --trace makes the new folder DIR, and in it one for each candidate by rank; it needs a gallery that keeps
    full templates.

    \b
    Example:
      sluicegate gallery search people probe.an2
      sluicegate gallery search people probe.an2 --limit 1 --trace why
      sluicegate gallery search people probe.sgt --how process --json
    """
    with closing(people.Files(extractor)) as files, busy("reading the probe"):
        asked = files.read(probe)
    with busy("searching"), _opened(folder, shards, how, deadline) as opened:
        start = time.perf_counter()
        found = opened.identify(asked, limit=limit)
        seconds = time.perf_counter() - start
        band = opened.classify(found)
    drawn: list[str] = []
    if traces is not None:
        with busy("drawing"):
            drawn = draw_candidates(traces, asked, _with_templates(folder, found))
    call.show(
        {**_document(found, band, seconds), **({} if traces is None else {"traced": drawn})},
        *_lines(found, band, seconds),
        *([] if traces is None else _traced(traces, drawn)),
    )
    leave(0 if found.complete else FAULT)


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--searches", type=click.IntRange(1, 1000), default=10, show_default=True, help="Of each kind.")
@_sharing
@standard
def bench(call: Call, folder: Path, searches: int, shards: int, how: str, deadline: float) -> None:
    """Measure how long searches of a gallery take, by probes drawn by chance.

    The probes are people whom nobody has enrolled, with ten, two and one finger, and where the gallery keeps
    full templates also people of it by their own prints. Times are of the wall: other work counts.

    \b
    Example:
      sluicegate gallery bench people --how process
    """
    maker, enrolled = _of_gallery(folder, searches)
    strangers = [
        replace(population.impression_of(_STRANGERS, n, 1), extractor=maker[0], parameters=maker[1])
        for n in range(searches)
    ]
    kinds = {
        "a stranger, ten fingers": strangers,
        "a stranger, two fingers": [_only(one, 2, 7) for one in strangers],
        "a stranger, one finger": [_only(one, 2) for one in strangers],
        **({"somebody enrolled, all fingers": enrolled} if enrolled else {}),
    }
    rows: dict[str, list[float]] = {}
    with (
        _opened(folder, shards, how, deadline) as opened,
        people.bar("searching", len(kinds) * searches) as tick,
    ):
        size = len(opened)
        opened.identify(strangers[0])  # maps the files
        for what, probes in kinds.items():
            rows[what] = []
            for one in probes:
                start = time.perf_counter()
                found = opened.identify(one)
                rows[what].append(time.perf_counter() - start)
                if not found.complete:
                    raise UsageError("A shard was lost: these times mean nothing.", advice="Try again.")
                tick(1)
    document = {
        "schema": "sluicegate.gallery-bench/1",
        "subjects": size,
        "shards": shards,
        "how": how,
        "searches": {what: {"p50_s": _at(s, 50), "p95_s": _at(s, 95)} for what, s in rows.items()},
    }
    shown = table("probe", "searches", "p50, ms", "p95, ms", right=("searches", "p50, ms", "p95, ms"))
    for what, s in rows.items():
        shown.add_row(what, str(len(s)), f"{1000 * _at(s, 50):,.0f}", f"{1000 * _at(s, 95):,.0f}")
    call.show(document, f"{size:,} people, {shards} shards, {how}", "", shown)


def _opened(folder: Path, shards: int, how: str, deadline: float) -> ShardedGallery:
    return ShardedGallery(folder, parameters.load(), count=shards, how=How(how), deadline_s=deadline)


def _with_templates(folder: Path, found: Search) -> list[tuple[Candidate, tuple[Template, ...]]]:
    """Each candidate with the full templates that a gallery keeps of them, in the state that was searched."""
    with closing(FileGallery(folder, parameters.load())) as read:
        snapshot = read.snapshot()
        if snapshot.version != found.gallery_versions[0]:
            raise UsageError(
                "The gallery changed while it was searched: nothing is drawn.", advice="Try again."
            )
        return [(one, snapshot.references(one.subject)) for one in found.candidates]


def _traced(folder: Path, drawn: Sequence[str]) -> Iterator[RenderableType]:
    yield ""
    if drawn:
        yield f"In {plain(folder, 200)}, by rank: {', '.join(drawn)}. They show fingerprints."
    else:
        yield "Nothing is drawn: no candidate, or a gallery that keeps no full templates."


def _of_gallery(folder: Path, count: int) -> tuple[tuple[str, str], list[Template]]:
    """Who made a gallery's templates, and the newest template of some of its people, if it keeps them."""
    with closing(FileGallery(folder, parameters.load())) as read:
        snapshot = read.snapshot()
        if read.extractor is None:
            raise UsageError("Nobody was ever enrolled in this gallery.")
        found: list[Template] = []
        for subject in snapshot.subjects():
            held = snapshot.references(subject)
            if not held or len(found) == count:
                break
            found.append(held[-1])
        return read.extractor, found


def _only(probe: Template, *positions: int) -> Template:
    return replace(probe, fingers=tuple(one for one in probe.fingers if one.fgp in positions))


def _at(seconds: Sequence[float], percent: float) -> float:
    return round(float(np.percentile(seconds, percent)), 4)


def _document(found: Search, band: Band, seconds: float) -> dict[str, object]:
    return {
        "schema": "sluicegate.gallery-search/1",
        "complete": found.complete,
        "unsearched": found.unsearched,
        "lost": [{"shard": one.shard, "subjects": one.subjects, "why": one.why} for one in found.lost],
        "band": str(band),
        "engine": found.engine,
        "version": found.gallery_versions[0],
        "enrolled": found.enrolled,
        "seconds": round(seconds, 4),
        "work": {
            "subjects": found.work.subjects,
            "screened": found.work.screened,
            "compared": found.work.compared,
        },
        "candidates": [
            {
                "rank": one.rank,
                "subject": one.subject,
                "similarity": one.similarity,
                "per_finger": {str(position): value for position, value in one.per_finger.items()},
                "notes": list(one.notes),
            }
            for one in found.candidates
        ],
    }


def _lines(found: Search, band: Band, seconds: float) -> Iterator[RenderableType]:
    if found.candidates:
        yield _table(found.candidates)
        yield ""
    if found.complete:
        yield BANDS[band]
    else:
        yield f"INCOMPLETE: {found.unsearched:.1%} of {found.enrolled:,} people were not searched."
        yield "Nothing follows: the person may be among them. Search again."
        yield from (f"  shard {one.shard + 1}: {one.subjects:,} people: {one.why}" for one in found.lost)
    work = found.work
    yield (
        f"{found.enrolled:,} people, {work.screened:,} fingers screened, {work.compared:,} compared exactly, "
        f"{1000 * seconds:,.0f} ms"
    )


def _table(candidates: Sequence[Candidate]) -> RenderableType:
    positions = sorted({position for one in candidates for position in one.per_finger})
    heads = tuple(str(position) for position in positions)
    shown = table("", "subject", "similarity", *heads, "note", right=("", "similarity", *heads))
    for one in candidates:
        per = (f"{one.per_finger[p]:.1f}" if p in one.per_finger else "" for p in positions)
        note = "; ".join(one.notes)
        shown.add_row(str(one.rank), plain(one.subject), f"{one.similarity:.1f}", *per, note)
    return shown
