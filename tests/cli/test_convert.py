# SPDX-License-Identifier: Apache-2.0
"""`convert`: what can be carried over is carried whole, what cannot is listed and not written."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from cli_world import FULL, draft, run
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL.PngImagePlugin import PngImageFile

from sluicegate.cli.convert_images import resolution, with_resolution
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft, HeaderDraft, TaggedDraft, build
from sluicegate.raster import encode
from sluicegate.raster.header import Kind

HEADER = HeaderDraft(tot="XTOT", dat="20101115", dai="WVFBI0000", ori="XX0010000", tcn="TEST-0000000001")


def stripes(rows: int = 128, cols: int = 96) -> NDArray[np.uint8]:
    """Something that looks enough like a print to be coded."""
    y, x = np.indices((rows, cols))
    return (120 + 90 * np.sin((y + x) / 2)).astype(np.uint8)


def pixels(png: Path) -> NDArray[np.uint8]:
    """The pixels of a PNG of ours."""
    with PngImageFile(io.BytesIO(png.read_bytes())) as opened:
        return np.asarray(opened)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A conforming booking in a file."""
    path = tmp_path / "card.an2"
    path.write_bytes(draft(1, FULL, "TCN-CARD-0001"))
    return path


def test_a_booking_goes_to_xml_and_comes_back_byte_for_byte(card: Path, tmp_path: Path) -> None:
    """Nothing of a conforming booking is lost on the way to NIEM-XML and back."""
    there, back = tmp_path / "card.xml", tmp_path / "back.eft"
    ran = run("convert", card, there, "--json")
    assert ran.code == 0, ran.err
    assert ran.document["lost"] == []
    assert ran.document["written"] == there.stat().st_size
    assert there.read_bytes().lstrip().startswith(b"<?xml")
    assert run("convert", there, back).code == 0
    assert back.read_bytes() == card.read_bytes()
    assert there.stat().st_mode & 0o077 == 0


def test_what_cannot_be_carried_is_listed_and_nothing_is_written(tmp_path: Path) -> None:
    """A field that XML has no element for ends in exit code 3; with --lossy the rest is written."""
    path, out = tmp_path / "user.an2", tmp_path / "user.xml"
    path.write_bytes(build(HEADER, [TaggedDraft(2, 0, [(3, "HOME MADE"), (18, "DOE,JANE")])]))
    ran = run("convert", path, out)
    assert (ran.code, out.exists()) == (3, False)
    assert "2.003" in ran.out
    assert "DOE" not in ran.out
    loud = run("convert", path, out, "--lossy", "--json")
    assert (loud.code, len(loud.document["lost"])) == (0, 1)
    assert out.stat().st_size == loud.document["written"]


@pytest.mark.slow
def test_a_wsq_becomes_a_png_of_the_same_size_and_resolution(tmp_path: Path) -> None:
    """WSQ to PNG keeps every decoded pixel, the size and the pixels per inch, and loses nothing."""
    path, out = tmp_path / "a.wsq", tmp_path / "a.png"
    path.write_bytes(encode.wsq(stripes(), 600))
    ran = run("convert", path, out, "--json")
    assert (ran.code, ran.document["lost"]) == (0, [])
    assert pixels(out).shape == (128, 96)
    assert resolution(out.read_bytes(), Kind.PNG) == (600.0, 600.0)
    told = run("convert", path, tmp_path / "b.png").out
    assert "PNG 96x128, 600 ppi" in told


@pytest.mark.slow
def test_a_png_becomes_a_wsq_only_with_leave_to_lose(tmp_path: Path) -> None:
    """WSQ is a lossy coding: it is said, and made only with --lossy; size and resolution are kept."""
    path, out, back = (tmp_path / name for name in ("a.png", "a.wsq", "back.png"))
    path.write_bytes(with_resolution(encode.png(stripes()), 1000, 1000))
    assert (run("convert", path, out).code, out.exists()) == (3, False)
    assert run("convert", path, out, "--lossy").code == 0
    assert resolution(out.read_bytes(), Kind.WSQ) == (1000.0, 1000.0)
    assert run("convert", out, back).code == 0
    assert np.corrcoef(pixels(back).ravel(), stripes().ravel())[0, 1] > 0.95


@pytest.mark.slow
def test_a_resolution_that_nobody_told_is_asked_for(tmp_path: Path) -> None:
    """Without pixels per inch no WSQ is made; --ppi says them, and wins over what the file says."""
    path, out = tmp_path / "a.png", tmp_path / "a.wsq"
    path.write_bytes(encode.png(stripes()))
    ran = run("convert", path, out, "--lossy")
    assert (ran.code, out.exists()) == (2, False)
    assert "--ppi" in ran.err
    assert run("convert", path, out, "--lossy", "--ppi", "500").code == 0
    assert resolution(out.read_bytes(), Kind.WSQ) == (500.0, 500.0)


@pytest.mark.slow
def test_color_depth_and_comments_that_get_lost_are_named(tmp_path: Path) -> None:
    """Each thing that the other coding has no place for is a sentence of its own."""
    colored, said = tmp_path / "c.png", io.BytesIO()
    Picture.fromarray(np.dstack([stripes()] * 3)).save(said, "PNG", dpi=(500, 500))
    text = b"tEXtComment\0hello"
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    colored.write_bytes(said.getvalue()[:33] + chunk + said.getvalue()[33:])
    lost = run("convert", colored, tmp_path / "c.wsq", "--json").document["lost"]
    assert any("Color" in one for one in lost)
    assert any("tEXt" in one for one in lost)
    coded = encode.wsq(stripes())
    at = 4 + int.from_bytes(coded[4:6], "big")
    spoken = tmp_path / "s.wsq"
    spoken.write_bytes(coded[:at] + b"\xff\xa8\x00\x07hello" + coded[at:])
    ran = run("convert", spoken, tmp_path / "s.png")
    assert ran.code == 3
    assert "Comments are left out: 1, 5 bytes." in ran.out


@pytest.mark.slow
def test_one_image_is_taken_out_of_a_transaction(card: Path, tmp_path: Path) -> None:
    """--image takes the image with that IDC out; where it is in that coding already, byte for byte."""
    out = tmp_path / "thumb.png"
    assert run("convert", card, out, "--image", "1").code == 0
    image = read(card.read_bytes()).transaction.images[0]
    assert pixels(out).tobytes() == image.data
    assert resolution(out.read_bytes(), Kind.PNG) == (500.0, 500.0)
    coded = encode.wsq(stripes())
    path = tmp_path / "wsq.an2"
    path.write_bytes(build(HEADER, [FingerDraft(3, 0, (2,), 0, 96, 128, 1, coded)]))
    assert run("convert", path, tmp_path / "index.wsq", "--image", "3").code == 0
    assert (tmp_path / "index.wsq").read_bytes() == coded


@pytest.mark.slow
def test_two_images_of_one_idc_are_told_apart_by_type(tmp_path: Path) -> None:
    """Where an IDC names several images, the types are listed and --type chooses."""
    texts = {3: "0", 6: "16", 7: "12", 8: "1", 9: "500", 10: "500", 11: "NONE", 12: "8", 13: "7"}
    first = FingerDraft(1, 0, (1,), 0, 16, 12, 0, bytes(192))
    data = build(HEADER, [first, TaggedDraft(14, 2, [*texts.items(), (999, bytes([9]) * 192)])])
    path = tmp_path / "two.an2"
    path.write_bytes(data.replace(b"14.002:02", b"14.002:01"))
    ran = run("convert", path, tmp_path / "x.png", "--image", "1")
    assert ran.code == 2
    assert "of types 4, 14" in ran.err
    assert run("convert", path, tmp_path / "x.png", "--image", "1", "--type", "14").code == 0
    assert set(pixels(tmp_path / "x.png").ravel()) == {9}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("CARD", "out.txt"), 2, "does not say what to write"),
        (("CARD", "out.eft"), 2, "already"),
        (("CARD", "out.png"), 2, "Choose one with --image"),
        (("CARD", "out.png", "--image", "77"), 5, "no image with IDC 77"),
        (("CARD", "out.xml", "--image", "1"), 2, "no transaction"),
        (("absent.an2", "out.xml"), 2, "cannot be read"),
        (("CARD", "CARD"), 2, "same file"),
        (("PAGE", "out.xml"), 3, "cannot be read without doubt"),
        (("PAGE", "out.png", "--image", "1"), 3, "neither"),
        (("BROKEN", "out.png"), 3, "no readable frame header"),
        (("CARD", "absent/out.xml"), 2, "cannot be written"),
    ],
)
@pytest.mark.slow
def test_each_way_to_ask_wrongly_is_one_sentence(
    words: tuple[str, ...], code: int, said: str, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be done is told in its own words, and no file is written."""
    monkeypatch.chdir(card.parent)
    Path("page").write_bytes(b"\x1b[2J<html>")
    Path("broken").write_bytes(b"\xff\xd8\xff\xe0")
    names = {"CARD": card.name, "PAGE": "page", "BROKEN": "broken"}
    before = sorted(one.name for one in card.parent.iterdir())
    ran = run("convert", *(names.get(word, word) for word in words))
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "\x1b" not in ran.err
    assert sorted(one.name for one in card.parent.iterdir()) == before


def test_nothing_is_overwritten_without_force(card: Path, tmp_path: Path) -> None:
    """A name that is taken is left alone until --force says otherwise; then it is replaced whole."""
    out = tmp_path / "out.xml"
    out.write_bytes(b"mine")
    ran = run("convert", card, out)
    assert (ran.code, out.read_bytes()) == (2, b"mine")
    assert "--force" in ran.err
    assert run("convert", card, out, "--force").code == 0
    assert out.stat().st_size > 1000
    assert sorted(one.name for one in tmp_path.iterdir()) == ["card.an2", "out.xml"]


def test_a_file_that_can_be_read_in_two_ways_is_not_converted(card: Path, tmp_path: Path) -> None:
    """A file with a defect of severity ERROR is refused: its conversion would hide the doubt."""
    card.write_bytes(card.read_bytes()[:-200])
    ran = run("convert", card, tmp_path / "out.xml")
    assert ran.code == 3
    assert "byte" in ran.err


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading_of_a_resolution(data: bytes) -> None:
    """Whatever follows the first bytes of an image, its resolution is two numbers that are not negative."""
    for kind, head in ((Kind.WSQ, b"\xff\xa0\xff\xa8"), (Kind.PNG, b"\x89PNG\r\n\x1a\n"), (Kind.JP2, b"")):
        assert min(resolution(head + data, kind)) >= 0


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_a_resolution_survives_the_png(across: int, down: int) -> None:
    """Whole pixels per inch come back as they were, though PNG counts them per meter."""
    assert resolution(with_resolution(encode.png(stripes(4, 4)), across, down), Kind.PNG) == (across, down)


@pytest.mark.shared
@pytest.mark.slow
def test_a_real_card_in_xml_becomes_the_card_that_it_was_made_of(shared_data: Path, tmp_path: Path) -> None:
    """The fourteen images of the card that another program wrote as XML are those of its original."""
    out = tmp_path / "card.an2"
    assert run("convert", shared_data / "xml" / "nist2008-type-4-tpcard.xml", out).code == 0
    twin = read((shared_data / "an2-valid" / "nist2007-type-4-tpcard.an2").read_bytes()).transaction
    made = read(out.read_bytes()).transaction
    assert [one.data for one in made.images] == [one.data for one in twin.images]


@pytest.mark.shared
@pytest.mark.slow
def test_real_wsq_files_decode_to_the_pixels_of_the_reference(shared_data: Path, tmp_path: Path) -> None:
    """A WSQ that the reference decoder decoded gives a PNG with the same pixels."""
    out = tmp_path / "a.png"
    folder = shared_data / "wsq"
    assert run("convert", folder / "nist-0.75-cmp00010.wsq", out).code == 0
    reference = np.frombuffer((folder / "nist-0.75-cmp00010-nbis-decoded.raw").read_bytes(), np.uint8)
    assert np.abs(pixels(out).ravel().astype(int) - reference).max() <= 1
