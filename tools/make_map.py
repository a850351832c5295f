# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.make_map``: the county map of the site, made from us-atlas 3.0.1 (ISC licence).

The source is TopoJSON in the Albers USA projection, 975 by 610 units: borders that counties share are stored
once. Each border is thinned by effective area (Visvalingam and Whyatt 1993) and put on a grid, both before
rings are made of them, so that neighbors still meet. Writes ``shapes.json``, which the server draws from, and
``names.json``, which the script of the page reads; the same source gives the same bytes.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "map_source" / "counties-albers-10m.json"
OUT = Path(__file__).parent.parent / "src/sluicegate/web/static/vendor/us-atlas"
GRID = 2
"""Steps of the grid in one unit of the source."""
THIN = 0.45
"""Points whose triangle with their neighbors is smaller, in square units of the source, are left out."""
SPECK = 0.6
"""Islands smaller than this, in square units of the source, are left out, but for a county's largest."""
MARGIN = 4

Point = tuple[int, int]
Ring = list[Point]


@dataclass(frozen=True, slots=True)
class Atlas:
    """Borders on the grid, and which of them go round each county (negative: backwards)."""

    arcs: Sequence[Sequence[Point]]
    counties: Mapping[str, tuple[str, Sequence[Sequence[int]]]]
    width: int
    height: int


def _area(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def thinned(points: Sequence[tuple[float, float]], least: float) -> list[tuple[float, float]]:
    """A line without the points that matter least; its ends stay, and of a closed one four points."""
    before, after = list(range(-1, len(points) - 1)), list(range(1, len(points) + 1))
    held = [True] * len(points)
    left, floor = len(points), 4 if points[0] == points[-1] else 2
    queue = [(_area(points[n - 1], points[n], points[n + 1]), n) for n in range(1, len(points) - 1)]
    heapq.heapify(queue)
    latest = {n: area for area, n in queue}
    while queue and left > floor:
        area, here = heapq.heappop(queue)
        if not held[here] or latest[here] != area:
            continue
        if area >= least:
            break
        held[here] = False
        left -= 1
        one, other = before[here], after[here]
        after[one], before[other] = other, one
        for n in (one, other):
            if 0 < n < len(points) - 1:
                latest[n] = max(area, _area(points[before[n]], points[n], points[after[n]]))
                heapq.heappush(queue, (latest[n], n))
    return [point for point, keep in zip(points, held, strict=True) if keep]


def read(source: Path) -> Atlas:
    """The source, thinned and on the grid."""
    topology = json.loads(source.read_text("utf-8"))
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    west, north, east, south = topology["bbox"]

    def line(arc: Sequence[Sequence[int]]) -> list[tuple[float, float]]:
        x = y = 0
        found = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            found.append((x * sx + tx - west + MARGIN, y * sy + ty - north + MARGIN))
        return found

    arcs = [_gridded(thinned(line(arc), THIN)) for arc in topology["arcs"]]
    counties = {
        one["id"]: (one["properties"]["name"], list(_outlines(one)))
        for one in topology["objects"]["counties"]["geometries"]
    }
    width, height = (round((span + 2 * MARGIN) * GRID) for span in (east - west, south - north))
    return Atlas(arcs, dict(sorted(counties.items())), width, height)


def _gridded(line: Sequence[tuple[float, float]]) -> list[Point]:
    points = [(round(x * GRID), round(y * GRID)) for x, y in line]
    return [point for n, point in enumerate(points) if n == 0 or point != points[n - 1]]


def _outlines(geometry: Mapping[str, Any]) -> Iterator[Sequence[int]]:
    for polygon in [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]:
        yield from polygon


def ring(atlas: Atlas, outline: Sequence[int]) -> Ring:
    """The points of an outline, none twice in a row, not closed."""
    points: Ring = []
    for number in outline:
        arc = atlas.arcs[number] if number >= 0 else atlas.arcs[~number][::-1]
        points += arc[1:] if points and points[-1] == arc[0] else arc
    while len(points) > 1 and points[0] == points[-1]:
        points.pop()
    return points


def size(points: Sequence[Point]) -> float:
    """Area of a ring in square units of the source."""
    pairs = zip(points, [*points[1:], *points[:1]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2 / GRID**2


def rings(atlas: Atlas, fips: str) -> list[Ring]:
    """The rings of a county that are worth drawing, the largest first."""
    found = sorted((ring(atlas, one) for one in atlas.counties[fips][1]), key=size, reverse=True)
    largest = found[0] if size(found[0]) else _square(found[0][0])
    return [largest, *(one for one in found[1:] if size(one) >= SPECK)]


def _square(point: Point) -> Ring:
    """What stands for a county that the grid swallows: it is there to be found, not to be measured."""
    x, y = point
    return [(x, y), (x + GRID, y), (x + GRID, y + GRID), (x, y + GRID)]


def path(points: Sequence[Point], *, closed: bool = True) -> str:
    """SVG path data in relative steps, without a needless space."""
    out = [f"M{points[0][0]} {points[0][1]}"]
    letter = "l"
    for (ax, ay), (bx, by) in pairwise(points):
        dx, dy = str(bx - ax), str(by - ay)
        gap = "" if letter or dx.startswith("-") else " "
        out.append(f"{letter}{gap}{dx}{'' if dy.startswith('-') else ' '}{dy}")
        letter = ""
    return "".join(out) + ("z" if closed else "")


def middle(points: Sequence[Point]) -> tuple[int, int, int]:
    """The middle of a ring's box, and the longer side of the box."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    return min(xs) + wide // 2, min(ys) + high // 2, max(wide, high)


def borders(atlas: Atlas) -> str:
    """The lines between states: what counties of two states share."""
    users: dict[int, set[str]] = {}
    for fips, (_, outlines) in atlas.counties.items():
        for outline in outlines:
            for number in outline:
                users.setdefault(number if number >= 0 else ~number, set()).add(fips[:2])
    shared = [atlas.arcs[n] for n, states in sorted(users.items()) if len(states) > 1]
    return "".join(path(arc, closed=False) for arc in shared if len(arc) > 1)


def _inside(point: tuple[float, float], outlines: Sequence[Ring]) -> bool:
    x, y = point
    odd = False
    for points in outlines:
        for (ax, ay), (bx, by) in zip(points, [*points[1:], *points[:1]], strict=True):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                odd = not odd
    return odd


def roomiest(outlines: Sequence[Ring], edges: Sequence[Point]) -> tuple[int, int, int]:
    """Where in an area a letter has most room: x, y and distance to the nearest point of its edges."""
    points = [p for one in outlines for p in one]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    steps = 14
    best = (0, 0, -1)
    for i in range(1, steps):
        for j in range(1, steps):
            x = round(min(xs) + (max(xs) - min(xs)) * i / steps)
            y = round(min(ys) + (max(ys) - min(ys)) * j / steps)
            room = min((x - ex) ** 2 + (y - ey) ** 2 for ex, ey in edges)
            if room > best[2] and _inside((x, y), outlines):
                best = (x, y, room)
    return best[0], best[1], int(max(best[2], 0) ** 0.5)


def _edges(atlas: Atlas, state: str) -> list[Point]:
    """Points of the outer edge of a state: of borders that only one county of it has."""
    seen: dict[int, int] = {}
    for fips, (_, outlines) in atlas.counties.items():
        if fips.startswith(state):
            for number in (n if n >= 0 else ~n for outline in outlines for n in outline):
                seen[number] = seen.get(number, 0) + 1
    return [p for number, times in seen.items() if times == 1 for p in atlas.arcs[number]]


def shapes(atlas: Atlas) -> dict[str, object]:
    """What the server draws: counties by FIPS code with their path, letters' places, lines between states."""
    drawn = {fips: rings(atlas, fips) for fips in atlas.counties}
    letters = {}
    for state in sorted({fips[:2] for fips in drawn}):
        own = [one for fips, found in drawn.items() if fips.startswith(state) for one in found]
        letters[state] = roomiest(own, _edges(atlas, state))
    return {
        "source": "us-atlas 3.0.1, counties-albers-10m.json, ISC licence; made by tools/make_map.py",
        "size": [atlas.width, atlas.height],
        "counties": {fips: ["".join(map(path, found)), *middle(found[0])] for fips, found in drawn.items()},
        "letters": letters,
        "borders": borders(atlas),
    }


def names(atlas: Atlas) -> dict[str, list[list[str]]]:
    """Names of counties by state: code within the state, and name."""
    found: dict[str, list[list[str]]] = {}
    for fips, (name, _) in atlas.counties.items():
        found.setdefault(fips[:2], []).append([fips[2:], name])
    return found


def made(source: Path = SOURCE) -> dict[str, bytes]:
    """Every file that is made, by name."""
    atlas = read(source)
    files = {"shapes.json": shapes(atlas), "names.json": names(atlas)}
    return {
        name: (json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n").encode("utf-8")
        for name, value in files.items()
    }


def main() -> None:
    """Write the files."""
    for name, data in made().items():
        (OUT / name).write_bytes(data)


if __name__ == "__main__":
    main()
