# SPDX-License-Identifier: Apache-2.0
"""What the first bytes of each image say of themselves, for the rules that compare it with the record."""

from __future__ import annotations

from sluicegate.ebts.image_rules import Frame
from sluicegate.itl.model import Transaction
from sluicegate.raster.header import dimensions, sniff


def frames(transaction: Transaction) -> dict[int, Frame]:
    """Kind and, where they tell, width and height of each image, by offset of its record. Decodes nothing."""
    found = {}
    for record in transaction.records:
        if record.image is not None:
            kind = sniff(record.image.data)
            found[record.offset] = Frame(kind.value, dimensions(record.image.data, kind))
    return found
