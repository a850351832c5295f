# SPDX-License-Identifier: Apache-2.0
"""Harder pictures: reproducible, spoiled where they say so, and still prints."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.damage import HARDSHIPS, Damage, damaged
from sluicegate.ridge.synthetic.impression import CLEAN, impression
from sluicegate.ridge.synthetic.master import master_print
from sluicegate.ridge.synthetic.person import Person
from sluicegate.testing.hard_prints import hard_print, through_wsq

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def clean() -> Picture:
    """A clean rolled print of a small finger."""
    return impression(master_print(5, height=200, width=200), 1, "rolled", CLEAN)


def ink(picture: Picture) -> float:
    """Share of dark pixels in the middle of the picture, where there are ridges."""
    rows, columns = picture.shape
    return float((picture[rows // 4 : -rows // 4, columns // 4 : -columns // 4] < 128).mean())


@pytest.mark.parametrize("name", sorted(HARDSHIPS))
def test_damage_is_reproducible_and_by_chance(clean: Picture, name: str) -> None:
    """The same seed spoils a picture in the same way, to the byte, and leaves the given one as it was."""
    before = clean.copy()
    damage = HARDSHIPS[name].damage
    one, again = damaged(clean, 3, damage), damaged(clean, 3, damage)
    assert one.tobytes() == again.tobytes()
    assert one.dtype == np.uint8
    assert one.shape == clean.shape
    assert (clean == before).all()
    if damage != Damage():
        assert len({damaged(clean, seed, damage).tobytes() for seed in range(5)}) > 3


def test_no_damage_is_no_change(clean: Picture) -> None:
    """Asked for nothing, a picture comes back as it was."""
    assert (damaged(clean, 1, Damage()) == clean).all()


def test_dry_skin_prints_less_and_wet_skin_more(clean: Picture) -> None:
    """Dry patches take ink away and wet ones add some."""
    dry, wet = (damaged(clean, 2, damage) for damage in (Damage(dry=6.0), Damage(wet=6.0)))
    assert ink(dry) < ink(clean) - 0.05
    assert ink(wet) > ink(clean) + 0.05


def test_a_smudge_blurs_the_ridges(clean: Picture) -> None:
    """Where the finger slid, neighboring pixels differ less."""
    slid = damaged(clean, 4, Damage(smudged=6.0))
    assert np.abs(np.diff(slid.astype(int))).mean() < 0.9 * np.abs(np.diff(clean.astype(int))).mean()


def test_the_box_runs_through_the_picture(clean: Picture) -> None:
    """The printed box leaves a dark line from edge to edge, both ways."""
    boxed = damaged(clean, 1, Damage(box=True))
    assert (boxed.max(axis=1) < 100).sum() == 3
    assert (boxed.max(axis=0) < 100).sum() == 3


def test_handwriting_adds_ink_only(clean: Picture) -> None:
    """Strokes of a pen darken pixels and lighten none."""
    written = damaged(clean, 1, Damage(strokes=5.0))
    assert (written <= clean).all()
    assert 100 < int((written < clean).sum()) < 0.2 * clean.size


def test_a_punched_hole_is_round_and_empty(clean: Picture) -> None:
    """The punch takes a disc of seven millimeters out of the print."""
    punched = damaged(clean, 1, Damage(hole=True))
    rows, columns = np.nonzero(punched == 244)
    away = np.hypot(*(np.indices(clean.shape).T - (np.median(rows), np.median(columns))).T)
    assert (punched[away < 63] == 244).all()
    assert (punched[away > 72] == clean[away > 72]).all()


def test_the_codec_comes_last(clean: Picture) -> None:
    """What the caller hands in as a codec sees the damaged picture, and its answer is the result."""
    seen: list[Picture] = []

    def codec(pixels: Picture) -> Picture:
        seen.append(pixels)
        return np.zeros_like(pixels)

    out = damaged(clean, 1, Damage(hole=True), codec)
    assert not out.any()
    assert (seen[0] == damaged(clean, 1, Damage(hole=True))).all()


def test_wsq_changes_pixels_and_keeps_ridges(clean: Picture) -> None:
    """After WSQ at fifteen to one hardly a pixel is the same and the ridges are where they were."""
    back = through_wsq(clean)
    assert back.shape == clean.shape
    assert (back != clean).mean() > 0.2
    assert np.corrcoef(back.ravel(), clean.ravel())[0, 1] > 0.95


@pytest.mark.slow
def test_a_hard_print_of_a_person_is_reproducible() -> None:
    """The same person, finger, kind, session and hardship give the same bytes; another session others."""
    person, hard = Person(8), HARDSHIPS["hard"]
    first, again = (hard_print(person, 10, "plain", 0, hard) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert hard_print(person, 10, "plain", 1, hard).tobytes() != first.tobytes()


def test_damage_needs_a_seed_and_a_picture(clean: Picture) -> None:
    """A negative seed and a picture too small to hold a print are refused."""
    for picture, seed in ((clean, -1), (clean[:100], 1)):
        with pytest.raises(UsageError, match="128 pixels"):
            damaged(picture, seed, Damage())
