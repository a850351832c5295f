# SPDX-License-Identifier: Apache-2.0
"""Similarities of all prints of a database by either engine, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sluicegate.cli.ridge_prints import Extracted, Tick
from sluicegate.errors import UsageError, quoted
from sluicegate.ridge import comparing, parameters
from sluicegate.ridge.compare import compare_built
from sluicegate.ridge.evaluate import Compared, Floats, compared
from sluicegate.ridge.screen import built
from sluicegate.ridge.template import FingerTemplate

ENGINES = ("fast", "plain")
_FIELDS = ("mates", "mate_finger", "others", "other_fingers", "first")


def all_compared(database: Extracted, engine: str, tick: Tick) -> Compared:
    """Every pair of prints of a database, the earlier as probe; `tick` is called once for each print."""
    similarity = (_fast if engine == "fast" else _plain)(database.fingers, tick)
    names = sorted({one.finger for one in database.prints})
    places = sorted({one.impression for one in database.prints}, key=lambda name: (len(name), name))
    finger = np.array([names.index(one.finger) for one in database.prints], dtype=np.int64)
    impression = np.array([places.index(one.impression) for one in database.prints], dtype=np.int64)
    return compared(database.name, similarity, finger, impression)


def _fast(fingers: Sequence[FingerTemplate], tick: Tick) -> Floats:
    numbers = parameters.load()
    prepared = [comparing.prepare(finger, numbers) for finger in fingers]
    ends = np.cumsum([0, *(len(one.record) for one in prepared)])
    blob = np.frombuffer(b"".join(one.record for one in prepared), dtype=np.uint8)
    found = np.zeros((len(fingers), len(fingers)))
    for place, one in enumerate(prepared):
        found[place, place + 1 :] = comparing.compare_many(one, blob, ends[place + 1 : -1].astype("<u8"))
        tick()
    return found


def _plain(fingers: Sequence[FingerTemplate], tick: Tick) -> Floats:
    numbers = parameters.load()
    cylinders = [built(finger, numbers) for finger in fingers]
    found = np.zeros((len(fingers), len(fingers)))
    for place, one in enumerate(cylinders):
        for later in range(place + 1, len(cylinders)):
            found[place, later] = compare_built(one, cylinders[later], numbers.compare).similarity
        tick()
    return found


def save(path: Path, parts: Sequence[Compared], extractor: str, engine: str) -> None:
    """Keep all similarities in a NumPy file; what was there is replaced."""
    arrays = {f"{n}.{name}": getattr(one, name) for n, one in enumerate(parts) for name in _FIELDS}
    np.savez_compressed(
        path,
        names=np.array([one.name for one in parts]),
        fingers=np.array([one.fingers for one in parts]),
        made=np.array([extractor, engine]),
        **arrays,
    )


def load(path: Path) -> tuple[str, str, list[Compared]]:
    """The extractor, the engine and the similarities of a file that `save` wrote.

    Raises:
        UsageError: there is no such file, or it holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as held:
            extractor, engine = (str(one) for one in held["made"])
            parts = [
                Compared(str(name), int(held["fingers"][n]), *(held[f"{n}.{field}"] for field in _FIELDS))
                for n, name in enumerate(held["names"])
            ]
    except (OSError, ValueError, KeyError, IndexError) as trouble:
        raise UsageError(
            f"{quoted(str(path), 200)} does not hold the similarities of an evaluation.",
            advice="Make them: sluicegate ridge evaluate DIR --out FOLDER",
        ) from trouble
    return extractor, engine, parts
