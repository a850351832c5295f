# SPDX-License-Identifier: Apache-2.0
"""`ridge calibrate`: the thresholds per number of fingers beside what strangers and mates reach."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from rich.console import RenderableType

from sluicegate.cli import ridge_plots, ridge_scores
from sluicegate.cli.calls import Call, plain, standard, table
from sluicegate.cli.ridge_plots import Bars
from sluicegate.cli.ridge_prints import bar
from sluicegate.ridge import comparing, parameters
from sluicegate.ridge.evaluate import Floats
from sluicegate.ridge.evaluate_calibrate import Calibration, calibrated
from sluicegate.ridge.evaluate_tail import Tail
from sluicegate.ridge.parameters import FusionParameters
from sluicegate.ridge.synthetic import population

_SEED = 19795
_RATIO_HEADS = ("at 1 %", "at 0.1 %")


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--people", type=click.IntRange(0, 1000), default=80, show_default=True,
    help="Drawn people on whom the adding of fingers is checked.",
)  # fmt: skip
@standard
def calibrate(call: Call, folder: Path, people: int) -> None:
    """Thresholds from the strangers of an evaluation, beside those in force; changes nothing.

    FOLDER is what `ridge evaluate` wrote. Whatever lies beyond the share of strangers that the evaluation
    has seen is an extrapolation, and is called so. Writes thresholds.svg and thresholds.png there.

    \b
    Example:
      sluicegate ridge calibrate evaluation
    """
    extractor, engine, parts = ridge_scores.load(folder / "similarities.npz")
    fusion = parameters.load().fusion
    found = calibrated(parts, fusion.grey, strangers(people))
    bars = Bars(
        fusion.grey,
        fusion.accept,
        [one.likely for one in found.fingers],
        [one.sure for one in found.fingers],
        [one.far for one in found.fingers],
        [one.mates for one in found.fingers],
    )
    for kind in ("svg", "png"):
        drawing = ridge_plots.thresholds(bars, "Thresholds between strangers and mates", kind=kind)
        (folder / f"thresholds.{kind}").write_bytes(drawing)
    call.show(_document(extractor, engine, found, fusion), *_lines(folder, found, fusion))


def strangers(people: int) -> Floats:
    """Similarities of drawn strangers, plain against rolled, float64 (pairs of people, 10)."""
    if people < 2:
        return np.zeros((0, 10))
    numbers = parameters.load()
    probes, references = [], []
    found = np.zeros((people, people, 10))
    with bar("drawing and comparing people", 2 * people) as tick:
        for subject in range(people):
            made = population.person(_SEED, subject), population.impression_of(_SEED, subject, 1)
            rolled, plains = ([comparing.prepare(f, numbers) for f in one.fingers] for one in made)
            references.append([one.record for one in rolled])
            probes.append(plains)
            tick()
        columns = [[records[place] for records in references] for place in range(10)]
        for subject, fingers in enumerate(probes):
            for place, finger in enumerate(fingers):
                starts = np.cumsum([0, *(len(one) for one in columns[place])])[:-1].astype("<u8")
                blob = np.frombuffer(b"".join(columns[place]), dtype=np.uint8)
                found[subject, :, place] = comparing.compare_many(finger, blob, starts)
            tick()
    return found[~np.eye(people, dtype=np.bool_)]


def _document(extractor: str, engine: str, found: Calibration, fusion: FusionParameters) -> dict[str, object]:
    return {
        "schema": "sluicegate.ridge-calibrate/1",
        "extractor": extractor,
        "engine": engine,
        "tail": _tail(found.tail),
        "upper": _tail(found.upper),
        "fingers": [
            {
                "fingers": one.fingers,
                "one_in_a_million": one.likely,
                "one_in_a_million_upper_end": one.sure,
                "one_in_a_thousand_million_extrapolated": one.far,
                "grey_by_rule": one.grey,
                "accept_by_rule": one.accept,
                "grey": fusion.grey[n],
                "accept": fusion.accept[n],
                "strangers_per_million_at_grey": list(one.passing),
                "mates_lowest_5_percent_median": list(one.mates),
            }
            for n, one in enumerate(found.fingers)
        ],
        "independence": [
            {"what": one.what, "fingers": one.fingers, "persons": one.persons, "ratios": list(one.ratios)}
            for one in found.independence
        ],
    }


def _tail(tail: Tail) -> dict[str, float]:
    return {"start": tail.start, "share": tail.share, "scale": tail.scale, "beyond": tail.beyond}


def _lines(folder: Path, found: Calibration, fusion: FusionParameters) -> Iterator[RenderableType]:
    tail, upper = found.tail, found.upper
    tenfold = tuple(float(one.scale * np.log(10)) for one in (tail, upper))
    yield (
        f"One finger: one stranger in {1 / tail.share:,.0f} reaches {tail.start:.2f}; beyond, {tail.beyond} "
        f"similarities fall tenfold every {tenfold[0]:.2f} (upper end {tenfold[1]:.2f})."
    )
    yield ""
    heads = ("1 in 1e6", "upper", "1 in 1e9*", "grey: rule", "in force", "strangers/1e6")
    more = ("accept: rule", "in force ", "mates: least", "5 %", "median")
    drawn = table("fingers", *heads, *more, right=("fingers", *heads, *more))
    for n, one in enumerate(found.fingers):
        passing = " to ".join(f"{value:.2g}" for value in one.passing)
        far = (
            f"{one.likely:.1f}",
            f"{one.sure:.1f}",
            f"{one.far:.1f}",
            f"{one.grey:g}",
            f"{fusion.grey[n]:g}",
        )
        mates = ("-" if value != value else f"{value:.1f}" for value in one.mates)
        drawn.add_row(str(one.fingers), *far, passing, f"{one.accept:g}", f"{fusion.accept[n]:g}", *mates)
    yield drawn
    yield ""
    yield "1 in 1e6, upper: what one stranger in a million reaches, by the tail and by its upper end."
    yield "*: the same for one in 1,000 million, by the upper end. Beyond the comparisons made all this is"
    yield "extrapolated. Rule: grey is the upper end of 1 in 1e6, accept twice 1 in 1e9, both rounded up."
    yield "strangers/1e6: how many of a million subjects compared reach the grey in force, by both tails."
    if found.independence:
        yield ""
        checks = table(
            "sums over those independent", "fingers", "sums", *_RATIO_HEADS, right=("fingers", "sums")
        )
        for check in found.independence:
            ratios = (f"{ratio:.2f}" for ratio in itertools.islice(check.ratios, len(_RATIO_HEADS)))
            checks.add_row(check.what, str(check.fingers), f"{check.persons:,}", *ratios)
        yield checks
    yield ""
    yield f"Drawn: {plain(folder / 'thresholds.svg', 200)}"
