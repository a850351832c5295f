# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from sluicegate.errors import ImageRefused, SluicegateError, UsageError, WorkerLost
from sluicegate.itl.model import Image
from sluicegate.raster import encode, jobs
from sluicegate.raster.decode import Decoded, decode
from sluicegate.raster.header import Caps
from sluicegate.raster.isolate import Workshop

RIDGES = (127 + 100 * np.sin(np.hypot(*np.mgrid[-80:80, -60:60]) * 0.7)).astype(
    np.uint8
)  # 160 rows, 120 columns


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    """One decoding workshop for the module."""
    with jobs.decode_workshop() as one:
        yield one


def _image(data: bytes, compression: str, hll: int = 120, vll: int = 160) -> Image:
    return Image(14, 1, 0, (1,), hll, vll, 500.0, 500.0, compression, data, 0)


def _saved(pixels: np.ndarray | Pillow.Image, name: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture = pixels if isinstance(pixels, Pillow.Image) else Pillow.fromarray(pixels)
    picture.save(out, name, **options)
    return out.getvalue()


LOSSLESS = {
    "NONE": RIDGES.tobytes(),
    "PNG": encode.png(RIDGES),
    "JP2L": _saved(RIDGES, "JPEG2000", irreversible=False),
}
LOSSY = {
    "WSQ": encode.wsq(RIDGES),
    "JPEGB": _saved(RIDGES, "JPEG", quality=90),
    "JP2": _saved(RIDGES, "JPEG2000", irreversible=True, quality_mode="rates", quality_layers=[8]),
}


@pytest.mark.parametrize("compression", LOSSLESS)
def test_lossless_images_come_back_exactly(workshop: Workshop, compression: str) -> None:
    """Raw, PNG and lossless JPEG 2000 pixels come out of the worker exactly as they went in."""
    found = jobs.decode_apart(workshop, _image(LOSSLESS[compression], compression))
    assert np.array_equal(found.pixels, RIDGES)
    assert found.notes == ()


@pytest.mark.parametrize("compression", LOSSY)
def test_lossy_images_come_back_nearly(workshop: Workshop, compression: str) -> None:
    """WSQ, JPEG and lossy JPEG 2000 pixels come out of the worker with a small mean error."""
    found = jobs.decode_apart(workshop, _image(LOSSY[compression], compression))
    assert found.pixels.shape == (160, 120)
    assert np.abs(found.pixels.astype(int) - RIDGES).mean() < 8


def test_the_frame_of_the_codec_wins() -> None:
    """Where the record's size disagrees with the image, the image's own size holds and is told."""
    found = decode(_image(LOSSLESS["PNG"], "PNG", hll=800, vll=750))
    assert found.pixels.shape == (160, 120)
    assert found.notes == ("The record says 800x750 pixels; the image holds 120x160.",)


def test_the_bytes_decide_the_codec() -> None:
    """Where the record's compression disagrees with the bytes, the bytes hold and that is told."""
    for claim in ("WSQ", "?77", "NONE"):
        found = decode(_image(LOSSLESS["PNG"], claim))
        assert np.array_equal(found.pixels, RIDGES)
        assert found.notes == (f"The record says compression `{claim}`; the data is PNG.",)


def test_raw_pixels_that_look_like_a_codec_stay_raw() -> None:
    """A raw image of exactly the size that its record says is raw, whatever its first pixels look like."""
    data = LOSSLESS["PNG"][:16] + bytes(120 * 160 - 16)
    assert decode(_image(data, "NONE")).pixels.tobytes() == data


def test_raw_pixels_too_few_are_refused_and_too_many_told() -> None:
    """A raw image shorter than its size is refused; a longer one is cut, and that is told."""
    with pytest.raises(ImageRefused):
        decode(_image(LOSSLESS["NONE"][:-1], "NONE"))
    found = decode(_image(LOSSLESS["NONE"] + b"xyz", "NONE"))
    assert np.array_equal(found.pixels, RIDGES)
    assert found.notes == ("3 bytes after the raw image were ignored.",)


@pytest.mark.parametrize("compression", ["?9", "WSQ", "JPEGB", "PNG", "JP2"])
def test_data_that_is_not_what_it_says_is_refused(compression: str) -> None:
    """Noise under any claimed compression is refused, and the claim is quoted safely."""
    with pytest.raises(ImageRefused) as caught:
        decode(_image(b"\x00noise" * 50, compression))
    assert caught.value.code == "E0004"
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGB", "RGBA"])
def test_colour_becomes_grey(workshop: Workshop, mode: str) -> None:
    """Bilevel, palette, colour and alpha images become 8-bit grey, in the worker, alpha ignored."""
    picture = Pillow.fromarray(RIDGES > 127 if mode == "1" else RIDGES).convert(mode)
    if mode.endswith("A"):
        picture.putalpha(7)
    found = jobs.decode_apart(workshop, _image(_saved(picture, "PNG"), "PNG"))
    wanted = np.where(RIDGES > 127, 255, 0) if mode == "1" else RIDGES
    assert np.abs(found.pixels.astype(int) - wanted).mean() < 2


@pytest.mark.parametrize(("name", "claim"), [("PNG", "PNG"), ("JPEG2000", "JP2")])
def test_deep_images_keep_their_upper_bits(workshop: Workshop, name: str, claim: str) -> None:
    """Of 16-bit pixels the upper 8 bits are kept."""
    deep = RIDGES.astype(np.uint16) * 256 + 255
    found = jobs.decode_apart(workshop, _image(_saved(deep, name), claim))
    assert np.array_equal(found.pixels, RIDGES)


def test_cmyk_jpegs_are_decoded(workshop: Workshop) -> None:
    """A JPEG of four inks decodes to grey."""
    data = _saved(Pillow.fromarray(RIDGES).convert("RGB").convert("CMYK"), "JPEG")
    found = jobs.decode_apart(workshop, _image(data, "JPEGB"))
    assert np.abs(found.pixels.astype(int) - RIDGES).mean() < 8


def _claiming(data: bytes, width: int, height: int) -> bytes:
    return data[:16] + struct.pack(">II", width, height) + data[24:]


def test_a_bomb_is_refused_from_its_header() -> None:
    """A small file that claims 20000x20000 pixels is refused with that sentence, whatever its format."""
    sof = encode.wsq(RIDGES).index(b"\xff\xa2")
    wsq = encode.wsq(RIDGES)
    bombs = {
        "PNG": _claiming(LOSSLESS["PNG"], 20_000, 20_000),
        "WSQ": wsq[: sof + 6] + struct.pack(">HH", 20_000, 20_000) + wsq[sof + 10 :],
    }
    for compression, data in bombs.items():
        with pytest.raises(ImageRefused, match="claims 20000x20000"):
            decode(_image(data, compression))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_images_are_pixels_or_a_refusal(workshop: Workshop, data: st.DataObject) -> None:
    """Any damage to any image ends, through the worker, as pixels, a refusal or a lost worker."""
    both = LOSSLESS | LOSSY
    compression = data.draw(st.sampled_from(sorted(both)))
    damaged = bytearray(both[compression])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(damaged)))
    found: Decoded | SluicegateError
    try:
        found = jobs.decode_apart(workshop, _image(bytes(damaged[:cut]), compression))
    except (ImageRefused, WorkerLost) as error:
        found = error
    assert found.message.isprintable() if isinstance(found, SluicegateError) else found.pixels.ndim == 2


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_an_answer_is_checked(frame: bytes) -> None:
    """Whatever bytes a worker answers with are an image of the size they say, or a lost worker."""
    try:
        found = jobs.unpack_decoded(frame)
    except WorkerLost:
        return
    assert found.pixels.size > 0


@pytest.mark.parametrize(
    "head",
    [
        b'{"rows": 2, "cols": 3, "notes": []}',
        b'{"rows": -1, "cols": -4, "notes": []}',
        b'{"rows": 2, "cols": 2, "notes": ["line\\nbreak"]}',
        b'{"rows": 2.0, "cols": 2, "notes": []}',
        b'{"rows": true, "cols": 4, "notes": 5}',
        b"[]",
    ],
)
def test_a_false_answer_is_a_lost_worker(head: bytes) -> None:
    """Sizes that do not add up and notes that are not plain text are not believed."""
    with pytest.raises(WorkerLost):
        jobs.unpack_decoded(head + b"\n" + bytes(4))


def test_frames_round_trip() -> None:
    """An image with its caps, and pixels with their notes, come through their frames unchanged."""
    image, caps = _image(b"one\ntwo\n", "WSQ"), Caps(max_side=7)
    assert jobs.unpack_image(jobs.pack_image(image, caps)) == (image, caps)
    back = jobs.unpack_decoded(jobs.pack_decoded(Decoded(RIDGES, ("a note",))))
    assert np.array_equal(back.pixels, RIDGES)
    assert back.notes == ("a note",)


@pytest.mark.parametrize("ppi", [500, 1000])
def test_wsq_tells_its_resolution(ppi: int) -> None:
    """The comment of a WSQ that we write carries the resolution, and the image still decodes."""
    data = encode.wsq(RIDGES, ppi)
    assert b"\nPPI %d\n" % ppi in data
    assert decode(_image(data, "WSQ")).pixels.shape == (160, 120)


def test_what_is_no_grey_image_is_not_encoded() -> None:
    """Pixels of another type or shape, or too small for WSQ, are refused as a mistake of the caller."""
    for wrong in (RIDGES.astype(np.uint16), RIDGES[0], RIDGES[:0]):
        with pytest.raises(UsageError):
            encode.png(wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        encode.wsq(RIDGES[:63])
