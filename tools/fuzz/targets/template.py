# SPDX-License-Identifier: Apache-2.0
"""Templates as bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial

import numpy as np

from sluicegate.errors import TemplateError
from sluicegate.ridge.template import FingerTemplate, Template, decode, encode
from tools.fuzz.claims import hold, refused

MAX_LEN = 2048
TOKENS = (b"SGT\x01", b"\xff\x3f", b"\xe8\x03")


def seeds() -> Iterator[bytes]:
    """Templates of no, one and two fingers, without their checksum."""
    rows = np.array([[10.25, 20.5, 1.0, 0.5], [90.0, 10.0, 6.0, 1.0]], np.float32)
    fingers = tuple(FingerTemplate(fgp, 1, 100, 120, rows) for fgp in (1, 2))
    for count in range(3):
        yield encode(Template("null", "0123456789abcdef", fingers[:count]))[:-4]


def one(data: bytes) -> None:
    """Bytes are one template or refused, with the checksum as it comes and with the right one."""
    for body in (data, data + zlib.crc32(data).to_bytes(4, "little")):
        template = refused(partial(decode, body), TemplateError)
        if template is not None:
            hold(encode(template) == body, "a template is not written as it was read")
