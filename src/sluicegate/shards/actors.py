# SPDX-License-Identifier: Apache-2.0
"""Shards as Ray actors, for those who run Ray anyway: `pip install sluicegate[ray]`.

Ray is imported only when asked for. It is started on this host alone, on the loopback address, without its
dashboard and without its usage reports; nothing goes to another host unless the program that uses this has
joined a cluster of its own before. Actors get and give bytes; no object of ours is pickled.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import time
from pathlib import Path
from typing import Any

from sluicegate.errors import ShardLost, UsageError
from sluicegate.shards.served import Served


class RayLinks:
    """`count` actors on one gallery folder; safe to be asked by several threads.

    Raises:
        UsageError: Ray is not installed.
    """

    def __init__(self, folder: Path, count: int, threads: int) -> None:
        self._folder, self._count, self._threads = folder, count, threads
        self._actors: list[Any] = [None] * count
        self._lock = threading.Lock()
        self._ray = _ray()
        self._ours = not self._ray.is_initialized()
        if self._ours:
            self._ray.init(
                address="local",
                num_cpus=count,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",
                _node_ip_address="127.0.0.1",
            )

    def ready(self) -> list[int]:
        """Start the actors that are not there, and say which."""
        with self._lock:
            gone = [number for number, actor in enumerate(self._actors) if actor is None]
            made = self._ray.remote(num_cpus=0, max_restarts=0)(Served)
            for number in gone:
                self._actors[number] = made.remote(str(self._folder), number, self._count, self._threads)
            return gone

    def ask(self, number: int, data: bytes, until: float) -> bytes:
        """The reply of a shard. Raises ShardLost where none comes until then (`time.monotonic`)."""
        actor, name = self._actors[number], f"Shard {number + 1} of {self._count}"
        if actor is None:
            raise ShardLost(f"{name} is gone.")
        try:
            reply = self._ray.get(actor.answer.remote(data), timeout=max(0.0, until - time.monotonic()))
        except self._ray.exceptions.GetTimeoutError:
            self._drop(number)
            raise ShardLost(f"{name} did not answer in time.") from None
        except self._ray.exceptions.RayError:
            self._drop(number)
            raise ShardLost(f"{name} ended before it answered.") from None
        if not isinstance(reply, bytes):
            raise ShardLost(f"{name} answered something that is no message.")
        return reply

    def close(self) -> None:
        """End all actors, and Ray where it was started here."""
        with self._lock:
            for number in range(self._count):
                self._drop(number)
            if self._ours and self._ray.is_initialized():
                self._ray.shutdown()

    def _drop(self, number: int) -> None:
        actor, self._actors[number] = self._actors[number], None
        if actor is not None:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.kill(actor)


def _ray() -> Any:
    """Ray, which reads its variables when it is imported."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise UsageError("Ray is not installed.", advice="pip install 'sluicegate[ray]'") from None
