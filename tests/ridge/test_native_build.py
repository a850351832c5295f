# SPDX-License-Identifier: Apache-2.0
"""The compiled kernels build from their sources with a plain C compiler, and know nothing of Python."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import sluicegate
from sluicegate.ridge import screening
from sluicegate.ridge.native.dispatch import Kernel
from sluicegate.ridge.screening_form import BYTES, FORM, ROW, packed_probe

NATIVE = Path(sluicegate.__file__).parent / "ridge" / "native"
HARNESS = Path(__file__).parents[2] / "tools" / "fuzz_native" / "screen_fuzz.c"
KERNEL_SOURCES = ("screen.c", "screen_x86.c")
STRICT = ["-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-Werror"]


@pytest.fixture(scope="module")
def compiler() -> str:
    """A C compiler; the test is skipped where there is none."""
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not found:
        pytest.skip("there is no C compiler here")
    return found


@pytest.fixture(scope="module")
def library(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The kernels of stage 1, compiled alone and without Python's headers."""
    built = tmp_path_factory.mktemp("native") / "screen.so"
    sources = [str(NATIVE / name) for name in KERNEL_SOURCES]
    subprocess.run(
        [compiler, *STRICT, "-shared", "-fPIC", "-o", str(built), *sources], check=True, timeout=120
    )
    return ctypes.CDLL(str(built))


@pytest.mark.slow
@pytest.mark.parametrize("kernel", [Kernel.BASELINE, Kernel.AVX2, Kernel.AVX512])
def test_kernels_built_from_source_alone_give_the_integers_of_numpy(
    library: ctypes.CDLL, kernel: Kernel
) -> None:
    """Compiled without a warning, without Python's headers, every kernel gives what NumPy gives."""
    library.screen_find.restype = ctypes.c_void_p
    address = library.screen_find(str(kernel).encode())
    if not address:
        pytest.skip(f"this processor cannot run {kernel}")
    rng = np.random.default_rng(11)
    rows = rng.integers(0, 256, (300, ROW.itemsize), dtype=np.uint8).view(ROW)[:, 0]
    bits = rng.integers(0, 256, (50, BYTES), dtype=np.uint8)
    probed = packed_probe(bits, rng.integers(0, 256, 50, dtype=np.uint8), best=32, gate=43)
    out = np.zeros(len(rows), dtype=np.uint32)
    size, at = ctypes.c_size_t, ctypes.c_void_p
    call = ctypes.CFUNCTYPE(None, at, size, size, at, size, at)(address)
    call(
        probed.groups.ctypes.data,
        len(probed.groups),
        probed.best,
        rows.ctypes.data,
        len(rows),
        out.ctypes.data,
    )
    assert np.array_equal(out, screening.scores(probed, rows, kernel=Kernel.NUMPY))


@pytest.mark.slow
@pytest.mark.parametrize(("broken", "said"), [(False, "in bounds and equal"), (True, "AddressSanitizer")])
def test_the_harness_under_sanitizers_passes_the_kernels_and_stops_a_broken_one(
    compiler: str, tmp_path: Path, broken: bool, said: str
) -> None:
    """The fuzz harness finds nothing in the kernels, and finds one that reads a place too far."""
    for name in ("screen.h", *KERNEL_SOURCES):
        text = (NATIVE / name).read_text("utf-8")
        further = text.replace("s < SCREEN_PLACES;", "s < SCREEN_PLACES + 1;") if broken else text
        (tmp_path / name).write_text(further, "utf-8")
    sources = [str(HARNESS), *(str(tmp_path / name) for name in KERNEL_SOURCES)]
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    built = [compiler, *sanitizers, "-O1", "-I", str(tmp_path), "-o", str(tmp_path / "fuzz"), *sources]
    if subprocess.run(built, capture_output=True, timeout=120).returncode:
        pytest.skip("this compiler has no sanitizers")
    ran = subprocess.run([str(tmp_path / "fuzz"), "0", "1"], capture_output=True, text=True, timeout=120)
    assert said in ran.stdout + ran.stderr
    assert (ran.returncode != 0) is broken


def test_the_extension_refuses_lengths_that_do_not_fit() -> None:
    """Called past its Python side, the extension checks every length before a kernel runs."""
    native = pytest.importorskip("sluicegate.ridge.native._screen", reason="no compiled kernel was built")
    group, row, out = bytes(18_304), bytes(448), bytearray(4)
    native.scores("baseline", group, b"\x01", 32, row, out)
    for wrong in (
        ("baseline", group[:-1], b"\x01", 32, row, out),
        ("baseline", group, b"\x00", 32, row, out),
        ("baseline", group, b"\x02", 32, row, out),
        ("baseline", group, b"\x09", 32, row, out),
        ("baseline", group, b"\x01", 0, row, out),
        ("baseline", group, b"\x01", 33, row, out),
        ("baseline", group, b"\x01", -1, row, out),
        ("baseline", group, b"\x01", 32, row[:-1], out),
        ("baseline", group, b"\x01", 32, row * 2, out),
        ("sse9", group, b"\x01", 32, row, out),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            native.scores(*wrong)
    with pytest.raises(BufferError):
        native.scores("baseline", group, b"\x01", 32, row, bytes(4))
    with pytest.raises(TypeError):
        native.scores("baseline", group, b"\x01", 32, row, None)


def test_the_extension_names_the_definition_it_was_built_from() -> None:
    """What was built says which definition of a score it follows, so that an old build is never used."""
    native = pytest.importorskip("sluicegate.ridge.native._screen", reason="no compiled kernel was built")
    header = (NATIVE / "screen.h").read_text("utf-8")
    assert f"#define SCREEN_DEFINITION {FORM[0]}\n" in header
    assert native.form() == FORM


def test_every_source_of_a_kernel_ships_with_the_package() -> None:
    """The C sources lie in the package's own folder, each with its license on the first line."""
    sources = sorted([*NATIVE.glob("*.c"), *NATIVE.glob("*.h")])
    assert {"screen.c", "screen.h", "screen_module.c", "screen_x86.c"} <= {path.name for path in sources}
    heads = {path.name: path.read_text("utf-8").split("\n", 1)[0] for path in sources}
    assert [name for name, head in heads.items() if "SPDX-License-Identifier: Apache-2.0" not in head] == []
