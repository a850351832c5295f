# SPDX-License-Identifier: Apache-2.0
"""Serves an application over HTTP in a thread of its own: what the doors, a witness and the site share."""

from __future__ import annotations

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from sluicegate.errors import SettingsError

_START_S = 30.0
_FINISH_S = 5


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class HttpServer:
    """An application on a socket that listens already. Nothing of a request is logged here."""

    def __init__(self, app: ASGIApp, listening: socket.socket, name: str, *, at_once: int = 64) -> None:
        self._socket = listening
        self._name = name
        self.port: int = listening.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=at_once,
                timeout_graceful_shutdown=_FINISH_S,
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name=name, daemon=True)

    def start(self) -> None:
        """Answer requests from now on. Raises SettingsError where that does not begin within 30 seconds."""
        self._thread.start()
        if not self._server.ready.wait(_START_S):
            raise SettingsError(f"The {self._name} server did not start.", advice="Look at the log.")

    def tell_to_stop(self) -> None:
        """Begin to stop, without waiting for it."""
        self._server.should_exit = True

    def close(self) -> None:
        """Stop listening and let requests under way finish, up to five seconds."""
        self.tell_to_stop()
        if self._thread.is_alive():
            self._thread.join()
        else:
            self._socket.close()
