# SPDX-License-Identifier: Apache-2.0
"""People for galleries of millions: minutiae drawn without pictures, and mated impressions of the same.

Where ridges drift apart, new ones must begin: the flow demands minutiae there, and says which way they
point. Others lie anywhere. So a finger's minutiae are two point processes on one flow (Wieditz, Pokern,
Schuhmacher and Huckemann, "Characteristic and necessary minutiae in fingerprints", 2022), kept apart by a
hard-core distance, because an extractor reports one minutia where two would touch. An impression shows the
part that touched, bent and turned as `impression` bends pictures; a reading misses some minutiae, adds
others, and errs. The numbers stand in `data/population.toml`; how the result agrees with extracted minutiae
is shown in docs/explanation/synthetic-people.md.

Ten fingers are drawn together, from one chance per (seed, subject), so that each subject can be made alone.
Values are rounded to the steps of `ridge.template`, so that encoding loses nothing. Equal arguments give
equal bytes on one NumPy and kind of processor (see `master_print`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.anatomy import finger_pattern, finger_size
from sluicegate.ridge.synthetic.field import draw_flow
from sluicegate.ridge.synthetic.flows import Flows, Waves
from sluicegate.ridge.synthetic.impression import EVERYDAY, Condition, Kind
from sluicegate.ridge.synthetic.numbers import ContactNumbers, Numbers, load
from sluicegate.ridge.synthetic.smooth import FloatArray, stream
from sluicegate.ridge.template import STEP, TURN, FingerTemplate, Minutiae, Template

MAKER, MAKING = "population", "1"
"""Extractor and parameters of the templates made here, unless the caller names the ones they stand in for."""

FRAME = (750, 800)
"""Rows and columns of the box, in pixels at 500 ppi, in which a print lies about the middle."""

FINGERS = range(1, 11)

_FINGER, _CONTACT = 0x706F, 0x7075
_TAU = np.float32(2.0 * np.pi)
_ABREAST = 40  # at the highest density a strip of 18 pixels the height of a finger holds fewer
_BEND_LENGTH = 60.0  # pixels over which elastic bending changes; `impression` has knots 110 apart
_HALF = np.float32(0.475)  # of the finger's sides: where a rolled print can reach
_ROLLED, _PLAIN = 1, 0  # IMP codes: live-scan
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Hand:
    """Ten fingers before any contact, one row each; where `alive` is False there is no minutia.

    `x`, `y` in pixels from the center, y up; `theta` in radians, the way the minutia points; `level` is how
    plainly the minutia shows, in standard deviations; `half` (2, 10, 1) are half width and height.
    """

    flows: Flows
    x: FloatArray
    y: FloatArray
    theta: FloatArray
    level: FloatArray
    alive: _Mask
    half: FloatArray


def finger(seed: int, subject: int, fgp: int, kind: Kind = "rolled", session: int = 0) -> Minutiae:
    """The minutiae of one impression of one finger; costs as much as all ten.

    Args:
        seed: whole number >= 0, the population.
        subject: whole number >= 0, the person within it.
        fgp: finger position 1 to 10.
        kind: "rolled" or "plain".
        session: whole number >= 0; another session is another contact of the same finger.

    Returns:
        (n, 4) float32 as `ridge.template.Minutiae`, within `FRAME`, in reading order.

    Raises:
        UsageError: an argument is out of range.
    """
    if fgp not in FINGERS:
        raise UsageError("a synthetic finger needs a finger position of 1 to 10")
    return impressions(seed, subject, kind, session)[fgp - 1]


def person(
    seed: int, subject: int, *, extractor: str = MAKER, parameters: str = MAKING, session: int = 0
) -> Template:
    """Ten rolled fingers of one person. Raises UsageError as `finger` does."""
    return _template(impressions(seed, subject, "rolled", session), _ROLLED, extractor, parameters)


def impression_of(
    seed: int,
    subject: int,
    session: int,
    *,
    kind: Kind = "plain",
    condition: Condition = EVERYDAY,
    extractor: str = MAKER,
    parameters: str = MAKING,
) -> Template:
    """Another taking of the same ten fingers, mated to `person`. Raises UsageError as `finger` does.

    Of the condition, rotation, shift, elastic, pull and coverage count; what concerns ink alone does not.
    """
    imp = _ROLLED if kind == "rolled" else _PLAIN
    return _template(impressions(seed, subject, kind, session, condition), imp, extractor, parameters)


def people(
    seed: int,
    first: int,
    count: int,
    *,
    chunk: int = 256,
    extractor: str = MAKER,
    parameters: str = MAKING,
) -> Iterator[list[Template]]:
    """Subjects `first` up to `first + count`, at most `chunk` at a time, for those who fill galleries.

    Raises:
        UsageError: a number is negative or the chunk empty.
    """
    if count < 0 or chunk < 1:
        raise UsageError("a population needs a count >= 0 and a chunk >= 1")
    for start in range(first, first + count, chunk):
        subjects = range(start, min(start + chunk, first + count))
        yield [person(seed, subject, extractor=extractor, parameters=parameters) for subject in subjects]


def impressions(
    seed: int, subject: int, kind: Kind = "rolled", session: int = 0, condition: Condition = EVERYDAY
) -> tuple[Minutiae, ...]:
    """The minutiae of ten fingers, right thumb to left little finger. Raises UsageError as `finger` does."""
    if min(seed, subject, session) < 0 or kind not in ("rolled", "plain"):
        raise UsageError("a synthetic print needs numbers >= 0 and a kind of rolled or plain")
    numbers = load()
    hand = _hand(stream(_FINGER, seed, subject), numbers)
    rng = stream(_CONTACT, seed, subject, int(kind == "rolled"), session)
    return _read(rng, hand, kind, condition, numbers)


def _template(fingers: tuple[Minutiae, ...], imp: int, extractor: str, parameters: str) -> Template:
    height, width = FRAME
    made = (FingerTemplate(fgp, imp, width, height, one) for fgp, one in zip(FINGERS, fingers, strict=True))
    return Template(extractor, parameters, tuple(made))


def _hand(rng: np.random.Generator, numbers: Numbers) -> _Hand:
    """Draw ten flows, put minutiae on them, thin them to their distance, and let each point one way."""
    own = numbers.finger
    size = float(np.clip(rng.normal(own.size, own.size_spread), 0.75, 1.5))
    sides = [(size * height, size * width) for height, width in map(finger_size, FINGERS)]
    drawn = [
        draw_flow(rng, finger_pattern(rng, fgp), height=height, width=width)
        for fgp, (height, width) in zip(FINGERS, sides, strict=True)
    ]
    flows = Flows.of(drawn, Waves.draw(rng, len(FINGERS), own.wander_length, own.wander))
    half = (_HALF * np.array(sides, dtype=np.float32).T[::-1])[..., None]
    richness = np.exp(own.density_spread * rng.standard_normal((len(FINGERS), 1), dtype=np.float32))
    density = np.float32(own.density) * richness
    most = density * np.float32(np.hypot(1.0, own.demanded_most))
    x, y, alive = _scattered(rng, half, most)
    theta, spread = flows.at(x, y)
    limit = np.float32(own.demanded_most) * density
    demand = np.clip(spread * np.float32(own.demanded / own.period), -limit, limit)
    # Measured on grown ridges: the signed density is what the flow demands, all together this much.
    total = np.hypot(density, demand)
    alive &= rng.random(x.shape, dtype=np.float32) * most < total
    x, y, theta, demand, alive = _packed(alive, x, y, theta, demand / total)
    alive, paired = _thinned(rng, x, y, alive, numbers)
    # As many more point the way the ridges drift apart than the other way as the flow demands.
    opposed = rng.random(x.shape, dtype=np.float32) > 0.5 * (1.0 + demand)
    opposed = _faced(rng, opposed, paired, np.float32(own.paired) * (np.float32(1.0) - np.abs(demand)))
    theta = theta + np.where(opposed, _TAU / 2, np.float32(0.0))
    level = rng.standard_normal(x.shape, dtype=np.float32)
    return _Hand(flows, x, y, theta, level, alive, half)


def _scattered(
    rng: np.random.Generator, half: FloatArray, density: FloatArray
) -> tuple[FloatArray, FloatArray, _Mask]:
    """Poisson places on the rectangle of each finger, those beyond its rounded corners dead."""
    most = rng.poisson((4.0 * half[0] * half[1] * density)[:, 0])
    shape = (len(most), int(most.max()))
    unit = np.float32(2.0) * rng.random((2, *shape), dtype=np.float32) - np.float32(1.0)
    alive = np.arange(shape[1]) < most[:, None]
    square = np.abs(unit)
    alive &= square[0] ** 3 + square[1] ** 3 < 1.0
    return unit[0] * half[0], unit[1] * half[1], alive


def _packed(
    alive: _Mask, *columns: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, _Mask]:
    """The living first in every row, by rising x, and no more columns than the longest row needs."""
    order = np.argsort(np.where(alive, columns[0], np.float32(1e6)), axis=1, kind="stable")
    order = order[:, : max(1, int(alive.sum(axis=1).max()))]
    x, y, theta, other = (np.take_along_axis(column, order, axis=1) for column in columns)
    return x, y, theta, other, np.take_along_axis(alive, order, axis=1)


def _thinned(
    rng: np.random.Generator, x: FloatArray, y: FloatArray, alive: _Mask, numbers: Numbers
) -> tuple[_Mask, NDArray[np.intp]]:
    """Who keeps the hard-core distance, and for each the earlier one that it is paired with, or -1.

    `x` must rise along each row of the living. Only the next `_ABREAST` to the right are looked at:
    hardly ever are there so many in a strip as wide as the distance.
    """
    own = numbers.finger
    keep = rng.uniform(*own.apart, x.shape).astype(np.float32) ** 2
    turn = rng.random(x.shape, dtype=np.float32)
    nearest = np.full(x.shape, np.float32(own.paired_within**2))
    partner = np.full(x.shape, -1, dtype=np.intp)
    stays = alive.copy()
    columns = np.arange(x.shape[1])
    for step in range(1, min(_ABREAST, x.shape[1])):
        left, right = np.s_[:, :-step], np.s_[:, step:]
        beside = x[right] - x[left]
        near = alive[left] & alive[right] & (beside < np.float32(own.paired_within))
        if not near.any():
            break
        away = np.where(near, beside**2 + (y[right] - y[left]) ** 2, np.float32(np.inf))
        first = turn[left] < turn[right]
        # Whoever came later has an earlier neighbor too close and gives way.
        for late, other, came_late in ((right, columns[:-step], first), (left, columns[step:], ~first)):
            stays[late] &= ~(came_late & (away < keep[late]))
            nearer = came_late & (away < nearest[late])
            nearest[late] = np.where(nearer, away, nearest[late])
            partner[late] = np.where(nearer, other, partner[late])
    return stays, partner


def _faced(rng: np.random.Generator, opposed: _Mask, paired: NDArray[np.intp], chance: FloatArray) -> _Mask:
    """Turn the paired away from their partner by chance: the two ends of one short ridge, or of one lake."""
    partner = np.take_along_axis(opposed, np.maximum(paired, 0), axis=1)
    turned = (paired >= 0) & (rng.random(opposed.shape, dtype=np.float32) < chance)
    return np.where(turned, ~partner, opposed)


def _read(
    rng: np.random.Generator, hand: _Hand, kind: Kind, condition: Condition, numbers: Numbers
) -> tuple[Minutiae, ...]:
    """What an extractor reads of one contact of each finger."""
    own = numbers.reading
    x, y, theta, level, alive = _with_false(rng, hand, numbers)
    sides = hand.half / (2.0 * _HALF)
    depth = _depth(rng, x / sides[0], y / sides[1], kind, condition, numbers.contact)
    bad = _bad_patch(rng, x, y, hand.half)
    level = np.float32(numbers.quality.level) + np.float32(numbers.quality.level_spread) * level
    level -= np.float32(numbers.quality.rim) * np.exp(-6.0 * depth) + np.float32(numbers.quality.patch) * bad
    # What shows less plainly is missed more often.
    seen = rng.random(x.shape, dtype=np.float32) >= own.missed * np.exp(0.5 * (numbers.quality.level - level))
    alive = alive & (depth > 0) & seen
    wild = rng.random(x.shape, dtype=np.float32) < own.wild
    error = np.where(wild, np.float32(own.angle_wild), np.float32(own.angle))
    theta = np.add(theta, error * rng.standard_normal(x.shape, dtype=np.float32))
    x, y, turn = _moved(rng, x, y, hand.half, condition)
    x = x + np.float32(own.jitter) * rng.standard_normal(x.shape, dtype=np.float32)
    y = y + np.float32(own.jitter) * rng.standard_normal(x.shape, dtype=np.float32)
    quality = np.asarray(0.3 + (numbers.quality.top - 0.3) / (1.0 + np.exp(-level)), dtype=np.float32)
    return _laid_down(x, y, theta + turn, quality, alive)


def _with_false(
    rng: np.random.Generator, hand: _Hand, numbers: Numbers
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, _Mask]:
    """The hand's minutiae and beside them false ones: pores, creases, dirt, taken for the end of a ridge."""
    count = rng.poisson(numbers.reading.added * hand.alive.sum(axis=1))
    shape = (len(count), max(1, int(count.max())))
    place = np.float32(2.0) * rng.random((2, *shape), dtype=np.float32) - np.float32(1.0)
    x, y = place[0] * hand.half[0], place[1] * hand.half[1]
    # An extractor that reads dirt as a minutia reads its direction off the ridges beside it.
    theta = hand.flows.at(x, y)[0] + _TAU / 2 * rng.integers(0, 2, shape).astype(np.float32)
    away = (x[:, :, None] - hand.x[:, None, :]) ** 2 + (y[:, :, None] - hand.y[:, None, :]) ** 2
    away[~np.broadcast_to(hand.alive[:, None, :], away.shape)] = np.inf
    alive = np.arange(shape[1]) < count[:, None]
    alive &= away.min(axis=2) >= np.float32(numbers.finger.apart[0] ** 2)
    level = rng.standard_normal(shape, dtype=np.float32) - np.float32(numbers.quality.false)
    own, fill = (hand.x, hand.y, hand.theta, hand.level, hand.alive), (x, y, theta, level, alive)
    x, y, theta, level, alive = (np.concatenate(pair, axis=1) for pair in zip(own, fill, strict=True))
    return x, y, theta, level, alive


def _depth(
    rng: np.random.Generator,
    x: FloatArray,
    y: FloatArray,
    kind: Kind,
    condition: Condition,
    numbers: ContactNumbers,
) -> FloatArray:
    """How far inside the contact each place lies: 1 in the middle, 0 at the rim and outside.

    `x` and `y` are places as shares of the half sides.
    """
    n = len(x)
    reach = condition.coverage * np.clip(rng.normal(1.0, 0.04, (2, n, 1)), 0.85, 1.1)
    (rim_x, rim_y), off = (numbers.rolled, 0.01) if kind == "rolled" else (numbers.plain, 0.04)
    middle = (1.0 - reach) * rng.uniform(-1.0, 1.0, (2, n, 1)) + rng.normal(0.0, off, (2, n, 1))
    across = np.abs((x - middle[0]) / (rim_x * reach[0]))
    along = np.abs((y - middle[1]) / (rim_y * reach[1]))
    power = 3 if kind == "rolled" else 2
    depth: FloatArray = np.maximum(1.0 - across**power - along**power, 0.0).astype(np.float32)
    return depth


def _bad_patch(rng: np.random.Generator, x: FloatArray, y: FloatArray, half: FloatArray) -> FloatArray:
    """How far each place lies in the one bad patch of each contact, 0 to 1."""
    place = rng.uniform(-0.8, 0.8, (2, len(x), 1)).astype(np.float32) * half
    away = (x - place[0]) ** 2 + (y - place[1]) ** 2
    bad: FloatArray = np.exp(away * np.float32(-0.5 / 55.0**2))
    return bad


def _moved(
    rng: np.random.Generator, x: FloatArray, y: FloatArray, half: FloatArray, condition: Condition
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places as the contact bends, turns and shifts them; the turn (n, 1), radians counter-clockwise."""
    n = len(x)
    radius = (x / half[0]) ** 2 + (y / half[1]) ** 2
    slip = np.clip(radius * np.float32(1.6) - np.float32(0.2), 0.0, 1.0)
    pull = rng.normal(0.0, condition.pull, (2, n, 1)).astype(np.float32)
    torque = rng.normal(0.0, condition.pull, (n, 1)).astype(np.float32) / half[1]
    right, up = (Waves.draw(rng, n, _BEND_LENGTH, condition.elastic).value(x, y) for _ in range(2))
    bent_x = x + slip * (pull[0] - torque * y) + right
    bent_y = y + slip * (pull[1] + torque * x) + up
    turn = np.deg2rad(rng.normal(0.0, condition.rotation, (n, 1))).astype(np.float32)
    shift = np.clip(rng.normal(0.0, condition.shift, (2, n, 1)), -48.0, 48.0).astype(np.float32)
    cos, sin = np.cos(turn), np.sin(turn)
    return cos * bent_x - sin * bent_y + shift[0], sin * bent_x + cos * bent_y + shift[1], turn


def _laid_down(
    x: FloatArray, y: FloatArray, theta: FloatArray, quality: FloatArray, alive: _Mask
) -> tuple[Minutiae, ...]:
    """The fingers in their boxes, rows counted downwards, in steps of the template and reading order."""
    rows, columns = FRAME
    x4 = np.rint(STEP * (x + np.float32(columns / 2)))
    y4 = np.rint(STEP * (np.float32(rows / 2) - y))
    alive = alive & (x4 >= 0) & (x4 < STEP * columns) & (y4 >= 0) & (y4 < STEP * rows)
    turns = np.mod(np.rint(theta * np.float32(TURN / (2 * np.pi))), TURN)
    table = np.stack(
        [
            x4 / np.float32(STEP),
            y4 / np.float32(STEP),
            turns.astype(np.float64) * (2.0 * np.pi / TURN),
            np.rint(quality * np.float32(255.0)) / np.float32(255.0),
        ],
        axis=-1,
    ).astype(np.float32)
    made = []
    for one, own in zip(table, alive, strict=True):
        kept = one[own]
        made.append(np.ascontiguousarray(kept[np.lexsort((kept[:, 0], kept[:, 1]))]))
    return tuple(made)
