# SPDX-License-Identifier: Apache-2.0
"""A shard elsewhere, as the search sees it: every step is one message and its reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sluicegate.errors import ShardLost
from sluicegate.ridge import template as templates
from sluicegate.ridge.coarse import Question
from sluicegate.ridge.shard import Matches, Place, Screened
from sluicegate.shards import message
from sluicegate.shards.message import Arrays, Json


class RemoteShard:
    """`ask` sends a message and waits for the reply; it raises ShardLost where none comes in time.

    `version` and `parameters` (their digest) are what it must have. `size` is how many subjects the shard has
    at this version of the gallery: what is lost if it is lost.
    """

    def __init__(self, ask: Callable[[bytes], bytes], version: str, parameters: str, size: int) -> None:
        self._ask = ask
        self._parameters = parameters
        self._version = version
        self._size = size

    @property
    def version(self) -> str:
        """See `ridge.shard.Shard`."""
        return self._version

    def __len__(self) -> int:
        return self._size

    def everybody(self) -> list[Screened]:
        """See `ridge.shard.Shard`."""
        return message.to_screened(self._answer("everybody", {}, {})[1])

    def screen(
        self, asked: Sequence[Question], keep: Sequence[int]
    ) -> tuple[list[list[Screened]], list[int]]:
        """See `ridge.shard.Shard`."""
        probes = message.texts([templates.encode(one.probe) for one in asked], "probe")
        head, arrays = self._answer(
            "screen", {"keep": list(keep), "first": [one.first for one in asked]}, probes
        )
        found = message.to_screened(arrays)
        counts, made = _numbers(head, "counts", len(asked)), _numbers(head, "made", len(asked))
        if sum(counts) != len(found) or any(n > most for n, most in zip(counts, keep, strict=True)):
            raise ShardLost("A shard answered another question than it was asked.")
        ends = np.cumsum(counts).tolist()
        return [found[end - n : end] for n, end in zip(counts, ends, strict=True)], made

    def rescreen(self, asked: Question, places: Sequence[Place]) -> tuple[list[Screened], int]:
        """See `ridge.shard.Shard`."""
        head, arrays = self._answer("rescreen", {}, _about(asked, places))
        found = message.to_screened(arrays)
        if len(found) != len(places):
            raise ShardLost("A shard answered another question than it was asked.")
        return found, _number(head, "made")

    def compare(
        self, asked: Question, places: Sequence[Place], *, fingers: range, pairs: bool
    ) -> tuple[list[Matches], int]:
        """See `ridge.shard.Shard`."""
        told: Json = {"fingers": [fingers.start, fingers.stop], "pairs": pairs}
        head, arrays = self._answer("compare", told, _about(asked, places))
        found = message.to_matches(arrays)
        if len(found) != len(places):
            raise ShardLost("A shard answered another question than it was asked.")
        return found, _number(head, "made")

    def _answer(self, what: str, told: Json, arrays: Arrays) -> tuple[Json, Arrays]:
        about = {"what": what, "version": self._version, "parameters": self._parameters}
        reply = self._ask(message.pack({**about, **told}, arrays))
        head, found = message.unpack(reply)
        if "trouble" in head:
            raise ShardLost(str(head["trouble"]))
        return head, found


def _about(asked: Question, places: Sequence[Place]) -> Arrays:
    place = np.array(places, "<u4").reshape(-1, 2)
    return {"place": place, **message.texts([templates.encode(asked.probe)], "probe")}


def _number(head: Json, name: str) -> int:
    found: Any = head.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise ShardLost("A shard's answer is not one.")
    return found


def _numbers(head: Json, name: str, count: int) -> list[int]:
    found: Any = head.get(name)
    if not isinstance(found, list) or len(found) != count:
        raise ShardLost("A shard's answer is not one.")
    return [_number({name: one}, name) for one in found]
