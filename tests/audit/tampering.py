# SPDX-License-Identifier: Apache-2.0
"""Every kind of tampering that the audit must catch: who could do it, how, and which kind is found.

An outsider changes files. An operator holds the keys and signs whatever he made up; what stops him is what
was said before: statements, receipts, the partner's word, witnesses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import audit_world as world
from harms import (
    BUNDLE,
    TILE,
    bad_witness,
    beyond,
    both,
    channel,
    cut,
    dropped,
    early,
    early_witness,
    edit,
    elsewhere,
    emptied_day,
    exchanged,
    flip,
    forge_all,
    forge_log,
    later_rules,
    line,
    no_witness,
    other_key,
    partner_file,
    private,
    reopened,
    set_row,
    shrunk,
    swap,
    swapped,
    takes,
    unbodied,
    word,
)
from tampered import (
    BEHIND,
    OPEN,
    Scene,
    added,
    back_dated,
    entries_of,
    first_day,
    forged,
    moved,
    part,
    restate,
    retold,
    revised,
)

from sluicegate.ledger.statement import StatementKind
from sluicegate.statistics import export


@dataclass(frozen=True, slots=True)
class Tampering:
    """One change: who could make it, and the kind of finding that must name it."""

    name: str
    by: str
    work: Callable[[Scene], None]
    kind: str


_OUT, _OP, _DB = "anybody with the files", "an operator with the keys", "somebody with the database"
_NOTE = f"logs/{BEHIND}/checkpoint"
_DAY = f"days/*/{world.COUNTY}.json"

TAMPERINGS: tuple[Tampering, ...] = (
    Tampering("a bit of an entry in a bundle", _OUT, edit(BUNDLE, flip(9)), "entry"),
    Tampering("two entries of a bundle exchanged", _OUT, swapped(BUNDLE), "entry"),
    Tampering("the last entry of a bundle missing", _OUT, edit(BUNDLE, lambda d: d[:-34]), "bundle"),
    Tampering("a bundle removed", _OUT, cut(BUNDLE), "bundle"),
    Tampering("a bundle with one entry more beside it", _OUT, beyond, "beyond"),
    Tampering("a bit of a tile", _OUT, edit(TILE, flip(40)), "tile"),
    Tampering("an entry and its hash, made to fit each other", _OUT, both, "root"),
    Tampering("a tile removed", _OUT, cut(TILE), "tile"),
    Tampering("a figure in a log's checkpoint", _OUT, edit(_NOTE, word("\n", "\n1")), "checkpoint"),
    Tampering("a log's checkpoint removed", _OUT, cut(_NOTE), "checkpoint"),
    Tampering("the master log's checkpoint removed", _OUT, cut("checkpoint"), "checkpoint"),
    Tampering("a log removed", _OUT, cut(f"logs/{OPEN}"), "checkpoint"),
    Tampering(
        "a count in a day's statement",
        _OUT,
        edit("tile/entries/000.p/*", word('"received":1', '"received":2')),
        "entry",
    ),
    Tampering("the master log signed by another key", _OUT, other_key, "checkpoint"),
    Tampering("the private log of answers made public", _OUT, private, "private"),
    Tampering(
        "a booking moved from withheld to shared in a day's file",
        _OUT,
        edit(_DAY, word('"withheld"', '"x"')),
        "day-file",
    ),
    Tampering("a day's file removed", _OUT, cut(_DAY), "day-file"),
    Tampering("an element of the partner's set", _OUT, partner_file, "day-file"),
    Tampering(
        "a cell of a rule", _OUT, edit("programs/secure-communities/rules.csv", word("R0", "R9")), "registry"
    ),
    Tampering(
        "a table of the program removed", _OUT, cut("programs/secure-communities/charges.csv"), "registry"
    ),
    Tampering(
        "why a change of the rules was made",
        _OUT,
        edit("registry/0003.note", word("for a drill", "for a thrill")),
        "registry",
    ),
    Tampering("the newest change of the rules removed", _OUT, cut("registry/0003.note"), "registry"),
    Tampering("an earlier change of the rules removed", _OUT, cut("registry/0001.note"), "registry"),
    Tampering("the registry removed", _OUT, cut("registry"), "registry"),
    Tampering(
        "a figure of the statistics",
        _OUT,
        edit(f"statistics/*/{export.DATA}", word('"month":"2010-11"', '"month":"2010-10"')),
        "statistics",
    ),
    Tampering("the statistics removed", _OUT, cut("statistics/2010-11"), "statistics"),
    Tampering(
        "a word of a release", _OUT, edit("releases/*/release.json", word("Option 2", "Option 3")), "release"
    ),
    Tampering("a page of a release removed", _OUT, cut("releases/*/*.html"), "release"),
    Tampering("a letter of a witness's signature", _OUT, bad_witness, "witness"),
    Tampering("the signatures of two of three witnesses removed", _OUT, no_witness(1), "witness"),
    Tampering(
        "a letter of the key history",
        _OUT,
        edit("keys/history.json", word('"public": "', '"public": "A')),
        "key",
    ),
    Tampering("the key history removed", _OUT, cut("keys/history.json"), "key"),
    Tampering(
        "a gate's word in a receipt", _OUT, lambda s: s.receipt(word("G1 closed", "G1 open")), "receipt"
    ),
    Tampering("the salt of a receipt", _OUT, lambda s: s.receipt(line(", salt ")), "receipt"),
    Tampering(
        "the entry in a receipt",
        _OUT,
        lambda s: s.receipt(word('"outcome":"closed"', '"outcome":"open"')),
        "receipt",
    ),
    Tampering(
        "the number of a receipt's entry", _OUT, lambda s: s.receipt(word("\nindex ", "\nindex 1")), "receipt"
    ),
    Tampering("the signature of a receipt", _OUT, lambda s: s.receipt(flip(-9)), "receipt"),
    Tampering(
        "an entry replaced and the log signed anew", _OP, forge_log(lambda e: [b"\x06" * 32, *e[1:]]), "grown"
    ),
    Tampering(
        "two entries exchanged and the log signed anew", _OP, forge_log(lambda e: swap(e, 0, 1)), "grown"
    ),
    Tampering(
        "an entry added and the log signed anew", _OP, forge_log(lambda e: [*e, b"\x06" * 32]), "unstated"
    ),
    Tampering("the last entry dropped and the log signed anew", _OP, forge_log(lambda e: e[:-1]), "unstated"),
    Tampering("a log and every statement about it rewritten", _OP, forge_all, "split"),
    Tampering("another history shown to somebody else", _OP, elsewhere, "split"),
    Tampering("a log stated to be smaller than before", _OP, shrunk, "grown"),
    Tampering("a statement dated before the first", _OP, lambda s: restate(s, back_dated), "clock"),
    Tampering(
        "two statements of different days exchanged",
        _OP,
        lambda s: restate(s, lambda x: swap(x, 0, -1)),
        "clock",
    ),
    Tampering(
        "a statement that is none",
        _OP,
        lambda s: forged(
            s.public, "master", [*entries_of(s.public, "master"), b'{"v":1}'], world.signer(s.home)
        ),
        "statement",
    ),
    Tampering("a summary dated after its witnesses", _OP, early_witness, "clock"),
    Tampering("a day's sum stated otherwise", _OP, lambda s: restate(s, part(0, received=7)), "day-sum"),
    Tampering("a day left out", _OP, emptied_day, "day-chain"),
    Tampering(
        "a day told twice as new",
        _OP,
        lambda s: restate(s, lambda x: [*x, replace(x[first_day(s, OPEN)[0]], at=x[-1].at)]),
        "day-chain",
    ),
    Tampering(
        "a withheld booking told as shared, file and statement",
        _OP,
        lambda s: retold(s, world.COUNTY, moved),
        "day-log",
    ),
    Tampering(
        "the same, held against the agency's receipt",
        _OP,
        lambda s: retold(s, world.COUNTY, moved),
        "receipt-day",
    ),
    Tampering(
        "a revision that moves withheld to shared",
        _OP,
        lambda s: revised(s, world.COUNTY, moved),
        "day-changed",
    ),
    Tampering(
        "a revision that adds a booking to a day that was over",
        _OP,
        lambda s: revised(s, world.COUNTY, added),
        "day-changed",
    ),
    Tampering(
        "another change of the rules stated than was signed",
        _OP,
        lambda s: restate(s, part(-1, kind=StatementKind.REGISTERED, change="0" * 64)),
        "registry",
    ),
    Tampering(
        "the partner takes what was never sent", _OP, lambda s: retold(s, OPEN, added, "partner"), "taken"
    ),
    Tampering("the partner takes what was withheld", _OP, takes, "taken"),
    Tampering("the same, held against the agency's receipt too", _OP, takes, "receipt-day"),
    Tampering(
        "a gap in the partner's numbers", _OP, channel("partner", faults=["number 2 never came"]), "channel"
    ),
    Tampering("fewer numbers sent than came", _OP, channel("bureau", last=1, count=1), "channel"),
    Tampering("the body of an entry", _DB, unbodied, "entry-body"),
    Tampering("the salt of an entry", _DB, set_row(salt=b"\x00" * 32), "entry-body"),
    Tampering("the moment of an entry", _DB, set_row(at="2010-11-16T16:00:00.000000Z"), "entry-body"),
    Tampering("an entry back-dated, with its commitment", _DB, early, "clock"),
    Tampering("an entry taken out", _DB, dropped, "entry-order"),
    Tampering("an entry emptied without a word", _DB, set_row(body=None, salt=None), "erased"),
    Tampering("two entries exchanged", _DB, exchanged, "entry-body"),
    Tampering("a decision rewritten, with its commitment", _DB, reopened, "decision"),
    Tampering("a withheld booking whose decision was rewritten to open", _DB, reopened, "egress"),
    Tampering("a decision put under rules of a later day", _DB, later_rules, "back-dated"),
)
