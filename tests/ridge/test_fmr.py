# SPDX-License-Identifier: Apache-2.0
"""Finger minutiae records: bytes worked out by hand, any bytes at all, and what writers are known to do."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import TemplateError
from sluicegate.itl.model import Severity
from sluicegate.ridge import fmr
from sluicegate.ridge import template as tp
from sluicegate.ridge.fmr import Kind
from sluicegate.ridge.fmr_template import template_of

# A right index, live-scan plain, quality 80, in an image of 400 by 500 pixels at 197 per centimeter: an
# ending at (100, 200), 90 degrees, quality 90, and a bifurcation at (300, 50), 0 degrees, no quality.
ISO = bytes.fromhex(
    "464D5200 20323000 0000002A 0000 0190 01F4 00C5 00C5 01 00"  # record header, 24 bytes
    "02 00 50 02"  # finger 2; view 0, impression 0; quality 80; two minutiae
    "4064 00C8 40 5A"  # 01 and x 100; 00 and y 200; 64 of 256; 90
    "812C 0032 00 00"  # 10 and x 300; 00 and y 50; 0; not reported
    "0000"  # no extended data
)
ANSI = bytes.fromhex(
    "464D5200 20323000 002C 00330102 8001 0190 01F4 00C5 00C5 01 00"  # record header, 26 bytes
    "02 00 50 02"
    "4064 00C8 2D 5A"  # 45 of 180
    "812C 0032 00 00"
    "0000"
)
RIDGES = bytes.fromhex("0001 0008 01 000102")  # ridge counts: four neighbors, from 0 to 1 two ridges
CORE = bytes.fromhex("0002 000A 01 00640064 00")  # one core without an angle, no delta


def codes(data: bytes, kind: Kind | None = None) -> set[str]:
    """Codes of what is wrong with these bytes."""
    return {defect.code for defect in fmr.read(data, kind).defects}


@pytest.mark.parametrize(("data", "kind", "angle"), [(ISO, Kind.ISO, 64), (ANSI, Kind.ANSI, 45)])
def test_bytes_worked_out_from_the_tables_of_the_standards_are_read(
    data: bytes, kind: Kind, angle: int
) -> None:
    """Every field of a record put together by hand is read as what it was put there for."""
    reading = fmr.read(data)
    record = reading.record
    assert record is not None
    assert reading.defects == ()
    assert (record.kind, record.length, record.size, record.density) == (
        kind,
        len(data),
        (400, 500),
        (197, 197),
    )
    told = (record.product, record.compliance, record.device)
    assert told == (((0, 0), 0, 0) if kind is Kind.ISO else ((0x33, 0x102), 8, 1))
    (view,) = record.views
    assert (view.position, view.number, view.impression, view.quality, view.extended) == (2, 0, 0, 80, b"")
    assert view.minutiae.tolist() == [[1, 100, 0, 200, angle, 90], [2, 300, 0, 50, 0, 0]]
    assert fmr.raw(record) == data


def test_the_same_finger_in_both_standards_is_the_same_template() -> None:
    """The units of angle differ between ISO and ANSI, the minutiae that come out do not."""
    iso, ansi = (template_of(fmr.read(data)).fingers[0] for data in (ISO, ANSI))
    assert np.array_equal(iso.minutiae, ansi.minutiae)
    expected = [[100, 200, np.pi / 2, 0.9], [300, 50, 0, 0.5]]
    assert iso.minutiae == pytest.approx(np.array(expected, np.float32))
    assert (iso.fgp, iso.imp, iso.width, iso.height) == (2, 0, 400, 500)


def test_a_record_of_65536_bytes_or_more_has_the_long_length_in_ansi() -> None:
    """Two zero bytes and four of length at the head of a long ANSI record are told from ISO's length."""
    view = ANSI[26:-2] + b"\xff\xff" + b"\0\3\xff\xff" + bytes(0xFFFB)
    whole = ANSI[:8] + b"\0\0" + (30 + len(view)).to_bytes(4) + ANSI[10:26] + view
    reading = fmr.read(whole)
    assert reading.defects == ()
    assert reading.record is not None
    assert (reading.record.kind, reading.record.long, reading.record.length) == (Kind.ANSI, True, len(whole))
    assert fmr.raw(reading.record) == whole


def test_extended_data_are_kept_as_bytes_and_their_areas_told_apart() -> None:
    """Ridge counts, cores and deltas survive byte for byte, though nothing here reads them."""
    block = RIDGES + CORE
    data = ISO[:8] + (len(ISO) + len(block)).to_bytes(4) + ISO[12:-2] + len(block).to_bytes(2) + block
    reading = fmr.read(data)
    assert reading.defects == ()
    assert reading.record is not None
    extended = reading.record.views[0].extended
    assert extended == block
    assert [kind for kind, _ in fmr.areas(extended)] == [1, 2]
    assert fmr.raw(reading.record) == data


@pytest.mark.parametrize("block", ["0001 0003", "0001 0009 01 000102", "0001 0004 00"])
def test_areas_that_do_not_fill_their_block_are_told(block: str) -> None:
    """An area shorter than its own head, one that overruns the block, and a rest are told and kept."""
    extended = bytes.fromhex(block)
    data = (
        ISO[:8] + (len(ISO) + len(extended)).to_bytes(4) + ISO[12:-2] + len(extended).to_bytes(2) + extended
    )
    assert codes(data) == {"FMR-EXTENDED"}
    record = fmr.read(data).record
    assert record is not None
    assert fmr.raw(record) == data


MUTATIONS: list[tuple[str, int, bytes, str]] = [
    ("another length", 8, b"\0\0\0\x2b", "FMR-LENGTH"),
    ("no size", 14, b"\0\0", "FMR-SIZE"),
    ("no resolution", 18, b"\0\0", "FMR-RESOLUTION"),
    ("more views than there are", 22, b"\2", "FMR-VIEWS"),
    ("more views than are read", 22, b"\x15", "FMR-VIEWS-CAP"),
    ("no view, and one follows", 22, b"\0", "FMR-VIEWS"),
    ("reserved byte", 23, b"\1", "FMR-RESERVED"),
    ("finger 11", 24, b"\x0b", "FMR-FINGER"),
    ("view 1 first", 25, b"\x10", "FMR-VIEW-NUMBER"),
    ("impression 5", 25, b"\5", "FMR-IMPRESSION"),
    ("quality 101", 26, b"\x65", "FMR-QUALITY"),
    ("fewer minutiae", 27, b"\1", "FMR-TRUNCATED"),
    ("more minutiae", 27, b"\3", "FMR-TRUNCATED"),
    ("minutia of type 3", 28, b"\xc0", "FMR-MINUTIA-TYPE"),
    ("minutia's reserved bits", 30, b"\x40", "FMR-MINUTIA-RESERVED"),
    ("minutia outside", 28, b"\x41\x90", "FMR-MINUTIA-PLACE"),
    ("minutia's quality", 33, b"\x65", "FMR-MINUTIA-QUALITY"),
    ("version 030", 4, b"030\0", "FMR-VERSION"),
    ("no magic", 0, b"FIR\0", "FMR-FORMAT"),
]


@pytest.mark.parametrize(
    ("at", "change", "code"), [row[1:] for row in MUTATIONS], ids=[m[0] for m in MUTATIONS]
)
def test_every_departure_from_the_standard_is_told(at: int, change: bytes, code: str) -> None:
    """One field of a sound record made wrong gives the defect of that field, and loses no byte."""
    data = ISO[:at] + change + ISO[at + len(change) :]
    reading = fmr.read(data)
    assert code in {defect.code for defect in reading.defects}
    assert reading.record is None or fmr.raw(reading.record) == data


def test_an_angle_of_a_turn_or_more_is_told_in_ansi() -> None:
    """180 units of 2 degrees are a whole turn, which no minutia has; ISO's byte cannot say so much."""
    assert "FMR-MINUTIA-ANGLE" in codes(ANSI[:34] + b"\xb4" + ANSI[35:])
    assert codes(ISO[:32] + b"\xff" + ISO[33:]) == set()


def test_a_defect_names_the_byte_and_the_standard() -> None:
    """What is wrong is told with its place in the file, what was found, and whose rule it breaks."""
    (defect,) = fmr.read(ISO[:26] + b"\x65" + ISO[27:]).defects
    assert (defect.place.offset, defect.found, defect.clause) == (26, "101", "ISO/IEC 19794-2:2005")
    assert defect.severity is Severity.WARNING


@pytest.mark.parametrize("cut", range(len(ISO)))
def test_a_record_that_breaks_off_makes_no_template(cut: int) -> None:
    """Cut off before the length of its extended data, a record is doubt, and doubt makes no template."""
    reading = fmr.read(ISO[:cut], Kind.ISO)
    if cut < len(ISO) - 2:
        with pytest.raises(TemplateError):
            template_of(reading)
    assert reading.defects
    assert reading.record is None or fmr.raw(reading.record) == ISO[:cut]


def test_the_files_that_nbis_py_writes_are_refused_and_not_read_as_empty() -> None:
    """No view counted, no resolution, and a view whose head is two bytes short: told, and never minutiae."""
    head = bytes.fromhex("464D5200 20323000 00000020 0000 0184 0176 0000 0000 00 00")
    data = head + bytes.fromhex("0001 406400CB3007")
    found = fmr.read(data)
    assert {"FMR-RESOLUTION", "FMR-TRUNCATED", "FMR-TRAILING"} <= {one.code for one in found.defects}
    assert found.record is not None
    assert found.record.views == ()
    with pytest.raises(TemplateError, match="without doubt"):
        template_of(found, ppi=500)


def test_a_record_beyond_the_cap_is_not_looked_at() -> None:
    """More bytes than twenty views can have are refused before anything is read of them."""
    assert codes(ISO + bytes(fmr.MAX_BYTES)) == {"FMR-LARGE"}


def test_a_record_written_with_other_numbers_is_read_as_these() -> None:
    """Views of one finger that count from 0 are sound; the same number twice is not."""
    record = fmr.read(ISO).record
    assert record is not None
    second = replace(record.views[0], number=1)
    two = replace(record, count=2, length=60, views=(record.views[0], second))
    assert codes(fmr.raw(two)) == set()
    assert codes(fmr.raw(replace(two, views=(record.views[0],) * 2))) == {"FMR-VIEW-NUMBER"}


@settings(deadline=None, max_examples=200)
@given(
    st.binary(max_size=120),
    st.sampled_from([b"", ISO[:24], ANSI[:26], ISO[:28]]),
    st.none() | st.sampled_from(Kind),
)
def test_any_bytes_are_a_record_that_writes_them_again_or_none(
    junk: bytes, head: bytes, kind: Kind | None
) -> None:
    """Whatever is read, nothing of it is lost, and nothing but a template or a TemplateError comes of it."""
    data = head + junk
    reading = fmr.read(data, kind)
    if reading.record is None:
        assert any(defect.severity is Severity.ERROR for defect in reading.defects)
    else:
        assert fmr.raw(reading.record) == data
    with suppress(TemplateError):
        template = template_of(reading, ppi=500)
        assert tp.encode(tp.decode(tp.encode(template))) == tp.encode(template)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_any_change_of_a_sound_record_is_read_without_loss(data: st.DataObject) -> None:
    """A sound record with some bytes changed is still written as it was read."""
    body = bytearray(data.draw(st.sampled_from([ISO, ANSI])))
    for at in data.draw(st.lists(st.integers(8, len(body) - 1), max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    reading = fmr.read(bytes(body))
    assert reading.record is None or fmr.raw(reading.record) == bytes(body)
