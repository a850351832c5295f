# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sluicegate.errors import ImageRefused
from sluicegate.raster import encode
from sluicegate.raster.header import Caps, Kind, dimensions, sniff

PIXELS = np.tile(np.arange(120, dtype=np.uint8), (70, 1))  # 120 wide, 70 high


def _saved(name: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, name, **options)
    return out.getvalue()


WHOLE = {
    "wsq": (Kind.WSQ, encode.wsq(PIXELS)),
    "png": (Kind.PNG, encode.png(PIXELS)),
    "jpeg": (Kind.JPEG, _saved("JPEG")),
    "progressive": (Kind.JPEG, _saved("JPEG", progressive=True)),
    "jp2": (Kind.JP2, _saved("JPEG2000")),
    "j2k": (Kind.JP2, _saved("JPEG2000", no_jp2=True)),
}


@pytest.mark.parametrize("name", WHOLE)
def test_kind_and_size_are_read_from_the_header(name: str) -> None:
    """Each format that is decoded is known by its first bytes and tells its size."""
    kind, data = WHOLE[name]
    assert sniff(data) is kind
    assert dimensions(data, kind) == (120, 70)


@pytest.mark.parametrize("name", WHOLE)
def test_a_cut_header_is_unknown_never_wrong(name: str) -> None:
    """However short an image is cut, its size is read correctly or not at all."""
    kind, data = WHOLE[name]
    found = [dimensions(data[:length], kind) for length in range(min(len(data), 900))]
    assert set(found) == {None, (120, 70)}


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(sorted(name for name in WHOLE)))
def test_any_bytes_are_survived(noise: bytes, name: str) -> None:
    """Any bytes, alone or behind a true magic, give a size or none, and no exception."""
    kind, data = WHOLE[name]
    for claim in Kind:
        assert dimensions(noise, claim) is None or claim is not Kind.RAW
    size = dimensions(data[:12] + noise, kind)
    assert size is None or min(size) >= 0
    assert sniff(noise) in Kind


@settings(deadline=None)
@given(st.data())
def test_any_damage_to_a_header_is_survived(data: st.DataObject) -> None:
    """A header with bytes changed anywhere gives a size or none, and no exception."""
    kind, whole = WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))]
    damaged = bytearray(whole[:700])
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    size = dimensions(bytes(damaged), kind)
    assert size is None or min(size) >= 0


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def test_a_jp2_is_as_large_as_its_largest_claim() -> None:
    """A JPEG 2000 file whose box and codestream disagree is held to the larger size of each side."""
    codestream = b"\xff\x4f\xff\x51" + struct.pack(">HHIIII", 41, 0, 30, 9000, 10, 0)
    header = _box(b"ihdr", struct.pack(">IIHBBBB", 5, 700, 1, 7, 7, 0, 0))
    magic = _box(b"jP  ", b"\r\n\x87\n")
    data = magic + _box(b"jp2h", header) + _box(b"jp2c", codestream)
    assert dimensions(data, Kind.JP2) == (700, 9000)


def test_a_jpeg_size_is_found_behind_fill_and_comments() -> None:
    """Fill bytes and other segments before the JPEG frame are walked over."""
    whole = WHOLE["jpeg"][1]
    data = whole[:2] + b"\xff\xff\xff\xfe\x00\x04hi" + whole[2:]
    assert dimensions(data, Kind.JPEG) == (120, 70)


@pytest.mark.parametrize(
    ("width", "height"), [(20_000, 20_000), (4001, 1), (1, 4001), (3000, 3000), (0, 5), (5, 0)]
)
def test_sizes_over_the_caps_are_refused(width: int, height: int) -> None:
    """A claim over the caps on sides or area, or of no pixels, is refused with a code."""
    with pytest.raises(ImageRefused) as caught:
        Caps().check_size(width, height)
    assert caught.value.code == "E0003"
    Caps().check_size(4000, 2000)


def test_data_over_the_cap_is_refused() -> None:
    """No data and too much data are refused before anything reads them."""
    caps = Caps(max_bytes=10)
    caps.check_bytes(bytes(10))
    for data in (b"", bytes(11)):
        with pytest.raises(ImageRefused):
            caps.check_bytes(data)
