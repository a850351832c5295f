# SPDX-License-Identifier: Apache-2.0
"""What one look at a gallery folder read: the files that the manifest names, and the log followed to its end.

Built aside and taken up whole, so no search ever meets a gallery whose log was followed half way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sluicegate.errors import StoreError
from sluicegate.ridge import gallery_disk as disk
from sluicegate.ridge import gallery_log as log
from sluicegate.ridge import segment_file
from sluicegate.ridge.gallery import History
from sluicegate.ridge.gallery_manifest import MANIFEST, Manifest, log_name, segment_name
from sluicegate.ridge.gallery_packed import PackedSnapshot, Part, changed
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.segment import Mask, Segment
from sluicegate.ridge.template import Template


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """A segment file that is open."""

    head: segment_file.Head
    segment: Segment
    bytes: int


@dataclass(slots=True, eq=False)
class View:
    """A folder as read so far: `end` bytes and `last` entries of the log are in `state`.

    `logged`: the entry that a subject's content lies in, for those in the log. `bodies`: where that is.
    `moved`: for entries that hold a subject anew, where they lay before.
    """

    manifest: Manifest
    files: dict[int, Mapped]
    state: PackedSnapshot
    history: History
    logged: dict[str, int] = field(default_factory=dict)
    bodies: dict[int, tuple[int, int]] = field(default_factory=dict)
    moved: dict[int, log.Out] = field(default_factory=dict)
    end: int = 0
    last: int = 0


def look(folder: Path, parameters: Parameters, form: str, before: View | None) -> View:
    """The folder as it is now, taking over what an earlier look has open.

    Raises:
        Missing, StoreError: a file is gone or damaged, or made with another form or extractor. A reader may
        meet this between two writes of the writer, and looks again.
    """
    manifest = Manifest.from_bytes(disk.read(folder / MANIFEST))
    if manifest.form != form:
        raise StoreError(
            "The gallery was made with other parameters than this program has.",
            advice="Build it anew from the templates.",
        )
    if before is not None and before.manifest == manifest:
        view = replace(
            before, logged=dict(before.logged), bodies=dict(before.bodies), moved=dict(before.moved)
        )
    else:
        view = _opened(folder, parameters, manifest, before.files if before else {})
    if manifest.log:
        _follow(view, disk.read(folder / log_name(manifest.log)))
    return view


def opened(folder: Path, number: int, form: str) -> Mapped:
    """A segment file, mapped; Raises Missing, StoreError."""
    data = disk.mapped(folder / segment_name(number))
    head, segment = segment_file.from_buffer(data)
    if head.form != form:
        raise StoreError("A segment of the gallery was made with other parameters.")
    return Mapped(head, segment, len(data))


def _opened(folder: Path, parameters: Parameters, manifest: Manifest, known: Mapping[int, Mapped]) -> View:
    files = {n: known.get(n) or opened(folder, n, manifest.form) for n in manifest.segments}
    for one in files.values():
        if (one.head.extractor, one.head.parameters) != manifest.maker:
            raise StoreError("A segment of the gallery was made by another extractor than the gallery.")
    maker = Template(*manifest.maker, ()) if manifest.maker else None
    parts = tuple(
        Part(one.segment, _live(one.segment), segment_name(number)) for number, one in files.items()
    )
    state = PackedSnapshot(manifest.history.version, maker, parts, parameters)
    return View(manifest, files, state, manifest.history)


def _live(segment: Segment) -> Mask | None:
    present = segment.present()
    return None if present.all() else present


def _follow(view: View, data: bytes) -> None:
    """Take up what the log has beyond what is known."""
    fresh, view.end = log.entries(data, view.end, view.last)
    for entry in fresh:
        view.last = entry.number
        view.bodies[entry.number] = (entry.at, entry.end)
        if entry.out.moved:
            view.moved[entry.number] = entry.out
        where = _whence(view, entry.out)
        into, maker = None, view.state.maker
        if entry.body:
            head, into = segment_file.from_buffer(np.frombuffer(entry.body, np.uint8))
            maker = maker or Template(head.extractor, head.parameters, ())
            view.logged[into.name(0)] = entry.number
        if entry.writes > view.history.writes:  # else the manifest is younger than this entry
            view.history = History(entry.writes, entry.digest.hex())
        parts = changed(view.state.parts, where, into)
        view.state = PackedSnapshot(view.history.version, maker, parts, view.state.parameters)


def _whence(view: View, out: log.Out) -> tuple[int, int] | None:
    """Where in memory lies what an entry takes out; None where that was never taken up."""
    if out.kind == log.SEGMENT:
        part = list(view.files).index(out.number) if out.number in view.files else -1
        if part < 0 or out.place >= len(view.state.parts[part].segment):
            raise StoreError("The log of the gallery speaks of a subject that is not there.")
        return part, out.place
    name = next((one for one, number in view.logged.items() if number == out.number), None)
    if out.kind == log.NOWHERE or name is None:
        return None
    del view.logged[name]
    return view.state.find(name)
