# SPDX-License-Identifier: Apache-2.0
"""All that can be said against a file without decoding an image: structure, profile, standard, bytes."""

from __future__ import annotations

from datetime import datetime

from sluicegate.ebts import conformance, dictionary
from sluicegate.ebts.image_rules import Frame
from sluicegate.itl import conform
from sluicegate.itl.model import Defect, Reading, Transaction
from sluicegate.raster.header import dimensions, sniff


def defects_of(reading: Reading, now: datetime) -> tuple[Defect, ...]:
    """Defects of a reading by the reader, by EBTS and by what the images' own first bytes say.

    A file whose TOT is none of EBTS is held against the standard alone, since EBTS has no rules for it.
    """
    transaction = reading.transaction
    if transaction is None:
        return reading.defects
    header = transaction.header
    known = header is not None and conformance.tot_of(header) in dictionary.known_tots()
    standard = () if known else conform.check(transaction)
    profile = conformance.check(transaction, now)
    images = conformance.check_images(transaction, frames(transaction))
    return (*reading.defects, *profile, *standard, *images)


def frames(transaction: Transaction) -> dict[int, Frame]:
    """What the first bytes of each image say, by offset of its record."""
    found = {}
    for record in transaction.records:
        if record.image is not None:
            kind = sniff(record.image.data)
            found[record.offset] = Frame(kind.value, dimensions(record.image.data, kind))
    return found
