# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_ridge_accuracy``: who is found among many drawn people, and what strangers reach.

A gallery of drawn people (``--subjects``, ten rolled fingers each) is made once in the folder ``--kept``:
some three milliseconds a finger and core, so 100,000 people take an hour of one. Then, by the fast engine:

* one real inked card is enrolled; its flats are searched alone, by hands and together;
* drawn people who are enrolled are searched by plain prints: how often they come first;
* strangers are searched: drawn people who are not enrolled, and with ``--prints`` FVC2002, each print as one
  finger, and the ten fingers of each database as one person. What they reach is told as so many per million
  subjects compared, with the 95 % limit where there was none.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table as RichTable

from sluicegate.ridge import gallery_disk, parameters, segment_file
from sluicegate.ridge.comparing import compare_one, prepare
from sluicegate.ridge.deciding import Band, Candidate, Search, candidate_band
from sluicegate.ridge.fast import search
from sluicegate.ridge.forms import form_of
from sluicegate.ridge.gallery_packed import PackedSnapshot, Part
from sluicegate.ridge.segment import joined, packed
from sluicegate.ridge.shard import LocalShard
from sluicegate.ridge.synthetic import population
from sluicegate.ridge.template import FingerTemplate, Template, decode
from tools.bench.report import Table
from tools.bench_ridge_screen import Prints, extracted

CARD = Path(__file__).parents[1] / "tests" / "ridge" / "vectors"
SEED = 2
CHUNK = 2_000
STRANGER = 50_000_000
BATCH = 8
TELLING = (2, 7, 3, 8, 1, 6, 4, 9, 5, 10)
"""Which fingers a probe of 1, 2, 4 or 10 shows: index fingers first, as a desk takes them."""

NUMBERS = (1, 2, 4, 10)
CONSOLE = Console(stderr=True)
_LIMIT = 3.0
"""Where none of N was seen, fewer than 3 in N are likely, at 95 %."""


@dataclass(frozen=True, slots=True)
class Met:
    """What probes of one kind and number of fingers met: the best stranger of each, and subjects compared."""

    what: str
    fingers: int
    best: tuple[float, ...]
    bands: tuple[Band, ...]
    rescued: int
    subjects: int


def card(kind: str) -> Template:
    """The rolled prints or the flats of the real card."""
    return decode((CARD / f"card-{kind}.template").read_bytes())


def gallery(folder: Path, subjects: int) -> PackedSnapshot:
    """Drawn people and the card, mapped; segments that the folder has already are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, subjects, CHUNK)
    with ProcessPoolExecutor() as pool:
        made = pool.map(partial(_chunk, folder), starts)
        paths = list(track(made, "drawing people", total=len(starts), console=CONSOLE))
    return _with_card(paths)


def _with_card(paths: Sequence[Path]) -> PackedSnapshot:
    """The people of these segments and the card, as if one extractor had made them all."""
    numbers, rolled = parameters.load(), card("rolled")
    parts = [Part(segment_file.from_buffer(gallery_disk.mapped(one))[1], file=one.name) for one in paths]
    parts.append(Part(packed("card", [rolled], numbers, cold=False)))
    maker = Template(rolled.extractor, rolled.parameters, ())
    return PackedSnapshot("bench", maker, tuple(parts), numbers)


def _chunk(folder: Path, start: int) -> Path:
    path = folder / f"{SEED}-{start:07d}.sgg"
    if not path.exists():
        numbers, maker = parameters.load(), card("rolled")
        segment = joined(
            [
                packed(f"drawn-{subject}", [_person(subject, maker)], numbers, cold=False)
                for subject in range(start, start + CHUNK)
            ]
        )
        data = segment_file.to_bytes(segment, maker.extractor, maker.parameters, form_of(numbers))
        being_made = path.with_suffix(".tmp")
        being_made.write_bytes(data)
        being_made.rename(path)
    return path


def _person(subject: int, maker: Template) -> Template:
    return population.person(SEED, subject, extractor=maker.extractor, parameters=maker.parameters)


def _plain(subject: int, fingers: int) -> Template:
    """Plain prints of some fingers of a drawn person."""
    maker = card("rolled")
    whole = population.impression_of(SEED, subject, 1, extractor=maker.extractor, parameters=maker.parameters)
    return _shown(whole, TELLING[:fingers])


def _shown(template: Template, positions: Sequence[int]) -> Template:
    return replace(template, fingers=tuple(one for one in template.fingers if one.fgp in positions))


def _flats() -> Template:
    """The card's flats, the two plain thumbs under the thumbs' own positions."""
    flats = card("flats")
    thumbs = {11: 1, 12: 6}
    named = tuple(replace(one, fgp=thumbs.get(one.fgp, one.fgp)) for one in flats.fingers)
    return replace(flats, fingers=named)


def _searches(snapshot: PackedSnapshot, probes: Sequence[Template], what: str) -> Iterator[Search]:
    """One search for each probe, a few at a time."""
    shards = [LocalShard(snapshot, snapshot.parameters, map)]
    for start in track(range(0, len(probes), BATCH), what, console=CONSOLE):
        yield from search("bench", probes[start : start + BATCH], [shards], snapshot.parameters, limit=10)


def of_card(snapshot: PackedSnapshot) -> Table:
    """The card's flats against its ten rolled prints, and the card among everybody."""
    flats = _flats()
    alone = {f"finger {one.fgp}": (one.fgp,) for one in sorted(flats.fingers, key=lambda one: one.fgp)}
    sets = alone | {"thumbs": (1, 6), "right hand": (2, 3, 4, 5), "left hand": (7, 8, 9, 10)}
    sets |= {"all ten": tuple(range(1, 11))}
    probes = [_shown(flats, positions) for positions in sets.values()]
    lines = []
    for name, probe, found in zip(sets, probes, _searches(snapshot, probes, "the card"), strict=True):
        mate = next((one for one in found.candidates if one.subject == "card"), None)
        best = max((one.similarity for one in found.candidates if one.subject != "card"), default=0.0)
        among = _among_ten(probe.fingers[0]) if len(probe.fingers) == 1 else ""
        band = candidate_band(mate, snapshot.parameters) if mate else Band.NONE
        told = (f"{mate.similarity:.1f}", str(mate.rank), str(band)) if mate else ("-", "not listed", "-")
        lines.append((name, among, told[1], told[0], f"{best:.1f}", told[2]))
    heads = ("flats", "rank of 10 rolled", f"rank of {len(snapshot):,}", "card", "best other", "band")
    return Table("One real card, flats against rolled", heads, tuple(lines))


def _among_ten(finger: FingerTemplate) -> str:
    """The rank of the finger's own rolled print among the card's ten, by the exact comparison."""
    from_all = _exact(finger, card("rolled").fingers)
    own = from_all[finger.fgp]
    return str(1 + sum(value >= own for fgp, value in from_all.items() if fgp != finger.fgp))


def _exact(finger: FingerTemplate, references: Sequence[FingerTemplate]) -> dict[int, float]:
    prepared = prepare(finger, parameters.load())
    return {one.fgp: compare_one(prepared, one).similarity for one in references}


def of_mates(snapshot: PackedSnapshot, people: int) -> Table:
    """How often an enrolled drawn person comes first."""
    step = (len(snapshot) - 1) // people
    lines = []
    for fingers in NUMBERS:
        who = [step * n for n in range(people)]
        probes = [_plain(subject, fingers) for subject in who]
        answers = list(_searches(snapshot, probes, f"mates, {fingers}"))
        best = [(subject, answer.candidates[0]) for subject, answer in zip(who, answers, strict=True)]
        first = [one for subject, one in best if one.subject == f"drawn-{subject}"]
        lowest = min((one.similarity for one in first), default=0.0)
        accepted = sum(candidate_band(one, snapshot.parameters) is Band.ACCEPT for one in first)
        lines.append((str(fingers), f"{len(first)} of {people}", str(accepted), f"{lowest:.1f}"))
    return Table(
        f"Drawn people, plain prints among {len(snapshot):,} rolled",
        ("fingers", "first", "accepted", "lowest mate"),
        tuple(lines),
    )


def of_strangers(snapshot: PackedSnapshot, people: int, prints: Prints | None) -> list[Met]:
    """What strangers reach."""
    met = []
    for fingers in NUMBERS:
        probes = [_plain(STRANGER + n, fingers) for n in range(people)]
        met.append(_met(snapshot, f"drawn people, {fingers}", fingers, probes))
    if prints:
        singles = [_of_fvc({key: prints[key]}, (key[1] - 1) % 10 + 1) for key in sorted(prints)]
        met.append(_met(snapshot, "FVC2002 prints", 1, singles))
        for fingers in NUMBERS[1:]:
            persons = [
                _shown(
                    _of_fvc({key: one for key, one in prints.items() if key[::2] == which}), TELLING[:fingers]
                )
                for which in sorted({key[::2] for key in prints})
            ]
            met.append(_met(snapshot, "FVC2002, a database as one person", fingers, persons))
    return met


def _of_fvc(prints: Prints, fgp: int = 0) -> Template:
    maker = card("rolled")
    fingers = tuple(
        FingerTemplate(fgp or (key[1] - 1) % 10 + 1, 0, 800, 800, one) for key, one in sorted(prints.items())
    )
    return Template(maker.extractor, maker.parameters, fingers)


def _met(snapshot: PackedSnapshot, what: str, fingers: int, probes: Sequence[Template]) -> Met:
    best: list[float] = []
    bands: list[Band] = []
    rescued = 0
    for found in _searches(snapshot, probes, what):
        as_numbered = [one for one in found.candidates if not _is_rescued(one)]
        rescued += sum(_is_rescued(one) for one in found.candidates)
        best.append(max((one.similarity for one in as_numbered), default=0.0))
        bands.extend(candidate_band(one, snapshot.parameters) for one in as_numbered)
    name = what.split(", ")[0] if what.startswith("drawn") else what
    return Met(name, fingers, tuple(best), tuple(bands), rescued, len(probes) * len(snapshot))


def _is_rescued(one: Candidate) -> bool:
    return any(note.startswith("fits with") for note in one.notes)


def told(met: Sequence[Met], size: int) -> Table:
    """The strangers as a table."""
    fusion = parameters.load().fusion
    lines = []
    for one in met:
        grey = sum(band is not Band.NONE for band in one.bands)
        accept = sum(band is Band.ACCEPT for band in one.bands)
        million = one.subjects / 1e6
        rate = f"{grey / million:.2g}" if grey else f"< {_LIMIT / million:.2g}"
        place = one.fingers - 1
        lines.append(
            (
                one.what,
                str(one.fingers),
                f"{len(one.best):,}",
                f"{million:.1f}",
                f"{np.median(one.best):.1f}",
                f"{max(one.best):.1f}",
                f"{fusion.grey[place]:g}, {fusion.accept[place]:g}",
                f"{grey}, {accept}",
                rate,
                str(one.rescued),
            )
        )
    heads = ("strangers", "fingers", "searches", "million subjects", "best of a search, median", "highest",
             "grey, accept", "reach them", "grey per million", "in another order")  # fmt: skip
    return Table(f"Strangers among {size:,} drawn people", heads, tuple(lines))


def measure(
    subjects: int = 100_000, *, kept: Path, people: int = 40, prints: Prints | None = None
) -> list[Table]:
    """All tables, after making what the folder `kept` lacks of the gallery."""
    snapshot = gallery(kept, subjects)
    return [
        of_card(snapshot),
        of_mates(snapshot, people),
        told(of_strangers(snapshot, people, prints), len(snapshot)),
    ]


def main() -> None:
    """Measure, and show the tables."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--subjects", type=int, default=100_000)
    asked.add_argument("--people", type=int, default=40, help="probes of each kind")
    asked.add_argument("--kept", type=Path, default=Path("bench-out/people"), help="folder for the people")
    asked.add_argument(
        "--gallery", type=Path, help="a gallery of `bench_ridge_gallery --folder`: the card only"
    )
    asked.add_argument("--prints", type=Path, help="folder of FVC2002")
    asked.add_argument("--minutiae", type=Path, help="a file to keep the minutiae of FVC2002 in")
    given = asked.parse_args()
    prints = extracted(given.prints, given.minutiae) if given.prints else None
    console = Console(width=None if Console().is_terminal else 170)
    if given.gallery:
        tables = [of_card(_with_card(sorted(given.gallery.glob("segment-*"))))]
    else:
        tables = measure(given.subjects, kept=given.kept, people=given.people, prints=prints)
    for table in tables:
        shown = RichTable(title=table.title, title_justify="left")
        for number, head in enumerate(table.heads):
            shown.add_column(head, justify="right" if number else "left")
        for line in table.rows:
            shown.add_row(*line)
        console.print(shown)


if __name__ == "__main__":
    main()
