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

from sluicegate.ridge.compare import Comparison, compare_built
from sluicegate.ridge.cylinders import Cylinders
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.screen import built
from sluicegate.ridge.screening import probe_of, rows_of, scores_many
from sluicegate.ridge.screening_form import ROW, WHOLE, Probed, Rows
from sluicegate.ridge.template import FingerTemplate, Template, decode, encode

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

Bytes = NDArray[np.uint8]


def form_of(parameters: Parameters) -> str:
    """Names the form of rows and records: SHA-256, in hexadecimal, of all numbers that shape them."""
    shaping = [asdict(parameters.cylinder), asdict(parameters.fast_screen), asdict(parameters.screen)]
    told = json.dumps([shaping, asdict(parameters.compare), ROW.descr, WHOLE], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A probe's image made ready once for both passes; `usual` is a stranger's coarse score with it."""

    screened: Probed
    usual: int
    cylinders: Cylinders
    parameters: Parameters


def ready(finger: FingerTemplate, parameters: Parameters) -> Ready:
    """Make a probe's image ready."""
    screened = probe_of(finger, parameters)
    lanes = np.bitwise_count(np.bitwise_or.reduce(screened.groups["gate"], axis=1)).sum()
    usual = round(parameters.fast.usual * WHOLE * min(int(lanes), screened.best))
    return Ready(screened, usual, built(finger, parameters), parameters)


def record_of(finger: FingerTemplate, parameters: Parameters) -> bytes:
    """The compare record of a reference's image."""
    del parameters
    return encode(Template("x", "x", (finger,)))


def coarse(probes: Sequence[Ready], rows: Rows) -> NDArray[np.uint32]:
    """Coarse score of every probe image against every row, uint32 (probes, rows)."""
    return scores_many([one.screened for one in probes], rows)


def exact_many(probe: Ready, blob: Bytes, offsets: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Similarity of a probe image and each record of a blob; record i begins at offsets[i]."""
    found = np.zeros(len(offsets) - 1)
    for i in range(len(found)):
        found[i] = exact(probe, blob[int(offsets[i]) : int(offsets[i + 1])].tobytes()).similarity
    return found


def exact(probe: Ready, record: bytes) -> Comparison:
    """Compare a probe image with one record, naming corresponding minutiae as rows of the full templates."""
    reference = built(decode(record).fingers[0], probe.parameters)
    return compare_built(probe.cylinders, reference, probe.parameters.compare)
