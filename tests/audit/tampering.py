# SPDX-License-Identifier: Apache-2.0
"""Every kind of tampering that the audit must catch: who could do it, how, and which kind is found.

An outsider changes files. An operator holds the keys and signs whatever he made up; what stops him is what
was said before: statements, receipts, the partner's word, witnesses.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import audit_world as world

from sluicegate.audit.folder import of_folder
from sluicegate.audit.run import Audited, Given, audit
from sluicegate.exchange.papers import log_key
from sluicegate.facts import FactKind
from sluicegate.ledger import checkpoint, days, merkle, tiles
from sluicegate.ledger import entry as entries
from sluicegate.ledger import statement as statements
from sluicegate.ledger.days import Day
from sluicegate.ledger.keys import FileKey, from_seed
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.tiles import Tile
from sluicegate.ledger.verify import Checkpoint, leaf_hash
from sluicegate.statistics import export

OPEN, BEHIND = "US-CA-085", f"{world.COUNTY}/withheld"


@dataclass(slots=True)
class Scene:
    """A copy of everything an auditor is given, to tamper with. `home` is only read."""

    home: Path
    public: Path
    partner: Path
    receipts: dict[str, bytes]
    rows: list[dict[str, Any]]
    seen: dict[str, bytes] = field(default_factory=dict)

    def audited(self) -> Audited:
        """The audit of what is there now."""
        return audit(
            Given(
                of_folder("bureau", world.public_key(self.home), self.public),
                of_folder("partner", world.public_key(self.home, "partner"), self.partner),
                world.policy_of(self.home),
                self.seen,
                self.receipts,
                self.rows,
            )
        )

    def path(self, pattern: str) -> Path:
        """The newest file of the public folder that a pattern names."""
        return max(self.public.glob(pattern), key=lambda one: (len(one.name), one.name))

    def edit(self, pattern: str, change: Callable[[bytes], bytes]) -> None:
        """Change a file of the public folder; it must become another."""
        path = self.path(pattern)
        before = path.read_bytes()
        after = change(before)
        assert after != before, "it is tampered with"
        path.write_bytes(after)

    def receipt(self, change: Callable[[bytes], bytes]) -> None:
        """Change the first receipt of the filtered county."""
        name = next(one for one in self.receipts if one.startswith("CA0380000"))
        after = change(self.receipts[name])
        assert after != self.receipts[name], "it is tampered with"
        self.receipts[name] = after


def copied(home: Path, receipts: Path, folder: Path) -> Scene:
    """A fresh copy."""
    shutil.copytree(home / "public", folder / "public")
    shutil.copytree(home / "partner-public", folder / "partner")
    with world.Call(home, as_json=True).opened("bureau") as office:
        rows = [dict(row) for row in office.store.rows("all_entries")]
    return Scene(home, folder / "public", folder / "partner", world.receipts_in(receipts), rows)


# -- what an operator does -----------------------------------------------------------------------------


def log_of(folder: Path, log: str) -> Path:
    """The folder of a log."""
    return folder if log == "master" else folder / "logs" / log


def entries_of(folder: Path, log: str) -> list[bytes]:
    """The entries of a small log."""
    place = log_of(folder, log)
    size = checkpoint.parse((place / "checkpoint").read_bytes()).size
    tile = Tile(None, 0, size)
    return list(tiles.decode_bundle((place / tile.path).read_bytes(), tile))


def forged(folder: Path, log: str, told: Iterable[bytes], key: FileKey) -> None:
    """Write a small log anew with these entries, and sign it."""
    place, listed = log_of(folder, log), list(told)
    shutil.rmtree(place / "tile", ignore_errors=True)
    size, leaves = len(listed), [leaf_hash(one) for one in listed]
    own = log_key(key, log)
    for tile, data in (
        (Tile(None, 0, size), tiles.encode_bundle(listed)),
        (Tile(0, 0, size), b"".join(leaves)),
    ):
        (place / tile.path).parent.mkdir(parents=True, exist_ok=True)
        (place / tile.path).write_bytes(data)
    (place / "checkpoint").write_text(checkpoint.sign(own.name, size, merkle.root(leaves), own), "utf-8")


def restate(scene: Scene, change: Callable[[list[Statement]], list[Statement]], side: str = "bureau") -> None:
    """The master log of a side with other statements, signed; the witnesses who would not are left out."""
    folder = scene.public if side == "bureau" else scene.partner
    before = [statements.decode(one) for one in entries_of(folder, "master")]
    after = change(list(before))
    assert after != before, "it is tampered with"
    forged(folder, "master", map(statements.encode, after), world.signer(scene.home, side))
    if side == "bureau":
        world.cosigned(scene.public)


def first_day(scene: Scene, place: str, side: str = "bureau") -> tuple[int, Day]:
    """Number of the first statement about a day of a place, and that day."""
    folder = scene.public if side == "bureau" else scene.partner
    kinds = (StatementKind.DAY, StatementKind.TAKEN)
    for number, data in enumerate(entries_of(folder, "master")):
        said = statements.decode(data)
        if said.kind in kinds and said.subject == place:
            return number, days.decode((folder / f"days/{said.parts['day']}/{place}.json").read_bytes())
    raise AssertionError(place)


def retold(scene: Scene, place: str, change: Callable[[Day], Day], side: str = "bureau") -> None:
    """Tell a day otherwise than it was told, file and statement both, and sign it."""
    folder = scene.public if side == "bureau" else scene.partner
    number, before = first_day(scene, place, side)
    after = change(before)
    (folder / before.path).unlink()
    (folder / after.path).write_bytes(days.encode(after))

    def put(said: list[Statement]) -> list[Statement]:
        said[number] = days.stated(after, said[number].at)
        return said

    restate(scene, put, side)


def revised(scene: Scene, place: str, change: Callable[[Day], Day]) -> None:
    """Tell a day once more, as a revision, and sign it."""
    _, before = first_day(scene, place)
    after = replace(change(before), revision=before.revision + 1)
    (scene.public / after.path).write_bytes(days.encode(after))
    restate(scene, lambda said: [*said, days.stated(after, said[-1].at)])


def moved(one: Day) -> Day:
    """The withheld bookings of a day told as shared."""
    return replace(one, sets={"shared": one.sets["withheld"], "withheld": (), "pending": ()}, refused=0)


def added(one: Day) -> Day:
    """A booking more in the first set of a day."""
    name = next(iter(one.sets))
    return replace(one, sets=one.sets | {name: tuple(sorted([*one.sets[name], b"\x07" * 32]))})


def part(number: int, **given: object) -> Callable[[list[Statement]], list[Statement]]:
    """One statement with other parts; `number` counts those of one kind from the end of the list."""

    def change(said: list[Statement]) -> list[Statement]:
        kind = given.get("kind", StatementKind.DAY)
        place = [n for n, one in enumerate(said) if one.kind is kind][number]
        parts: Mapping[str, Any] = {name: value for name, value in given.items() if name != "kind"}
        said[place] = replace(said[place], parts=said[place].parts | parts)
        return said

    return change


def back_dated(said: list[Statement]) -> list[Statement]:
    """The newest statement dated before the first."""
    return [*said[:-1], replace(said[-1], at="2010-11-01T00:00:00Z")]


# -- what somebody does to the database ----------------------------------------------------------------


def decided(scene: Scene, outcome: str = "closed") -> dict[str, Any]:
    """The row of the first decision of that outcome of G1."""
    return next(
        row
        for row in scene.rows
        if row["kind"] == "decided" and json.loads(row["body"])["decision"]["G1"]["outcome"] == outcome
    )


def rewritten(row: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> None:
    """Change a row's body, and its commitment with it, as whoever holds the database could."""
    body = json.loads(row["body"])
    change(body)
    said = entries.Entry(row["seq"], row["at"], FactKind(row["kind"]), body)
    row["body"] = entries.spell_body(said.kind, body)
    row["leaf"] = entries.commitment(bytes(row["salt"]), entries.canonical(said))


def reopened(scene: Scene) -> None:
    """A decision of the filtered county rewritten to open, with its commitment."""

    def change(body: dict[str, Any]) -> None:
        body["decision"]["G1"]["outcome"] = "open"

    rewritten(decided(scene), change)


def later_rules(scene: Scene) -> None:
    """A decision said to rest on the rules that were registered a week after the booking."""
    roots = [json.loads(row["body"])["root"] for row in scene.rows if row["kind"] == "registered"]
    row = decided(scene)
    assert json.loads(row["body"])["root"] == roots[0]

    def change(body: dict[str, Any]) -> None:
        body["root"] = roots[-1]

    rewritten(row, change)


def swap(items: list[Any], one: int, other: int) -> list[Any]:
    """Two of a list exchanged."""
    items[one], items[other] = items[other], items[one]
    return items


def cut(pattern: str) -> Callable[[Scene], None]:
    """Remove a file or folder of the public folder."""

    def work(scene: Scene) -> None:
        path = scene.path(pattern)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return work


def flip(at: int) -> Callable[[bytes], bytes]:
    """One bit of a byte changed."""

    def change(data: bytes) -> bytes:
        spot = at % len(data)
        return data[:spot] + bytes([data[spot] ^ 1]) + data[spot + 1 :]

    return change


def edit(pattern: str, change: Callable[[bytes], bytes]) -> Callable[[Scene], None]:
    """Change a file of the public folder."""
    return lambda scene: scene.edit(pattern, change)


def swapped(pattern: str) -> Callable[[Scene], None]:
    """The first two commitments of a bundle exchanged."""

    def change(data: bytes) -> bytes:
        return data[:2] + data[36:68] + data[34:36] + data[2:34] + data[68:]

    return edit(pattern, change)


def word(old: str, new: str) -> Callable[[bytes], bytes]:
    """One piece of text for another, once."""
    return lambda data: data.replace(old.encode(), new.encode(), 1)


def line(prefix: str) -> Callable[[bytes], bytes]:
    """Another letter in the first line that begins so."""

    def change(data: bytes) -> bytes:
        at = data.index(prefix.encode()) + len(prefix.encode())
        return data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]

    return change


def beyond(scene: Scene) -> None:
    """A bundle with one more entry laid beside the true one."""
    listed = [*entries_of(scene.public, BEHIND), b"\x05" * 32]
    tile = Tile(None, 0, len(listed))
    (log_of(scene.public, BEHIND) / tile.path).write_bytes(tiles.encode_bundle(listed))


def forge_log(change: Callable[[list[bytes]], list[bytes]], log: str = BEHIND) -> Callable[[Scene], None]:
    """A jurisdiction's log with other entries, signed."""

    def work(scene: Scene) -> None:
        forged(scene.public, log, change(entries_of(scene.public, log)), world.signer(scene.home))

    return work


def forge_all(scene: Scene) -> None:
    """A log with other entries, and every statement about it made to fit: a second history."""
    listed = entries_of(scene.public, BEHIND)
    listed[0] = b"\x06" * 32
    forged(scene.public, BEHIND, listed, world.signer(scene.home))
    leaves = [leaf_hash(one) for one in listed]

    def change(said: list[Statement]) -> list[Statement]:
        for number, one in enumerate(said):
            if one.kind is StatementKind.CHECKPOINT and one.subject.endswith(BEHIND):
                size = int(str(one.parts["size"]))
                told = Checkpoint(one.subject, size, merkle.root(leaves[:size]))
                said[number] = statements.of_checkpoint(one.at, told)
        return said

    restate(scene, change)


def shrunk(scene: Scene) -> None:
    """A log that is stated to be smaller than it was."""

    def change(said: list[Statement]) -> list[Statement]:
        told = next(
            one for one in said if one.kind is StatementKind.CHECKPOINT and one.subject.endswith(OPEN)
        )
        leaves = [leaf_hash(one) for one in entries_of(scene.public, OPEN)]
        return [
            *said,
            statements.of_checkpoint(said[-1].at, Checkpoint(told.subject, 1, merkle.root(leaves[:1]))),
        ]

    restate(scene, change)


def other_key(scene: Scene) -> None:
    """The whole master log signed by another key of the same name."""
    forged(
        scene.public,
        "master",
        entries_of(scene.public, "master"),
        from_seed(world.signer(scene.home).name, b"\x09" * 32),
    )


def no_witness(keep: int) -> Callable[[Scene], None]:
    """The signatures of all but so many witnesses removed."""

    def change(data: bytes) -> bytes:
        text, _, tail = data.decode().rpartition("\n\n")
        return (text + "\n\n" + "".join(tail.splitlines(keepends=True)[: 1 + keep])).encode()

    return edit("checkpoint", change)


def bad_witness(scene: Scene) -> None:
    """A letter of a witness's signature."""

    def change(data: bytes) -> bytes:
        at = data.index(b"witness-0.example ") + 60
        return data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]

    scene.edit("checkpoint", change)


def both(scene: Scene) -> None:
    """An entry changed, and its hash made to fit; the signed summary stays."""
    listed = [b"\x06" * 32, *entries_of(scene.public, BEHIND)[1:]]
    scene.path(_BUNDLE).write_bytes(tiles.encode_bundle(listed))
    scene.path(_TILE).write_bytes(b"".join(map(leaf_hash, listed)))


def early_witness(scene: Scene) -> None:
    """Witnesses whose clock stood before the newest statement."""
    no_witness(0)(scene)
    world.cosigned(scene.public, at=world.FIRST)


def elsewhere(scene: Scene) -> None:
    """Somebody else was shown another history of the same size."""
    listed = entries_of(scene.public, "master")
    own = log_key(world.signer(scene.home), "master")
    root = merkle.root([leaf_hash(one) for one in (*listed[:-1], b"{}")])
    scene.seen["seen by the paper"] = checkpoint.sign(own.name, len(listed), root, own).encode()


def private(scene: Scene) -> None:
    """The log of answers laid beside the public ones."""
    shutil.copytree(log_of(scene.public, OPEN), scene.public / "logs" / "answers")


def takes(scene: Scene) -> None:
    """The partner's set of a day gains a booking that the county withheld."""
    _, day = first_day(scene, world.COUNTY)
    element = day.sets["withheld"][0]
    taken = replace(day, sets={"taken": (element,)}, revision=0, previous=None, refused=0)
    path = scene.partner / taken.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(days.encode(taken))
    restate(scene, lambda said: [*said, days.stated(taken, said[-1].at)], "partner")


def channel(side: str, **parts: object) -> Callable[[Scene], None]:
    """A side's word on the numbers of copies, otherwise."""
    return lambda scene: restate(scene, part(-1, kind=StatementKind.CHANNEL, **parts), side)


def partner_file(scene: Scene) -> None:
    """An element of the partner's set changed in its file."""
    path = next(iter(sorted(scene.partner.glob("days/*/*.json"))))
    path.write_bytes(path.read_bytes().replace(b'"taken":["', b'"taken":["0', 1))


def set_row(**cells: object) -> Callable[[Scene], None]:
    """Cells of the row of the first closed decision."""
    return lambda scene: decided(scene).update(cells)


def unbodied(scene: Scene) -> None:
    """The body of a decision changed, nothing else."""
    row = decided(scene)
    row["body"] = row["body"].replace('"closed"', '"open"', 1)


def dropped(scene: Scene) -> None:
    """A row of a log taken out."""
    scene.rows.remove(decided(scene))


def exchanged(scene: Scene) -> None:
    """Two neighboring rows of a log in each other's place."""
    row = decided(scene)
    place = scene.rows.index(row)
    scene.rows[place]["seq"], scene.rows[place + 1]["seq"] = row["seq"] + 1, row["seq"]
    swap(scene.rows, place, place + 1)


def early(scene: Scene) -> None:
    """The last row of a log dated weeks before, with its commitment."""
    row = [one for one in scene.rows if one["log"] == BEHIND][-1]
    row["at"] = "2010-11-02T00:00:00.000000Z"
    rewritten(row, lambda _body: None)


def emptied_day(scene: Scene) -> None:
    """A day that the county had, left out of the statements."""
    number, _ = first_day(scene, world.COUNTY)
    restate(scene, lambda said: said[:number] + said[number + 1 :])


@dataclass(frozen=True, slots=True)
class Tampering:
    """One change: who could make it, and the kind of finding that must name it."""

    name: str
    by: str
    work: Callable[[Scene], None]
    kind: str


_OUT, _OP, _DB = "anybody with the files", "an operator with the keys", "somebody with the database"
_BUNDLE, _TILE = f"logs/{BEHIND}/tile/entries/000.p/*", f"logs/{BEHIND}/tile/0/000.p/*"
_NOTE = f"logs/{BEHIND}/checkpoint"
_DAY = f"days/*/{world.COUNTY}.json"

TAMPERINGS: tuple[Tampering, ...] = (
    Tampering("a bit of an entry in a bundle", _OUT, edit(_BUNDLE, flip(9)), "entry"),
    Tampering("two entries of a bundle exchanged", _OUT, swapped(_BUNDLE), "entry"),
    Tampering("the last entry of a bundle missing", _OUT, edit(_BUNDLE, lambda d: d[:-34]), "bundle"),
    Tampering("a bundle removed", _OUT, cut(_BUNDLE), "bundle"),
    Tampering("a bundle with one entry more beside it", _OUT, beyond, "beyond"),
    Tampering("a bit of a tile", _OUT, edit(_TILE, flip(40)), "tile"),
    Tampering("an entry and its hash, made to fit each other", _OUT, both, "root"),
    Tampering("a tile removed", _OUT, cut(_TILE), "tile"),
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
    Tampering("two entries exchanged", _DB, exchanged, "entry-body"),
    Tampering("a decision rewritten, with its commitment", _DB, reopened, "decision"),
    Tampering("a withheld booking whose decision was rewritten to open", _DB, reopened, "egress"),
    Tampering("a decision put under rules of a later day", _DB, later_rules, "back-dated"),
)
