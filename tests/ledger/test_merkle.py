# SPDX-License-Identifier: Apache-2.0
"""The tree of RFC 9162 section 2.1, against published vectors and against a tree written naively."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import merkle
from sluicegate.ledger.merkle import Frontier

# The vectors of the Certificate Transparency reference implementation: eight inputs, the root at each size.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [merkle.leaf_hash(bytes.fromhex(one)) for one in INPUTS]


def hexes(path: Sequence[bytes]) -> list[str]:
    """A path as the vectors write it."""
    return [one.hex() for one in path]


def some_leaves(count: int) -> list[bytes]:
    """Leaf hashes, each different."""
    return [merkle.leaf_hash(i.to_bytes(4, "big")) for i in range(count)]


def naive_split(width: int) -> int:
    """The largest power of two smaller than the width."""
    k = 1
    while k * 2 < width:
        k *= 2
    return k


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = naive_split(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH, word for word."""
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(old: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    """SUBPROOF, word for word."""
    if old == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = naive_split(len(leaves))
    if old <= k:
        return [*naive_subproof(old, leaves[:k], known), naive_root(leaves[k:])]
    return [*naive_subproof(old - k, leaves[k:], False), naive_root(leaves[:k])]


def test_the_empty_tree_and_the_eight_classic_trees_have_their_published_roots() -> None:
    """The root of each of the nine reference trees is the published one."""
    assert [merkle.root(LEAVES[:size]).hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_published_inclusion_proofs_are_made_and_accepted(index: int, size: int) -> None:
    """The reference inclusion proofs are the ones made here, and they hold."""
    path = merkle.inclusion(merkle.in_memory(LEAVES), index, size)
    assert hexes(path) == INCLUSIONS[index, size]
    merkle.verify_inclusion(LEAVES[index], index, size, path, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCIES)
def test_published_consistency_proofs_are_made_and_accepted(old: int, new: int) -> None:
    """The reference consistency proofs are the ones made here, and they hold."""
    path = merkle.consistency(merkle.in_memory(LEAVES), old, new)
    assert hexes(path) == CONSISTENCIES[old, new]
    merkle.verify_consistency(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), path)


def check_all_proofs(size: int, leaves: list[bytes], read: merkle.Reader, sample: int) -> None:
    """Every proof at this size (or each `sample`-th) equals the naive one and holds."""
    root = naive_root(leaves[:size])
    assert merkle.root(leaves[:size]) == root
    for index in range(0, size, sample):
        path = merkle.inclusion(read, index, size)
        assert list(path) == naive_path(index, leaves[:size])
        merkle.verify_inclusion(leaves[index], index, size, path, root)
    for old in range(1, size + 1, sample):
        path = merkle.consistency(read, old, size)
        assert list(path) == naive_subproof(old, leaves[:size], True)
        merkle.verify_consistency(old, size, naive_root(leaves[:old]), root, path)


@pytest.mark.slow
def test_all_proofs_of_all_trees_up_to_64_are_those_of_a_naive_tree() -> None:
    """At every size from 1 to 64, every proof equals the one written down word for word from the standard."""
    leaves = some_leaves(64)
    for size in range(1, 65):
        check_all_proofs(size, leaves, merkle.in_memory(leaves), 1)


@pytest.mark.slow
@pytest.mark.parametrize("size", [65, 96, 127, 128, 129, 199, 200])
def test_proofs_of_larger_trees_are_those_of_a_naive_tree(size: int) -> None:
    """Around and between powers of two, proofs equal those of the naive tree."""
    leaves = some_leaves(size)
    check_all_proofs(size, leaves, merkle.in_memory(leaves), 7)


@pytest.mark.slow
@given(st.integers(1, 40), st.data())
def test_no_leaf_is_accepted_at_a_place_that_is_not_its_own(size: int, data: st.DataObject) -> None:
    """A valid inclusion proof is refused for any other index, leaf, root or length."""
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(merkle.in_memory(leaves), index, size)
    root = merkle.root(leaves)
    other = data.draw(st.integers(-1, size + 1).filter(lambda one: one != index))
    wrong: list[Callable[[], None]] = [
        lambda: merkle.verify_inclusion(leaves[index], other, size, path, root),
        lambda: merkle.verify_inclusion(b"\0" * 32, index, size, path, root),
        lambda: merkle.verify_inclusion(leaves[index], index, size, path, b"\0" * 32),
        lambda: merkle.verify_inclusion(leaves[index], index, size, [*path, b"\0" * 32], root),
    ]
    if path:
        wrong.append(lambda: merkle.verify_inclusion(leaves[index], index, size, path[:-1], root))
        wrong.append(lambda: merkle.verify_inclusion(leaves[index], index, size, path[1:], root))
    for attempt in wrong:
        with pytest.raises(VerifyError, match=r"^inclusion: "):
            attempt()


def test_a_proof_of_the_wrong_length_is_told_as_such() -> None:
    """A proof with a hash too many or too few is refused for its length, before its root is looked at."""
    root, read = merkle.root(LEAVES), merkle.in_memory(LEAVES)
    path = merkle.inclusion(read, 5, 8)
    with pytest.raises(VerifyError, match="inclusion: the proof is too long"):
        merkle.verify_inclusion(LEAVES[5], 5, 8, [*path, root], root)
    with pytest.raises(VerifyError, match="inclusion: the proof is too short"):
        merkle.verify_inclusion(LEAVES[5], 5, 8, path[:-1], root)
    old = merkle.root(LEAVES[:3])
    with pytest.raises(VerifyError, match="consistency: the proof is too long"):
        merkle.verify_consistency(3, 8, old, root, [*merkle.consistency(read, 3, 8), root])
    with pytest.raises(VerifyError, match="consistency: the proof is too short"):
        merkle.verify_consistency(3, 8, old, root, ())


@given(st.integers(1, 40), st.data())
def test_a_rewritten_past_is_never_consistent(new: int, data: st.DataObject) -> None:
    """A tree in which one earlier leaf was changed is refused against the root published before."""
    old = data.draw(st.integers(1, new))
    leaves = some_leaves(new)
    rewritten = list(leaves)
    rewritten[data.draw(st.integers(0, old - 1))] = b"\xaa" * 32
    path = merkle.consistency(merkle.in_memory(rewritten), old, new)
    with pytest.raises(VerifyError, match=r"^consistency: "):
        merkle.verify_consistency(old, new, merkle.root(leaves[:old]), merkle.root(rewritten), path)


@given(st.integers(1, 40), st.data())
def test_a_damaged_consistency_proof_is_refused(new: int, data: st.DataObject) -> None:
    """Shortened, lengthened or altered, a consistency proof no longer holds."""
    old = data.draw(st.integers(1, new))
    leaves = some_leaves(new)
    old_root, new_root = merkle.root(leaves[:old]), merkle.root(leaves)
    path = list(merkle.consistency(merkle.in_memory(leaves), old, new))
    altered = [[*path, b"\0" * 32]]
    if path:
        spot = data.draw(st.integers(0, len(path) - 1))
        altered += [path[:-1], path[1:], [*path[:spot], b"\0" * 32, *path[spot + 1 :]]]
    for bad in altered:
        with pytest.raises(VerifyError):
            merkle.verify_consistency(old, new, old_root, new_root, bad)


def test_from_the_empty_tree_everything_follows_and_nothing_needs_proof() -> None:
    """A tree of size 0 is the beginning of every tree, provided its root is that of the empty tree."""
    root = merkle.root(LEAVES)
    assert merkle.consistency(merkle.in_memory(LEAVES), 0, 8) == ()
    merkle.verify_consistency(0, 8, merkle.EMPTY_ROOT, root, ())
    for old_root, path in ((root, ()), (merkle.EMPTY_ROOT, (root,))):
        with pytest.raises(VerifyError):
            merkle.verify_consistency(0, 8, old_root, root, path)
    with pytest.raises(VerifyError):
        merkle.verify_consistency(8, 7, root, root, ())


def test_a_proof_that_cannot_be_made_is_refused() -> None:
    """No proof is made for an entry beyond the tree, backwards, or past what was stored."""
    read = merkle.in_memory(LEAVES)
    for attempt in (
        lambda: merkle.inclusion(read, 8, 8),
        lambda: merkle.inclusion(read, -1, 8),
        lambda: merkle.inclusion(read, 0, 9),
        lambda: merkle.consistency(read, 5, 4),
        lambda: merkle.consistency(read, -1, 4),
    ):
        with pytest.raises(LedgerError):
            attempt()


@given(st.integers(0, 300))
def test_the_frontier_is_the_tree(size: int) -> None:
    """Grown leaf by leaf, and carried through its bytes, the frontier has the root of the whole tree."""
    leaves = some_leaves(size)
    frontier = Frontier()
    for leaf in leaves:
        frontier, _ = frontier.append(leaf)
    assert Frontier.decode(frontier.encode()) == frontier
    assert frontier.root() == naive_root(leaves)
    assert len(frontier.encode()) <= 8 + 32 * max(1, size.bit_length())


def test_an_append_stores_exactly_the_subtrees_that_became_complete() -> None:
    """Every complete subtree is given out once, when its last leaf arrives, with its right hash."""
    leaves = some_leaves(64)
    frontier, given_out = Frontier(), {}
    for count, leaf in enumerate(leaves, 1):
        frontier, nodes = frontier.append(leaf)
        for node in nodes:
            low, high = node.index << node.level, (node.index + 1) << node.level
            assert high == count
            assert node.hash == naive_root(leaves[low:high])
            assert (node.level, node.index) not in given_out
            given_out[node.level, node.index] = node.hash
    assert len(given_out) == 2 * 64 - 1


@pytest.mark.slow
def test_a_proof_in_a_large_ledger_reads_few_nodes() -> None:
    """With a hundred thousand entries no proof reads more than twice seventeen stored nodes."""
    read = merkle.in_memory(some_leaves(100_000))
    for index in range(0, 100_000, 5_003):
        reads: list[tuple[int, int]] = []

        def counted(level: int, place: int, reads: list[tuple[int, int]] = reads) -> bytes:
            reads.append((level, place))
            return read(level, place)

        merkle.inclusion(counted, index, 100_000)
        assert len(reads) <= 34
        reads.clear()
        merkle.consistency(counted, index + 1, 100_000)
        assert len(reads) <= 34


@given(st.binary(max_size=200))
def test_damaged_bytes_of_a_frontier_are_refused(data: bytes) -> None:
    """Bytes are a frontier that writes itself so, or they are refused."""
    try:
        frontier = Frontier.decode(data)
    except LedgerError:
        return
    assert frontier.encode() == data
