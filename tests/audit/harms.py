# SPDX-License-Identifier: Apache-2.0
"""Single harms to a scene: what a change to a file, a log, a side's word or a row of the database does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import audit_world as world
from tampered import BEHIND, OPEN, Scene, entries_of, first_day, forged, log_of, part, restate

from sluicegate.exchange.papers import log_key
from sluicegate.facts import FactKind
from sluicegate.ledger import checkpoint, days, merkle, tiles
from sluicegate.ledger import entry as entries
from sluicegate.ledger import statement as statements
from sluicegate.ledger.keys import from_seed
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.tiles import Tile
from sluicegate.ledger.verify import Checkpoint, leaf_hash

BUNDLE, TILE = f"logs/{BEHIND}/tile/entries/000.p/*", f"logs/{BEHIND}/tile/0/000.p/*"


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
    scene.path(BUNDLE).write_bytes(tiles.encode_bundle(listed))
    scene.path(TILE).write_bytes(b"".join(map(leaf_hash, listed)))


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
