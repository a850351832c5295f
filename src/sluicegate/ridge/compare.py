# SPDX-License-Identifier: Apache-2.0
"""The exact comparison of two fingers: which minutiae correspond, and how far that is beyond chance.

The story is `compare_built`: cylinders that look alike give pairs; each of the best pairs proposes a rigid
placement of the probe on the reference; the placement that most other pairs agree with is refitted, bent a
little to follow distortion, and scored. Nothing here is random, and every step has a cap, so that minutiae
made to be costly cost no more than a dense honest print.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.cylinders import Cylinders, alike, build
from sluicegate.ridge.parameters import CompareParameters, Parameters
from sluicegate.ridge.template import Minutiae

_TAU = 2.0 * math.pi
Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What two sets of minutiae have in common.

    `similarity` is 0 or more, unitless: see docs/explanation/identification.md. `pairs` int32 (k, 2) holds
    rows of the probe's and the reference's minutiae. A probe's point p lies at R(rotation) p + shift in the
    reference's frame: rotation in radians counter-clockwise as seen, -pi to pi; shift in pixels.
    """

    similarity: float
    pairs: NDArray[np.int32]
    rotation: float
    shift: tuple[float, float]


NOTHING = Comparison(0.0, np.zeros((0, 2), dtype=np.int32), 0.0, (0.0, 0.0))


@dataclass(frozen=True, slots=True)
class _Placement:
    rotation: float
    x: float
    y: float


def compare(probe: Minutiae, reference: Minutiae, parameters: Parameters) -> Comparison:
    """Compare two sets of minutiae, float32 (n, 4), of templates made by the same extractor."""
    limit = parameters.compare.minutiae
    return compare_built(
        build(probe, parameters.cylinder, limit=limit),
        build(reference, parameters.cylinder, limit=limit),
        parameters.compare,
    )


def compare_built(probe: Cylinders, reference: Cylinders, parameters: CompareParameters) -> Comparison:
    """Compare two fingers whose cylinders are already built."""
    rows, columns, weight = _likely_pairs(alike(probe, reference), parameters)
    if len(rows) < parameters.least:
        return NOTHING
    p, r = probe.minutiae.astype(np.float64), reference.minutiae.astype(np.float64)
    found = NOTHING
    for placement in _placements(p[rows], r[columns], weight, parameters):
        comparison = _settle(p, r, placement, parameters)
        if comparison.similarity > found.similarity:
            found = comparison
    named = np.stack([probe.index[found.pairs[:, 0]], reference.index[found.pairs[:, 1]]], axis=1)
    return Comparison(found.similarity, named, found.rotation, found.shift)


def _likely_pairs(
    local: NDArray[np.float32], parameters: CompareParameters
) -> tuple[NDArray[np.intp], NDArray[np.intp], Grid]:
    """The pairs of minutiae whose neighborhoods are most alike, best first: rows, columns, likeness."""
    flat = local.ravel()
    if flat.size > parameters.pairs:
        bar = max(parameters.alike, float(np.partition(flat, -parameters.pairs)[-parameters.pairs]))
    else:
        bar = parameters.alike
    places = np.flatnonzero(flat >= bar)
    # A stable sort of what reaches the bar, not the partition's own order: ties fall the same way everywhere.
    places = places[np.argsort(-flat[places], kind="stable")][: parameters.pairs]
    rows, columns = np.divmod(places, max(local.shape[1], 1))
    return rows, columns, flat[places].astype(np.float64)


def _placements(p: Grid, r: Grid, weight: Grid, parameters: CompareParameters) -> list[_Placement]:
    """The placements that most pairs agree with, refitted to those pairs; `p[k]` and `r[k]` are pair k."""
    seeds = min(parameters.seeds, len(weight))
    rotation = r[:, 2] - p[:, 2]
    turn = rotation[:seeds]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    dx, dy = p[None, :, 0] - p[:seeds, None, 0], p[None, :, 1] - p[:seeds, None, 1]
    off_x = dx * cos + dy * sin - (r[None, :, 0] - r[:seeds, None, 0])
    off_y = dy * cos - dx * sin - (r[None, :, 1] - r[:seeds, None, 1])
    allowed = parameters.seed_distance + parameters.seed_stretch * np.hypot(dx, dy)
    agrees = off_x**2 + off_y**2 <= allowed**2
    agrees &= np.abs(_wrapped(rotation[None, :] - turn[:, None])) <= parameters.seed_angle
    votes = agrees @ weight
    order = np.argsort(-votes, kind="stable")
    placements: list[_Placement] = []
    taken = np.zeros(seeds, dtype=np.bool_)
    for seed in order:
        # A seed that agrees with a better one proposes the same placement again.
        if not taken[seed]:
            taken |= agrees[seed, :seeds]
            placements.append(_fit(p[agrees[seed]], r[agrees[seed]], weight[agrees[seed]]))
            if len(placements) == parameters.tries:
                break
    return placements


def _fit(p: Grid, r: Grid, weight: Grid) -> _Placement:
    """The rigid placement with the least weighted squared distance (Kabsch, in the plane)."""
    total = weight.sum()
    p_mean, r_mean = weight @ p[:, :2] / total, weight @ r[:, :2] / total
    a, b = p[:, :2] - p_mean, r[:, :2] - r_mean
    along = float(weight @ (a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1]))
    across = float(weight @ (a[:, 1] * b[:, 0] - a[:, 0] * b[:, 1]))
    turned = _wrapped(r[:, 2] - p[:, 2])
    # Directions vote too: positions alone say little about rotation when the pairs lie close together.
    arm = 400.0 * total
    along += arm * float(np.cos(turned) @ weight) / total
    across += arm * float(np.sin(turned) @ weight) / total
    rotation = math.atan2(across, along)
    cos, sin = math.cos(rotation), math.sin(rotation)
    x = r_mean[0] - (cos * p_mean[0] + sin * p_mean[1])
    y = r_mean[1] - (cos * p_mean[1] - sin * p_mean[0])
    return _Placement(rotation, float(x), float(y))


def _placed(p: Grid, placement: _Placement) -> Grid:
    """Probe minutiae (n, 3) in the reference's frame."""
    cos, sin = math.cos(placement.rotation), math.sin(placement.rotation)
    x = cos * p[:, 0] + sin * p[:, 1] + placement.x
    y = cos * p[:, 1] - sin * p[:, 0] + placement.y
    return np.stack([x, y, p[:, 2] + placement.rotation], axis=1)


def _settle(p: Grid, r: Grid, placement: _Placement, parameters: CompareParameters) -> Comparison:
    """Pair all minutiae under a placement, refit, bend to follow distortion, pair again, and score."""
    rigid = placed = _placed(p, placement)
    pairs, _ = _paired(placed, r, parameters, widened=parameters.first_distance / parameters.distance)
    if len(pairs) < parameters.least:
        return NOTHING
    placement = _fit(p[pairs[:, 0]], r[pairs[:, 1]], _weights(p, r, pairs))
    rigid = placed = _placed(p, placement)
    for widened in (parameters.first_distance / parameters.distance, 1.0):
        pairs, _ = _paired(placed, r, parameters, widened=widened)
        placed = _bent(rigid, r, pairs, parameters.bandwidth)
    pairs, apart = _paired(placed, r, parameters)
    if len(pairs) < parameters.least:
        return NOTHING
    similarity = _beyond_chance(p, r, pairs, apart, placed, parameters)
    return Comparison(similarity, pairs.astype(np.int32), placement.rotation, (placement.x, placement.y))


def _weights(p: Grid, r: Grid, pairs: NDArray[np.intp]) -> Grid:
    """What each pair weighs in a fit: the geometric mean of the two qualities, never quite nothing."""
    return np.asarray(np.sqrt(p[pairs[:, 0], 3] * r[pairs[:, 1], 3]) + 1e-3)


def _paired(
    placed: Grid, r: Grid, parameters: CompareParameters, *, widened: float = 1.0
) -> tuple[NDArray[np.intp], Grid]:
    """Pairs (k, 2) that are each other's best, and their cost 0 to 1 (k,), in order of the probe's rows.

    `widened` is a factor on the distance at which minutiae may still correspond.
    """
    cost = (placed[:, None, 0] - r[None, :, 0]) ** 2
    cost += (placed[:, None, 1] - r[None, :, 1]) ** 2
    cost /= (parameters.distance * widened) ** 2
    near_rows, near_columns = np.nonzero(cost < 1.0)
    off = _wrapped(placed[near_rows, 2] - r[near_columns, 2]) / parameters.angle
    near = cost[near_rows, near_columns] + off * off
    cost.fill(np.inf)
    fits = near < 1.0
    cost[near_rows[fits], near_columns[fits]] = near[fits]
    rows = np.arange(len(placed))
    choice = cost.argmin(axis=1)
    mutual = (cost.argmin(axis=0)[choice] == rows) & np.isfinite(cost[rows, choice])
    rows, choice = rows[mutual], choice[mutual]
    return np.stack([rows, choice], axis=1), cost[rows, choice]


def _bent(placed: Grid, r: Grid, pairs: NDArray[np.intp], bandwidth: float) -> Grid:
    """The placed probe, each minutia moved as the pairs near it say: skin stretches smoothly."""
    anchor = placed[pairs[:, 0]]
    residual = r[pairs[:, 1], :2] - anchor[:, :2]
    apart = (placed[:, None, 0] - anchor[None, :, 0]) ** 2 + (placed[:, None, 1] - anchor[None, :, 1]) ** 2
    weight = np.exp(apart * (-0.5 / bandwidth**2))
    # One pair's worth of "do not move" keeps a lone pair from pulling its surroundings onto itself.
    move = weight @ residual / (weight.sum(axis=1) + 1.0)[:, None]
    moved = placed.copy()
    moved[:, :2] += move
    return moved


def _wrapped(angle: Grid) -> Grid:
    """Angles brought to -pi up to pi."""
    return np.asarray(np.mod(angle + math.pi, _TAU) - math.pi)


def _beyond_chance(
    p: Grid, r: Grid, pairs: NDArray[np.intp], apart: Grid, placed: Grid, parameters: CompareParameters
) -> float:
    """The weight of the corresponding minutiae, times their share of the minutiae where the prints overlap.

    A pair weighs by the quality of both minutiae and by how close they came. A minutia lies in the overlap if
    the other print has any minutia within `overlap` pixels of its place.
    """
    reach = parameters.overlap**2
    gap = (placed[:, None, 0] - r[None, :, 0]) ** 2 + (placed[:, None, 1] - r[None, :, 1]) ** 2
    within_p, within_r = gap.min(axis=1) <= reach, gap.min(axis=0) <= reach
    weight = float((np.exp(-apart) * np.sqrt(p[pairs[:, 0], 3] * r[pairs[:, 1], 3])).sum())
    expected = math.sqrt(float(p[within_p, 3].sum() * r[within_r, 3].sum()))
    return weight * weight / expected if expected > 0.0 else 0.0
