# SPDX-License-Identifier: Apache-2.0
"""Finger minutiae records, of ISO/IEC 19794-2 and ANSI 378, as they come and with their length made right."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from sluicegate.errors import TemplateError
from sluicegate.ridge import fmr, fmr_template
from sluicegate.ridge.template import MAX_FINGERS, MAX_MINUTIAE, FingerTemplate, Template, decode, encode
from tools.fuzz.claims import hold, plain_defects, refused

MAX_LEN = 2048
TOKENS = (b"FMR\0 20\0", b"\x00\xc5\x00\xc5", b"\x00\x01\x00\x05", b"\x00\x02\x00\x06", b"\xff\xff")


def seeds() -> Iterator[bytes]:
    """Sound records of each kind with no, one and three views, and one with extended data."""
    rows = np.array([[10, 20, 1, 0.5], [90, 10, 6, 1]], np.float32)
    fingers = tuple(FingerTemplate(fgp, 1, 100, 120, rows) for fgp in (1, 2, 1))
    for kind in fmr.Kind:
        for count in (0, 1, 3):
            yield fmr.raw(fmr_template.record_of(Template("x", "y", fingers[:count]), kind))
        whole = fmr.raw(fmr_template.record_of(Template("x", "y", fingers[:1]), kind))
        yield whole[:-2] + b"\x00\x0c\x00\x01\x00\x05\x01\x00\x02\x00\x07\x00\x00\x00"


def one(data: bytes) -> None:
    """Bytes are a record that writes them again, or none; what has no error makes a template and a record."""
    for body in (data, data[:8] + len(data).to_bytes(4) + data[12:], data[:8] + _short(data) + data[10:]):
        for kind in (None, *fmr.Kind):
            _read(body, kind)


def _short(data: bytes) -> bytes:
    return len(data).to_bytes(2)


def _read(data: bytes, kind: fmr.Kind | None) -> None:
    reading = fmr.read(data, kind)
    plain_defects(reading.defects)
    hold(reading.record is not None or bool(reading.defects), "no record, and nothing is wrong")
    if reading.record is not None:
        hold(fmr.raw(reading.record) == data, "a record is not written as it was read")
    if not reading.defects:
        for other in fmr.Kind:
            hold(
                not fmr.read(fmr.raw(fmr_template.recast(reading, other))).defects,
                "a recast record has defects",
            )
    template = refused(partial(fmr_template.template_of, reading, ppi=500.0), TemplateError)
    if template is not None:
        _template(template)


def _template(template: Template) -> None:
    hold(len(template.fingers) <= MAX_FINGERS, "more fingers than a template holds")
    hold(all(len(finger.minutiae) <= MAX_MINUTIAE for finger in template.fingers), "too many minutiae")
    coded = encode(template)
    hold(encode(decode(coded)) == coded, "an imported template has no binary form")
    for kind in fmr.Kind:
        record = refused(partial(fmr_template.record_of, template, kind), TemplateError)
        if record is not None:
            hold(not fmr.read(fmr.raw(record)).defects, "a record of ours has defects")
