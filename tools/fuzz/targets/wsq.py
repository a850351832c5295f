# SPDX-License-Identifier: Apache-2.0
"""WSQ, whose decoder is C that hostile bytes crash: each input in a disposable worker. Slow."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from functools import cache

from sluicegate.errors import ImageRefused, WorkerLost
from sluicegate.itl.model import Image
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.jobs import decode_apart, decode_workshop
from tools.fuzz import pictures, samples
from tools.fuzz.claims import hold, refused
from tools.fuzz.targets.decode import within_caps

MAX_LEN = 4096
TOKENS = pictures.TOKENS


@cache
def _workshop() -> Workshop:
    made = decode_workshop(slots=1)
    atexit.register(made.close)
    return made


def seeds() -> Iterator[bytes]:
    """A small WSQ of our own."""
    yield pictures.wsq()
    yield from samples.shared("wsq*/*", most=MAX_LEN)


def _image(data: bytes) -> Image:
    return Image(4, 1, 0, (1,), 64, 64, 500.0, 500.0, "WSQ", data, 0)


def one(data: bytes) -> None:
    """Whatever a worker meets, the caller gets pixels, a refusal, or the word that the worker was lost."""
    try:
        decoded = refused(lambda: decode_apart(_workshop(), _image(data), pictures.CAPS), ImageRefused)
    except WorkerLost:
        after = decode_apart(_workshop(), _image(pictures.wsq()), pictures.CAPS)
        hold(after.pixels.shape == (64, 64), "a lost worker spoiled the next image")
        return
    if decoded is not None:
        within_caps(decoded)
