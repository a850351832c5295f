# SPDX-License-Identifier: Apache-2.0
"""What a tamperer works on and with: a copy of everything an auditor is given, and a dishonest operator.

An outsider changes files. An operator holds the keys and signs whatever he made up; what stops him is what
was said before: statements, receipts, the partner's word, witnesses.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import audit_world as world

from sluicegate.audit.folder import of_folder
from sluicegate.audit.run import Audited, Given, audit
from sluicegate.exchange.papers import log_key
from sluicegate.ledger import checkpoint, days, merkle, tiles
from sluicegate.ledger import statement as statements
from sluicegate.ledger.days import Day
from sluicegate.ledger.keys import FileKey
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.tiles import Tile
from sluicegate.ledger.verify import leaf_hash

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
