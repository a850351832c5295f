# SPDX-License-Identifier: Apache-2.0
"""The log of a server: lines of key=value on stderr, with events, ids and counts; never a payload or a name.

Our own messages are made so. Those of libraries could carry anything, so of these only the logger, the level
and the kind of exception are told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

OWN = "sluicegate"
_HEADSTRONG = ("dbos", "uvicorn", "uvicorn.error", "uvicorn.access")
"""Loggers of libraries that bring handlers and levels of their own; whatever they had is put back later."""

_HEAD = "at=%(asctime)s.%(msecs)03dZ level=%(levelname)s from=%(name)s"

log = logging.getLogger("sluicegate.threads")


class _Own(logging.Filter):
    """Records of this package, or, turned around, all others."""

    def __init__(self, *, own: bool) -> None:
        super().__init__()
        self._own = own

    def filter(self, record: logging.LogRecord) -> bool:
        return (record.name == OWN or record.name.startswith(f"{OWN}.")) is self._own


class _WithoutText(logging.Formatter):
    """A record of a library without what it says."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "none"
        bare = logging.makeLogRecord(
            {**record.__dict__, "exc_info": None, "exc_text": None, "stack_info": None}
        )
        bare.msg, bare.args = f"library-message at_line={record.module}:{record.lineno} kind={kind}", ()
        return super().format(bare)


@contextmanager
def to_stderr() -> Iterator[None]:
    """Log to stderr for as long as this lasts."""
    ours, theirs = logging.StreamHandler(), logging.StreamHandler()
    ours.setFormatter(_timed(logging.Formatter(f"{_HEAD} event=%(message)s", "%Y-%m-%dT%H:%M:%S")))
    ours.addFilter(_Own(own=True))
    theirs.setFormatter(_timed(_WithoutText(f"{_HEAD} event=%(message)s", "%Y-%m-%dT%H:%M:%S")))
    theirs.addFilter(_Own(own=False))
    theirs.setLevel(logging.WARNING)
    root, own = logging.getLogger(), logging.getLogger(OWN)
    hook = threading.excepthook
    threading.excepthook = _thread_failed
    own.setLevel(logging.INFO)
    for handler in (ours, theirs):
        root.addHandler(handler)
    try:
        with _led_to_root(_HEADSTRONG):
            yield
    finally:
        threading.excepthook = hook
        for handler in (ours, theirs):
            root.removeHandler(handler)


@contextmanager
def _led_to_root(names: tuple[str, ...]) -> Iterator[None]:
    """Let these loggers speak through the root's handlers alone.

    A handler that does nothing stays on each: the durable engine adds one with full texts to a logger that
    has none, and then keeps the root out.
    """
    kept = []
    for name in names:
        one = logging.getLogger(name)
        kept.append((one, one.handlers, one.level, one.propagate, one.disabled))
        one.handlers, one.propagate, one.disabled = [logging.NullHandler()], True, False
        one.setLevel(logging.NOTSET)
    try:
        yield
    finally:
        for one, handlers, level, propagate, disabled in kept:
            one.handlers, one.propagate, one.disabled = handlers, propagate, disabled
            one.setLevel(level)


def _timed(formatter: logging.Formatter) -> logging.Formatter:
    formatter.converter = time.gmtime
    return formatter


def _thread_failed(told: threading.ExceptHookArgs) -> None:
    name = told.thread.name if told.thread else ""
    log.error("thread-failed thread=%s kind=%s", name, told.exc_type.__name__)
