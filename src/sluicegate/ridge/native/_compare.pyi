# SPDX-License-Identifier: Apache-2.0
"""The exact comparison in C. Buffers must be contiguous; see `compare.h` for their contents."""

from typing import Any

def kernels() -> tuple[str, ...]:
    """Names of the kernels that this processor can run, fastest first."""

def compare_many(kernel: str, numbers: Any, probe: Any, blob: Any, offsets: Any, similarities: Any) -> int:
    """Compare the probe's record with those that begin at `offsets` (uint64) in `blob`.

    Writes float32 similarities. Returns how many were compared: fewer than asked if one is no whole record,
    and then that one's index. Raises ValueError for lengths that do not fit or a kernel that cannot run.
    """

def compare_one(
    kernel: str, numbers: Any, probe: Any, reference: Any
) -> tuple[float, float, float, float, float, bytes]:
    """Similarity, cosine and sine of the turn, x and y of the shift, pairs as native uint16 (k, 2)."""
