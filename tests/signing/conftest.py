# SPDX-License-Identifier: Apache-2.0
"""A key in memory, and the same key behind a signing process's socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenes import Town, scratch
from sluicegate.ledger import keys
from sluicegate.ledger.keys import FileKey
from sluicegate.ledger.note import LogSigner
from sluicegate.signing.client import RemoteKey
from sluicegate.signing.server import SigningServer

NAME = "log.example/bureau"


@pytest.fixture
def town() -> Iterator[Town]:
    """A fresh world with every mode in force somewhere."""
    with scratch() as folder:
        world = Town(folder / "home")
        yield world
        world.close()


@pytest.fixture
def own() -> FileKey:
    """The key itself."""
    return keys.from_seed(NAME, bytes(range(32)))


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """A path short enough for a socket."""
    with scratch() as folder:
        yield folder / "s"


@pytest.fixture
def served(own: FileKey, socket_path: Path) -> Iterator[SigningServer]:
    """A process's part, serving the key."""
    server = SigningServer(own, socket_path).start()
    yield server
    server.close()


@pytest.fixture
def remote(own: FileKey, socket_path: Path, served: SigningServer) -> RemoteKey:
    """The exchange's part: it knows the public key and the socket."""
    assert served.counts() == {}
    return RemoteKey(own.public, socket_path)


@pytest.fixture(params=["file", "process"])
def signer(request: pytest.FixtureRequest, own: FileKey) -> LogSigner:
    """Every implementation of the protocol."""
    if request.param == "file":
        return own
    found: RemoteKey = request.getfixturevalue("remote")
    return found
