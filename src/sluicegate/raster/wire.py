# SPDX-License-Identifier: Apache-2.0
"""Frames between a workshop and its workers: one kind byte, eight bytes of length, the body.

Nothing here is pickled: a worker that hostile input has taken over can send bytes, never objects.
"""

from __future__ import annotations

import json
import re
import socket
from dataclasses import asdict, dataclass

from sluicegate.errors import ImageRefused, InputRefused, TemplateError, WorkerLost

PAYLOAD, RESULT, REFUSED, LOST = b"P", b"R", b"E", b"L"
BEGUN = b"begun"
"""First message on a job's status line; without it no worker was made for the job."""

_HEAD = 9
_TEXT_CAP = 8192  # bytes of a refusal
_REFUSALS: dict[str, type[InputRefused]] = {
    one.__name__: one for one in (InputRefused, ImageRefused, TemplateError)
}
_CODE = re.compile(r"[A-Z][A-Z0-9-]{0,15}\Z")
_SHOWN = re.compile(r"[ -~]{0,1000}\Z")


class BrokenFrameError(Exception):
    """The other end closed, or sent something that is no frame."""


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one job may use. Settings, with defaults for one image.

    `memory_bytes` counts from what the prepared worker already holds; `open_files` counts new files and
    sockets: with 0 the worker can open neither, so whatever a job needs is imported and loaded before.
    """

    wall_s: float = 20.0
    cpu_s: int = 20
    memory_bytes: int = 1536 * 1024 * 1024
    open_files: int = 0
    payload_bytes: int = 128 * 1024 * 1024
    result_bytes: int = 64 * 1024 * 1024

    def to_json(self) -> dict[str, float]:
        return asdict(self)


def send(to: socket.socket, kind: bytes, body: bytes) -> None:
    """Writes one frame. Raises OSError where the other end is gone."""
    to.sendall(kind + len(body).to_bytes(8, "big"))
    to.sendall(body)


def receive(source: socket.socket, cap: int) -> tuple[bytes, bytes]:
    """Reads one frame as (kind, body). Raises BrokenFrameError over `cap` bytes or at an early end."""
    head = _exactly(source, _HEAD)
    length = int.from_bytes(head[1:], "big")
    if length > cap:
        raise BrokenFrameError
    return bytes(head[:1]), bytes(_exactly(source, length))


def _exactly(source: socket.socket, count: int) -> bytearray:
    data = bytearray(count)
    view, filled = memoryview(data), 0
    while filled < count:
        got = source.recv_into(view[filled:])
        if got == 0:
            raise BrokenFrameError
        filled += got
    return data


def pack_refusal(error: InputRefused) -> bytes:
    """A refusal as small JSON; a subclass that is not known here goes as InputRefused."""
    name = type(error).__name__
    said = {
        "error": name if name in _REFUSALS else InputRefused.__name__,
        "message": error.message[:1000],
        "code": error.code,
        "advice": error.advice[:1000],
    }
    return json.dumps(said).encode("ascii")


def unpack_refusal(body: bytes) -> InputRefused:
    """The refusal that a worker sent, checked: only printable text and a plain code get through.

    Raises BrokenFrameError for anything else.
    """
    try:
        said = json.loads(body[:_TEXT_CAP])
        kind = _REFUSALS[said["error"]]
        message, code, advice = said["message"], said["code"], said["advice"]
        sound = _CODE.match(code) and _SHOWN.match(message) and _SHOWN.match(advice)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenFrameError from error
    if not sound:
        raise BrokenFrameError
    return kind(message, code=code, advice=advice)


def pack_loss(reason: str, detail: str = "") -> bytes:
    """Why a worker gave no answer, told by itself."""
    return json.dumps({"reason": reason[:200], "detail": detail[:200]}).encode("ascii")


def unpack_loss(body: bytes) -> WorkerLost:
    """The loss that a worker told. Raises BrokenFrameError where that is not readable."""
    try:
        said = json.loads(body[:_TEXT_CAP])
        reason, detail = said["reason"], said["detail"]
        sound = _SHOWN.match(reason) and _SHOWN.match(detail)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenFrameError from error
    if not sound:
        raise BrokenFrameError
    return WorkerLost(reason, advice=detail)
