# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from engine_people import moved, print_of, second
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.compare import compare
from sluicegate.ridge.cylinders import build, cells_within

P = numbers.load()
NOBODY = np.zeros((0, 4), dtype=np.float32)


def heap(count: int) -> NDArray[np.float32]:
    """`count` minutiae, all in one place and direction."""
    return np.tile(np.array([[300.0, 300.0, 1.0, 0.9]], dtype=np.float32), (count, 1))


def lattice(count: int) -> NDArray[np.float32]:
    """`count` minutiae on a square lattice, all of one direction: every placement fits as well."""
    side = math.isqrt(count - 1) + 1
    rows, columns = np.divmod(np.arange(count), side)
    ones = np.ones(count)
    return np.column_stack([columns * 9.0, rows * 9.0, ones, ones]).astype(np.float32)


def test_a_print_corresponds_to_itself_minutia_by_minutia() -> None:
    """A print compared with itself pairs every minutia with itself, without turning or shifting it."""
    own = print_of(1, 2)
    found = compare(own, own, P)
    assert np.array_equal(found.pairs[:, 0], found.pairs[:, 1])
    assert len(found.pairs) == len(own)
    assert abs(found.rotation) < 1e-6
    assert max(map(abs, found.shift)) < 1e-3


@pytest.mark.parametrize("turn", [-2.5, -1.0, -0.3, 0.0, 0.7, 1.6, 3.1])
def test_turning_and_shifting_a_print_changes_nothing(turn: float) -> None:
    """However a print is turned and shifted, it is as similar as before, and the turn is found."""
    reference = print_of(3, 1)
    probe = second(reference, 5)
    before = compare(probe, reference, P)
    after = compare(moved(probe, turn=turn, x=180.0, y=-150.0), reference, P)
    assert after.similarity == pytest.approx(before.similarity, rel=0.05)
    assert math.cos(after.rotation + turn - before.rotation) == pytest.approx(1.0, abs=1e-3)


def test_the_reported_placement_lays_corresponding_minutiae_on_each_other() -> None:
    """Under the reported rotation and shift, corresponding minutiae lie near each other."""
    reference = print_of(4, 3)
    probe = second(reference, 8)
    found = compare(probe, reference, P)
    cos, sin = math.cos(found.rotation), math.sin(found.rotation)
    p, r = probe[found.pairs[:, 0]], reference[found.pairs[:, 1]]
    x = cos * p[:, 0] + sin * p[:, 1] + found.shift[0]
    y = cos * p[:, 1] - sin * p[:, 0] + found.shift[1]
    assert np.median(np.hypot(x - r[:, 0], y - r[:, 1])) < P.compare.distance


def test_each_minutia_corresponds_to_at_most_one() -> None:
    """No minutia of either print is counted twice."""
    reference = print_of(6, 3)
    found = compare(second(reference, 9), reference, P)
    assert len(set(found.pairs[:, 0].tolist())) == len(found.pairs)
    assert len(set(found.pairs[:, 1].tolist())) == len(found.pairs)


def test_a_second_impression_is_far_more_similar_than_another_finger() -> None:
    """Of eight fingers, the least similar mate is three times as similar as the most similar non-mate."""
    prints = [print_of(10 + k, 1) for k in range(8)]
    again = [second(own, k, plain=k % 2 == 1) for k, own in enumerate(prints)]
    scores = np.array([[compare(probe, own, P).similarity for own in prints] for probe in again])
    mates = np.diag(scores)
    others = scores[~np.eye(len(prints), dtype=bool)]
    assert mates.min() > 3.0 * others.max()


def test_comparing_twice_gives_the_same_answer_to_the_last_bit() -> None:
    """The same two prints always give the same similarity and the same corresponding minutiae."""
    reference = print_of(2, 2)
    probe = second(reference, 3)
    first, again = compare(probe, reference, P), compare(probe.copy(), reference.copy(), P)
    assert first.similarity == again.similarity
    assert np.array_equal(first.pairs, again.pairs)


@pytest.mark.parametrize("empty", [NOBODY, print_of(1, 1)[:1], print_of(1, 1)[:3]])
def test_too_few_minutiae_are_no_evidence(empty: NDArray[np.float32]) -> None:
    """A print of no, one or three minutiae is similar to nothing, not even to itself."""
    assert compare(empty, empty, P).similarity == 0.0
    assert compare(empty, print_of(1, 1), P).similarity == 0.0
    assert compare(print_of(1, 1), empty, P).similarity == 0.0


def test_a_thousand_minutiae_cost_no_more_than_the_cap() -> None:
    """Whatever is received, no more than the capped number of minutiae is ever looked at."""
    for hostile in (heap(1000), lattice(1000)):
        assert len(build(hostile, P.cylinder, limit=P.compare.minutiae).minutiae) == P.compare.minutiae
        assert len(compare(hostile, hostile, P).pairs) <= P.compare.minutiae


def test_minutiae_all_in_one_place_are_similar_to_no_real_print() -> None:
    """A heap or a lattice of a thousand minutiae gains nothing against a real print."""
    real = print_of(1, 2)
    own = compare(second(real, 1), real, P).similarity
    for hostile in (heap(1000), lattice(1000)):
        assert compare(hostile, real, P).similarity < own / 3.0
        assert compare(real, hostile, P).similarity < own / 3.0


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.float32,
        st.tuples(st.integers(0, 40), st.just(4)),
        elements=st.floats(0, 1, width=32),
    ),
    st.floats(1, 2000),
)
def test_any_minutiae_give_a_finite_similarity(unit: NDArray[np.float32], scale: float) -> None:
    """Any finite minutiae whatever compare to a similarity that is a number and not negative."""
    rows = (unit * np.array([scale, scale, 6.28, 1.0])).astype(np.float32)
    found = compare(rows, rows[::-1].copy(), P)
    assert math.isfinite(found.similarity)
    assert found.similarity >= 0.0


def test_a_cylinder_does_not_change_as_the_finger_turns() -> None:
    """Turned by a quarter and shifted, a print has nearly the same cylinders."""
    own = print_of(5, 5)
    straight = build(own, P.cylinder, limit=200)
    turned = build(moved(own, turn=math.pi / 2, x=33.0, y=-20.0), P.cylinder, limit=200)
    differing = np.bitwise_count(straight.bits ^ turned.bits).sum()
    assert differing < 0.01 * straight.ones.sum()


def test_the_cells_fill_208_bits() -> None:
    """The descriptor has 52 cells of four sectors, which its four words can hold."""
    assert cells_within(P.cylinder).sum() * P.cylinder.directions == 208


def test_every_number_has_a_unit_and_an_origin() -> None:
    """A tuned number without a unit or an origin is refused."""
    with pytest.raises(ValueError, match="unit and an origin"):
        numbers.parse("[cylinder]\n" + "\n".join(f"{n} = {{ value = 1 }}" for n in P.cylinder.__slots__))


def test_a_missing_number_is_refused() -> None:
    """Parameters that leave a number out are refused."""
    with pytest.raises(ValueError, match="must hold exactly"):
        numbers.parse("[cylinder]\n")


def test_thresholds_grow_with_no_gap() -> None:
    """For every number of fingers there is a grey and an accept threshold, and accept is the higher."""
    assert len(P.fusion.accept) == len(P.fusion.grey) == 10
    assert all(0 < grey < accept for grey, accept in zip(P.fusion.grey, P.fusion.accept, strict=True))


def test_the_digest_names_the_numbers() -> None:
    """Two sets of the same numbers have one digest."""
    assert numbers.load().digest() == P.digest()
    assert len(P.digest()) == 64
