# SPDX-License-Identifier: Apache-2.0
"""The whole engine against minutiae and images made to cost, to break or to fit everybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_people import finger, print_of, template
from hostile_shapes import FINGERS, HONEST, SHAPES, honest, hostile

from sluicegate.errors import ImageRefused, TemplateError
from sluicegate.itl.model import Image
from sluicegate.raster.encode import png
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.wire import WorkerLimits
from sluicegate.ridge import comparing, screening
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.extract import job
from sluicegate.ridge.fast import FastEngine
from sluicegate.ridge.gallery_packed import PackedGallery
from sluicegate.ridge.template import FingerTemplate, Template
from sluicegate.ridge.trace import trace_finger

P = numbers.load()
HERE = Path(__file__).parent
KERNELS = sorted({comparing.KERNELS[0], "numpy"} & {*screening.KERNELS})
LIMITS = WorkerLimits(wall_s=20.0, cpu_s=10)


@cache
def answers(kernel: str) -> dict[str, Any]:
    """What a process of one kernel and hard limits answers; it fails where a limit is met."""
    done = subprocess.run(
        [sys.executable, HERE / "hostile_shapes.py", kernel],
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.mark.slow
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_shape_is_searched_within_hard_limits(kernel: str) -> None:
    """Forty processor seconds and 2 GiB suffice for all shapes, searched, enrolled and traced."""
    assert set(SHAPES) < set(answers(kernel))


@pytest.mark.slow
def test_every_kernel_answers_hostile_probes_alike() -> None:
    """Candidates, similarities, counts of work and traces of hostile probes are equal on every kernel."""
    first, *others = (answers(kernel) for kernel in KERNELS)
    assert all(other == first for other in others)


@pytest.mark.slow
def test_no_shape_is_taken_for_an_honest_person() -> None:
    """No probe of a shape reaches the grey band with any honest person."""
    wrong = [
        f"{name}: {subject} {similarity}"
        for name, told in answers(KERNELS[0]).items()
        if name != "honest 4"
        for subject, (similarity, reaches) in told["candidates"].items()
        if reaches and subject.startswith("honest")
    ]
    assert wrong == []


@pytest.mark.slow
def test_an_honest_person_is_found_among_the_shapes() -> None:
    """Beside every shape enrolled, an honest person is the only one who fits, and as similar as alone."""
    told = answers(KERNELS[0])["honest 4"]
    assert [one for one, (_, reaches) in told["candidates"].items() if reaches] == ["honest 4"]
    assert told["candidates"]["honest 4"][0] == pytest.approx(told["traced"], rel=1e-6)


@pytest.mark.slow
def test_a_shape_makes_no_more_comparisons_than_fingers_allow() -> None:
    """Comparisons of a search are at most one for each subject, finger and order of fingers tried."""
    everybody = HONEST + len(SHAPES)
    for name, told in answers(KERNELS[0]).items():
        fingers = 10 if name.startswith("a slap") else len(FINGERS)
        assert told["compared"] <= 3 * fingers * everybody, name


BROKEN = {
    "an angle that is no number": (3, 2, np.nan),
    "an endless angle": (3, 2, np.inf),
    "a place that is no number": (0, 0, np.nan),
    "a place before the image": (0, 1, -1.0),
    "a place beyond the image": (0, 0, 1e9),
    "a quality above one": (5, 3, 1.5),
    "a quality that is no number": (5, 3, np.nan),
}


def broken(row: int, column: int, value: float) -> Template:
    """An honest finger with one value spoilt."""
    minutiae = print_of(1, 2)
    minutiae[row, column] = value
    return template(finger(2, minutiae))


@pytest.mark.parametrize("what", BROKEN)
def test_values_that_no_minutia_has_are_refused_everywhere(what: str) -> None:
    """Searched, enrolled or traced, such a minutia is refused in a sentence and changes no gallery."""
    spoilt = broken(*BROKEN[what])
    gallery = PackedGallery(P)
    gallery.enrol("a", honest(1))
    version = gallery.version
    for work in (
        lambda: FastEngine(P).identify(spoilt, [gallery]),
        lambda: gallery.enrol("b", spoilt),
        lambda: trace_finger(spoilt.fingers[0], spoilt.fingers[0], P),
    ):
        with pytest.raises(TemplateError):
            work()
    assert (gallery.version, len(gallery)) == (version, 1)


@pytest.mark.parametrize("shape", [(5, 3), (20,), (2, 2, 4)])
def test_arrays_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    """Minutiae in an array that is not (n, 4) are refused at enrolment."""
    odd = Template("made", "1", (FingerTemplate(2, 1, 500, 500, np.zeros(shape, dtype=np.float32)),))
    with pytest.raises(TemplateError):
        PackedGallery(P).enrol("a", odd)


def test_a_shape_enrolled_twice_says_nothing_new() -> None:
    """The same hostile person enrolled twice under one name stays one subject."""
    gallery = PackedGallery(P)
    for _ in range(2):
        gallery.enrol("a", hostile("one place"))
    assert len(gallery) == 1


@pytest.fixture(scope="module", params=["leader", "mindtct", "null"])
def workshop(request: pytest.FixtureRequest) -> Iterator[Workshop]:
    """A workshop of each extractor."""
    with job.extract_workshop(request.param, slots=1, limits=LIMITS) as made:
        yield made


def stripe(rows: int, columns: int) -> bytes:
    """A PNG of noise."""
    return png(np.random.default_rng(1).integers(0, 256, (rows, columns)).astype(np.uint8))


def lying(data: bytes, coding: str, size: tuple[int, int] = (300, 300)) -> Image:
    """A record's image whose size and coding are as claimed, whatever the bytes are."""
    return Image(14, 1, 0, (2,), *size, 500.0, 500.0, coding, data, 0)


def claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims other sides than its rows have; its checksum does not hold either."""
    data = bytearray(stripe(64, 64))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return bytes(data)


@pytest.mark.slow
def test_headers_that_lie_are_refused_and_the_workers_live_on(workshop: Workshop) -> None:
    """Huge, empty and false claims are refused in a sentence; the next honest image is extracted."""
    for image in (
        lying(claiming(2**31 - 1, 2**31 - 1), "PNG"),
        lying(claiming(0, 64), "PNG"),
        lying(claiming(3_000, 3_000), "PNG"),
        lying(claiming(2_000, 2_000), "PNG"),
        lying(b"\xff\xa0" + b"\xff" * 200, "WSQ"),
        lying(b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"\x00" * 100, "JP2"),
        lying(b"\xff\xd8\xff\xe0" + b"\x00" * 60, "JPEGB"),
        lying(b"", "WSQ"),
        lying(b"\x00" * 64, "NONE", (8, 9)),
    ):
        with pytest.raises(ImageRefused):
            job.extract_apart(workshop, image)
    made = job.extract_apart(workshop, lying(stripe(64, 64), "PNG", (64, 64)))
    assert [(one.width, one.height) for one in made.fingers] == [(64, 64)]


@pytest.mark.slow
def test_a_line_of_pixels_beyond_the_cap_is_refused(workshop: Workshop) -> None:
    """One row or one column of 4,096 pixels is refused, and the sentence names the cap."""
    for rows, columns in ((1, 4096), (4096, 1)):
        with pytest.raises(ImageRefused, match="more than 4000 on a side"):
            job.extract_apart(workshop, lying(stripe(rows, columns), "PNG", (columns, rows)))
