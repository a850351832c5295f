# SPDX-License-Identifier: Apache-2.0
"""What goes between who asks and a shard: a JSON head and arrays of plain numbers, no pickle.

Bytes: `SGS`, 1, length of the head (4, little-endian), the head, the arrays one after another. The head is
an object; its `arrays` list name, type and shape of each. Both sides check every length before they read.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import ShardLost
from sluicegate.ridge.compare import Comparison
from sluicegate.ridge.fusion import FingerMatch
from sluicegate.ridge.shard import Matches, Place, Screened

MAGIC = b"SGS\x01"
MOST = 1 << 30
"""Bytes of a message at most."""

Json: TypeAlias = dict[str, Any]
Arrays: TypeAlias = dict[str, NDArray[Any]]

_HEAD = struct.Struct("<4sI")
_TYPES = frozenset({"|u1", "<u2", "<u4", "<i4", "<f8"})
_BROKEN = "A message between shards is damaged."


def pack(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """The bytes of a head and its arrays."""
    listed = {name: np.ascontiguousarray(one) for name, one in (arrays or {}).items()}
    forms = [[name, one.dtype.str, list(one.shape)] for name, one in listed.items()]
    told = json.dumps({**head, "arrays": forms}).encode()
    return b"".join([_HEAD.pack(MAGIC, len(told)), told, *(one.tobytes() for one in listed.values())])


def unpack(data: bytes) -> tuple[Json, Arrays]:
    """Head and arrays, which are views of the bytes.

    Raises:
        ShardLost: these bytes are not exactly one message.
    """
    if len(data) < _HEAD.size:
        raise ShardLost(_BROKEN)
    magic, length = _HEAD.unpack_from(data)
    at = _HEAD.size + length
    if magic != MAGIC or at > len(data):
        raise ShardLost(_BROKEN)
    try:
        head = json.loads(data[_HEAD.size : at])
        forms = [(str(n), str(t), tuple(int(x) for x in shape)) for n, t, shape in head.pop("arrays")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ShardLost(_BROKEN) from error
    arrays: Arrays = {}
    for name, kind, shape in forms:
        count = math.prod(shape)
        if kind not in _TYPES or min(shape, default=0) < 0 or count > MOST:
            raise ShardLost(_BROKEN)
        end = at + count * np.dtype(kind).itemsize
        if end > len(data):
            raise ShardLost(_BROKEN)
        arrays[name] = np.frombuffer(data, kind, count, at).reshape(shape)
        at = end
    if at != len(data):
        raise ShardLost(_BROKEN)
    return head, arrays


def texts(ones: Sequence[bytes], name: str) -> Arrays:
    """Several byte strings as two arrays."""
    ends = np.cumsum([len(one) for one in ones], dtype=np.int64)
    return {f"{name}_end": ends.astype("<u4"), name: np.frombuffer(b"".join(ones), "|u1")}


def untexts(arrays: Arrays, name: str) -> list[bytes]:
    """The byte strings back. Raises ShardLost."""
    try:
        ends, data = arrays[f"{name}_end"].astype(np.int64), arrays[name].tobytes()
    except KeyError as error:
        raise ShardLost(_BROKEN) from error
    starts = np.concatenate([np.zeros(1, np.int64), ends])
    if int(starts[-1]) != len(data) or (np.diff(starts) < 0).any():
        raise ShardLost(_BROKEN)
    return [data[a:b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]


def of_screened(ones: Sequence[Screened]) -> Arrays:
    """Subjects that the coarse pass looked at, as arrays."""
    return {
        "unworth": np.array([one.unworth for one in ones], "<f8"),
        "place": np.array([one.place for one in ones], "<u4").reshape(-1, 2),
        **texts([one.subject.encode("utf-8", "replace") for one in ones], "subject"),
    }


def to_screened(arrays: Arrays) -> list[Screened]:
    """The same back. Raises ShardLost."""
    names = untexts(arrays, "subject")
    unworth, place = arrays.get("unworth"), arrays.get("place")
    if unworth is None or place is None or unworth.shape != (len(names),) or place.shape != (len(names), 2):
        raise ShardLost(_BROKEN)
    return [
        Screened(worth, name.decode("utf-8", "replace"), Place(part, row))
        for worth, name, (part, row) in zip(unworth.tolist(), names, place.tolist(), strict=True)
    ]


_PLACED = ("position", "probe", "template", "reference")


def of_matches(ones: Sequence[Matches]) -> Arrays:
    """Fingers compared, of several subjects, as arrays."""
    flat = [(position, match) for one in ones for position, match in one.items()]
    named = [match.comparison.pairs for _, match in flat]
    return {
        "fingers": np.array([len(one) for one in ones], "<u4"),
        "match": np.array(
            [(position, match.probe, match.template, match.reference) for position, match in flat], "<u4"
        ).reshape(-1, len(_PLACED)),
        "comparison": np.array(
            [(one.comparison.similarity, one.comparison.rotation, *one.comparison.shift) for _, one in flat],
            "<f8",
        ).reshape(-1, 4),
        "pair_count": np.array([len(pairs) for pairs in named], "<u4"),
        "pairs": np.concatenate([np.zeros((0, 2), "<i4"), *named]).astype("<i4"),
    }


def to_matches(arrays: Arrays) -> list[Matches]:
    """The same back. Raises ShardLost."""
    try:
        fingers, match = arrays["fingers"], arrays["match"]
        comparison, count, pairs = arrays["comparison"], arrays["pair_count"], arrays["pairs"]
    except KeyError as error:
        raise ShardLost(_BROKEN) from error
    total = int(fingers.astype(np.int64).sum())
    shapes = (match.shape, comparison.shape, count.shape)
    if shapes != ((total, 4), (total, 4), (total,)) or pairs.shape != (int(count.astype(np.int64).sum()), 2):
        raise ShardLost(_BROKEN)
    ends = np.cumsum(count, dtype=np.int64)
    made = [
        (
            position,
            FingerMatch(
                probe, template, reference, Comparison(similarity, pairs[end - n : end], turn, (x, y))
            ),
        )
        for (position, probe, template, reference), (similarity, turn, x, y), n, end in zip(
            match.tolist(), comparison.tolist(), count.tolist(), ends.tolist(), strict=True
        )
    ]
    flat = iter(made)
    return [dict(next(flat) for _ in range(n)) for n in fingers.tolist()]
