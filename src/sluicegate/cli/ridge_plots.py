# SPDX-License-Identifier: Apache-2.0
"""Drawings of an evaluation: error trade-off, similarities, and thresholds by number of fingers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from sluicegate.ridge.evaluate import Compared, det, pooled, rates

_COLORS = ("#1f5f8b", "#b4502d", "#5b8c5a", "#8a6fa8", "#c09a3e", "#4f9da6", "#8a8f98", "#a0425f")
_INK, _GREY = "#222222", "#6a6f76"
_MATES, _OTHERS = "#1f5f8b", "#b4502d"
_FLOOR = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Thresholds and what reaches them, by number of fingers from 1: all lists of one length.

    `measured` is what one stranger in a million reaches, `sure` the same by the upper end of the tail's
    interval, `once` one in 1,000 million; `mates` are the lowest, the lowest 5 % and the median mates.
    """

    grey: Sequence[float]
    accept: Sequence[float]
    measured: Sequence[float]
    sure: Sequence[float]
    once: Sequence[float]
    mates: Sequence[tuple[float, float, float]]


def trade_off(parts: Sequence[Compared], title: str, *, kind: str) -> bytes:
    """The two error rates against each other, for each database and all together, as SVG or PNG."""
    made = Figure(figsize=(6.4, 5.6), layout="constrained")
    axes = made.add_subplot()
    shown = [*parts, pooled(parts)] if len(parts) > 1 else list(parts)
    for place, one in enumerate(shown):
        curve = det(one)
        whole = place == len(parts)
        eer = rates(one).eer
        axes.step(
            np.maximum(curve.fmr, 1e-9),
            np.maximum(curve.fnmr, 1e-9),
            where="post",
            color=_INK if whole else _COLORS[place % len(_COLORS)],
            lw=2.0 if whole else 1.2,
            label=f"{one.name}   EER {100 * eer:.2f} %",
        )
    axes.plot([_FLOOR, 1], [_FLOOR, 1], color="#d4d7db", lw=0.8, zorder=0)
    axes.set(xscale="log", yscale="log", xlim=(_FLOOR / 1.4, 1), ylim=(_FLOOR * 5, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_percent))
    axes.set_xlabel("non-mates that pass (FMR)", color=_GREY, fontsize=9)
    axes.set_ylabel("mates that are missed (FNMR)", color=_GREY, fontsize=9)
    axes.set_title(title, loc="left", fontsize=10.5)
    axes.legend(frameon=False, fontsize=8.5, loc="upper right")
    _quiet(axes)
    return _written(made, kind)


def histogram(parts: Sequence[Compared], title: str, lines: dict[str, float], *, kind: str) -> bytes:
    """Mates and non-mates by similarity, with thresholds as lines, as SVG or PNG."""
    both = pooled(parts)
    most = float(np.quantile(both.mates, 0.995)) if len(both.mates) else 10.0
    bins = list(np.linspace(0.0, max(most, max(lines.values(), default=0.0) * 1.1, 1.0), 120))
    made = Figure(figsize=(7.6, 3.4), layout="constrained")
    axes = made.add_subplot()
    for values, color, name in ((both.others, _OTHERS, "non-mates"), (both.mates, _MATES, "mates")):
        share = np.full(len(values), 1.0 / max(len(values), 1))
        axes.hist(
            values,
            bins,
            weights=share,
            color=color,
            alpha=0.75,
            label=f"{len(values):,} {name}",
            log=True,
        )
    for name, at in lines.items():
        axes.axvline(at, color=_INK, lw=0.9, ls="--")
        axes.text(at, 0.97, f" {name} {at:g}", transform=axes.get_xaxis_transform(), fontsize=8.5, va="top")
    axes.yaxis.set_major_formatter(FuncFormatter(_percent))
    axes.set_xlabel("similarity of one finger", color=_GREY, fontsize=9)
    axes.set_ylabel("share of comparisons", color=_GREY, fontsize=9)
    axes.set_title(title, loc="left", fontsize=10.5)
    axes.legend(frameon=False, fontsize=8.5)
    _quiet(axes)
    return _written(made, kind)


def thresholds(bars: Bars, title: str, *, kind: str) -> bytes:
    """Thresholds between strangers and mates for each number of fingers, as SVG or PNG."""
    fingers: NDArray[np.int64] = np.arange(1, len(bars.grey) + 1)
    made = Figure(figsize=(7.6, 4.8), layout="constrained")
    axes = made.add_subplot()
    lowest, fifth, middle = (np.maximum(one, 0.4) for one in np.array(bars.mates).T)
    axes.fill_between(fingers, lowest, middle, color=_MATES, alpha=0.14, lw=0)
    axes.plot(fingers, middle, color=_MATES, lw=1.4, marker="o", ms=3, label="mates: median")
    axes.plot(fingers, fifth, color=_MATES, lw=1.0, ls=":", marker="o", ms=2.5, label="mates: lowest 5 %")
    axes.plot(fingers, lowest, color=_MATES, lw=0.8, ls=(0, (1, 3)), label="mates: lowest")
    axes.step(fingers, bars.accept, where="mid", color=_INK, lw=1.8, label="accept, in force")
    axes.step(fingers, bars.grey, where="mid", color=_GREY, lw=1.8, label="grey, in force")
    axes.plot(
        fingers,
        bars.once,
        color=_OTHERS,
        lw=1.0,
        ls=(0, (1, 2)),
        label="1 in 1,000 million, upper end of 95 %",
    )
    axes.plot(fingers, bars.sure, color=_OTHERS, lw=1.0, ls="--", label="1 in a million, upper end of 95 %")
    axes.plot(fingers, bars.measured, color=_OTHERS, lw=1.6, label="strangers: 1 in a million, extrapolated")
    axes.set(yscale="log", ylim=(0.4, 400), xlim=(0.6, len(fingers) + 0.4), xticks=fingers)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("fingers compared", color=_GREY, fontsize=9)
    axes.set_ylabel("similarity, summed over fingers", color=_GREY, fontsize=9)
    axes.set_title(title, loc="left", fontsize=10.5)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    _quiet(axes)
    return _written(made, kind)


def _quiet(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=_GREY)
    axes.grid(visible=True, which="major", color="#eceef0", lw=0.6)
    axes.set_axisbelow(True)


def _percent(value: float, _place: object = None) -> str:
    return f"{100 * value:g} %"


def _written(made: Figure, kind: str) -> bytes:
    out = io.BytesIO()
    # With a fixed salt the same figures give the same bytes.
    with rc_context({"svg.hashsalt": "sluicegate", "svg.fonttype": "path"}):
        made.savefig(out, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue()
