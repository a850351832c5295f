# SPDX-License-Identifier: Apache-2.0
"""The door over HTTP: submit a booking, fetch its answers with the ticket that submitting gave.

A ticket is a capability: whoever has it may read the answers of one case, and nobody else may. It is the
case's name and its HMAC-SHA256 under the installation's secret, so nothing is stored, and it cannot be
guessed. Only the reply that opened the case carries it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import logging
import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sluicegate.errors import InputRefused, Missing, SettingsError, StoreError
from sluicegate.exchange.engine import Clock
from sluicegate.httpd import HttpServer
from sluicegate.intake.door import Accepted, Door
from sluicegate.intake.listen import bound
from sluicegate.intake.parts import in_form
from sluicegate.store.journal import Outgoing, Store

log = logging.getLogger("sluicegate.intake")

RAW_TYPES = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})
"""Content types of a body that is the file itself. The last is what curl and wget say when told nothing."""

_TICKET = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})\.([0-9a-f]{64})")
_SECRET_BYTES = 32
_FORM_EXTRA = 256 * 1024  # boundaries and part headers beside the files
_NO_TICKET = "These bytes were taken in before; only the reply to that first submission carries a ticket."


class Trouble(Exception):
    """An answer that is not success: a status, a sentence, and what to do."""

    def __init__(self, status: int, sentence: str, advice: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.advice = advice


def _answer(held: object, status: int = 200) -> JSONResponse:
    return JSONResponse(held, status, headers={"Cache-Control": "no-store"})


def _told(trouble: Trouble) -> JSONResponse:
    return _answer({"error": trouble.sentence, "advice": trouble.advice}, trouble.status)


def _no_such_ticket() -> Trouble:
    return Trouble(404, "There is no such ticket.", "Use the ticket exactly as it was given.")


class Tickets:
    """Makes and checks tickets. `secret` has 32 bytes; changing it voids every ticket."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _SECRET_BYTES:
            raise SettingsError("The secret for tickets has not 32 bytes.", advice="Restore its key file.")
        self._secret = secret

    def give(self, case_id: str) -> str:
        """The ticket of a case."""
        seal = hmac.new(self._secret, b"ticket:" + case_id.encode("ascii"), hashlib.sha256)
        return f"{case_id}.{seal.hexdigest()}"

    def case_of(self, ticket: str) -> str | None:
        """The case that a ticket opens, or None; takes the same time for every wrong seal."""
        parts = _TICKET.fullmatch(ticket)
        if parts is None:
            return None
        return parts[1] if hmac.compare_digest(self.give(parts[1]), ticket) else None


class _Api:
    def __init__(
        self, door: Door, stores: Sequence[Store], clock: Clock, tickets: Tickets, max_parts: int
    ) -> None:
        self._door = door
        self._stores = tuple(stores)
        self._clock = clock
        self._tickets = tickets
        self._max_parts = max_parts

    async def submit(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        form = kind.split(";")[0].strip().lower() == "multipart/form-data"
        _check_headers(request, form=form)
        body = await _body(request, self._door.max_bytes + (_FORM_EXTRA if form else 0))
        return await run_in_threadpool(self._take, kind if form else "", body)

    def _take(self, form_type: str, body: bytes) -> Response:
        try:
            files = [p.data for p in in_form(form_type, body, self._max_parts)] if form_type else [body]
            for data in files:
                self._door.check(data)
            # If we crash between two of these, the sender heard nothing; the repeat is absorbed, but the
            # tickets of those that were taken are lost. That is why docs advise one file per request.
            taken = [self._receipt(self._door.accept(data, "http")) for data in files]
        except InputRefused as error:
            raise Trouble(400, error.message, error.advice) from None
        first, *others = taken
        return _answer({**first, "others": others}, 202)

    def _receipt(self, accepted: Accepted) -> dict[str, object]:
        told: dict[str, object] = {
            "case": accepted.case_id,
            "tcn": accepted.tcn,
            "ticket": None if accepted.duplicate else self._tickets.give(accepted.case_id),
            "duplicate": accepted.duplicate,
        }
        return {**told, "note": _NO_TICKET} if accepted.duplicate else told

    async def answers(self, request: Request) -> Response:
        if request.method != "GET":  # HEAD comes with GET, and would mark as delivered what nobody saw
            raise HTTPException(405)
        case_id = self._tickets.case_of(request.path_params["ticket"])
        if case_id is None:
            raise _no_such_ticket()
        return await run_in_threadpool(self._fetch, case_id)

    def _fetch(self, case_id: str) -> Response:
        try:
            submitter = self._stores[0].case(case_id).ori
        except Missing:
            raise _no_such_ticket() from None
        answers = [
            self._hand_over(store, message)
            for store in self._stores
            for message in store.on_channel(f"http:{case_id}")
            if message.recipient == submitter
        ]
        return _answer(answers)

    def _hand_over(self, store: Store, message: Outgoing) -> dict[str, object]:
        body = store.outgoing.get(message.digest)
        if message.state == "queued":
            # If we crash after this commit, the answer still lies here and the same ticket fetches it again.
            with store.session() as session:
                store.delivered(session, message, self._clock())
        return {
            "message": message.message_id,
            "kind": message.kind,
            "sequence": message.sequence,
            "body": base64.b64encode(body).decode("ascii"),
        }


def _check_headers(request: Request, *, form: bool) -> None:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if not form and kind not in RAW_TYPES:
        raise Trouble(
            415,
            "A body of this content type is not taken.",
            "Send the file as application/octet-stream, or as a file of multipart/form-data.",
        )
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Trouble(415, "A compressed body is not taken.", "Send the file as it is.")


async def _body(request: Request, limit: int) -> bytes:
    """The body, never more than `limit` bytes of it in memory, whatever its header promised."""
    too_large = Trouble(413, f"The body is larger than {limit} bytes.", "Send fewer images.")
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)


Endpoint = Callable[[Request], Awaitable[Response]]


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def run(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HTTPException:
            raise
        except Trouble as trouble:
            return _told(trouble)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except StoreError as error:
            log.error("http-not-stored kind=%s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 a sender must never see, nor lose a booking by, our fault
            log.error("http-failed kind=%s", type(error).__name__)
        return _told(Trouble(503, "This cannot be done now.", "Try again later."))

    return run


async def _healthy(_request: Request) -> Response:
    return _answer({"ok": True})


async def _plain(_request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        return _told(
            Trouble(405, "This method is not possible at this address.", "POST transactions; GET answers.")
        )
    return _told(Trouble(404, "There is nothing at this address.", "POST to /v1/transactions."))


def api(
    door: Door, stores: Sequence[Store], *, clock: Clock, secret: bytes, max_parts: int = 20
) -> Starlette:
    """The application. `stores` are the bureau's and then those of other roles whose answers go out here.

    Raises SettingsError where the secret has not 32 bytes. It is the caller's to serve it over TLS or on
    loopback only: a ticket read on the wire opens the answers.
    """
    served = _Api(door, stores, clock, Tickets(secret), max_parts)
    return Starlette(
        routes=[
            Route("/v1/transactions", _guarded(served.submit), methods=["POST"]),
            Route("/v1/answers/{ticket}", _guarded(served.answers), methods=["GET"]),
            Route("/v1/health", _healthy, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _plain},
    )


class WebIntake:
    """Serves the application on a loopback address in a thread of its own."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        if not _is_loopback(host):
            raise SettingsError(
                "The HTTP intake has no transport security yet, so it listens on loopback addresses only.",
                advice="Set `http_host` to 127.0.0.1 and put a TLS proxy in front.",
            )
        self._app = app
        self._host = host
        self._asked = port
        self._server: HttpServer | None = None
        self.port = port

    def start(self) -> None:
        """Listen; then `port` is the real one. Raises SettingsError where it is taken or not permitted."""
        self._server = HttpServer(self._app, bound(self._host, self._asked, "http"), "http", at_once=32)
        self.port = self._server.port
        self._server.start()

    def close(self) -> None:
        """Stop listening and let requests under way finish, up to five seconds."""
        if self._server is not None:
            self._server.close()
            self._server = None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
