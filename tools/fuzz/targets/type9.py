# SPDX-License-Identifier: Apache-2.0
"""Type-9 records: the fields of an input as one record in a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from sluicegate.errors import TemplateError, UsageError
from sluicegate.itl.reader import read
from sluicegate.itl.writer import TaggedDraft, build
from sluicegate.ridge import type9, type9_fields
from sluicegate.ridge.template import MAX_FINGERS, FingerTemplate, decode, encode
from tools.fuzz import samples
from tools.fuzz.claims import hold, plain_defects, refused

MAX_LEN = 2048
TOKENS = (b"\x1d", b"\x1e", b"\x1f", b"9.137:", b"9.012:", b"9.130:1", b"9.131:500", b"00000000000")

_LEGACY = (
    (3, "1"),
    (4, "S"),
    (5, [["READER", "A", ""]]),
    (6, "02"),
    (10, "2"),
    (11, "0"),
    (12, [["1", "10002000045", "0", "A"], ["2", "15002500090", "63", "B"]]),
)


def seeds() -> Iterator[bytes]:
    """The transactions of a record of each block."""
    rows = np.array([[10, 20, 1, 0.5], [90, 10, 6, 1]], np.float32)
    for fgp, minutiae in ((1, rows), (11, rows[:0])):
        fields = type9_fields.fields_of(FingerTemplate(fgp, 1, 100, 120, minutiae))
        yield build(samples.header("TPFS"), [TaggedDraft(9, 1, fields)])
    yield build(samples.header("TPFS"), [TaggedDraft(9, 1, list(_LEGACY))])


def one(data: bytes) -> None:
    """A transaction gives a template or a refusal, and what it gives can be written as a sound M1 block."""
    transaction = read(data).transaction
    if transaction is None:
        return
    for record in transaction.of_type(9):
        plain_defects(type9.read(record, transaction.images).defects)
    found = refused(partial(type9.template_of, transaction, ppi=500.0), TemplateError)
    if found is None:
        return
    template, defects = found
    plain_defects(defects)
    hold(len(template.fingers) <= MAX_FINGERS, "more fingers than a template holds")
    coded = encode(template)
    hold(encode(decode(coded)) == coded, "an imported template has no binary form")
    for finger in template.fingers:
        fields = refused(partial(type9_fields.fields_of, finger), TemplateError)
        if fields is not None:
            _written(fields, len(finger.minutiae))


def _written(fields: type9_fields.Fields, count: int) -> None:
    made = refused(lambda: build(samples.header("TPFS"), [TaggedDraft(9, 1, fields)]), UsageError)
    transaction = read(made or b"").transaction
    hold(made is not None and transaction is not None, "a block of ours is no record")
    assert transaction is not None, "held above"
    back, defects = type9.template_of(transaction)
    hold(not defects, "a block of ours has defects")
    hold(len(back.fingers[0].minutiae) == min(count, 255), "a minutia was lost")
