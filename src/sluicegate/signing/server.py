# SPDX-License-Identifier: Apache-2.0
"""The signing process: holds a private key and signs what `ledger.signing.judge` lets pass.

It is asked over a Unix socket, and logs and counts what it signed by kind and log, and never a content.
"""

from __future__ import annotations

import logging
import os
import socket
import stat
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from sluicegate.errors import LedgerError, SettingsError
from sluicegate.ledger import signing
from sluicegate.ledger.note import LogSigner
from sluicegate.signing.client import receive

log = logging.getLogger("sluicegate.signer")

REQUEST_WITHIN_S = 5.0
_WORKERS = 8


class SigningServer:
    """Signs until it is closed.

    Args:
        key: the key; a device of your own stands here as any other `LogSigner`.
        path: of the socket; made with mode 0600, or 0660 where a `group` of accounts may ask.
    """

    def __init__(self, key: LogSigner, path: Path, *, group: int | None = None) -> None:
        self._key = key
        self._path = path
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._socket = _listen(path, group)
        self._inode = path.stat().st_ino
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="signer")
        self._thread = threading.Thread(target=self._serve, name="signer", daemon=True)

    def start(self) -> SigningServer:
        """Begin to answer."""
        self._thread.start()
        return self

    def counts(self) -> dict[tuple[str, str], int]:
        """How many signatures of each kind were given for each log."""
        with self._lock:
            return dict(self._counts)

    def close(self) -> None:
        """Answer nobody any more and remove the socket."""
        self._closed.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._thread.ident is not None:
            self._thread.join(timeout=10)
        self._pool.shutdown(wait=True)
        with suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:  # not one that somebody has put there since
                self._path.unlink()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError as error:
                if self._closed.wait(0.1):
                    return
                log.error("accept-failed kind=%s", type(error).__name__)  # no descriptors left, say
                continue
            self._pool.submit(self._answer, line)

    def _answer(self, line: socket.socket) -> None:
        with closing(line):
            line.settimeout(REQUEST_WITHIN_S)
            try:
                line.sendall(self._said(line))
            except LedgerError as error:
                log.warning("refused-to-sign reason=%s", error.message.replace(" ", "-"))
                with suppress(OSError):
                    line.sendall(signing.answer(refused=error.message))
            except OSError as error:
                log.warning("asker-lost kind=%s", type(error).__name__)

    def _said(self, line: socket.socket) -> bytes:
        request = signing.read_request(receive(line))
        if request.text is None:
            return signing.answer(key=str(self._key.public))
        kind = signing.judge(self._key.public, request)
        of = request.name.removeprefix(self._key.name).removeprefix("/")
        signature = (self._key.under(of) if of else self._key).sign(request.text.encode("utf-8"))
        with self._lock:
            self._counts[kind.value, of] += 1
            number = self._counts[kind.value, of]
        log.info("signed kind=%s log=%s number=%d", kind.value, of or "-", number)
        return signing.answer(signature)


def _listen(path: Path, group: int | None) -> socket.socket:
    _clear(path)
    opened = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # nobody else may connect, not even between bind and chmod
    try:
        opened.bind(str(path))
        if group is not None:
            os.chown(path, -1, group)
            path.chmod(0o660)
        opened.listen(64)
    except OSError as error:
        opened.close()
        raise SettingsError(
            f"The socket {path} cannot be made: {error.strerror or error}.",
            advice="Choose a short path in a folder that only you may write to.",
        ) from None
    finally:
        os.umask(before)
    return opened


def _clear(path: Path) -> None:
    """Remove the socket that a signer left behind when it was killed."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SettingsError(f"{path} is there already, and is no socket.", advice="Choose another path.")
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise SettingsError(f"A signer serves at {path} already.", advice="Stop it first.")
