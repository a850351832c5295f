# SPDX-License-Identifier: Apache-2.0
"""One shard of a gallery folder, answering messages: the side of a worker process or of an actor.

It maps the folder's files and searches its share of the subjects. Every question names the version of the
gallery that it is about; a shard that does not have it looks at the folder once more, and says so if it still
has another. The last few versions are kept, so that a search goes on while somebody writes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from sluicegate.errors import ShardLost, SluicegateError
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge import template as templates
from sluicegate.ridge.coarse import Question, question, renumbered
from sluicegate.ridge.gallery_file import FileGallery
from sluicegate.ridge.shard import LocalShard, Place, Spread
from sluicegate.ridge.template import Template
from sluicegate.shards import message
from sluicegate.shards.message import Arrays, Json
from sluicegate.shards.ranges import share_of

VERSION = "version"
"""What a reply's `trouble` is where the shard has another version of the gallery than it was asked about."""

_KEPT = 3  # versions
_REMEMBERED = 16  # questions


class Served:
    """Shard `index` of `count` of the gallery in a folder. Asked by one at a time.

    Raises:
        Missing, StoreError: there is no gallery that can be read.
    """

    def __init__(self, folder: str, index: int, count: int, threads: int = 1) -> None:
        self._parameters = numbers.load()
        self._gallery = FileGallery(Path(folder), self._parameters)
        self._share = (index, count)
        self._spread: Spread = ThreadPoolExecutor(threads).map if threads > 1 else map
        self._shards: dict[str, LocalShard] = {}
        self._questions: dict[str, Question] = {}
        self._shard()

    def answer(self, data: bytes) -> bytes:
        """The reply to a message; whatever goes wrong is a reply too."""
        try:
            head, arrays = message.unpack(data)
            do: dict[str, Callable[[Json, Arrays], bytes]] = {
                "hello": self._hello,
                "everybody": self._everybody,
                "screen": self._screen,
                "rescreen": self._rescreen,
                "compare": self._compare,
            }
            return do[str(head["what"])](head, arrays)
        except SluicegateError as error:
            return message.pack({"trouble": error.message})
        except Exception as error:  # noqa: BLE001 - a shard outlives a question that it cannot answer
            return message.pack(
                {"trouble": f"The shard failed where it should not have ({type(error).__name__})."}
            )

    def _shard(self) -> LocalShard:
        """The share of the gallery as it stands now."""
        snapshot = self._gallery.snapshot()
        if snapshot.version not in self._shards:
            shared = share_of(snapshot, *self._share)
            self._shards[snapshot.version] = LocalShard(shared, self._parameters, self._spread)
            for version in list(self._shards)[:-_KEPT]:
                del self._shards[version]
        return self._shards[snapshot.version]

    def _asked(self, head: Json) -> LocalShard:
        version = str(head["version"])
        if head["parameters"] != self._parameters.digest():
            raise ShardLost("The shard searches with other parameters.")
        if version not in self._shards:
            self._gallery.refresh()
            self._shard()
        if version not in self._shards:
            raise ShardLost(VERSION)
        return self._shards[version]

    def _hello(self, _head: Json, _arrays: Arrays) -> bytes:
        self._gallery.refresh()
        shard = self._shard()
        return message.pack(
            {
                "pid": os.getpid(),
                "version": shard.version,
                "subjects": len(shard),
            }
        )

    def _everybody(self, head: Json, _arrays: Arrays) -> bytes:
        return message.pack({}, message.of_screened(self._asked(head).everybody()))

    def _screen(self, head: Json, arrays: Arrays) -> bytes:
        probes = message.untexts(arrays, "probe")
        asked = [self._question(one, int(n)) for one, n in zip(probes, head["first"], strict=True)]
        found, made = self._asked(head).screen(asked, [int(one) for one in head["keep"]])
        flat = [one for ones in found for one in ones]
        counts = [len(ones) for ones in found]
        return message.pack({"made": made, "counts": counts}, message.of_screened(flat))

    def _rescreen(self, head: Json, arrays: Arrays) -> bytes:
        (probe,) = message.untexts(arrays, "probe")
        found, made = self._asked(head).rescreen(self._question(probe), _places(arrays))
        return message.pack({"made": made}, message.of_screened(found))

    def _compare(self, head: Json, arrays: Arrays) -> bytes:
        (probe,) = message.untexts(arrays, "probe")
        first, last = (int(one) for one in head["fingers"])
        found, made = self._asked(head).compare(
            self._question(probe), _places(arrays), fingers=range(first, last), pairs=head["pairs"] is True
        )
        return message.pack({"made": made}, message.of_matches(found))

    def _question(self, data: bytes, first: int = 0) -> Question:
        """A probe made ready, once however its fingers are numbered; `first` are scored for everybody."""
        probe = templates.decode(data)
        key = templates.digest(templates.encode(_unnumbered(probe)))
        if key not in self._questions:
            for old in list(self._questions)[: 1 - _REMEMBERED]:
                del self._questions[old]
            self._questions[key] = question(probe, self._parameters)
        asked = renumbered(self._questions[key], probe, first)
        if any(asked.images[image] is None for image in asked.facing.values()):
            return replace(question(probe, self._parameters), first=first)
        return asked


def _unnumbered(probe: Template) -> Template:
    return replace(probe, fingers=tuple(replace(finger, fgp=0) for finger in probe.fingers))


def _places(arrays: Arrays) -> list[Place]:
    rows: list[Any] = arrays["place"].tolist()
    return [Place(part, row) for part, row in rows]
