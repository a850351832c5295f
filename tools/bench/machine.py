# SPDX-License-Identifier: Apache-2.0
"""The machine, as /proc tells it: what it is, and what a process of ours has used of it (Linux only)."""

from __future__ import annotations

import os
import platform
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def describe() -> dict[str, str]:
    """Model, cores, memory, kernel, Python, date, and how busy the machine is with other work."""
    model = _field(Path("/proc/cpuinfo"), "model name") or platform.machine()
    memory_kb = int(_field(Path("/proc/meminfo"), "MemTotal").split()[0])
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "memory": f"{memory_kb / 2**20:.0f} GiB",
        "kernel": ".".join(platform.release().split(".")[:2]),
        "python": platform.python_version(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "load average at the start": load(),
    }


def load() -> str:
    """Load average of the last minute: our own work and that of others."""
    return f"{os.getloadavg()[0]:.1f}"


def _field(file: Path, name: str) -> str:
    for line in file.read_text("utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(int(one) for one in fields[11:15]) * _TICK_S


def resident_mib(pid: int) -> float:
    """Resident memory of a process, MiB, pages it shares with others included; 0 when it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE / 2**20
    except (OSError, IndexError, ProcessLookupError):
        return 0.0


class WorkerWatch:
    """Watches the children of a zygote; `most_mib` is the most resident memory that one of them had."""

    def __init__(self, zygote: int, every_s: float = 0.02) -> None:
        self._children = Path(f"/proc/{zygote}/task/{zygote}/children")
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most_mib = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._every_s):
            for pid in self._children.read_text("ascii").split():
                self.most_mib = max(self.most_mib, resident_mib(int(pid)))
