# SPDX-License-Identifier: Apache-2.0
"""Shards as worker processes: each maps its share of the files, and answers over a socket pair.

A worker that ends, or does not answer in time, is killed and counts as lost; the next search starts another.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from sluicegate.errors import ShardLost
from sluicegate.shards import message

LENGTH = struct.Struct("<I")

_ONE = "1"
_CHUNK = 1 << 20


def send(channel: socket.socket, data: bytes) -> None:
    """Write one message, after its length."""
    channel.sendall(LENGTH.pack(len(data)) + data)


def receive(channel: socket.socket, until: float | None = None) -> bytes:
    """Read one message. Raises OSError (TimeoutError after `until`, of `time.monotonic`)."""
    (length,) = LENGTH.unpack(_exactly(channel, LENGTH.size, until))
    if length > message.MOST:
        raise ConnectionError("a message beyond all measure")
    return _exactly(channel, length, until)


def _exactly(channel: socket.socket, count: int, until: float | None) -> bytes:
    got = bytearray()
    while len(got) < count:
        if until is not None:
            channel.settimeout(_left(until))
        more = channel.recv(min(count - len(got), _CHUNK))
        if not more:
            raise ConnectionError("the other side is gone")
        got += more
    return bytes(got)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class ProcessLinks:
    """`count` workers on one gallery folder; safe to be asked by several threads."""

    def __init__(self, folder: Path, count: int, threads: int) -> None:
        self._folder, self._count, self._threads = folder, count, threads
        self._workers: list[_Worker | None] = [None] * count
        self._lock = threading.Lock()

    def ready(self) -> list[int]:
        """Start the workers that are not there, and say which; what is wrong shows when they are asked."""
        with self._lock:
            gone = [i for i, worker in enumerate(self._workers) if worker is None or worker.ended]
            for number in gone:
                self._workers[number] = _Worker(self._folder, number, self._count, self._threads)
            return gone

    def ask(self, number: int, data: bytes, until: float) -> bytes:
        """The reply of a shard. Raises ShardLost where none comes until then (`time.monotonic`)."""
        worker = self._workers[number]
        if worker is None or worker.ended:
            raise ShardLost(f"Shard {number + 1} of {self._count} is gone.")
        return worker.ask(data, until)

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            for worker in self._workers:
                if worker is not None:
                    worker.end()
            self._workers = [None] * self._count


class _Worker:
    def __init__(self, folder: Path, number: int, count: int, threads: int) -> None:
        self._name = f"Shard {number + 1} of {count}"
        self._lock = threading.Lock()
        self.ended = False
        self._channel, theirs = socket.socketpair()
        arguments = (str(theirs.fileno()), str(folder), str(number), str(count), str(threads))
        with theirs:
            # Not the folder it is started in, but what is installed, is what a worker runs.
            self._process = subprocess.Popen(  # noqa: S603 - our own program, on numbers and a path
                (sys.executable, "-P", "-m", "sluicegate.shards.worker", *arguments),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": _ONE, "OPENBLAS_NUM_THREADS": _ONE},
            )

    def ask(self, data: bytes, until: float) -> bytes:
        """One message and its reply. A worker that did not answer could answer later, so it is ended."""
        if not self._lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise ShardLost(f"{self._name} did not answer in time.")
        try:
            if self.ended:
                raise ShardLost(f"{self._name} is gone.")
            self._channel.settimeout(_left(until))
            send(self._channel, data)
            return receive(self._channel, until)
        except TimeoutError:
            self.end()
            raise ShardLost(f"{self._name} did not answer in time.") from None
        except OSError:
            self.end()
            raise ShardLost(f"{self._name} ended before it answered.") from None
        finally:
            self._lock.release()

    def end(self) -> None:
        """Kill the process, which has nothing to save."""
        self.ended = True
        with contextlib.suppress(OSError):
            self._channel.close()
        self._process.kill()
        self._process.wait()
