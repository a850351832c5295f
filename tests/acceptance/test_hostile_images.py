# SPDX-License-Identifier: Apache-2.0
"""Hostile images inside a conforming booking: the crashers and bombs of others, decoded in real workers."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from acceptance_world import HANG_S, Counter, Meter, Settled, partial_booking

from sluicegate.itl.writer import FingerDraft
from sluicegate.raster import encode
from sluicegate.raster.header import dimensions, sniff
from sluicegate.testing import bookings

GCA = {"wsq-mutants": 1, "jp2-malformed": 4, "image-hostile": 6}
UNKNOWN = (512, 512)  # what the record says of an image whose own header cannot be read
NAMED = "Image of IDC 02 (FGP 2): "
PLACE = "IDC 02"  # a size that lies is found before any worker, and told with its place
TOO_POOR = "L0008 - Quality of characteristics is too low for a search; take the prints again."


def carrying(counter: Counter, image: bytes, gca: int) -> bytes:
    """A conforming booking of two prints, the second of which is this image."""
    size = dimensions(image, sniff(image)) or UNKNOWN
    hll, vll = (min(max(side, 1), 65535) for side in size)
    good = bookings.tiny_fingers(3, 1)[0]
    return partial_booking(counter.number(), [good, FingerDraft(0, 1, (2,), 0, hll, vll, gca, image)])


def fault(settled: Settled) -> str:
    """What is wrong with the way the booking settled, or the empty string."""
    if settled.seconds > HANG_S or settled.answers != 1:
        return f"{settled.answers} answers in {settled.seconds:.0f} s"
    if settled.kind == "ERRT" and not all(
        PLACE in line or line.startswith(TOO_POOR) for line in settled.lines
    ):
        return f"does not name the image: {settled.lines}"
    return ""


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "extractor"), [*((folder, "counter") for folder in GCA), ("image-hostile", "mindtct")]
)
def test_a_hostile_image_is_answered(
    request: pytest.FixtureRequest, shared_data: Path, folder: str, extractor: str
) -> None:
    """A booking that carries a hostile image gets an SRE, or one ERRT that names the image's IDC; a worker
    that the image kills is an ordinary ERRT, and the exchange goes on."""
    counter: Counter = request.getfixturevalue(extractor)
    images = [file for file in sorted((shared_data / folder).iterdir()) if file.stat().st_size]
    faults, lines = {}, []
    with Meter(counter.zygote) as meter:
        for file in images:
            settled = counter.ask(carrying(counter, file.read_bytes(), GCA[folder]))
            meter.note(file.name, settled)
            faults[file.name] = fault(settled)
            lines += settled.lines
    meter.show(f"{folder} in a booking, {extractor}")
    assert {name: said for name, said in faults.items() if said} == {}
    assert len(images) >= 5
    if folder == "wsq-mutants":
        assert f"L0008 - {NAMED}The worker crashed." in lines, "no image killed a worker: what is shown?"
    assert counter.ask(carrying(counter, sound_wsq(), 1)).kind == "SRE"


def sound_wsq() -> bytes:
    """A small WSQ image."""
    rng = np.random.default_rng(5)
    return encode.wsq(rng.integers(0, 256, (96, 128), dtype=np.uint8))


def claiming(width: int, height: int) -> bytes:
    """A small WSQ image whose frame header claims another size."""
    image = sound_wsq()
    frame = image.index(b"\xff\xa2") + 6  # SOF: marker, length, black, white, rows, columns
    return image[:frame] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + image[frame + 4 :]


def test_an_image_that_claims_to_be_huge_is_never_decoded(counter: Counter) -> None:
    """A print of a few kilobytes that claims 20000x20000 pixels is refused by its header, naming its IDC."""
    with Meter(counter.zygote) as meter:
        settled = counter.ask(carrying(counter, claiming(20000, 20000), 1))
        meter.note("20000x20000", settled)
    meter.show("a bomb")
    assert settled.lines == (
        f"E0003 - {NAMED}The image claims 20000x20000 pixels, more than 4000 on a side.",
    )
    assert counter.ask(carrying(counter, sound_wsq(), 1)).kind == "SRE"


def test_an_image_without_a_byte_is_refused(counter: Counter) -> None:
    """A print of which nothing but its header is there is refused, naming its IDC."""
    data = carrying(counter, b"\xff\xa0", 1)
    settled = counter.ask(data[:-20] + b"\x00\x00\x00\x12" + data[-16:-2])
    assert settled.kind == "ERRT"
    assert any("no data (Type-4 IDC 02" in line for line in settled.lines)


@pytest.mark.slow
def test_a_killed_worker_is_an_ordinary_refusal(mindtct: Counter) -> None:
    """A booking whose worker is killed from outside gets an ERRT that names the image."""
    done = threading.Event()
    hunter = threading.Thread(target=kill_workers, args=(mindtct.zygote, done))
    hunter.start()
    try:
        settled = mindtct.ask(carrying(mindtct, slow_image(), 1))
    finally:
        done.set()
        hunter.join()
    assert settled.kind == "ERRT"
    assert settled.code == "L0008"
    assert "IDC 0" in settled.lines[0]
    assert "killed" in settled.lines[0]
    lines = mindtct.ask(carrying(mindtct, sound_wsq(), 1)).lines
    assert all(line.startswith(TOO_POOR) for line in lines)


def slow_image() -> bytes:
    """Noise, which an extractor takes long to look at."""
    rng = np.random.default_rng(6)
    return encode.wsq(rng.integers(0, 256, (1200, 1200), dtype=np.uint8))


def kill_workers(zygote: int, done: threading.Event) -> None:
    """Kill every worker that shows itself."""
    children = Path(f"/proc/{zygote}/task/{zygote}/children")
    while not done.wait(0.001):
        for pid in children.read_text().split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue
