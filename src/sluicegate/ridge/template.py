# SPDX-License-Identifier: Apache-2.0
"""The template of a person's fingers: minutiae in one fixed frame, and their compact binary form.

Frame: pixels at 500 ppi, x to the right, y down, origin at the top left of the received image. The angle
follows ISO/IEC 19794-2:2005: counter-clockwise from the positive x axis; at a ridge ending it points back
along the ridge, at a bifurcation along the valley between the two branches.

Binary form, little-endian, version 1::

    magic      4  b"SGT\\x01" (the last byte is the version)
    extractor  1 + n  length, ASCII        which program and weights
    parameters 1 + n  length, ASCII        digest of its tuned numbers
    fingers    1  how many, at most 20
    per finger 1 fgp, 1 imp, 2 width, 2 height, 2 count
               per minutia  2 x, 2 y, 2 theta, 1 quality
    crc        4  CRC-32 of everything before it

x and y are kept to a quarter of a pixel, theta to 1/65536 of a turn, quality to 1/255. Encoding a decoded
template gives the same bytes, so a digest of the bytes names the template.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import TemplateError, quoted

Minutiae: TypeAlias = NDArray[np.float32]
"""Shape (n, 4), float32: x, y (pixels at 500 ppi), theta (radians, 0 up to 2 pi), quality (0 to 1)."""

MAGIC = b"SGT\x01"
MAX_FINGERS = 20
MAX_MINUTIAE = 1000
MAX_SIDE = 16_383  # pixels; a quarter-pixel coordinate then still fits 16 bits
STEP = 4  # coordinate steps per pixel
TURN = 65_536  # angle steps per turn

_FINGER = struct.Struct("<BBHHH")
_CRC = struct.Struct("<I")
_MINUTIA = np.dtype([("x", "<u2"), ("y", "<u2"), ("theta", "<u2"), ("quality", "u1")])
_TAU = 2.0 * np.pi


@dataclass(frozen=True, slots=True, eq=False)
class FingerTemplate:
    """The minutiae of one image: one finger, or a slap that could not be told apart (FGP 13, 14, 15).

    `fgp` and `imp` are the EBTS codes; `width` and `height` are the image's pixels at 500 ppi.
    """

    fgp: int
    imp: int
    width: int
    height: int
    minutiae: Minutiae


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What one extractor made of a person's images. Only templates of the same making are comparable."""

    extractor: str
    parameters: str
    fingers: tuple[FingerTemplate, ...]


def best(minutiae: Minutiae, limit: int = MAX_MINUTIAE) -> Minutiae:
    """The `limit` minutiae of highest quality, in their given order; equal qualities keep the earlier one."""
    if len(minutiae) <= limit:
        return minutiae
    chosen = np.argsort(-minutiae[:, 3], kind="stable")[:limit]
    return minutiae[np.sort(chosen)]


def require_same(a: Template, b: Template) -> None:
    """Pass if the two templates may be compared.

    Raises:
        TemplateError: extractor or parameters differ; mixed, the worse of two error rates would rule.
    """
    if (a.extractor, a.parameters) != (b.extractor, b.parameters):
        raise TemplateError(
            f"Templates made by {quoted(a.extractor)} ({quoted(a.parameters)}) and "
            f"{quoted(b.extractor)} ({quoted(b.parameters)}) are not comparable.",
            advice="Extract both again with one extractor.",
        )


def encode(template: Template) -> bytes:
    """The template's bytes; of more than 1,000 minutiae a finger the best are kept.

    Raises:
        TemplateError: a value is not a number or does not fit the form.
    """
    if len(template.fingers) > MAX_FINGERS:
        raise TemplateError(f"A template holds at most {MAX_FINGERS} fingers, not {len(template.fingers)}.")
    parts = [MAGIC, _name(template.extractor), _name(template.parameters), bytes([len(template.fingers)])]
    parts.extend(_finger(finger) for finger in template.fingers)
    body = b"".join(parts)
    return body + _CRC.pack(zlib.crc32(body))


def decode(data: bytes) -> Template:
    """The template in these bytes.

    Raises:
        TemplateError: the bytes are not exactly one template of version 1 (kind, length, CRC, ranges).
    """
    if data[:3] != MAGIC[:3]:
        raise TemplateError("These bytes are not a template.")
    if data[: len(MAGIC)] != MAGIC:
        raise TemplateError("The template is of a version that is not known here.")
    body = data[: -_CRC.size]
    if len(data) < len(MAGIC) + _CRC.size or zlib.crc32(body) != _CRC.unpack(data[-_CRC.size :])[0]:
        raise TemplateError("The template is damaged: its checksum does not hold.")
    reader = _Reader(body, len(MAGIC))
    extractor, parameters = reader.name(), reader.name()
    count = reader.take(1)[0]
    if count > MAX_FINGERS:
        raise TemplateError(f"The template claims {count} fingers; at most {MAX_FINGERS} are read.")
    fingers = tuple(reader.finger() for _ in range(count))
    reader.finish()
    return Template(extractor, parameters, fingers)


def digest(data: bytes) -> str:
    """SHA-256 of a template's bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _name(text: str) -> bytes:
    if not (text.isascii() and text.isprintable() and 0 < len(text) < 256):
        raise TemplateError(f"{quoted(text)} cannot name an extractor: 1 to 255 printable ASCII characters.")
    return bytes([len(text)]) + text.encode("ascii")


def _finger(finger: FingerTemplate) -> bytes:
    for label, value, top in (
        ("finger position", finger.fgp, 255),
        ("impression type", finger.imp, 255),
        ("width", finger.width, MAX_SIDE),
        ("height", finger.height, MAX_SIDE),
    ):
        if not 0 <= value <= top:
            raise TemplateError(f"The {label} {value} is not within 0 to {top}.")
    kept = _steps(finger)
    return _FINGER.pack(finger.fgp, finger.imp, finger.width, finger.height, len(kept)) + kept.tobytes()


def _steps(finger: FingerTemplate) -> NDArray[np.void]:
    """The minutiae as whole steps, checked."""
    given = finger.minutiae
    if given.ndim != 2 or given.shape[1] != 4:
        raise TemplateError(f"Minutiae have shape (n, 4), not {given.shape}.")
    if not np.isfinite(given).all():
        raise TemplateError("A minutia holds a value that is not a number.")
    rows = best(given).astype(np.float64)
    x, y, theta, quality = rows.T
    if (rows[:, :2] < 0).any() or (x > finger.width).any() or (y > finger.height).any():
        raise TemplateError("A minutia lies outside its image.")
    if (quality < 0).any() or (quality > 1).any():
        raise TemplateError("A minutia's quality is not within 0 to 1.")
    kept = np.empty(len(rows), dtype=_MINUTIA)
    kept["x"], kept["y"] = np.rint(x * STEP), np.rint(y * STEP)
    # An angle that rounds up to a whole turn is angle 0.
    kept["theta"] = np.rint(np.mod(theta, _TAU) * (TURN / _TAU)).astype(np.int64) % TURN
    kept["quality"] = np.rint(quality * 255)
    return kept


class _Reader:
    """A position in the bytes of a template."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) != count:
            raise TemplateError("The template ends too early.")
        self._at += count
        return part

    def name(self) -> str:
        raw = self.take(self.take(1)[0])
        if not raw or not all(0x20 <= byte <= 0x7E for byte in raw):
            raise TemplateError("The template names no extractor.")
        return raw.decode("ascii")

    def finger(self) -> FingerTemplate:
        fgp, imp, width, height, count = _FINGER.unpack(self.take(_FINGER.size))
        if count > MAX_MINUTIAE or max(width, height) > MAX_SIDE:
            raise TemplateError("The template holds a finger beyond the caps.")
        raw = np.frombuffer(self.take(count * _MINUTIA.itemsize), dtype=_MINUTIA)
        if (raw["x"] > width * STEP).any() or (raw["y"] > height * STEP).any():
            raise TemplateError("A minutia lies outside its image.")
        minutiae = np.empty((count, 4), dtype=np.float32)
        minutiae[:, 0], minutiae[:, 1] = raw["x"] / STEP, raw["y"] / STEP
        minutiae[:, 2] = raw["theta"] * (_TAU / TURN)
        minutiae[:, 3] = raw["quality"] / 255.0
        return FingerTemplate(fgp, imp, width, height, minutiae)

    def finish(self) -> None:
        if self._at != len(self._data):
            raise TemplateError("Bytes follow the end of the template.")
