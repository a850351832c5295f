# SPDX-License-Identifier: Apache-2.0
"""What an expunction or a sealing takes away, who must be told, and what is signed. Decides, does nothing.

Only who took something is told: a booking that was withheld never causes a message (filter-never-shares).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.errors import Conflict, InputRefused, UsageError
from sluicegate.exchange.case import Case, Json, Message, MessageKind, State
from sluicegate.exchange.stages.answer import message_id
from sluicegate.ledger.signing import ATTESTATION, SEALING

WHY: Mapping[str, str] = {
    "court-order": "A court ordered it.",
    "no-charge": "No charge was brought, or it was dismissed.",
    "acquitted": "The subject was acquitted.",
    "error": "The booking should not have been made.",
    "retention-over": "The time for which it may be kept is over.",
}
"""Why a booking may be expunged. The code is public, in the master log."""

SEAL_WHY: Mapping[str, str] = {
    "court-order": "A court ordered it.",
    "law": "A statute asks for it.",
    "under-review": "Whether it may be kept is being decided.",
}
"""Why a booking may be sealed or unsealed."""

_EVERY_WHY = {**WHY, **SEAL_WHY}

ENDED = frozenset({State.CLOSED, State.SHARED, State.QUERIED, State.SEALED})
"""States in which nothing moves: answers are out, or the case ended."""

HEADER = ATTESTATION
_NOTICE = re.compile(r"\.(?:EXPUNGE|SEAL\.[0-9]+)\.")


@dataclass(frozen=True, slots=True)
class Order:
    """Why, and by whom. Both are public: the master log states them, with no word of the booking."""

    why: str
    by: str

    def __post_init__(self) -> None:
        if self.why not in _EVERY_WHY:
            raise UsageError("There is no such reason.", advice=f"Use one of: {', '.join(_EVERY_WHY)}.")
        if not 0 < len(self.by) <= 80 or not self.by.isascii() or not self.by.isprintable():
            raise UsageError("Who orders it is told in printable ASCII, 80 characters at most.")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the case, as far as an expunction must know it."""

    message_id: str
    kind: str
    channel: str
    state: str
    digest: str


def require_still(case: Case, sent: Sequence[Sent]) -> None:
    """Raises Conflict while something of the case still moves: it would arrive after the expunction."""
    if case.state not in ENDED:
        raise Conflict(f"The booking still moves: it is {case.state}.", advice="Try again when it is closed.")
    under_way = [one for one in sent if one.state == "queued" and not one.channel.startswith("http:")]
    told, heard = case.noted("notices"), case.noted("attested")
    if case.state is State.SEALED and isinstance(told, list) and len(told) > len(_object_of(heard)):
        raise Conflict(
            "Somebody who took a copy has not attested the sealing yet.", advice="Try again when they have."
        )
    if under_way:
        raise Conflict(
            f"{len(under_way)} message(s) of the booking are still on their way.",
            advice="Everyone is answered first: try again when `sluicegate status` shows none.",
        )


def _object_of(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def subject_of(notice: str) -> str:
    """The message that a notice is about: CASE.EXPUNGE.COPY and CASE.SEAL.7.COPY are about CASE.COPY."""
    return _NOTICE.sub(".", notice, count=1)


def notices(case: Case, sent: Sequence[Sent], order: Order, seal: str = "") -> tuple[Message, ...]:
    """A notice for everything that another installation took; where nothing was taken there is none.

    With `seal`, the text of a public seal key, it asks to seal, which can happen again after an unsealing.
    """
    kind = MessageKind.SEAL if seal else MessageKind.EXPUNGE
    again = f"{case.version}." if seal else ""
    if case.text("partner") == "turned-away":
        sent = [one for one in sent if one.kind != MessageKind.COPY]
    taken = [one for one in sent if one.kind in {MessageKind.COPY, MessageKind.SECOND}]
    return tuple(
        Message(
            message_id(case, kind, again + one.message_id.partition(".")[2]),
            kind,
            f"expunge:{one.channel}",  # a channel of its own: copies are numbered without a gap
            one.channel,
            json.dumps(
                {
                    "reference": one.message_id,
                    "why": order.why,
                    "by": order.by,
                    **({"seal": seal} if seal else {}),
                },
                sort_keys=True,
            ).encode(),
        )
        for one in taken
    )


def read_notice(data: bytes) -> tuple[str, Order, str]:
    """The reference, the order and the seal key (or nothing) of a notice. Raises InputRefused."""
    match _object(data):
        case {"reference": str(reference), "why": str(why), "by": str(by), **rest}:
            seal = rest.get("seal", "")
            try:
                if isinstance(seal, str):
                    return reference, Order(why, by), seal
            except UsageError as error:
                raise InputRefused(error.message) from None
    raise InputRefused("The notice of expunction does not have its parts.")


def attested(case: Case, reference: str, note: str, *, again: bool = False) -> Message:
    """The signed attestation on its way to whoever gave the notice; `again` where there may be several."""
    body = json.dumps({"reference": reference, "note": note}, sort_keys=True).encode()
    name = message_id(case, MessageKind.ATTESTED, str(case.version) if again else "")
    return Message(name, MessageKind.ATTESTED, "attested", "bureau", body)


def read_attested(data: bytes) -> tuple[str, str]:
    """The reference and the signed note of an attestation. Raises InputRefused."""
    match _object(data):
        case {"reference": str(reference), "note": str(note)} if len(note) < 5000:
            return reference, note
    raise InputRefused("The attestation does not have its parts.")


def _object(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def text(name: str, by_key: str, at: str, order: Order, stated: int, seal: str = "") -> str:
    """What is signed; `seal` is the id of the seal key.

    It names the booking by its case id or the copy's reference, and tells no count: how many entries it had
    in the log of answers would tell whether the partner had answered.
    """
    done = (
        (
            f"Sealed under key {seal}, whose private part is not held here: the received bytes, images,",
            "templates, answers, contents and salts of its ledger entries, every name and number of it.",
        )
        if seal
        else (
            "Destroyed: the received bytes, images, templates and answers with their keys; the contents and",
            "salts of its ledger entries; every name and number of it. The commitments in the ledger stay.",
        )
    )
    return "\n".join(
        [
            SEALING if seal else HEADER,
            f"Of: {name}",
            f"By: {by_key}",
            f"At: {at}",
            f"Why: {order.why} - {_EVERY_WHY[order.why]}",
            f"Ordered by: {order.by}",
            *done,
            f"Stated publicly: statement {stated} of the master log of {by_key}",
            "",
        ]
    )


def dossier(order: Order, at: str, pending: Mapping[str, Json], kept: Mapping[str, Json]) -> dict[str, Json]:
    """All that is left of a case's dossier. `pending` names the bytes that are still to be destroyed."""
    return {**kept, "why": order.why, "by": order.by, "at": at, "pending": dict(pending)}
