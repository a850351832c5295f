# SPDX-License-Identifier: Apache-2.0
"""The door over SMTP (RFC 5321), on aiosmtpd. 250 is said only when the bytes are durable.

The envelope's sender is neither used nor logged: answers go to the mailbox of the ORI.
"""

from __future__ import annotations

import asyncio
import logging

from aiosmtpd.smtp import SMTP, Envelope, Session

from sluicegate.errors import InputRefused, StoreError
from sluicegate.intake.door import Door
from sluicegate.intake.listen import bound
from sluicegate.intake.parts import Part, transactions
from sluicegate.intake.server import SocketController, mute_library_log

log = logging.getLogger("sluicegate.intake")

_TROUBLE = "451 4.3.0 trouble here, please try again later"
_FULL = "451 4.3.1 try again later"
_AT_A_TIME = 2
_REPLY_CHARS = 400  # RFC 5321, 4.5.3.1.5: a reply line has at most 512 octets


class MailHandler:
    """Turns one mail into a reply. `Hooks`."""

    def __init__(self, door: Door, max_parts: int) -> None:
        self._door = door
        self._max_parts = max_parts
        self._slots = asyncio.Semaphore(_AT_A_TIME)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Called at the end of DATA; what it returns is the reply."""
        content = envelope.content
        assert isinstance(content, bytes), "the server was told not to decode"
        envelope.content = envelope.original_content = None
        async with self._slots:
            # In a thread: taking a case in waits for the disk, and the loop must serve the others meanwhile.
            # If the sender goes away now, the case is kept and the sender's repeat is absorbed.
            return await asyncio.to_thread(self.reply_to, content)

    async def handle_exception(self, error: Exception) -> str:
        """Called for whatever breaks inside the library itself."""
        log.error("mail-broken kind=%s", type(error).__name__)
        return _TROUBLE

    def reply_to(self, content: bytes) -> str:
        """Take everything that the mail carries, or nothing, and say so in one reply line."""
        try:
            return f"250 2.0.0 taken {self._take(content)} transaction(s)"
        except InputRefused as error:
            return f"554 5.6.0 {_one_line(error)}"
        except StoreError as error:
            log.error("mail-not-stored kind=%s", type(error).__name__)
            return _FULL
        except Exception as error:  # noqa: BLE001 a sender must never see, nor lose a booking by, our fault
            log.error("mail-failed kind=%s", type(error).__name__)
            return _TROUBLE

    def _take(self, content: bytes) -> int:
        parts = transactions(content, self._max_parts)
        for part in parts:
            self._check(part)
        # If we crash between two of these, the sender heard nothing and sends all of them again; those that
        # were taken are absorbed.
        for part in parts:
            self._door.accept(part.data, "smtp")
        return len(parts)

    def _check(self, part: Part) -> None:
        try:
            self._door.check(part.data)
        except InputRefused as error:
            raise InputRefused(
                f"Part {part.number}: {error.message}", code=error.code, advice=error.advice
            ) from None


def _one_line(error: InputRefused) -> str:
    text = " ".join(f"{error.message} {error.advice}".split())
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:_REPLY_CHARS]


class MailIntake:
    """The SMTP server of the exchange. `max_bytes` is the largest transaction; a mail may be longer."""

    def __init__(self, door: Door, host: str, port: int, *, max_bytes: int, max_parts: int) -> None:
        self._handler = MailHandler(door, max_parts)
        self._host = host
        self._asked = port
        # base64 in lines of 76 takes 4/3 * 78/76 of the bytes; the rest is for headers and text beside.
        self._max_message = max_bytes * 7 // 5 + 256 * 1024
        self._controller: SocketController | None = None
        self.port = port

    def start(self) -> None:
        """Listen; then `port` is the real one. Raises SettingsError where it is taken or not permitted."""
        mute_library_log()
        sock = bound(self._host, self._asked, "smtp")
        self.port = sock.getsockname()[1]
        self._controller = SocketController(self._handler, sock, max_message=self._max_message)
        self._controller.start()

    def close(self) -> None:
        """Stop listening and end every session; what was not answered 250 is sent again by its sender."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None
