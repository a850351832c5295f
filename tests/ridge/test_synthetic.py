# SPDX-License-Identifier: Apache-2.0
"""Synthetic fingers: reproducible, distinct, and prints in the eyes of an extractor nobody here wrote."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys

import nbis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.anatomy import finger_pattern
from sluicegate.ridge.synthetic.field import PROPORTIONS, Flow, Pattern, draw_flow, orientation
from sluicegate.ridge.synthetic.impression import (
    CLEAN,
    CONDITIONS,
    EVERYDAY,
    MARGIN,
    POOR,
    Condition,
    Kind,
    impression,
)
from sluicegate.ridge.synthetic.master import Master, master_print
from sluicegate.ridge.synthetic.person import Person, slap
from sluicegate.ridge.synthetic.smooth import stream, surface

Picture = NDArray[np.uint8]
Found = dict[str, list[nbis.Minutiae]]


@pytest.fixture(scope="module")
def small() -> Master:
    """A finger big enough to have ridges and small enough to grow in a blink."""
    return master_print(5, height=160, width=144)


@pytest.fixture(scope="module")
def fingers() -> list[Master]:
    """Three fingers of usual size."""
    return [master_print(seed) for seed in (1, 2, 3)]


def minutiae(picture: Picture) -> nbis.Minutiae:
    """What mindtct finds in the picture."""
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "PNG")
    plain = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=None
    )
    return nbis.new_nbis_extractor(plain).extract_minutiae(encoded.getvalue())


@pytest.fixture(scope="module")
def found(fingers: list[Master]) -> Found:
    """What mindtct finds on a rolled, a plain and a poor plain contact of each finger."""
    asked: list[tuple[str, Kind, Condition]] = [
        ("rolled", "rolled", EVERYDAY),
        ("plain", "plain", EVERYDAY),
        ("poor", "plain", POOR),
    ]
    return {
        name: [minutiae(impression(m, 10 * n + len(name), kind, condition)) for n, m in enumerate(fingers)]
        for name, kind, condition in asked
    }


def turns(flow: Flow, point: complex, radius: float) -> float:
    """Half turns, counter-clockwise, that the field makes along a small circle about the point."""
    circle = point + radius * np.exp(2j * np.pi * np.arange(361) / 360)
    theta = orientation(flow, circle.astype(np.complex64)).astype(np.float64)
    return float(np.sum(np.mod(np.diff(theta) + np.pi / 2, np.pi) - np.pi / 2) / np.pi)


def dominant_period(patch: NDArray[np.float32]) -> float:
    """Pixels per wave of the strongest wave in a square patch."""
    power = np.abs(
        np.fft.rfft2((patch - patch.mean()) * np.outer(*[np.hanning(len(patch))] * 2), s=(512, 512))
    )
    row, column = np.unravel_index(np.argmax(power), power.shape)
    return float(512 / np.hypot(min(row, 512 - row), column))


def test_same_seed_same_bytes(small: Master) -> None:
    """A synthetic finger and its impressions are reproducible to the byte."""
    again = master_print(5, height=160, width=144)
    assert again.ridges.tobytes() == small.ridges.tobytes()
    pictures = [impression(master, 9, "plain", EVERYDAY).tobytes() for master in (small, again)]
    assert pictures[0] == pictures[1]


@pytest.mark.slow
def test_threads_of_the_numeric_library_change_nothing(fingers: list[Master]) -> None:
    """Another process with another number of numeric threads makes the same bytes."""
    program = (
        "import hashlib\n"
        "from sluicegate.ridge.synthetic.master import master_print\n"
        "print(hashlib.sha256(master_print(1).ridges.tobytes()).hexdigest())\n"
    )
    # The master and not an impression: grey values would hide a difference in the last bit.
    here = hashlib.sha256(fingers[0].ridges.tobytes()).hexdigest()
    for threads in ("1", "2"):
        environment = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        there = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
        )
        assert there.stdout.strip() == here


def test_another_seed_is_another_finger(small: Master) -> None:
    """Fingers of different seeds are as unlike as chance makes them."""
    other = master_print(6, height=160, width=144, pattern=small.flow.pattern)
    likeness = np.corrcoef(small.ridges.ravel(), other.ridges.ravel())[0, 1]
    assert abs(likeness) < 0.2


def test_ten_fingers_of_two_people_are_twenty_fingers() -> None:
    """No two fingers, of one person or of two, are drawn from the same chance."""
    draws = {stream(1, seed, fgp).integers(2**63) for seed in (0, 1) for fgp in range(1, 11)}
    assert len(draws) == 20
    digests = {hashlib.sha256(Person(0).finger(fgp).ridges.tobytes()).digest() for fgp in (5, 10)}
    assert len(digests) == 2


@pytest.mark.slow
def test_sessions_and_kinds_are_contacts_of_their_own() -> None:
    """Each session and kind of contact leaves another picture, and the same one when asked again."""
    person = Person(4)
    asked = [("plain", 0), ("plain", 1), ("rolled", 0), ("rolled", 1)]
    first = [person.impression(10, kind, session).tobytes() for kind, session in asked]
    assert len(set(first)) == 4
    assert first == [Person(4).impression(10, kind, session).tobytes() for kind, session in asked]


def test_master_is_a_nearly_binary_ridge_map(small: Master) -> None:
    """A master print is evenly ridge and furrow, nearly binary, and cannot be written to."""
    assert small.ridges.dtype == np.float32
    assert small.ridges.shape == (160, 144)
    assert float(np.abs(small.ridges).max()) <= 1.0
    assert abs(float(np.mean(small.ridges > 0)) - 0.5) < 0.05
    assert float(np.mean(np.abs(small.ridges) > 0.8)) > 0.55
    assert not small.ridges.flags.writeable


@pytest.mark.slow
def test_ridges_are_about_nine_pixels_apart(fingers: list[Master]) -> None:
    """Ridges are 6.5 to 12.5 pixels apart everywhere on a finger, and 8 to 10.5 in the median."""
    patches = [
        m.ridges[y : y + 64, x : x + 64] for m in fingers for y in (40, 192, 344) for x in (40, 216, 392)
    ]
    periods = [dominant_period(patch) for patch in patches]
    assert min(periods) > 6.5
    assert max(periods) < 12.5
    assert 8.0 < float(np.median(periods)) < 10.5


@pytest.mark.slow
def test_ridges_run_along_the_drawn_field(fingers: list[Master]) -> None:
    """The gradient of the grown ridges is across the orientation that was drawn for them."""
    for master in fingers:
        height, width = master.ridges.shape
        down, right = np.gradient(master.ridges)
        x, y = np.arange(width) - (width - 1) / 2, (height - 1) / 2 - np.arange(height)
        theta = orientation(master.flow, (x[None, :] + 1j * y[:, None]).astype(np.complex64))
        # Doubled angles: -1 where the gradient stands across the ridge, weighed by its strength.
        gradient = (right - 1j * down) ** 2
        agreement = float(np.sum(gradient * np.exp(-2j * theta)).real / np.sum(np.abs(gradient)))
        assert agreement < -0.75


@pytest.mark.parametrize("pattern", list(Pattern))
@pytest.mark.parametrize("seed", range(5))
def test_every_core_and_delta_turns_the_field_as_it_should(pattern: Pattern, seed: int) -> None:
    """The field makes half a turn about a core, minus half about a delta, and none about all together."""
    flow = draw_flow(stream(seed), pattern, height=448.0, width=416.0)
    singular = {Pattern.ARCH: 0, Pattern.WHORL: 2}.get(pattern, 1)
    assert len(flow.cores) == len(flow.deltas) == singular
    assert [round(turns(flow, core, 3.0)) for core in flow.cores] == [1] * singular
    assert [round(turns(flow, delta, 3.0)) for delta in flow.deltas] == [-1] * singular
    assert round(turns(flow, 0j, 400.0)) == 0


def test_loops_open_to_their_own_side() -> None:
    """Below its core a left loop's ridges run down to the left, a right loop's down to the right."""
    for seed in range(20):
        for pattern, slope in ((Pattern.LEFT_LOOP, 1.0), (Pattern.RIGHT_LOOP, -1.0)):
            flow = draw_flow(stream(seed), pattern, height=448.0, width=416.0)
            leg = np.array([flow.cores[0] + complex(-15 * slope, -25)], np.complex64)
            assert np.sign(np.tan(float(orientation(flow, leg)[0]))) == slope


def test_pattern_classes_have_their_shares() -> None:
    """Pattern classes come near their published shares, and the right hand's loops open to the right."""
    drawn = [(fgp, finger_pattern(stream(seed, fgp), fgp)) for seed in range(300) for fgp in range(1, 11)]
    for pattern, share in PROPORTIONS:
        assert abs(sum(p is pattern for _, p in drawn) / len(drawn) - share) < 0.03
    right = [p for fgp, p in drawn if fgp <= 5]
    assert right.count(Pattern.RIGHT_LOOP) > 5 * right.count(Pattern.LEFT_LOOP)


@pytest.mark.parametrize("name", sorted(CONDITIONS))
@pytest.mark.parametrize("kind", ["plain", "rolled"])
def test_impression_is_dark_ridges_on_white_paper(small: Master, name: str, kind: str) -> None:
    """Every impression is a grey picture with a white border and both ink and paper inside."""
    picture = impression(small, 3, "plain" if kind == "plain" else "rolled", CONDITIONS[name])
    assert picture.dtype == np.uint8
    assert picture.shape == (160 + 2 * MARGIN, 144 + 2 * MARGIN)
    border = np.concatenate([picture[:3].ravel(), picture[-3:].ravel()])
    assert float(np.median(border)) > 245
    middle = picture[60:140, 60:130]
    assert 0.15 < float(np.mean(middle < 128)) < 0.85


def test_rolling_shows_more_than_pressing(small: Master) -> None:
    """A rolled impression inks at least a quarter more of the paper than a plain one of the same finger."""
    inked = {kind: int(np.sum(impression(small, 1, kind, CLEAN) < 128)) for kind in ("plain", "rolled")}
    assert inked["rolled"] > 1.25 * inked["plain"]


def test_turn_turns_the_picture_clockwise(small: Master) -> None:
    """A finger turned clockwise by ninety degrees is the upright picture turned that way."""
    square = Master(small.ridges[8:152, :144], small.flow, small.period)
    still = dict(zip(CLEAN.__slots__, [0.0] * 11, strict=True)) | {"coverage": 1.0, "ink": 0.9}
    calm = type(CLEAN)(**still)
    upright, turned = (
        impression(square, 2, "plain", calm, turn=degrees)[60:132, 60:132] for degrees in (0.0, 90.0)
    )
    clockwise = np.corrcoef(np.rot90(upright, -1).ravel(), turned.ravel())[0, 1]
    assert clockwise > 0.9


@given(seed=st.integers(0, 2**64), fgp=st.integers(-20, 40), session=st.integers(-3, -1))
@settings(max_examples=30, deadline=None)
def test_what_is_out_of_range_is_refused(seed: int, fgp: int, session: int) -> None:
    """A position, session, seed or size that does not exist is refused in words, before anything is grown."""
    if not 1 <= fgp <= 10:
        with pytest.raises(UsageError, match="finger position"):
            Person(seed).finger(fgp)
    if not 11 <= fgp <= 15:
        with pytest.raises(UsageError, match="11 to 15"):
            slap(Person(seed), fgp)
    with pytest.raises(UsageError, match="session"):
        slap(Person(seed), 13, session)
    with pytest.raises(UsageError, match="seed"):
        Person(-1 - seed).finger(1)
    with pytest.raises(UsageError, match="128 to 1024"):
        master_print(seed, height=4096)


def test_an_impression_refuses_a_negative_seed(small: Master) -> None:
    """An impression of a negative seed is refused."""
    with pytest.raises(UsageError, match="seed"):
        impression(small, -1, "plain", CLEAN)
    with pytest.raises(UsageError, match="session"):
        Person(4).impression(10, "plain", -1)


def test_random_surfaces_are_smooth_and_of_unit_spread() -> None:
    """A random surface has about unit spread and no steps from one pixel to the next."""
    drawn = np.stack([surface(stream(seed), (120, 100), 30.0) for seed in range(60)])
    assert abs(float(drawn.std()) - 1.0) < 0.15
    assert float(np.abs(np.diff(drawn, axis=1)).max()) < 0.4


@pytest.mark.slow
def test_a_slap_holds_four_fingers_side_by_side() -> None:
    """A slap shows four fingers apart, the low little finger outermost on its own hand's side."""
    for fgp, little_first in ((13, False), (14, True)):
        picture = slap(Person(2), fgp, 0, CLEAN)
        assert picture.shape == (1000, 1600)
        inked = (picture < 128).sum(axis=0) > 3
        # Gaps narrower than a furrow are within a finger.
        starts = np.flatnonzero(np.diff(np.flatnonzero(inked)) > 12)
        assert len(starts) == 3
        columns = np.flatnonzero(inked)
        groups = np.split(columns, starts + 1)
        lowest = [int(np.flatnonzero((picture[:, g] < 128).any(axis=1))[-1]) for g in groups]
        assert int(np.argmax(lowest)) == (0 if little_first else 3)


@pytest.mark.slow
def test_thumbs_of_a_slap_are_the_persons_thumbs() -> None:
    """The plain right thumb of a card compares with the rolled right thumb, not with the left one."""
    person = Person(11)
    plain = minutiae(slap(person, 11))
    right, left = (plain.compare(minutiae(person.impression(fgp, "rolled"))) for fgp in (1, 6))
    assert right > 40
    assert right > 2 * left


@pytest.mark.slow
def test_an_independent_extractor_counts_as_many_minutiae_as_on_real_prints(found: Found) -> None:
    """mindtct finds 25 to 110 minutiae on plain impressions and more on rolled ones, as on real prints."""
    for plain, rolled in zip(found["plain"], found["rolled"], strict=True):
        assert 25 <= len(plain.get()) <= 110
        assert len(plain.get()) < len(rolled.get()) <= 150


@pytest.mark.slow
@pytest.mark.parametrize("contact", ["plain", "poor"])
def test_impressions_of_one_finger_compare_and_of_two_do_not(found: Found, contact: str) -> None:
    """To an independent extractor and comparison one finger's contacts are alike, two fingers' are not."""
    scores = np.array([[one.compare(other) for other in found["rolled"]] for one in found[contact]])
    apart = scores[~np.eye(3, dtype=bool)]
    assert int(np.diag(scores).min()) > int(apart.max())
    assert float(np.median(np.diag(scores))) > 3 * float(apart.max())
