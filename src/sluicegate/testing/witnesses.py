# SPDX-License-Identifier: Apache-2.0
"""Witnesses on the loopback, and a log that can lie: what it takes to see a split view with one's own eyes.

The witnesses are the real ones, each with a key, a memory on the disk and a server of its own; only their
clock stands still until it is told to move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sluicegate.ledger import checkpoint, cosign, keys, merkle, tiles
from sluicegate.ledger.keys import FileKey
from sluicegate.ledger.verify import Checkpoint, VerifierKey
from sluicegate.witness import server, state
from sluicegate.witness.judge import Witness
from sluicegate.witness.server import WitnessServer
from sluicegate.witness.state import State

NOON = 1_289_822_400  # 2010-11-15 12:00:00 UTC


class HeldClock:
    """A clock of whole Unix seconds that moves when it is told to."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class LoopbackWitness:
    """One witness, listening. Restarting keeps its key and its memory, as a real restart does."""

    def __init__(self, folder: Path, name: str, clock: HeldClock) -> None:
        folder.mkdir(parents=True)
        self.name = name
        self.clock = clock
        self.key = keys.create(folder / "witness.key", f"{name}.example/witness")
        self.path = folder / "witness.db"
        state.create(self.path)
        self.state = State(self.path)
        self._server: WitnessServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        """Where it is asked, whether it listens or not."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def policy_line(self) -> str:
        """Its line in a policy."""
        return f"witness {self.name} {cosign.verifier_key(self.key)} {self.url}\n"

    def start(self) -> None:
        """Listen, on the port it had before."""
        app = server.application(Witness(self.key, self.state, self.clock))
        self._server = WitnessServer(app, "127.0.0.1", self.port).start()
        self.port = self._server.port

    def tell_to_stop(self) -> None:
        """Begin to stop, without waiting for it."""
        if self._server is not None:
            self._server.tell_to_stop()

    def stop(self) -> None:
        """Listen no longer; whoever asks finds nobody."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def close(self) -> None:
        """Stop, and close the memory."""
        self.stop()
        self.state.close()


class Witnesses:
    """Several witnesses that watch the same logs; a context manager."""

    def __init__(self, folder: Path, names: Iterable[str], logs: Sequence[VerifierKey]) -> None:
        self.clock = HeldClock()
        self._logs = tuple(logs)
        self._open = ExitStack()
        self.each: dict[str, LoopbackWitness] = {}
        for name in names:
            one = LoopbackWitness(folder / name, name, self.clock)
            self._open.callback(one.close)
            self.each[name] = one
            for key in self._logs:
                one.state.add_log(key)

    def __enter__(self) -> Witnesses:
        return self

    def __exit__(self, *_error: object) -> None:
        for one in self.each.values():
            one.tell_to_stop()  # each takes a moment; together they take one
        self._open.close()

    def policy(self, needed: int) -> str:
        """A policy (`witnesses.txt`) that asks for so many of them."""
        lines = [f"log {key}\n" for key in self._logs]
        lines += [one.policy_line for one in self.each.values()]
        names = " ".join(self.each)
        return "".join([*lines, f"group enough {needed} {names}\n", "quorum enough\n"])


@dataclass(frozen=True, slots=True)
class History:
    """One history of a log: its entries so far, which its key signs at any size, as often as it is asked."""

    key: FileKey
    entries: tuple[bytes, ...]

    def and_then(self, *more: bytes) -> History:
        """The history that went on."""
        return History(self.key, (*self.entries, *more))

    def note(self, size: int | None = None) -> str:
        """The signed checkpoint at a size; by default of all of it."""
        leaves = [merkle.leaf_hash(one) for one in self.entries[:size]]
        return checkpoint.sign(self.key.name, len(leaves), merkle.root(leaves), self.key)

    def prove(self, old: int, new: int) -> tuple[bytes, ...]:
        """The consistency proof between two sizes of this history."""
        return merkle.consistency(self._reader(), old, new)

    def publish(self, folder: Path) -> None:
        """Write tiles, bundles and checkpoint as a static host would serve them."""
        size = len(self.entries)
        for tile in tiles.tiles(size):
            _put(folder / tile.path, tiles.hashes(self._reader(), tile))
        for tile in tiles.bundles(size):
            held = self.entries[tile.first : tile.first + tile.width]
            _put(folder / tile.path, tiles.encode_bundle(held))
        _put(folder / "checkpoint", self.note().encode("utf-8"))

    def open(self, shown: Checkpoint) -> tiles.Tiled:
        """Its tiles, from memory, at a checkpoint."""
        read = self._reader()
        held = {tile.path: tiles.hashes(read, tile) for tile in tiles.tiles(shown.size)}
        return tiles.Tiled(held.get, shown)

    def _reader(self) -> merkle.Reader:
        return merkle.in_memory(merkle.leaf_hash(one) for one in self.entries)


class LyingLog:
    """A log that signs whatever history it is asked to show."""

    def __init__(self, name: str = "liar.example/master", seed: bytes = b"\x07" * 32) -> None:
        self.key = keys.from_seed(name, seed)

    def history(self, *entries: bytes) -> History:
        """One of its histories. Two that differ anywhere are a split view."""
        return History(self.key, entries)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
