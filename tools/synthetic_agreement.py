# SPDX-License-Identifier: Apache-2.0
"""How synthetic people agree with real ones: the figures of docs/explanation/synthetic-people.md.

    python tools/synthetic_agreement.py PRINTS [--cache FOLDER]

PRINTS is the folder of FVC2002 (DB1_B to DB4_B). Without a cache every picture is extracted with LEADER,
about ten minutes on one core; what a cache (.npz files, minutiae by name) holds is not extracted again.
All is measured by the plain engine: stage 1 is `screen.finger_scores`, the exact comparison is
`compare.compare_built`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sluicegate.ridge.compare import compare_built
from sluicegate.ridge.cylinders import Cylinders
from sluicegate.ridge.extract.interface import Extractor
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.parameters import load
from sluicegate.ridge.screen import Block, built, finger_scores, rows_of
from sluicegate.ridge.synthetic import population
from sluicegate.ridge.synthetic.damage import HARDSHIPS, Damage, Hardship
from sluicegate.ridge.synthetic.flows import Flows
from sluicegate.ridge.synthetic.impression import CLEAN, EVERYDAY, MARGIN
from sluicegate.ridge.synthetic.person import Person
from sluicegate.ridge.template import FingerTemplate, Minutiae, Template, decode
from sluicegate.testing.hard_prints import hard_print
from tools.synthetic_plots import draw_impostors, draw_minutiae, draw_sheet

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/explanation/synthetic-people.md"
CARD = ROOT / "tests/ridge/vectors"
FINGERS = 40  # synthetic pictures: fingers
PEOPLE = 20  # drawn people, ten fingers each
SEED = 7
MOST = 4000  # exact comparisons of two sets: one in a thousand is four of them
BINS = (0, 12, 20, 30, 45, 60, 80, 110, 150)

Floats = NDArray[np.float64]
Prints = list[Minutiae]
Same = Callable[[int, int], bool]


def nobody(_probe: int, _reference: int) -> bool:
    """Two sets that share no finger."""
    return False


@dataclass(frozen=True, slots=True)
class Look:
    """What the minutiae of one set look like."""

    name: str
    prints: int
    counts: Floats
    nearest: Floats
    density: float
    coherence: Floats
    facing: Floats


@dataclass(frozen=True, slots=True)
class Strangers:
    """Stage-1 scores and exact similarities of non-mated pairs."""

    name: str
    kind: str
    screen: Floats
    exact: Floats


@dataclass(frozen=True, slots=True)
class Hardness:
    """How 40 synthetic fingers fare under one hardship: figures in the table's order."""

    name: str
    minutiae: float
    eer: float
    mate: float
    low_mate: float
    stranger: float
    rank1: float


class Cache:
    """Minutiae by name, extracted where the folder does not hold them."""

    def __init__(self, folder: Path | None) -> None:
        self._known: dict[str, Minutiae] = {}
        for path in sorted(folder.glob("*.npz")) if folder else ():
            with np.load(path) as held:
                self._known |= {name: held[name] for name in held.files}
        self._extractor: Extractor | None = None

    def get(self, name: str, picture: Callable[[], NDArray[np.uint8]]) -> Minutiae:
        """The minutiae of a picture that is made only if they are not known."""
        if name not in self._known:
            self._extractor = self._extractor or EXTRACTORS["leader"]()
            self._known[name] = self._extractor.extract(picture(), 500.0)
        return self._known[name]


def fvc(cache: Cache, folder: Path, database: int) -> Prints:
    """The 80 prints of one database, eight of a finger in a row."""
    paths = sorted((folder / f"DB{database}_B").glob("*.png"))
    return [cache.get(f"{path.parent.name}/{path.stem}", partial(_grey, path)) for path in paths]


def _grey(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("L"), dtype=np.uint8)


def pictures(cache: Cache, name: str, sessions: Sequence[int]) -> Prints:
    """Synthetic pictures of `FINGERS` fingers in these sessions, all sessions of a finger in a row."""
    return [
        cache.get(f"{k}/{name}/{s}", partial(_picture, k, name, s)) for k in range(FINGERS) for s in sessions
    ]


def _picture(k: int, name: str, session: int) -> NDArray[np.uint8]:
    person, fgp = Person(1000 + k), k % 10 + 1
    if name in ("rolled", "clean", "everyday"):
        condition = CLEAN if name == "clean" else EVERYDAY
        return person.impression(fgp, "rolled" if name == "rolled" else "plain", session, condition)
    hardship = HARDSHIPS.get(name.replace("_", " "), Hardship(EVERYDAY, Damage()))
    return hard_print(person, fgp, "plain", session, hardship, wsq=name in ("hard", "wsq"))


def card(which: str) -> dict[int, Minutiae]:
    """The real card's fingers by position, LEADER's; `which` is rolled or flats."""
    template = decode((CARD / f"card-{which}.template").read_bytes())
    return {finger.fgp: finger.minutiae for finger in template.fingers}


def drawn(kind: str) -> Prints:
    """The model's prints: `PEOPLE` people, ten fingers in a row."""
    session = 0 if kind == "rolled" else 1
    return [
        one
        for subject in range(PEOPLE)
        for one in population.impressions(SEED, subject, "rolled" if kind == "rolled" else "plain", session)
    ]


def look(name: str, prints: Prints) -> Look:
    """Counts, nearest neighbors, density, and how directions agree with distance."""
    nearest, turns, gaps, density = [], [], [], []
    for one in prints:
        place = one[:, 0].astype(np.float64) + 1j * one[:, 1]
        apart = np.abs(place[:, None] - place[None, :])
        upper = np.triu_indices(len(one), 1)
        gaps.append(apart[upper])
        turns.append((one[:, None, 2].astype(np.float64) - one[None, :, 2])[upper])
        np.fill_diagonal(apart, np.inf)
        nearest.append(apart.min(axis=1))
        # Within 100 pixels of the middle: there every print has its finger, and no rim.
        middle = np.median(place.real) + 1j * np.median(place.imag)
        density.append(np.sum(np.abs(place - middle) < 100) / (np.pi * 100**2))
    turn, where = np.concatenate(turns), np.digitize(np.concatenate(gaps), BINS) - 1
    bins = range(len(BINS) - 1)
    return Look(
        name,
        len(prints),
        np.array([len(one) for one in prints], dtype=np.float64),
        np.concatenate(nearest),
        float(np.mean(density)),
        np.array([np.cos(2 * turn[where == b]).mean() for b in bins]),
        np.array([np.cos(turn[where == b]).mean() for b in bins]),
    )


def _finger(minutiae: Minutiae) -> FingerTemplate:
    return FingerTemplate(2, 0, 2000, 2000, minutiae)


def screened(probes: Prints, references: Prints, same: Same) -> Floats:
    """Stage-1 scores of all pairs of different fingers."""
    parameters = load()
    block = Block.empty(parameters.screen.stored, room=len(references))
    for serial, one in enumerate(references):
        for _, row in rows_of(Template("x", "x", (_finger(one),)), parameters):
            block.append(row, serial)
    found: list[float] = []
    for p, probe in enumerate(probes):
        scores = finger_scores(_finger(probe), block.view(), parameters)
        found.extend(float(s) for r, s in enumerate(scores) if not same(p, r))
    return np.array(found)


def compared(probes: Prints, references: Prints, same: Same) -> Floats:
    """Exact similarities of pairs of different fingers, at most `MOST` of them, chosen by a fixed seed."""
    pairs = [(p, r) for p in range(len(probes)) for r in range(len(references)) if not same(p, r)]
    if len(pairs) > MOST:
        chosen = np.random.default_rng(0).choice(len(pairs), MOST, replace=False)
        pairs = [pairs[k] for k in chosen]
    a, b = _built(probes), _built(references)
    parameters = load().compare
    return np.array([compare_built(a[p], b[r], parameters).similarity for p, r in pairs])


def _built(prints: Prints) -> list[Cylinders]:
    parameters = load()
    return [built(_finger(one), parameters) for one in prints]


def hardness(cache: Cache, name: str, sessions: tuple[int, int], rolled: Prints) -> Hardness:
    """Two contacts of each finger against each other, and against everybody's rolled print."""
    prints = pictures(cache, name, sessions)
    first, second, parameters = _built(prints[::2]), _built(prints[1::2]), load().compare
    table = np.array([[compare_built(a, b, parameters).similarity for b in second] for a in first])
    enrolled = _built(rolled)
    against = np.array([[compare_built(a, b, parameters).similarity for b in enrolled] for a in first])
    mates, strangers = np.diag(table), table[~np.eye(len(table), dtype=bool)]
    return Hardness(
        name.replace("_", " "),
        float(np.mean([len(one) for one in prints])),
        _eer(mates, strangers),
        float(np.median(mates)),
        float(np.percentile(mates, 5)),
        float(np.percentile(strangers, 99.9)),
        float((against.argmax(axis=1) == np.arange(len(against))).mean()),
    )


def _eer(mates: Floats, strangers: Floats) -> float:
    bars = np.unique(np.concatenate([mates, strangers]))
    missed = np.array([(mates < bar).mean() for bar in bars])
    passed = np.array([(strangers >= bar).mean() for bar in bars])
    at = int(np.argmin(np.abs(missed - passed)))
    return float((missed[at] + passed[at]) / 2)


def all_strangers(sets: dict[str, Prints], databases: list[Prints], flats: list[int]) -> Iterator[Strangers]:
    """Every row of the table of strangers."""

    def eight(a: int, b: int) -> bool:
        return a // 8 == b // 8

    def row(name: str, kind: str, probes: str, references: str, same: Same = nobody) -> Strangers:
        a, b = sets[probes], sets[references]
        return Strangers(name, kind, screened(a, b, same), compared(a, b, same))

    parts = [(screened(one, one, eight), compared(one, one, eight)) for one in databases]
    yield Strangers(
        "FVC2002, each database", "plain x plain", *(np.concatenate(p) for p in zip(*parts, strict=True))
    )
    yield row("pictures", "plain x plain", "pictures plain", "pictures plain", lambda a, b: a // 2 == b // 2)
    yield row("model", "plain x plain", "model plain", "model plain", lambda a, b: a == b)
    yield row("card", "plain x rolled", "card flats", "card rolled", lambda a, b: flats[a] == b + 1)
    yield row("FVC2002 DB1, DB2 x card", "plain x rolled", "fvc12", "card rolled")
    yield row("FVC2002 DB1, DB2 x pictures", "plain x rolled", "fvc12", "pictures rolled")
    yield row("FVC2002 DB1, DB2 x model", "plain x rolled", "fvc12", "model rolled")
    yield row("card x pictures", "plain x rolled", "card flats", "pictures rolled")
    yield row("card x model", "plain x rolled", "card flats", "model rolled")
    yield row("pictures", "plain x rolled", "pictures plain", "pictures rolled", lambda a, b: a // 2 == b)
    yield row("model", "plain x rolled", "model plain", "model rolled", lambda a, b: a == b)


def mated(sets: dict[str, Prints], databases: list[Prints]) -> dict[str, Floats]:
    """Exact similarities of mates."""
    parameters = load().compare

    def pairs(a: Prints, b: Prints) -> Floats:
        return np.array(
            [compare_built(x, y, parameters).similarity for x, y in zip(_built(a), _built(b), strict=True)]
        )

    plain = sets["pictures plain"]
    return {
        "FVC2002, plain x plain": np.concatenate(
            [
                pairs(
                    [d[8 * f] for f in range(10) for _ in range(7)],
                    [d[8 * f + k] for f in range(10) for k in range(1, 8)],
                )
                for d in databases
            ]
        ),
        "pictures, plain x plain": pairs(plain[::2], plain[1::2]),
        "pictures, plain x rolled": pairs(plain[::2], sets["pictures rolled"]),
        "model, plain x rolled": pairs(sets["model plain"], sets["model rolled"]),
    }


def tables(
    looks: list[Look], strangers: list[Strangers], mates: dict[str, Floats], hard: list[Hardness]
) -> dict[str, str]:
    """Markdown tables by the name of their place in the page."""
    of_looks = [
        "| | prints | minutiae, mean (spread) | nearest, median px | in the middle, per 10,000 px² "
        "| same orientation at 30 to 45 px | same way at 30 to 45 px |",
        "|---|---|---|---|---|---|---|",
    ]
    of_looks += [
        f"| {o.name} | {o.prints} | {o.counts.mean():.0f} ({o.counts.std():.0f}) | "
        f"{np.median(o.nearest):.1f} | {1e4 * o.density:.1f} | {o.coherence[3]:.2f} | {o.facing[3]:.2f} |"
        for o in looks
    ]
    of_strangers = [
        "| strangers | | stage 1: mean (spread), 99 %, 99.9 % | exact: mean (spread), 99 %, 99.9 % "
        "| exact pairs |",
        "|---|---|---|---|---|",
    ]
    of_strangers += [
        f"| {o.name} | {o.kind} | {_spread(o.screen, 3)} | {_spread(o.exact, 2)} | {len(o.exact):,} |"
        for o in strangers
    ]
    of_mates = ["| mates | pairs | median | lowest 5 % |", "|---|---|---|---|"]
    of_mates += [
        f"| {name} | {len(s):,} | {np.median(s):.1f} | {np.percentile(s, 5):.1f} |"
        for name, s in mates.items()
    ]
    of_hard = [
        "| pictures | minutiae | EER | mates: median, lowest 5 % | strangers, 99.9 % "
        "| first among 40 rolled |",
        "|---|---|---|---|---|---|",
    ]
    of_hard += [
        f"| {o.name} | {o.minutiae:.0f} | {100 * o.eer:.1f} % | {o.mate:.1f}, {o.low_mate:.1f} | "
        f"{o.stranger:.1f} | {100 * o.rank1:.0f} % |"
        for o in hard
    ]
    made = {"looks": of_looks, "strangers": of_strangers, "mates": of_mates, "hard": of_hard}
    return {name: "\n".join(lines) for name, lines in made.items()}


def demand(rolled: Prints) -> str:
    """A table of what the flow of synthetic pictures demands and what LEADER finds on them."""
    edges = np.array([0.0, 1e-4, 3e-4, 6e-4, 12e-4, np.inf])
    asked, signed, found, area = np.zeros((4, len(edges) - 1))
    for k, minutiae in enumerate(rolled):
        master = Person(1000 + k).finger(k % 10 + 1)
        height, width = master.ridges.shape
        flow = Flows.of([master.flow])
        # The pictures are upright and hardly bent; their margin is blank.
        x = (minutiae[None, :, 0] - MARGIN - (width - 1) / 2).astype(np.float32)
        y = ((height - 1) / 2 + MARGIN - minutiae[None, :, 1]).astype(np.float32)
        theta, spread = flow.at(x, y)
        here = np.digitize(np.abs(spread[0]) / master.period, edges) - 1
        np.add.at(signed, here, np.sign(np.cos(minutiae[:, 2] - theta[0]) * spread[0]))
        np.add.at(found, here, 1.0)
        across, down = np.meshgrid(np.arange(x.min(), x.max(), 4.0), np.arange(y.min(), y.max(), 4.0))
        inside = np.abs(across / (0.465 * width)) ** 3 + np.abs(down / (0.465 * height)) ** 3 < 1
        grid = [side[inside][None].astype(np.float32) for side in (across, down)]
        sharp = np.abs(flow.at(grid[0], grid[1])[1][0]) / master.period
        where = np.digitize(sharp, edges) - 1
        np.add.at(area, where, 16.0)
        np.add.at(asked, where, 16.0 * sharp)
    rows = [
        "| per 10,000 px² | share of the area | demanded | found with the spread, less against it "
        "| found in all |",
        "|---|---|---|---|---|",
    ]
    names = ("hardly any spread", "little", "more", "much", "about cores and deltas")
    for n, name in enumerate(names):
        values = (1e4 * value[n] / area[n] for value in (asked, signed, found))
        told = " | ".join(f"{value:.1f}" for value in values)
        rows.append(f"| {name} | {100 * area[n] / area.sum():.0f} % | {told} |")
    return "\n".join(rows)


def _spread(values: Floats, digits: int) -> str:
    mean, spread, high, higher = values.mean(), values.std(), *np.percentile(values, (99, 99.9))
    tail = f"{higher:.{digits}f}" if len(values) >= 1000 else "too few"
    return f"{mean:.{digits}f} ({spread:.{digits}f}), {high:.{digits}f}, {tail}"


def write(page: Path, made: dict[str, str]) -> None:
    """Replace what stands between each pair of marks in the page."""
    text = page.read_text(encoding="utf-8")
    for name, table in made.items():
        begin, end = f"<!-- {name} -->", f"<!-- end {name} -->"
        head, rest = text.split(begin)
        text = f"{head}{begin}\n{table}\n{end}{rest.split(end)[1]}"
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Measure, draw and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prints", type=Path)
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args()
    cache = Cache(given.cache)
    databases = [fvc(cache, given.prints, number) for number in (1, 2, 3, 4)]
    flats, rolled = card("flats"), card("rolled")
    sets = {
        "fvc12": databases[0] + databases[1],
        "card flats": list(flats.values()),
        "card rolled": [rolled[fgp] for fgp in range(1, 11)],
        "pictures plain": pictures(cache, "everyday", (2, 3)),
        "pictures rolled": pictures(cache, "rolled", (0,)),
        "model plain": drawn("plain"),
        "model rolled": drawn("rolled"),
    }
    named = {f"FVC2002 DB{n}": one for n, one in enumerate(databases, 1)} | {
        name: one for name, one in sets.items() if name != "fvc12"
    }
    looks = [look(name, one) for name, one in named.items()]
    strangers = list(all_strangers(sets, databases, list(flats)))
    mates = mated(sets, databases)
    hard = [
        hardness(cache, n, s, sets["pictures rolled"])
        for n, s in (("clean", (0, 1)), ("everyday", (2, 3)), ("wsq", (2, 3)))
    ]
    hard += [hardness(cache, n.replace(" ", "_"), (20, 21), sets["pictures rolled"]) for n in HARDSHIPS]
    write(PAGE, tables(looks, strangers, mates, hard) | {"demand": demand(sets["pictures rolled"])})
    draw_minutiae(PAGE.with_name("synthetic-minutiae.svg"), looks, BINS)
    draw_impostors(PAGE.with_name("synthetic-impostors.svg"), strangers)
    draw_sheet(PAGE.with_name("synthetic-conditions.png"))


if __name__ == "__main__":
    main()
