# SPDX-License-Identifier: Apache-2.0
"""A workshop of disposable, limited workers for code that hostile bytes can crash.

`Workshop` starts one clean process (the zygote, `raster.zygote`), which forks a worker per job. A worker
gets one payload over one socket, may use what `WorkerLimits` says, and dies after one answer. Whatever
happens in it, the caller gets bytes, a refusal, or WorkerLost; the next job is not affected.

What this does not do: filter system calls or change the user. A worker that is fully taken over can still
send signals to processes of the same user, so production runs the exchange as a user of its own.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sluicegate.errors import InputRefused, SettingsError, SluicegateError, UsageError, WorkerLost, quoted
from sluicegate.raster import wire
from sluicegate.raster.wire import BEGUN, BrokenFrameError, WorkerLimits

_START_S = 120.0  # a model may have to be loaded
_GRACE_S = 5.0  # after the wall clock, before the zygote itself is given up
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1])['path']; "
    "from sluicegate.raster.zygote import main; main(sys.argv[1])"
)


@dataclass(frozen=True, slots=True)
class _Zygote:
    process: subprocess.Popen[bytes]
    control: socket.socket

    def end(self) -> None:
        """Closes the channel, on which the process leaves; kills it where it does not."""
        self.control.close()
        try:
            self.process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _NotBegunError(Exception):
    """The zygote went away before it made a worker for the job."""


class Workshop:
    """Runs `entry` ("package.module:function", bytes to bytes) on payloads, each in a worker of its own.

    `prepare` ("package.module:function", no arguments) is called once before the first fork: models and
    modules loaded there are shared by all workers. Up to `slots` jobs run at a time. Safe to use from
    many threads. The zygote is started here, so a wrong name fails here.

    Raises:
        SettingsError: the entry or its preparation cannot be loaded.
    """

    def __init__(
        self,
        entry: str,
        *,
        prepare: str = "",
        slots: int = 2,
        limits: WorkerLimits | None = None,
    ) -> None:
        self._entry = entry
        self._prepare = prepare
        self._limits = limits or WorkerLimits()
        self._count = slots
        self._slots = threading.BoundedSemaphore(slots)
        self._lock = threading.Lock()  # guards the two below
        self._closed = False
        self._zygote = _start(entry, prepare, self._limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def zygote_pid(self) -> int:
        """Process id of the zygote, for operators."""
        return self._zygote.process.pid

    def run(self, payload: bytes, wall_s: float | None = None) -> bytes:
        """The entry's answer to one payload. `wall_s` is in seconds, from the start of the worker.

        Raises:
            InputRefused: the entry refused the payload (the same class, message and code as raised there).
            WorkerLost: the worker failed, was killed, or ran into a limit.
            UsageError: the workshop is closed.
            SettingsError: the zygote died and cannot be started again.
        """
        if len(payload) > self._limits.payload_bytes:
            raise InputRefused(f"The input is {len(payload)} bytes, more than {self._limits.payload_bytes}.")
        wall = self._limits.wall_s if wall_s is None else wall_s
        with self._slots:
            try:
                return self._attempt(payload, wall)
            except _NotBegunError:
                # The zygote was dying, or no process was to be had. Jobs that began are never repeated.
                with contextlib.suppress(_NotBegunError):
                    return self._attempt(payload, wall)
        raise WorkerLost("No worker could be started.")

    def _attempt(self, payload: bytes, wall: float) -> bytes:
        zygote, line, status = self._submit(wall)
        with line, status:
            line.settimeout(wall + _GRACE_S)
            status.settimeout(_GRACE_S)
            try:
                return self._converse(line, status, payload)
            except TimeoutError:
                # The zygote did not kill a late worker, so it hangs itself: both go, and a new one comes.
                zygote.process.kill()
                raise WorkerLost("The worker ran out of time (wall clock).") from None

    def map(self, payloads: Iterable[bytes]) -> Iterator[bytes | SluicegateError]:
        """Answers or errors, in the order of the payloads; only a few payloads are taken ahead."""
        with ThreadPoolExecutor(self._count) as pool:
            ahead: deque[Future[bytes | SluicegateError]] = deque()
            for payload in payloads:
                ahead.append(pool.submit(self._outcome, payload))
                if len(ahead) > 2 * self._count:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

    def close(self) -> None:
        """Ends the zygote and with it every worker. A second call does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._zygote.end()

    def _outcome(self, payload: bytes) -> bytes | SluicegateError:
        try:
            return self.run(payload)
        except SluicegateError as error:
            return error

    def _submit(self, wall: float) -> tuple[_Zygote, socket.socket, socket.socket]:
        """Asks for a worker: the zygote asked, and our ends of the worker's line and of its status line."""
        line, line_there = socket.socketpair()
        status, status_there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with line_there, status_there:
            try:
                zygote = self._hand_over(wall, line_there, status_there)
            except BaseException:
                line.close()
                status.close()
                raise
        return zygote, line, status

    def _hand_over(self, wall: float, line: socket.socket, status: socket.socket) -> _Zygote:
        rights = array.array("i", [line.fileno(), status.fileno()])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        with self._lock:
            if self._closed:
                raise UsageError("The workshop is closed.")
            if self._zygote.process.poll() is None:
                with contextlib.suppress(OSError):
                    self._zygote.control.sendmsg([repr(wall).encode("ascii")], ancillary)
                    return self._zygote
            # It died since the last job. This job was never begun, so it can be handed to the next one.
            self._zygote.end()
            self._zygote = _start(self._entry, self._prepare, self._limits)
            self._zygote.control.sendmsg([repr(wall).encode("ascii")], ancillary)
            return self._zygote

    def _converse(self, line: socket.socket, status: socket.socket, payload: bytes) -> bytes:
        """One question and one answer. Raises TimeoutError where nobody ends the worker in time."""
        try:
            # A worker that dies before it has read everything breaks the send; what it said still counts.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                wire.send(line, wire.PAYLOAD, payload)
            kind, body = wire.receive(line, self._limits.result_bytes)
            if kind == wire.RESULT:
                return body
            if kind == wire.REFUSED:
                raise wire.unpack_refusal(body)
            if kind == wire.LOST:
                raise wire.unpack_loss(body)
        except TimeoutError:
            raise
        except (BrokenFrameError, OSError):
            pass
        raise _why(status)


def _why(status: socket.socket) -> WorkerLost:
    """What the zygote tells of a worker that gave no whole answer. Raises _NotBegunError."""
    with contextlib.suppress(OSError):
        if status.recv(16) != BEGUN:
            raise _NotBegunError
    try:
        told = json.loads(status.recv(4096) or b"{}")
        late, ended = told.get("late"), told.get("exit")
    except (OSError, ValueError):
        late, ended = None, None
    if late:
        return WorkerLost("The worker ran out of time (wall clock).")
    if ended == -signal.SIGXCPU:
        return WorkerLost("The worker ran out of processor time.")
    if ended == -signal.SIGKILL:
        return WorkerLost("The worker was killed, perhaps for want of memory.")
    if isinstance(ended, int) and ended < 0:
        return WorkerLost("The worker crashed.", advice=f"signal {-ended}")
    return WorkerLost("The worker ended without an answer.")


def _start(entry: str, prepare: str, limits: WorkerLimits) -> _Zygote:
    control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    config = {
        "path": [one or os.getcwd() for one in sys.path],
        "control": there.fileno(),
        "entry": entry,
        "prepare": prepare,
        "limits": limits.to_json(),
    }
    with there:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and a constant program
            [sys.executable, "-I", "-c", _BOOT, json.dumps(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(there.fileno(),),
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
    zygote = _Zygote(process, control)
    failed = _first_word(control)
    if failed:
        zygote.end()
        raise SettingsError(
            f"The worker entry {quoted(entry)} cannot be started.", advice=quoted(failed, 400)
        )
    return zygote


def _first_word(control: socket.socket) -> str:
    """Empty where the zygote is ready, otherwise why it is not."""
    control.settimeout(_START_S)
    try:
        said = json.loads(control.recv(4096) or b'{"failed": "it ended before it was ready"}')
    except OSError:
        return "it was not ready in time"
    control.settimeout(None)
    return str(said.get("failed", ""))


def _environment() -> dict[str, str]:
    """Nothing of ours: secrets often travel in the environment. One thread per job for numeric libraries."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return kept | {
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
