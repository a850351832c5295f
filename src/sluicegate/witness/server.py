# SPDX-License-Identifier: Apache-2.0
"""A witness over HTTP: `POST /add-checkpoint`, and a page at `/` that says who it is.

Nothing that comes in or goes out is secret, and every cosignature is signed, so plain HTTP takes nothing from
what it proves. A proxy in front is still wise: it keeps slow and hostile connections off.
"""

from __future__ import annotations

import asyncio
import logging
import socket

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sluicegate.errors import SettingsError, StoreError
from sluicegate.httpd import HttpServer
from sluicegate.ledger import cosign
from sluicegate.witness.judge import Reply, Witness
from sluicegate.witness.wire import MAX_BODY_BYTES

log = logging.getLogger("sluicegate.witness")

BODY_WITHIN_S = 10.0


def application(witness: Witness, *, body_within_s: float = BODY_WITHIN_S) -> Starlette:
    """The application. A body has MAX_BODY_BYTES at most and must arrive in `body_within_s` seconds."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(body_within_s):
                body = await _body(request)
            if body is None:
                return _answer(Reply(413, f"A request has {MAX_BODY_BYTES} bytes at most.\n"))
            return _answer(await run_in_threadpool(witness.add_checkpoint, body))
        except TimeoutError:
            return _answer(Reply(408, "The request did not arrive in time.\n"))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except StoreError as error:
            log.error("witness-not-remembered kind=%s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 a stranger must never see a fault of ours
            log.error("witness-failed kind=%s", type(error).__name__)
        return _answer(Reply(503, "This cannot be done now. Ask again later.\n"))

    async def who(_request: Request) -> Response:
        return _answer(Reply(200, _card(witness)))

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/", who, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _plain},
    )


def _card(witness: Witness) -> str:
    key = cosign.verifier_key(witness.key)
    return (
        f"This is the witness {key.name}.\n\n"
        f"Its key: {key}\n\n"
        "It cosigns the checkpoints of the logs that it watches, if they never take anything back.\n"
        "Logs ask by POST /add-checkpoint, see https://c2sp.org/tlog-witness.\n"
        "Do not take its key from this page alone: ask the people who run it.\n"
    )


def _answer(reply: Reply) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    # Not `media_type`: that would add a charset to text/x.tlog.size.
    return Response(reply.body, reply.status, {"Content-Type": reply.content_type, **headers})


async def _body(request: Request) -> bytes | None:
    """The body, or None where it is too long; never more than the limit and one piece is in memory."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


async def _plain(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return PlainTextResponse("There is nothing here but POST /add-checkpoint.\n", status)


class WitnessServer:
    """Serves an application in a thread of its own."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._asked = port
        self._server: HttpServer | None = None
        self.port = port

    @property
    def url(self) -> str:
        """Where it listens."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def start(self) -> WitnessServer:
        """Listen; then `port` is the real one. Raises SettingsError where it is taken or not permitted."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            sock = socket.create_server((self._host, self._asked), family=family, backlog=64)
        except (OSError, OverflowError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "no such address"
            raise SettingsError(
                f"Port {self._asked} cannot be used: {why}.",
                advice="Choose another --port, or another --host.",
            ) from error
        self._server = HttpServer(self._app, sock, "witness")
        self.port = self._server.port
        self._server.start()
        return self

    def tell_to_stop(self) -> None:
        """Begin to stop, without waiting for it."""
        if self._server is not None:
            self._server.tell_to_stop()

    def close(self) -> None:
        """Stop listening and let requests under way finish, up to five seconds."""
        if self._server is not None:
            self._server.close()
            self._server = None
