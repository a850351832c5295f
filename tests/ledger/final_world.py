# SPDX-License-Identifier: Apache-2.0
"""Builders of a master log with witnesses, and of the final receipt of a booking under it."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from ledger_world import Booked, decided

from sluicegate.ledger import checkpoint, entry, keys, merkle, receipt, verify
from sluicegate.ledger.receipt import Placed, Stated
from sluicegate.ledger.verify import COSIGNATURE, Policy, VerifierKey

BUREAU = keys.from_seed("bureau.example", b"\x01" * 32)
MASTER = keys.FileKey("bureau.example/master", BUREAU.private)
LOG = "bureau.example/US-VA-013/withheld"
STATED_AT = "2010-11-09T05:00:00.000000Z"
TIME = 1_289_278_810
WITNESSES = {
    "court": keys.from_seed("witness.court.example", b"\x31" * 32),
    "paper": keys.from_seed("witness.paper.example", b"\x32" * 32),
    "school": keys.from_seed("witness.school.example", b"\x33" * 32),
}


def vkey(name: str) -> VerifierKey:
    """The public key of a witness, for cosigning."""
    own = WITNESSES[name].public
    return VerifierKey(own.name, verify.key_id(own.name, own.public, COSIGNATURE), own.public, COSIGNATURE)


def cosignature(name: str, note: str, time: int = TIME) -> str:
    """One cosignature line of a witness over a checkpoint."""
    text, _ = verify.split_note(note, "test")
    raw = vkey(name).key_id + time.to_bytes(8, "big")
    raw += WITNESSES[name].sign(verify.cosigned_message(time, text))
    return f"\u2014 {vkey(name).name} {base64.b64encode(raw).decode()}\n"


def policy_text(quorum: str = "group two 2 court paper school\nquorum two", *, log: bool = True) -> str:
    """A policy of the one master log and the three witnesses."""
    lines = [f"log {MASTER.public}"] if log else []
    return "\n".join([*lines, *(f"witness {name} {vkey(name)}" for name in WITNESSES), quorum, ""])


POLICY: Policy = verify.read_policy(policy_text())
STRICT: Policy = verify.read_policy(policy_text("group both all court paper\nquorum both"))


def grown(leaf: bytes, index: int, size: int) -> tuple[tuple[bytes, ...], bytes]:
    """Path and root of a leaf at its place in a tree of a size, with made-up siblings; any size is cheap."""
    computed, path, fn, sn = leaf, [], index, size - 1
    while sn:
        if fn & 1 or fn != sn:
            path.append(merkle.leaf_hash(f"{size} {len(path)}".encode()))
            pair = (path[-1], computed) if fn & 1 or fn == sn else (computed, path[-1])
            computed = merkle.node_hash(*pair)
        fn, sn = fn >> 1, sn >> 1
    return tuple(path), computed


@dataclass(frozen=True, slots=True)
class Final:
    """A decided booking under a statement of the master log, under a cosigned checkpoint."""

    placed: Placed
    stated: Stated

    def text(self, policy: Policy | None = None) -> str:
        """The final receipt."""
        return receipt.compose_final(self.placed, self.stated, policy)


def final(
    made: entry.Entry,
    salt: bytes,
    *,
    own: tuple[int, int] = (37, 100),
    master: tuple[int, int] = (812, 1000),
    signed: Sequence[str] = ("court", "paper"),
    log: str = LOG,
) -> Final:
    """The entry as number `own[0]` of a log of `own[1]`, that as statement `master[0]` of `master[1]`."""
    made = dataclasses.replace(made, seq=own[0])
    path, root = grown(entry.leaf(salt, entry.canonical(made)), *own)
    stated = Stated(log, own[1], STATED_AT, master[0], ())
    above, top = grown(merkle.leaf_hash(verify.statement_json(stated, root)), *master)
    note = checkpoint.sign(MASTER.name, master[1], top, MASTER)
    note += "".join(cosignature(name, note) for name in signed)
    return Final(Placed(made, salt, path, note), dataclasses.replace(stated, path=above))


def final_of(outcomes: str = "closed closed closed closed", **booking: str) -> Final:
    """The final receipt of the booking of `ledger_world`."""
    return final(decided(outcomes, **booking), b"\x5a" * 32)


def final_like(booked: Booked) -> Final:
    """The final receipt of a booking that has one at once."""
    return final(booked.placed.entry, booked.placed.salt)
