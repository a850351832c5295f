# SPDX-License-Identifier: Apache-2.0
"""The extractors by name, and extraction in disposable workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sluicegate.errors import ImageRefused, SettingsError, WorkerLost
from sluicegate.itl.model import Image
from sluicegate.raster.encode import png
from sluicegate.raster.isolate import Workshop
from sluicegate.ridge import template
from sluicegate.ridge.extract import job
from sluicegate.ridge.extract.mindtct import MindtctExtractor
from sluicegate.ridge.extract.null import NullExtractor
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.template import FingerTemplate, Template


def _rings(rows: int = 300, columns: int = 280) -> np.ndarray:
    """Rings of ridges with three placed minutiae, all within the image."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
    phase = 2 * np.pi * np.hypot(x - 130, y - 160) / 9
    for cx, cy, sign in ((90, 100, 1), (190, 140, -1), (150, 230, 1)):
        phase += sign * np.arctan2(y - cy, x - cx)
    return np.rint(128 + 100 * np.cos(phase)).astype(np.uint8)


def _image(pixels: np.ndarray, *, fgp: int = 2, ppi: tuple[float, float] = (500.0, 500.0)) -> Image:
    rows, columns = pixels.shape
    return Image(14, 1, 0, (fgp,), columns, rows, *ppi, "PNG", png(pixels), 0)


@pytest.fixture(scope="module", params=sorted(EXTRACTORS))
def workshop(request: pytest.FixtureRequest) -> Iterator[Workshop]:
    """A workshop of each extractor."""
    with job.extract_workshop(request.param, slots=1) as made:
        yield made


@pytest.mark.slow
def test_a_worker_gives_the_template_that_this_process_would_make(workshop: Workshop) -> None:
    """Extraction in a forked worker gives byte for byte what extraction here gives."""
    image = _image(_rings())
    apart = job.extract_apart(workshop, image)
    here = job.extract_with(EXTRACTORS[apart.extractor.split("-")[0]](), image, job.Caps())
    assert template.encode(apart) == template.encode(here)
    assert [finger.fgp for finger in apart.fingers] == [2]
    assert len(apart.fingers[0].minutiae) >= 3


@pytest.mark.slow
def test_a_refused_image_leaves_the_workshop_working(workshop: Workshop) -> None:
    """A damaged image is refused as such, and the next image is extracted."""
    good = _image(_rings())
    bad = Image(14, 1, 0, (2,), 280, 300, 500, 500, "PNG", good.data[:100], 0)
    with pytest.raises(ImageRefused):
        job.extract_apart(workshop, bad)
    assert job.extract_apart(workshop, good).fingers


def answer_with_another_finger(payload: bytes) -> bytes:
    """Entry of a worker that was taken over and answers with a template of another finger."""
    finger = FingerTemplate(7, 0, 10, 10, np.zeros((0, 4), dtype=np.float32))
    return template.encode(Template("leader", "x", (finger,))) if payload else b""


def answer_with_junk(payload: bytes) -> bytes:
    """Entry of a worker that answers with no template."""
    return payload[:10]


@pytest.mark.slow
@pytest.mark.parametrize("entry", [answer_with_another_finger, answer_with_junk])
def test_an_answer_that_cannot_be_right_is_a_lost_worker(entry: object) -> None:
    """What a worker answers is checked: junk, or fingers the image does not hold, count as no answer."""
    with (
        Workshop(f"{__name__}:{entry.__name__}", slots=1) as made,  # type: ignore[attr-defined]
        pytest.raises(WorkerLost),
    ):
        job.extract_apart(made, _image(_rings()))


def test_an_unknown_extractor_is_a_settings_error() -> None:
    """A name outside the table is refused with the known names."""
    with pytest.raises(SettingsError) as caught:
        job.extract_workshop("finger\njet")
    assert "leader, mindtct, null" in caught.value.advice


def test_a_resolution_that_differs_between_directions_is_refused() -> None:
    """500 by 505 ppi passes, 500 by 510 does not."""
    extractor = NullExtractor()
    assert job.extract_with(extractor, _image(_rings(), ppi=(500, 505)), job.Caps()).fingers
    with pytest.raises(ImageRefused):
        job.extract_with(extractor, _image(_rings(), ppi=(500, 510)), job.Caps())


def test_an_image_that_tells_no_resolution_is_taken_for_500_ppi() -> None:
    """With neither direction told, the image keeps its size."""
    made = job.extract_with(NullExtractor(), _image(_rings(), ppi=(0, 0)), job.Caps())
    assert (made.fingers[0].width, made.fingers[0].height) == (280, 300)


@settings(deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))), st.floats(200, 2400))
def test_null_templates_are_valid_and_depend_on_the_pixels_alone(pixels: np.ndarray, ppi: float) -> None:
    """Any image gives the same encodable minutiae twice."""
    a, b = (NullExtractor().extract(pixels, ppi) for _ in range(2))
    assert np.array_equal(a, b)
    rows, columns = pixels.shape
    width, height = (max(1, round(side * min(1, 500 / ppi))) for side in (columns, rows))
    if ppi >= 505:
        template.encode(Template("null", "x", (FingerTemplate(1, 0, width, height, a),)))


def test_null_templates_of_different_pixels_differ() -> None:
    """One changed pixel gives other minutiae."""
    pixels = np.zeros((50, 50), dtype=np.uint8)
    other = pixels.copy()
    other[3, 3] = 1
    assert not np.array_equal(NullExtractor().extract(pixels, 500), NullExtractor().extract(other, 500))


@pytest.mark.slow
def test_mindtct_finds_the_drawn_minutiae_with_the_same_angles_as_leader() -> None:
    """Both extractors find the placed minutiae, within 8 pixels and 30 degrees of each other."""
    pixels = _rings()
    sure = EXTRACTORS["leader"]().extract(pixels, 500)
    sure = sure[sure[:, 3] > 0.9]
    quick = MindtctExtractor().extract(pixels, 500)
    assert len(sure) == 3
    for x, y, theta, _ in sure:
        distance = np.hypot(quick[:, 0] - x, quick[:, 1] - y)
        near = quick[distance.argmin()]
        assert distance.min() <= 8
        assert abs((np.rad2deg(near[2] - theta) + 180) % 360 - 180) < 30


@pytest.mark.slow
def test_mindtct_takes_small_and_senseless_images() -> None:
    """Sizes on which MINDTCT itself reads out of bounds lose no worker and give minutiae inside the image."""
    noise = np.random.default_rng(1).integers(0, 256, (300, 300)).astype(np.uint8)
    with job.extract_workshop("mindtct", slots=1) as made:
        for rows, columns in ((1, 1), (8, 8), (9, 9), (8, 300), (63, 64), (300, 300)):
            for pixels in (noise[:rows, :columns], np.full((rows, columns), 255, dtype=np.uint8)):
                found = job.extract_apart(made, _image(np.ascontiguousarray(pixels))).fingers[0].minutiae
                assert (found[:, 0] < columns).all()
                assert (found[:, 1] < rows).all()


@pytest.mark.slow
@pytest.mark.shared
def test_the_slaps_of_a_real_card_are_told_apart(shared_data: Path) -> None:
    """Two scanned slaps, with print, handwriting, second joints and punch holes, give four fingers each."""
    card = (shared_data / "an2-valid" / "nist2007-type-4-tpcard.an2").read_bytes()
    extractor = MindtctExtractor()
    named = {}
    for fgp, image in _type_4(card):
        if fgp in (11, 12, 13, 14):
            made = job.extract_with(extractor, image, job.Caps())
            named[fgp] = {finger.fgp: len(finger.minutiae) for finger in made.fingers}
    assert {fgp: tuple(names) for fgp, names in named.items()} == {
        11: (1,),
        12: (6,),
        13: (2, 3, 4, 5),
        14: (10, 9, 8, 7),
    }


def _type_4(card: bytes) -> Iterator[tuple[int, Image]]:
    """The Type-4 records of a transaction without any other binary records."""
    at = 0
    while not card[at : at + 4].isdigit() and card[at : at + 4] in (b"1.00", b"2.00"):
        at += int(card[card.index(b":", at) + 1 : card.index(b"\x1d", at)])
    while at < len(card):
        length, head = int.from_bytes(card[at : at + 4], "big"), card[at : at + 18]
        width, height = int.from_bytes(head[13:15], "big"), int.from_bytes(head[15:17], "big")
        data = card[at + 18 : at + length]
        yield head[6], Image(4, head[4], head[5], (head[6],), width, height, 500, 500, "WSQ", data, at + 18)
        at += length
