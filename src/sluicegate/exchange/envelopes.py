# SPDX-License-Identifier: Apache-2.0
"""What passes between the roles, as JSON text: a copy, a reply, a second response.

A copy holds the transaction as received, its template, and the proof that G1 is open for these very bytes.
It holds nothing of the bureau's search: no number, no candidate, no finding.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from sluicegate.errors import InputRefused
from sluicegate.exchange.case import Json
from sluicegate.exchange.stages.correct import MOST, Correction
from sluicegate.exchange.stages.share import Reply

MAX_BYTES = 96 * 1024 * 1024

_NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Copy:
    """Bureau to partner."""

    reference: str  # the message's id: names the copy to both sides
    case_id: str
    proof: str
    transaction: bytes
    template: bytes

    def encode(self) -> bytes:
        return _dump(
            {
                "reference": self.reference,
                "case": self.case_id,
                "proof": self.proof,
                "transaction": base64.b64encode(self.transaction).decode(),
                "template": base64.b64encode(self.template).decode(),
            }
        )


@dataclass(frozen=True, slots=True)
class Second:
    """Bureau to state: one second response for one recipient that G2 let through."""

    reference: str
    recipient: str
    channel: str  # the queue that reaches the recipient
    idr: bytes

    def encode(self) -> bytes:
        return _dump(
            {
                "reference": self.reference,
                "recipient": self.recipient,
                "channel": self.channel,
                "idr": base64.b64encode(self.idr).decode(),
            }
        )


def read_copy(data: bytes) -> Copy:
    """A copy from its bytes. Raises InputRefused."""
    held = _load(data)
    return Copy(
        _text(held, "reference"),
        _text(held, "case"),
        _text(held, "proof"),
        _bytes(held, "transaction"),
        _bytes(held, "template"),
    )


def read_second(data: bytes) -> Second:
    """A second response from its bytes. Raises InputRefused."""
    held = _load(data)
    return Second(
        _text(held, "reference"), _text(held, "recipient"), _text(held, "channel"), _bytes(held, "idr")
    )


def read_reply(data: bytes) -> tuple[str, Reply | Correction]:
    """The reference and the partner's word, or its correction of an earlier one. Raises InputRefused."""
    held = _load(data)
    lines, number = held.get("lines"), held.get("correction")
    if not isinstance(lines, list) or not all(_is_text(line) for line in lines):
        raise InputRefused("A reply's lines are not a list of texts.")
    reference, matched, told = _text(held, "reference"), held.get("matched") is True, tuple(map(str, lines))
    if number is None:
        return reference, Reply(matched=matched, lines=told, kept=held.get("kept") is True)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST or not told:
        raise InputRefused("A correction has no number, or says nothing.")
    return reference, Correction(number, matched, told)


def _dump(held: Mapping[str, Json]) -> bytes:
    return json.dumps(dict(held), sort_keys=True, separators=(",", ":")).encode()


def _load(data: bytes) -> dict[str, object]:
    if len(data) > MAX_BYTES:
        raise InputRefused("The envelope is larger than any that is taken.")
    try:
        held = json.loads(data)
    except (ValueError, RecursionError):
        raise InputRefused("The envelope is not JSON text.") from None
    if not isinstance(held, dict):
        raise InputRefused("The envelope is not a JSON object.")
    return held


def _text(held: Mapping[str, object], key: str) -> str:
    value = held.get(key)
    if not _is_text(value):
        raise InputRefused(f"The envelope has no text under {key}.")
    return value


def _is_text(value: object) -> TypeGuard[str]:
    # JSON can spell half a character and NUL, which no database takes: refused here, not failed on there.
    return isinstance(value, str) and _NOT_TEXT.search(value) is None


def _bytes(held: Mapping[str, object], key: str) -> bytes:
    try:
        return base64.b64decode(_text(held, key), validate=True)
    except (binascii.Error, ValueError):
        raise InputRefused(f"The envelope's {key} is not base64.") from None
