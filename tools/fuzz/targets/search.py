# SPDX-License-Identifier: Apache-2.0
"""A stranger's template as a probe: what the partner takes in is searched before anybody looks at it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from sluicegate.errors import TemplateError
from sluicegate.ridge import parameters
from sluicegate.ridge.engine import Search, classify, identify
from sluicegate.ridge.gallery import MemoryGallery
from sluicegate.ridge.synthetic.templates import FRAME, minutiae_template
from sluicegate.ridge.template import FingerTemplate, Template, decode, encode
from tools.fuzz.claims import hold, refused

MAX_LEN = 2048
TOKENS = (b"SGT\x01", b"\xff\x3f", b"\xe8\x03", b"\x00\x00\x00\x00\x00\x00\x00", b"\x0d\x0e\x0f")

_MAKER = ("fuzz", "0")
_SUBJECTS = 3


def _person(number: int, fgps: tuple[int, ...], most: int) -> Template:
    rows = {fgp: np.asarray(minutiae_template(number, fgp)[:most], np.float32) for fgp in fgps}
    fingers = tuple(FingerTemplate(fgp, 1, FRAME[1], FRAME[0], rows[fgp]) for fgp in fgps)
    return Template(*_MAKER, fingers)


@cache
def _gallery() -> MemoryGallery:
    gallery = MemoryGallery(parameters.load())
    for number in range(_SUBJECTS):
        gallery.enrol(f"p{number}", _person(number, (1, 2, 7), 60))
    return gallery


def seeds() -> Iterator[bytes]:
    """Probes of few minutiae, without their checksum: nobody, one finger, two fingers, a slap, an unknown."""
    for fgps in ((), (1,), (2, 7)):
        yield encode(_person(0, fgps, 40))[:-4]
    one = _person(1, (2,), 30)
    for fgp in (0, 13, 99, 255):
        yield encode(replace(one, fingers=(replace(one.fingers[0], fgp=fgp),)))[:-4]


def one(data: bytes) -> None:
    """Any template that decodes can be searched, enrolled and expunged, and its similarities are numbers."""
    read = refused(lambda: decode(data + zlib.crc32(data).to_bytes(4, "little")), TemplateError)
    if read is None:
        return
    probe, gallery = Template(*_MAKER, read.fingers), _gallery()
    _sound(identify(probe, [gallery], parameters.load()))
    gallery.enrol("guest", probe)
    try:
        _sound(identify(probe, [gallery], parameters.load()))
    finally:
        gallery.expunge("guest")
    hold(len(gallery) == _SUBJECTS, "a gallery does not forget whom it should")


def _sound(search: Search) -> None:
    classify(search, parameters.load())
    ranks = [candidate.rank for candidate in search.candidates]
    hold(ranks == list(range(1, len(ranks) + 1)), "candidates are not ranked from 1")
    for candidate in search.candidates:
        hold(math.isfinite(candidate.similarity), "a similarity is not a number")
        hold(candidate.similarity >= 0, "a similarity is negative")
