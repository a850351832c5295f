# SPDX-License-Identifier: Apache-2.0
"""The plots of docs/explanation/synthetic-people.md: thin lines, named, readable without color."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sluicegate.ridge.synthetic.damage import HARDSHIPS, Damage, Hardship
from sluicegate.ridge.synthetic.impression import CLEAN, EVERYDAY, POOR, Kind
from sluicegate.ridge.synthetic.person import Person
from sluicegate.testing.hard_prints import hard_print

Floats = NDArray[np.float64]
Style = dict[str, Any]  # keywords of a line

_RC: dict[Any, Any] = {
    "svg.hashsalt": "sluicegate",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.1,
}
_REAL: Style = {"color": "black", "linestyle": "-"}
_CARD: Style = {"color": "#666666", "linestyle": (0, (1, 1.2))}
_PICTURES: Style = {"color": "#888888", "linestyle": (0, (5, 2))}
_MODEL: Style = {"color": "#0b5fa5", "linestyle": "-", "linewidth": 2.0, "alpha": 0.8}


class Look(Protocol):
    """What is drawn of one set's minutiae."""

    @property
    def name(self) -> str: ...
    @property
    def counts(self) -> Floats: ...
    @property
    def nearest(self) -> Floats: ...
    @property
    def coherence(self) -> Floats: ...
    @property
    def facing(self) -> Floats: ...


class Strangers(Protocol):
    """What is drawn of one row of strangers."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def screen(self) -> Floats: ...
    @property
    def exact(self) -> Floats: ...


def _style(name: str) -> Style:
    last = name.split(" x ")[-1]
    for word, style in (("model", _MODEL), ("pictures", _PICTURES), ("card", _CARD)):
        if word in last:
            return dict(style)
    return dict(_REAL)


def _key(axes: Axes, lines: Sequence[tuple[str, Style]], x: float, y: float) -> None:
    """Names of the kinds of line, in the free corner of a plot; places are shares of its sides."""
    for n, (text, style) in enumerate(lines):
        color = str(style["color"])
        axes.text(x, y - 0.062 * n, text, color=color, fontsize=7.5, transform=axes.transAxes)


_KINDS: tuple[tuple[str, Style], ...] = (
    ("thin black: FVC2002, each database", _REAL),
    ("dotted: the card", _CARD),
    ("dashed: synthetic pictures", _PICTURES),
    ("thick blue: the model", _MODEL),
)


def _cumulative(axes: Axes, values: Floats, name: str) -> None:
    """The share at or below each value, from 80 points."""
    shares = np.linspace(0, 1, 81)
    axes.plot(np.quantile(values, shares), shares, **_style(name))


def draw_minutiae(path: Path, looks: Sequence[Look], bins: Sequence[int]) -> None:
    """Counts, nearest neighbors and how directions agree with distance."""
    middles = np.array([(a + b) / 2 for a, b in pairwise(bins)])
    with mpl.rc_context(_RC):
        figure = Figure(figsize=(9.6, 6.4), layout="constrained")
        FigureCanvasSVG(figure)
        counts, nearest, coherence, facing = figure.subplots(2, 2).ravel()
        for one in looks:
            _cumulative(counts, one.counts, one.name)
            _cumulative(nearest, one.nearest, one.name)
            coherence.plot(middles, one.coherence, **_style(one.name))
            facing.plot(middles, one.facing, **_style(one.name))
        for text, place in (("plain", 58), ("rolled", 150)):
            counts.text(place, 1.03, text, fontsize=7.5)
        for axes, x, y in (
            (counts, 0.55, 0.3),
            (nearest, 0.5, 0.4),
            (coherence, 0.52, 0.94),
            (facing, 0.5, 0.3),
        ):
            _key(axes, _KINDS, x, y)
        counts.set(title="Minutiae a print", xlabel="minutiae", ylabel="share of prints with fewer")
        nearest.set(title="Distance to the nearest other minutia", xlabel="pixels", ylabel="share nearer")
        nearest.set_xlim(0, 70)
        coherence.set(title="Same orientation", xlabel="pixels apart", ylabel="mean cos 2 (a - b)")
        facing.set(title="Pointing the same way", xlabel="pixels apart", ylabel="mean cos (a - b)")
        figure.savefig(path, format="svg", metadata={"Date": None})


_ROWS: tuple[tuple[str, str, str, Style], ...] = (
    (
        "FVC2002, each database",
        "plain x plain",
        "thin black: FVC2002 with itself, plain",
        {**_REAL, "linewidth": 0.8},
    ),
    ("FVC2002 DB1, DB2 x card", "plain x rolled", "dotted: FVC2002 with the card's rolled", _CARD),
    ("FVC2002 DB1, DB2 x pictures", "plain x rolled", "dashed: FVC2002 with rolled pictures", _PICTURES),
    ("FVC2002 DB1, DB2 x model", "plain x rolled", "thick blue: FVC2002 with the model's rolled", _MODEL),
    ("model", "plain x rolled", "thin blue: the model with itself", {**_MODEL, "linewidth": 0.8}),
)


def draw_impostors(path: Path, strangers: Sequence[Strangers]) -> None:
    """The share of strangers at or above each stage-1 score and each exact similarity."""
    found = {(one.name, one.kind): one for one in strangers}
    with mpl.rc_context(_RC):
        figure = Figure(figsize=(9.6, 4.2), layout="constrained")
        FigureCanvasSVG(figure)
        screen, exact = figure.subplots(1, 2)
        for name, kind, _, style in _ROWS:
            one = found[name, kind]
            for axes, scores in ((screen, one.screen), (exact, one.exact)):
                values = np.sort(scores)[::-1]
                # Ranks spaced evenly in their logarithm; the last few values say nothing of a tail.
                ranks = np.unique(np.geomspace(4, len(values), 90).astype(int)) - 1
                axes.plot(values[ranks], (ranks + 1) / len(values), **style)
        for axes, title, label in (
            (screen, "Strangers in stage 1", "score"),
            (exact, "Strangers compared exactly", "similarity"),
        ):
            axes.set(yscale="log", title=title, xlabel=label, ylabel="share at or above")
            axes.set_ylim(5e-4, 1.2)
            _key(axes, [(text, style) for _, _, text, style in _ROWS], 0.03, 0.32)
        screen.set_xlim(0.1, 0.56)
        exact.set_xlim(0.0, 2.2)
        figure.savefig(path, format="svg", metadata={"Date": None})


def draw_sheet(path: Path) -> None:
    """One finger under every hardship, on one sheet."""
    cells: list[tuple[str, Kind, Hardship]] = [
        (name, "plain", Hardship(condition, Damage()))
        for name, condition in (("clean", CLEAN), ("everyday", EVERYDAY), ("poor", POOR))
    ]
    cells += [(name, "plain", hardship) for name, hardship in HARDSHIPS.items()]
    cells += [
        ("everyday, rolled", "rolled", Hardship(EVERYDAY, Damage())),
        ("hard, rolled", "rolled", HARDSHIPS["hard"]),
    ]
    width, height, title = 250, 230, 18
    sheet = Image.new("L", (4 * width, 3 * height), 255)
    pen = ImageDraw.Draw(sheet)
    for n, (name, kind, hardship) in enumerate(cells):
        picture = Image.fromarray(hard_print(Person(1003), 2, kind, 4, hardship))
        scale = (height - title - 4) / picture.height
        small = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
        )
        left, top = n % 4 * width, n // 4 * height
        sheet.paste(small, (left + (width - small.width) // 2, top + title))
        pen.text((left + 8, top + 4), name, fill=0)
    sheet.quantize(16).save(path, optimize=True)
