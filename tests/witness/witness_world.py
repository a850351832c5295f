# SPDX-License-Identifier: Apache-2.0
"""What the tests of witnesses share: a witness's key, and a server that answers whatever it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sluicegate.ledger import keys

PAPER = keys.from_seed("paper.example/witness", b"\x21" * 32)


@contextmanager
def hostile(*pieces: bytes, hang: bool = False) -> Iterator[str]:
    """The address of a server that sends these bytes to everybody, and then closes or hangs."""
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    held: list[socket.socket] = []

    def serve() -> None:
        while not stop.is_set():
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            held.append(peer)
            try:
                _whole(peer)
                for piece in pieces:
                    peer.sendall(piece)
            except OSError:
                continue
            if not hang:
                peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stop.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)
        for peer in held:
            peer.close()


def _whole(peer: socket.socket) -> None:
    """Read a request to its end: closing before that would take our answer away from who asked."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += peer.recv(65_536) or b"\r\n\r\n"
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    while len(body) < int(lengths[0] if lengths else 0):
        body += peer.recv(65_536)


def said(status: str, body: bytes, kind: str = "text/plain") -> bytes:
    """An answer over HTTP, as bytes."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"{head}\r\n\r\n".encode() + body
