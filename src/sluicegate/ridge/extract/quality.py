# SPDX-License-Identifier: Apache-2.0
"""How much a finger gives a search to go by: one number from 0 to 100.

It grows with the extractor's own confidences and with the area of ridges that the minutiae span::

    quality = 100 * sqrt(min(1, sum of confidences / ENOUGH) * min(1, area / AREA))

What it is not: not NFIQ 2 and not comparable with it; no measure of the skin or of the ink; not comparable
between extractors, whose confidences mean different things. It never refuses a print by itself. Noise that an
extractor takes for minutiae raises it. For a quick look at a stack of images, make the templates with
`mindtct`, which takes a seventh of the time, and read the numbers on that extractor's own scale.
"""

from __future__ import annotations

import math

from sluicegate.ridge.template import FingerTemplate, Template

ENOUGH = 39.0  # minutiae: the mean of a plain print (LEADER on 640 images of FVC2002 and FVC2004)
AREA = 0.325  # square inches: 0.5 by 0.65, the smallest capture area of NIST SP 500-280 (FAP 10)
POOR = 30  # below it a search of the finger alone finds little; a word for people, no threshold of the engine
PPI = 500.0

_Point = tuple[float, float]


def quality(finger: FingerTemplate) -> int:
    """The finger's quality, 0 to 100; a finger with fewer than three minutiae spans nothing and has 0."""
    rows = finger.minutiae
    trust = min(1.0, float(rows[:, 3].sum(dtype=float)) / ENOUGH)
    spanned = _hull_area(sorted((float(x), float(y)) for x, y in rows[:, :2])) / PPI**2
    return round(100.0 * math.sqrt(trust * min(1.0, spanned / AREA)))


def poor(template: Template) -> tuple[int, ...]:
    """Finger positions whose every impression has a quality below POOR, in order of position."""
    best: dict[int, int] = {}
    for finger in template.fingers:
        best[finger.fgp] = max(best.get(finger.fgp, 0), quality(finger))
    return tuple(fgp for fgp, value in sorted(best.items()) if value < POOR)


def _hull_area(points: list[_Point]) -> float:
    """Area in square pixels of the convex hull of points that come in order."""
    hull = _chain(points) + _chain(points[::-1])
    turns = zip(hull, hull[1:] + hull[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in turns)) / 2


def _chain(points: list[_Point]) -> list[_Point]:
    """One side of the hull, without its last point (Andrew's monotone chain)."""
    side: list[_Point] = []
    for point in points:
        while len(side) > 1 and _right_turn(side[-2], side[-1], point):
            side.pop()
        side.append(point)
    return side[:-1]


def _right_turn(a: _Point, b: _Point, c: _Point) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) <= 0
