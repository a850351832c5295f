# SPDX-License-Identifier: Apache-2.0
"""Which of several equal kernels does the work: NumPy, plain C, or C for one processor's instructions.

All kernels of one piece of work give the same results, bit for bit, so the choice is only one of speed.
An extension lists what it was built with and this processor can run; where no extension was built, NumPy
remains. `explained` says in a sentence what is used and why, for the start of a program to show once.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sluicegate.errors import UsageError, quoted


class Kernel(StrEnum):
    """Names of kernels, slowest first."""

    NUMPY = "numpy"
    """No compiled code."""

    BASELINE = "baseline"
    """C without special instructions; every processor runs it."""

    AVX2 = "avx2"
    """C with 256-bit vectors (x86-64)."""

    AVX512 = "avx512"
    """C with 512-bit vectors and their population count (x86-64)."""


FASTEST_FIRST = tuple(reversed(Kernel))


def usable(built: Iterable[str]) -> tuple[Kernel, ...]:
    """The kernels that can run here, fastest first, given the names that an extension listed."""
    names = set(built) | {Kernel.NUMPY}
    return tuple(kernel for kernel in FASTEST_FIRST if kernel in names)


def chosen(wanted: Kernel | None, available: tuple[Kernel, ...]) -> Kernel:
    """The kernel to run: the wanted one, or the fastest where none is named.

    Raises:
        UsageError: the wanted kernel was not built, or this processor cannot run it.
    """
    if wanted is None:
        return available[0]
    if wanted not in available:
        raise UsageError(
            f"The kernel {quoted(wanted)} cannot run here; there are {', '.join(available)}.",
            advice="Name none, and the fastest is used.",
        )
    return wanted


def named(text: str) -> Kernel | None:
    """The kernel that a setting names; None for an empty one.

    Raises:
        UsageError: there is no kernel of that name.
    """
    if not text:
        return None
    try:
        return Kernel(text)
    except ValueError:
        raise UsageError(f"There is no kernel {quoted(text)}; there are {', '.join(Kernel)}.") from None


def explained(available: tuple[Kernel, ...]) -> str:
    """One sentence on what runs here."""
    first = available[0]
    if first is Kernel.NUMPY:
        return (
            "no compiled kernel of this version was built; NumPy does the work, slower, with the same results"
        )
    return f"the {first} kernel runs; {', '.join(available[1:])} would give the same results"
