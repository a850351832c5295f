# SPDX-License-Identifier: Apache-2.0
"""`ridge`: what the search engine can be trusted with, measured on prints that somebody has."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import RenderableType

from sluicegate.cli import ridge_plots, ridge_scores
from sluicegate.cli.calls import Call, plain, standard, table
from sluicegate.cli.ridge_calibrate import calibrate
from sluicegate.cli.ridge_prints import PATTERN, Extracted, bar, databases, extracted
from sluicegate.cli.tracing import trace_command
from sluicegate.errors import UsageError, quoted
from sluicegate.ridge import parameters
from sluicegate.ridge.evaluate import (
    Compared,
    Evaluated,
    Rates,
    evaluated,
    first_only,
    mean_of,
    pooled,
    rates,
)


@click.group()
def ridge() -> None:
    """The search engine: its error rates, its thresholds, and what it sees in two prints.

    \b
    Example:
      sluicegate ridge evaluate fvc2002 --out evaluation
      sluicegate ridge calibrate evaluation
      sluicegate ridge trace latent.png card.png --out why
    """


@ridge.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--extractor", type=click.Choice(("leader", "mindtct")), default="leader", show_default=True,
    help="Who finds the minutiae.",
)  # fmt: skip
@click.option(
    "--engine", type=click.Choice(ridge_scores.ENGINES), default="fast", show_default=True,
    help="Who compares: in native code, or readably.",
)  # fmt: skip
@click.option(
    "--pattern", default=PATTERN, show_default=True, metavar="NAME",
    help="How images are named, without suffix; * is anything.",
)  # fmt: skip
@click.option(
    "--ppi", type=click.FloatRange(200, 2400), default=500.0, show_default=True, help="Of all images."
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, metavar="FOLDER",
    help="Keeps plots, similarities and minutiae.",
)  # fmt: skip
@standard
def evaluate(
    call: Call, folder: Path, extractor: str, engine: str, pattern: str, ppi: float, out: Path | None
) -> None:
    """Error rates of single fingers: every print of a database in DIR against every other.

    A database is a folder of images named FINGER_IMPRESSION (PNG, TIFF, BMP, WSQ, JPEG 2000, JPEG). Mates
    are all pairs of a finger's impressions, non-mates all pairs of two fingers' within a database. Beside
    stands the EER by FVC's protocol, whose non-mates are first impressions only. The 95 % intervals draw
    fingers anew. A print that gives no minutiae stays, and is similar to nobody.

    With --out the folder keeps minutiae, which are fingerprints: its files are readable by you alone.

    \b
    Example:
      sluicegate ridge evaluate fvc2002
      sluicegate ridge evaluate prints --pattern 'person*_FINGER_IMPRESSION' --out evaluation
    """
    found = databases(folder, pattern)
    kept = _made(out)
    identity, some = extracted(found, extractor, ppi, kept)
    with bar("comparing", sum(len(one.prints) for one in some)) as tick:
        parts = [ridge_scores.all_compared(one, engine, tick) for one in some]
    results = {one.name: evaluated(one) for one in parts}
    if len(parts) > 1:
        results |= {"mean": mean_of(parts), "pooled": evaluated(pooled(parts))}
    first = {one.name: rates(first_only(one)) for one in parts}
    document = _document(identity, engine, some, parts, results, first)
    if out is not None:
        _write(out, parts, identity, engine, document)
    call.show(document, *_lines(identity, engine, some, parts, results, first, out))


ridge.add_command(calibrate)
ridge.add_command(trace_command)


def _made(out: Path | None) -> Path | None:
    if out is None:
        return None
    kept = out / "minutiae"
    try:
        kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(f"The folder {quoted(str(out), 200)} cannot be made: {error.strerror}.") from error
    return kept


def _write(out: Path, parts: Sequence[Compared], identity: str, engine: str, document: object) -> None:
    told = f"{identity.split('-')[0]}, {engine} engine"
    fusion = parameters.load().fusion
    lines = {"grey": fusion.grey[0], "accept": fusion.accept[0]}
    for kind in ("svg", "png"):
        title = f"Error trade-off of single fingers\n{told}"
        (out / f"det.{kind}").write_bytes(ridge_plots.trade_off(parts, title, kind=kind))
        title = f"Similarities of single fingers, and the thresholds for one\n{told}"
        (out / f"similarities.{kind}").write_bytes(ridge_plots.histogram(parts, title, lines, kind=kind))
    ridge_scores.save(out / "similarities.npz", parts, identity, engine)
    (out / "evaluation.json").write_text(json.dumps(document, indent=2) + "\n", encoding="ascii")


def _document(
    identity: str,
    engine: str,
    some: Sequence[Extracted],
    parts: Sequence[Compared],
    results: dict[str, Evaluated],
    first: dict[str, Rates],
) -> dict[str, object]:
    sizes = {
        one.name: {
            "prints": len(one.prints),
            "fingers": made.fingers,
            "without_minutiae": one.failed,
            "mates": len(made.mates),
            "non_mates": len(made.others),
            "first_impression_eer": first[one.name].eer,
        }
        for one, made in zip(some, parts, strict=True)
    }
    return {
        "schema": "sluicegate.ridge-evaluate/1",
        "extractor": identity,
        "engine": engine,
        "parameters": parameters.load().digest(),
        "results": {
            name: {
                **sizes.get(name, {}),
                **dict(zip(("eer", "fmr100", "fmr1000", "fmr10000"), one.rates.values(), strict=True)),
                "intervals": [list(ends) if ends else None for ends in one.intervals],
            }
            for name, one in results.items()
        },
    }


def _lines(
    identity: str,
    engine: str,
    some: Sequence[Extracted],
    parts: Sequence[Compared],
    results: dict[str, Evaluated],
    first: dict[str, Rates],
    out: Path | None,
) -> Iterator[RenderableType]:
    yield f"minutiae by {plain(identity, 120)}; {engine} engine, parameters {parameters.load().digest()[:12]}"
    yield ""
    counts = ("fingers", "prints", "no minutiae", "mates", "non-mates")
    heads = ("EER %", "first", "95 %", "FMR100 %", "FMR1000 %", "95 % ", "FMR10000 %")
    drawn = table("database", *counts, *heads, right=(*counts, *heads))
    by_name = dict(zip((one.name for one in parts), zip(some, parts, strict=True), strict=True))
    for name, one in results.items():
        if name in by_name:
            database, made = by_name[name]
            sizes = [made.fingers, len(database.prints), database.failed, len(made.mates), len(made.others)]
            last = _share(first[name].eer)
        else:
            sizes = []
            last = _share(sum(f.eer for f in first.values()) / len(first)) if name == "mean" else ""
        numbers = [f"{size:,}" for size in sizes] or [""] * len(counts)
        drawn.add_row(plain(name, 60), *numbers, *_told(one, last))
    yield drawn
    yield ""
    yield "95 %: interval, by drawing fingers anew. FMR1000: mates missed where 1 non-mate in 1,000 passes."
    yield "first: EER where non-mates are first impressions only, as in FVC. A dash: too few of them."
    if len(parts) > 1:
        yield "mean: each database at a threshold of its own. pooled: one threshold for all."
    if out is not None:
        yield ""
        yield f"Kept in {plain(out, 200)}: det.svg, similarities.svg, evaluation.json,"
        yield "similarities.npz for `ridge calibrate`, and the minutiae, which are fingerprints."


def _told(one: Evaluated, first: str) -> list[str]:
    eer, few, fewer, fewest = (_share(value) for value in one.rates.values())
    ends = [f"{_share(both[0])} to {_share(both[1])}" if both else "-" for both in one.intervals]
    return [eer, first, ends[0], few, fewer, ends[2], fewest]


def _share(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{100 * value:.2f}"
