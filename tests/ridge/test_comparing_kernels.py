# SPDX-License-Identifier: Apache-2.0
"""Every kernel of the exact comparison gives the similarities and pairs of NumPy, to the last bit."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine_people import finger, print_of, second
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sluicegate.ridge import comparing
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.compare import Comparison
from sluicegate.ridge.comparing import Prepared, compare_many, compare_prepared, packed, prepare
from sluicegate.ridge.comparing_record import HEAD, MOST
from sluicegate.ridge.native.dispatch import Kernel
from sluicegate.ridge.template import FingerTemplate, Template, decode

P = numbers.load()
NATIVE = Path(comparing.__file__).parent / "native"
STRICT = ["-std=c11", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
VECTORS = Path(__file__).parent / "vectors"
COMPILED = [
    pytest.param(
        kernel,
        marks=pytest.mark.skipif(kernel not in comparing.KERNELS, reason=f"{kernel} cannot run here"),
    )
    for kernel in Kernel
    if kernel is not Kernel.NUMPY
]


def told(found: Comparison) -> tuple[object, ...]:
    """All that a comparison says, for telling two apart."""
    return found.similarity, found.rotation, found.shift, found.pairs.tolist()


def assert_equal(fingers: list[Prepared], kernel: Kernel) -> None:
    """Each finger against each other comes out the same by this kernel and by NumPy."""
    starts = list(itertools.accumulate((len(one.record) for one in fingers[:-1]), initial=0))
    blob = np.frombuffer(b"".join(one.record for one in fingers), dtype=np.uint8)
    offsets = np.array(starts, dtype=np.uint64)
    for probe in fingers:
        ours = compare_many(probe, blob, offsets, kernel=kernel)
        theirs = compare_many(probe, blob, offsets, kernel=Kernel.NUMPY)
        assert ours.tobytes() == theirs.tobytes()
    for probe, reference in itertools.pairwise(fingers):
        assert told(compare_prepared(probe, reference, kernel=kernel)) == told(
            compare_prepared(probe, reference, kernel=Kernel.NUMPY)
        )


def card() -> tuple[Template, Template]:
    """The rolled prints and the flats of one real inked card."""
    rolled, flats = (decode((VECTORS / f"card-{kind}.template").read_bytes()) for kind in ("rolled", "flats"))
    return rolled, flats


@pytest.mark.slow
@pytest.mark.parametrize("kernel", COMPILED)
def test_kernels_agree_on_the_fingers_of_a_real_card(kernel: Kernel) -> None:
    """Rolled prints and flats of one inked card compare alike by every kernel."""
    rolled, flats = card()
    fingers = [prepare(f, P) for f in (*rolled.fingers[:5], *flats.fingers)]
    assert_equal(fingers, kernel)


@pytest.mark.parametrize("kernel", COMPILED)
def test_kernels_agree_on_made_people(kernel: Kernel) -> None:
    """Prints of made people, first and second impressions, compare alike by every kernel."""
    first = [print_of(k, 1 + k) for k in range(4)]
    prints = [*first, *(second(one, k, plain=k % 2 == 0) for k, one in enumerate(first))]
    assert_equal([prepare(finger(2, one), P) for one in prints], kernel)


def minutiae_records() -> st.SearchStrategy[bytes]:
    """Records: minutiae scattered, heaped, on a lattice or repeated, in images of any size."""
    words = st.integers(0, 2**32 - 1)
    near = st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(0, 4095)).map(
        lambda m: m[0] | m[1] << 10 | m[2] << 20
    )
    lattice = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
        lambda m: 17 * m[0] | 17 * m[1] << 10 | 0xF40 << 20
    )
    some = st.one_of(
        st.lists(words, max_size=40), st.lists(near, max_size=70), st.lists(lattice, max_size=100)
    )
    repeated = st.tuples(some, st.integers(1, 4)).map(lambda m: (m[0] * m[1])[:MOST])
    side = st.sampled_from([0, 500, 1023, 1024, 16383])
    return st.tuples(repeated, side, side).map(
        lambda m: HEAD.pack(len(m[0]), m[1], m[2], 2, 1) + np.array(m[0], dtype="<u4").tobytes()
    )


def whole(record: bytes) -> Prepared:
    """A record as if it had been prepared from a template of its own length."""
    return Prepared(record, np.arange(HEAD.unpack_from(record)[0], dtype=np.int32), P)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", COMPILED)
@settings(max_examples=60, deadline=None)
@given(records=st.lists(minutiae_records(), min_size=2, max_size=3))
def test_kernels_agree_on_any_record(kernel: Kernel, records: list[bytes]) -> None:
    """Whatever minutiae a record holds, every kernel gives one finite answer that is not negative."""
    fingers = [whole(record) for record in records]
    assert_equal([*fingers, fingers[0]], kernel)
    found = compare_prepared(fingers[0], fingers[1], kernel=kernel)
    assert np.isfinite(found.similarity)
    assert found.similarity >= 0.0


@pytest.mark.slow
@pytest.mark.parametrize("kernel", COMPILED)
def test_kernels_agree_on_the_largest_and_most_alike_records(kernel: Kernel) -> None:
    """Slaps at their cap, heaps, and a thousand scattered minutiae compare alike by every kernel."""
    rng = np.random.default_rng(7)
    scattered = np.column_stack(
        [rng.uniform(0, 900, (1000, 2)), rng.uniform(0, 6.28, 1000), rng.uniform(0, 1, 1000)]
    )
    crowd = scattered * np.array([0.05, 0.05, 1.0, 1.0])
    same = np.tile(scattered[:1], (1000, 1))
    kinds = [rows.astype(np.float32) for rows in (scattered, crowd, same)]
    slaps = [prepare(FingerTemplate(14, 1, 1000, 900, rows), P) for rows in kinds]
    assert_equal([*slaps, prepare(FingerTemplate(2, 1, 1000, 900, kinds[0]), P)], kernel)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", COMPILED)
@pytest.mark.parametrize(
    "changed",
    [
        {"pairs": 40},
        {"seeds": 5, "tries": 8},
        {"alike": 0.4},
        {"seed_angle": 1.5},
        {"least": 6},
        {"bandwidth": 20.0},
    ],
)
def test_kernels_agree_under_other_numbers(kernel: Kernel, changed: dict[str, float]) -> None:
    """With other tuned numbers all kernels still give one answer: none of them is written into a kernel."""
    other = replace(P, compare=replace(P.compare, **changed))
    first = [print_of(50 + k, 1 + k) for k in range(2)]
    prints = [*first, *(second(one, k) for k, one in enumerate(first))]
    assert_equal([prepare(finger(2, one), other) for one in prints], kernel)


@pytest.mark.parametrize("kernel", comparing.KERNELS)
def test_threads_that_compare_at_once_do_not_disturb_each_other(kernel: Kernel) -> None:
    """Four threads with four probes find what one thread finds."""
    prepared = [prepare(finger(2, print_of(70 + k, 1 + k)), P) for k in range(4)]
    starts = np.array(
        list(itertools.accumulate((len(p.record) for p in prepared[:-1]), initial=0)), np.uint64
    )
    blob = np.frombuffer(b"".join(one.record for one in prepared), dtype=np.uint8)

    def asked(probe: Prepared) -> bytes:
        return compare_many(probe, blob, starts, kernel=kernel).tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(asked, prepared)) == [asked(one) for one in prepared]


@pytest.mark.parametrize("kernel", comparing.KERNELS)
def test_flats_of_a_real_card_find_their_rolled_prints(kernel: Kernel) -> None:
    """Nine of the ten flats of a real card are twice as similar to their own rolled print as to any other."""
    rolled, flats = card()
    records = [packed(f, P) for f in rolled.fingers]
    starts = np.array(list(itertools.accumulate(map(len, records[:-1]), initial=0)), dtype=np.uint64)
    blob = np.frombuffer(b"".join(records), dtype=np.uint8)
    positions = [f.fgp for f in rolled.fingers]
    found: list[NDArray[np.float32]] = []
    for flat in flats.fingers:
        scores = compare_many(prepare(flat, P), blob, starts, kernel=kernel)
        own = positions.index(flat.fgp)
        found.append(scores[own] > 2.0 * np.delete(scores, own).max())
    assert sum(map(int, found)) >= 9


@pytest.mark.slow
@pytest.mark.parametrize("name", ["compare", "compare_baseline", "compare_avx2", "compare_avx512"])
def test_kernels_compile_alone_without_a_warning(name: str, tmp_path: Path) -> None:
    """The C files of the exact comparison need no header of Python's, and give a strict compiler no cause."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        pytest.skip("there is no C compiler here")
    made = tmp_path / "kernel.o"
    subprocess.run(
        [compiler, *STRICT, "-c", "-o", str(made), str(NATIVE / f"{name}.c")], check=True, timeout=120
    )
    assert made.stat().st_size > 0
