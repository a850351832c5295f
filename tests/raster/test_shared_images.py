# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sluicegate.errors import ImageRefused, SluicegateError, WorkerLost
from sluicegate.itl.model import Image
from sluicegate.itl.reader import read
from sluicegate.raster import jobs
from sluicegate.raster.decode import Decoded
from sluicegate.raster.header import Kind, dimensions, sniff
from sluicegate.raster.isolate import Workshop

pytestmark = [pytest.mark.shared, pytest.mark.slow]

CLAIMS = {".wsq": "WSQ", ".png": "PNG", ".jp2": "JP2", ".j2k": "JP2", ".jpc": "JP2"}


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    """One decoding workshop for the module."""
    with jobs.decode_workshop() as one:
        yield one


def _image(path: Path, hll: int = 0, vll: int = 0) -> Image:
    return Image(14, 1, 0, (1,), hll, vll, 500.0, 500.0, CLAIMS[path.suffix], path.read_bytes(), 0)


def _outcome(workshop: Workshop, image: Image) -> Decoded | SluicegateError:
    """Any exception but these two fails the test."""
    try:
        return jobs.decode_apart(workshop, image)
    except (ImageRefused, WorkerLost) as error:
        return error


@pytest.mark.parametrize(
    ("folder", "at_least_read", "at_least_not"),
    [("wsq-mutants", 5, 30), ("jp2-malformed", 8, 20), ("image-hostile", 3, 1)],
)
def test_hostile_images_take_nothing_down(
    workshop: Workshop, shared_data: Path, folder: str, at_least_read: int, at_least_not: int
) -> None:
    """Every hostile image ends as pixels, a refusal or a lost worker, in one zygote that lives to the end."""
    zygote = workshop.zygote_pid
    paths = [one for one in sorted((shared_data / folder).iterdir()) if one.suffix in CLAIMS]
    found = [_outcome(workshop, _image(path)) for path in paths]
    assert all(one.message.isprintable() for one in found if isinstance(one, SluicegateError))
    read_well = sum(isinstance(one, Decoded) for one in found)
    assert read_well >= at_least_read
    assert len(found) - read_well >= at_least_not
    assert workshop.zygote_pid == zygote


def test_bombs_are_refused_from_their_headers(shared_data: Path, workshop: Workshop) -> None:
    """The WSQ files that claim 20000x20000 pixels and more are refused for that claim."""
    for name in ("fp01-dim20kx20k", "bioimg-dim20kx20k", "fp01-dimhuge"):
        found = _outcome(workshop, _image(shared_data / "wsq-mutants" / f"{name}.wsq"))
        assert isinstance(found, ImageRefused)
        assert re.match(r"The image claims \d{5}x\d{5} pixels, more than 4000", found.message)


def test_every_certified_wsq_decodes(shared_data: Path, workshop: Workshop) -> None:
    """Every WSQ of the certification set decodes to the size that its header claims."""
    for path in sorted((shared_data / "wsq").glob("*.wsq")):
        found = _outcome(workshop, _image(path))
        size = dimensions(path.read_bytes(), Kind.WSQ)
        assert isinstance(found, Decoded), path.name
        assert found.pixels.shape[::-1] == size


def test_wsq_pixels_are_those_of_nbis(shared_data: Path, workshop: Workshop) -> None:
    """WSQ pixels differ by at most one grey level from what the reference decoder of NIST gives."""
    references = sorted((shared_data / "wsq").glob("*-nbis-decoded.raw"))
    assert len(references) == 3
    for path in references:
        found = _outcome(workshop, _image(path.with_name(path.name.replace("-nbis-decoded.raw", ".wsq"))))
        assert isinstance(found, Decoded)
        wanted = np.fromfile(path, np.uint8).reshape(found.pixels.shape)
        assert np.abs(found.pixels.astype(int) - wanted).max() <= 1


def test_images_of_real_transactions_decode(shared_data: Path, workshop: Workshop) -> None:
    """Every friction ridge image of the valid transactions gives pixels, but two that hold no image."""
    ridges = 0
    for path in sorted((shared_data / "an2-valid").iterdir()):
        transaction = read(path.read_bytes()).transaction
        for image in transaction.images if transaction else ():
            found = _outcome(workshop, image)
            if image.record_type in (4, 13, 14, 15):
                ridges += 1
                hollow = path.name in ("nbis-valid1.5.an2", "nbis-valid1.7.an2")  # digits as image data
                assert isinstance(found, ImageRefused if hollow else Decoded), (path.name, image.idc)
    assert ridges >= 70


def test_a_palm_at_full_size_decodes(shared_data: Path, workshop: Workshop) -> None:
    """A whole palm in JPEG 2000, 2750x2750 pixels, is under the caps and decodes."""
    path = next((shared_data / "jp2").glob("*.jp2"))
    assert sniff(path.read_bytes()) is Kind.JP2
    found = _outcome(workshop, _image(path, 2750, 2750))
    assert isinstance(found, Decoded)
    assert found.pixels.shape == (2750, 2750)
