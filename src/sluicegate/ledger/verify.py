# SPDX-License-Identifier: Apache-2.0
"""The stand-alone verifier: checks a receipt with nothing but Python, `cryptography` and one public key.

This file imports nothing else of this project on purpose. An auditor can take it alone, read it in one
sitting and run it: ``python verify.py RECEIPT KEY``, or with ``--policy FILE`` to ask witnesses too. The
rest of the ledger imports its hashing and checking from here, so that what is shipped to an auditor is what
the exchange itself uses. `verify.js` beside it takes the same steps in a browser.

Sources: RFC 9162 section 2.1 (Merkle tree and its proofs), RFC 8785 (canonical JSON), and the C2SP
specifications signed-note, tlog-checkpoint, tlog-proof, tlog-cosignature and tlog-policy. The two forms of
the receipt are in docs/reference/receipt.md.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

JSON: TypeAlias = "str | int | bool | list[JSON] | dict[str, JSON] | None"

HEADER = "Sluicegate receipt v1"  # at once: signed by the log alone
FINAL_HEADER = "Sluicegate final receipt v1"  # under a checkpoint that witnesses cosign
HEAD = (
    "Booking: TCN {tcn}, case {case}",
    "Agency: CRI {cri}, ORI {ori}",
    "Received: {received}",
    "Program: {program}, root {root}",
    "Wording: {wording_id}, SHA-256 {wording_digest}",
    "Asked for: {asked_for}. In force: {mode}, rule {rule_id}. Legal basis: {legal_basis}.",
)
ABSENT = "none on record"
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
GATES = ("G1", "G2", "G3", "G4")
HASH_BYTES = SALT_BYTES = 32
MAX_NOTE_BYTES = 16_384  # far above a receipt; a stranger's file must not cost more than this
MAX_SIGNATURES = 64  # signed-note asks for at least 16
MAX_INTEGER = 2**53 - 1  # whole numbers that every reader of JSON agrees on (RFC 8785 section 3.2.2.3)
MAX_DEPTH = 32  # of nesting in JSON, so that every reader refuses alike
ED25519 = b"\x01"  # signature type of signed-note
COSIGNATURE = b"\x04"  # of tlog-cosignature, Ed25519: the signature is preceded by eight bytes of time
MAX_POLICY_BYTES = 65_536
NO_QUORUM = "none"

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NUMBER = r"0|[1-9][0-9]{0,17}"
_KEY = re.compile(r"([^\s+]{1,200})\+([0-9a-f]{8})\+(\S{44})")
_SIGNATURE = re.compile(r"\u2014 ([^\s+]{1,200}) (\S+)")
_CHECKPOINT = re.compile(rf"(.+)\n({_NUMBER})\n(.+)\n(?:.+\n)*")  # extension lines mean nothing here
_GATES = "".join(rf"{gate} (?P<{gate}>open|closed): (?P<words{gate}>.+)\n" for gate in GATES)
_RECEIPT = re.compile(
    rf"(?P<head>{HEADER}\n(?:.+\n){{6}}){_GATES}"
    rf"\nLedger entry (?P<index>{_NUMBER}), salt (?P<salt>.+)\n(?P<entry>.+)\n\n"
    rf"{re.escape(PROOF_HEADER)}\nindex (?P=index)\n(?P<path>(?:.+\n){{0,63}})\n(?P<note>(?:.*\n)+)"
)
_FINAL = re.compile(
    rf"(?P<head>{FINAL_HEADER}\n(?:.+\n){{6}}){_GATES}"
    rf"\nLedger entry (?P<index>{_NUMBER}) of (?P<size>{_NUMBER}) in (?P<log>[^\s,]+), made (?P<at>[^\s,]+), "
    r"salt (?P<salt>\S{44})\n(?P<rest>.+)\n(?P<path>(?:\S{40,80}\n){0,32})"
    rf"\nStatement (?P<number>{_NUMBER}), made (?P<stated>[^\s,]+)\n(?P<above>(?:\S{{40,80}}\n){{0,32}})"
    r"\n(?P<note>(?:.*\n)+)"
)


class NotVerified(Exception):
    """The proof does not hold. `step` names the check that failed; the message carries no received text."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(f"{step}: {message}")
        self.step = step


def unbase64(text: str, size: int, step: str) -> bytes:
    """Exactly `size` bytes from their one base64 spelling: decoders ignore the spare bits of the last
    character, so a changed bit there would pass unseen."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if len(data) != size or base64.b64encode(data).decode("ascii") != text:
        raise NotVerified(step, f"a base64 value is not the one spelling of {size} bytes")
    return data


def _whole(text: str) -> int:
    value = int(text)
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise ValueError("not a whole number that every reader of JSON agrees on")
    return value


def spell_json(value: JSON) -> str:
    """RFC 8785 for values without fractions whose object keys are ASCII: keys sorted, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_json(text: str) -> JSON:
    """The value of canonical JSON; any other spelling of the same value raises ValueError."""
    try:
        value: JSON = json.loads(text, parse_int=_whole, parse_float=_whole, parse_constant=_whole)
        if (
            _too_deep(value, MAX_DEPTH) or spell_json(value) != text
        ):  # a repeated key was lost in reading, so it shows here
            raise ValueError("not the canonical spelling")
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def _too_deep(value: JSON, left: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left < 0 or any(_too_deep(one, left - 1) for one in inner)


def commitment(salt: bytes, entry_json: bytes) -> bytes:
    """Leaf data of an entry: SHA-256(salt || canonical JSON). It tells nothing once the salt is destroyed."""
    return hashlib.sha256(salt + entry_json).digest()


def leaf_hash(data: bytes) -> bytes:
    """RFC 9162 section 2.1.1: SHA-256(0x00 || leaf data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 section 2.1.1: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def climb(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which leaf hash number `index` of `size` and its path lead (RFC 9162 section 2.1.3.2)."""
    step = "inclusion"
    if not 0 <= index < size:
        raise NotVerified(step, "the entry's number is not below the size of the tree")
    fn, sn, computed = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise NotVerified(step, "the proof is too long")
        if fn & 1 or fn == sn:
            computed = node_hash(sibling, computed)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            computed = node_hash(computed, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise NotVerified(step, "the proof is too short")
    return computed


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """RFC 9162 section 2.1.3.2: the leaf hash is number `index` of the `size` leaves below `root`."""
    if climb(leaf, index, size, path) != root:
        raise NotVerified("inclusion", "salt, entry and proof do not lead to the root of the checkpoint")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """RFC 9162 section 2.1.4.2: the tree of `new_root` begins with the whole tree of `old_root`."""
    step = "consistency"
    if not 0 <= old <= new:
        raise NotVerified(step, "the older tree is larger than the newer one")
    if old == new or old == 0:
        known = old_root == (new_root if old == new else hashlib.sha256(b"").digest())
        if path or not known:
            raise NotVerified(step, "the roots of the two trees contradict each other")
        return
    steps = [old_root, *path] if old.bit_count() == 1 else list(path)
    if not steps:
        raise NotVerified(step, "the proof is too short")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = steps[0]
    for sibling in steps[1:]:
        if sn == 0:
            raise NotVerified(step, "the proof is too long")
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or first != old_root or second != new_root:
        raise NotVerified(step, "the proof does not lead to both roots; the older tree was rewritten")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """An Ed25519 public key (32 bytes) with its name and four-byte ID, written `name+id+key`.

    `kind` is its signature type: ED25519 for a log, COSIGNATURE for a witness.
    """

    name: str
    key_id: bytes
    public: bytes
    kind: bytes = ED25519

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.kind + self.public).decode('ascii')}"


def key_id(name: str, public: bytes, kind: bytes = ED25519) -> bytes:
    """Key ID of signed-note: SHA-256(name || 0x0A || kind || public key), first four bytes."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + kind + public).digest()[:4]


def read_key(text: str, kind: bytes = ED25519) -> VerifierKey:
    """A verifier key from its text form, of a log or (COSIGNATURE) of a witness."""
    matched = _KEY.fullmatch(text.removesuffix("\n"))
    if matched is None or not matched[1].isprintable():
        raise NotVerified("key", "a verifier key is written name+id+key")
    raw = unbase64(matched[3], len(kind) + HASH_BYTES, "key")
    if raw[:1] != kind or key_id(matched[1], raw[1:], kind).hex() != matched[2]:
        raise NotVerified("key", "the key is not an Ed25519 key of its purpose, or its id is not its own")
    return VerifierKey(matched[1], key_id(matched[1], raw[1:], kind), raw[1:], kind)


def key_of(key: VerifierKey, origin: str) -> VerifierKey:
    """The key under the name of one of its logs: `name/log` is signed by the key `name`."""
    if origin != key.name and not origin.startswith(f"{key.name}/"):
        raise NotVerified("checkpoint", "it is of a log that is not of the given key")
    return replace(key, name=origin, key_id=key_id(origin, key.public, key.kind))


def split_note(data: str | bytes, step: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Text of a signed note, and its signatures as (key name, base64). Nothing is verified."""
    try:
        raw = data.encode("utf-8") if isinstance(data, str) else data
        note = raw.decode("utf-8")
    except UnicodeError:
        raise NotVerified(step, "it is not UTF-8 text") from None
    if len(raw) > MAX_NOTE_BYTES or _CONTROL.search(note):
        raise NotVerified(step, f"it is longer than {MAX_NOTE_BYTES} bytes, or holds a control character")
    text, gap, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() != "" or not 0 < len(lines) <= MAX_SIGNATURES:
        raise NotVerified(step, "it is not a signed note")
    signatures = tuple((found[1], found[2]) for found in map(_SIGNATURE.fullmatch, lines) if found)
    if len(signatures) != len(lines):
        raise NotVerified(step, "a signature line is damaged")
    return text + "\n", signatures


def _holds(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _by(key: VerifierKey, signatures: Sequence[tuple[str, str]], size: int, step: str) -> list[bytes]:
    """The signatures of `size` bytes that claim to be by the key; those of unknown keys are passed over."""
    length = 4 * ((len(key.key_id) + size + 2) // 3)
    named = [text for name, text in signatures if name == key.name and len(text) == length]
    raw = [unbase64(text, len(key.key_id) + size, step) for text in named]
    return [one[4:] for one in raw if one[:4] == key.key_id]


def open_note(data: str | bytes, key: VerifierKey, step: str) -> str:
    """Text of a signed note, once a signature by `key` held. Signatures of unknown keys are ignored."""
    text, signatures = split_note(data, step)
    found = _by(key, signatures, 64, step)
    if not all(_holds(key.public, signature, text.encode("utf-8")) for signature in found):
        raise NotVerified(step, "the signature does not hold: text or signature was changed")
    if not found:
        raise NotVerified(step, "it is not signed by the given key")
    return text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log promised at one moment: its name, how many entries it holds, and the root over them."""

    origin: str
    size: int
    root: bytes


def read_checkpoint(text: str) -> Checkpoint:
    """The text of a tlog-checkpoint, without its signatures."""
    matched = _CHECKPOINT.fullmatch(text)
    if matched is None:
        raise NotVerified("checkpoint", "it does not have its three lines: name, size, root")
    return Checkpoint(matched[1], int(matched[2]), unbase64(matched[3], HASH_BYTES, "checkpoint"))


def open_checkpoint(data: str | bytes, key: VerifierKey) -> Checkpoint:
    """A checkpoint signed by `key`; its origin must be the key's name, which keeps out a signed receipt."""
    checkpoint = read_checkpoint(open_note(data, key, "checkpoint"))
    if checkpoint.origin != key.name:
        raise NotVerified("checkpoint", "its origin is not the name of the key")
    return checkpoint


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom a reader trusts (C2SP tlog-policy): logs, witnesses, and how many must have cosigned.

    `witnesses` maps the policy's own name of a witness to its key; `groups` maps a group to how many of
    which members it takes; `quorum` names a witness or a group, or is NO_QUORUM.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def met(self, signed: Collection[str], name: str | None = None) -> bool:
        """Whether the witnesses in `signed` make the quorum (or the group or witness `name`)."""
        name = self.quorum if name is None else name
        if name not in self.groups:
            return name == NO_QUORUM or name in signed
        needed, members = self.groups[name]
        return sum(self.met(signed, member) for member in members) >= needed


def _group(parts: Sequence[str], known: Collection[str], used: set[str]) -> tuple[int, tuple[str, ...]]:
    """Threshold and members; a name is a member once in the whole policy, so no witness counts twice."""
    members = tuple(parts[3:])
    if not members or len(set(members)) != len(members) or not set(members) <= set(known) - used:
        raise NotVerified("policy", "a group takes names defined above it, each once in the whole policy")
    used.update(members)
    word = {"any": "1", "all": str(len(members))}.get(parts[2], parts[2])
    if not re.fullmatch(r"[1-9][0-9]{0,3}", word) or int(word) > len(members):
        raise NotVerified("policy", "a group takes from one to all of its members")
    return int(word), members


def read_policy(data: str | bytes) -> Policy:
    """A policy file: lines `log`, `witness`, `group` and exactly one `quorum` (C2SP tlog-policy)."""
    step = "policy"
    try:
        raw = data.encode("utf-8") if isinstance(data, str) else data
        text = raw.decode("utf-8")
    except UnicodeError:
        raise NotVerified(step, "it is not UTF-8 text") from None
    if len(raw) > MAX_POLICY_BYTES or any((c < " " and c not in "\t\n") or c == "\x7f" for c in text):
        raise NotVerified(step, f"it is longer than {MAX_POLICY_BYTES} bytes, or holds a control character")
    logs: list[VerifierKey] = []
    witnesses: dict[str, VerifierKey] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    quorums: list[str] = []
    used: set[str] = set()
    for line in text.split("\n"):
        parts = [part for part in re.split("[ \t]+", line) if part]
        known = {*witnesses, *groups}
        match parts:
            case []:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case ["log", key] | ["log", key, _]:
                logs.append(read_key(key))
            case ["witness", name, key] | ["witness", name, key, _] if name not in {*known, NO_QUORUM}:
                witnesses[name] = read_key(key, COSIGNATURE)
            case ["group", name, _, *_] if name not in {*known, NO_QUORUM}:
                groups[name] = _group(parts, known, used)
            case ["quorum", name] if name in {*known, NO_QUORUM}:
                quorums.append(name)
            case _:
                raise NotVerified(step, "a line is none of log, witness, group, quorum, or names wrongly")
    publics = [[key.public for key in keys] for keys in (logs, witnesses.values())]
    if len(quorums) != 1 or any(len(set(some)) != len(some) for some in publics):
        raise NotVerified(step, "it has one quorum line, and no key twice")
    return Policy(tuple(logs), witnesses, groups, quorums[0])


def cosigned_message(time: int, text: str) -> bytes:
    """What a witness signs over the text of a checkpoint; `time` in seconds since 1970 (tlog-cosignature)."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosigners(data: str | bytes, policy: Policy) -> dict[str, int]:
    """Which witnesses of the policy cosigned a checkpoint, by the policy's names, and when (unix seconds).

    A cosignature by a witness of the policy that does not hold is refused; strangers' are passed over.
    Whether these are enough is `Policy.met`, and who signed the checkpoint itself is not asked here.
    """
    step = "witnesses"
    text, signatures = split_note(data, step)
    read_checkpoint(text)
    times: dict[str, int] = {}
    for name, key in policy.witnesses.items():
        for raw in _by(key, signatures, 72, step):
            time = int.from_bytes(raw[:8], "big")
            if time >= 2**63 or not _holds(key.public, raw[8:], cosigned_message(time, text)):
                raise NotVerified(step, "a cosignature does not hold: checkpoint or cosignature was changed")
            times[name] = max(time, times.get(name, 0))
    return times


def check_cosignatures(data: str | bytes, policy: Policy) -> dict[str, int]:
    """`cosigners`, once the checkpoint is signed by a log of the policy (where it lists any), under that
    log's own name, and the quorum is met."""
    text, signatures = split_note(data, "witnesses")
    origin = read_checkpoint(text).origin
    if policy.logs:
        own = [key for key in policy.logs if key.name == origin and _by(key, signatures, 64, "checkpoint")]
        if not own:
            raise NotVerified("checkpoint", "it is not signed by a log of the policy")
        open_note(data, own[0], "checkpoint")
    times = cosigners(data, policy)
    if not policy.met(times):
        told = f"{len(times)} of the policy's {len(policy.witnesses)} witnesses cosigned the checkpoint"
        raise NotVerified("witnesses", f"{told}; that is not the quorum")
    return times


@dataclass(frozen=True, slots=True)
class Stated:
    """A log's checkpoint as the master log states it: of which log and size, when, and where it stands there.

    `path` runs from the statement's leaf up to the root of the master log's checkpoint.
    """

    log: str
    size: int
    at: str
    number: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt taken apart. Only what `verify_receipt` returned may be believed.

    `head` are the seven lines before the gates; `words` maps a gate to (outcome, sentence) as the text tells
    them; `entry` is the parsed `entry_json`; `path` runs from the leaf's sibling up. A final receipt has
    `stated`, its `checkpoint_note` is the master log's, and `cosigned` tells which witnesses of the policy
    cosigned that, and when (unix seconds); without a policy it is empty, for none was asked.
    """

    head: tuple[str, ...]
    words: dict[str, tuple[str, str]]
    salt: bytes
    entry_json: bytes
    entry: dict[str, JSON]
    index: int
    path: tuple[bytes, ...]
    checkpoint_note: str
    stated: Stated | None = None
    cosigned: Mapping[str, int] = field(default_factory=dict)


def read_receipt(text: str) -> Receipt:
    """A receipt of either form taken apart: one signed at once without its own signature, a final one whole.

    Nothing is verified but the layout.
    """
    if text.startswith(f"{FINAL_HEADER}\n"):
        return _read_final(text)
    found = _RECEIPT.fullmatch(text)
    if found is None:
        raise NotVerified("layout", f"it is not laid out as a {HEADER}")
    path = [line for line in found["path"].split("\n") if line]
    return Receipt(
        head=tuple(found["head"][:-1].split("\n")),
        words={gate: (found[gate], found[f"words{gate}"]) for gate in GATES},
        salt=unbase64(found["salt"], SALT_BYTES, "layout"),
        entry_json=found["entry"].encode("utf-8"),
        entry=read_entry(found["entry"]),
        index=int(found["index"]),
        path=tuple(unbase64(line, HASH_BYTES, "layout") for line in path),
        checkpoint_note=found["note"],
    )


def parse_receipt(data: str | bytes) -> Receipt:
    """A whole receipt of either form taken apart; nothing is verified but the layout."""
    text, _ = split_note(data, "layout")
    whole = data.decode("utf-8") if isinstance(data, bytes) else data
    return read_receipt(whole if whole.startswith(f"{FINAL_HEADER}\n") else text)


def _read_final(text: str) -> Receipt:
    found = _FINAL.fullmatch(text)
    if found is None:
        raise NotVerified("layout", f"it is not laid out as a {FINAL_HEADER}")
    head = tuple(found["head"][:-1].split("\n"))
    outcomes = {gate: found[gate] for gate in GATES}
    entry_json = spell_json(whole_entry(head, outcomes, found["rest"], found["at"], int(found["index"])))
    number, above = int(found["number"]), unpack_hashes(found["above"])
    return Receipt(
        head=head,
        words={gate: (found[gate], found[f"words{gate}"]) for gate in GATES},
        salt=unbase64(found["salt"], SALT_BYTES, "layout"),
        entry_json=entry_json.encode("utf-8"),
        entry=read_entry(entry_json),
        index=int(found["index"]),
        path=unpack_hashes(found["path"]),
        checkpoint_note=found["note"],
        stated=Stated(found["log"], int(found["size"]), found["stated"], number, above),
    )


def pack_hashes(hashes: Sequence[bytes]) -> str:
    """Two hashes to a line, each 40 characters in the base 85 of RFC 1924."""
    text = base64.b85encode(b"".join(hashes)).decode("ascii")
    return "".join(f"{text[at : at + 80]}\n" for at in range(0, len(text), 80))


def unpack_hashes(text: str) -> tuple[bytes, ...]:
    """The hashes of `pack_hashes`, from their one spelling."""
    try:
        data = base64.b85decode(text.replace("\n", ""))
    except ValueError:
        data = b"?"
    hashes = tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))
    if len(data) % HASH_BYTES or pack_hashes(hashes) != text:
        raise NotVerified("layout", "a hash of a proof is damaged")
    return hashes


def told_in(head: Sequence[str]) -> dict[str, str | None]:
    """What the lines of a head say, by the keys of the entry's body. It is the entry that counts in the end:
    a line that could be cut in two ways is written again from the entry and compared."""
    told: dict[str, str | None] = {}
    for line, form in zip(head[1:], HEAD, strict=True):
        start, *rest = re.split(r"\{(\w+)\}", form)
        if not line.startswith(start):
            raise NotVerified("layout", f"it is not laid out as a {FINAL_HEADER}")
        left = line.removeprefix(start)
        for name, after in zip(rest[::2], rest[1::2], strict=True):
            value, _, left = left.partition(after) if after else (left, "", "")
            told[name] = None if value == ABSENT else value
    return told


def whole_entry(
    head: Sequence[str], outcomes: Mapping[str, str], rest: str, at: str, seq: int
) -> dict[str, JSON]:
    """The entry of a final receipt: what its lines tell, and in `rest` whatever of the body they do not."""
    try:
        more = read_json(rest)
    except ValueError:
        raise NotVerified("entry", "it is not canonical JSON") from None
    body: dict[str, JSON] = {**told_in(head)}
    if not isinstance(more, dict) or any(name in body and body[name] == more[name] for name in more):
        raise NotVerified("entry", "what the lines do not tell is not an object, or tells it again")
    decision: dict[str, JSON] = {gate: {"outcome": outcome} for gate, outcome in outcomes.items()}
    if "decision" in more:
        other = more.pop("decision")
        if not isinstance(other, dict) or not other or not set(other) <= set(GATES):
            raise NotVerified("entry", "it does not decide the four gates")
        for gate, own in other.items():
            if not isinstance(own, dict) or not own or "outcome" in own:
                raise NotVerified("entry", "it does not decide the four gates")
            decision[gate] = {"outcome": outcomes[gate], **own}
    return {"at": at, "body": {**body, **more, "decision": decision}, "kind": "decided", "seq": seq}


def read_entry(text: str) -> dict[str, JSON]:
    """The canonical JSON of a ledger entry: exactly `at`, `body`, `kind` and `seq`."""
    try:
        entry = read_json(text)
    except ValueError:
        raise NotVerified("entry", "it is not canonical JSON") from None
    types = {"at": str, "body": dict, "kind": str, "seq": int}
    if not isinstance(entry, dict) or {name: type(value) for name, value in entry.items()} != types:
        raise NotVerified("entry", "it does not have its four parts: at, body, kind, seq")
    return entry


def decisions_of(entry: dict[str, JSON]) -> dict[str, dict[str, JSON]]:
    """The decision of every gate in an entry of kind `decided`."""
    body = entry["body"]
    found = body.get("decision") if isinstance(body, dict) and entry["kind"] == "decided" else None
    if not isinstance(found, dict) or set(found) != set(GATES):
        raise NotVerified("entry", "it does not decide the four gates")
    decisions = {gate: one for gate in GATES if isinstance(one := found[gate], dict)}
    if [one.get("outcome") in ("open", "closed") for one in decisions.values()] != [True] * len(GATES):
        raise NotVerified("entry", "the decision of a gate is neither open nor closed")
    return decisions


def shown(value: JSON) -> str:
    """A value as a person may safely see it; an absent one is said as `none on record`."""
    if value is None or value == "":
        return ABSENT
    text = value if isinstance(value, str) else spell_json(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def head_lines(entry: dict[str, JSON], header: str = HEADER) -> tuple[str, ...]:
    """The seven lines of a receipt before its gates, which follow from the entry and from nothing else.

    At once, a digest is told by its first 16 digits, for it stands in full in the entry below.
    """
    body = entry["body"] if isinstance(entry["body"], dict) else {}
    names = re.findall(r"\{(\w+)\}", "".join(HEAD))
    said = {name: shown(body.get(name)) for name in names}
    for name in ("root", "wording_digest") if header == HEADER else ():
        if len(said[name]) == 2 * HASH_BYTES:
            said[name] = f"{said[name][:16]}..."
    return (header, *(form.format(**said) for form in HEAD))


def alike(told: str, written: str) -> bool:
    """Whether two lines say the same where the tables of Unicode grew between writing and reading.

    A character that the writer's table did not have was escaped and now is not, or the other way round.
    """
    if told == written:
        return True
    hidden = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs")
    if any(unicodedata.category(c) in hidden for c in told if c != " "):
        return False
    told, written = ("".join(c if c <= "~" else f"\\u{ord(c):04x}" for c in one) for one in (told, written))
    return told == written


def verify_receipt(
    data: str | bytes, key: VerifierKey | None = None, policy: Policy | None = None
) -> Receipt:
    """Verifies a whole receipt of either form. The first step that fails is named in `NotVerified.step`.

    1. `receipt signature` (at once only): the text is signed by the key.
    2. `layout`: it is a receipt of a known form and version.
    3. `checkpoint`: the checkpoint in it (final: of the master log) is signed by the key and names its log.
    4. `witnesses` (final, with a policy): the checkpoint is cosigned by a quorum.
    5. `inclusion`: salt and entry give a leaf under that checkpoint, at the entry's number; in a final
       receipt by way of a statement in the master log (`statement`: of a log of the same bureau).
    6. `entry`: the entry is a decision, bears that number, and decides the four gates.
    7. `words`: every line before the gates says what the entry says.
    8. `gates`: every gate is told open or closed as the entry decided it, in a final receipt in our words.

    `key` may bear the name of the log or of its bureau; a policy that lists logs can stand in for it.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    receipt = (_final if raw.startswith(f"{FINAL_HEADER}\n".encode()) else _at_once)(raw, key, policy)
    decisions = decisions_of(receipt.entry)
    if receipt.entry["seq"] != receipt.index:
        raise NotVerified("entry", "it bears another number than its place in the ledger")
    lines = head_lines(receipt.entry, receipt.head[0])
    if not all(map(alike, receipt.head, lines)):
        raise NotVerified("words", "the text does not say what the entry says")
    for gate, (outcome, sentence) in receipt.words.items():
        if outcome != decisions[gate]["outcome"]:
            raise NotVerified("gates", f"the text says that {gate} is {outcome}, the entry does not")
        if receipt.stated and sentence != MEANING[gate, outcome]:
            raise NotVerified("gates", f"the sentence of {gate} is not the one of a final receipt")
    return receipt


def _at_once(data: bytes, key: VerifierKey | None, policy: Policy | None) -> Receipt:
    if policy is not None or key is None:
        raise NotVerified(
            "witnesses",
            "this receipt was made at once, before any witness saw it; verify it with the key and without "
            "a policy, or ask for the final one",
        )
    _, signatures = split_note(data, "receipt signature")
    own = next((key_of(key, name) for name, _ in signatures if name.startswith(f"{key.name}/")), key)
    receipt = read_receipt(open_note(data, own, "receipt signature"))
    checkpoint = open_checkpoint(receipt.checkpoint_note, own)
    leaf = leaf_hash(commitment(receipt.salt, receipt.entry_json))
    check_inclusion(leaf, receipt.index, checkpoint.size, receipt.path, checkpoint.root)
    return receipt


def _final(data: bytes, key: VerifierKey | None, policy: Policy | None) -> Receipt:
    receipt = parse_receipt(data)
    stated = receipt.stated
    assert stated is not None, "a final receipt rests on a statement"
    master, cosigned = _master(receipt.checkpoint_note, key, policy)
    bureau, _, name = master.origin.rpartition("/")
    if name != "master" or not stated.log.startswith(f"{bureau}/") or stated.log == master.origin:
        raise NotVerified("statement", "it is not one of a master log about another log of the same bureau")
    leaf = leaf_hash(commitment(receipt.salt, receipt.entry_json))
    said = statement_json(stated, climb(leaf, receipt.index, stated.size, receipt.path))
    check_inclusion(leaf_hash(said), stated.number, master.size, stated.path, master.root)
    return replace(receipt, cosigned=cosigned)


def _master(
    note: str, key: VerifierKey | None, policy: Policy | None
) -> tuple[Checkpoint, Mapping[str, int]]:
    """The master log's checkpoint, signed by the key or by a log of the policy, and who cosigned it."""
    master = read_checkpoint(split_note(note, "checkpoint")[0])
    logs = policy.logs if policy is not None else ()
    if key is not None and logs != (own := key_of(key, master.origin),):
        open_checkpoint(note, own)
    elif key is None and not logs:
        raise NotVerified("checkpoint", "neither a key nor a policy names the log that must have signed it")
    return master, check_cosignatures(note, policy) if policy is not None else {}


def statement_json(stated: Stated, root: bytes) -> bytes:
    """The statement of the master log that a log has this size and root: leaf data of the master log."""
    told = base64.b64encode(root).decode("ascii")
    parts: dict[str, JSON] = {"log": stated.log, "root": told, "size": stated.size}
    return spell_json({"at": stated.at, "kind": "checkpoint", "v": 1, **parts}).encode("utf-8")


MEANING = {
    ("G1", "open"): "the prints WERE cleared to go to the partner.",
    ("G1", "closed"): "the prints were NOT cleared to go to the partner.",
    ("G2", "open"): "an answer of the partner was cleared to come back to the agency.",
    ("G2", "closed"): "no answer of the partner was cleared to come back to the agency.",
    ("G3", "open"): "later look-ups by the partner were allowed to find this booking.",
    ("G3", "closed"): "later look-ups by the partner were NOT allowed to find this booking.",
    ("G4", "open"): "the partner was allowed to keep prints that matched nobody.",
    ("G4", "closed"): "the partner was NOT allowed to keep prints that matched nobody.",
}


def moment(seconds: int) -> str:
    """A time of a cosignature, for people: RFC 3339 in UTC, up to the year 9999."""
    if seconds > 253_402_300_799:
        return f"{seconds} seconds after 1970"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def form_of(receipt: Receipt) -> list[str]:
    """Which form of receipt it is, and what that proves and does not prove."""
    if receipt.stated is None:
        return [
            "This is a receipt AT ONCE. It proves that the ledger promised this entry, under its signature.",
            "It does not prove that everybody is shown the same ledger: no witness had seen it yet. "
            "The final receipt of the same booking does.",
        ]
    if not receipt.cosigned:
        return [
            "This is a FINAL receipt, but NO WITNESS WAS ASKED: no policy was given, or it needs none. "
            "So far it proves what the ledger's own signature proves, and no more.",
        ]
    who = ", ".join(f"{shown(name)} at {moment(time)}" for name, time in sorted(receipt.cosigned.items()))
    return [
        "This is a FINAL receipt. It proves that this entry is in the one ledger that the witnesses saw.",
        f"Cosigned by {len(receipt.cosigned)} of the policy's witnesses: {who}.",
    ]


def report(receipt: Receipt, key: VerifierKey | None = None) -> list[str]:
    """What a verified receipt shows, line by line, in words."""
    checkpoint = read_checkpoint(split_note(receipt.checkpoint_note, "checkpoint")[0])
    log, size = checkpoint.origin, checkpoint.size
    if receipt.stated is not None:
        log, size = receipt.stated.log, receipt.stated.size
    at = shown(receipt.entry["at"])
    lines = [f"VERIFIED: entry {receipt.index} in the ledger {log} of {size} entries, made {at}."]
    lines += [f"By the key {key.name}."] if key else []
    lines += form_of(receipt)
    lines += [shown(line) for line in receipt.head[1:]]
    for gate, (outcome, sentence) in receipt.words.items():
        lines.append(f"{gate} {outcome}: {MEANING[gate, outcome]}")
        if receipt.stated is None:
            lines.append(f"   In their words: {shown(sentence)}")
    return [*lines, "This shows what was decided and entered, not what may have left by another way."]


# -- absence: a booking is not among those that its day tells as shared (docs/explanation/absence.md) --------

ABSENCE_HEADER = "Sluicegate absence v1"
_ABSENCE = re.compile(
    rf"{ABSENCE_HEADER}\nElement (?P<element>\S{{44}})\n"
    rf"Not among shared: (?P<at>{_NUMBER}) come before it\n(?P<near>(?:\S{{40,80}}\n){{0,64}})"
    rf"\nAmong (?P<name>withheld|pending|neither): (?P<place>{_NUMBER}) come before it\n"
    rf"(?P<there>(?:\S{{40,80}}\n){{0,32}})"
    rf"\nStatement (?P<number>{_NUMBER})\n(?P<said>.+)\n(?P<above>(?:\S{{40,80}}\n){{0,32}})"
    r"\n(?P<note>(?:.*\n)+)"
)


@dataclass(frozen=True, slots=True)
class Absence:
    """What a proof of absence shows; only `verify_absence` makes one.

    `day` is the statement of the master log about the booking's day; `name` the set that the booking was
    shown to be in, or "neither", which nothing shows. `named` says whether a receipt was held against it.
    """

    element: bytes
    day: Mapping[str, JSON]
    name: str
    master: Checkpoint
    cosigned: Mapping[str, int]
    named: bool


def climb_many(size: int, known: Mapping[int, bytes], rest: Sequence[bytes]) -> bytes:
    """The root of a tree of `size` from some leaf hashes by their places, and from the roots of the largest
    subtrees that hold none of them, left to right (RFC 9162 section 2.1.1)."""
    left = iter(rest)

    def walk(low: int, high: int) -> bytes:
        if not any(low <= place < high for place in known):
            found = next(left, None)
            if found is None:
                raise NotVerified("set", "the proof is too short")
            return found
        if high - low == 1:
            return known[low]
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        return node_hash(walk(low, middle), walk(middle, high))

    if not size or not known or max(known) >= size:
        raise NotVerified("set", "the place is not below the size of the set")
    root = walk(0, size)
    if next(left, None) is not None:
        raise NotVerified("set", "the proof is too long")
    return root


def _set_of(day: Mapping[str, JSON], name: str) -> tuple[int, bytes]:
    """Size and root of a set of a day."""
    told = day.get(name)
    if isinstance(told, dict):
        size, root = told.get("size"), told.get("root")
        if type(size) is int and 0 <= size <= MAX_INTEGER and isinstance(root, str):
            return size, unbase64(root, HASH_BYTES, "statement")
    raise NotVerified("statement", "it does not tell the sets of a day")


def check_absent(element: bytes, at: int, size: int, root: bytes, near: Sequence[bytes]) -> None:
    """In a set in ascending order nothing is `element`: its neighbors, places `at` - 1 and `at`, come first
    in `near`, then what leads from them to the root. One neighbor at either end; an empty set has none."""
    places = [place for place in (at - 1, at) if 0 <= place < size]
    beside = dict(zip(places, near, strict=False))
    if not 0 <= at <= size or len(beside) != len(places):
        raise NotVerified("absence", "its place is not in the set, or a neighbor is missing")
    if any((one < element) != (place < at) or one == element for place, one in beside.items()):
        raise NotVerified("absence", "it is not between its neighbors")
    leaves = {place: leaf_hash(one) for place, one in beside.items()}
    rest = near[len(places) :]
    reached = climb_many(size, leaves, rest) if places else hashlib.sha256(b"").digest()
    if reached != root or (rest and not places):
        raise NotVerified("absence", "the neighbors do not lead to the root of the set")


def verify_absence(
    data: str | bytes, key: VerifierKey | None = None, policy: Policy | None = None, of: Receipt | None = None
) -> Absence:
    """Verifies a proof of absence. The first step that fails is named in `NotVerified.step`.

    1. `layout`; 2. `checkpoint` and 3. `witnesses`, as for a final receipt; 4. `statement`: the day's
    statement is in the master log under it; 5. `absence`: the two neighbors leave no room for the element
    among the shared; 6. `presence`: it is in the other set that is named; 7. `receipt`: with a verified
    receipt `of` the booking, the element stands for it, and the day is its own.
    """
    split_note(data, "layout")
    found = _ABSENCE.fullmatch(data.decode("utf-8") if isinstance(data, bytes) else data)
    if found is None:
        raise NotVerified("layout", f"it is not laid out as a {ABSENCE_HEADER}")
    master, cosigned = _master(found["note"], key, policy)
    above = unpack_hashes(found["above"])
    check_inclusion(leaf_hash(found["said"].encode()), int(found["number"]), master.size, above, master.root)
    try:
        day = read_json(found["said"])
    except ValueError:
        day = None
    if not isinstance(day, dict) or day.get("kind") != "day" or not master.origin.endswith("/master"):
        raise NotVerified("statement", "it is not one of a master log about a day")
    element = unbase64(found["element"], HASH_BYTES, "layout")
    check_absent(element, int(found["at"]), *_set_of(day, "shared"), unpack_hashes(found["near"]))
    there = unpack_hashes(found["there"])
    if found["name"] != "neither":
        size, root = _set_of(day, found["name"])
        if climb_many(size, {int(found["place"]): leaf_hash(element)}, there) != root:
            raise NotVerified("presence", f"it is not shown to be among the {found['name']}")
    if of is not None:
        _check_booking(of, element, day, master.origin.removesuffix("/master"))
    return Absence(element, day, found["name"], master, cosigned, of is not None)


def _check_booking(of: Receipt, element: bytes, day: Mapping[str, JSON], bureau: str) -> None:
    """The receipt's entry is the element, its log the jurisdiction's, and its receipt within the day."""
    step, body = "receipt", of.entry["body"]
    log = of.stated.log if of.stated else read_checkpoint(split_note(of.checkpoint_note, step)[0]).origin
    if commitment(of.salt, of.entry_json) != element:
        raise NotVerified(step, "the proof is about another booking")
    if log.removesuffix("/withheld") != f"{bureau}/{day.get('jurisdiction')}":
        raise NotVerified(step, "the day is another jurisdiction's")
    moments = [day.get("begins"), body.get("received") if isinstance(body, dict) else None, day.get("ends")]
    told = [one for one in moments if isinstance(one, str) and len(one) == 27]
    if len(told) != len(moments) or not told[0] <= told[1] < told[2]:
        raise NotVerified(step, "the booking was received on another day")


def booking_of(data: str | bytes, key: VerifierKey | None, policy: Policy | None) -> Receipt:
    """The verified receipt of the booking that a proof is to be about; no witness saw one made at once."""
    final = parse_receipt(data).stated is not None
    own = policy.logs[0] if key is None and policy is not None and policy.logs else key
    if own is not None and not final:
        own = replace(own, name=(name := own.name.removesuffix("/master")), key_id=key_id(name, own.public))
    return verify_receipt(data, own, policy if final else None)


def absence_report(one: Absence) -> list[str]:
    """What a verified proof of absence shows, in words, and what it does not."""
    day, at = one.day, shown(one.day.get("at"))
    where = f"{shown(day.get('jurisdiction'))} on {shown(day.get('day'))}"
    counts = {name: _set_of(day, name)[0] for name in ("shared", "withheld", "pending")}
    lines = [
        f"NOT SHARED: the booking is not among the {counts['shared']} that were told as shared of {where}.",
        {
            "withheld": f"It is among the {counts['withheld']} that were told as withheld.",
            "pending": f"It is among the {counts['pending']} that were pending: IT MAY BE SHARED YET.",
        }.get(one.name, "IT IS NOT SHOWN TO BE AMONG THE WITHHELD OR PENDING EITHER: ask why."),
        f"received {sum(counts.values())} = shared {counts['shared']} + withheld {counts['withheld']} + "
        f"pending {counts['pending']}, as told at {at} by {one.master.origin}.",
    ]
    if at < shown(day.get("ends")):
        lines.append("THE DAY WAS NOT OVER when this was told: more could be added to it.")
    if not one.named:
        lines.append("NO RECEIPT WAS GIVEN: whose booking this is was not checked.")
    who = ", ".join(f"{shown(name)} at {moment(time)}" for name, time in sorted(one.cosigned.items()))
    lines.append(f"Cosigned by {who}." if who else "NO WITNESS WAS ASKED, or the policy needs none.")
    lines.append("It rests on the set being in order, which anyone can check with the day's public file,")
    return [
        *lines,
        "and tells what was stated. Whether the other side took it: compare what that side tells.",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0: the receipt or proof of absence holds; 4: not; 2: a file or an option cannot be used."""
    parser = argparse.ArgumentParser(prog="verify", description="Verify a receipt, with no network.")
    parser.add_argument("receipt", type=Path, help="file of the receipt, or of a proof of absence")
    parser.add_argument("key", type=Path, nargs="?", help="file of the public key (name+id+key)")
    parser.add_argument("--key", type=Path, dest="also", metavar="KEY", help="the same, as an option")
    parser.add_argument("--policy", type=Path, help="file of the witnesses to trust (C2SP tlog-policy)")
    parser.add_argument("--of", type=Path, help="with a proof of absence: file of the booking's receipt")
    chosen = parser.parse_args(arguments)
    places = [chosen.receipt, chosen.key or chosen.also, chosen.policy, chosen.of]
    if places[1:3] == [None, None]:
        parser.error("give the public key, or a policy that names the log")
    limits = (MAX_NOTE_BYTES, 1000, MAX_POLICY_BYTES, MAX_NOTE_BYTES)
    try:
        files = [_start(one, limit) if one else None for one, limit in zip(places, limits, strict=True)]
    except OSError as error:
        print(f"Cannot read a file: {error.strerror}.", file=sys.stderr)
        return 2
    data, key_text, policy_text, of_text = files
    try:
        key = read_key(key_text.decode("utf-8", errors="replace")) if key_text is not None else None
        policy = read_policy(policy_text) if policy_text is not None else None
        if (data or b"").startswith(ABSENCE_HEADER.encode()):
            of = booking_of(of_text, key, policy) if of_text is not None else None
            print("\n".join(absence_report(verify_absence(data or b"", key, policy, of))))
        else:
            print("\n".join(report(verify_receipt(data or b"", key, policy), key)))
    except NotVerified as error:
        print(f"NOT VERIFIED. {error}.", file=sys.stderr)
        return 4
    return 0


def _start(place: Path, limit: int) -> bytes:
    with place.open("rb") as file:
        return file.read(limit + 1)


if __name__ == "__main__":
    sys.exit(main())
