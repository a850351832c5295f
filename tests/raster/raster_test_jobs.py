# SPDX-License-Identifier: Apache-2.0
"""Jobs that misbehave, each in its own way, for the workshop's tests. The payload is the order."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
import time
from pathlib import Path

from sluicegate.errors import ImageRefused

PREPARED: list[int] = []


def prepare() -> None:
    """Notes in which process it ran."""
    PREPARED.append(os.getpid())


def fail_to_prepare() -> None:
    """Fails as a missing model would."""
    raise RuntimeError("no model here")


def obey(order: bytes) -> bytes:
    """The entry: does what `name:argument` orders."""
    name, _, argument = order.partition(b":")
    return _ORDERS[name](argument)


def _echo(argument: bytes) -> bytes:
    return argument


def _refuse(argument: bytes) -> bytes:
    raise ImageRefused("The image is upside down.", code="L0042", advice="Turn it.")


def _refuse_rudely(argument: bytes) -> bytes:
    raise ImageRefused("line one\r\nline two", code="x" * 99)


def _raise(argument: bytes) -> bytes:
    raise KeyError(argument)


def _segfault(argument: bytes) -> bytes:
    return ctypes.string_at(0)


def _abort(argument: bytes) -> bytes:
    os.abort()


def _leave(argument: bytes) -> bytes:
    raise SystemExit(0)


def _hoard(argument: bytes) -> bytes:
    return bytes(10 * 1024**3)[:1]


def _spin(argument: bytes) -> bytes:
    while True:
        pass


def _doze(argument: bytes) -> bytes:
    time.sleep(3600)
    return b""


def _shout(argument: bytes) -> bytes:
    os.write(1, b"on stdout\n")
    os.write(2, b"on stderr\n")
    print("again", file=sys.stderr)
    return b"shouted"


def _long(argument: bytes) -> bytes:
    return bytes(int(argument))


def _text(argument: bytes) -> bytes:
    return "not bytes"  # type: ignore[return-value]


def _open_file(argument: bytes) -> bytes:
    return Path("/etc/hostname").read_bytes()


def _open_socket(argument: bytes) -> bytes:
    socket.socket().close()
    return b"opened"


def _report(argument: bytes) -> bytes:
    seen = {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "environment": sorted(os.environ),
        "descriptors": [n for n in range(256) if _is_open(n)],
        "prepared": PREPARED,
    }
    return json.dumps(seen).encode("ascii")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _lie_about_length(argument: bytes) -> bytes:
    os.write(3, b"R" + (1 << 60).to_bytes(8, "big"))
    os._exit(0)


def _half_answer(argument: bytes) -> bytes:
    os.write(3, b"R" + (100).to_bytes(8, "big") + b"half")
    os._exit(0)


def _pickle(argument: bytes) -> bytes:
    os.write(3, b"E" + (9).to_bytes(8, "big") + b"\x80\x04N.....!")
    os._exit(0)


_ORDERS = {
    b"echo": _echo,
    b"refuse": _refuse,
    b"refuse-rudely": _refuse_rudely,
    b"raise": _raise,
    b"segfault": _segfault,
    b"abort": _abort,
    b"leave": _leave,
    b"hoard": _hoard,
    b"spin": _spin,
    b"doze": _doze,
    b"shout": _shout,
    b"long": _long,
    b"text": _text,
    b"open-file": _open_file,
    b"open-socket": _open_socket,
    b"report": _report,
    b"lie-about-length": _lie_about_length,
    b"half-answer": _half_answer,
    b"pickle": _pickle,
}
