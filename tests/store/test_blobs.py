# SPDX-License-Identifier: Apache-2.0
"""Blobs: durable on return, encrypted, named by digest, and nothing but what was put."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import Missing, SettingsError, StoreError
from sluicegate.store.blobs import BlobStore, digest_of, load_key

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> BlobStore:
    """One store for many small bytes."""
    return BlobStore(tmp_path_factory.mktemp("blobs"), KEY)


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=2000))
def test_what_is_put_comes_back(shared_store: BlobStore, data: bytes) -> None:
    """Any bytes come back as they were under the name of their digest."""
    digest = shared_store.put(data)
    assert digest == digest_of(data)
    assert shared_store.get(digest) == data


def test_nothing_of_a_blob_is_readable_on_the_disk(tmp_path: Path) -> None:
    """The bytes on the disk hold nothing of what was put, and only its owner may read them."""
    store = BlobStore(tmp_path / "blobs", KEY)
    store.put(b"OAK,ANA" * 40)
    (path,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert b"OAK" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", [0, 5, 20, -1])
def test_an_altered_blob_is_refused(tmp_path: Path, place: int) -> None:
    """A blob altered in its head, nonce, text or seal raises, and never gives other bytes."""
    store = BlobStore(tmp_path / "blobs", KEY)
    digest = store.put(b"a booking")
    (path,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    sealed = bytearray(path.read_bytes())
    sealed[place] ^= 1
    path.write_bytes(bytes(sealed))
    with pytest.raises(StoreError):
        store.get(digest)


@pytest.mark.parametrize("size", [0, 3, 4, 16, 31])
def test_a_blob_cut_short_is_refused(tmp_path: Path, size: int) -> None:
    """A blob of which only the beginning is left raises like any altered one."""
    store = BlobStore(tmp_path / "blobs", KEY)
    digest = store.put(b"a booking")
    (path,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(StoreError):
        store.get(digest)


def test_a_blob_under_another_name_is_refused(tmp_path: Path) -> None:
    """A blob moved to the name of another is noticed: the name is sealed with the bytes."""
    store = BlobStore(tmp_path / "blobs", KEY)
    first, second = store.put(b"one"), store.put(b"two")
    paths = {p.name: p for p in (tmp_path / "blobs").rglob("*") if p.is_file()}
    paths[second].write_bytes(paths[first].read_bytes())
    with pytest.raises(StoreError):
        store.get(second)


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    """Under another key nothing can be read, so destroying the key destroys every blob."""
    digest = BlobStore(tmp_path / "blobs", KEY).put(b"a booking")
    with pytest.raises(StoreError):
        BlobStore(tmp_path / "blobs", bytes(32)).get(digest)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 63 + "/"])
def test_a_name_that_is_no_digest_leads_nowhere(tmp_path: Path, name: str) -> None:
    """No name that is not a digest reaches the disk."""
    store = BlobStore(tmp_path / "blobs", KEY)
    with pytest.raises(Missing):
        store.get(name)
    with pytest.raises(Missing):
        store.erase(name)


def test_erasing_leaves_nothing_and_may_be_repeated(tmp_path: Path) -> None:
    """Erased bytes are gone, and erasing them again changes nothing."""
    store = BlobStore(tmp_path / "blobs", KEY)
    digest = store.put(b"a booking")
    store.erase(digest)
    store.erase(digest)
    assert store.digests() == set()
    with pytest.raises(Missing):
        store.get(digest)


def test_what_was_stored_a_moment_ago_is_spared_by_age(tmp_path: Path) -> None:
    """A sweep that spares young bytes does not name what has just been put."""
    store = BlobStore(tmp_path / "blobs", KEY)
    digest = store.put(b"a booking")
    assert store.digests() == {digest}
    assert store.digests(min_age_s=3600) == set()


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    """The first use makes a key that only its owner may read; the second finds the same."""
    first = load_key(tmp_path / "a.key")
    assert load_key(tmp_path / "a.key") == first
    assert (tmp_path / "a.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    """A damaged key file is refused with advice, and is not replaced."""
    path = tmp_path / "a.key"
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    with pytest.raises(SettingsError) as refusal:
        load_key(path)
    assert refusal.value.advice
    assert path.read_bytes() == bytes(size)
