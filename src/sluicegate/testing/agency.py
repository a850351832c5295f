# SPDX-License-Identifier: Apache-2.0
"""A fake agency for tests and drills: it submits over real SMTP, HTTP or a folder, and has real mailboxes.

Nothing here is replaced by a double: bytes go through sockets and files. A `Mailbox` can be told to misbehave
as mailboxes do: to refuse for now, or to take a message and then vanish before saying so.
"""

from __future__ import annotations

import base64
import re
import smtplib
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as default_policy
from pathlib import Path
from typing import cast

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session

from sluicegate.delivery.mail import SEQUENCE_HEADER
from sluicegate.errors import DeliveryError
from sluicegate.intake.listen import bound
from sluicegate.intake.server import SocketController, mute_library_log
from sluicegate.itl.detect import peek_any

_TIMEOUT_S = 30.0
_LINE_START_DOT = re.compile(rb"(?:\A|(?<=\r\n))\.")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an SMTP server said: its code and its text."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """What the HTTP intake said: the status and its JSON; `ticket` is empty where none was given."""

    status: int
    said: dict[str, object]

    @property
    def ticket(self) -> str:
        return str(self.said.get("ticket") or "")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer fetched over HTTP."""

    message_id: str
    kind: str
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """One answer in a mailbox. `kind` is the TOT of an ANSI/NIST answer, or RECEIPT."""

    kind: str
    body: bytes
    sequence: int
    message_id: str
    text: str  # what a person reads without opening the attachment


class AgencySimulator:
    """Submits as an agency does."""

    def submit_mail(self, host: str, port: int, data: bytes, *, attach: bool = True) -> Reply:
        """Mail one transaction: as an attachment, or bare, without any header, as curl does.

        Raises DeliveryError where the server cannot be reached or hangs up.
        """
        return self.send_mail(host, port, attached([data]) if attach else data)

    def send_mail(self, host: str, port: int, content: bytes) -> Reply:
        """Send this very content and return the reply to it. Raises DeliveryError."""
        try:
            with smtplib.SMTP(host, port, local_hostname="agency.example", timeout=_TIMEOUT_S) as smtp:
                for command in ("ehlo agency.example", "mail from:<desk@agency.example>", "rcpt to:<door@x>"):
                    code, text = smtp.docmd(command)
                    if code >= 400:
                        return Reply(code, text.decode("ascii", "replace"))
                code, text = smtp.docmd("data")
                if code == 354:
                    # smtplib's own stuffing also doubles dots after a lone LF, which no server undoes.
                    end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
                    smtp.send(_LINE_START_DOT.sub(b"..", content) + end)
                    code, text = smtp.getreply()
                return Reply(code, text.decode("ascii", "replace"))
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError("The exchange's SMTP intake hung up or cannot be reached.") from error

    def submit_http(self, url: str, data: bytes) -> Submitted:
        """POST one transaction as a raw body; `url` is the intake's, such as http://127.0.0.1:8025."""
        answer = httpx.post(
            f"{url}/v1/transactions",
            content=data,
            headers={"Content-Type": "application/octet-stream"},
            timeout=_TIMEOUT_S,
        )
        return Submitted(answer.status_code, answer.json())

    def answers(self, url: str, ticket: str) -> list[Fetched]:
        """Answers that wait under a ticket. Raises DeliveryError where the ticket opens nothing."""
        answer = httpx.get(f"{url}/v1/answers/{ticket}", timeout=_TIMEOUT_S)
        if answer.status_code != 200:
            raise DeliveryError(f"The exchange answered {answer.status_code}.")
        return [
            Fetched(one["message"], one["kind"], one["sequence"], base64.b64decode(one["body"]))
            for one in answer.json()
        ]

    def drop(self, incoming: Path, name: str, data: bytes) -> None:
        """Put a file into a watched folder: written under another name, then renamed."""
        spare = incoming / f"{name}.part"
        spare.write_bytes(data)
        spare.rename(incoming / name)


def attached(files: list[bytes], text: str = "Booking attached.\n") -> bytes:
    """A mail with a short text and each file as a base64 attachment."""
    mail = EmailMessage()
    mail["From"] = "desk@agency.example"
    mail["To"] = "door@exchange.example"
    mail["Subject"] = "Booking"
    mail.set_content(text)
    for number, data in enumerate(files, 1):
        mail.add_attachment(
            data, maintype="application", subtype="octet-stream", filename=f"booking-{number}.an2"
        )
    return mail.as_bytes(policy=default_policy.clone(linesep="\r\n"))


class Mailbox:
    """An SMTP server on a free loopback port that keeps what arrives, per ORI.

    A repeat (same Message-ID) is absorbed and counted, as `docs/how-to/submit.md` asks of agencies.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._kept: dict[str, dict[str, Received]] = {}
        self._fail = 0
        self._drop = 0
        self._repeats = 0
        self._refused = 0
        self._controller: SocketController | None = None
        self.port = 0

    @property
    def address(self) -> str:
        """host:port, as the setting `smarthost` wants it."""
        return f"127.0.0.1:{self.port}"

    @property
    def repeats(self) -> int:
        """How many repeats were absorbed."""
        with self._changed:
            return self._repeats

    @property
    def refused(self) -> int:
        """How many deliveries were refused for now, because the mailbox was told to."""
        with self._changed:
            return self._refused

    def start(self) -> Mailbox:
        """Listen on the port of before, or on a free one."""
        mute_library_log()
        sock = bound("127.0.0.1", self.port, "mailbox")
        self.port = sock.getsockname()[1]
        self._controller = SocketController(self, sock, max_message=64 * 1024 * 1024)
        self._controller.start()
        return self

    def close(self) -> None:
        """Stop listening; what was kept stays."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def fail_next(self, count: int) -> None:
        """Answer the next `count` deliveries with 451 and keep nothing of them."""
        with self._changed:
            self._fail = count

    def drop_next(self, count: int) -> None:
        """Take the next `count` deliveries, then drop the connection instead of replying."""
        with self._changed:
            self._drop = count

    def received(self, ori: str) -> list[Received]:
        """What an agency has, in order of arrival."""
        with self._changed:
            return list(self._kept.get(ori.upper(), {}).values())

    def wait_for(self, ori: str, count: int, timeout_s: float = 30.0) -> list[Received]:
        """What an agency has, as soon as that is at least `count` answers, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._kept.get(ori.upper(), {})) >= count, timeout_s)
        return self.received(ori)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Hook of the SMTP server: one mail has arrived."""
        assert isinstance(envelope.content, bytes)
        with self._changed:
            if self._fail > 0:
                self._fail -= 1
                self._refused += 1
                self._changed.notify_all()
                return "451 4.2.1 mailbox busy"
            for recipient in envelope.rcpt_tos:
                self._keep(recipient.partition("@")[0].upper(), envelope.content)
            self._changed.notify_all()
            hang_up = self._drop > 0
            self._drop -= hang_up
        if hang_up and server.transport is not None:
            server.transport.close()
        return "250 2.0.0 kept"

    async def handle_exception(self, error: Exception) -> str:  # noqa: ARG002
        """Hook of the SMTP server: the mail could not be read."""
        return "451 4.3.0 trouble in the mailbox"

    def _keep(self, ori: str, content: bytes) -> None:
        one = _read(content)
        kept = self._kept.setdefault(ori, {})
        if one.message_id in kept:
            self._repeats += 1
        else:
            kept[one.message_id] = one


def _read(content: bytes) -> Received:
    mail = BytesParser(policy=default_policy).parsebytes(content)
    body = b""
    for part in mail.iter_attachments():
        body = cast(bytes, part.get_payload(decode=True))
    readable = mail.get_body(("plain",))
    header = peek_any(body)
    return Received(
        kind=header.tot if header else "RECEIPT",
        body=body,
        sequence=int(str(mail[SEQUENCE_HEADER])),
        message_id=str(mail["Message-ID"]).strip("<>").rpartition("@")[0],
        text=str(readable.get_content()).replace("\r\n", "\n") if readable else "",
    )
