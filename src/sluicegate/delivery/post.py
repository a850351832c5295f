# SPDX-License-Identifier: Apache-2.0
"""Hands messages over: one function per kind of channel, chosen from a table by the channel's prefix."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from sluicegate.errors import DeliveryError, InputRefused, Missing, StoreError, VerifyError
from sluicegate.exchange import correcting
from sluicegate.exchange.bureau import Bureau
from sluicegate.exchange.envelopes import read_reply
from sluicegate.exchange.expunge import Expunger
from sluicegate.exchange.partner import Partner
from sluicegate.exchange.stages.correct import Correction
from sluicegate.exchange.stages.share import Reply
from sluicegate.exchange.statebureau import StateBureau
from sluicegate.store.journal import Outgoing, Store

Carrier = Callable[[Outgoing, bytes], None]
"""Hands one message over. Raises DeliveryError; durable at the receiver on return."""

SUFFIX = {"RECEIPT": "txt", "SRE": "an2", "ERRT": "an2", "IDR": "an2"}


class Post:
    """The way out of every role of this process."""

    def __init__(self, stores: Mapping[str, Store], carriers: Mapping[str, Carrier]) -> None:
        self._stores = dict(stores)
        self._carriers = dict(carriers)

    def hand_over(self, role: str, message: Outgoing) -> None:
        """Give the bytes of a committed message to whoever carries its channel."""
        carrier = self._carriers.get(message.channel.partition(":")[0])
        if carrier is None:
            raise DeliveryError(f"No carrier is set up for the channel {message.channel}.")
        try:
            body = self._stores[role].outgoing.get(message.digest)
        except Missing:
            raise DeliveryError("The bytes of a message are missing from the outbox.") from None
        carrier(message, body)


def suffix(kind: str, body: bytes) -> str:
    """How the name of a file with such a message ends: an answer is in its submission's encoding."""
    return "xml" if body.startswith(b"<?xml") else SUFFIX.get(kind, "bin")


def file_name(message: Outgoing, body: bytes) -> str:
    """A name that sorts by sequence and repeats for a repeat: the receiver keeps one copy."""
    return f"{message.sequence:06d}-{message.message_id}.{suffix(message.kind, body)}"


def to_folder(root: Path) -> Carrier:
    """Answers as files under `answers/<ORI>/`, written beside and renamed."""

    def carry(message: Outgoing, body: bytes) -> None:
        folder = root / message.recipient
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Named after the message: what a crash left here is written over when it is delivered again.
            spare = folder / f".{file_name(message, body)}"
            with spare.open("wb") as out:
                out.write(body)
                out.flush()
                os.fsync(out.fileno())
            spare.rename(folder / file_name(message, body))
        except OSError as error:
            raise DeliveryError(f"The answers folder refused: {error.strerror}.") from error

    return carry


def to_partner(bureau: Bureau, partner: Partner) -> Carrier:
    """Copies to a partner in this process. What its door turns away is the bureau's to know, at once."""

    def carry(message: Outgoing, body: bytes) -> None:
        try:
            partner.take(body, message.sequence)
        except (VerifyError, InputRefused) as error:
            bureau.hear(message.message_id, Reply(matched=False, turned_away=error.message))
        except StoreError as error:
            raise DeliveryError("The partner cannot store copies now.") from error

    return carry


def to_bureau(bureau: Bureau) -> Carrier:
    """Replies to the bureau in this process."""

    def carry(_message: Outgoing, body: bytes) -> None:
        try:
            reference, reply = read_reply(body)
            if isinstance(reply, Correction):
                correcting.hear(bureau, reference, reply)
            else:
                bureau.hear(reference, reply)
        except (InputRefused, StoreError) as error:
            raise DeliveryError(f"The bureau did not take the reply: {error.message}") from error

    return carry


def to_state(state: StateBureau) -> Carrier:
    """Second responses to the state in this process."""

    def carry(_message: Outgoing, body: bytes) -> None:
        try:
            state.take(body)
        except (InputRefused, StoreError) as error:
            raise DeliveryError(f"The state did not take the second response: {error.message}") from error

    return carry


def to_expunge(expungers: Mapping[str, Expunger]) -> Carrier:
    """Notices of expunction to the installation that the channel names, in this process."""

    def carry(message: Outgoing, body: bytes) -> None:
        expunger = expungers.get(message.channel.partition(":")[2])
        if expunger is None:
            raise DeliveryError(f"Nobody takes notices on the channel {message.channel}.")
        try:
            expunger.noticed(body)
        except (InputRefused, StoreError) as error:
            raise DeliveryError(f"It was not expunged there yet: {error.message}") from error

    return carry


def to_hear(expunger: Expunger) -> Carrier:
    """Attestations of deletion to the bureau in this process."""

    def carry(_message: Outgoing, body: bytes) -> None:
        try:
            expunger.heard(body)
        except (InputRefused, StoreError, VerifyError) as error:
            raise DeliveryError(f"The bureau did not take the attestation: {error.message}") from error

    return carry
