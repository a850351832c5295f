# SPDX-License-Identifier: Apache-2.0
"""What a worker answers, which hostile bytes may have taken over: pixels, refusals, losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sluicegate.errors import ImageRefused, SluicegateError, WorkerLost
from sluicegate.raster.decode import Decoded
from sluicegate.raster.jobs import pack_decoded, unpack_decoded
from sluicegate.raster.wire import BrokenFrameError, pack_loss, pack_refusal, unpack_loss, unpack_refusal
from tools.fuzz import pictures
from tools.fuzz.claims import plain, refused
from tools.fuzz.targets.decode import within_caps

MAX_LEN = 1024
TOKENS = (
    *(b'"rows"', b'"cols"', b'"notes"', b'"error"', b'"message"', b'"code"', b'"advice"', b'"reason"'),
    *(
        b'"detail"',
        b"ImageRefused",
        b"true",
        b"-1",
        b"1e9",
        b"\\u001b",
        b"\\ud800",
        b"[[[[[[",
        b"null",
        b"\n",
    ),
)


def seeds() -> Iterator[bytes]:
    """One of each, sound."""
    pixels = unpack_decoded(b'{"rows":4,"cols":6,"notes":[]}\n' + bytes(24)).pixels
    yield pack_decoded(Decoded(pixels, ("The record says 5x4 pixels.",)))
    yield pack_refusal(ImageRefused("The PNG image is damaged.", code="E0004", advice="Send it again."))
    yield pack_loss("The worker ran out of memory.", "MemoryError")


def one(data: bytes) -> None:
    """Whatever a worker says is pixels within the caps, plain words, or no answer."""
    decoded = refused(lambda: unpack_decoded(data, pictures.CAPS), WorkerLost)
    if decoded is not None:
        within_caps(decoded)
    for error in (_said(unpack_refusal, data), _said(unpack_loss, data)):
        if error is not None:
            plain(error.message, "the message of a worker")
            plain(error.advice, "the advice of a worker")


def _said(unpack: Callable[[bytes], SluicegateError], data: bytes) -> SluicegateError | None:
    try:
        return unpack(data)
    except BrokenFrameError:
        return None
