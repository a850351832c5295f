# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 9162 section 2.1: root, proofs, and the frontier that lets it grow.

A *node* (level, index) is the root of the complete subtree over the leaves [index * 2**level,
(index + 1) * 2**level). Complete subtrees never change, so each is stored once, when its last leaf arrives
(`Frontier.append` says which), and any proof for any earlier size reads O(log size) of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sluicegate.errors import LedgerError
from sluicegate.ledger import verify
from sluicegate.ledger.holding import holding
from sluicegate.ledger.verify import HASH_BYTES, leaf_hash, node_hash

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "Node",
    "Reader",
    "leaf_hash",
    "node_hash",
    "in_memory",
    "fold",
    "root",
    "root_at",
    "inclusion",
    "consistency",
    "verify_inclusion",
    "verify_consistency",
]

EMPTY_ROOT = hashlib.sha256(b"").digest()

Reader: TypeAlias = Callable[[int, int], bytes]
"""`reader(level, index)` gives the 32-byte hash of a complete subtree, or raises LedgerError."""


@dataclass(frozen=True, slots=True)
class Node:
    """A complete subtree that can be stored: its last leaf has arrived."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """What a growing tree must remember: its size, and the complete subtrees it falls into, largest first.

    INVARIANT: one hash for each one-bit of `size`, so never more than 63.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        shaped = all(len(one) == HASH_BYTES for one in self.hashes)
        if self.size < 0 or self.size.bit_count() != len(self.hashes) or not shaped:
            raise LedgerError("a frontier holds one hash for each one-bit of its size")

    def extend(self, leaves: Iterable[bytes]) -> tuple[Frontier, list[tuple[int, int, bytes]]]:
        """`append` for many leaf hashes at once: the frontier after the last, and every node that they
        completed from level 1 up, as (level, index, hash)."""
        stack, index, completed = list(self.hashes), self.size, []
        for current in leaves:
            place, level = index, 0
            while place & 1:
                current = node_hash(stack.pop(), current)  # noqa: PLW2901 as it is built
                level, place = level + 1, place >> 1
                completed.append((level, place, current))
            stack.append(current)
            index += 1
        return Frontier(index, tuple(stack)), completed

    def append(self, leaf: bytes) -> tuple[Frontier, tuple[Node, ...]]:
        """The frontier after one more leaf hash, and the nodes it completed, the leaf itself first.

        Store these nodes in the same commit as the frontier: a proof later reads them and nothing else.
        """
        after, completed = self.extend((leaf,))
        return after, (Node(0, self.size, leaf), *(Node(*one) for one in completed))

    def root(self) -> bytes:
        """Root of the tree at this size."""
        return fold(self.hashes)

    def peaks(self) -> tuple[Node, ...]:
        """The complete subtrees that the tree falls into, as nodes, largest first."""
        found, done = [], 0
        for one in self.hashes:
            level = (self.size - done).bit_length() - 1
            found.append(Node(level, done >> level, one))
            done += 1 << level
        return tuple(found)

    def encode(self) -> bytes:
        """Eight bytes of size, big-endian, then the hashes, largest subtree first."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @staticmethod
    def decode(data: bytes) -> Frontier:
        """The frontier of `encode`; LedgerError where the bytes are not one."""
        if len(data) < 8 or (len(data) - 8) % HASH_BYTES:
            raise LedgerError("the bytes of a frontier are eight and whole hashes")
        hashes = tuple(data[at : at + HASH_BYTES] for at in range(8, len(data), HASH_BYTES))
        return Frontier(int.from_bytes(data[:8], "big"), hashes)


def fold(subtrees: Sequence[bytes]) -> bytes:
    """Root over neighboring complete subtrees, largest first."""
    if not subtrees:
        return EMPTY_ROOT
    computed = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        computed = node_hash(left, computed)
    return computed


def in_memory(leaves: Iterable[bytes]) -> Reader:
    """A reader over leaf hashes held in memory."""
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = Frontier()
    for leaf in leaves:
        frontier, completed = frontier.append(leaf)
        nodes.update({(node.level, node.index): node.hash for node in completed})

    def read(level: int, index: int) -> bytes:
        try:
            return nodes[level, index]
        except KeyError:
            raise LedgerError(f"there is no node {index} at level {level}") from None

    return read


def root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes, in order (RFC 9162 section 2.1.1)."""
    frontier = Frontier()
    for leaf in leaves:
        frontier, _ = frontier.append(leaf)
    return frontier.root()


def _subtree(read: Reader, low: int, high: int) -> bytes:
    """MTH(D[low:high]), where `low` is a multiple of the largest complete subtree in the range."""
    parts = []
    while low < high:
        level = (high - low).bit_length() - 1
        parts.append(read(level, low >> level))
        low += 1 << level
    return fold(parts)


def root_at(read: Reader, size: int) -> bytes:
    """Root of the tree at `size`, from a reader that has got at least that far."""
    return _subtree(read, 0, size)


def _split(width: int) -> int:
    """Largest power of two smaller than `width` (RFC 9162 section 2.1.1), for widths from 2."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion(read: Reader, index: int, size: int) -> tuple[bytes, ...]:
    """Inclusion proof of leaf `index` in the tree of `size`, from the leaf's sibling up (section 2.1.3.1).

    Raises:
        LedgerError: the index is not below the size, or the reader has not got that far.
    """
    if not 0 <= index < size:
        raise LedgerError("only an entry below the size of the tree has an inclusion proof")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_subtree(read, middle, high))
            high = middle
        else:
            path.append(_subtree(read, low, middle))
            low = middle
    return tuple(reversed(path))


def consistency(read: Reader, old: int, new: int) -> tuple[bytes, ...]:
    """Proof that the tree of size `old` is a prefix of the tree of size `new` (section 2.1.4.1).

    It is empty where nothing needs proving: from size 0, and between equal sizes.

    Raises:
        LedgerError: `old` is above `new`, or the reader has not got that far.
    """
    if not 0 <= old <= new:
        raise LedgerError("a consistency proof leads from a smaller tree to a larger one")
    if old == 0:
        return ()
    low, high, path, known = 0, new, [], True
    while high > old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_subtree(read, middle, high))
            high = middle
        else:
            path.append(_subtree(read, low, middle))
            low, known = middle, False
    if not known:
        path.append(_subtree(read, low, high))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> None:
    """Raises VerifyError unless leaf hash `leaf` is number `index` under `root_hash` (section 2.1.3.2)."""
    with holding():
        verify.check_inclusion(leaf, index, size, path, root_hash)


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Raises VerifyError unless the tree of `new_root` begins with that of `old_root` (section 2.1.4.2)."""
    with holding():
        verify.check_consistency(old, new, old_root, new_root, path)
