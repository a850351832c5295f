# SPDX-License-Identifier: Apache-2.0
"""Tiles as C2SP tlog-tiles lays them out, and a log read from them without believing any."""

from __future__ import annotations

from contextlib import suppress

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import merkle, tiles
from sluicegate.ledger.tiles import MAX_ENTRY_BYTES, Tile, Tiled
from sluicegate.ledger.verify import Checkpoint

ORIGIN = "log.example/test"


def some_entries(count: int) -> list[bytes]:
    """Entries, each different, of lengths from 3 to 5."""
    return [number.to_bytes(3 + number % 3, "big") for number in range(count)]


def folder(entries: list[bytes]) -> dict[str, bytes]:
    """Every file of a log, by its path."""
    read = merkle.in_memory(merkle.leaf_hash(one) for one in entries)
    files = {tile.path: tiles.hashes(read, tile) for tile in tiles.tiles(len(entries))}
    for tile in tiles.bundles(len(entries)):
        files[tile.path] = tiles.encode_bundle(entries[tile.first : tile.first + tile.width])
    return files


def opened(files: dict[str, bytes], entries: list[bytes]) -> Tiled:
    """The log of these files at the checkpoint of these entries."""
    root = merkle.root(merkle.leaf_hash(one) for one in entries)
    return Tiled(files.get, Checkpoint(ORIGIN, len(entries), root))


def test_a_tile_is_named_as_the_specification_says() -> None:
    """Index 1234067 is written x001/x234/067, and a partial tile bears its width."""
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(63, 5, 1).path == "tile/63/005.p/1"
    assert Tile(None, 999).path == "tile/entries/999"


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**15), st.integers(1, 256))
def test_the_name_of_every_tile_reads_back(level: int | None, index: int, width: int) -> None:
    """A tile is told by its name."""
    assert tiles.parse_path(Tile(level, index, width).path) == Tile(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0/1", "tile/00/001", "tile/0/x001", "tile/0/x000/001", "tile/0/001.p/0", "tile/0/001.p/256",
        "tile/0/001.p/300", "tile/0/001.p/01", "tile/64/001", "tile/0/001/", "/tile/0/001", "tile/0/../001",
        "tile/0/001\n", "tile/-1/001", "tile/data/001", "tile/0/\u0661\u0661\u0661",
    ],
)  # fmt: skip
def test_no_other_spelling_names_a_tile(path: str) -> None:
    """A path that is not the one spelling of a tile is refused before any file is touched."""
    with pytest.raises(VerifyError, match="is not the name of a tile"):
        tiles.parse_path(path)


@given(st.text(alphabet="tile/0123456789x.pentris", max_size=40))
def test_any_text_is_a_name_or_is_refused(path: str) -> None:
    """Whatever text comes, it names exactly one tile or is refused."""
    with suppress(VerifyError):
        assert tiles.parse_path(path).path == path


def test_the_example_of_the_specification_is_laid_out_as_it_says() -> None:
    """A tree of 70,000 has 273 full tiles and one of 112 at level 0, then 1 and one of 17, then one of 1."""
    laid = [(one.level, one.width) for one in tiles.tiles(70_000)]
    assert laid == [(0, 256)] * 273 + [(0, 112)] + [(1, 256), (1, 17), (2, 1)]
    assert [(one.level, one.width) for one in tiles.tiles(256)] == [(0, 256), (1, 1)]
    assert list(tiles.tiles(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 2000))
@settings(deadline=None)
def test_growing_lays_out_what_was_not_there_and_nothing_else(old: int, more: int) -> None:
    """From an earlier size, exactly the tiles are laid out that the earlier log did not have."""
    before, after = (({*tiles.tiles(n), *tiles.bundles(n)}) for n in (old, old + more))
    assert {*tiles.tiles(old + more, old), *tiles.bundles(old + more, old)} == after - before


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20))
def test_a_bundle_reads_back(entries: list[bytes]) -> None:
    """The entries of a bundle are the ones put into it."""
    data = tiles.encode_bundle(entries)
    assert tiles.decode_bundle(data, Tile(None, 0, len(entries))) == tuple(entries)


@given(st.binary(max_size=200), st.integers(1, 5))
def test_any_bytes_are_a_bundle_or_are_refused(data: bytes, width: int) -> None:
    """Whatever bytes come, they are exactly the entries they claim or are refused by the bundle's name."""
    tile = Tile(None, 7, width)
    refusal = ""
    try:
        assert tiles.encode_bundle(tiles.decode_bundle(data, tile)) == data
    except VerifyError as error:
        refusal = error.message
    assert not refusal or refusal.startswith(tile.path)


def test_an_entry_that_two_bytes_cannot_measure_is_refused() -> None:
    """An entry of 65,536 bytes does not go into a bundle; one of 65,535 does."""
    tiles.encode_bundle([bytes(MAX_ENTRY_BYTES)])
    with pytest.raises(LedgerError, match="65,535"):
        tiles.encode_bundle([bytes(MAX_ENTRY_BYTES + 1)])


@pytest.mark.slow
def test_every_proof_from_tiles_at_every_size_up_to_200_is_the_tree_s_own_and_holds() -> None:
    """From static files alone, every inclusion and consistency proof at sizes 1 to 200 is that of the RFC."""
    entries = some_entries(200)
    leaves = [merkle.leaf_hash(one) for one in entries]
    read = merkle.in_memory(leaves)
    roots = [merkle.root_at(read, size) for size in range(201)]
    for size in range(1, 201):
        log = opened(folder(entries[:size]), entries[:size])
        assert log.root == roots[size]
        for one in range(size):
            path = log.inclusion(one)
            assert path == merkle.inclusion(read, one, size)
            merkle.verify_inclusion(leaves[one], one, size, path, roots[size])
            path = log.consistency(one + 1)
            assert path == merkle.consistency(read, one + 1, size)
            merkle.verify_consistency(one + 1, size, roots[one + 1], roots[size], path)


@pytest.mark.slow
@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 65_536, 65_537, 66_000])
def test_proofs_hold_where_tiles_fill_up(size: int) -> None:
    """Around full tiles and full levels, every entry is there and sampled proofs at any size hold."""
    entries = some_entries(size)
    log = opened(folder(entries), entries)
    read = merkle.in_memory(merkle.leaf_hash(one) for one in entries)
    for index in {0, 1, 254, size // 2, size - 2, size - 1}:
        assert log.inclusion(index) == merkle.inclusion(read, index, size)
        assert log.inclusion(index, index + 1) == merkle.inclusion(read, index, index + 1)
        assert log.consistency(index + 1) == merkle.consistency(read, index + 1, size)
        assert log.root_at(index) == merkle.root_at(read, index)
        assert log.bundle(index // 256)[index % 256] == entries[index]
    if size < 1000:
        assert log.check() == size
        assert list(log.entries()) == entries


def test_another_library_has_the_same_roots_and_inclusion_proofs() -> None:
    """pymerkle, which nobody here wrote, gives the same root and the same inclusion path at every size."""
    entries = some_entries(130)
    peer = pymerkle.InmemoryTree(algorithm="sha256")
    for size, one in enumerate(entries, 1):
        peer.append_entry(one)
        log = opened(folder(entries[:size]), entries[:size])
        assert peer.get_root() == log.root
        index = size * 7 % (size - 1 or 1)
        theirs = peer.prove_inclusion(index + 1, size).path[1:]  # theirs begins with the leaf itself
        assert [bytes(step) for step in theirs] == list(log.inclusion(index))


def test_an_empty_log_has_the_empty_root_and_no_tiles() -> None:
    """A log without entries needs no file; any other root of it is refused."""
    log = opened({}, [])
    assert (log.check(), log.consistency(0)) == (0, ())
    with pytest.raises(VerifyError):
        Tiled({}.get, Checkpoint(ORIGIN, 0, bytes(32)))


def test_every_damaged_file_is_found_and_named() -> None:
    """Change any one byte of any one file of a log of 600 entries: the check fails and names that file."""
    entries = some_entries(600)
    files = folder(entries)
    for path, data in files.items():
        for at in {0, len(data) // 2, len(data) - 1}:
            hurt = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            with pytest.raises(VerifyError, match=path.replace(".", r"\.")):
                opened({**files, path: hurt}, entries).check()


@pytest.mark.parametrize("cut", [0, 1, 31, 32])
def test_a_file_of_a_wrong_size_is_found_and_named(cut: int) -> None:
    """A tile cut short, or longer than it may be, is refused by its name."""
    entries = some_entries(300)
    files = folder(entries)
    for path, data in files.items():
        for other in {data[:cut], data + bytes(cut + 1)} - {data}:
            with pytest.raises(VerifyError, match=path.replace(".", r"\.")):
                opened({**files, path: other}, entries).check()


def test_a_missing_file_is_found_and_named() -> None:
    """Take any one file away: the check says which is missing."""
    entries = some_entries(600)
    files = folder(entries)
    for path in files:
        rest = {name: data for name, data in files.items() if name != path}
        with pytest.raises(VerifyError, match=f"{path}: it is missing".replace(".", r"\.")):
            opened(rest, entries).check()


def test_a_full_tile_stands_in_for_a_partial_one_that_is_gone() -> None:
    """An earlier checkpoint still reads after its partial tiles were removed, from the full ones."""
    entries = some_entries(600)
    early = entries[:300]
    files = {**folder(early), **folder(entries[:512])}
    for gone in (Tile(0, 1, 44), Tile(None, 1, 44)):
        del files[gone.path]
    assert opened(files, early).check() == 300


def test_swapped_tiles_are_found() -> None:
    """Two whole tiles in each other's place do not pass."""
    entries = some_entries(600)
    files = folder(entries)
    one, two = Tile(0, 0).path, Tile(0, 1).path
    with pytest.raises(VerifyError, match=one):
        opened({**files, one: files[two], two: files[one]}, entries).check()


def test_a_log_answers_only_for_what_its_checkpoint_covers() -> None:
    """What lies beyond the checkpoint, though the files may be there, is not proven."""
    entries = some_entries(300)
    log = opened(folder(entries[:200]), entries[:200])
    for ask in (
        lambda: log.inclusion(200),
        lambda: log.inclusion(0, 201),
        lambda: log.consistency(1, 201),
        lambda: log.root_at(201),
        lambda: log.bundle(1),
        lambda: log.node(0, 200),
        lambda: log.leaf(-1),
    ):
        with pytest.raises(LedgerError):
            ask()
