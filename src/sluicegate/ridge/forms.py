# SPDX-License-Identifier: Apache-2.0
"""The packed forms of one finger image that galleries keep: a row for the coarse pass, a compare record.

A gallery treats both as opaque bytes. This is the one place that knows which modules make and read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import StoreError
from sluicegate.ridge.compare import Comparison
from sluicegate.ridge.comparing import Prepared, compare_many, compare_prepared, prepare
from sluicegate.ridge.comparing import packed as record_of
from sluicegate.ridge.comparing_record import HEAD, kept_rows
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.screening import probe_of, rows_of, scores_many
from sluicegate.ridge.screening_form import ROW, WHOLE, Probed, Rows
from sluicegate.ridge.template import FingerTemplate

__all__ = [
    "ROW",
    "Ready",
    "Rows",
    "coarse",
    "exact",
    "exact_many",
    "form_of",
    "ready",
    "record_of",
    "rows_of",
]


def form_of(parameters: Parameters) -> str:
    """Names the form of rows and records: SHA-256, in hexadecimal, of all numbers that shape them."""
    shaping = [asdict(parameters.cylinder), asdict(parameters.fast_screen), asdict(parameters.screen)]
    told = json.dumps(
        [shaping, asdict(parameters.compare), asdict(parameters.fast_compare), ROW.descr, WHOLE],
        sort_keys=True,
    )
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A probe's image made ready once for both passes; `usual` is a stranger's coarse score with it."""

    screened: Probed
    usual: int
    prepared: Prepared


def ready(finger: FingerTemplate, parameters: Parameters) -> Ready:
    """Make a probe's image ready. Raises TemplateError where it is not whole."""
    screened = probe_of(finger, parameters)
    lanes = np.bitwise_count(np.bitwise_or.reduce(screened.groups["gate"], axis=1)).sum()
    usual = round(parameters.fast.usual * WHOLE * min(int(lanes), screened.best))
    return Ready(screened, usual, prepare(finger, parameters))


def coarse(probes: Sequence[Ready], rows: Rows) -> NDArray[np.uint32]:
    """Coarse score of every probe image against every row, uint32 (probes, rows)."""
    return scores_many([one.screened for one in probes], rows)


def exact_many(probe: Ready, records: Sequence[bytes]) -> NDArray[np.float32]:
    """Similarity of a probe image and each record, float32 (records,).

    Raises:
        StoreError: a record is damaged.
    """
    for record in records:
        _require_whole(record)
    starts = np.cumsum([0, *(len(record) for record in records)])[:-1].astype("<u8")
    return compare_many(probe.prepared, np.frombuffer(b"".join(records), np.uint8), starts)


def exact(probe: Ready, record: bytes, reference: FingerTemplate | None) -> Comparison:
    """Compare a probe image with one record, naming the corresponding minutiae.

    They are rows of the two fingers' templates; of the record's minutiae where no reference finger is given,
    which are the same rows unless the finger had more than a record holds.

    Raises:
        StoreError: the record is damaged.
    """
    count = _require_whole(record)
    rows = np.arange(count, dtype=np.int32)
    if reference is not None and len(own := kept_rows(reference, probe.prepared.parameters)) == count:
        rows = own
    return compare_prepared(probe.prepared, Prepared(record, rows, probe.prepared.parameters))


def _require_whole(record: bytes) -> int:
    """How many minutiae a record holds: fewer than it has room for where an expunction is under way."""
    room = len(record) - HEAD.size
    count = int.from_bytes(record[:2], "little")
    if room < 0 or HEAD.size + 4 * count > len(record):
        raise StoreError("A compare record of the gallery is damaged.")
    return count
