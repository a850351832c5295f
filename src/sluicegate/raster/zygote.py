# SPDX-License-Identifier: Apache-2.0
"""The clean process that workers are forked from, and what a worker does. Started by `raster.isolate`.

It holds no keys, no database and no socket but its control channel, runs one thread of its own, imports
the job's modules once, and forks a child per job. Only this process may fork: the exchange itself has
threads, and a fork of it would carry its secrets. Linux only (pidfd, prctl).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from sluicegate.errors import InputRefused
from sluicegate.raster import wire
from sluicegate.raster.wire import WorkerLimits

Entry = Callable[[bytes], bytes]

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_LIBC = ctypes.CDLL(None)
_LINE = 3  # a child's only descriptor besides the three standard ones, which lead to /dev/null
_MESSAGE_CAP = 4096


@dataclass(slots=True)
class _Child:
    """A running job: its process, the line on which its end is told, and when it must end by."""

    pid: int
    pidfd: int
    status: socket.socket
    deadline: float
    late: bool = False


def main(config: str) -> None:
    """Runs until the control channel closes. `config` is JSON made by `raster.isolate`."""
    told = json.loads(config)
    control = socket.socket(fileno=told["control"])
    limits = WorkerLimits(**told["limits"])
    try:
        entry = load(told["entry"])
        if told["prepare"]:
            load(told["prepare"])()
    # The edge of the process: whatever stops the start is told to the parent, who raises it.
    except Exception as error:  # noqa: BLE001
        control.send(json.dumps({"failed": f"{type(error).__name__}: {error}"[:500]}).encode("ascii"))
        return
    gc.collect()
    gc.freeze()  # a child's collector must not touch, and so copy, the pages that all children share
    control.send(b'{"ready": true}')
    _serve(control, entry, limits)


def load(name: str) -> Callable[..., bytes]:
    """The function that `package.module:function` names. Raises ImportError, AttributeError, ValueError."""
    module, _, function = name.partition(":")
    found: Callable[..., bytes] = getattr(importlib.import_module(module), function)
    return found


def _serve(control: socket.socket, entry: Entry, limits: WorkerLimits) -> None:
    children: dict[int, _Child] = {}  # by pidfd
    with selectors.DefaultSelector() as ready:
        ready.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select(_until_next(children)):
                if key.fileobj is control:
                    if not _accept(control, entry, limits, children, ready):
                        return  # the parent is gone; the children die with this process
                else:
                    _attend(key, children, ready)
            _kill_late(children)


def _attend(key: selectors.SelectorKey, children: dict[int, _Child], ready: selectors.BaseSelector) -> None:
    child: _Child = key.data
    if children.get(child.pidfd) is not child:
        return  # reaped a moment ago, in the same round of events
    if key.fd == child.pidfd:
        del children[child.pidfd]
        _reap(child, ready)
    else:
        # The parent shut the status line: it no longer wants the answer.
        _kill(child)
        ready.unregister(child.status)


def _until_next(children: dict[int, _Child]) -> float | None:
    waiting = [one.deadline for one in children.values() if not one.late]
    return max(0.0, min(waiting) - time.monotonic()) if waiting else None


def _accept(
    control: socket.socket,
    entry: Entry,
    limits: WorkerLimits,
    children: dict[int, _Child],
    ready: selectors.BaseSelector,
) -> bool:
    """Takes one job from the control channel and forks a child for it; False when the channel closed."""
    message, handed, _, _ = socket.recv_fds(control, _MESSAGE_CAP, 2)
    if not message:
        return False
    data, status = handed
    zygote = os.getpid()
    try:
        pid = os.fork()
    except OSError:  # no process to be had: both lines close, and the parent sees a lost worker
        os.close(data)
        os.close(status)
        return True
    if pid == 0:
        _work(entry, data, zygote, limits)
    os.close(data)
    line = socket.socket(fileno=status)
    with contextlib.suppress(OSError):
        line.send(wire.BEGUN)
    child = _Child(pid, os.pidfd_open(pid), line, time.monotonic() + float(message))
    children[child.pidfd] = child
    ready.register(child.pidfd, selectors.EVENT_READ, child)
    ready.register(child.status, selectors.EVENT_READ, child)
    return True


def _kill_late(children: dict[int, _Child]) -> None:
    now = time.monotonic()
    for child in children.values():
        if not child.late and child.deadline <= now:
            child.late = True
            _kill(child)


def _kill(child: _Child) -> None:
    # Not reaped yet, so the number still names this child and nobody else.
    os.kill(child.pid, signal.SIGKILL)


def _reap(child: _Child, ready: selectors.BaseSelector) -> None:
    _, state = os.waitpid(child.pid, 0)
    ended = os.waitstatus_to_exitcode(state)
    with contextlib.suppress(OSError):  # the parent need not listen any more
        child.status.send(json.dumps({"exit": ended, "late": child.late}).encode("ascii"))
    ready.unregister(child.pidfd)
    with contextlib.suppress(KeyError):
        ready.unregister(child.status)
    os.close(child.pidfd)
    child.status.close()


def _work(entry: Entry, data: int, zygote: int, limits: WorkerLimits) -> NoReturn:
    """The child: shut in, one payload in, one answer out, gone. Never returns into the zygote's loop."""
    code = 70
    try:
        _shut_in(data, zygote, limits)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=_LINE) as line:
            _, payload = wire.receive(line, limits.payload_bytes)
            wire.send(line, *_answer(entry, payload, limits))
        code = 0
    finally:
        os._exit(code)


def _answer(entry: Entry, payload: bytes, limits: WorkerLimits) -> tuple[bytes, bytes]:
    try:
        result = entry(payload)
        if not isinstance(result, bytes) or len(result) > limits.result_bytes:
            return wire.LOST, wire.pack_loss("The worker's answer was too long.")
        return wire.RESULT, result
    except InputRefused as refusal:
        return wire.REFUSED, wire.pack_refusal(refusal)
    except MemoryError:
        return wire.LOST, wire.pack_loss("The worker ran out of memory.")
    # The edge of the process. The text of the exception may carry received bytes and stays here.
    except Exception as error:  # noqa: BLE001
        return wire.LOST, wire.pack_loss("The worker failed.", _where(error))


def _where(error: BaseException) -> str:
    """Class and place of an exception, for a developer."""
    if isinstance(error, OSError) and error.errno == errno.EMFILE:
        return "The job tried to open a file: what it needs has to be imported in `prepare`."
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {os.path.basename(last.filename)}, line {last.lineno}"


def _shut_in(data: int, zygote: int, limits: WorkerLimits) -> None:
    """Leaves the child its one line and its limits. INVARIANT: called before the payload is read."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != zygote:  # it died before the line above could tell us
        os._exit(71)
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    memory = _address_space() + limits.memory_bytes
    if data != _LINE:
        os.dup2(data, _LINE)
    os.closerange(_LINE + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    files = _LINE + 1 + limits.open_files
    for which, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 2),
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_NOFILE, files, files),
    ):
        resource.setrlimit(which, (soft, hard))


def _address_space() -> int:
    """Bytes of address space that this process has mapped."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
