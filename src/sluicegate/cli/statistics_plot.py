# SPDX-License-Identifier: Apache-2.0
"""Draws a month: for each jurisdiction what became of its submissions. Needs no screen."""

from __future__ import annotations

import io
from collections.abc import Mapping, Set

from matplotlib.figure import Figure

from sluicegate.statistics.figures import Figures, Place
from sluicegate.statistics.suppress import Cell

_PARTS = (
    ("copied", "copied to the partner", "#b4502d"),
    ("withheld", "withheld", "#1f5f8b"),
    ("refused", "refused", "#8a8f98"),
    ("pending", "pending", "#d9c27a"),
)
_MOST = 40


def draw(
    figures: Figures, values: Mapping[Cell, int], hidden: Set[Cell], *, kind: str, public: bool
) -> bytes:
    """The drawing as SVG or PNG. Hidden counts are a hatched mark of one length, whatever they are."""
    leaves = sorted(figures.leaves(), key=lambda one: (-values.get((one.id, "submissions"), 0), one.id))
    listed = leaves[:_MOST]
    made = Figure(figsize=(9, 1.6 + 0.42 * max(1, len(listed))), layout="constrained")
    axes = made.add_subplot()
    longest = max((values.get((one.id, "submissions"), 0) for one in listed), default=0) or 1
    for row, one in enumerate(listed):
        left = 0
        for name, _, color in _PARTS:
            width = values.get((one.id, name), 0)
            axes.barh(row, width, left=left, color=color, height=0.62)
            left += width
        if any((one.id, name) in hidden for name, _, _ in _PARTS):
            axes.barh(
                row, longest * 0.04, left=left, color="none", edgecolor="#666", hatch="////", height=0.62
            )
    axes.set_yticks(range(len(listed)), [_label(one) for one in listed])
    axes.invert_yaxis()
    axes.set_xlabel("bookings")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    handles = [axes.barh(0, 0, color=color, label=label) for _, label, color in _PARTS]
    if hidden:
        handles.append(
            axes.barh(0, 0, color="none", edgecolor="#666", hatch="////", label="a count not shown")
        )
    made.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=8.5)
    told = "" if public else " (for the operator, not for publication)"
    more = f"; the {_MOST} largest of {len(leaves)}" if len(leaves) > _MOST else ""
    axes.set_title(f"What became of bookings, {figures.month}{more}{told}", loc="left", fontsize=11)
    written = io.BytesIO()
    made.savefig(written, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    return written.getvalue()


def _label(place: Place) -> str:
    return f"{place.name}\n{place.mode}"
