# SPDX-License-Identifier: Apache-2.0
"""The job of decoding one image in a worker, and the frames that carry images in and pixels out.

Frame: one line of JSON, a newline, then bytes (the encoded image going in, rows x cols pixels coming out).
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields

import numpy as np

from sluicegate.errors import WorkerLost
from sluicegate.itl.model import Image
from sluicegate.raster.decode import Decoded, decode
from sluicegate.raster.header import Caps
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.wire import WorkerLimits

DECODE_ENTRY = "sluicegate.raster.jobs:decode_job"

_HEAD_CAP = 8192
_NOTE = re.compile(r"[ -~]{0,300}\Z")
_IMAGE_HEAD = tuple(one.name for one in fields(Image) if one.name != "data")


def decode_workshop(*, slots: int = 2, limits: WorkerLimits | None = None) -> Workshop:
    """A workshop for `decode_apart`."""
    return Workshop(DECODE_ENTRY, slots=slots, limits=limits)


def decode_apart(workshop: Workshop, image: Image, caps: Caps | None = None) -> Decoded:
    """`raster.decode.decode`, in a worker. Raises ImageRefused or WorkerLost, and nothing worse happens."""
    caps = caps or Caps()
    caps.check_bytes(image.data)
    return unpack_decoded(workshop.run(pack_image(image, caps)), caps)


def decode_job(frame: bytes) -> bytes:
    """Entry of the decoding worker: a frame of `pack_image` in, a frame of `pack_decoded` out."""
    image, caps = unpack_image(frame)
    return pack_decoded(decode(image, caps))


def pack_image(image: Image, caps: Caps | None = None) -> bytes:
    """An image and the caps it is held to, as a frame."""
    head = {name: getattr(image, name) for name in _IMAGE_HEAD}
    return _frame({"image": head, "caps": asdict(caps or Caps())}, image.data)


def unpack_image(frame: bytes) -> tuple[Image, Caps]:
    """The inverse of `pack_image`, for frames of our own making. Raises ValueError, KeyError, TypeError."""
    line, data = frame.split(b"\n", 1)
    head = json.loads(line)
    told = head["image"]
    told["fgp"] = tuple(told["fgp"])
    return Image(**told, data=data), Caps(**head["caps"])


def pack_decoded(decoded: Decoded) -> bytes:
    """Pixels and notes as a frame."""
    rows, cols = decoded.pixels.shape
    head = {"rows": rows, "cols": cols, "notes": decoded.notes}
    return _frame(head, decoded.pixels.tobytes())


def unpack_decoded(frame: bytes, caps: Caps | None = None) -> Decoded:
    """Pixels and notes from a worker, who is not trusted: sizes and text are checked.

    Raises WorkerLost where the frame does not hold what it says.
    """
    caps = caps or Caps()
    line, _, data = frame.partition(b"\n")
    try:
        head = json.loads(line[:_HEAD_CAP])
        rows, cols, notes = head["rows"], head["cols"], tuple(head["notes"])
        sound = all(isinstance(n, int) and 0 < n <= caps.max_side for n in (rows, cols))
        sound = sound and rows * cols == len(data) and all(_NOTE.match(one) for one in notes)
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise WorkerLost("The worker's answer was not an image.")
    return Decoded(np.frombuffer(data, np.uint8).reshape(rows, cols), notes)


def _frame(head: dict[str, object], data: bytes) -> bytes:
    return json.dumps(head).encode("ascii") + b"\n" + data
