# SPDX-License-Identifier: Apache-2.0
"""The exact comparison on packed fingers: what it finds, and what hostile minutiae can make it do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from engine_people import finger, moved, print_of, second
from numpy.typing import NDArray

from sluicegate.errors import TemplateError, UsageError
from sluicegate.ridge import comparing
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.compare import Comparison, compare
from sluicegate.ridge.comparing import compare_many, compare_one, packed, prepare
from sluicegate.ridge.comparing_record import HEAD, MOST, kept_rows, unit
from sluicegate.ridge.native.dispatch import Kernel
from sluicegate.ridge.template import FingerTemplate, Minutiae, Template, decode, encode

P = numbers.load()
NOBODY = np.zeros((0, 4), dtype=np.float32)


def met(probe: Minutiae, reference: Minutiae, fgp: int = 2) -> Comparison:
    """Two sets of minutiae compared as one finger's."""
    return compare_one(prepare(finger(fgp, probe), P), finger(fgp, reference))


def blob_of(*records: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Records one after the other, and where each begins."""
    starts = list(itertools.accumulate((len(record) for record in records[:-1]), initial=0))
    return np.frombuffer(b"".join(records), dtype=np.uint8), np.array(starts, dtype=np.uint64)


def heap(count: int) -> Minutiae:
    """`count` minutiae, all in one place and direction."""
    return np.tile(np.array([[300.0, 300.0, 1.0, 0.9]], dtype=np.float32), (count, 1))


def lattice(count: int) -> Minutiae:
    """`count` minutiae on a square lattice, all of one direction: every placement fits as well."""
    side = math.isqrt(count - 1) + 1
    rows, columns = np.divmod(np.arange(count), side)
    ones = np.ones(count)
    return np.column_stack([columns * 9.0, rows * 9.0, ones, ones]).astype(np.float32)


def test_a_print_corresponds_to_itself_minutia_by_minutia() -> None:
    """A print compared with itself pairs each minutia with itself, neither turned nor shifted."""
    own = print_of(1, 2)
    found = met(own, own)
    assert np.array_equal(found.pairs[:, 0], found.pairs[:, 1])
    assert len(found.pairs) == min(len(own), P.fast_compare.minutiae)
    assert abs(found.rotation) < 1e-6
    assert max(map(abs, found.shift)) < 1e-2


@pytest.mark.parametrize("turn", [-2.5, -1.0, 0.0, 0.7, 3.1])
def test_turning_and_shifting_a_print_changes_little(turn: float) -> None:
    """However a print is turned and shifted, it is about as similar as before, and the turn is found."""
    reference = print_of(3, 1)
    probe = second(reference, 5)
    before = met(probe, reference)
    after = met(moved(probe, turn=turn, x=180.0, y=-150.0), reference)
    assert after.similarity == pytest.approx(before.similarity, rel=0.1)
    assert math.cos(after.rotation + turn - before.rotation) == pytest.approx(1.0, abs=1e-3)


def test_the_reported_placement_lays_corresponding_minutiae_on_each_other() -> None:
    """Under the reported rotation and shift, the named rows of the two templates lie near each other."""
    reference = print_of(4, 3)
    probe = second(reference, 8)
    found = met(probe, reference)
    cos, sin = math.cos(found.rotation), math.sin(found.rotation)
    p, r = probe[found.pairs[:, 0]], reference[found.pairs[:, 1]]
    x = cos * p[:, 0] + sin * p[:, 1] + found.shift[0]
    y = cos * p[:, 1] - sin * p[:, 0] + found.shift[1]
    assert len(found.pairs) > 20
    assert np.median(np.hypot(x - r[:, 0], y - r[:, 1])) < P.compare.distance


def test_similarities_are_those_of_the_readable_definition_but_for_rounding() -> None:
    """Mates score within a tenth of what the definition in floating point gives, so thresholds carry over."""
    ratios = []
    for person in range(8):
        reference = print_of(20 + person, 1)
        probe = second(reference, person)
        ratios.append(met(probe, reference).similarity / compare(probe, reference, P).similarity)
    assert np.median(ratios) == pytest.approx(1.0, abs=0.1)


def test_a_second_impression_is_far_more_similar_than_another_finger() -> None:
    """Of eight fingers, the least similar mate is three times as similar as the most similar non-mate."""
    prints = [finger(2, print_of(10 + k, 1)) for k in range(8)]
    blob, starts = blob_of(*(packed(one, P) for one in prints))
    again = [finger(2, second(print_of(10 + k, 1), k, plain=k % 2 == 1)) for k in range(8)]
    scores = np.array([compare_many(prepare(one, P), blob, starts) for one in again])
    assert np.diag(scores).min() > 3.0 * scores[~np.eye(8, dtype=bool)].max()


def test_one_and_many_comparisons_agree() -> None:
    """A batch gives each reference the similarity that it has alone, whatever order and company it is in."""
    fingers = [finger(2, print_of(30 + k, 1 + k)) for k in range(5)]
    probe = prepare(finger(2, second(print_of(32, 3), 1)), P)
    blob, starts = blob_of(*(packed(one, P) for one in fingers))
    turned = compare_many(probe, blob, starts[::-1])
    assert turned[::-1].tolist() == [compare_one(probe, one).similarity for one in fingers]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_minutiae_are_no_evidence(count: int) -> None:
    """A print of at most three minutiae is similar to nothing, not even to itself."""
    few, whole = print_of(1, 1)[:count], print_of(1, 1)
    assert met(few, few).similarity == met(few, whole).similarity == met(whole, few).similarity == 0.0


def test_a_thousand_minutiae_cost_no_more_than_the_cap() -> None:
    """Of whatever is received, a record holds no more minutiae than the cap of its kind of image."""
    for hostile in (heap(1000), lattice(1000)):
        assert HEAD.unpack_from(packed(finger(2, hostile), P))[0] == P.fast_compare.minutiae
        assert HEAD.unpack_from(packed(finger(14, hostile), P))[0] == P.fast_compare.slap_minutiae <= MOST


def test_minutiae_all_in_one_place_are_similar_to_no_real_print() -> None:
    """A heap or a lattice of a thousand minutiae gains nothing against a real print."""
    real = print_of(1, 2)
    own = met(second(real, 1), real).similarity
    for hostile in (heap(1000), lattice(1000), np.repeat(real[:3], 300, axis=0)):
        assert met(hostile, real).similarity < own / 3.0
        assert met(real, hostile).similarity < own / 3.0


def test_the_record_is_the_same_before_and_after_a_template_is_encoded() -> None:
    """Packing a fresh template or one read back from its bytes gives the same record and the same rows."""
    for person in range(10):
        rng = np.random.default_rng(person)
        rows = np.column_stack(
            [rng.uniform(0, 799, (300, 2)), rng.uniform(-7, 7, 300), rng.uniform(0, 1, 300)]
        )
        fresh = FingerTemplate(2, 1, 800, 800, rows.astype(np.float32))
        stored = decode(encode(Template("x", "1", (fresh,)))).fingers[0]
        assert packed(fresh, P) == packed(stored, P)
        assert np.array_equal(kept_rows(fresh, P), kept_rows(stored, P))


def test_a_record_holds_four_bytes_a_minutia() -> None:
    """A plain print of forty minutiae takes 168 bytes."""
    assert len(packed(finger(2, print_of(1, 2)[:40]), P)) == 168


@pytest.mark.parametrize(("side", "expected"), [(0, 0), (1023, 0), (1024, 1), (2047, 2), (16383, 5)])
def test_large_images_have_coarser_steps(side: int, expected: int) -> None:
    """Coordinates always fit ten bits: steps double until the longer side of the image does."""
    assert unit(side, 0) == unit(0, side) == expected
    corner = np.array([[side, side, 0.0, 1.0]], dtype=np.float32)
    word = int.from_bytes(packed(FingerTemplate(2, 1, side, side, corner), P)[HEAD.size :], "little")
    assert abs(((word & 1023) << expected) - side) <= 1 << expected


@pytest.mark.parametrize(
    "row", [[-1, 0, 0, 0.5], [0, 801, 0, 0.5], [0, 0, math.nan, 0.5], [0, 0, 0, 1.5], [math.inf, 0, 0, 0.5]]
)
def test_a_minutia_that_no_template_can_hold_is_refused(row: list[float]) -> None:
    """What lies outside its image, or is no number in range, is not packed."""
    with pytest.raises(TemplateError):
        packed(FingerTemplate(2, 1, 800, 800, np.array([row], dtype=np.float32)), P)


@pytest.mark.parametrize("kernel", comparing.KERNELS)
def test_bytes_that_are_no_record_are_named_by_their_offset(kernel: Kernel) -> None:
    """A record cut short or too full, or an offset beyond the end, raises and names the place."""
    good = packed(finger(2, print_of(1, 2)), P)
    probe = prepare(finger(2, print_of(1, 2)), P)
    crowded = HEAD.pack(MOST + 1, 800, 800, 2, 1) + bytes(4 * (MOST + 1))
    vast = HEAD.pack(1, 16384, 1, 2, 1) + bytes(4)
    for bad in (good[:-1], good[:7], crowded, vast, b""):
        blob, starts = blob_of(good, bad)
        with pytest.raises(ValueError, match=f"no whole record at offset {len(good)}$"):
            compare_many(probe, blob, starts, kernel=kernel)
    blob, starts = blob_of(good)
    with pytest.raises(ValueError, match=r"offset 18446744073709551615$"):
        compare_many(probe, blob, np.array([2**64 - 1], dtype=np.uint64), kernel=kernel)


def test_a_kernel_that_cannot_run_is_refused() -> None:
    """Naming a kernel that was not built says which there are."""
    probe = prepare(finger(2, NOBODY), P)
    missing = [kernel for kernel in (*Kernel, "none") if kernel not in comparing.KERNELS]
    with pytest.raises(UsageError, match="cannot run here"):
        compare_one(probe, finger(2, NOBODY), kernel=missing[-1])  # type: ignore[arg-type]
