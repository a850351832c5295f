# SPDX-License-Identifier: Apache-2.0
"""The exact comparison on packed fingers in NumPy: the words of the method, and the twin of the C kernels.

Equal to `native/compare_body.h` bit for bit, because nothing depends on an order that differs: counts, votes
and moments are sums of integers; everything else is one IEEE operation after another on single floats
(float32, where not said otherwise), and the only sums of floats run over pairs in their order. An expression
here groups its operations as the C does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.comparing_record import length_at
from sluicegate.ridge.comparing_tables import DEAR
from sluicegate.ridge.comparing_twin_read import Finger, read

Numbers = NDArray[Any]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_ONE = np.float32(1.0)
UNITS = 65535.0 * 255.0  # a pair of best quality and no cost weighs this much


@dataclass(frozen=True, slots=True)
class Placement:
    """The probe's frame in the reference's: a rotation and a shift in pixels."""

    cosine: np.float32
    sine: np.float32
    x: np.float32
    y: np.float32


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of rows of the probe and of the reference, int64 (k,) each, and what each costs below DEAR."""

    rows: Ints
    columns: Ints
    cost: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Voters:
    """Likely pairs in order of row and column: likeness, rotation in 1/256 turns; `seeds` are indexes."""

    rows: Ints
    columns: Ints
    like: Ints
    turn: Ints
    seeds: NDArray[np.intp]


def compare_many(
    numbers: Numbers, record: bytes, blob: NDArray[np.uint8], offsets: NDArray[np.uint64]
) -> tuple[NDArray[np.float32], int]:
    """Similarities, and how many there are: fewer than asked if one is no whole record."""
    probe = read(np.frombuffer(record, dtype=np.uint8), numbers[0])
    found = np.zeros(len(offsets), dtype=np.float32)
    for k, at in enumerate(offsets.tolist()):
        length = length_at(blob, at)
        if not length:
            return found, k
        found[k] = _compared(probe, read(blob[at : at + length], numbers[0]), numbers[0])[0]
    return found, len(offsets)


def compare_one(
    numbers: Numbers, record: bytes, reference: NDArray[np.uint8]
) -> tuple[float, float, float, float, float, bytes]:
    """Similarity, cosine and sine of the rotation, x and y of the shift, and pairs as uint16 (k, 2)."""
    probe, other = (read(one, numbers[0]) for one in (np.frombuffer(record, dtype=np.uint8), reference))
    similarity, placement, pairs = _compared(probe, other, numbers[0])
    named = np.stack([pairs.rows, pairs.columns], axis=1).astype(np.uint16).tobytes()
    placed = (float(v) for v in (placement.cosine, placement.sine, placement.x, placement.y))
    cosine, sine, x, y = placed
    return float(similarity), cosine, sine, x, y, named


NO_PAIRS = Pairs(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
_NOWHERE = Placement(np.float32(0), np.float32(0), np.float32(0), np.float32(0))


def _compared(p: Finger, r: Finger, n: Any) -> tuple[np.float32, Placement, Pairs]:
    """Likely pairs vote for placements; the placement whose pairs weigh most is settled."""
    voters = likely_pairs(p, r, n)
    if len(voters.rows) < n["least"]:
        return np.float32(0), _NOWHERE, NO_PAIRS
    best, most = NO_PAIRS, 0
    for placement in proposals(p, r, voters, n):
        x, y, u, v = placed_by(p, placement)
        pairs = mutual_pairs(x, y, u, v, r, n["wide"], n)
        weight = weight_of(p, r, pairs, n)
        if len(pairs.rows) >= n["least"] and weight > most:
            best, most = pairs, weight
    return _settled(p, r, best, n) if most else (np.float32(0), _NOWHERE, NO_PAIRS)


def likely_pairs(p: Finger, r: Finger, n: Any) -> Voters:
    """The pairs of minutiae whose cylinders are most alike, and which of them propose a placement."""
    common = np.zeros((len(p.x), len(r.x)), dtype=np.int64)
    for a, b in zip(p.bits.T, r.bits.T, strict=True):
        common += np.bitwise_count(a[:, None] & b[None, :])
    total = np.maximum(p.ones[:, None] + r.ones[None, :], 1)
    share = (common * 512).astype(np.float32) / total.astype(np.float32)
    like = np.minimum(share.astype(np.int64), 255)
    rows, columns = np.nonzero(like >= n["alike"])
    reached = like[rows, columns]
    chosen = _best(reached, int(n["pairs"]))
    seeds = _best(reached, int(n["seeds"]))[chosen]
    rows, columns = rows[chosen].astype(np.int64), columns[chosen].astype(np.int64)
    turn = (r.theta[columns] - p.theta[rows]) & 255
    return Voters(rows, columns, reached[chosen], turn, np.flatnonzero(seeds))


def _best(like: Ints, most: int) -> NDArray[np.bool_]:
    """Which are the `most` largest; of equals at the bar the first."""
    chosen = np.zeros(len(like), dtype=np.bool_)
    chosen[np.argsort(-like, kind="stable")[:most]] = True
    return chosen


def proposals(p: Finger, r: Finger, o: Voters, n: Any) -> list[Placement]:
    """Placements by the seeds with most votes, none by a seed that an earlier one agreed with."""
    agrees = _agreement(p, r, o, n)
    votes = agrees @ o.like
    taken = np.zeros(len(o.rows), dtype=np.bool_)
    placements: list[Placement] = []
    while len(placements) < n["tries"]:
        free = ~taken[o.seeds]
        if not free.any():
            break
        # The first of those with most votes.
        seed = int(np.where(free, votes, -1).argmax())
        mine = agrees[seed]
        taken |= mine
        placements.append(best_fit(p, r, Pairs(o.rows[mine], o.columns[mine], o.like[mine]), o.like[mine], n))
    return placements


def _agreement(p: Finger, r: Finger, o: Voters, n: Any) -> NDArray[np.bool_]:
    """Which pairs (k,) agree with each seed (s,): lie where its rotation would bring them; bool (s, k)."""
    px, py, rx, ry = p.x[o.rows], p.y[o.rows], r.x[o.columns], r.y[o.columns]
    turn = o.turn[o.seeds]
    c, s = n["cosine"][turn][:, None], n["sine"][turn][:, None]
    dx, dy = px[None, :] - px[o.seeds, None], py[None, :] - py[o.seeds, None]
    off_x = dx * c + dy * s - (rx[None, :] - rx[o.seeds, None])
    off_y = dy * c - dx * s - (ry[None, :] - ry[o.seeds, None])
    larger, smaller = np.maximum(abs(dx), abs(dy)), np.minimum(abs(dx), abs(dy))
    allowed = n["seed_distance"] + larger * n["seed_long"] + smaller * n["seed_short"]
    off = (o.turn[None, :] - turn[:, None] + n["seed_turn"]) & 255
    return np.asarray((off_x * off_x + off_y * off_y <= allowed * allowed) & (off <= 2 * int(n["seed_turn"])))


def best_fit(p: Finger, r: Finger, pairs: Pairs, weight: Ints, n: Any) -> Placement:
    """The rigid placement with the least weighted squared distance; directions vote with 20 pixels' arm."""
    px, py, rx, ry = p.ix[pairs.rows], p.iy[pairs.rows], r.ix[pairs.columns], r.iy[pairs.columns]
    turn = (r.theta[pairs.columns] - p.theta[pairs.rows]) & 255
    w = float(weight.sum())
    sum_px, sum_py, sum_rx, sum_ry = (float((weight * v).sum()) for v in (px, py, rx, ry))
    along = float((weight * (px * rx + py * ry)).sum()) - (sum_px * sum_rx + sum_py * sum_ry) / w
    across = float((weight * (py * rx - px * ry)).sum()) - (sum_py * sum_rx - sum_px * sum_ry) / w
    along = along + float((weight * n["cosine14"][turn]).sum()) * (400.0 / 16384.0)
    across = across + float((weight * n["sine14"][turn]).sum()) * (400.0 / 16384.0)
    length = math.sqrt(along * along + across * across)
    c, s = (along / length, across / length) if length > 0.0 else (1.0, 0.0)
    x = (sum_rx - (c * sum_px + s * sum_py)) / w
    y = (sum_ry - (c * sum_py - s * sum_px)) / w
    return Placement(np.float32(c), np.float32(s), np.float32(x), np.float32(y))


def placed_by(p: Finger, at: Placement) -> tuple[Floats, Floats, Floats, Floats]:
    """The probe's places and directions in the reference's frame."""
    x = at.cosine * p.x + at.sine * p.y + at.x
    y = at.cosine * p.y - at.sine * p.x + at.y
    return x, y, at.cosine * p.u - at.sine * p.v, at.sine * p.u + at.cosine * p.v


def mutual_pairs(x: Floats, y: Floats, u: Floats, v: Floats, r: Finger, far: np.float32, n: Any) -> Pairs:
    """Pairs that are each other's cheapest, the first of equals, in order of the probe's rows."""
    dx, dy = r.x[None, :] - x[:, None], r.y[None, :] - y[:, None]
    turned = _ONE - (u[:, None] * r.u[None, :] + v[:, None] * r.v[None, :])
    cost = (dx * dx + dy * dy) * far + turned * n["angle"]
    whole = np.minimum(cost, np.float32(DEAR)).astype(np.int64)
    columns, rows = whole.argmin(axis=1), np.arange(len(x))
    least = whole[rows, columns]
    mutual = (least < DEAR) & (whole.argmin(axis=0)[columns] == rows)
    return Pairs(rows[mutual].astype(np.int64), columns[mutual].astype(np.int64), least[mutual])


def weights_of(p: Finger, r: Finger, pairs: Pairs, n: Any) -> Ints:
    """What each pair weighs by the quality of its two minutiae."""
    return np.asarray(n["weight"][p.quality[pairs.rows], r.quality[pairs.columns]], dtype=np.int64)


def weight_of(p: Finger, r: Finger, pairs: Pairs, n: Any) -> int:
    """What the pairs weigh together, by quality and by how close they came; UNITS are one perfect pair."""
    return int((n["close"][pairs.cost >> 5].astype(np.int64) * weights_of(p, r, pairs, n)).sum())


def bent_by(x: Floats, y: Floats, r: Finger, pairs: Pairs, n: Any) -> tuple[Floats, Floats]:
    """Places moved as the pairs near them say: skin stretches smoothly."""
    # One pair's worth of "do not move": a lone pair must not pull its surroundings onto itself.
    total, move_x, move_y = np.ones_like(x), np.zeros_like(x), np.zeros_like(x)
    for row, column in zip(pairs.rows, pairs.columns, strict=True):
        ax, ay = x[row], y[row]
        to_x, to_y = r.x[column] - ax, r.y[column] - ay
        dx, dy = x - ax, y - ay
        t = np.maximum(_ONE - (dx * dx + dy * dy) * n["bend"], np.float32(0))
        t = t * t
        t = t * t
        t = t * t
        total = total + t
        move_x = move_x + t * to_x
        move_y = move_y + t * to_y
    return x + move_x / total, y + move_y / total


def _settled(p: Finger, r: Finger, pairs: Pairs, n: Any) -> tuple[np.float32, Placement, Pairs]:
    """Refit to the pairs of the best placement, pair, bend, pair, bend, pair, and score."""
    placement = best_fit(p, r, pairs, 1 + weights_of(p, r, pairs, n), n)
    x, y, u, v = placed_by(p, placement)
    bent_x, bent_y = bent_by(x, y, r, mutual_pairs(x, y, u, v, r, n["wide"], n), n)
    bent_x, bent_y = bent_by(x, y, r, mutual_pairs(bent_x, bent_y, u, v, r, n["narrow"], n), n)
    pairs = mutual_pairs(bent_x, bent_y, u, v, r, n["narrow"], n)
    similarity, _, pairs, _ = scored(p, r, pairs, bent_x, bent_y, n)
    return similarity, placement, pairs


def scored(
    p: Finger, r: Finger, pairs: Pairs, x: Floats, y: Floats, n: Any
) -> tuple[np.float32, float, Pairs, NDArray[np.bool_]]:
    """Similarity, what a full correspondence would weigh, the pairs that count (none if too few), and
    which minutiae of the probe, placed at x and y, lie near which of the reference, bool (p, r)."""
    dx, dy = r.x[None, :] - x[:, None], r.y[None, :] - y[:, None]
    near = dx * dx + dy * dy <= n["overlap"]
    ours, theirs = int(p.quality[near.any(axis=1)].sum()), int(r.quality[near.any(axis=0)].sum())
    expected = math.sqrt(float(ours * theirs)) / 15.0
    if len(pairs.rows) < n["least"] or ours == 0 or theirs == 0:
        return np.float32(0), expected, NO_PAIRS, near
    weight = float(weight_of(p, r, pairs, n)) / UNITS
    return np.float32(weight * weight / expected), expected, pairs, near
