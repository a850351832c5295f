# SPDX-License-Identifier: Apache-2.0
"""Slaps of leaning hands, of hands with missing fingers, and of sheets that were written on."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from drawn_ridges import hand, middle, written_on
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from sluicegate.itl.reader import read
from sluicegate.raster.decode import decode
from sluicegate.raster.header import Caps
from sluicegate.ridge.extract import slap
from sluicegate.ridge.extract.interface import Pixels
from sluicegate.ridge.extract.ridges import BLOCK

RIGHT, LEFT = (2, 3, 4, 5), (10, 9, 8, 7)


def places(found: slap.Slap) -> dict[int, tuple[float, float]]:
    """Middle of each finger's blocks in pixels, as (x, y), by finger position."""
    spots = {fgp: np.argwhere(found.labels == n + 1).mean(axis=0) for n, fgp in enumerate(found.fgps)}
    return {fgp: ((column + 0.5) * BLOCK, (row + 0.5) * BLOCK) for fgp, (row, column) in spots.items()}


def turned(pixels: Pixels, degrees: float) -> Pixels:
    """The picture turned clockwise on a larger sheet of its own paper."""
    paper = int(np.median(pixels))
    return np.asarray(Pillow.fromarray(pixels).rotate(-degrees, expand=True, fillcolor=paper))


@pytest.mark.slow
@settings(deadline=None, max_examples=12)
@given(
    lean=st.floats(-20, 20),
    size=st.floats(0.85, 1.0),
    joints=st.booleans(),
    left=st.booleans(),
    ink=st.integers(0, 1000),
)
def test_fingers_of_a_leaning_hand_on_a_written_sheet_are_named_rightly_or_not_at_all(
    lean: float, size: float, joints: bool, left: bool, ink: int
) -> None:
    """Whatever the lean up to 20 degrees and the writing, a named finger is the finger drawn there."""
    names = LEFT if left else RIGHT
    found = slap.split(written_on(hand(lean=lean, size=size, joints=joints), ink), 14 if left else 13)
    if found is not None:
        assert found.fgps == names
        for index, (x, y) in enumerate(places(found)[name] for name in names):
            at = middle(index, lean=lean, size=size)
            assert np.hypot(x - at[0], y - at[1]) < 90


@pytest.mark.slow
@pytest.mark.parametrize("lean", [-20, -10, 0, 10, 20])
@pytest.mark.parametrize("joints", [False, True])
def test_a_leaning_hand_is_told_apart(lean: int, joints: bool) -> None:
    """Up to 20 degrees either way, with and without second joints, four fingers are found under writing."""
    found = slap.split(written_on(hand(lean=lean, joints=joints), 3), 13)
    assert found is not None
    assert found.fgps == RIGHT


@pytest.mark.slow
def test_fingers_that_the_transaction_says_are_missing_let_the_others_be_named() -> None:
    """With AMP telling who is missing, each set of two or three fingers is named; untold, none is."""
    for shown in [*combinations(range(4), 3), (0, 3), (1, 2)]:
        sheet = hand(shown, lean=8)
        told = {RIGHT[n] for n in range(4) if n not in shown}
        found = slap.split(sheet, 13, told)
        assert found is not None
        assert found.fgps == tuple(RIGHT[n] for n in shown)
        for n in shown:
            assert np.hypot(*np.subtract(places(found)[RIGHT[n]], middle(n, lean=8))) < 90
        assert slap.split(sheet, 13) is None


def test_a_told_absence_that_the_picture_contradicts_names_nobody() -> None:
    """Four tips with one finger told missing, or two tips with three told missing, stay whole."""
    assert slap.split(hand(), 13, {2}) is None
    assert slap.split(hand((0, 1)), 13, {2, 3, 4}) is None
    assert slap.split(hand((0,)), 13, set(RIGHT)) is None


def test_absent_fingers_of_the_other_hand_change_nothing() -> None:
    """Fingers told missing that the slap does not promise are of no matter to it."""
    found = slap.split(hand(), 13, {1, 6, 7, 8, 9, 10})
    assert found is not None
    assert found.fgps == RIGHT


def test_a_sheet_upside_down_names_nobody() -> None:
    """Turned by half, a hand reads from the wrong end; its tips bend the wrong way, and it stays whole."""
    assert slap.split(np.ascontiguousarray(hand()[::-1, ::-1]), 13) is None


def test_a_hand_on_its_side_names_nobody() -> None:
    """A sheet turned by 80 degrees is beyond any lean that is believed."""
    assert slap.split(turned(hand(), 80), 13) is None


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("degrees", [-20, 0, 20])
def test_the_slaps_of_the_real_card_are_told_apart_when_it_lies_askew(
    shared_data: Path, degrees: int
) -> None:
    """The four-finger slaps of the real card, 10 and 18 degrees askew already, stand 20 more either way."""
    card = read((shared_data / "an2-valid" / "nist2007-type-4-tpcard.an2").read_bytes())
    seen = {}
    for record in card.transaction.records:
        if record.image is not None and record.image.fgp[0] in (13, 14):
            straight = decode(record.image, Caps()).pixels
            found = slap.split(turned(straight, degrees), record.image.fgp[0])
            assert found is not None
            seen[record.image.fgp[0]] = [fgp for fgp, _ in sorted(places(found).items(), key=lambda p: p[1])]
    assert seen == {13: list(RIGHT), 14: list(LEFT)}
