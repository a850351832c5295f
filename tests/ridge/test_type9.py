# SPDX-License-Identifier: Apache-2.0
"""Minutiae of Type-9 records: the legacy fields, the M1 block, and the files of NIST that hold them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import TemplateError
from sluicegate.itl.model import Image, Record, Severity, Transaction
from sluicegate.itl.reader import read as read_transaction
from sluicegate.itl.writer import HeaderDraft, TaggedDraft, build
from sluicegate.ridge import type9
from sluicegate.ridge.template import FingerTemplate, Template
from sluicegate.ridge.type9 import Block, read, template_of
from sluicegate.ridge.type9_fields import Fields, every, fields_of

HEADER = HeaderDraft(
    tot="TPFS", dat="20261122", dai="X", ori="VA0070100", tcn="TEST-1", nsr="00.00", ntr="00.00"
)
IMAGE = Image(4, 1, 1, (2,), 500, 600, 500.0, 500.0, "NONE", b"", 0)
LEGACY: Fields = [
    (3, "1"),
    (4, "S"),
    (5, [["READER", "A", ""]]),
    (6, "02"),
    (7, [["T", "RS"]]),
    (10, "3"),
    (11, "0"),
    (12, [["1", "10002000045", "0", "A"], ["2", "00000000270", "63", "B"], ["3", "15001500000", "1", "D"]]),
]


def transaction(*records: Fields) -> Transaction:
    """A transaction of Type-9 records alone."""
    made = build(HEADER, [TaggedDraft(9, idc, fields) for idc, fields in enumerate(records, 1)])
    found = read_transaction(made).transaction
    assert found is not None
    return found


def record(fields: Fields) -> Record:
    """One Type-9 record."""
    return next(transaction(fields).of_type(9))


def with_field(fields: Fields, number: int, value: str | list[list[str]] | None) -> Fields:
    """The fields with one put in place of another, or left out."""
    kept = [one for one in fields if one[0] != number]
    return sorted([*kept, (number, value)]) if value is not None else kept


ROWS = ((100, 200, math.pi / 2, 0.9), (300, 50, 0, 0.5))


def finger(rows: Sequence[Sequence[float]] = ROWS, fgp: int = 2) -> FingerTemplate:
    """A finger of ours."""
    return FingerTemplate(fgp, 1, 400, 500, np.array(rows, np.float32).reshape(-1, 4))


def codes(fields: Fields, images: Sequence[Image] = (IMAGE,)) -> set[str]:
    """Codes of what is wrong with a record."""
    return {defect.code for defect in read(record(fields), images).defects}


def test_a_legacy_record_is_read_from_hundredths_of_a_millimeter() -> None:
    """10 mm right and 20 mm up are 196.9 pixels right and 393.7 up from the bottom; the angle is reversed."""
    reading = read(record(LEGACY), [IMAGE])
    assert (reading.block, reading.defects) == (Block.LEGACY, ())
    found = reading.finger
    assert found is not None
    assert (found.fgp, found.imp, found.width, found.height) == (2, 1, 500, 600)
    expected = [
        [1000 * 500 / 2540, 600 - 2000 * 500 / 2540, math.radians(225), 1.0],
        [0, 600, math.radians(90), 0.0],
        [1500 * 500 / 2540, 600 - 1500 * 500 / 2540, math.radians(180), 0.5],
    ]
    assert found.minutiae == pytest.approx(np.array(expected), abs=1e-3)


def test_a_legacy_record_without_its_image_is_kept_in_a_frame_of_its_own() -> None:
    """Where no image tells the height, places keep their distances, and that is told."""
    with_image, alone = read(record(LEGACY), [IMAGE]), read(record(LEGACY))
    assert [one.code for one in alone.defects] == ["T9-IMAGE"]
    assert with_image.finger is not None
    assert alone.finger is not None
    moved = with_image.finger.minutiae - alone.finger.minutiae
    assert np.ptp(moved, axis=0) == pytest.approx(np.zeros(4), abs=1e-4)


def test_the_m1_block_is_written_as_its_fields_say() -> None:
    """Resolution, size, finger, count and each minutia stand in the fields of ANSI/NIST-ITL."""
    fields = dict(fields_of(finger(), view=1))
    assert [fields[number] for number in range(128, 133)] == ["400", "500", "2", "197", "197"]
    assert (fields[3], fields[4], fields[133], fields[134], fields[136]) == ("1", "U", "1", "2", "2")
    assert fields[137] == [["1", "100", "200", "45", "0", "90"], ["2", "300", "50", "0", "0", "50"]]


def test_views_of_one_finger_are_counted_though_a_plain_thumb_has_a_code_of_its_own() -> None:
    """FGP 1 and 11 are the same finger: its first and its second view."""
    template = Template("leader", "abc", (finger(), finger(fgp=1), finger(fgp=11), finger()))
    told = [dict(fields) for fields in every(template)]
    assert [(one[134], one[133]) for one in told] == [("2", "0"), ("1", "0"), ("1", "1"), ("2", "1")]


ROW = st.tuples(
    st.floats(0, 400, width=32),
    st.floats(0, 500, width=32),
    st.floats(0, 6.25, width=32),
    st.floats(0, 1, width=32),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(ROW, max_size=20), min_size=1, max_size=4))
def test_a_template_survives_the_m1_block(people: list[list[tuple[float, ...]]]) -> None:
    """Written without a defect and read again, places lie within a pixel and angles within a degree."""
    before = [finger(rows, fgp=n + 1) for n, rows in enumerate(people)]
    made, defects = template_of(transaction(*map(fields_of, before)))
    assert defects == ()
    for a, b in zip(made.fingers, before, strict=True):
        assert (a.fgp, a.imp, a.width, a.height) == (b.fgp, b.imp, 400, 500)
        assert np.abs(a.minutiae[:, :2] - b.minutiae[:, :2]).max(initial=0) <= 1.01
        turn = np.abs((a.minutiae[:, 2] - b.minutiae[:, 2] + np.pi) % (2 * np.pi) - np.pi)
        assert turn.max(initial=0) <= math.radians(1.001)
        assert np.abs(a.minutiae[:, 3] - b.minutiae[:, 3]).max(initial=0) <= 0.0101


def test_pixels_per_inch_and_a_stated_resolution_scale_places() -> None:
    """At 1,000 ppi places are halved, whether the block says so or somebody else has to."""
    said = with_field(with_field(with_field(fields_of(finger()), 130, "1"), 131, "1000"), 132, "1000")
    mute = with_field(fields_of(finger()), 130, None)
    for reading in (read(record(said)), read(record(mute), ppi=1000)):
        assert reading.finger is not None
        assert reading.finger.minutiae[0, :2].tolist() == [50, 100]
    assert codes(mute, ()) == {"T9-REFUSED"}
    assert read(record(mute), [IMAGE]).finger is not None


@pytest.mark.parametrize(
    ("number", "value", "code"),
    [
        (128, None, "T9-SIZE"),
        (134, None, "T9-CODE"),
        (136, "7", "T9-COUNT"),
        (137, [["1", "100", "200", "45", "0"]], "T9-MINUTIA"),
        (137, [["1", "1e3", "200", "45", "0", "9"]], "T9-MINUTIA"),
        (137, [["1", "99999", "200", "45", "0", "9"]], "T9-MINUTIA"),
        (137, [["1", "\u0661", "200", "45", "0", "9"]], "T9-MINUTIA"),
        (137, [["1", "100", "200", "180", "0", "9"]], "T9-RANGE"),
        (131, "9999", "T9-REFUSED"),
        (137, [["1", "60000", "200", "45", "0", "9"]], "T9-REFUSED"),
    ],
)
def test_every_departure_of_an_m1_block_is_told(
    number: int, value: str | list[list[str]] | None, code: str
) -> None:
    """One field made wrong gives its defect; a damaged minutia is left out, never guessed."""
    fields = with_field(fields_of(finger()), number, value)
    made = build(
        HeaderDraft(tot="T", dat="20261122", dai="X", ori="Y", tcn="Z", nsr="00.00", ntr="00.00", utf8=True),
        [TaggedDraft(9, 1, fields)],
    )
    found = read_transaction(made).transaction
    assert found is not None
    reading = read(next(found.of_type(9)))
    assert code in {defect.code for defect in reading.defects}
    assert (reading.finger is None) == (code == "T9-REFUSED")


def test_a_damaged_legacy_minutia_is_left_out_and_told() -> None:
    """A place of another length than eleven digits is no place."""
    bad = with_field(LEGACY, 12, [["1", "1000200045", "0", "A"], ["2"], ["3", "10002000045"]])
    reading = read(record(bad), [IMAGE])
    assert [one.code for one in reading.defects] == ["T9-MINUTIA", "T9-MINUTIA", "T9-COUNT"]
    assert reading.finger is not None
    assert len(reading.finger.minutiae) == 1
    assert codes(with_field(LEGACY, 12, [["1", "10009999045", "0", "A"]])) >= {"T9-PLACE"}


def test_more_minutiae_than_are_looked_at_are_doubt() -> None:
    """A record of 5,001 minutiae is an error, and of those that are read the best 1,000 stay."""
    rows = [[str(n), "1", "1", "0", "0", str(1 + n % 100)] for n in range(1, type9.MAX_ROWS + 2)]
    reading = read(record(with_field(fields_of(finger()), 137, rows)))
    assert [one.severity for one in reading.defects if one.code == "T9-MANY"] == [Severity.ERROR]
    assert reading.finger is not None
    assert len(reading.finger.minutiae) == 1000


def test_no_number_of_warnings_hides_an_error() -> None:
    """A finger refused behind a thousand warnings still refuses the template: it is not made without it."""
    rows = [[str(n), "60000", "1", "180", "0", "9"] for n in range(1, 1001)]
    broken = with_field(fields_of(finger()), 137, rows)
    assert "T9-REFUSED" in codes(broken)
    with pytest.raises(TemplateError, match="without doubt"):
        template_of(transaction(fields_of(finger()), broken))


def test_a_template_names_the_product_or_nobody() -> None:
    """A product id names the maker, unspecified does not; two makers in one transaction are refused."""
    plain = fields_of(finger())
    named = with_field(plain, 126, [["27", "513", "0033ABCD"]])
    assert template_of(transaction(named))[0].extractor == "type9:product-0033abcd"
    assert template_of(transaction(plain))[0].extractor.startswith("type9:unknown-")
    assert template_of(transaction(plain), maker="acme")[0].extractor == "type9:acme"
    with pytest.raises(TemplateError, match="more than one extractor"):
        template_of(transaction(named, plain))
    with pytest.raises(TemplateError, match="cannot name a maker"):
        template_of(transaction(plain), maker="a\n")


def test_transactions_without_minutiae_or_with_too_many_records_make_no_template() -> None:
    """No Type-9 record, a block that is not read, and 21 records are refused in a sentence."""
    vendor: Fields = [(3, "1"), (4, "U"), (14, "02"), (23, [["001", "21951869281"]])]
    assert read(record(vendor)).block is Block.OTHER
    for records, told in (([], "no Type-9"), ([vendor], "no Type-9"), ([LEGACY] * 21, "At most 20")):
        with pytest.raises(TemplateError, match=told):
            template_of(transaction(*records))


def test_a_view_or_impression_without_a_code_is_not_written() -> None:
    """IMP ends at 29 and views at 15, and a slap is no single finger."""
    strange = FingerTemplate(2, 30, 400, 500, finger().minutiae)
    for broken, view in ((strange, 0), (finger(), 16), (finger(fgp=13), 0)):
        with pytest.raises(TemplateError):
            fields_of(broken, view=view)


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from([3, 6, 10, 12, 126, 128, 130, 131, 134, 136, 137]),
    st.lists(st.lists(TEXT, min_size=1, max_size=7), min_size=1, max_size=4),
    st.sampled_from([LEGACY, fields_of(finger())]),
)
def test_any_text_in_any_field_gives_minutiae_or_a_refusal(
    number: int, value: list[list[str]], fields: Fields
) -> None:
    """Whatever a field holds, nothing but a template or a TemplateError comes of it."""
    if not any(item for items in value for item in items):
        return
    found = transaction(with_field(fields, number, value))
    with suppress(TemplateError):
        made, _ = template_of(found)
        assert len(made.fingers) == 1
        assert np.isfinite(made.fingers[0].minutiae).all()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "fgp", "first", "maker"),
    [
        ("nist2007-type-9-14-m1", 8, [432, 368, 280], "type9:unknown-"),
        ("biocts2011-pass-type-9-13-m1", 8, [491, 260, 274], "type9:product-12345678"),
    ],
)
def test_the_m1_files_of_nist_are_read_without_a_defect(
    shared_data: Path, name: str, fgp: int, first: list[float], maker: str
) -> None:
    """The reference files of NIST give their 48 minutiae, sized as their image, with nothing wrong."""
    found = read_transaction((shared_data / "an2-valid" / f"{name}.an2").read_bytes()).transaction
    assert found is not None
    made, defects = template_of(found)
    assert defects == ()
    (one,) = made.fingers
    assert (one.fgp, one.width, one.height, len(one.minutiae)) == (fgp, 800, 768, 48)
    assert [*one.minutiae[0, :2], math.degrees(one.minutiae[0, 2])] == pytest.approx(first, abs=1e-3)
    assert made.extractor.startswith(maker)


@pytest.mark.shared
def test_the_iafis_block_is_told_of_and_not_read(shared_data: Path) -> None:
    """The IAFIS features of a reference file of NIST are no minutiae here, and that is said."""
    path = shared_data / "an2-valid" / "nist2007-type-9-4-iafis.an2"
    found = read_transaction(path.read_bytes()).transaction
    assert found is not None
    (one,) = found.of_type(9)
    reading = read(one, found.images)
    assert (reading.block, reading.finger) == (Block.OTHER, None)
    assert [defect.code for defect in reading.defects] == ["T9-BLOCK"]


@pytest.mark.shared
def test_the_legacy_file_of_nbis_is_read(shared_data: Path) -> None:
    """The one legacy minutia of an NBIS test file is read: 25 mm right, to the left, marked by nobody."""
    found = read_transaction((shared_data / "an2-valid" / "nbis-valid1.14.an2").read_bytes()).transaction
    assert found is not None
    (one,) = template_of(found)[0].fingers
    assert (one.fgp, one.imp, len(one.minutiae)) == (10, 4, 1)
    assert one.minutiae[0, [0, 2]] == pytest.approx([2500 * 500 / 2540, math.pi], abs=1e-3)
