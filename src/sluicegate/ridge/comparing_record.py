# SPDX-License-Identifier: Apache-2.0
"""The compact record of one finger for the exact comparison: about four bytes a minutia.

Little-endian::

    head       2 count, 2 width, 2 height, 1 fgp, 1 imp
    minutia    4: from the lowest bit 10 x, 10 y, 8 theta, 4 quality

x and y count steps of one pixel at 500 ppi, or of 2, 4, ... where the image is larger than 1,023 pixels (see
`unit`); theta counts 1/256 turns, quality fifteenths. The minutiae are the best of the finger, in the order
of its rows: `kept_rows` says which, from a template before it was encoded or after.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import TemplateError
from sluicegate.ridge.fusion import is_single
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import MAX_SIDE, STEP, TURN, FingerTemplate, Minutiae

HEAD = struct.Struct("<HHHBB")
MOST = 448
"""Minutiae that any record may hold; the kernels have room for no more."""

_SIDE = 1023
_TAU = 2.0 * np.pi
_SHARE = 255


def unit(width: int, height: int) -> int:
    """Binary logarithm of the pixels per step of x and y."""
    shift = 0
    while max(width, height) > _SIDE << shift:
        shift += 1
    return shift


def kept_rows(finger: FingerTemplate, parameters: Parameters) -> NDArray[np.int32]:
    """Rows of the minutiae that the record holds, ascending: the best by quality, then the earlier."""
    numbers = parameters.fast_compare
    limit = min(MOST, numbers.minutiae if is_single(finger) else numbers.slap_minutiae)
    if len(finger.minutiae) <= limit:
        return np.arange(len(finger.minutiae), dtype=np.int32)
    # As whole steps of an encoded template, so that encoding does not change the choice.
    quality = np.rint(finger.minutiae[:, 3].astype(np.float64) * _SHARE)
    return np.sort(np.argsort(-quality, kind="stable")[:limit]).astype(np.int32)


def packed(finger: FingerTemplate, parameters: Parameters) -> bytes:
    """The record of a finger.

    Raises:
        TemplateError: a minutia lies outside its image, or a value is out of range or not a number.
    """
    if not (0 <= finger.width <= MAX_SIDE and 0 <= finger.height <= MAX_SIDE):
        raise TemplateError("The image of a finger is larger than a template can say.")
    # All of them, not the kept: a quality that is no number has no place in the order of the best.
    if not _sane(finger.minutiae, finger):
        raise TemplateError("A minutia lies outside its image, or a value of it is no number in range.")
    rows = finger.minutiae[kept_rows(finger, parameters)].astype(np.float64)
    shift = unit(finger.width, finger.height)
    # Twice rounded, as an encoded template and this record would be: encoding first changes nothing.
    half = (STEP << shift) >> 1
    x, y = ((np.rint(rows[:, axis] * STEP).astype(np.int64) + half) // (STEP << shift) for axis in (0, 1))
    theta = np.rint(np.mod(rows[:, 2], _TAU) * (TURN / _TAU)).astype(np.int64) % TURN
    quality = np.rint(rows[:, 3] * _SHARE).astype(np.int64)
    word = np.minimum(x, _SIDE) | np.minimum(y, _SIDE) << 10
    word |= ((theta + 128) >> 8) % 256 << 20 | ((quality * 15 + 127) // _SHARE) << 28
    head = HEAD.pack(len(rows), finger.width, finger.height, finger.fgp & 255, finger.imp & 255)
    return bytes(head + word.astype("<u4").tobytes())


def _sane(rows: Minutiae | NDArray[np.float64], finger: FingerTemplate) -> bool:
    top = np.array([finger.width, finger.height, np.inf, 1.0])
    low = np.array([0.0, 0.0, -np.inf, 0.0])
    return bool(np.isfinite(rows).all() and (rows >= low).all() and (rows <= top).all())


def length_at(blob: NDArray[np.uint8], at: int) -> int:
    """Bytes of the record at a place, or 0 if no whole and sane record is there."""
    if at < 0 or at > len(blob) - HEAD.size:
        return 0
    count, width, height, _, _ = HEAD.unpack_from(blob[at : at + HEAD.size].tobytes())
    length = HEAD.size + 4 * count
    whole = count <= MOST and max(width, height) <= MAX_SIDE and at + length <= len(blob)
    return length if whole else 0


def unpacked(record: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Of a whole record: ix, iy int32 pixels, theta 1/256 turns, quality fifteenths."""
    count, width, height, _, _ = HEAD.unpack_from(record[: HEAD.size].tobytes())
    word = record[HEAD.size : HEAD.size + 4 * count].copy().view("<u4").astype(np.int64)
    shift = unit(width, height)
    return {
        "ix": (word & 1023) << shift,
        "iy": (word >> 10 & 1023) << shift,
        "theta": word >> 20 & 255,
        "quality": word >> 28,
    }
