# SPDX-License-Identifier: Apache-2.0
"""A trace tells of the comparison that was made: its parts add up to what the engine says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from drawn_ridges import hand, whirls
from engine_people import FRAME, finger, person, print_of, rebooked, second, template

import sluicegate
from sluicegate.errors import ImageRefused, TemplateError
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.comparing import KERNELS, compare_one, prepare
from sluicegate.ridge.fast import FastEngine
from sluicegate.ridge.gallery_packed import PackedGallery
from sluicegate.ridge.template import Template
from sluicegate.ridge.trace import FINGER, PEOPLE, trace, trace_finger, trace_people
from sluicegate.ridge.trace_image import IMAGE, trace_image

P = numbers.load()
EMPTY = np.zeros((0, 4), dtype=np.float32)
PAIRS = {
    "mates": (second(print_of(3, 2), 5), print_of(3, 2)),
    "strangers": (print_of(4, 2), print_of(5, 2)),
    "nothing": (EMPTY, print_of(5, 2)),
    "two minutiae": (print_of(4, 2)[:2], print_of(4, 2)[:2]),
    "one place": (np.tile(print_of(4, 2)[:1], (150, 1)), print_of(4, 2)),
}


@pytest.mark.parametrize("which", PAIRS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_trace_ends_where_every_kernel_does(which: str, kernel: object) -> None:
    """Similarity, corresponding minutiae and placement of a trace equal what each kernel finds, exactly."""
    probe, reference = (finger(2, one) for one in PAIRS[which])
    traced = trace_finger(probe, reference, P)
    found = compare_one(prepare(probe, P), reference, kernel=kernel)  # type: ignore[arg-type]
    assert float(traced["similarity"]) == found.similarity
    assert np.array_equal(traced["pairs"], found.pairs)
    if len(found.pairs):
        assert tuple(traced["placement"][2:].tolist()) == found.shift


@pytest.mark.parametrize("which", PAIRS)
def test_every_name_of_the_table_comes_out_in_the_type_it_tells(which: str) -> None:
    """A trace has the names of the table and no other, each of the told type and number of dimensions."""
    traced = trace_finger(*(finger(2, one) for one in PAIRS[which]), P)
    assert list(traced) == list(FINGER)
    for name, told in FINGER.items():
        kind, shape = told.split(":")[0].split(" ", 1)
        assert traced[name].dtype == np.dtype(kind), name
        assert traced[name].ndim == len([part for part in shape.strip("()").split(",") if part]), name


def test_the_weights_of_the_pairs_make_the_similarity() -> None:
    """The pairs' weights, summed, squared and divided by what was expected, give the similarity."""
    traced = trace_finger(*(finger(2, one) for one in PAIRS["mates"]), P)
    weight = float(traced["pair_weights"].sum())
    assert weight**2 / float(traced["expected"]) == pytest.approx(float(traced["similarity"]), rel=1e-5)
    assert float(traced["similarity"]) > 5.0


def test_corresponding_minutiae_lie_on_each_other_once_bent() -> None:
    """Bent, the probe's corresponding minutiae lie nearer the reference's than only rotated and shifted."""
    traced = trace_finger(*(finger(2, one) for one in PAIRS["mates"]), P)
    rows = np.searchsorted(traced["probe_rows"], traced["pairs"][:, 0])
    aims = traced["reference"][traced["pairs"][:, 1], :2]
    off = {name: np.hypot(*(traced[name][rows] - aims).T).mean() for name in ("rigid", "bent")}
    assert off["bent"] < off["rigid"] < P.compare.first_distance


def test_of_strangers_placements_are_tried_and_none_weighs_much() -> None:
    """Two strangers' fingers have likely pairs and placements, and the trace shows why it came to little."""
    traced = trace_finger(*(finger(2, one) for one in PAIRS["strangers"]), P)
    assert len(traced["likely"]) > 20
    assert len(traced["placements"]) == len(traced["placement_weights"]) > 1
    assert float(traced["similarity"]) < 1.0


def test_two_people_are_traced_as_the_engine_finds_them() -> None:
    """Per-finger similarities of a trace, with and without a search, are those of the search's candidate."""
    enrolled, probe = person(7), rebooked(7, 3)
    gallery = PackedGallery(P)
    gallery.enrol("p7", enrolled)
    (candidate,) = FastEngine(P).identify(probe, [gallery]).candidates
    alone = trace(probe, enrolled, P)
    searched = trace_people(probe, [enrolled], candidate.evidence, P)
    for traced in (alone, searched):
        assert dict(zip(traced["positions"].tolist(), traced["per_finger"], strict=True)) == (
            candidate.per_finger
        )
        assert float(traced["similarity"]) == candidate.similarity
        assert {*PEOPLE, *(f"{p:02}/{name}" for p in range(1, 11) for name in FINGER)} == set(traced)
    assert np.array_equal(searched["04/pairs"], candidate.corresponding[4])


def test_templates_of_two_makers_are_not_traced() -> None:
    """Templates of different extractors are refused, as a search refuses them."""
    with pytest.raises(TemplateError, match="not comparable"):
        trace(person(1), Template("another", "1", person(1).fingers), P)


def test_evidence_of_a_template_not_given_is_refused() -> None:
    """A candidate's evidence that points at no template given is refused in a sentence."""
    gallery = PackedGallery(P)
    gallery.enrol("p7", person(7))
    (candidate,) = FastEngine(P).identify(rebooked(7, 3), [gallery]).candidates
    with pytest.raises(TemplateError, match="not given"):
        trace_people(rebooked(7, 3), [], candidate.evidence, P)


def test_an_image_is_traced_by_the_names_of_its_table() -> None:
    """A finger's trace holds its ridges as blocks and patches, and the maps only where they are asked for."""
    pixels = whirls(320, 260)
    traced = trace_image(pixels, 500.0, 2)
    assert list(traced) == list(IMAGE)
    assert traced["ridge_blocks"].mean() > 0.5
    assert np.array_equal(traced["patches"] > 0, traced["ridge_blocks"])
    assert traced["confidence"].shape == (0, 0)
    maps = np.stack([np.zeros(pixels.shape), np.ones(pixels.shape), np.full(pixels.shape, 0.5)])
    asked = trace_image(pixels, 500.0, 2, maps=lambda _: maps.astype(np.float32))
    assert np.allclose(asked["direction"], np.pi / 2)
    assert asked["confidence"].shape == pixels.shape


@pytest.mark.slow
def test_the_fingers_of_a_slap_are_in_its_trace() -> None:
    """A right slap's trace names index to little finger from left to right, each with blocks of its own."""
    traced = trace_image(hand(), 500.0, 13)
    assert traced["slap_fingers"].tolist() == [2, 3, 4, 5]
    middles = [np.argwhere(traced["slap_labels"] == n)[:, 1].mean() for n in (1, 2, 3, 4)]
    assert middles == sorted(middles)


def test_an_image_of_no_fingerprint_s_size_is_not_traced() -> None:
    """No pixels and a resolution that none has are refused as at extraction."""
    for pixels, ppi in ((np.zeros((0, 5), dtype=np.uint8), 500.0), (whirls(64, 64), float("nan"))):
        with pytest.raises(ImageRefused):
            trace_image(pixels, ppi, 2)


def test_a_search_that_is_not_traced_never_meets_the_trace() -> None:
    """No module but those that draw traces imports one: without a trace there is nothing to pay."""
    source = Path(sluicegate.__file__).parent
    meets = re.compile(r"^(?:from|import) .*\bridge(?:\.| import )trace", re.MULTILINE)
    users = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if meets.search(path.read_text("utf-8"))
    }
    assert "ridge/trace_image.py" in users
    assert {path for path in users if not path.startswith(("cli/", "web/"))} == {"ridge/trace_image.py"}


def test_more_minutiae_than_a_record_holds_keep_their_rows() -> None:
    """Of a finger with more minutiae than are compared, pairs still name rows of the whole template."""
    many = np.concatenate([print_of(1, 2), print_of(2, 2), print_of(3, 2)])
    many[:, 3] = np.linspace(0.3, 1.0, len(many), dtype=np.float32)
    traced = trace_finger(finger(2, many), finger(2, many), P)
    assert len(traced["probe_rows"]) == P.fast_compare.minutiae < len(many)
    assert set(traced["pairs"][:, 0].tolist()) <= set(traced["probe_rows"].tolist())
    assert traced["bent"].max() <= FRAME


def test_nobody_in_common_is_an_empty_trace() -> None:
    """People without a finger position in common have a trace of no positions and no similarity."""
    traced = trace(template(finger(2, print_of(1, 2))), template(finger(3, print_of(1, 3))), P)
    assert traced["positions"].tolist() == []
    assert float(traced["similarity"]) == 0.0
