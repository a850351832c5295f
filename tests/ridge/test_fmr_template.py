# SPDX-License-Identifier: Apache-2.0
"""Templates as finger minutiae records and back: what survives, to what precision, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_fmr import ANSI, ISO

from sluicegate.errors import TemplateError
from sluicegate.ridge import fmr
from sluicegate.ridge import template as tp
from sluicegate.ridge.fmr import Kind, raw, read
from sluicegate.ridge.fmr_template import lost, recast, record_of, template_of
from sluicegate.ridge.template import FingerTemplate, Template, require_same

ROW = st.tuples(
    st.floats(0, 500, width=32),
    st.floats(0, 600, width=32),
    st.floats(0, 6.25, width=32),
    st.floats(0, 1, width=32),
)


def finger(
    minutiae: object = (), fgp: int = 2, imp: int = 1, width: int = 500, height: int = 600
) -> FingerTemplate:
    """A finger of ours."""
    return FingerTemplate(fgp, imp, width, height, np.asarray(minutiae, np.float32).reshape(-1, 4))


def ours(*fingers: FingerTemplate) -> Template:
    """A template of an extractor of ours."""
    return Template("leader-1-abc", "abc", fingers)


def turned(a: float, b: float) -> float:
    """Radians between two directions."""
    return abs((a - b + math.pi) % (2 * math.pi) - math.pi)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(ROW, max_size=30), max_size=5), st.sampled_from(Kind), st.sampled_from([197, 394, 472])
)
def test_a_template_survives_a_record_within_a_pixel_and_a_unit_of_angle(
    people: list[list[tuple[float, ...]]], kind: Kind, density: int
) -> None:
    """Written without a defect and read again, places lie within a pixel and angles within half a unit."""
    before = ours(*(finger(rows, fgp=n % 3) for n, rows in enumerate(people)))
    reading = read(raw(record_of(before, kind, density=density)))
    assert reading.defects == ()
    assert reading.record is not None
    assert reading.record.kind is kind
    after = template_of(reading)
    for a, b in zip(after.fingers, before.fingers, strict=True):
        assert (a.fgp, a.imp, len(a.minutiae)) == (b.fgp, b.imp, len(b.minutiae))
        # Half a pixel of rounding, one where a place on the far edge moves inside.
        assert np.abs(a.minutiae[:, :2] - b.minutiae[:, :2]).max(initial=0) <= 1.01
        far = max((turned(x, y) for x, y in zip(a.minutiae[:, 2], b.minutiae[:, 2], strict=True)), default=0)
        assert far <= math.pi / kind.turn + 1e-5
        assert np.abs(a.minutiae[:, 3] - b.minutiae[:, 3]).max(initial=0) <= 0.0101


@pytest.mark.parametrize("kind", Kind)
def test_writing_twice_gives_the_same_bytes(kind: Kind) -> None:
    """What came out of a record goes into one again without a change: rounding happens once."""
    rows = np.random.default_rng(3).uniform(0, 1, (60, 4)) * [499, 599, 6.28, 1]
    once = template_of(read(raw(record_of(ours(finger(rows)), kind))))
    again = template_of(read(raw(record_of(once, kind))))
    assert np.array_equal(once.fingers[0].minutiae, again.fingers[0].minutiae)


def test_the_bytes_of_a_written_record_are_those_of_the_tables() -> None:
    """A template put together by hand is written as the bytes that the tables of ISO give for it."""
    rows = [[100, 200, math.pi / 2, 0.9], [300, 50, 0, 0.5]]
    record = record_of(ours(finger(rows, imp=0, width=400, height=500)), Kind.ISO, qualities=[80])
    expected = bytes.fromhex(
        ISO.hex().replace("406400c8405a", "006400c8405a").replace("812c00320000", "012c00320032")
    )
    assert raw(record) == expected


def test_a_record_at_another_resolution_is_brought_to_500_ppi() -> None:
    """At 394 pixels per centimeter, 1,000.76 ppi, places and sizes are halved, nearly; angles stay."""
    doubled = ISO[:18] + (394).to_bytes(2) * 2 + ISO[22:]
    found = template_of(read(doubled)).fingers[0]
    assert found.minutiae[0] == pytest.approx([100 * 500 / 1000.76, 200 * 500 / 1000.76, math.pi / 2, 0.9])
    assert (found.width, found.height) == (200, 250)


def test_unequal_resolutions_turn_a_direction() -> None:
    """Twice as many pixels down as across: 45 degrees in pixels are 26.6 degrees on the finger."""
    skewed = ISO[:18] + (200).to_bytes(2) + (400).to_bytes(2) + ISO[22:32] + b"\x20" + ISO[33:]
    found = template_of(read(skewed)).fingers[0].minutiae[0]
    assert math.degrees(found[2]) == pytest.approx(math.degrees(math.atan2(1, 2)), abs=0.01)
    assert found[1] / found[0] == pytest.approx(1.0)


def test_a_resolution_of_zero_makes_no_template_until_somebody_says_it() -> None:
    """Places without a scale are not taken for pixels at 500 ppi by guess."""
    mute = ISO[:18] + bytes(4) + ISO[22:]
    with pytest.raises(TemplateError, match="does not say its resolution"):
        template_of(read(mute))
    assert np.array_equal(
        template_of(read(mute), ppi=500).fingers[0].minutiae, template_of(read(ISO)).fingers[0].minutiae
    )
    with pytest.raises(TemplateError, match="not that of a fingerprint"):
        template_of(read(ISO[:18] + b"\xff\xff\xff\xff" + ISO[22:]))


def test_a_minutia_outside_its_image_widens_the_image() -> None:
    """A place beyond the edge is told, kept where it is, and has a binary form of ours."""
    reading = read(ISO[:14] + (200).to_bytes(2) + ISO[16:])
    assert [defect.code for defect in reading.defects] == ["FMR-MINUTIA-PLACE"]
    made = template_of(reading)
    assert made.fingers[0].width == 300
    assert len(tp.decode(tp.encode(made)).fingers[0].minutiae) == 2


def test_an_imported_template_is_never_compared_with_one_of_ours() -> None:
    """Its maker is another, and where the maker is not told it is comparable with itself only."""
    iso, ansi = template_of(read(ISO)), template_of(read(ANSI))
    assert ansi.extractor == "fmr:cbeff-0033-0102"
    assert iso.extractor.startswith("fmr:unknown-")
    assert template_of(read(ISO), maker="acme 2.1").extractor == "fmr:acme 2.1"
    other = template_of(read(ISO[:26] + b"\x51" + ISO[27:]))
    for stranger in (ours(finger()), ansi, other):
        with pytest.raises(TemplateError, match="not comparable"):
            require_same(iso, stranger)
    require_same(iso, template_of(read(ISO)))


def test_a_maker_that_cannot_be_named_is_refused() -> None:
    """A maker is plain text, since it ends up in every message about the template."""
    for maker in ("a\nb", "x" * 101, "caf\u00e9"):
        with pytest.raises(TemplateError, match="cannot name a maker"):
            template_of(read(ISO), maker=maker)


def test_of_more_minutiae_than_a_view_counts_the_best_are_written() -> None:
    """A view counts to 255: the best of 300 are written in their order, and that it happened can be told."""
    rows = np.stack([np.arange(300), np.zeros(300), np.zeros(300), np.linspace(0, 1, 300)], axis=1)
    template = ours(finger(rows))
    record = record_of(template, Kind.ISO)
    assert record.views[0].minutiae[:, 1].tolist() == list(range(45, 300))
    assert "best 255" in lost(template)[0]
    assert len(lost(ours(finger()))) == 1


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (ours(finger(fgp=13)), "finger position 13"),
        (ours(finger(imp=5)), "impression type 5"),
        (ours(*[finger()] * 17), "at most 16 views"),
        (ours(*[finger()] * 21), "at most 20 views"),
        (ours(finger(width=16_383, height=16_383)), "16383 at most"),
    ],
)
def test_what_the_standard_has_no_place_for_is_not_written(broken: Template, told: str) -> None:
    """Slaps, latents, too many views and too large images are refused in a sentence, never bent to fit."""
    with pytest.raises(TemplateError, match=told):
        record_of(broken, Kind.ISO, density=394)


def test_numbers_that_the_header_cannot_hold_are_not_written() -> None:
    """A product id belongs to ANSI; qualities are 0 to 100, one a finger; a device has twelve bits."""
    template = ours(finger())
    for given_ in ({"product": (1, 2)}, {"qualities": [101]}, {"qualities": [1, 2]}, {"device": 4096}):
        with pytest.raises(TemplateError, match="cannot be written"):
            record_of(template, Kind.ISO, **given_)
    assert record_of(template, Kind.ANSI, product=(0x33, 1), device=7).product == (0x33, 1)


def test_a_plain_thumb_is_written_as_the_finger_that_it_is() -> None:
    """FGP 11 and 12 are the thumbs of a card's plain row: positions 1 and 6 of the record."""
    record = record_of(ours(finger(fgp=11, imp=0), finger(fgp=12, imp=0), finger(fgp=1)), Kind.ISO)
    assert [(view.position, view.number) for view in record.views] == [(1, 0), (6, 0), (1, 1)]


def test_from_standard_to_standard_types_and_qualities_stay() -> None:
    """A sound record recast keeps types, places and qualities; an angle is within a degree of what it was."""
    there = recast(read(ISO), Kind.ANSI)
    assert read(raw(there)).defects == ()
    assert there.views[0].minutiae.tolist() == [[1, 100, 0, 200, 45, 90], [2, 300, 0, 50, 0, 0]]
    assert there.views[0].quality == 80
    assert raw(recast(read(raw(there)), Kind.ISO)) == ISO


def test_a_record_with_a_defect_is_not_recast() -> None:
    """What was read leniently is not passed on as if it were sound."""
    with pytest.raises(TemplateError, match="not sound"):
        recast(read(ISO[:26] + b"\x65" + ISO[27:]), Kind.ANSI)


def test_the_largest_record_that_is_written_says_its_length() -> None:
    """Twenty views of 255 minutiae, the most that is written, are read back whole and without a defect."""
    rows = np.tile(np.array([[1, 1, 1, 1]], np.float32), (255, 1))
    many = ours(*(finger(rows, fgp=n // 2 + 1) for n in range(20)))
    for kind in Kind:
        record = record_of(many, kind)
        assert (record.length, record.long) == (len(raw(record)), False)
        reading = fmr.read(raw(record))
        assert reading.defects == ()
        assert [len(one.minutiae) for one in template_of(reading).fingers] == [255] * 20
