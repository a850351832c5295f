# SPDX-License-Identifier: Apache-2.0
"""Answers by mail: one message per answer, handed to a smarthost over SMTP (RFC 5321, RFC 2045 to 2047).

INVARIANT: nothing received from outside gets into a header or into the envelope. The only values that vary
there are an ORI, our own message's name and a sequence number, each checked by a pattern first.
"""

from __future__ import annotations

import re
import smtplib
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime

from sluicegate.delivery.post import Carrier, suffix
from sluicegate.errors import DeliveryError, SettingsError
from sluicegate.store.journal import Outgoing

SUBJECT = "Answer of the fingerprint exchange"
SEQUENCE_HEADER = "X-Sluicegate-Sequence"

_TIMEOUT_S = 30.0
_ORI = re.compile(r"[A-Z0-9]{9}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_DOMAIN = re.compile(r"(?=.{1,200}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]*[A-Za-z0-9])*")
_COVER = (
    "The attached file is an answer of the fingerprint exchange, an ANSI/NIST-ITL transaction.\n"
    "A message with the same Message-ID is a repeat; keep one.\n"
)


def to_mail(smarthost: str, domain: str) -> Carrier:
    """A carrier that mails to `<ori in lower case>@<domain>` through `smarthost` ("host:port").

    Raises SettingsError at once where either is unusable. The carrier raises DeliveryError on any trouble;
    when it returns, the smarthost has answered 250 and is answerable for the message.
    """
    host, port = _address(smarthost)
    if not _DOMAIN.fullmatch(domain):
        raise SettingsError(
            "The setting `mail_domain` is not a domain name.", advice="Write it like agencies.example."
        )

    def carry(message: Outgoing, body: bytes) -> None:
        mail = compose(message, body, domain)
        _send(host, port, domain, mail)

    return carry


def _address(smarthost: str) -> tuple[str, int]:
    host, colon, port = smarthost.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SettingsError("The setting `smarthost` is not host:port.", advice="Write it like 127.0.0.1:25.")
    return host, int(port)


def compose(message: Outgoing, body: bytes, domain: str) -> EmailMessage:
    """The mail that carries an answer; composing it again gives the same mail but for MIME boundaries.

    Raises DeliveryError where the recipient or the name of the message could not stand in a header.
    """
    if not _ORI.fullmatch(message.recipient):
        raise DeliveryError("The recipient is not an ORI of nine characters, so no mailbox can be named.")
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise DeliveryError("The message's name cannot stand in a mail header.")
    receipt = message.kind == "RECEIPT"
    mail = EmailMessage()
    mail["From"] = f"exchange@{domain}"
    mail["To"] = f"{message.recipient.lower()}@{domain}"
    mail["Subject"] = SUBJECT
    mail["Date"] = format_datetime(message.created)
    mail["Message-ID"] = f"<{message.message_id}@{domain}>"
    mail[SEQUENCE_HEADER] = str(int(message.sequence))
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps out-of-office replies away
    # A receipt is for people: they read it without opening anything. The attachment is what they keep,
    # because mail may change the line ends of a text but not of a file.
    mail.set_content(body.decode("utf-8", "replace") if receipt else _COVER)
    name = f"{message.message_id}.{suffix(message.kind, body)}"
    main, sub = ("text", "plain") if receipt else ("application", "octet-stream")
    mail.add_attachment(body, maintype=main, subtype=sub, filename=name)
    return mail


def _send(host: str, port: int, domain: str, mail: EmailMessage) -> None:
    try:
        smtp = smtplib.SMTP(host, port, local_hostname=domain, timeout=_TIMEOUT_S)
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError("The mail relay cannot be reached; the message stays queued.") from error
    try:
        smtp.send_message(mail)
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"The mail relay answered {int(error.smtp_code)}; the message stays queued."
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({int(code) for code, _ in error.recipients.values()})
        raise DeliveryError(
            f"The mail relay refused the mailbox ({', '.join(map(str, codes))}); the message stays queued."
        ) from error
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise DeliveryError("The mail relay did not take the message; it stays queued.") from error
    else:
        # Taken is taken: what goes wrong while saying goodbye must not send it a second time.
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
    finally:
        smtp.close()
