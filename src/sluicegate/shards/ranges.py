# SPDX-License-Identifier: Apache-2.0
"""The share of a gallery that one of several shards searches: subjects in a row, nothing copied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sluicegate.ridge.gallery_packed import PackedSnapshot, Part
from sluicegate.ridge.segment import MARK, Segment


def share_of(snapshot: PackedSnapshot, index: int, count: int) -> PackedSnapshot:
    """The subjects of shard `index` of `count`: the same number in each, but for one."""
    total = len(snapshot)
    first, last = total * index // count, total * (index + 1) // count
    parts: list[Part] = []
    at = 0
    for part in snapshot.parts:
        size = len(part)
        begin, end = max(first - at, 0), min(last - at, size)
        at += size
        if begin >= end:
            continue
        parts.append(part if end - begin == size else _cut(part, begin, end))
    return replace(snapshot, parts=tuple(parts))


def _cut(part: Part, begin: int, end: int) -> Part:
    """The enrolled subjects of a part from one number to another."""
    if part.live is None:
        return replace(part, segment=rows_of(part.segment, begin, end))
    places = np.flatnonzero(part.live)
    first, last = int(places[begin]), int(places[end - 1]) + 1
    return replace(part, segment=rows_of(part.segment, first, last), live=part.live[first:last])


def rows_of(segment: Segment, first: int, last: int) -> Segment:
    """Subjects of a segment from one place to another; what is large is a view."""
    at = np.s_[first : last + 1]
    name, image, template = segment.name_at[at], segment.image_at[at], segment.template_at[at]
    images = np.s_[int(image[0]) : int(image[-1])]
    record = segment.record_at[images.start : images.stop + 1]
    cold = segment.cold_at[int(template[0]) : int(template[-1]) + 1]
    owned = [tuple(int(n) for n in np.searchsorted(owner, [first, last])) for owner in segment.owner]
    return Segment(
        name_at=name - name[0],
        names=segment.names[int(name[0]) : int(name[-1])],
        owner=tuple(o[a:b] - np.uint32(first) for o, (a, b) in zip(segment.owner, owned, strict=True)),
        rows=tuple(r[a:b] for r, (a, b) in zip(segment.rows, owned, strict=True)),
        image_at=image - image[0],
        image_template=segment.image_template[images],
        image_finger=segment.image_finger[images],
        image_positions=segment.image_positions[images],
        record_at=record - record[0],
        records=segment.records[int(record[0]) : int(record[-1])],
        template_at=template - template[0],
        marks=segment.marks[int(template[0]) * MARK : int(template[-1]) * MARK],
        cold_at=cold - cold[0],
        cold=segment.cold[int(cold[0]) : int(cold[-1])],
        crc=segment.crc[first:last],
    )
