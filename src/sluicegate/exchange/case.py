# SPDX-License-Identifier: Apache-2.0
"""What a story is made of: the case, the step that moves it, and what a step may say and send.

One engine carries three stories: a booking at the bureau, a copy at the partner, a second response at the
state. All of them are a `Case` that steps move from state to state; only the story table differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from sluicegate.facts import FactKind

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"


class State(StrEnum):
    """Where a case stands. The comment says what has been committed by then."""

    # a booking at the bureau
    SPOOLED = "spooled"  # bytes are durable; the sender heard 250 or 202
    ADMITTED = "admitted"  # it is a booking and conforms
    REFUSED = "refused"  # it is not, and an ERRT has to say why
    AUTHORIZED = "authorized"  # one decision per gate is in the ledger
    PROBED = "probed"  # a template exists
    SEARCHED = "searched"  # candidates are known
    AWAITING = "awaiting-examiner"  # a candidate in the grey band waits for a person
    RESOLVED = "resolved"  # finding and number are settled
    ANSWERED = "answered"  # SRE is in the outbox
    FILED = "filed"  # enrolled or not, in the open or in the filtered repository
    SHARED = "shared"  # the copy is in the outbox; the partner's word is awaited
    WITHHELD = "withheld"  # no copy exists
    REJECTED = "rejected"  # ERRT is in the outbox; nothing was shared
    RELAYED = "relayed"  # a second response is in the outbox
    MUTED = "muted"  # one existed and G2 stopped it for every recipient
    SILENT = "silent"  # the partner had nothing to say
    CLOSED = "closed"
    EXPUNGED = "expunged"  # contents, salts, prints and names are destroyed; the count stays
    SEALED = "sealed"  # as expunged, but a box that a key kept elsewhere opens holds all of it
    # a copy at the partner
    TAKEN = "copy-taken"
    QUERIED = "query-waits"  # an IAQ waits for a status officer
    DETERMINED = "determined"
    DELETED = "copy-deleted"  # matched nobody: bytes are gone and that is attested
    # a second response at the state
    HELD = "held"
    PASSED_ON = "passed-on"
    KEPT_BACK = "kept-back"  # the state cannot relay


class MessageKind(StrEnum):
    """What leaves an installation."""

    SRE = "SRE"
    ERRT = "ERRT"
    RECEIPT = "RECEIPT"
    COPY = "COPY"  # bureau to partner
    REPLY = "REPLY"  # partner to bureau: match or not, and a determined status
    SECOND = "SECOND"  # bureau to state: second response, per recipient
    IDR = "IDR"  # state to agency: second response
    EXPUNGE = "EXPUNGE"  # bureau to whoever took something: destroy it
    SEAL = "SEAL"  # bureau to whoever took something: seal it under this key
    ATTESTED = "ATTESTED"  # back to the bureau: it is destroyed, or sealed, signed


EMPTIED = frozenset({State.EXPUNGED, State.SEALED})
"""States of which only the count is left to read."""


@dataclass(frozen=True, slots=True)
class Case:
    """One story as last committed. `dossier` carries no personal data: that stays in encrypted blobs."""

    case_id: str
    digest: str  # SHA-256 of the received bytes, hex
    size: int
    channel: str
    received: datetime
    state: State
    version: int
    tcn: str = ""
    ori: str = ""
    cri: str = ""
    tot: str = ""
    dossier: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))

    def noted(self, key: str) -> Json:
        """What an earlier step noted under this key, or None."""
        return self.dossier.get(key)

    def text(self, key: str) -> str:
        """A noted text, or the empty string."""
        value = self.dossier.get(key)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing for the ledger to say."""

    kind: FactKind
    body: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes to send, once the commit that carries them holds.

    `message_id` is derived from the case, so that making it twice makes the same message.
    `channel` names the queue whose sequence numbers have no gap; `recipient` an ORI or a role.
    """

    message_id: str
    kind: MessageKind
    channel: str
    recipient: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A template to keep in a repository, under the number that the answer named."""

    repository: str
    subject: str
    template: bytes
    transaction: bytes | None  # kept only where RET asks for it


ANSWERS_LOG = "answers"
"""The log of what the partner said and what became of it, for all jurisdictions together.

Receipts show the size of their jurisdiction's log. If the facts of an answer were in it, an agency that
opted out could read from its next receipt whether the last booking had matched, or waits for an officer
(promise silence-is-total). No receipt and no copy proves anything in this log.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What a stage decided: everything in it is committed together, or nothing is.

    `enrol` happens just before the commit and is keyed by the case, so that doing it again changes nothing.
    """

    to: State
    facts: tuple[Fact, ...] = ()
    messages: tuple[Message, ...] = ()
    note: Mapping[str, Json] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)  # tcn, ori, cri, tot: set by admit
    enrol: tuple[Enrolment, ...] = ()
    alerts: tuple[str, ...] = ()
    log: str = ""  # where the facts go; empty: to the log of the case
    aside: tuple[Fact, ...] = ()  # facts for the log that is never published, wherever the others go
