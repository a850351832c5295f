# SPDX-License-Identifier: Apache-2.0
"""A power cut at a chosen write to the disk, whatever writes: data keys, flushes, names, prints, scrubs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sluicegate.store import erasing, repository
from sluicegate.store.repository import Repository
from sluicegate.testing.world import CrashError

PLACES: tuple[tuple[object, str], ...] = (
    (os, "pwrite"),
    (os, "fsync"),
    (Path, "unlink"),
    (Path, "rename"),
    (Path, "write_bytes"),
    (Repository, "_take_out"),
    (Repository, "enrol"),
    (erasing, "scrub"),
    (repository, "scrub"),
)
"""Every way in which an erasure writes outside the commits of `story.db`, which `Faults` cuts."""


class Cut:
    """Counts writes from `plan` on, and cuts the power at one of them, before it or after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = -1
        self.after = False
        self.count = 0
        for owner, name in PLACES:
            monkeypatch.setattr(owner, name, self._through(getattr(owner, name)))

    def plan(self, at: int, *, after: bool) -> None:
        """Cut at write number `at`, counted from now, from 0; none where it is negative."""
        self.at, self.after, self.count = at, after, 0

    def _through(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def through(*given: Any, **named: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if number == self.at and not self.after:
                raise CrashError
            done = write(*given, **named)
            if number == self.at:
                raise CrashError
            return done

        return through
