# SPDX-License-Identifier: Apache-2.0
"""Stage 1, fast: every kernel gives the integers of the definition, for whatever bytes it is handed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sluicegate.errors import UsageError
from sluicegate.ridge import parameters, screening
from sluicegate.ridge.native.dispatch import Kernel, chosen, explained, named, usable
from sluicegate.ridge.screen import built
from sluicegate.ridge.screening_form import (
    BYTES,
    GROUP,
    LANES,
    MOST,
    MOST_GROUPS,
    PLACES,
    ROW,
    Probed,
    Rows,
    packed_probe,
    packed_row,
    whole,
)
from sluicegate.ridge.template import FingerTemplate

PARAMETERS = parameters.load()
KERNELS = [
    pytest.param(
        kernel,
        marks=pytest.mark.skipif(kernel not in screening.KERNELS, reason=f"{kernel} cannot run here"),
    )
    for kernel in Kernel
]


def defined(bits: NDArray[np.uint8], angles: NDArray[np.uint8], gate: int, best: int, row: np.void) -> int:
    """The score as native/screen.h defines it, one bit at a time."""
    values = [0] * max(best, len(bits))
    for number, (own, turn) in enumerate(zip(bits, angles, strict=True)):
        for place in range(PLACES):
            off = abs(int(turn) - int(row["angle"][place]))
            if min(off, 256 - off) > gate:
                continue
            common = sum(int(a & b).bit_count() for a, b in zip(own, row["bits"][place], strict=True))
            total = sum(int(a).bit_count() for a in own) + int(row["ones"][place])
            share = common * 256 * ((2**20 - 1) // max(total, 16)) // 65536
            values[number] = max(values[number], share)
    squares = [(32 * min(value, 2047)) ** 2 >> 16 for value in values]
    return sum(sorted(square**2 >> 16 for square in squares)[-best:])


def random_rows(rng: np.random.Generator, count: int) -> Rows:
    """Rows of whatever bytes: their counts of bits and their angles belong to nothing."""
    return rng.integers(0, 256, (count, ROW.itemsize), dtype=np.uint8).view(ROW)[:, 0]


def random_cylinders(rng: np.random.Generator, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cylinders of any density, and angles."""
    dense = rng.random((count, BYTES * 8)) < rng.random((count, 1))
    return np.packbits(dense, axis=1), rng.integers(0, 256, count, dtype=np.uint8)


def finger(rng: np.random.Generator, minutiae: int, fgp: int = 2) -> FingerTemplate:
    """A finger of minutiae at random places."""
    rows = rng.random((minutiae, 4)) * np.array([300, 400, 6.28, 1.0])
    return FingerTemplate(fgp, 0, 300, 400, rows.astype(np.float32))


@pytest.mark.parametrize("kernel", KERNELS)
@given(
    seed=st.integers(0, 2**32),
    cylinders=st.integers(0, 40),
    gate=st.integers(0, 128),
    best=st.integers(1, 32),
)
def test_every_kernel_scores_any_bytes_as_defined(
    kernel: Kernel, seed: int, cylinders: int, gate: int, best: int
) -> None:
    """For any probe and any bytes in a row, every kernel gives the score that the definition gives."""
    rng = np.random.default_rng(seed)
    bits, angles = random_cylinders(rng, cylinders)
    rows = random_rows(rng, 2)
    probed = packed_probe(bits, angles, best=best, gate=gate)
    assert screening.scores(probed, rows, kernel=kernel).tolist() == [
        defined(bits, angles, gate, best, row) for row in rows
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", range(3))
def test_every_kernel_gives_the_integers_that_numpy_gives(kernel: Kernel, seed: int) -> None:
    """Over a thousand rows and probes of one to eight groups, every kernel equals the one in NumPy."""
    rng = np.random.default_rng(seed)
    rows = random_rows(rng, 1000)
    rows["ones"][:500] = np.bitwise_count(rows["bits"][:500]).sum(axis=-1)
    for count in (0, 1, 20, 32, 33, 100, LANES * MOST_GROUPS):
        probed = packed_probe(*random_cylinders(rng, count), best=int(rng.integers(1, 33)), gate=43)
        expected = screening.scores(probed, rows, kernel=Kernel.NUMPY)
        assert np.array_equal(screening.scores(probed, rows, kernel=kernel), expected)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("fill", [0x00, 0xFF, 0x01, 0x80])
def test_rows_of_one_repeated_byte_are_scored_as_defined(kernel: Kernel, fill: int) -> None:
    """Rows of all zeros, all ones, and one byte over and over get the score that the definition gives."""
    rows = np.full((3, ROW.itemsize), fill, dtype=np.uint8).view(ROW)[:, 0]
    bits = np.full((LANES, BYTES), 0xFF, dtype=np.uint8)
    angles = np.full(LANES, fill, dtype=np.uint8)
    probed = packed_probe(bits, angles, best=32, gate=43)
    expected = defined(bits, angles, 43, 32, rows[0])
    assert screening.scores(probed, rows, kernel=kernel).tolist() == [expected] * 3


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_batch_scores_as_its_probes_do_alone(kernel: Kernel) -> None:
    """Several probes in one pass, slaps among them, get the scores that each gets by itself."""
    rng = np.random.default_rng(5)
    rows = random_rows(rng, 600)
    probes = [
        packed_probe(*random_cylinders(rng, count), best=best, gate=43)
        for count, best in ((32, 32), (100, 32), (7, 32), (32, 20), (64, 20))
    ]
    together = screening.scores_many(probes, rows, kernel=kernel)
    assert together.shape == (5, 600)
    for probed, alone in zip(probes, together, strict=True):
        assert np.array_equal(screening.scores(probed, rows, kernel=kernel), alone)


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_rows_and_no_probes_give_no_scores(kernel: Kernel) -> None:
    """An empty gallery and an empty batch give arrays without scores."""
    probed = packed_probe(*random_cylinders(np.random.default_rng(1), 3), best=32, gate=43)
    assert screening.scores(probed, np.zeros(0, dtype=ROW), kernel=kernel).shape == (0,)
    assert screening.scores_many([], np.zeros(4, dtype=ROW), kernel=kernel).shape == (0, 4)


def test_the_forms_have_the_sizes_that_the_header_states() -> None:
    """The forms have the sizes of native/screen.h, and a cylinder is worth most with itself."""
    assert (ROW.itemsize, GROUP.itemsize) == (448, 7 * 2 * 16 * 4 + 256 * 32 * 2 + 256 * 4)
    bits = np.zeros((1, BYTES), dtype=np.uint8)
    bits[0, :8] = 0xFF
    angles = np.array([200], dtype=np.uint8)
    alone = packed_probe(bits, angles, best=32, gate=0)
    assert screening.scores(alone, packed_row(bits, angles)).tolist() == [MOST]


def test_a_group_gives_back_the_cylinders_it_was_made_of() -> None:
    """The interleaved planes of a group hold every cylinder whole, each in one lane."""
    bits, angles = random_cylinders(np.random.default_rng(3), LANES)
    group = packed_probe(bits, angles, best=32, gate=10).groups[0]
    assert sorted(map(bytes, whole(group)[:, :BYTES])) == sorted(map(bytes, bits))


def test_a_cylinder_meets_only_those_turned_no_further_than_the_gate() -> None:
    """Angles 43 steps off meet, across the full turn too, and 44 steps off they do not."""
    bits = np.full((1, BYTES), 0xFF, dtype=np.uint8)
    probed = packed_probe(bits, np.array([250], dtype=np.uint8), best=1, gate=43)
    met = [
        int(screening.scores(probed, packed_row(bits, np.array([turn], dtype=np.uint8)))[0]) > 0
        for turn in ((250 + 43) % 256, 250 - 43, (250 + 44) % 256, 250 - 44)
    ]
    assert met == [True, True, False, False]


@pytest.mark.parametrize("minutiae", [0, 1, 5, 60, 300])
def test_a_finger_is_most_like_itself(minutiae: int) -> None:
    """A finger's own row scores at least as high as any other's; one without minutiae scores nothing."""
    rng = np.random.default_rng(minutiae)
    own = finger(rng, minutiae)
    rows = np.concatenate(
        [screening.rows_of(f, PARAMETERS) for f in (own, *(finger(rng, 60) for _ in range(20)))]
    )
    scores = screening.scores(screening.probe_of(own, PARAMETERS), rows)
    assert scores.argmax() == 0
    assert (scores[0] > 0) == (len(built(own, PARAMETERS).rank) > 0)


def test_a_slap_has_several_rows_and_a_finger_of_it_finds_them() -> None:
    """An undivided slap is kept in as many rows as it may hold fingers, and scores against a finger's row."""
    rng = np.random.default_rng(9)
    slap = finger(rng, 150, fgp=13)
    rows = screening.rows_of(slap, PARAMETERS)
    assert len(rows) == PARAMETERS.screen.slap_factor
    probed = screening.probe_of(slap, PARAMETERS)
    assert len(probed.groups) == PARAMETERS.screen.slap_factor
    part = dataclasses.replace(slap, fgp=2)
    other = screening.rows_of(finger(rng, 150), PARAMETERS)
    own = screening.scores(probed, screening.rows_of(part, PARAMETERS))[0]
    assert own > screening.scores(probed, other)[0]


def test_rows_of_another_form_are_refused() -> None:
    """Bytes, strided rows and rows of two dimensions are refused before a kernel sees them."""
    probed = Probed(np.zeros(1, dtype=GROUP), 32)
    for wrong in (
        np.zeros(448, dtype=np.uint8),
        np.zeros(4, dtype=ROW)[::2],
        np.zeros((2, 2), dtype=ROW),
    ):
        with pytest.raises(ValueError, match="rows must be"):
            screening.scores(probed, wrong)  # type: ignore[arg-type]


def test_the_kernel_asked_for_runs_or_is_refused_by_name() -> None:
    """Without a wish the fastest kernel runs; one that cannot run is refused, and the others are named."""
    some = usable(["baseline"])
    assert some == (Kernel.BASELINE, Kernel.NUMPY)
    assert chosen(None, some) is Kernel.BASELINE
    assert chosen(Kernel.NUMPY, some) is Kernel.NUMPY
    with pytest.raises(UsageError, match=r"avx512.*baseline, numpy"):
        chosen(Kernel.AVX512, some)
    assert "numpy would give the same" in explained(some)
    assert "no compiled kernel of this version" in explained(usable(()))


def test_a_setting_names_a_kernel_or_none() -> None:
    """An empty setting leaves the choice open, and a word that names no kernel is refused."""
    assert named("") is None
    assert named("avx2") is Kernel.AVX2
    with pytest.raises(UsageError, match="sse9"):
        named("sse9")
