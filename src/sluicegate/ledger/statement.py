# SPDX-License-Identifier: Apache-2.0
"""Statements of the master log: the closed set of what an installation says to the public, word for word.

A statement is canonical JSON of `v`, `at`, `kind` and the parts of its kind; the tree's leaf hash is
SHA-256(0x00 || that JSON) (RFC 9162 section 2.1.1). Nothing in a statement is secret: no salt, no person, no
case, no count that a gate keeps back.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sluicegate.errors import LedgerError
from sluicegate.ledger import canonical as canon
from sluicegate.ledger.entry import check_time
from sluicegate.ledger.tiles import MAX_ENTRY_BYTES
from sluicegate.ledger.verify import HASH_BYTES, JSON, MAX_INTEGER, Checkpoint, leaf_hash

VERSION = 1
_OWN = frozenset({"v", "at", "kind"})
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


class StatementKind(StrEnum):
    """What a statement is about."""

    CHECKPOINT = "checkpoint"  # a jurisdiction log as of the end of a day: every later reading must extend it
    DAY = "day"  # the three sets of a jurisdiction's day
    TAKEN = "taken"  # of the side that takes copies: the set of those it took of a jurisdiction's day
    CHANNEL = "channel"  # the sequence numbers of a channel between two sides, as one of them saw them
    KEY = "key"  # a signing key begins, ends, or replaces another
    REGISTERED = "registered"  # the program changed: the root before, the root after, the change by digest
    RELEASE = "release"  # a release of documents, by the digest of its manifest
    ERASED = "erased"  # contents of entries were destroyed; their leaves stay
    STATISTICS = "statistics"  # figures were published


_REQUIRED: Mapping[StatementKind, frozenset[str]] = {
    StatementKind.CHECKPOINT: frozenset({"log", "size", "root"}),
    StatementKind.DAY: frozenset({"jurisdiction", "day", "shared", "withheld", "pending"}),
    StatementKind.TAKEN: frozenset({"jurisdiction", "day", "taken"}),
    StatementKind.CHANNEL: frozenset({"channel", "first", "last", "count", "faults"}),
    StatementKind.KEY: frozenset({"name", "id", "public", "from", "until", "replaces"}),
    StatementKind.REGISTERED: frozenset({"program", "root", "before", "change"}),
    StatementKind.RELEASE: frozenset({"id", "manifest"}),
    StatementKind.ERASED: frozenset({"log"}),
    StatementKind.STATISTICS: frozenset({"manifest"}),
}

_SUBJECT: Mapping[StatementKind, str] = {
    StatementKind.CHECKPOINT: "log",
    StatementKind.DAY: "jurisdiction",
    StatementKind.TAKEN: "jurisdiction",
    StatementKind.CHANNEL: "channel",
    StatementKind.KEY: "name",
    StatementKind.REGISTERED: "program",
    StatementKind.RELEASE: "id",
    StatementKind.ERASED: "log",
    StatementKind.STATISTICS: "manifest",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One public statement.

    Attributes:
        at: moment of stating, RFC 3339 in UTC with `Z`.
        kind: what it is about.
        parts: at least the parts that the kind requires, none named `v`, `at` or `kind`.

    Raises:
        LedgerError: one of these does not hold, a root or a digest is not one, or it is over 65,535 bytes.
    """

    at: str
    kind: StatementKind
    parts: dict[str, JSON]

    def __post_init__(self) -> None:
        check_time(self.at)
        missing = sorted(_REQUIRED[self.kind] - set(self.parts))
        if missing:
            raise LedgerError(f"a statement of kind {self.kind.value} must carry {', '.join(missing)}")
        if _OWN & set(self.parts):
            raise LedgerError("a part of a statement cannot be named v, at or kind")
        _check(self)
        if len(encode(self)) > MAX_ENTRY_BYTES:
            raise LedgerError(f"a statement has {MAX_ENTRY_BYTES:,} bytes at most")

    @property
    def subject(self) -> str:
        """What it is about within its kind: the log, the jurisdiction, the key, the program, the id."""
        return str(self.parts[_SUBJECT[self.kind]])


def required(kind: StatementKind) -> frozenset[str]:
    """The parts that every statement of a kind carries."""
    return _REQUIRED[kind]


def of_checkpoint(at: str, checkpoint: Checkpoint) -> Statement:
    """The statement that a log has this size and this root."""
    root = base64.b64encode(checkpoint.root).decode("ascii")
    parts: dict[str, JSON] = {"log": checkpoint.origin, "size": checkpoint.size, "root": root}
    return Statement(at, StatementKind.CHECKPOINT, parts)


def checkpoint_in(statement: Statement) -> Checkpoint:
    """What a statement of kind checkpoint says. Raises LedgerError for any other kind."""
    match statement.parts:
        case {"log": str(log), "size": int(size), "root": str(root)} if (
            statement.kind is StatementKind.CHECKPOINT
        ):
            return Checkpoint(log, size, base64.b64decode(root))
    raise LedgerError("this statement is not about a checkpoint")


def encode(statement: Statement) -> bytes:
    """Canonical JSON: the entry of the master log."""
    own: dict[str, JSON] = {"v": VERSION, "at": statement.at, "kind": statement.kind.value}
    return canon.encode({**statement.parts, **own})


def decode(data: bytes) -> Statement:
    """The statement in an entry of the master log.

    Raises:
        LedgerError: not canonical, of another version or an unknown kind, or not one that can be made.
    """
    told = canon.decode(data)
    if isinstance(told, dict):
        match told:
            case {"v": int(version), "at": str(at), "kind": str(kind)} if _is_version(version):
                parts = {name: value for name, value in told.items() if name not in _OWN}
                return Statement(at, _kind(kind), parts)
    raise LedgerError("a statement is an object of v, at, kind and the parts of its kind, of version 1")


def leaf(statement: Statement) -> bytes:
    """Leaf hash of a statement, 32 bytes."""
    return leaf_hash(encode(statement))


def _is_version(value: int) -> bool:
    return value == VERSION and not isinstance(value, bool)  # JSON's true is an int to Python


def _kind(text: str) -> StatementKind:
    try:
        return StatementKind(text)
    except ValueError:
        raise LedgerError("a statement of a kind that this version does not know") from None


def _check(statement: Statement) -> None:
    parts = statement.parts
    match statement.kind:
        case StatementKind.CHECKPOINT:
            _tree(parts)
            named = [parts["log"]]
        case StatementKind.DAY | StatementKind.TAKEN:
            for name in sorted(_REQUIRED[statement.kind] - {"jurisdiction", "day"}):
                told = parts[name]
                _tree(told if isinstance(told, dict) else {})
            named = [parts["jurisdiction"], parts["day"]]
        case StatementKind.REGISTERED:
            named = [parts["program"], parts["root"], _digest(parts["change"])]
        case StatementKind.RELEASE:
            named = [parts["id"], _digest(parts["manifest"])]
        case StatementKind.STATISTICS:
            named = [_digest(parts["manifest"])]
        case _:
            named = [parts[_SUBJECT[statement.kind]]]
    if not all(isinstance(one, str) and one for one in named):
        raise LedgerError("what a statement is about is named in text")


def _tree(told: Mapping[str, JSON]) -> None:
    """Size and root of a tree, as a checkpoint tells them."""
    match told:
        case {"size": int(size), "root": str(root)} if 0 <= size <= MAX_INTEGER and not isinstance(
            size, bool
        ):
            try:
                data = base64.b64decode(root, validate=True)
            except ValueError:
                data = b""
            if len(data) == HASH_BYTES and base64.b64encode(data).decode("ascii") == root:
                return
    raise LedgerError("a statement tells of a tree by its size and its root of 32 bytes in base64")


def _digest(value: JSON) -> JSON:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise LedgerError("a statement names a document by its SHA-256 in 64 hexadecimal digits")
    return value
