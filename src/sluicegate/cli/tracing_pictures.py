# SPDX-License-Identifier: Apache-2.0
"""Drawings of a trace: what extraction saw in an image, and what a comparison saw in two.

All are PNG. Blue is the probe, brown the reference. A minutia is a dot with a tick in its direction; the
fainter, the lower its quality. Where there is no image, minutiae stand on white paper.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image as Picture

from sluicegate.ridge.extract.leader import THRESHOLD
from sluicegate.ridge.extract.quality import quality
from sluicegate.ridge.extract.ridges import BLOCK
from sluicegate.ridge.template import FingerTemplate
from sluicegate.ridge.trace import Array, Trace

PROBE, REFERENCE, SETTLED, FAINT, INK = "#1f5f8b", "#b4502d", "#2f7d4f", "#858b93", "#222222"
_PATCHES = ("#1f5f8b", "#b4502d", "#5b8c5a", "#8a6fa8", "#c09a3e", "#4f9da6")
_TICK = 14.0  # pixels of a print
_MARGIN = 40.0
_GAP = 60.0
_DPI = 100
_LEAST = 0.05  # confidence of a peak that is drawn
_VEIL = "#f3e7c9"

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One print of a comparison: what it is called, and its pixels at 500 ppi where there are any."""

    name: str
    finger: FingerTemplate
    pixels: NDArray[np.uint8] | None = None

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the part with minutiae; of all of it where there are none."""
        at, whole = self.finger.minutiae[:, :2], (float(self.finger.width), float(self.finger.height))
        if not len(at):
            return 0.0, 0.0, max(whole[0], 1.0), max(whole[1], 1.0)
        low, high = at.min(axis=0) - _MARGIN, at.max(axis=0) + _MARGIN
        left, top = (max(0.0, float(value)) for value in low)
        right, bottom = (min(most, float(value)) for most, value in zip(whole, high, strict=True))
        return left, top, max(right, left + 1), max(bottom, top + 1)


def ridges(image: Trace, title: str) -> bytes:
    """The image, paper veiled where no ridges were seen, and each finger of a slap or patch outlined."""
    pixels, blocks = image["pixels"], image["ridge_blocks"]
    slap = image["slap_fingers"].tolist()
    labels = image["slap_labels"] if slap else image["patches"]
    made, axes = _sheet(pixels.shape[1], pixels.shape[0], title)
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255)
    extent = (0.0, float(blocks.shape[1] * BLOCK), float(blocks.shape[0] * BLOCK), 0.0)
    veil = np.zeros((*blocks.shape, 4))
    veil[~blocks] = to_rgba(_VEIL, 0.72)
    axes.imshow(veil, extent=extent, interpolation="nearest")
    axes.set_xlim(0, pixels.shape[1])
    axes.set_ylim(pixels.shape[0], 0)
    sizes = np.bincount(labels.ravel(), minlength=1)
    for number in [int(n) for n in np.argsort(-sizes) if n and sizes[n]][:12]:
        color = _PATCHES[(number - 1) % len(_PATCHES)]
        axes.add_collection(LineCollection(_outline(labels == number), colors=color, linewidths=2.0))
        if slap:
            row, column = np.argwhere((labels == number) & blocks).mean(axis=0) * BLOCK
            axes.text(
                column,
                row,
                str(slap[number - 1]),
                ha="center",
                va="center",
                fontsize=15,
                color="white",
                weight="bold",
                bbox={"fc": color, "ec": "none"},
            )
    return _written(made)


def minutiae(image: Trace, fingers: Sequence[FingerTemplate], title: str) -> bytes:
    """Minutiae over their image: direction as a tick, quality as opacity."""
    pixels = image["pixels"]
    made, axes = _sheet(pixels.shape[1], pixels.shape[0], title)
    axes.imshow(_light(pixels), cmap="gray", vmin=0, vmax=255)
    for place, finger in enumerate(fingers):
        color = _PATCHES[place % len(_PATCHES)]
        _ticks(axes, finger.minutiae, color, alpha=finger.minutiae[:, 3])
        if len(fingers) > 1 and len(finger.minutiae):
            x, y = finger.minutiae[:, :2].min(axis=0)
            told = f"finger {finger.fgp}: quality {quality(finger)}"
            axes.text(x, max(y - 34, 16), told, color=color, fontsize=9.5, weight="bold")
    return _written(made)


def network(image: Trace, title: str) -> bytes:
    """The direction that the network sees on blocks of ridges, and its peaks, the larger the surer.

    Filled peaks are at or above the threshold. Direction decides only at a peak; elsewhere it shows whether
    the network followed the ridges.
    """
    pixels, confidence = image["pixels"], image["confidence"]
    made, axes = _sheet(pixels.shape[1], pixels.shape[0], title)
    axes.imshow(_light(pixels), cmap="gray", vmin=0, vmax=255)
    at = np.argwhere(image["ridge_blocks"]) * BLOCK + BLOCK // 2
    at = np.minimum(at, np.array(pixels.shape) - 1)
    theta = image["direction"][at[:, 0], at[:, 1]]
    half = 0.36 * BLOCK * np.stack([np.cos(theta), -np.sin(theta)], axis=1)
    middles = at[:, ::-1].astype(np.float64)
    lines = np.stack([middles - half, middles + half], axis=1)
    axes.add_collection(LineCollection(list(lines), colors=PROBE, linewidths=1.0, alpha=0.8))
    peaks = np.argwhere(confidence >= _LEAST)
    sure = confidence[peaks[:, 0], peaks[:, 1]]
    for chosen, face in ((sure >= THRESHOLD, REFERENCE), (sure < THRESHOLD, "none")):
        axes.scatter(
            peaks[chosen, 1], peaks[chosen, 0], s=90 * sure[chosen], facecolors=face, edgecolors=REFERENCE
        )
    return _written(made)


def likely(trace: Trace, probe: Side, reference: Side, title: str, most: int = 80) -> bytes:
    """The pairs whose surroundings are most alike, joined by lines; green where they came to correspond."""
    order = np.argsort(-trace["likeness"], kind="stable")[:most]
    pairs = trace["likely"][order]
    settled = {tuple(pair) for pair in trace["pairs"].tolist()}
    colors = [SETTLED if tuple(pair) in settled else FAINT for pair in pairs.tolist()]
    made, axes, ours, theirs = _both(probe, reference, title)
    lines = np.stack([ours[pairs[:, 0]], theirs[pairs[:, 1]]], axis=1)
    widths = [1.3 if color == SETTLED else 0.7 for color in colors]
    order = np.argsort([color == SETTLED for color in colors], kind="stable")
    drawn = LineCollection(
        list(lines[order]),
        colors=[colors[n] for n in order],
        linewidths=[widths[n] for n in order],
        alpha=0.85,
    )
    axes.add_collection(drawn)
    return _written(made)


def corresponding(trace: Trace, probe: Side, reference: Side, title: str) -> bytes:
    """The corresponding minutiae, each with its number on both prints; bolder, the more it weighs."""
    made, axes, ours, theirs = _both(probe, reference, title, ticks=False)
    pairs, weights = trace["pairs"], np.clip(trace["pair_weights"], 0.15, 1.0)
    for at, side, color, column in ((ours, probe, PROBE, 0), (theirs, reference, REFERENCE, 1)):
        rows = pairs[:, column]
        others = np.setdiff1d(np.arange(len(at)), rows)
        _ticks(axes, _shifted(side, at, others), FAINT, alpha=np.ones(len(others)), width=1.1)
        _ticks(axes, _shifted(side, at, rows), color, alpha=weights, width=1.8)
        for number, (x, y) in enumerate(at[rows].tolist(), start=1):
            axes.annotate(
                str(number),
                (x, y),
                (4, 4),
                textcoords="offset points",
                fontsize=7.5,
                color=color,
                weight="bold",
                bbox={"fc": "white", "ec": "none", "pad": 0.4, "alpha": 0.75},
            )
    return _written(made)


def placements(trace: Trace, title: str) -> bytes:
    """The probe's minutiae laid on the reference's as each placement tried would have it, best last bent."""
    tried = trace["placements"]
    panels = [
        (one, f"tried: weight {w:.1f}") for one, w in zip(tried, trace["placement_weights"], strict=True)
    ]
    weight = float(trace["pair_weights"].sum())
    count = len(panels) + 1
    across = min(4, count)
    down = -(-count // across)
    made = Figure(figsize=(2.6 * across + 0.2, 3.1 * down + 0.5), layout="constrained", dpi=_DPI)
    made.suptitle(title, x=0.01, ha="left", fontsize=10.5, color=INK)
    best = int(trace["placement_weights"].argmax()) if len(tried) else -1
    p = trace["probe"][trace["probe_rows"]].astype(np.float64)
    r = trace["reference"][trace["reference_rows"]].astype(np.float64)
    for place, (one, told) in enumerate(panels, start=1):
        axes = made.add_subplot(down, across, place)
        _overlay(axes, _turned(p, one), r)
        bold = "bold" if place - 1 == best and weight else "normal"
        axes.set_title(told, fontsize=9, color=SETTLED if bold == "bold" else INK, weight=bold)
    axes = made.add_subplot(down, across, count)
    if weight:
        bent = _turned(p, trace["placement"])
        bent[:, :2] = trace["bent"]
        _overlay(axes, bent, r, trace["pairs"], trace["reference"], trace["probe_rows"])
    axes.set_title(f"settled and bent: {weight:.1f}" if weight else "none settled", fontsize=9, color=SETTLED)
    axes.set_axis_off()
    return _written(made)


def fingers(trace: Trace, bar: float, title: str) -> bytes:
    """Similarity of each finger, and the bar that one stranger's finger in a thousand reaches."""
    names = [str(position) for position in trace["positions"].tolist()]
    made = Figure(figsize=(6.4, 2.6), layout="constrained", dpi=_DPI)
    axes = made.add_subplot()
    values = trace["per_finger"]
    axes.bar(names, values, color=[PROBE if value >= bar else FAINT for value in values], width=0.62)
    for place, value in enumerate(values.tolist()):
        axes.text(place, value, f"{value:.1f}", ha="center", va="bottom", fontsize=8.5, color=INK)
    axes.axhline(bar, color=REFERENCE, lw=1.0, ls=(0, (4, 3)))
    axes.text(
        1.0, 1.04, "dashed: one stranger's finger in 1,000 reaches it", transform=axes.transAxes, ha="right",
        fontsize=8, color=REFERENCE,
    )  # fmt: skip
    axes.set_xlabel("finger position", fontsize=9, color=INK)
    axes.set_ylabel("similarity", fontsize=9, color=INK)
    axes.set_title(title, loc="left", fontsize=10.5, color=INK)
    axes.margins(y=0.14)
    axes.spines[["top", "right"]].set_visible(False)
    return _written(made)


def _sheet(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    """Axes in pixels of a print, without a frame."""
    across = 6.2 if width < 1.4 * height else 9.0
    made = Figure(figsize=(across, across * height / max(width, 1.0) + 0.4), layout="constrained", dpi=_DPI)
    axes = made.add_subplot()
    axes.set_title(title, loc="left", fontsize=10.5, color=INK)
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(0, max(width, 1.0))
    axes.set_ylim(max(height, 1.0), 0)
    return made, axes


def _both(
    probe: Side, reference: Side, title: str, *, ticks: bool = True
) -> tuple[Figure, Axes, Points, Points]:
    """Both prints side by side, and where their minutiae lie on the sheet."""
    boxes = [side.box() for side in (probe, reference)]
    tall = max(box[3] - box[1] for box in boxes)
    wide = sum(box[2] - box[0] for box in boxes) + _GAP
    made, axes = _sheet(wide, tall, title)
    start = 0.0
    places: list[Points] = []
    for side, box, color in zip((probe, reference), boxes, (PROBE, REFERENCE), strict=True):
        x, y = start - box[0], (tall - (box[3] - box[1])) / 2 - box[1]
        if side.pixels is not None:
            rows, columns = slice(int(box[1]), int(box[3])), slice(int(box[0]), int(box[2]))
            part = _light(side.pixels[rows, columns])
            extent = (columns.start + x, columns.stop + x, rows.stop + y, rows.start + y)
            axes.imshow(part, cmap="gray", vmin=0, vmax=255, extent=extent)
        at = side.finger.minutiae[:, :2].astype(np.float64) + np.array([x, y])
        if ticks:
            _ticks(axes, _shifted(side, at, np.arange(len(at))), color, alpha=side.finger.minutiae[:, 3])
        axes.text(start + 2, -6, side.name, color=color, fontsize=9.5, weight="bold", va="bottom")
        places.append(at)
        start += box[2] - box[0] + _GAP
    axes.set_xlim(-4, wide + 4)
    axes.set_ylim(tall + 4, -34)
    return made, axes, places[0], places[1]


def _shifted(side: Side, at: Points, rows: Array) -> Points:
    """The side's minutiae of these rows, where they lie on the sheet."""
    found = side.finger.minutiae[rows].astype(np.float64)
    found[:, :2] = at[rows]
    return found


def _ticks(axes: Axes, rows: Array, color: str, *, alpha: Array, width: float = 1.4) -> None:
    """Dots with a tick; directions are counter-clockwise as seen and y runs down."""
    if not len(rows):
        return
    x, y, theta = rows[:, 0], rows[:, 1], rows[:, 2]
    shades = np.tile(to_rgba(color), (len(rows), 1))
    shades[:, 3] = np.clip(0.25 + 0.75 * np.asarray(alpha), 0, 1)
    ends = np.stack([x + _TICK * np.cos(theta), y - _TICK * np.sin(theta)], axis=1)
    axes.add_collection(
        LineCollection(list(np.stack([rows[:, :2], ends], axis=1)), colors=shades, linewidths=width)
    )
    axes.scatter(
        x,
        y,
        s=11 * width,
        facecolors="none",
        edgecolors=list(map(tuple, shades.tolist())),
        linewidths=width * 0.8,
    )


def _overlay(
    axes: Axes,
    placed: Points,
    reference: Points,
    pairs: Array | None = None,
    whole: Array | None = None,
    rows: Array | None = None,
) -> None:
    _ticks(axes, reference, REFERENCE, alpha=np.full(len(reference), 0.55), width=0.9)
    _ticks(axes, placed, PROBE, alpha=np.full(len(placed), 0.55), width=0.9)
    if pairs is not None and whole is not None and rows is not None and len(pairs):
        at = whole[pairs[:, 1], :2]
        axes.scatter(at[:, 0], at[:, 1], s=120, facecolors="none", edgecolors=SETTLED, linewidths=1.1)
    if len(reference):
        low, high = reference[:, :2].min(axis=0) - _MARGIN, reference[:, :2].max(axis=0) + _MARGIN
        axes.set_xlim(low[0], high[0])
        axes.set_ylim(high[1], low[1])
    axes.set_aspect("equal")
    axes.set_axis_off()


def _turned(p: Points, placement: Array) -> Points:
    """Probe minutiae in the reference's frame by cosine, sine, x, y."""
    cosine, sine, x, y = (float(value) for value in placement)
    placed = p.copy()
    placed[:, 0] = cosine * p[:, 0] + sine * p[:, 1] + x
    placed[:, 1] = cosine * p[:, 1] - sine * p[:, 0] + y
    placed[:, 2] = p[:, 2] + np.arctan2(sine, cosine)
    return placed


def _light(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paler, so that what is drawn over it is seen."""
    return np.asarray(120 + pixels.astype(np.float32) * (135 / 255), dtype=np.uint8)


def _outline(mask: NDArray[np.bool_]) -> list[Points]:
    """Edges of a set of blocks, as lines in pixels."""
    padded = np.pad(mask, 1)
    lines = []
    for row, column in np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]):
        lines.append(np.array([[column, row], [column + 1, row]]) * float(BLOCK))
    for row, column in np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1]):
        lines.append(np.array([[column, row], [column, row + 1]]) * float(BLOCK))
    return lines


def _written(made: Figure) -> bytes:
    """PNG of few colors, ours among them: prints compress badly."""
    drawn, small = io.BytesIO(), io.BytesIO()
    made.savefig(drawn, format="png")
    with Picture.open(io.BytesIO(drawn.getvalue()), formats=("PNG",)) as picture:
        few = picture.convert("RGB").quantize(palette=_palette(), dither=Picture.Dither.NONE)
        few.save(small, format="PNG", optimize=True)
    return small.getvalue()


def _palette() -> Picture.Image:
    """Grays, and each color over white and over the middle gray of a ridge in steps."""
    colors = [(value, value, value) for value in np.linspace(0, 255, 24).astype(int).tolist()]
    for name in (*_PATCHES, SETTLED, _VEIL):
        own = np.array(to_rgba(name)[:3]) * 255
        for under in (255.0, 150.0):
            steps = np.linspace(0.3, 1.0, 4)[:, None]
            colors += [tuple(one) for one in (own * steps + under * (1 - steps)).astype(int).tolist()]
    made = Picture.new("P", (1, 1))
    made.putpalette([part for color in colors for part in color])
    return made
