# SPDX-License-Identifier: Apache-2.0
"""What an image says of itself: kind and size, before any decoder sees it."""

from __future__ import annotations

from collections.abc import Iterator

from sluicegate.raster.header import Kind, dimensions, sniff
from tools.fuzz import pictures, samples
from tools.fuzz.claims import hold

MAX_LEN = 2048
TOKENS = pictures.TOKENS


def seeds() -> Iterator[bytes]:
    """One small image of each kind."""
    yield from (data[:MAX_LEN] for data in pictures.each())
    yield from samples.shared("image-hostile/*", "jp2*/*", "wsq*/*", most=MAX_LEN)


def one(data: bytes) -> None:
    """Nothing is raised for any bytes under any kind, and no size is negative."""
    hold(sniff(data) in Kind, "an image is of no kind")
    for kind in Kind:
        size = dimensions(data, kind)
        hold(size is None or min(size) >= 0, "an image claims a negative size")
