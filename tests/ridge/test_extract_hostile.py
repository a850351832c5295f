# SPDX-License-Identifier: Apache-2.0
"""Images made to cost or to break: every extractor answers or refuses, within a worker's limits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import ImageRefused
from sluicegate.itl.model import Image
from sluicegate.raster.encode import png
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.wire import WorkerLimits
from sluicegate.ridge.extract import job
from sluicegate.ridge.extract.interface import Extractor, Pixels
from sluicegate.ridge.extract.null import NullExtractor
from sluicegate.ridge.extract.table import EXTRACTORS

NAMES = ("leader", "mindtct", "null")
NAN, INFINITE = float("nan"), float("inf")
LIMITS = WorkerLimits(wall_s=20.0, cpu_s=10)


def noise(rows: int, columns: int) -> Pixels:
    """Even noise."""
    return np.random.default_rng(rows).integers(0, 256, (rows, columns)).astype(np.uint8)


def framed(pixels: Pixels, *, ppi: tuple[float, float] = (500.0, 500.0), fgp: int = 2) -> Image:
    """The pixels as a record's image."""
    rows, columns = pixels.shape
    return Image(14, 1, 0, (fgp,), columns, rows, *ppi, "PNG", png(pixels), 0)


@pytest.fixture(scope="module", params=NAMES)
def workshop(request: pytest.FixtureRequest) -> Iterator[Workshop]:
    """A workshop of each extractor, whose workers have ten seconds of processor time and 1.5 GB."""
    with job.extract_workshop(request.param, slots=1, limits=LIMITS) as made:
        yield made


@pytest.fixture(scope="module", params=NAMES)
def extractor(request: pytest.FixtureRequest) -> Extractor:
    """Each extractor in this process."""
    return EXTRACTORS[request.param]()


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape", [(8, 8), (1, 1), (1, 4000), (4000, 1), (17, 4000), (2800, 2800)], ids=lambda s: f"{s[0]}x{s[1]}"
)
@pytest.mark.parametrize("kind", ["noise", "white", "black"])
def test_senseless_images_of_any_shape_are_answered_within_the_limits(
    workshop: Workshop, shape: tuple[int, int], kind: str
) -> None:
    """Noise and even paper, tiny, long or large, give minutiae inside the image and cost no worker."""
    pixels = noise(*shape) if kind == "noise" else np.full(shape, 255 * (kind == "white"), dtype=np.uint8)
    for finger in job.extract_apart(workshop, framed(pixels)).fingers:
        assert (finger.height, finger.width) == shape
        assert len(finger.minutiae) <= 1000
        assert (finger.minutiae[:, 0] < max(2, shape[1])).all()
        assert (finger.minutiae[:, 1] < max(2, shape[0])).all()


@pytest.mark.slow
def test_more_pixels_than_the_cap_are_refused_in_a_sentence(workshop: Workshop) -> None:
    """3,000 by 3,000 pixels are over the cap of eight million, and the sentence says so."""
    with pytest.raises(ImageRefused, match="3000x3000 pixels, more than 8000000"):
        job.extract_apart(workshop, framed(noise(3000, 3000)))


@pytest.mark.slow
@pytest.mark.parametrize("fgp", [13, 14, 15])
def test_noise_sent_as_a_slap_stays_whole(workshop: Workshop, fgp: int) -> None:
    """A slap of nothing but noise gives one template under the slap's own code."""
    made = job.extract_apart(workshop, framed(noise(1000, 1600), fgp=fgp))
    assert [finger.fgp for finger in made.fingers] == [fgp]


@pytest.mark.parametrize("ppi", [NAN, INFINITE, -INFINITE, -500.0, 0.0, 1e-300, 199.9, 2400.1])
def test_a_resolution_that_none_has_is_refused_in_a_sentence(extractor: Extractor, ppi: float) -> None:
    """Not a number, endless, negative or beyond any scanner: refused before any work."""
    with pytest.raises(ImageRefused, match="resolution"):
        extractor.extract(noise(50, 50), ppi)


@pytest.mark.parametrize("ppi", [(NAN, 500.0), (500.0, NAN), (NAN, NAN), (500.0, INFINITE)])
def test_a_record_whose_resolution_is_no_number_is_refused(ppi: tuple[float, float]) -> None:
    """In either direction, a resolution that is not a number refuses the image."""
    with pytest.raises(ImageRefused, match="resolution"):
        job.extract_with(NullExtractor(), framed(noise(50, 50), ppi=ppi), job.Caps())


@pytest.mark.parametrize("shape", [(0, 0), (0, 10), (10, 0)])
def test_an_image_without_pixels_is_refused(extractor: Extractor, shape: tuple[int, int]) -> None:
    """No rows or no columns: refused as an image without pixels."""
    with pytest.raises(ImageRefused, match="no pixels"):
        extractor.extract(np.zeros(shape, dtype=np.uint8), 500)


def test_an_image_of_no_bytes_is_refused() -> None:
    """A record with an empty image is refused and not extracted."""
    with pytest.raises(ImageRefused):
        job.extract_with(NullExtractor(), Image(14, 1, 0, (2,), 10, 10, 500, 500, "PNG", b"", 0), job.Caps())


@settings(deadline=None, max_examples=15)
@given(
    st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1), st.floats(200, 2400), st.integers(1, 8)
)
def test_any_small_image_gives_minutiae_within_the_template_s_bounds(
    extractor: Extractor, rows: int, columns: int, seed: int, ppi: float, grain: int
) -> None:
    """Coarse or fine noise of any size and resolution gives finite minutiae that a template takes."""
    coarse = np.random.default_rng(seed).integers(0, 256, (-(-rows // grain), -(-columns // grain)))
    pixels = np.kron(coarse, np.ones((grain, grain)))[:rows, :columns].astype(np.uint8)
    found = extractor.extract(np.ascontiguousarray(pixels), ppi)
    assert found.dtype == np.float32
    assert found.shape[1:] == (4,)
    assert np.isfinite(found).all()
    assert ((found[:, 2] >= 0) & (found[:, 2] <= np.float32(2 * np.pi))).all()
    assert ((found[:, 3] >= 0) & (found[:, 3] <= 1)).all()
