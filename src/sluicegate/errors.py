# SPDX-License-Identifier: Apache-2.0
"""The errors of this package, as one drawn tree.

::

    SluicegateError
    +-- UsageError        a person asked for something that cannot be done as asked
    +-- SettingsError     a setting is missing, unreadable, or contradicts another
    +-- InputRefused      bytes refused before or while reading them (never a stack trace)
    |   +-- ImageRefused  an image is over a cap, damaged, or of a kind that is not decoded
    |   +-- TemplateError template bytes are damaged, or come from another extractor
    +-- WorkerLost        a disposable worker was killed, ran out of time or memory
    +-- ShardLost         part of a gallery was not searched: the answer is incomplete
    +-- ProgramError      the data of a program (rules, choices, wording) is broken: file and row
    +-- LedgerError       the ledger cannot append or read
    |   +-- VerifyError   a proof, signature or receipt does not hold
    +-- StoreError        storage failed: disk full, permission, damaged file
    |   +-- Conflict      somebody else moved the case first; nothing was written
    |   +-- Missing       there is no such case, message, subject or blob
    +-- DeliveryError     a message could not be handed over; it stays queued

The docstring of a class is its default message. `message` is a sentence for people; `advice` says what
to do next; both are free of received bytes unless these are quoted by `quoted`.
"""

from __future__ import annotations


class SluicegateError(Exception):
    """Something in the exchange went wrong."""

    exit_code = 1

    def __init__(self, message: str | None = None, *, advice: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.advice = advice
        super().__init__(self.message)


class UsageError(SluicegateError):
    """That cannot be done as asked."""

    exit_code = 2


class SettingsError(SluicegateError):
    """A setting is missing, unreadable, or contradicts another."""

    exit_code = 2


class InputRefused(SluicegateError):
    """The input was refused."""

    exit_code = 3

    def __init__(self, message: str | None = None, *, code: str = "E0004", advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.code = code


class ImageRefused(InputRefused):
    """The image was refused."""


class TemplateError(InputRefused):
    """The template is damaged or was made by another extractor."""


class WorkerLost(SluicegateError):
    """A disposable worker was lost before it answered."""


class ShardLost(SluicegateError):
    """Part of the gallery was not searched, so the answer is incomplete."""


class ProgramError(SluicegateError):
    """The data of the program is broken."""

    exit_code = 2

    def __init__(self, message: str | None = None, *, file: str = "", row: int = 0, advice: str = "") -> None:
        place = f"{file}, row {row}: " if row else f"{file}: " if file else ""
        super().__init__(f"{place}{message or 'the data of the program is broken'}", advice=advice)
        self.file = file
        self.row = row


class LedgerError(SluicegateError):
    """The ledger cannot append or read."""


class VerifyError(LedgerError):
    """The proof does not hold."""

    exit_code = 4


class StoreError(SluicegateError):
    """Storage failed."""


class Conflict(StoreError):
    """Somebody else moved this case first; nothing was written."""


class Missing(StoreError):
    """There is nothing of that name."""

    exit_code = 5


class DeliveryError(SluicegateError):
    """The message could not be handed over; it stays queued."""


def quoted(received: bytes | str, limit: int = 60) -> str:
    """Received text made safe to show: printable ASCII, escaped otherwise, cut to `limit`, in backticks."""
    text = received.decode("latin-1") if isinstance(received, bytes) else received
    safe = "".join(c if " " <= c <= "~" and c not in "`\\" else f"\\u{ord(c):04x}" for c in text[: limit + 1])
    cut = safe if len(text) <= limit else safe[:limit] + "..."
    return f"`{cut}`"
