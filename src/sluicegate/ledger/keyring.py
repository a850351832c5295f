# SPDX-License-Identifier: Apache-2.0
"""The history of a log's signing keys: statements of kind `key`, each signed by those who may say so.

The first key signs itself. A new key is signed by itself and by the one it replaces, both within their
periods. Of a known key a later statement may only bring its end nearer (retired, or revoked), signed by a key
that is in force. Who trusts the first key can so trust every later one, and no key can outlive its end.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import canonical as canon
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.entry import check_time
from sluicegate.ledger.holding import holding
from sluicegate.ledger.note import Signer
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.statement import decode as decode_statement
from sluicegate.ledger.statement import encode as encode_statement
from sluicegate.ledger.verify import ED25519, JSON, VerifierKey, key_id

_SIGNED = frozenset({"signatures"})
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Period:
    """A key and when it may sign: from `since` on, and where `until` is told, before it."""

    key: VerifierKey
    since: str
    until: str | None
    replaces: str | None  # id, hex
    revoked: bool = False

    def holds(self, at: str) -> bool:
        """Whether the key is in force at a moment (RFC 3339 in UTC)."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Keyring:
    """A verified history: the periods of every key that ever signed, oldest first."""

    periods: tuple[Period, ...]

    def of(self, hex_id: str) -> Period | None:
        """The period of the key with this id."""
        return next((one for one in self.periods if one.key.key_id.hex() == hex_id), None)

    @property
    def newest(self) -> Period:
        """The key that signs now."""
        return self.periods[-1]


def parts_of(period: Period) -> dict[str, JSON]:
    """What a statement tells of a period, without its signatures."""
    return {
        "name": period.key.name,
        "id": period.key.key_id.hex(),
        "public": base64.b64encode(period.key.public).decode("ascii"),
        "from": period.since,
        "until": period.until,
        "replaces": period.replaces,
        "revoked": period.revoked,
    }


def _message(at: str, parts: dict[str, JSON]) -> bytes:
    """What is signed: the statement without the signatures. It begins with a brace, so it is no note."""
    told = {name: value for name, value in parts.items() if name not in _SIGNED}
    return canon.encode({"v": 1, "at": at, "kind": StatementKind.KEY.value, **told})


def stated(at: str, period: Period, signers: Sequence[Signer]) -> Statement:
    """The statement of a period, signed by each of the signers. Raises LedgerError."""
    check_time(at)
    parts = parts_of(period)
    message = _message(at, parts)
    signatures: dict[str, JSON] = {
        signer.key_id.hex(): base64.b64encode(signer.sign(message)).decode("ascii") for signer in signers
    }
    return Statement(at, StatementKind.KEY, {**parts, "signatures": signatures})


def rotation(
    ring: Keyring, old: Signer, new: Signer, key: VerifierKey, at: str, until: str
) -> list[Statement]:
    """The statements by which `key`, held by `new`, takes over at once and the old key ends at `until`.

    Raises LedgerError where the old signer is not the newest key, or the end is not after the beginning.
    """
    before = ring.newest
    if before.key.key_id != old.key_id or key.key_id == old.key_id or key.name != before.key.name:
        raise LedgerError("a new key of the same name replaces the newest key")
    if not at < until:
        raise LedgerError("the old key ends after the new one begins")
    fresh = Period(key, at, None, before.key.key_id.hex())
    return [stated(at, fresh, (old, new)), stated(at, replace(before, until=until), (old, new))]


def revocation(ring: Keyring, hex_id: str, by: Signer, at: str, since: str) -> Statement:
    """The statement that a key is revoked from `since` on, which may lie in the past.

    Raises LedgerError where there is no such key, or it is the only one that could say so.
    """
    held = ring.of(hex_id)
    if held is None:
        raise LedgerError("there is no key of that id")
    if held.key.key_id == by.key_id:
        raise LedgerError("a key cannot revoke itself: rotate first, then revoke the old one")
    end = since if held.until is None else min(since, held.until)
    return stated(at, replace(held, until=max(end, held.since), revoked=True), (by,))


def verify(statements: Iterable[Statement], first: VerifierKey | None = None) -> Keyring:
    """The history that statements of kind `key` tell, oldest first; `first` is the key that is trusted.

    Raises VerifyError for the first statement that does not hold.
    """
    periods: list[Period] = []
    last = ""
    for number, one in enumerate(statements):
        try:
            period, at = _read(one), one.at
            if at < last:
                raise VerifyError("it is older than the one before it")
            _admit(periods, period, at, _signers(one, periods, period))
        except (VerifyError, LedgerError) as error:
            raise VerifyError(f"key history, statement {number}: {error.message}") from None
        last = at
    if not periods:
        raise VerifyError("key history: it tells of no key")
    if first is not None and periods[0].key != first:
        raise VerifyError("key history: it does not begin with the given key")
    return Keyring(tuple(periods))


def _read(one: Statement) -> Period:
    match one.parts:
        case {
            "name": str(name),
            "id": str(hex_id),
            "public": str(public),
            "from": str(since),
            "until": (str() | None) as until,
            "replaces": (str() | None) as replaces,
            "revoked": bool(revoked),
        } if one.kind is StatementKind.KEY:
            for moment in (since, *([until] if until is not None else [])):
                check_time(moment)
            with holding():
                raw = standalone.unbase64(public, 32, "key")
            key = VerifierKey(name, key_id(name, raw, ED25519), raw)
            if key.key_id.hex() == hex_id and (until is None or since <= until):
                return Period(key, since, until, replaces, revoked)
    raise VerifyError("it does not tell a key and its period")


def _signers(one: Statement, periods: Sequence[Period], fresh: Period) -> set[bytes]:
    """Ids of the known keys, the new one among them, whose signature on the statement holds."""
    told = one.parts.get("signatures")
    message = _message(one.at, one.parts)
    found = set()
    for key in (*(each.key for each in periods), fresh.key):
        text = told.get(key.key_id.hex()) if isinstance(told, dict) else None
        if isinstance(text, str):
            with holding():
                signature = standalone.unbase64(text, 64, "key")
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
            except (InvalidSignature, ValueError):
                raise VerifyError("a signature does not hold") from None
            found.add(key.key_id)
    return found


def _admit(periods: list[Period], told: Period, at: str, signers: set[bytes]) -> None:
    """Add or change a period. Raises VerifyError where the signers may not say so."""
    known = next((n for n, each in enumerate(periods) if each.key.key_id == told.key.key_id), None)
    if known is None:
        if told.key.key_id not in signers:
            raise VerifyError("a new key did not sign itself")
        if periods:
            _check_successor(periods, told, at, signers)
        elif told.replaces is not None:
            raise VerifyError("the first key replaces none")
        periods.append(told)
        return
    before = periods[known]
    if (told.since, told.replaces, told.key) != (before.since, before.replaces, before.key):
        raise VerifyError("it changes what a key was")
    if told.until is None or (before.until is not None and told.until > before.until):
        raise VerifyError("the end of a key can only come nearer")
    if before.revoked and not told.revoked:
        raise VerifyError("a revoked key stays revoked")
    others = [each for each in periods if each.key.key_id != told.key.key_id and not each.revoked]
    if not any(each.key.key_id in signers and each.holds(at) for each in others):
        raise VerifyError("no other key in force signed the end of this one")
    periods[known] = told


def _check_successor(periods: list[Period], told: Period, at: str, signers: set[bytes]) -> None:
    before = periods[-1]
    if told.key.name != before.key.name or told.replaces != before.key.key_id.hex():
        raise VerifyError("a new key replaces the newest one, under the same name")
    if before.key.key_id not in signers or before.revoked or not before.holds(at):
        raise VerifyError("the key it replaces did not sign it while in force")
    if told.since > at or told.revoked or told.until is not None or told.since < before.since:
        raise VerifyError("a new key begins when it is stated, with no end")


def encode(statements: Iterable[Statement]) -> bytes:
    """The public file of a history: a JSON list of statements, as the master log has them."""
    told = [json.loads(encode_statement(one)) for one in statements]
    return json.dumps({"v": 1, "statements": told}, indent=1, sort_keys=True).encode("ascii") + b"\n"


def decode(data: bytes) -> tuple[Statement, ...]:
    """The statements in a public file, not yet verified. Raises VerifyError where it is none."""
    if len(data) > MAX_BYTES:
        raise VerifyError("key history: it is longer than any")
    try:
        told = json.loads(data)
        if isinstance(told, dict) and told.get("v") == 1 and isinstance(told.get("statements"), list):
            return tuple(decode_statement(canon.encode(one)) for one in told["statements"])
    except (ValueError, RecursionError, LedgerError):
        pass
    raise VerifyError("key history: it is not a list of statements of version 1")


def signer_of(data: bytes, ring: Keyring) -> Period:
    """The key of a history that signed this receipt, once it is known that it could.

    An entry may be older than the key: a receipt can come days after the decision. It may not be younger
    than the key's end. The receipt itself is verified with the key, not here.

    Raises VerifyError where no key of the history signed it, or one that had ended or was revoked by then.
    """
    held = receipts.parse(data)
    with holding():
        _, signatures = standalone.split_note(data, "receipt")
    origin = held.checkpoint_note.split("\n", 1)[0]
    at = str(held.entry["at"])
    for one in reversed(ring.periods):
        named = origin if origin.startswith(f"{one.key.name}/") else ""
        own = key_id(named, one.key.public)
        if not any(name == named and _id(told) == own for name, told in signatures):
            continue
        if one.until is not None and at >= one.until:
            how = "revoked" if one.revoked else "retired"
            raise VerifyError(
                f"key: the receipt is of {at}; key {one.key.key_id.hex()} was {how} at {one.until}"
            )
        return one
    raise VerifyError("key: no key of this history signed the receipt")


def _id(signature: str) -> bytes:
    try:
        return base64.b64decode(signature)[:4]
    except ValueError:
        return b""
