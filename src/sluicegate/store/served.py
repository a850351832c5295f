# SPDX-License-Identifier: Apache-2.0
"""Whether a process moves the cases of a home: the lock that it holds for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK = "serve.lock"


def is_served(home: Path) -> bool:
    """Whether a process holds this home now."""
    try:
        handle = os.open(home / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
