# SPDX-License-Identifier: Apache-2.0
"""Tiles (C2SP tlog-tiles): a log as static files that any web host can serve, and proofs read from them.

A hash tile (level, index) holds up to 256 hashes: the roots of complete subtrees of 256**level leaves each.
An entry bundle holds the entries of one level-0 tile, each after its length in two bytes. Both are named by
a path below the log's folder. A full one never changes; a partial one is named by its width and never
changes either.

`Tiled` reads a log from its tiles alone and believes no byte of them: every tile is hashed up to the root of
the checkpoint before anything in it is used, and what does not hold is named by its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sluicegate.errors import LedgerError, VerifyError, quoted
from sluicegate.ledger import merkle
from sluicegate.ledger.merkle import Reader
from sluicegate.ledger.verify import HASH_BYTES, MAX_INTEGER, Checkpoint, leaf_hash, node_hash

WIDTH = 256
MAX_ENTRY_BYTES = 65_535
"""An entry's length is told in two bytes."""
MAX_FILE_BYTES = WIDTH * (MAX_ENTRY_BYTES + 2)
"""No tile and no bundle is larger."""

HEIGHT = 8
"""Levels of the tree that one level of tiles spans."""
_MAX_LEVEL = 63
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9]\d?)/(?P<index>(?:x\d{3}/){0,5}\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?",
    re.ASCII,
)

Fetch: TypeAlias = Callable[[str], "bytes | None"]
"""`fetch(path)` gives the bytes of a file below the log's folder, or None where there is none."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A hash tile; with level None, an entry bundle. `width` is 256 for a full one."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its name below the log's folder, such as `tile/0/x001/x234/067.p/12`."""
        index = f"{self.index % 1000:03d}"
        rest = self.index // 1000
        while rest:
            index = f"x{rest % 1000:03d}/{index}"
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        return f"tile/{level}/{index}" + ("" if self.width == WIDTH else f".p/{self.width}")

    @property
    def first(self) -> int:
        """Number of its first hash among the hashes of its level (of its first entry, for a bundle)."""
        return self.index * WIDTH


def parse_path(path: str) -> Tile:
    """The tile that a path names; VerifyError where it is not the one spelling of one."""
    found = _PATH.fullmatch(path)
    if found is not None:
        level = None if found["level"] == "entries" else int(found["level"])
        index = int(found["index"].replace("x", "").replace("/", ""))
        tile = Tile(level, index, int(found["width"] or WIDTH))
        if tile.path == path and (level or 0) <= _MAX_LEVEL and tile.width <= WIDTH:
            return tile
    raise VerifyError(f"tile: {quoted(path)} is not the name of a tile")


def bundles(size: int, old: int = 0) -> Iterator[Tile]:
    """The entry bundles of a log of `size` that a log of `old` entries did not have yet, in order."""
    yield from _row(None, old, size)


def tiles(size: int, old: int = 0) -> Iterator[Tile]:
    """The hash tiles of a tree of `size` that a tree of `old` leaves did not have yet, lowest level first."""
    level = 0
    while size:
        yield from _row(level, old, size)
        level, old, size = level + 1, old // WIDTH, size // WIDTH


def _row(level: int | None, old: int, size: int) -> Iterator[Tile]:
    if not 0 <= old <= size <= MAX_INTEGER:
        raise LedgerError("the size of a log is a whole number from 0, and never falls")
    for index in range(old // WIDTH, -(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        if index * WIDTH + width > old:
            yield Tile(level, index, width)


def hashes(read: Reader, tile: Tile) -> bytes:
    """The bytes of a hash tile, from a reader over the nodes of the tree."""
    if tile.level is None:
        raise LedgerError("an entry bundle holds entries, not hashes")
    level = tile.level * HEIGHT
    return b"".join(read(level, tile.first + n) for n in range(tile.width))


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """The bytes of an entry bundle. Raises LedgerError where an entry is longer than 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise LedgerError(f"an entry of a bundle has {MAX_ENTRY_BYTES:,} bytes at most")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def decode_bundle(data: bytes, tile: Tile) -> tuple[bytes, ...]:
    """The entries of a bundle; VerifyError, with its path, unless it holds exactly its width of them."""
    entries, at = [], 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data) or start > len(data):
            raise VerifyError(f"{tile.path}: its last entry is cut off")
        entries.append(data[start:at])
    if len(entries) != tile.width:
        raise VerifyError(f"{tile.path}: it holds {len(entries)} entries instead of {tile.width}")
    return tuple(entries)


_Levels: TypeAlias = "list[list[bytes]]"


class Tiled:
    """A log read from its tiles alone, at one checkpoint. Keeps the tiles it has read.

    Every method raises VerifyError, with the path, where a tile is missing, has a wrong size, or does not
    lead to the root of the checkpoint; LedgerError where it is asked for what the checkpoint does not cover.
    """

    def __init__(self, fetch: Fetch, checkpoint: Checkpoint) -> None:
        self._fetch = fetch
        self.size = checkpoint.size
        self.root = checkpoint.root
        self._held: dict[tuple[int, int], _Levels] = {}
        self._check_edge()

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Inclusion proof of entry `index` in the tree of `size` (of the checkpoint where not given)."""
        return merkle.inclusion(self.node, index, self._covered(size))

    def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Proof that the tree of `old` is a prefix of that of `new` (of the checkpoint where not given)."""
        return merkle.consistency(self.node, old, self._covered(new))

    def root_at(self, size: int) -> bytes:
        """Root of the tree at an earlier size."""
        return merkle.root_at(self.node, self._covered(size))

    def leaf(self, index: int) -> bytes:
        """Leaf hash of entry `index`."""
        return self.node(0, index)

    def bundle(self, index: int) -> tuple[bytes, ...]:
        """The entries of bundle `index`, each shown to be under the checkpoint."""
        tile = Tile(None, index, self._width(0, index))
        entries = decode_bundle(self._bytes(tile)[1], tile)
        for number, (entry, leaf) in enumerate(zip(entries, self._tile(0, index)[0], strict=True)):
            if leaf_hash(entry) != leaf:
                place = tile.first + number
                raise VerifyError(f"{tile.path}: entry {place} is not the one that the tree holds")
        return entries

    def entries(self) -> Iterator[bytes]:
        """Every entry, in order, each shown to be under the checkpoint."""
        for index in range(-(-self.size // WIDTH)):
            yield from self.bundle(index)

    def check(self) -> int:
        """Read every tile and every bundle; the number of entries. Raises where any does not hold."""
        for tile in tiles(self.size):
            self._tile(tile.level or 0, tile.index)
        return sum(1 for _ in self.entries())

    def node(self, level: int, index: int) -> bytes:
        """Root of the complete subtree (level, index): a `merkle.Reader`."""
        above, within = divmod(level, HEIGHT)
        first = index << within
        if (index + 1) << level > self.size:
            raise LedgerError(f"the checkpoint does not cover node {index} at level {level}")
        return self._tile(above, first // WIDTH)[within][first % WIDTH >> within]

    def _covered(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise LedgerError("the checkpoint does not cover that size")
        return size

    def _width(self, level: int, index: int) -> int:
        width = min(WIDTH, (self.size >> (HEIGHT * level)) - index * WIDTH)
        if index < 0 or width <= 0:
            raise LedgerError(f"the checkpoint does not cover tile {index} at level {level}")
        return width

    def _check_edge(self) -> None:
        """The rightmost tiles must give the root: only then can the others be held against them."""
        if self.size == 0:
            if self.root != merkle.EMPTY_ROOT:
                raise VerifyError("checkpoint: a log without entries has another root")
            return
        edge, paths = self._edge()
        if merkle.fold(edge) != self.root:
            named = paths[0] if len(paths) == 1 else f"one of {', '.join(paths)}"
            raise VerifyError(f"{named}: the hashes do not lead to the root of the checkpoint")

    def _edge(self) -> tuple[list[bytes], list[str]]:
        """The complete subtrees that the tree falls into, largest first, read before they are believed."""
        peaks: list[bytes] = []
        paths = []
        level = 0
        while count := self.size >> (HEIGHT * level):
            if width := count % WIDTH:
                tile = Tile(level, count // WIDTH, width)
                held = _levels(self._read(tile))
                self._held[level, tile.index] = held
                own = [held[bit][(width >> bit) - 1] for bit in range(HEIGHT) if width >> bit & 1]
                peaks = [*reversed(own), *peaks]
                paths.append(tile.path)
            level += 1
        return peaks, paths

    def _tile(self, level: int, index: int) -> _Levels:
        """The hashes of a tile, once they are shown to lead to the root."""
        known = self._held.get((level, index))
        if known is not None:
            return known
        tile = Tile(level, index, self._width(level, index))
        assert tile.width == WIDTH, "partial tiles are the edge, which is held from the start"
        expected = self._tile(level + 1, index // WIDTH)[0][index % WIDTH]
        held = _levels(self._read(tile))
        if held[HEIGHT] != [expected]:
            above = Tile(level + 1, index // WIDTH, self._width(level + 1, index // WIDTH))
            raise VerifyError(f"{tile.path}: its hashes are not those that {above.path} stands for")
        self._held[level, index] = held
        return held

    def _read(self, tile: Tile) -> list[bytes]:
        named, data = self._bytes(tile)
        if len(data) != named.width * HASH_BYTES:
            wanted = named.width * HASH_BYTES
            raise VerifyError(f"{named.path}: it has {len(data):,} bytes instead of {wanted:,}")
        return [data[at : at + HASH_BYTES] for at in range(0, tile.width * HASH_BYTES, HASH_BYTES)]

    def _bytes(self, tile: Tile) -> tuple[Tile, bytes]:
        """The bytes of a tile, and of which: a partial one may be gone once the full one is there."""
        data = self._fetch(tile.path)
        if data is not None:
            return tile, data
        full = Tile(tile.level, tile.index)
        data = self._fetch(full.path) if tile.width < WIDTH else None
        if data is None:
            raise VerifyError(f"{tile.path}: it is missing")
        if tile.level is not None:
            return full, data
        return tile, encode_bundle(decode_bundle(data, full)[: tile.width])


def _levels(held: list[bytes]) -> _Levels:
    """The hashes of a tile, and above them those of every complete subtree that it spans."""
    levels = [held]
    for _ in range(HEIGHT):
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return levels
