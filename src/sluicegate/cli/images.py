# SPDX-License-Identifier: Apache-2.0
"""Images of records and of files, decoded in disposable workers and never in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from rich.progress import track

from sluicegate.cli.calls import console
from sluicegate.errors import ImageRefused, InputRefused, SluicegateError, UsageError, quoted
from sluicegate.itl.model import Image
from sluicegate.itl.writer import FingerDraft
from sluicegate.raster import encode
from sluicegate.raster.decode import Decoded
from sluicegate.raster.header import Kind, sniff
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.jobs import decode_workshop, pack_image, unpack_decoded
from sluicegate.ridge.extract.frame import to_500

CODINGS = {Kind.WSQ: "WSQ", Kind.JPEG: "JPEGB", Kind.JP2: "JP2", Kind.PNG: "PNG"}
_WSQ_GCA = 1
_PPI = 500


def decoded(workshop: Workshop, images: Sequence[Image], *, quiet: bool = False) -> list[Decoded | str]:
    """Pixels of each image, or the sentence that says why there are none."""
    shown = console(stderr=True)
    answers = track(
        workshop.map([pack_image(one) for one in images]),
        "decoding",
        total=len(images),
        console=shown,
        transient=True,
        disable=quiet or not shown.is_terminal,
    )
    return [_pixels(one) for one in answers]


def _pixels(answer: bytes | Exception) -> Decoded | str:
    try:
        if isinstance(answer, bytes):
            return unpack_decoded(answer)
    except SluicegateError as error:
        answer = error
    return getattr(answer, "message", "it could not be decoded")


def from_file(workshop: Workshop, path: Path, data: bytes, fgp: int, imp: int, ppi: float) -> FingerDraft:
    """A Type-4 record of an image file: WSQ of 500 ppi, without loss where the file is that already.

    Raises InputRefused naming the file.
    """
    kind = sniff(data)
    name = quoted(path.name, 120)
    if kind not in CODINGS:
        raise InputRefused(
            f"The file {name} is not an image of a kind that is read: WSQ, JPEG, JPEG 2000 or PNG."
        )
    image = Image(4, 0, imp, (fgp,), 0, 0, ppi, ppi, CODINGS[kind], data, 0)
    try:
        pixels = unpack_decoded(workshop.run(pack_image(image))).pixels
        if kind is Kind.WSQ and ppi == _PPI:
            coded = data  # coding it again would lose detail
        else:
            pixels = to_500(pixels, ppi)
            coded = encode.wsq(pixels)
    except (ImageRefused, UsageError) as error:
        raise InputRefused(f"The file {name}: {error.message}") from error
    rows, cols = pixels.shape
    return FingerDraft(0, imp, (fgp,), 0, cols, rows, _WSQ_GCA, coded)


@contextmanager
def one_workshop() -> Iterator[Workshop]:
    """A workshop for one file at a time."""
    with decode_workshop(slots=1) as workshop:
        yield workshop


def thumbnail(pixels: NDArray[np.uint8], side: int = 300) -> bytes:
    """A PNG of an image of shape (rows, cols), made smaller until neither side is over `side` pixels."""
    rows, cols = pixels.shape
    scale = min(1.0, side / max(rows, cols))
    size = (max(1, round(cols * scale)), max(1, round(rows * scale)))
    small = Picture.fromarray(np.ascontiguousarray(pixels)).resize(size, Picture.Resampling.BOX)
    return encode.png(np.asarray(small, np.uint8))
