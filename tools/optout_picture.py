# SPDX-License-Identifier: Apache-2.0
"""Draws docs/explanation/opt-out.svg: what was said, and what was in force, on one calendar.

The picture is drawn from `scene`, which is plain data, and carries the digest of that data, so that a test
can tell a stale picture without comparing how two versions of a library draw it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import DateFormatter, MonthLocator, date2num
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sluicegate.policy.contradictions import Degree, clashes, gaps, periods
from sluicegate.policy.model import Answer, Effect
from sluicegate.policy.program import Program
from sluicegate.policy.wording import ANSWER_WORDS, claims_of, in_order
from sluicegate.terms import Gate

COLORS = {  # told apart by color-blind readers, and never the only sign
    Answer.YES.value: "#d55e00",
    Answer.NO.value: "#0072b2",
    Answer.BY_AGREEMENT.value: "#e69f00",
    Answer.UNCLEAR.value: "#b0b0b0",
    "open": "#d55e00",
    "closed": "#0072b2",
}
_RC: dict[Any, Any] = {
    "svg.hashsalt": "sluicegate",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A bar of the picture: days as text, `hidden_until` where it was not public from its first day on."""

    label: str
    begins: str
    ends: str
    color: str
    text: str
    hidden_until: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is drawn; `marks` are the days on which statements clash."""

    title: str
    begins: str
    ends: str
    said: tuple[Stretch, ...]
    done: tuple[Stretch, ...]
    clashing: tuple[tuple[str, str], ...]


def scene(program: Program, question: str, begins: date, ends: date) -> Scene:
    """What the program says of one question about a gate between two days."""
    gate = program.settings.questions[question].gate
    assert gate is not None, "the picture is about a gate"
    return Scene(
        title=program.settings.questions[question].text,
        begins=begins.isoformat(),
        ends=ends.isoformat(),
        said=tuple(_said(program, question, begins, ends)),
        done=tuple(_done(program, gate, begins, ends)),
        clashing=tuple(_clashing(program, question, ends)),
    )


def _clashing(program: Program, question: str, ends: date) -> list[tuple[str, str]]:
    """The days on which statements say yes and no, joined where they touch."""
    joined: list[tuple[str, str]] = []
    for one in clashes(program):
        if one.question != question or one.degree is not Degree.OPPOSED:
            continue
        first, last = one.begins.isoformat(), (one.ends or ends).isoformat()
        if joined and first <= joined[-1][1]:
            before = joined.pop()
            first, last = before[0], max(before[1], last)
        joined.append((first, last))
    return joined


def _said(program: Program, question: str, begins: date, ends: date) -> Sequence[Stretch]:
    found = []
    for one in in_order(program):
        claim = claims_of(program, one.id).get(question)
        first, last = one.begins or begins, one.ends or ends
        if claim is None or claim.answer is Answer.SILENT or last <= begins or first >= ends:
            continue
        hidden = "" if one.public and one.public <= first else min(one.public or last, last).isoformat()
        found.append(
            Stretch(
                f"{one.id}  {one.audience}",
                max(first, begins).isoformat(),
                min(last, ends).isoformat(),
                claim.answer.value,
                f"{ANSWER_WORDS[claim.answer]} ({claim.confidence.value})",
                hidden,
            )
        )
    return found


def _done(program: Program, gate: Gate, begins: date, ends: date) -> Sequence[Stretch]:
    found = []
    for one in periods(program):
        effect = program.modes[one.mode].effects.get(gate)
        if not one.on_record or one.begins >= ends or (one.ends or ends) <= begins:
            continue
        is_ = "open" if effect is Effect.OPEN else "closed"
        found.append(
            Stretch(
                f"{one.jurisdiction.name}",
                max(one.begins, begins).isoformat(),
                min(one.ends or ends, ends).isoformat(),
                is_,
                f"asked for {one.asked.mode}; in force {one.mode} ({one.rule.confidence.value})",
            )
        )
    return found


def digest(made: Scene) -> str:
    """SHA-256 (hex) of all that is drawn."""
    return hashlib.sha256(json.dumps(asdict(made), sort_keys=True).encode()).hexdigest()


def window(program: Program) -> tuple[date, date]:
    """The days worth drawing: from a month before the first contradiction to a year after."""
    days = [one.begins for one in clashes(program)] + [one.begins for one in gaps(program)]
    first = min(days, default=date(2010, 1, 1))
    begins = (first.replace(day=1) - timedelta(days=1)).replace(day=1)
    return begins, begins.replace(year=begins.year + 1)


def draw(made: Scene, path: Path) -> None:
    """Write the picture as SVG, the same bytes for the same scene and library."""
    with mpl.rc_context(_RC):
        figure = Figure(figsize=(10, 0.34 * (len(made.said) + len(made.done)) + 2.6), layout="constrained")
        FigureCanvasSVG(figure)
        heights = [len(made.said) + 0.6, max(len(made.done), 1) + 0.4]
        top, low = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        _rows(top, made.said)
        for first, last in made.clashing:
            top.axvspan(_num(first), _num(last), color="#000000", alpha=0.09, lw=0, zorder=0)
        top.set_title(f"What was said. {made.title}", loc="left", fontweight="bold", fontsize=10)
        _rows(low, made.done)
        low.set_title(
            "What was in force for those that asked to stay out: did copies go?",
            loc="left",
            fontweight="bold",
            fontsize=10,
        )
        low.set_xlim(_num(made.begins), _num(made.ends))
        low.xaxis.set_major_locator(MonthLocator())  # type: ignore[no-untyped-call]
        low.xaxis.set_major_formatter(DateFormatter("%b\n%Y"))  # type: ignore[no-untyped-call]
        figure.legend(handles=_legend(), loc="outside lower center", ncols=5, frameon=False, fontsize=8)
        figure.savefig(
            path, format="svg", metadata={"Date": None, "Description": f"data sha256 {digest(made)}"}
        )


def _num(day: str) -> float:
    return float(date2num(date.fromisoformat(day)))  # type: ignore[no-untyped-call]


def _rows(axes: Any, rows: Sequence[Stretch]) -> None:
    labels = list(dict.fromkeys(one.label for one in rows))
    for one in rows:
        place, first, last = labels.index(one.label), _num(one.begins), _num(one.ends)
        axes.barh(place, last - first, left=first, height=0.72, color=COLORS[one.color], zorder=2)
        if one.hidden_until:
            shown = max(min(_num(one.hidden_until), last), first)
            veil = {"facecolor": "#ffffffb0", "edgecolor": "#303030", "hatch": "////", "lw": 0}
            axes.barh(place, shown - first, left=first, height=0.72, zorder=3, **veil)
        _write(axes, one, place, first, last)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="x", color="#dddddd", lw=0.6, zorder=0)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _write(axes: Any, one: Stretch, place: int, first: float, last: float) -> None:
    """The answer inside a bar that has room, else behind it."""
    inside = last - first > 2.9 * len(one.text)  # days that a character is wide
    box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    x, side = ((first + last) / 2, "center") if inside else (last + 2, "left")
    axes.text(x, place, one.text, ha=side, va="center", fontsize=8, zorder=4, bbox=box if inside else None)


def _legend() -> list[Patch]:
    return [
        Patch(color=COLORS["yes"], label="copies go"),
        Patch(color=COLORS["no"], label="no copy goes"),
        Patch(color=COLORS["unclear"], label="unclear"),
        Patch(facecolor="white", edgecolor="#303030", hatch="////", lw=0, label="in force, not public then"),
        Patch(color="#000000", alpha=0.09, lw=0, label="statements in force say yes and no"),
    ]
