# SPDX-License-Identifier: Apache-2.0
"""People drawn as minutiae: well-formed, each one alone reproducible, mated, and shaped by their ridges."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sluicegate.errors import UsageError
from sluicegate.ridge.compare import compare
from sluicegate.ridge.parameters import load
from sluicegate.ridge.synthetic import numbers, population
from sluicegate.ridge.synthetic.field import Pattern, draw_flow, orientation
from sluicegate.ridge.synthetic.flows import Flows, Waves
from sluicegate.ridge.synthetic.impression import EVERYDAY
from sluicegate.ridge.synthetic.population import FRAME, finger, impression_of, impressions, people, person
from sluicegate.ridge.synthetic.smooth import stream
from sluicegate.ridge.template import Minutiae, Template, decode, encode

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def crowd() -> list[Minutiae]:
    """Two hundred rolled prints of twenty people."""
    return [one for subject in range(20) for one in impressions(3, subject)]


def scattered(seed: int, fingers: int, count: int) -> tuple[Floats, Floats]:
    """Places on a finger of 500 by 450 pixels."""
    unit = np.random.default_rng(seed).uniform(-0.5, 0.5, (2, fingers, count)).astype(np.float32)
    return unit[0] * 500, unit[1] * 450


def flows(seed: int, waves: Waves | None = None) -> tuple[Flows, list[Floats], tuple[Floats, Floats]]:
    """Each class twice as one batch, the same one by one at scattered places, and the places."""
    drawn = [
        draw_flow(stream(seed, n), pattern, height=450.0, width=500.0)
        for n, pattern in enumerate(list(Pattern) * 2)
    ]
    x, y = scattered(seed, len(drawn), 300)
    alone = [orientation(f, (x[n] + 1j * y[n]).astype(np.complex64)) for n, f in enumerate(drawn)]
    return Flows.of(drawn, waves), alone, (x, y)


def apart(a: Floats, b: Floats, turn: float) -> float:
    """The largest difference of two sets of angles, modulo `turn`."""
    return float(np.abs(np.mod(a.astype(np.float64) - b + turn / 2, turn) - turn / 2).max())


@given(seed=st.integers(0, 2**70), subject=st.integers(0, 2**40), session=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_every_drawn_print_is_a_well_formed_template(seed: int, subject: int, session: int) -> None:
    """Whatever the numbers, ten fingers come out whose minutiae survive encoding to the last bit."""
    for made in (person(seed, subject, session=session), impression_of(seed, subject, session)):
        assert [one.fgp for one in made.fingers] == list(range(1, 11))
        read = decode(encode(made))
        for one, again in zip(made.fingers, read.fingers, strict=True):
            assert one.minutiae.tobytes() == again.minutiae.tobytes()
            assert one.minutiae.dtype == np.float32
            assert len(one.minutiae) < 400
            assert (np.diff(one.minutiae[:, 1]) >= 0).all()


def test_each_subject_can_be_made_alone() -> None:
    """A subject in the middle of a gallery is the same bytes made alone, in any chunk and at any time."""
    whole = [encode(one) for some in people(5, 10, 7, chunk=3) for one in some]
    assert len(set(whole)) == 7
    assert [encode(person(5, subject)) for subject in reversed(range(10, 17))] == whole[::-1]
    assert finger(5, 12, 4).tobytes() == person(5, 12).fingers[3].minutiae.tobytes()


def test_every_number_of_the_call_matters() -> None:
    """Another seed, subject, session or kind is another print."""
    calls = [
        impressions(1, 2, "rolled", 0),
        impressions(2, 1, "rolled", 0),
        impressions(1, 2, "rolled", 1),
        impressions(1, 2, "plain", 0),
        impressions(1, 3, "rolled", 0),
    ]
    assert len({one.tobytes() for call in calls for one in call}) == 50


def test_templates_bear_the_name_they_are_given() -> None:
    """Drawn people say that they are drawn, unless the caller names the extractor they stand in for."""
    assert person(1, 1).extractor == "population"
    assert person(1, 1, extractor="leader-1", parameters="2").extractor == "leader-1"
    assert next(people(1, 1, 1, extractor="leader-1"))[0].extractor == "leader-1"
    assert next(people(1, 1, 1, parameters="2"))[0].parameters == "2"


def test_prints_have_as_many_minutiae_as_real_ones(crowd: list[Minutiae]) -> None:
    """Rolled prints have 40 to 250 minutiae, 105 to 145 in the mean; plain ones fewer than half as many."""
    counts = np.array([len(one) for one in crowd])
    assert 40 < counts.min() <= counts.max() < 250
    assert 105 < counts.mean() < 145
    plain = np.array([len(one) for subject in range(20) for one in impressions(3, subject, "plain", 1)])
    assert plain.min() >= 15
    assert 0.3 < plain.mean() / counts.mean() < 0.5


def test_minutiae_keep_their_distance(crowd: list[Minutiae]) -> None:
    """Hardly one minutia in a hundred lies within eight pixels of another."""
    nearest = []
    for one in crowd[:60]:
        places = one[:, 0].astype(np.float64) + 1j * one[:, 1]
        away = np.abs(places[:, None] - places[None, :])
        np.fill_diagonal(away, np.inf)
        nearest.append(away.min(axis=1))
    assert float(np.percentile(np.concatenate(nearest), 1)) > 8.0


def test_neighbors_lie_along_one_flow_and_mostly_point_one_way(crowd: list[Minutiae]) -> None:
    """Neighbors of 20 to 45 pixels share the orientation of their ridges and mostly the way."""
    along, facing = [], []
    for one in crowd[:60]:
        away = np.hypot(*(one[:, None, :2] - one[None, :, :2]).transpose(2, 0, 1))
        turn = (one[:, None, 2] - one[None, :, 2])[(away > 20) & (away < 45)]
        along.append(np.cos(2 * turn).mean())
        facing.append(np.cos(turn).mean())
    assert 0.7 < float(np.mean(along)) < 0.9
    assert 0.2 < float(np.mean(facing)) < 0.4


def test_mates_correspond_and_strangers_do_not() -> None:
    """A flat of each of ten drawn fingers is far more alike its own rolled print than any of ten others."""
    parameters = load()
    rolled, flat, other = (
        impressions(9, s, k, n) for s, k, n in ((1, "rolled", 0), (1, "plain", 5), (2, "rolled", 0))
    )  # type: ignore[arg-type]
    mates = [compare(a, b, parameters).similarity for a, b in zip(flat, rolled, strict=True)]
    strangers = [compare(a, b, parameters).similarity for a, b in zip(flat, other, strict=True)]
    assert min(mates) > 3.0
    assert float(np.median(mates)) > 10 * float(np.median(strangers))
    assert max(strangers) < 2.5


def test_a_harder_contact_leaves_less_in_common() -> None:
    """Little overlap and strong distortion lower the similarity of mates."""
    hard = dataclasses.replace(EVERYDAY, coverage=0.65, pull=16.0, elastic=4.0)
    parameters = load()
    rolled = person(4, 4)

    def alike(probe: Template) -> float:
        pairs = zip(probe.fingers, rolled.fingers, strict=True)
        return sum(compare(a.minutiae, b.minutiae, parameters).similarity for a, b in pairs)

    assert alike(impression_of(4, 4, 1, condition=hard)) < 0.6 * alike(impression_of(4, 4, 1))


@pytest.mark.parametrize("seed", range(3))
def test_fields_drawn_together_are_the_fields_drawn_alone(seed: int) -> None:
    """The orientation of ten fingers at once is that of each finger by itself."""
    together, alone, (x, y) = flows(seed)
    assert apart(together.at(x, y)[0], np.stack(alone), np.pi) < 1e-4


@pytest.mark.parametrize("waves", [False, True])
def test_the_spread_is_the_divergence_of_the_ridges(waves: bool) -> None:
    """The spread that demands minutiae is the divergence of the flow, as finite differences have it."""
    deviation = Waves.draw(stream(1), 10, 80.0, 0.2) if waves else None
    together, _, (x, y) = flows(4, deviation)
    theta, spread = together.at(x, y)
    step = np.float32(0.5)
    right, left = together.at(x + step, y)[0], together.at(x - step, y)[0]
    up, down = together.at(x, y + step)[0], together.at(x, y - step)[0]
    across = np.mod(right - left + np.pi, 2 * np.pi) - np.pi
    along = np.mod(up - down + np.pi, 2 * np.pi) - np.pi
    measured = np.cos(theta) * along - np.sin(theta) * across
    assert float(np.percentile(np.abs(measured - spread), 98)) < 1e-3


def test_minutiae_gather_and_point_where_ridges_spread() -> None:
    """Where the flow spreads, more ridges begin than end, and there are more minutiae than elsewhere."""
    signed, gathered, chance = [], [], []
    for subject in range(30):
        hand = population._hand(stream(1, subject), numbers.load())
        theta, spread = hand.flows.at(hand.x, hand.y)
        strong = hand.alive & (np.abs(spread) > 4e-3)
        signed.append((np.cos(hand.theta - theta) * np.sign(spread))[strong].mean())
        gathered.append(strong.sum() / hand.alive.sum())
        chance.append((np.abs(hand.flows.at(*scattered(subject, 10, 200))[1]) > 4e-3).mean())
    assert 0.5 < float(np.mean(signed)) < 1.0
    assert float(np.mean(gathered)) > 1.15 * float(np.mean(chance))


def test_a_print_out_of_range_is_refused() -> None:
    """Negative numbers, an eleventh finger, an unknown kind and an empty chunk are refused in words."""
    with pytest.raises(UsageError, match="1 to 10"):
        finger(1, 1, 11)
    for seed, subject, session in ((-1, 0, 0), (0, -1, 0), (0, 0, -1)):
        with pytest.raises(UsageError, match=">= 0"):
            impressions(seed, subject, "plain", session)
    with pytest.raises(UsageError, match="rolled or plain"):
        impressions(1, 1, "latent")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="chunk"):
        next(people(1, 1, 1, chunk=0))


def test_the_frame_holds_every_minutia() -> None:
    """No minutia lies outside the box that its template claims."""
    for subject in range(10):
        for one in impressions(8, subject, "rolled", subject):
            assert one[:, :2].min() >= 0
            assert one[:, 0].max() < FRAME[1]
            assert one[:, 1].max() < FRAME[0]


@pytest.mark.parametrize(
    "text", ["", "[finger]\nsize = 1\n", "[finger]\nsize = { value = 1, unit = '', origin = 'x' }\n"]
)
def test_numbers_without_unit_or_origin_are_refused(text: str) -> None:
    """Every number of the model has its unit and origin, or the file is refused."""
    with pytest.raises(ValueError, match="must"):
        numbers.parse(text)


def test_a_number_without_an_origin_is_refused() -> None:
    """A number whose origin was struck out is refused by name."""
    source = "[finger]\n" + "\n".join(
        f"{field.name} = {{ value = 1.0, unit = 'px', origin = '{'' if field.name == 'wander' else 'x'}' }}"
        for field in dataclasses.fields(numbers.FingerNumbers)
    )
    with pytest.raises(ValueError, match="wander"):
        numbers.parse(source)
