# SPDX-License-Identifier: Apache-2.0
"""Each measurement in a fresh process, so that none inherits another's memory, caches or threads."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

Results = dict[str, Any]


class FailedError(Exception):
    """A measurement ended with an exception; its text is the traceback."""


def _child(line: Connection, work: Callable[..., Results], given: tuple[object, ...]) -> None:
    try:
        line.send((True, work(*given)))
    except Exception:  # noqa: BLE001 the parent prints it and ends
        line.send((False, traceback.format_exc()))


def apart(work: Callable[..., Results], *given: object) -> Results:
    """What `work` returns, called in a process that was started for it. Raises FailedError."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_child, args=(there, work, given))
    process.start()
    there.close()
    try:
        fine, told = here.recv()
    except EOFError:
        fine, told = False, "the process ended without a word"
    process.join()
    if not fine:
        raise FailedError(told)
    return told  # type: ignore[no-any-return]
