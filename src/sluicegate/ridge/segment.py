# SPDX-License-Identifier: Apache-2.0
"""A segment: some thousand subjects of a gallery as packed columns, in memory or mapped from a file.

A segment never changes but for one thing: in a file, the content of an expunged subject turns to zeros. A
subject lives whole in one segment, and subjects are named by their place in it. Per finger position there are
rows of the coarse pass, in the order of their owners; per image a compare record; per template a mark by
which an equal one is known and, where wanted, its full bytes. Every subject's content has a checksum.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import TemplateError
from sluicegate.ridge.forms import ROW, record_of, rows_of
from sluicegate.ridge.fusion import POSITIONS, by_position
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import Template, decode, digest, encode

U8: TypeAlias = NDArray[np.uint8]
U16: TypeAlias = NDArray[np.uint16]
U32: TypeAlias = NDArray[np.uint32]
U64: TypeAlias = NDArray[np.uint64]
Mask: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[Any]

MARK = 16  # bytes of a template's SHA-256 by which an equal template is known
MOST_TEMPLATES = 4096  # of one subject; far beyond a life's bookings, it bounds the work a subject can make
MOST_NAME = 255  # bytes of a subject's name


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Columns of n subjects. `x_at` holds where each one's part of column x begins, and the end of the last.

    names: UTF-8. owner, rows: for each of ten positions, rows of the coarse pass and whose they are.
    image_template, image_finger, image_positions: which template of the subject (from 0), which of its
    fingers, and as bits (1 for position 1) the finger positions it stands for. crc: of the content.
    """

    name_at: U32
    names: U8
    owner: tuple[U32, ...]
    rows: tuple[Rows, ...]
    image_at: U32
    image_template: U16
    image_finger: U8
    image_positions: U16
    record_at: U32
    records: U8
    template_at: U32
    marks: U8
    cold_at: U64
    cold: U8
    crc: U32
    _index: dict[str, int] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.crc)

    def name(self, place: int) -> str:
        """The subject's name; empty once expunged from a file."""
        raw = self.names[int(self.name_at[place]) : int(self.name_at[place + 1])].tobytes()
        return "" if not any(raw) else raw.decode("utf-8", "replace")

    def places(self) -> Mapping[str, int]:
        """Place by name, built when first asked for; who was expunged since may still be in it."""
        if len(self) and not self._index:
            found = {self.name(place): place for place in range(len(self))}
            self._index.update(found)
        return self._index

    def forget(self, place: int) -> None:
        """Drop the name of a subject who is being expunged from a file."""
        for name in [name for name, own in list(self._index.items()) if own == place]:
            del self._index[name]

    def present(self) -> Mask:
        """Which subjects have a name left."""
        return np.asarray(self.names[self.name_at[:-1]] != 0)

    def templates(self, place: int) -> tuple[bytes, ...]:
        """The subject's full templates, oldest first; empty bytes where the segment keeps none."""
        count = int(self.template_at[place + 1]) - int(self.template_at[place])
        return tuple(self.template(place, number) for number in range(count))

    def template(self, place: int, number: int) -> bytes:
        """One of the subject's full templates, counted from 0."""
        at = int(self.template_at[place]) + number
        return self.cold[int(self.cold_at[at]) : int(self.cold_at[at + 1])].tobytes()

    def content(self, place: int) -> list[tuple[str, int, int]]:
        """Where a subject's content lies: column, first item, one past the last."""
        first, last = int(self.image_at[place]), int(self.image_at[place + 1])
        one, other = int(self.template_at[place]), int(self.template_at[place + 1])
        spans = [("names", int(self.name_at[place]), int(self.name_at[place + 1]))]
        for position, owner in enumerate(self.owner):
            begin, end = np.searchsorted(owner, [place, place + 1])
            spans.append((f"rows{position + 1}", int(begin), int(end)))
        spans.append(("records", int(self.record_at[first]), int(self.record_at[last])))
        spans.append(("marks", one * MARK, other * MARK))
        spans.append(("cold", int(self.cold_at[one]), int(self.cold_at[other])))
        return [span for span in spans if span[2] > span[1]]

    def content_bytes(self, place: int) -> bytes:
        """All of a subject's content, in the order of `content`."""
        return b"".join(self.column(name)[a:b].tobytes() for name, a, b in self.content(place))

    def is_whole(self, place: int) -> bool:
        """Whether a subject's content is what was written, or all zeros because it was expunged."""
        content = self.content_bytes(place)
        return zlib.crc32(content) == int(self.crc[place]) or not any(content)

    def column(self, name: str) -> NDArray[Any]:
        """A column by its name in a file: rows and owner are numbered by finger position."""
        for many in ("owner", "rows"):
            if name.startswith(many):
                return getattr(self, many)[int(name.removeprefix(many)) - 1]  # type: ignore[no-any-return]
        return getattr(self, name)  # type: ignore[no-any-return]


COLUMNS: dict[str, np.dtype[Any]] = {
    "name_at": np.dtype("<u4"),
    "names": np.dtype("u1"),
    **{f"owner{position}": np.dtype("<u4") for position in POSITIONS},
    **{f"rows{position}": ROW for position in POSITIONS},
    "image_at": np.dtype("<u4"),
    "image_template": np.dtype("<u2"),
    "image_finger": np.dtype("u1"),
    "image_positions": np.dtype("<u2"),
    "record_at": np.dtype("<u4"),
    "records": np.dtype("u1"),
    "template_at": np.dtype("<u4"),
    "marks": np.dtype("u1"),
    "cold_at": np.dtype("<u8"),
    "cold": np.dtype("u1"),
    "crc": np.dtype("<u4"),
}
"""Every column in the order of a file, and the type of its items."""

CONTENT = frozenset({"names", "records", "marks", "cold", *(f"rows{position}" for position in POSITIONS)})
"""Columns that hold what is a person's; the others say only where it lies."""


def from_columns(columns: Mapping[str, NDArray[Any]]) -> Segment:
    """A segment of these columns."""
    given: dict[str, Any] = {f.name: columns[f.name] for f in fields(Segment) if f.name in COLUMNS}
    for many in ("owner", "rows"):
        given[many] = tuple(columns[f"{many}{position}"] for position in POSITIONS)
    return Segment(**given)


def packed(subject: str, templates: Sequence[Template], parameters: Parameters, *, cold: bool) -> Segment:
    """The segment of one subject, of the templates as their bytes have them; with `cold` these too.

    Raises:
        TemplateError: a template is not whole, there are too many, or the name is empty or too long.
    """
    name = subject.encode("utf-8", "surrogatepass")
    if not 0 < len(name) <= MOST_NAME or b"\0" in name:
        raise TemplateError(f"A subject's name has 1 to {MOST_NAME} bytes, none of them zero.")
    if len(templates) > MOST_TEMPLATES:
        raise TemplateError(f"A gallery keeps at most {MOST_TEMPLATES:,} templates of one subject.")
    rows: dict[int, list[Rows]] = {position: [] for position in POSITIONS}
    images: list[tuple[int, int, int]] = []
    records: list[bytes] = []
    whole = [encode(template) for template in templates]
    for number, template in enumerate(decode(one) for one in whole):
        shows: dict[int, list[int]] = {}
        for position, index in by_position(template).items():
            shows.setdefault(index, []).append(position)
        for index, positions in shows.items():
            made = rows_of(template.fingers[index], parameters)
            for position in positions:
                rows[position].append(made)
            images.append((number, index, sum(1 << (position - 1) for position in positions)))
            records.append(record_of(template.fingers[index], parameters))
    full = whole if cold else [b""] * len(whole)
    flat = {position: np.concatenate([np.zeros(0, ROW), *rows[position]]) for position in POSITIONS}
    segment = Segment(
        name_at=_ends([name], "<u4"),
        names=_blob([name]),
        owner=tuple(np.zeros(len(flat[position]), "<u4") for position in POSITIONS),
        rows=tuple(flat[position] for position in POSITIONS),
        image_at=np.array([0, len(images)], "<u4"),
        image_template=np.array([one[0] for one in images], "<u2"),
        image_finger=np.array([one[1] for one in images], "u1"),
        image_positions=np.array([one[2] for one in images], "<u2"),
        record_at=_ends(records, "<u4"),
        records=_blob(records),
        template_at=np.array([0, len(whole)], "<u4"),
        marks=_blob([bytes.fromhex(digest(one))[:MARK] for one in whole]),
        cold_at=_ends(full, "<u8"),
        cold=_blob(full),
        crc=np.zeros(1, "<u4"),
    )
    return replace(segment, crc=np.array([zlib.crc32(segment.content_bytes(0))], "<u4"), _index={})


def kept(segment: Segment, mask: Mask) -> Segment:
    """A copy with the subjects of the mask only."""
    number = np.cumsum(mask, dtype=np.uint32) - np.uint32(1)
    stays = [mask[owner] for owner in segment.owner]
    image = np.repeat(mask, np.diff(segment.image_at))
    template = np.repeat(mask, np.diff(segment.template_at))
    return Segment(
        name_at=_shorter(segment.name_at, mask),
        names=_chosen(segment.names, segment.name_at, mask),
        owner=tuple(number[o[s]].astype("<u4") for o, s in zip(segment.owner, stays, strict=True)),
        rows=tuple(r[s] for r, s in zip(segment.rows, stays, strict=True)),
        image_at=_shorter(segment.image_at, mask),
        image_template=segment.image_template[image],
        image_finger=segment.image_finger[image],
        image_positions=segment.image_positions[image],
        record_at=_shorter(segment.record_at, image),
        records=_chosen(segment.records, segment.record_at, image),
        template_at=_shorter(segment.template_at, mask),
        marks=segment.marks.reshape(-1, MARK)[template].ravel(),
        cold_at=_shorter(segment.cold_at, template),
        cold=_chosen(segment.cold, segment.cold_at, template),
        crc=segment.crc[mask],
    )


def only(segment: Segment, place: int) -> Segment:
    """A copy of one subject alone."""
    mask = np.zeros(len(segment), dtype=np.bool_)
    mask[place] = True
    return kept(segment, mask)


def extended(one: Segment, more: Segment) -> Segment:
    """The segment of one subject, with the templates of another segment of the same subject after theirs.

    Raises:
        TemplateError: there are then too many.
    """
    if int(one.template_at[-1]) + int(more.template_at[-1]) > MOST_TEMPLATES:
        raise TemplateError(f"A gallery keeps at most {MOST_TEMPLATES:,} templates of one subject.")
    both = joined([one, more])
    later = more.image_template + np.uint16(one.template_at[-1])
    whole = replace(
        both,
        name_at=one.name_at,
        names=one.names,
        owner=tuple(np.zeros_like(owner) for owner in both.owner),
        image_at=both.image_at[[0, -1]],
        image_template=np.concatenate([one.image_template, later]),
        template_at=both.template_at[[0, -1]],
        crc=np.zeros(1, "<u4"),
        _index={},
    )
    return replace(whole, crc=np.array([zlib.crc32(whole.content_bytes(0))], "<u4"))


def joined(parts: Sequence[Segment]) -> Segment:
    """One segment of several, in their order; a copy."""
    base = np.cumsum([0, *(len(part) for part in parts)]).astype(np.uint32)
    owners = [
        [(part.owner[i] + base[k]).astype("<u4") for k, part in enumerate(parts)]
        for i in range(len(POSITIONS))
    ]
    return Segment(
        name_at=_longer([part.name_at for part in parts]),
        names=np.concatenate([part.names for part in parts]),
        owner=tuple(np.concatenate(one) for one in owners),
        rows=tuple(np.concatenate([part.rows[i] for part in parts]) for i in range(len(POSITIONS))),
        image_at=_longer([part.image_at for part in parts]),
        image_template=np.concatenate([part.image_template for part in parts]),
        image_finger=np.concatenate([part.image_finger for part in parts]),
        image_positions=np.concatenate([part.image_positions for part in parts]),
        record_at=_longer([part.record_at for part in parts]),
        records=np.concatenate([part.records for part in parts]),
        template_at=_longer([part.template_at for part in parts]),
        marks=np.concatenate([part.marks for part in parts]),
        cold_at=_longer([part.cold_at for part in parts]),
        cold=np.concatenate([part.cold for part in parts]),
        crc=np.concatenate([part.crc for part in parts]),
    )


def _blob(pieces: Sequence[bytes]) -> U8:
    return np.frombuffer(b"".join(pieces), np.uint8)


def _ends(pieces: Sequence[bytes], kind: str) -> NDArray[Any]:
    return np.cumsum([0, *(len(piece) for piece in pieces)]).astype(kind)


def _shorter(at: NDArray[Any], mask: Mask) -> NDArray[Any]:
    return np.concatenate([[0], np.cumsum(np.diff(at)[mask], dtype=np.int64)]).astype(at.dtype)


def _chosen(blob: U8, at: NDArray[Any], mask: Mask) -> U8:
    return np.asarray(blob[np.repeat(mask, np.diff(at).astype(np.int64))])


def _longer(ats: Sequence[NDArray[Any]]) -> NDArray[Any]:
    lengths = np.concatenate([np.diff(at) for at in ats]).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    if int(ends[-1]) > np.iinfo(ats[0].dtype).max:
        raise TemplateError("These subjects' templates are more than one segment of a gallery holds.")
    return ends.astype(ats[0].dtype)
