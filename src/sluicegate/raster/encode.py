# SPDX-License-Identifier: Apache-2.0
"""Pixels to bytes: WSQ for transactions, PNG for people. For images of our own making only.

Source: WSQ, FBI IAFIS-IC-0110 v3.1; NIST_COM comment segment as NBIS `cwsq` writes it.
"""

from __future__ import annotations

import io

import _wsq  # type: ignore[import-not-found]  # a C module without stubs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from sluicegate.errors import UsageError

_BITS_PER_PIXEL = 0.75  # the FBI's nominal rate; wsq 0.9 takes the argument and uses this rate regardless
_SMALLEST_WSQ = 64  # pixels on a side; under about 40 the encoder fails or spoils the image
_LARGEST_WSQ = 0xFFFF


def wsq(pixels: NDArray[np.uint8], ppi: int = 500) -> bytes:
    """WSQ at 0.75 bits per pixel of an array of shape (rows, cols); `ppi` is written into NIST_COM.

    Raises:
        UsageError: the array is not 8-bit grey, or a side is under 64 or over 65535 pixels.
    """
    _check(pixels)
    if min(pixels.shape) < _SMALLEST_WSQ or max(pixels.shape) > _LARGEST_WSQ:
        raise UsageError(f"WSQ is not made of {pixels.shape[1]}x{pixels.shape[0]} pixels.")
    rows, cols = pixels.shape
    coded: bytes = _wsq.compress(np.ascontiguousarray(pixels).tobytes(), rows, cols, _BITS_PER_PIXEL)
    return _with_ppi(coded, ppi)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """PNG, 8-bit grey, of an array of shape (rows, cols). Raises UsageError as `wsq` does."""
    _check(pixels)
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, format=PngImageFile.format)
    return out.getvalue()


def _check(pixels: NDArray[np.uint8]) -> None:
    if pixels.ndim != 2 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise UsageError("Pixels are a non-empty array of shape (rows, cols) and type uint8.")


def _with_ppi(coded: bytes, ppi: int) -> bytes:
    """The encoder always writes PPI 500 into its comment: the segment is written anew."""
    length = int.from_bytes(coded[4:6], "big")
    comment = coded[6 : 4 + length].replace(b"\nPPI 500\n", f"\nPPI {ppi}\n".encode("ascii"))
    return coded[:4] + (len(comment) + 2).to_bytes(2, "big") + comment + coded[4 + length :]
