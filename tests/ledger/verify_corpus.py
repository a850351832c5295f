# SPDX-License-Identifier: Apache-2.0
"""Receipts good and damaged, each with what Python says of it, for every other verifier to agree with."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from final_world import BUREAU, MASTER, STRICT, cosignature, final_of, policy_text
from ledger_world import WORDS, Booked, decided, place

from sluicegate.ledger import keys, note, verify

KEY = f"{BUREAU.public}\n".encode()
STRICT_TEXT = policy_text("group both all court paper\nquorum both").encode()
LOG_KEY = keys.FileKey("bureau.example/US-VA-013", BUREAU.private)


@dataclass(frozen=True, slots=True)
class Case:
    """What a verifier is given."""

    name: str
    receipt: bytes
    key: bytes | None = KEY
    policy: bytes | None = None

    @property
    def packed(self) -> list[str | None]:
        """The three as base64, None where not given."""
        parts = (self.receipt, self.key, self.policy)
        return [None if one is None else base64.b64encode(one).decode() for one in parts]


def python_says(case: Case) -> list[str] | str:
    """The lines of the report, or the refusal."""
    try:
        key = verify.read_key(_text(case.key)) if case.key is not None else None
        policy = verify.read_policy(case.policy) if case.policy is not None else None
        return verify.report(verify.verify_receipt(case.receipt, key, policy), key)
    except verify.NotVerified as refusal:
        return str(refusal)


def _text(key: bytes) -> str:
    try:
        return key.decode("utf-8")
    except UnicodeDecodeError:
        raise verify.NotVerified("key", "it is not UTF-8 text") from None


def at_once(outcomes: str = "closed closed closed closed", **booking: str) -> str:
    """A receipt signed at once by a jurisdiction's log."""
    return Booked(LOG_KEY, place(decided(outcomes, **booking), LOG_KEY), dict(WORDS)).receipt


def final(outcomes: str = "closed closed closed closed", **booking: str) -> str:
    """A final receipt with two cosignatures."""
    return final_of(outcomes, **booking).text(STRICT)


ODD = 'A"\\\n\u202eB, case \u00e9\U0001f600\x9b'
ANY = policy_text("group g any court school paper\nquorum g").encode()
GOOD = (
    Case("at once", at_once().encode()),
    Case("at once, open", at_once("open closed open open").encode()),
    Case("at once, key of the log", at_once().encode(), str(LOG_KEY.public).encode()),
    Case("at once, odd text", at_once(tcn=ODD, ori="").encode()),
    Case("final, no policy", final().encode()),
    Case("final", final().encode(), KEY, STRICT_TEXT),
    Case("final, policy alone", final("open open open closed").encode(), None, STRICT_TEXT),
    Case("final, key of the master log", final().encode(), str(MASTER.public).encode(), STRICT_TEXT),
    Case("final, any of three", final_of().text().encode(), KEY, ANY),
    Case("final, none asked", final().encode(), KEY, policy_text("quorum none").encode()),
    Case("final, odd text", final(tcn=ODD, ori="", cri="none on record").encode(), KEY, STRICT_TEXT),
)

_PLACES = {  # class of position: a pattern whose match is damaged
    "header": "receipt v1",
    "head": "Agency: CRI",
    "booking": "TCN VA0070",
    "gate": "G2 closed",
    "sentence": "(partner|relay)",
    "number": "Ledger entry 37",
    "salt": "(?<=salt ).{44}",
    "entry": '"digest":"[0-9a-f]{64}',
    "path": "\n\\S{44}=?\n|\n\\S{80}\n",
    "statement": "Statement 812",
    "size": "\n100+\n",
    "root": "\n[A-Za-z0-9+/]{43}=\n\n",
    "signature": "\u2014 bureau.example\\S* \\S+",
    "cosignature": "\u2014 witness.court.example \\S+",
    "cosigner": "witness.paper",
}


def damaged() -> Iterator[Case]:
    """Every good receipt with one byte changed at the start, middle and end of every kind of place."""
    for good in (GOOD[0], GOOD[5]):
        text = good.receipt.decode()
        for place_name, pattern in _PLACES.items():
            found = re.search(pattern, text)
            if not found:
                continue
            start, end = (len(text[:at].encode()) for at in found.span())
            for spot in {start, (start + end) // 2, end - 1}:
                for flip in (1, 0x20, 0x80):
                    yield _flipped(good, f"{good.name}, {place_name} {spot - start}", spot, flip)
    for part, at in (("key", 3), ("key", 30), ("key", 50), ("policy", 40), ("policy", 200)):
        good = GOOD[5]
        raw = bytearray(good.key if part == "key" else good.policy or b"")
        raw[at] ^= 1
        key, policy = (bytes(raw), good.policy) if part == "key" else (good.key, bytes(raw))
        yield Case(f"{part} {at}", good.receipt, key, policy)


def _flipped(good: Case, name: str, spot: int, flip: int) -> Case:
    raw = bytearray(good.receipt)
    raw[spot] ^= flip
    return Case(f"{name} ^{flip:#x}", bytes(raw), good.key, good.policy)


def forged() -> Iterator[Case]:
    """What the operator could write and sign again, and what no signature can mend."""
    text, _ = verify.split_note(at_once(), "test")
    for old, new in (
        ("receipt v1", "receipt v2"),
        ("G1 closed", "G1 open"),
        ("Booking: TCN VA", "Booking: TCN CA"),
        ("index 37", "index 38"),
        ("\n100\n", "\n0100\n"),
        ('"R012"', '"R013"'),
        ('"R012"', "1.5"),
        ('"R012"', "1e3"),
        ('"R012"', "-0"),
        ('"R012"', "9007199254740992"),
        ('"R012"', '"\\ud800"'),
        ('"R012"', "[" * 40 + "]" * 40),
        ('"kind":"decided"', '"kind":"closed"'),
        ("Your prints", "Your \u2028prints\x85\u00a0\ufeff"),
    ):
        assert old in text
        free = "a free sentence, signed again" if old == "Your prints" else f"{old} to {new}"
        yield Case(free, note.sign(text.replace(old, new, 1), LOG_KEY).encode())
    whole = final()
    for old, new in (
        ("prints were NOT", "prints were not"),
        ("G1 closed: the prints were NOT", "G1 open: the prints WERE"),
        ("Ledger entry 37", "Ledger entry 99999999999999999"),
        (" of 100 in", " of 37 in"),
        (" of 100 in", " of 101 in"),
        ("in bureau.example/US", "in bureau.examples/US"),
        ("in bureau.example/US-VA-013/withheld", "in bureau.example/master"),
        ("Statement 812", "Statement 1000"),
        ('{"digest"', '{"case":1,"digest"'),
        ('{"digest"', '{"__proto__":1,"digest"'),
        ('{"digest"', '{"decision":{},"digest"'),
        ('{"digest"', '{"decision":{"G1":{}},"digest"'),
        ('{"digest"', '{"cri":"VA0070000","digest"'),
        ('{"digest"', '{"decision":{"G1":{"outcome":"open"}},"digest"'),
        ('{"digest"', '{"decision":{"G5":{}},"digest"'),
        ('{"digest"', '{"decision":[],"digest"'),
    ):
        assert old in whole
        yield Case(f"{old} to {new}", whole.replace(old, new, 1).encode(), KEY, STRICT_TEXT)


def others() -> Iterator[Case]:
    """Wrong keys, policies that are not met, and files that are no receipt."""
    stranger = keys.from_seed("bureau.example", b"\x77" * 32).public
    few = policy_text("group all all court paper school\nquorum all").encode()
    unsigned = re.sub("\u2014 bureau.*\n", "", final())
    short = final_of().placed.checkpoint_note
    yield Case("at once with a policy", at_once().encode(), KEY, STRICT_TEXT)
    yield Case("at once, no key", at_once().encode(), None, STRICT_TEXT)
    yield Case("another key", at_once().encode(), str(stranger).encode())
    yield Case("another key, final", final().encode(), str(stranger).encode(), STRICT_TEXT)
    yield Case(
        "another bureau", final().encode(), str(keys.from_seed("x.example", b"\1" * 32).public).encode()
    )
    yield Case("quorum not met", final().encode(), KEY, few)
    yield Case("no log named", final().encode(), None, policy_text(log=False).encode())
    yield Case("not signed by the log", unsigned.encode(), KEY, STRICT_TEXT)
    yield Case("later time twice", (final() + cosignature("court", short, 2**63)).encode(), KEY, STRICT_TEXT)
    yield Case("far future", (final() + cosignature("court", short, 2**62)).encode(), KEY, STRICT_TEXT)
    yield Case("a checkpoint", short.encode(), KEY, STRICT_TEXT)
    for name, raw in (
        ("empty", b""),
        ("binary", b"\xff\xfe"),
        ("long", b"x\n" * 9000),
        ("bom", b"\xef\xbb\xbf" + final().encode()),
    ):
        yield Case(name, raw)
        yield Case(f"key {name}", final().encode(), raw[:900])
        yield Case(f"policy {name}", final().encode(), KEY, raw)
    for seed in range(40):
        good = GOOD[seed % 2 * 5]
        chance = random.Random(seed)  # noqa: S311 - a place, not a secret
        raw = bytearray(good.receipt)
        at = chance.randrange(len(raw))
        raw[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
        if raw != good.receipt:
            yield Case(f"spliced {seed}", bytes(raw), good.key, good.policy)


CHANGED_AND_HELD = {"a free sentence, signed again", "far future"}
"""An operator may sign other sentences again, and a witness may have any clock; all else must be refused."""


def corpus() -> list[Case]:
    """All of them."""
    return [*GOOD, *damaged(), *forged(), *others()]
