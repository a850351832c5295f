# SPDX-License-Identifier: Apache-2.0
"""Derives a published log again: entries, hashes, every tile and bundle, and the root that was signed.

Unlike `ledger.tiles.Tiled`, which stops at the first thing that does not hold, this goes on and names each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.audit.findings import Result
from sluicegate.audit.material import Material, Tick, held, silent
from sluicegate.errors import LedgerError, VerifyError, quoted
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import merkle, tiles
from sluicegate.ledger.tiles import HEIGHT, WIDTH, Tile
from sluicegate.ledger.verify import HASH_BYTES, Checkpoint, leaf_hash, node_hash

MASTER = "master"
_SHOWN = 20
"""So many entries of one log are named one by one; the rest by their number."""


class Tree:
    """A tree over leaf hashes held in memory; `node` is a `merkle.Reader`."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.rows: list[list[bytes]] = [list(leaves)]
        while len(below := self.rows[-1]) >= WIDTH:
            whole = range(0, len(below) // WIDTH * WIDTH, WIDTH)
            self.rows.append([_complete(below[at : at + WIDTH]) for at in whole])

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self.rows[0])

    def node(self, level: int, index: int) -> bytes:
        """Root of a complete subtree. Raises LedgerError where it is not complete."""
        above, within = divmod(level, HEIGHT)
        row = self.rows[above] if above < len(self.rows) else []
        part = row[index << within : (index + 1) << within]
        if len(part) != 1 << within:
            raise LedgerError(f"there is no node {index} at level {level}")
        return _complete(part)

    def root_at(self, size: int) -> bytes:
        """Root over the first so many leaves. Raises LedgerError where there are fewer."""
        return merkle.root_at(self.node, size)


def _complete(hashes: Sequence[bytes]) -> bytes:
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


@dataclass(frozen=True, slots=True)
class ReadLog:
    """A log as far as it could be read. `entries` has None where an entry could not be had or is not true.

    `shown` is the public checkpoint, or None where there is none that can be read; `held` whether the
    entries lead to its root.
    """

    name: str
    shown: Checkpoint | None
    note: bytes
    entries: tuple[bytes | None, ...]
    tree: Tree
    held: bool


def read_log(material: Material, log: str, result: Result, tick: Tick = silent) -> ReadLog:
    """Read a log whole, with a finding for everything in it that does not hold."""
    place = "" if log == MASTER else f"logs/{log}/"
    note = material.read(f"{place}checkpoint")
    shown = _checkpoint(material, log, note, f"{place}checkpoint", result)
    present = [name.removeprefix(place) for name in material.names(f"{place}tile")]
    size = _reachable(shown, present, place, result)
    entries = _entries(material, place, size, result, tick)
    told = _told(material, place, size)
    leaves, held_ = _leaves(entries, told, shown, place, result)
    tree = Tree(leaves)
    result.count("logs")
    result.count("entries", size)
    _files(material, place, present, tree, entries, result)
    kept = entries
    if not held_:
        kept = [
            e if e is not None and leaf_hash(e) == t else None for e, t in zip(entries, leaves, strict=False)
        ]
    return ReadLog(log, shown, note or b"", tuple(kept), tree, held_)


def _checkpoint(
    material: Material, log: str, note: bytes | None, place: str, result: Result
) -> Checkpoint | None:
    if note is None:
        result.find("checkpoint", place, "it is missing")
        return None
    try:
        return material.checkpoint(note, log)
    except VerifyError as error:
        result.find("checkpoint", place, held(error))
    try:
        return checkpoints.parse(note)
    except VerifyError:
        return None


def _reachable(shown: Checkpoint | None, present: Sequence[str], place: str, result: Result) -> int:
    """How many entries to look for: what the checkpoint says, but no more than the files could ever hold."""
    if shown is None:
        return 0
    bundles = sum(name.startswith("tile/entries/") for name in present)
    most = (bundles + 1) * WIDTH
    if shown.size > most + WIDTH:
        what = f"the files can hold {most:,} entries at most, the checkpoint covers {shown.size:,}"
        result.find("bundle", f"{place}tile/entries", what)
        return most
    return shown.size


def _entries(material: Material, place: str, size: int, result: Result, tick: Tick) -> list[bytes | None]:
    found: list[bytes | None] = []
    for tile in tiles.bundles(size):
        data = material.read(place + tile.path)
        whole = Tile(None, tile.index)
        try:
            if data is not None:
                found += tiles.decode_bundle(data, tile)
            elif (data := material.read(place + whole.path)) is not None:
                found += tiles.decode_bundle(data, whole)[: tile.width]
            else:
                result.find("bundle", place + tile.path, f"it is missing, with {tile.width} entries")
                found += [None] * tile.width
        except VerifyError as error:
            result.find("bundle", place + tile.path, held(error).removeprefix(f"{tile.path}: "))
            found += [None] * tile.width
        tick(tile.width)
    return found


def _told(material: Material, place: str, size: int) -> list[bytes | None]:
    """The leaf hashes as the tiles of the lowest level tell them."""
    found: list[bytes | None] = []
    for tile in tiles.bundles(size):
        data = material.read(place + Tile(0, tile.index, tile.width).path)
        data = data if data is not None else material.read(place + Tile(0, tile.index).path)
        good = data is not None and len(data) in (tile.width * HASH_BYTES, WIDTH * HASH_BYTES)
        if data is not None and good:
            found += [data[at : at + HASH_BYTES] for at in range(0, tile.width * HASH_BYTES, HASH_BYTES)]
        else:
            found += [None] * tile.width
    return found


def _leaves(
    entries: Sequence[bytes | None],
    told: Sequence[bytes | None],
    shown: Checkpoint | None,
    place: str,
    result: Result,
) -> tuple[list[bytes], bool]:
    """The leaf hashes to go by, and whether entries and signed root agree; findings where they do not."""
    own = [
        leaf_hash(e) if e is not None else t or b"\x00" * HASH_BYTES
        for e, t in zip(entries, told, strict=True)
    ]
    if shown is None:
        return own, False
    complete = len(own) == shown.size
    if complete and merkle.root(own) == shown.root:
        return own, None not in entries
    tiled = [t or mine for t, mine in zip(told, own, strict=True)]
    good = complete and merkle.root(tiled) == shown.root
    wrong = [n for n, (mine, t) in enumerate(zip(own, tiled, strict=True)) if mine != t]
    for number in wrong[:_SHOWN]:
        where = f"{place}tile/entries, entry {number}"
        result.find("entry", where, "it is not the entry that the hashes of the log stand for")
    if len(wrong) > _SHOWN:
        result.find("entry", f"{place}tile/entries", f"and {len(wrong) - _SHOWN:,} more entries")
    if not good:
        result.find(
            "root", f"{place}checkpoint", "neither entries nor hashes lead to the root that was signed"
        )
    return (tiled if good else own), False


def _files(
    material: Material,
    place: str,
    present: Sequence[str],
    tree: Tree,
    entries: Sequence[bytes | None],
    result: Result,
) -> None:
    """Every file that must be there, and every file that is there, partial ones of earlier days too."""
    there = set(present)
    for tile in tiles.tiles(tree.size):
        assert tile.level is not None, "a hash tile has a level"
        if not {tile.path, Tile(tile.level, tile.index).path} & there:
            result.find("tile", place + tile.path, "it is missing")
    for name in present:
        result.count("files")
        try:
            tile = tiles.parse_path(name)
        except VerifyError:
            result.find("beyond", place + quoted(name, 120), "it is no file of a log")
            continue
        expected = _expected(tile, tree, entries)
        if expected is None:
            result.find("beyond", place + name, "no checkpoint covers it")
        elif expected != b"?" and material.read(place + name) != expected:
            kind = "bundle" if tile.level is None else "tile"
            result.find(kind, place + name, "its bytes are not those that follow from the entries")


def _expected(tile: Tile, tree: Tree, entries: Sequence[bytes | None]) -> bytes | None:
    """The bytes that a file must have; None where nothing covers it, `?` where its entries are missing."""
    end = tile.first + tile.width
    if tile.level is None:
        part = entries[tile.first : end]
        if len(part) < tile.width:
            return None
        known = [one for one in part if one is not None]
        return tiles.encode_bundle(known) if len(known) == tile.width else b"?"
    row = tree.rows[tile.level] if tile.level < len(tree.rows) else []
    return b"".join(row[tile.first : end]) if end <= len(row) else None
