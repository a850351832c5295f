# SPDX-License-Identifier: Apache-2.0
"""A gallery folder searched in shards: threads of this process, worker processes or Ray actors.

The answer is that of the whole gallery, to the last bit, whichever way and however many shards: they are
asked step by step, and between the steps their answers are merged (`ridge.fast.search`). A shard that is
gone, late, or at another version of the gallery makes the answer incomplete, and the answer says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from sluicegate.errors import ShardLost
from sluicegate.ridge.deciding import Band, Search
from sluicegate.ridge.fast import FastEngine, search
from sluicegate.ridge.gallery_file import FileGallery
from sluicegate.ridge.gallery_packed import PackedSnapshot
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.shard import LocalShard, Shard
from sluicegate.ridge.template import Template
from sluicegate.shards import message
from sluicegate.shards.actors import RayLinks
from sluicegate.shards.process import ProcessLinks
from sluicegate.shards.ranges import share_of
from sluicegate.shards.remote import RemoteShard
from sluicegate.shards.served import VERSION

START_S = 60.0
"""Longest time that a worker may take to start: numbers and kernels are loaded, files mapped."""

_TRIES = 3  # a write may come between our look at the folder and a shard's


class How(StrEnum):
    """Where shards run."""

    THREADS = "threads"
    PROCESS = "process"
    RAY = "ray"


class Links(Protocol):
    """The ways to shards elsewhere, by number from 0."""

    def ready(self) -> list[int]:
        """Start those that are not there, and say which."""

    def ask(self, number: int, data: bytes, until: float) -> bytes:
        """The reply to a message. Raises ShardLost where none comes until then (`time.monotonic`)."""

    def close(self) -> None:
        """End them all."""


_LINKS: dict[How, Callable[[Path, int, int], Links]] = {How.PROCESS: ProcessLinks, How.RAY: RayLinks}


@dataclass(frozen=True, slots=True)
class ShardState:
    """A shard as it says it is; `pid` 0 and a reason in `trouble` where it does not answer."""

    number: int
    subjects: int
    version: str
    pid: int
    trouble: str = ""


class ShardedGallery:
    """Searches the gallery in a folder, following its writer. Safe to use from several threads.

    `deadline_s` is the longest that each step of a search may wait for a shard, which is then asked no more;
    threads of this process cannot be given up and know no deadline. `threads` is for each worker or actor.

    Raises:
        Missing, StoreError: there is no gallery that can be read. UsageError: Ray is not installed.
    """

    def __init__(
        self,
        folder: Path,
        parameters: Parameters,
        *,
        count: int = 2,
        how: How = How.THREADS,
        deadline_s: float = 10.0,
        threads: int = 1,
    ) -> None:
        self._engine = FastEngine(parameters)
        self._gallery = FileGallery(folder, parameters)
        self._count, self.deadline_s = count, deadline_s
        self._links = _LINKS[how](folder.absolute(), count, threads) if how in _LINKS else None
        self._pool = ThreadPoolExecutor(count)
        if self._links:
            self.states()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._gallery)

    @property
    def name(self) -> str:
        """The engine's; how a gallery is cut into shards changes no answer."""
        return self._engine.name

    def identify(self, probe: Template, *, limit: int = 20) -> Search:
        """The at most `limit` likeliest subjects; see `identify_many`."""
        return self.identify_many([probe], limit=limit)[0]

    def identify_many(self, probes: Sequence[Template], *, limit: int = 20) -> list[Search]:
        """One search for each probe. Where a shard was lost, `Search.lost` says what was not searched.

        Raises:
            TemplateError: the gallery was made by another extractor than a probe. StoreError: it is damaged.
        """
        found: list[Search] = []
        for _ in range(_TRIES):
            self._gallery.refresh()
            snapshot = self._gallery.snapshot()
            for probe in probes:
                snapshot.require_comparable(probe)
            found = search(
                self.name,
                probes,
                [self._shards(snapshot)],
                snapshot.parameters,
                limit=limit,
                fan=self._pool.map,
            )
            if not found or all(lost.why != VERSION for lost in found[0].lost):
                break
        return found

    def classify(self, found: Search) -> Band:
        """What the thresholds say of a search; an incomplete one is doubt."""
        return self._engine.classify(found)

    def states(self) -> list[ShardState]:
        """Every shard as it is now; those that are gone are started first."""
        self._gallery.refresh()
        snapshot = self._gallery.snapshot()
        if self._links is None:
            shards = self._shards(snapshot)
            return [ShardState(i, len(one), one.version, 0) for i, one in enumerate(shards)]
        self._links.ready()
        return self._met(self._links, range(self._count))

    def _met(self, links: Links, which: Iterable[int]) -> list[ShardState]:
        """What these shards say they are; one that was just started is waited for."""
        until = time.monotonic() + START_S
        return list(self._pool.map(partial(_state, links, until=until), which))

    def close(self) -> None:
        """End workers and actors."""
        if self._links:
            self._links.close()
        self._pool.shutdown()

    def _shards(self, snapshot: PackedSnapshot) -> list[Shard]:
        shares = [share_of(snapshot, i, self._count) for i in range(self._count)]
        if self._links is None:
            return [LocalShard(share, snapshot.parameters) for share in shares]
        self._met(self._links, self._links.ready())
        digest = snapshot.parameters.digest()
        return [
            RemoteShard(
                partial(_asked, self._links, i, self.deadline_s), snapshot.version, digest, len(share)
            )
            for i, share in enumerate(shares)
        ]


def _asked(links: Links, number: int, deadline_s: float, data: bytes) -> bytes:
    return links.ask(number, data, time.monotonic() + deadline_s)


def _state(links: Links, number: int, until: float) -> ShardState:
    try:
        head, _ = message.unpack(links.ask(number, message.pack({"what": "hello"}), until))
        said: dict[str, Any] = {"subjects": 0, "version": "", "pid": 0, "trouble": "", **head}
        return ShardState(
            number, int(said["subjects"]), str(said["version"]), int(said["pid"]), str(said["trouble"])
        )
    except ShardLost as error:
        return ShardState(number, 0, "", 0, error.message)
