# SPDX-License-Identifier: Apache-2.0
"""aiosmtpd, made safe for fingerprints: the only module that knows the library's habits.

Four dangers are answered. It logs every line at DEBUG: its log is shut. It answers a crash with 500, which
is for ever, and the exception's text: `Hooks` has `handle_exception`. It finds hooks by the spelling of
their names: the Protocol and a test hold them. It keeps whole messages in memory: their size, the
connections, and (in the handler) the messages worked on at a time are capped.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_BUSY = b"421 4.3.2 too many connections, please try again later\r\n"
_MAX_CONNECTIONS = 32
_MAX_COMMANDS = 1000  # of one verb in one connection


class Hooks(Protocol):
    """Every hook of the library that is used, spelled as it looks for them."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str: ...  # noqa: N802

    async def handle_exception(self, error: Exception) -> str: ...


def mute_library_log() -> None:
    """Shut the library's log: it carries senders, recipients, and at DEBUG every line of every mail.

    A filter, not a level: a level is easily set back by whoever configures logging later.
    """
    logging.getLogger("mail.log").addFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False


class SocketController(Controller):
    """aiosmtpd's server thread, on a socket that is bound already."""

    def __init__(self, hooks: Hooks, sock: socket.socket, *, max_message: int) -> None:
        host, port = sock.getsockname()[:2]
        super().__init__(hooks, host, port, ready_timeout=30.0)
        self._sock = sock
        self._max_message = max_message
        self._open: set[_Connection] = set()

    async def _serve(self) -> asyncio.Server:
        return await self.loop.create_server(self._factory_invoker, sock=self._sock)

    _create_server = _serve

    def factory(self) -> SMTP:
        """One protocol object for each connection."""
        return _Connection(self.handler, self.loop, self._open, self._max_message)


class _Connection(SMTP):
    def __init__(
        self, hooks: Hooks, loop: asyncio.AbstractEventLoop, siblings: set[_Connection], max_message: int
    ) -> None:
        # A file sent as it is has lines of any length; the size limit bounds them.
        self.line_length_limit = max_message
        self._siblings = siblings
        super().__init__(
            hooks,
            data_size_limit=max_message,
            hostname="sluicegate",
            ident="ESMTP",
            command_call_limit=_MAX_COMMANDS,
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._siblings.add(self)
        if len(self._siblings) > _MAX_CONNECTIONS and isinstance(transport, asyncio.WriteTransport):
            transport.write(_BUSY)
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._siblings.discard(self)
        super().connection_lost(error)
