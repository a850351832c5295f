# SPDX-License-Identifier: Apache-2.0
"""The compiled kernels of the search. Everything else about the package is in pyproject.toml.

The kernels are optional: where there is no C compiler the package installs without them and NumPy does
the same work, with the same results, slower. They use Python's stable interface (abi3 from 3.11), so one
wheel serves every later Python. Two source files make an extension, `screen.c` (knows nothing of Python)
and `screen_module.c` (hands it Python's buffers); see docs/decisions/0018-native-kernels.md.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).parent
SOURCES = Path("src/sluicegate/ridge/native")
KERNELS = ("screen", "compare")
# No contraction: a fused multiply-add rounds once where NumPy rounds twice, and results must be equal.
FLAGS = ["-O3", "-std=c11", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra"]


class BuildKernels(build_ext):
    """Builds with our flags, and says in one line when a kernel could not be built."""

    def build_extension(self, ext: Extension) -> None:
        """Build one; where that fails, the package is installed without it."""
        if self.compiler.compiler_type != "msvc":
            ext.extra_compile_args = [*FLAGS, *ext.extra_compile_args]
        try:
            super().build_extension(ext)
        except Exception as problem:  # noqa: BLE001 - an absent compiler shows itself in many ways
            print(f"note: {ext.name} was not built ({type(problem).__name__}); NumPy does its work, slower")


def extension(kernel: str) -> Extension:
    """One kernel's extension: its sources, and every header that it may include."""
    return Extension(
        f"sluicegate.ridge.native._{kernel}",
        sources=sorted(path.relative_to(HERE).as_posix() for path in (HERE / SOURCES).glob(f"{kernel}*.c")),
        depends=sorted(path.relative_to(HERE).as_posix() for path in (HERE / SOURCES).glob("*.h")),
        define_macros=[("Py_LIMITED_API", "0x030B0000")],
        py_limited_api=True,
        optional=True,
    )


setup(
    ext_modules=[extension(k) for k in KERNELS if (HERE / SOURCES / f"{k}_module.c").is_file()],
    cmdclass={"build_ext": BuildKernels},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
