# SPDX-License-Identifier: Apache-2.0
"""What the examiner's page draws: numbers, frames, and pictures that belong to them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.itl.model import Image
from sluicegate.raster.jobs import decode_job
from sluicegate.ridge import parameters
from sluicegate.ridge.fusion import ORDERS, reordered
from sluicegate.ridge.synthetic.templates import FRAME, minutiae_template
from sluicegate.ridge.template import FingerTemplate, Template
from sluicegate.testing.world import InlineWorkshop
from sluicegate.web.operator.examiner_images import TILE, fitting, sheet, tile
from sluicegate.web.operator.examiner_prints import Compared, faced, shown_part
from sluicegate.web.operator.examiner_view import (
    LOOKS,
    MARKS,
    ZOOMS,
    asked_of,
    drawing,
    rows,
    said_of,
    telling,
    thumbs,
)

TURN, SHIFT = 0.4, (35.0, -20.0)  # radians counter-clockwise as seen, pixels


def finger(fgp: int, seed: int = 5) -> FingerTemplate:
    """A synthetic finger, its minutiae well inside its image."""
    width, height = FRAME
    minutiae = minutiae_template(seed, fgp).copy()
    minutiae[:, :2] += 200.0
    return FingerTemplate(fgp, 1, width + 400, height + 400, minutiae)


def person(seed: int = 5, fingers: tuple[int, ...] = (1, 2, 7)) -> Template:
    """A synthetic person's template."""
    return Template("synthetic", "1", tuple(finger(fgp, seed) for fgp in fingers))


def moved(one: FingerTemplate) -> FingerTemplate:
    """The finger put down elsewhere and turned, in whole pixels."""
    made, (cos, sin) = one.minutiae.copy(), (math.cos(TURN), math.sin(TURN))
    x, y = (one.minutiae[:, at] - 400.0 for at in (0, 1))
    made[:, 0] = np.rint(x * cos + y * sin + 400.0 + SHIFT[0])
    made[:, 1] = np.rint(y * cos - x * sin + 400.0 + SHIFT[1])
    made[:, 2] = np.mod(made[:, 2] + TURN, 2 * math.pi)
    return replace(one, minutiae=made)


def beside(probe: Template, *references: Template, order: dict[int, int] | None = None) -> Compared:
    """A probe compared with the records of a candidate."""
    named = tuple((f"case {at}", one) for at, one in enumerate(references))
    return Compared(probe, named, faced(probe, references, order or {}, parameters.load()))


@pytest.fixture(scope="module")
def same() -> Compared:
    """A person beside their own prints, turned."""
    probe = person()
    return beside(probe, replace(probe, fingers=tuple(moved(one) for one in probe.fingers)))


def test_equal_numbers_are_one_minutia(same: Compared) -> None:
    """Of a print and itself turned, every number names the same minutia, in drawing and table."""
    drawn = drawing(same, 2)
    ours, theirs = (
        {one.number for one in panel.marks if one.number} for panel in (drawn.probe, drawn.received)
    )
    assert ours == theirs == set(range(1, len(rows(same, 2)) + 1))
    assert len(ours) > 10
    pairs = same.matches[2].comparison.pairs
    assert np.mean(pairs[:, 0] == pairs[:, 1]) > 0.95


def test_a_turned_candidate_lies_as_the_booking_does(same: Compared) -> None:
    """In the booking's frame the lines between corresponding minutiae are level, and directions agree."""
    drawn = drawing(same, 2)
    level = [abs(one.y2 - one.y1) for one in drawn.turned_lines]
    assert np.median(level) < 3.0 < np.median([abs(one.y2 - one.y1) for one in drawn.lines])
    tails = {one.number: (one.tail_x - one.x, one.tail_y - one.y) for one in drawn.probe.marks}
    there = {one.number: (one.tail_x - one.x, one.tail_y - one.y) for one in drawn.turned.marks if one.number}
    apart = [math.dist(tails[number], tail) for number, tail in there.items()]
    assert np.median(apart) < 2.0


def test_the_picture_turns_as_its_minutiae_do(same: Compared) -> None:
    """The transform given to the picture takes each candidate's minutia to where its mark is drawn."""
    drawn = drawing(same, 2)
    a, b, c, d, e, f = (float(one) for one in drawn.turned.turn[7:-1].split())
    theirs = same.finger("candidate", 2)
    assert theirs is not None
    at = {row.number: row.candidate for row in rows(same, 2)}
    for mark in drawn.turned.marks:
        if mark.number:
            x, y, _ = at[mark.number]
            left, top = a * x + c * y + e, b * x + d * y + f
            assert mark.x == pytest.approx(left - drawn.turned.view.left + drawn.turned.x, abs=1.1)
            assert mark.y == pytest.approx(top - drawn.turned.view.top, abs=1.1)


def test_a_finger_that_one_side_lacks_is_drawn_alone() -> None:
    """Nothing corresponds where there is no print; the other side is drawn all the same."""
    found = beside(person(fingers=(1, 2)), person(fingers=(2,)))
    drawn = drawing(found, 1)
    assert (len(drawn.probe.marks) > 0, drawn.received.marks, drawn.lines, rows(found, 1)) == (
        True,
        (),
        (),
        (),
    )
    told = {one.position: (one.ours >= 0, one.theirs >= 0, one.similarity != "") for one in thumbs(found)}
    assert (told[1], told[2], told[3]) == ((True, False, False), (True, True, True), (False, False, False))


def test_the_page_begins_with_the_finger_that_tells_most(same: Compared) -> None:
    """The first finger shown is the most similar one, and the first of the booking where none compares."""
    best = max(same.matches, key=lambda one: same.matches[one].comparison.similarity)
    assert telling(same) == best
    assert telling(beside(person(fingers=(4, 7)))) == 4


def test_the_best_record_of_a_candidate_stands_for_each_finger() -> None:
    """Of several records each finger shows the most similar one, and knows whose case it is."""
    probe = person(fingers=(1, 2))
    found = beside(probe, person(6, (1, 2)), person(fingers=(2,)))
    assert (found.origin("candidate", 1), found.origin("candidate", 2)) == ("case 0", "case 1")
    assert found.origin("probe", 2) == ""


def test_a_fit_in_another_order_is_shown_in_that_order() -> None:
    """Where the search noted swapped hands, the fingers that fitted face each other."""
    probe, order = person(), ORDERS["hands swapped"]
    found = beside(reordered(probe, order), probe, order=order)
    assert min(match.comparison.similarity for match in found.matches.values()) > 20.0


def test_templates_of_two_extractors_are_not_compared() -> None:
    """A record of another making gives no similarity rather than a wrong one."""
    assert beside(person(), replace(person(), extractor="another")).matches == {}


def image(rows_: int, columns: int, grey: int, fgp: int = 2) -> Image:
    """A flat image without coding."""
    data = bytes([grey]) * (rows_ * columns)
    return Image(4, 0, 1, (fgp,), columns, rows_, 500.0, 500.0, "NONE", data, 0)


WORKSHOP = InlineWorkshop(decode_job)


def test_minutiae_never_lie_over_another_picture() -> None:
    """An image of another size, of another finger, or one of two that would fit, is not shown."""
    one = FingerTemplate(2, 1, 40, 50, np.zeros((0, 4), dtype=np.float32))
    good = image(50, 40, 100)
    found = fitting(WORKSHOP, [good], one)
    assert found is not None
    assert found.shape == (50, 40)
    for images in ([], [image(40, 50, 100)], [image(50, 40, 100, fgp=3)], [good, image(50, 40, 9)]):
        assert fitting(WORKSHOP, images, one) is None


def test_an_image_that_cannot_be_decoded_is_no_picture() -> None:
    """Damaged bytes leave minutiae on blank, and the sheet is made all the same."""
    probe = person(fingers=(2,))
    found = Compared(probe, (), {})
    broken = replace(image(50, 40, 100), compression="WSQ", data=b"\xff\xa0 no image")
    made = sheet(WORKSHOP, found, {"": [broken]}, "probe")
    assert made.shape == (TILE, 10 * TILE)
    assert (made[:, :TILE].min(), made[:, TILE : 2 * TILE].min()) == (255, 60)


def test_a_slap_shows_the_one_finger() -> None:
    """Of a wide image the part around the minutiae is shown, within the image, and a tile fills its place."""
    spread = np.array([[900, 500, 0, 1], [1100, 700, 0, 1]], dtype=np.float32)
    one = FingerTemplate(3, 0, 1600, 1000, spread)
    box = shown_part(one)
    assert (box.left, box.top, box.width, box.height) == (840, 440, 321, 321)
    slap = Image(4, 0, 0, (13,), 1600, 1000, 500.0, 500.0, "NONE", b"d" * 1_600_000, 0)
    other = replace(slap, fgp=(14,))  # holds no finger 3
    assert fitting(WORKSHOP, [slap, other], one) is not None
    drawn = tile(np.full((1000, 1600), 100, dtype=np.uint8), one)
    assert (drawn.shape, int(drawn.max())) == ((TILE, TILE), 100)


@given(st.dictionaries(st.sampled_from(["candidate", "finger", "zoom", "look", "marks", "lines"]), st.text()))
def test_whatever_an_address_asks_the_page_is_one_that_there_is(query: dict[str, str]) -> None:
    """Every query gives a known zoom, look and set of marks, and survives being written as an address."""
    asked = asked_of(query)
    assert asked.candidate >= 1
    assert (asked.finger in range(11), asked.zoom in ZOOMS, asked.look in LOOKS) == (True, True, True)
    assert asked.marks in MARKS
    held = dict(part.split("=") for part in asked.query().split("&"))
    assert asked_of(held) == asked


@given(st.text(), st.text())
def test_whatever_is_typed_a_word_is_whole_or_named_as_wrong(word: str, why: str) -> None:
    """A word is taken only with a known choice and a reason of fitting length in printable characters."""
    said = said_of({"word": word, "why": why}, 2)
    if not said.wrong:
        assert said.parsed[1] in {0, 1}
        assert 10 <= len(said.why) <= 500
        assert said.why.isprintable()
