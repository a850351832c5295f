# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON: one value, one spelling (RFC 8785, without fractions and with ASCII object keys).

With ASCII keys, sorting by code point and the UTF-16 order of RFC 8785 section 3.2.3 are the same order.
"""

from __future__ import annotations

import json

from sluicegate.errors import LedgerError
from sluicegate.ledger import verify
from sluicegate.ledger.verify import JSON, MAX_INTEGER

MAX_DEPTH = 32

_spell = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""`verify.spell_json` with an encoder that is made once: the ledger spells every entry that it takes."""


def encode(value: object) -> bytes:
    """The canonical bytes of text, whole numbers, booleans, None, lists, and dicts with ASCII keys.

    Raises:
        LedgerError: any other type (fractions too), an integer beyond 2**53 - 1, deeper than 32, or text
            that is not Unicode (a lone surrogate).
    """
    try:
        return _spell(_checked(value, 0)).encode("utf-8")
    except UnicodeEncodeError:
        raise LedgerError("a text with a lone surrogate has no canonical form") from None


def decode(data: bytes) -> JSON:
    """The value of canonical bytes.

    Raises:
        LedgerError: not JSON, or another spelling than `encode` gives.
    """
    try:
        value = verify.read_json(data.decode("utf-8"))
    except ValueError:
        raise LedgerError("these bytes are not canonical JSON") from None
    encode(value)  # what could not have been written is not read either: keys beyond ASCII, too deep
    return value


def _checked(value: object, depth: int) -> JSON:
    """The value itself, rebuilt of plain types, so that a subclass cannot spell itself in its own way."""
    if depth > MAX_DEPTH:
        raise LedgerError(f"a value nested deeper than {MAX_DEPTH} has no canonical form")
    if type(value) is str:  # most values by far
        return value
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case int():
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise LedgerError("an integer beyond 2**53 - 1 has no canonical form")
            return int(value)
        case list():
            return [_checked(one, depth + 1) for one in value]
        case dict():
            inside = depth + 1
            if value and inside > MAX_DEPTH:
                raise LedgerError(f"a value nested deeper than {MAX_DEPTH} has no canonical form")
            return {
                (key if type(key) is str and key.isascii() else _key(key)): (
                    one if type(one) is str else _checked(one, inside)
                )
                for key, one in value.items()
            }
    raise LedgerError(f"a value of type {type(value).__name__} has no canonical form")


def _key(key: object) -> str:
    if not isinstance(key, str) or not key.isascii():
        raise LedgerError("an object key that is not ASCII text has no canonical form")
    return str.__str__(key)
