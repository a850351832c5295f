# SPDX-License-Identifier: Apache-2.0
"""LEADER: the graph, the frame, the crop and the windows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from sluicegate.errors import ImageRefused
from sluicegate.ridge.extract import frame, leader
from sluicegate.ridge.extract.leader_graph import build_leader
from sluicegate.ridge.extract.weights import published_weights

WHIRLS = ((40, 40, 1), (90, 60, -1), (70, 120, 1), (100, 120, 1))

# What pyfing 0.7.3 itself finds in `_ridges()`, run with Keras 3.15 on JAX: x, y, direction, quality.
# Made by minutiae_end_to_end.Leader with minutia_quality_threshold=0.3 on the same pixels.
PUBLISHED = (
    (41, 40, -2.7304, 0.9670),
    (91, 59, -1.4250, 0.9691),
    (51, 67, -1.9686, 0.4801),
    (100, 120, 0.8697, 0.9706),
    (70, 121, 0.5012, 0.9626),
)


def _ridges(rows: int = 160, columns: int = 128) -> np.ndarray:
    """Rings of ridges, 9 pixels apart, with a minutia placed at each of WHIRLS."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
    phase = 2 * np.pi * np.hypot(x - 50, y - 70) / 9
    for cx, cy, sign in WHIRLS:
        phase += sign * np.arctan2(y - cy, x - cx)
    return np.rint(128 + 100 * np.cos(phase)).astype(np.uint8)


@pytest.fixture(scope="module")
def extractor() -> leader.LeaderExtractor:
    """LEADER with the published weights."""
    return leader.LeaderExtractor(build_leader(published_weights()))


def test_the_rebuilt_network_finds_what_the_published_one_finds(extractor: leader.LeaderExtractor) -> None:
    """Places, directions and confidences equal those of pyfing run with Keras, to the digits noted."""
    found = extractor.extract(_ridges(), 500)
    expected = np.array(PUBLISHED)
    expected[:, 2] %= 2 * np.pi
    assert np.abs(found - expected).max() < 1e-4


def test_minutiae_lie_where_they_were_drawn(extractor: leader.LeaderExtractor) -> None:
    """Each of the four drawn minutiae is found within two pixels with a confidence above 0.9."""
    found = extractor.extract(_ridges(), 500)
    sure = found[found[:, 3] > 0.9]
    assert len(sure) == len(WHIRLS)
    for x, y, _ in WHIRLS:
        assert np.hypot(sure[:, 0] - x, sure[:, 1] - y).min() <= 2


def test_the_angle_of_an_ending_points_back_along_its_ridge(extractor: leader.LeaderExtractor) -> None:
    """A dark ridge that comes from the left and ends has angle 180 degrees, one from below 270 degrees."""
    y, x = np.mgrid[0:160, 0:160].astype(np.float64)
    bend = np.arctan2(y - 80, x - 80)  # one more ridge left of the middle than right of it
    picture = np.rint(128 - 100 * np.cos(2 * np.pi * (y - 80) / 9 - bend + np.pi)).astype(np.uint8)
    for turned, quarter in ((picture, 180), (np.ascontiguousarray(np.rot90(picture)), 270)):
        found = extractor.extract(turned, 500)
        middle = found[np.hypot(found[:, 0] - 80, found[:, 1] - 80) < 12]
        assert len(middle) == 1
        angle = np.rad2deg(middle[0, 2])
        assert abs((angle - quarter + 180) % 360 - 180) < 15


def test_an_image_at_1000_ppi_gives_the_minutiae_of_the_same_image_at_500(
    extractor: leader.LeaderExtractor,
) -> None:
    """Doubled in size and told as 1,000 ppi, an image gives the same places at 500 ppi within two pixels."""
    whole = _ridges()
    doubled = np.asarray(Pillow.fromarray(whole).resize((256, 320), Pillow.Resampling.BICUBIC))
    a, b = extractor.extract(whole, 500), extractor.extract(doubled, 1000)
    a, b = a[a[:, 3] > 0.9], b[b[:, 3] > 0.9]
    assert len(a) == len(b)
    assert np.abs(np.sort(a[:, :2], axis=0) - np.sort(b[:, :2], axis=0)).max() <= 2


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (33, 31), (160, 128)])
def test_an_image_without_ridges_gives_no_minutiae(
    extractor: leader.LeaderExtractor, shape: tuple[int, int]
) -> None:
    """White paper of any size gives no minutiae and no error."""
    assert extractor.extract(np.full(shape, 255, dtype=np.uint8), 500).shape == (0, 4)


@pytest.mark.parametrize(
    ("shape", "ppi"), [((0, 5), 500), ((10, 10), 0), ((10, 10), 199), ((10, 10), 9000), ((4097, 10), 500)]
)
def test_what_is_no_fingerprint_image_is_refused(
    extractor: leader.LeaderExtractor, shape: tuple[int, int], ppi: float
) -> None:
    """No pixels, a resolution no scanner has, or a side over the cap is refused before any work."""
    with pytest.raises(ImageRefused):
        extractor.extract(np.zeros(shape, dtype=np.uint8), ppi)


def test_the_extractor_id_names_weights_and_numbers(extractor: leader.LeaderExtractor) -> None:
    """Another threshold gives another id, so its templates are never compared with ours."""
    other = leader.LeaderExtractor(build_leader(published_weights()), threshold=0.6)
    assert extractor.id == f"leader-0cbf12af9364-{extractor.parameters}"
    assert other.id != extractor.id
    assert other.parameters != extractor.parameters


def test_the_graph_is_the_same_bytes_every_time() -> None:
    """The same weights give the same model, byte for byte."""
    assert build_leader(published_weights()) == build_leader(published_weights())


STEPS = 4096 // 32
BOXES = st.tuples(st.integers(1, STEPS), st.integers(1, STEPS)).flatmap(
    lambda shape: st.tuples(
        st.just(shape),
        st.tuples(st.integers(0, shape[0] - 1), st.integers(1, shape[0])),
        st.tuples(st.integers(0, shape[1] - 1), st.integers(1, shape[1])),
    )
)


@settings(deadline=None)
@given(BOXES)
def test_windows_share_out_every_pixel_of_the_box_exactly_once(
    drawn: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
) -> None:
    """Whatever the box, the windows' own parts tile it, lie within what is seen, which is on the grid and not
    over the cap."""
    shape, (top, bottom), (left, right) = (tuple(32 * step for step in pair) for pair in drawn)
    box = frame.Box(top, max(top + 32, bottom), left, max(left + 32, right))
    windows = list(leader._windows(box, shape))
    owned = sum((w.owned.bottom - w.owned.top) * (w.owned.right - w.owned.left) for w in windows)
    assert owned == (box.bottom - box.top) * (box.right - box.left)
    for a, b in itertools.combinations([w.owned for w in windows], 2):
        assert a.bottom <= b.top or b.bottom <= a.top or a.right <= b.left or b.right <= a.left
    for w in windows:
        seen, own = w.seen, w.owned
        assert 0 <= seen.top <= own.top < own.bottom <= seen.bottom <= shape[0]
        assert 0 <= seen.left <= own.left < own.right <= seen.right <= shape[1]
        assert (seen.bottom - seen.top) * (seen.right - seen.left) <= leader.WINDOW_PIXELS
        assert not any(edge % 32 for edge in (seen.top, seen.bottom, seen.left, seen.right))


@pytest.mark.slow
def test_windows_change_almost_nothing(extractor: leader.LeaderExtractor) -> None:
    """Of the sure minutiae of one large image, 99 of 100 are found within a pixel through windows."""
    tiles = np.tile(_ridges(), (5, 7))
    cosine, sine, confidence = extractor.maps(tiles)
    assert cosine.shape == sine.shape == tiles.shape
    y, x = np.nonzero(confidence >= 0.6)
    found = extractor.extract(tiles, 500)
    distance = np.hypot(x[:, None] - found[None, :, 0], y[:, None] - found[None, :, 1]).min(axis=1)
    assert len(x) > 100
    assert (distance <= 1.5).mean() > 0.99


@pytest.mark.slow
def test_a_crop_changes_almost_nothing(extractor: leader.LeaderExtractor) -> None:
    """Of the minutiae of ridges in a corner of a large sheet, the crop keeps 97 of 100 within a pixel."""
    sheet = np.full((700, 700), 250, dtype=np.uint8)
    sheet[40:360, 50:434] = np.tile(_ridges(), (2, 3))
    box = frame.foreground(sheet, leader.MARGIN)
    assert box is not None
    assert (box.bottom - box.top) * (box.right - box.left) < 0.6 * sheet.size
    y, x = np.nonzero(extractor.maps(sheet)[2] >= leader.THRESHOLD)
    found = extractor.extract(sheet, 500)
    distance = np.hypot(x[:, None] - found[None, :, 0], y[:, None] - found[None, :, 1])
    assert len(x) > 40
    assert (distance.min(axis=1) <= 1.5).mean() > 0.97
    assert (distance.min(axis=0) <= 1.5).mean() > 0.97
