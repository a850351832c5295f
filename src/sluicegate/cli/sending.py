# SPDX-License-Identifier: Apache-2.0
"""How a transaction is handed to an exchange, as an agency would: by SMTP, by HTTP, into a folder."""

from __future__ import annotations

import base64
import os
import secrets
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import httpx

from sluicegate.errors import DeliveryError, InputRefused, UsageError, quoted
from sluicegate.exchange.case import MessageKind

_TIMEOUT_S = 60.0
_SENDER, _RECIPIENT = "agency@agencies.example", "intake@sluicegate.example"


@dataclass(frozen=True, slots=True)
class Sent:
    """What the exchange said, and the ticket to fetch answers with where it gave one."""

    said: str
    ticket: str = ""
    name: str = ""  # of the file, where it was dropped into a folder


def by_smtp(server: str, data: bytes) -> Sent:
    """One mail with the transaction attached. Raises InputRefused (5xx) or DeliveryError (all else)."""
    host, port = address(server)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = _SENDER, _RECIPIENT, "Fingerprint transaction"
    mail.add_attachment(data, "application", "octet-stream", filename="transaction.an2")
    try:
        with smtplib.SMTP(host, port, timeout=_TIMEOUT_S) as session:
            session.ehlo()
            for code, said in (
                session.mail(_SENDER),
                session.rcpt(_RECIPIENT),
                session.data(mail.as_bytes()),
            ):
                _judge(code, said)
            return Sent(_clean(f"{code} {said.decode('latin-1')}"))
    except smtplib.SMTPResponseException as error:
        _judge(error.smtp_code, error.smtp_error)
        raise DeliveryError("The mail server broke off.") from error
    except (OSError, smtplib.SMTPException) as error:
        raise _unreachable(server) from error


def by_http(server: str, data: bytes) -> Sent:
    """One POST of the bytes. Raises InputRefused (4xx) or DeliveryError (all else)."""
    try:
        answer = httpx.post(
            f"{base(server)}/v1/transactions",
            content=data,
            headers={"Content-Type": "application/octet-stream"},
            timeout=_TIMEOUT_S,
        )
        held = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _unreachable(server) from error
    if answer.status_code != httpx.codes.ACCEPTED:
        said = _clean(str(held.get("error", "")))
        refused = 400 <= answer.status_code < 500
        sentence = f"The exchange said {answer.status_code}: {said}"
        raise InputRefused(sentence) if refused else DeliveryError(sentence)
    state = "taken before; these bytes are a repeat" if held.get("duplicate") else "taken"
    return Sent(f"{answer.status_code} {state}", str(held.get("ticket") or ""))


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer that was fetched with a ticket."""

    kind: str
    body: bytes


def answers(server: str, ticket: str) -> list[Fetched]:
    """The answers that lie ready for a ticket; fetching counts as delivery. Raises DeliveryError."""
    try:
        held = httpx.get(f"{base(server)}/v1/answers/{ticket}", timeout=_TIMEOUT_S).json()
        listed = held if isinstance(held, list) else []
        return [Fetched(_kind(one["kind"]), base64.b64decode(one["body"])) for one in listed]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _unreachable(server) from error


def by_folder(folder: Path, data: bytes, name: str) -> Sent:
    """One file, written beside under a name that is ignored, then renamed. Raises DeliveryError."""
    spare = folder / f".{secrets.token_hex(8)}.part"
    try:
        with spare.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        place = folder / f"{secrets.token_hex(4)}-{Path(name).name.lstrip('.') or 'transaction.an2'}"
        spare.rename(place)
    except OSError as error:
        raise DeliveryError(f"The folder {quoted(str(folder), 200)} refused: {error.strerror}.") from error
    return Sent(f"dropped as {quoted(place.name, 200)}", name=place.name)


def address(server: str) -> tuple[str, int]:
    """Host and port. Raises UsageError."""
    host, colon, port = server.removeprefix("http://").rstrip("/").rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"{quoted(server)} is not a server.", advice="Write it as HOST:PORT.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def base(server: str) -> str:
    """The URL that a server's API begins with."""
    address(server)
    return f"http://{server.removeprefix('http://').rstrip('/')}"


def _judge(code: int, said: bytes | str) -> None:
    if code < 400:
        return
    text = _clean(said.decode("latin-1") if isinstance(said, bytes) else said)
    sentence = f"The exchange said {code}: {text}"
    raise InputRefused(sentence) if code >= 500 else DeliveryError(sentence, advice="Try again later.")


def _unreachable(server: str) -> DeliveryError:
    return DeliveryError(
        f"The exchange at {quoted(server)} could not be reached, or broke off.",
        advice="Is it serving there? The bytes may have been taken: send them again, repeats are absorbed.",
    )


def _kind(said: object) -> str:
    """A kind that is known; what a server says becomes part of a file's name, so nothing else may."""
    return said if isinstance(said, str) and said in tuple(MessageKind) else "UNKNOWN"


def _clean(text: str) -> str:
    return quoted(" ".join(text.split()), 400)[1:-1]
