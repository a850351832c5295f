# SPDX-License-Identifier: Apache-2.0
"""Draws what would have flowed under other rules: bars by jurisdiction and gate, and a strip of months."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sluicegate.policy.simulate import GATES, Count, Result
from sluicegate.terms import Gate

_BASE, _OTHER, _CLOSED, _HATCH = "#1f5f8b", "#b4502d", "#e6e8eb", "#666666"
_MOST = 20
_GREY = "#444444"


@dataclass(frozen=True, slots=True)
class Titles:
    """What stands on the drawing: title, subtitle, the two sets of rules, and a word for each gate."""

    title: str
    subtitle: str
    base: str
    other: str
    gates: Mapping[Gate, str]


def what_if(result: Result, titles: Titles, *, kind: str) -> bytes:
    """The drawing as SVG or PNG: at most twenty places that change, or the largest where none does.

    A gate that lets nothing through under either set of rules is left out. Where nothing is known of a
    booking's charges or of who will ask, the bar is hatched.
    """
    gates = [gate for gate, one in result.total().items() if _any(one)] or [Gate.SHARE]
    counts = result.by_place()
    # Whoever stays as it was is left out where anybody changes: the largest would set the scale.
    listed = list(dict.fromkeys(place for place, _ in counts))
    places = list(result.changed[:_MOST]) or listed[:_MOST]
    rows = max(3, len(places))
    made = Figure(figsize=(3.2 + 3.3 * len(gates), 3.6 + 0.44 * rows), layout="constrained")
    grid = made.subplots(
        2, len(gates), squeeze=False, gridspec_kw={"height_ratios": [0.44 * rows, 1.5]}, sharey="row"
    )
    for column, gate in enumerate(gates):
        _bars(grid[0][column], [counts[place, gate] for place in places])
        _months(grid[1][column], result, gate)
        grid[0][column].set_title(f"{gate.value}  {titles.gates[gate]}", loc="left", fontsize=10)
    labels = [f"{result.names[place]}\n{place}".strip() for place in places]
    grid[0][0].set_yticks(range(len(places)), labels, fontsize=8.5, linespacing=1.1)
    grid[0][0].set_ylim(len(places) - 0.4, -0.6)
    grid[1][0].set_ylabel("open, everywhere", fontsize=9, color=_GREY)
    left_out = [gate.value for gate in GATES if gate not in gates]
    said = f"; {', '.join(left_out)} closed under both, not drawn" if left_out else ""
    many = len(result.changed)
    most = f"; {many:,} of {len(listed):,} jurisdictions change" if many else "; nothing changes"
    most += f"; {len(places)} drawn" if (many or len(listed)) > len(places) else ""
    made.suptitle(
        f"{titles.title}\n{titles.subtitle}{most}{said}", x=0.01, ha="left", fontsize=11, linespacing=1.5
    )
    _legend(made, titles)
    written = io.BytesIO()
    made.savefig(written, format=kind, dpi=140, metadata={"Date": None} if kind == "svg" else None)
    return written.getvalue()


def _any(one: Count) -> bool:
    return bool(one.base_open or one.base_unknown or one.other_open or one.other_unknown)


def _bars(axes: Axes, counts: Sequence[Count]) -> None:
    for row, one in enumerate(counts):
        sides = (
            (-0.19, one.base_open, one.base_unknown, _BASE),
            (0.19, one.other_open, one.other_unknown, _OTHER),
        )
        for shift, found, unknown, color in sides:
            axes.barh(row + shift, one.bookings, height=0.34, color=_CLOSED)
            axes.barh(row + shift, found, height=0.34, color=color)
            axes.barh(
                row + shift, unknown, left=found, height=0.34, color="none", edgecolor=_HATCH,
                hatch="/////", lw=0,
            )  # fmt: skip
    _quiet(axes)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(_short))
    axes.set_xlabel("bookings", fontsize=9, color=_GREY)


def _months(axes: Axes, result: Result, gate: Gate) -> None:
    counts = result.by_month()
    months = list(dict.fromkeys(month for month, _ in counts))
    for place, month in enumerate(months):
        one = counts[month, gate]
        sides = (
            (-0.2, one.base_open, one.base_unknown, _BASE),
            (0.2, one.other_open, one.other_unknown, _OTHER),
        )
        for shift, found, unknown, color in sides:
            axes.bar(place + shift, found, width=0.38, color=color)
            axes.bar(
                place + shift, unknown, bottom=found, width=0.38, color="none", edgecolor=_HATCH,
                hatch="/////", lw=0,
            )  # fmt: skip
    step = -(-len(months) // 6)
    axes.set_xticks(range(0, len(months), step), months[::step], fontsize=8)
    axes.set_xlim(-0.6, max(len(months), 3) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    _quiet(axes)


def _quiet(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=_GREY)


def _short(value: float, _place: object = None) -> str:
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _legend(made: Figure, titles: Titles) -> None:
    handles = [
        Patch(color=_BASE, label=f"open: {titles.base}"),
        Patch(color=_OTHER, label=f"open: {titles.other}"),
        Patch(facecolor="none", edgecolor=_HATCH, hatch="/////", lw=0, label="not known"),
        Patch(color=_CLOSED, label="closed"),
    ]
    made.legend(handles=handles, loc="outside lower left", ncols=4, frameon=False, fontsize=9)
