# SPDX-License-Identifier: Apache-2.0
"""Galleries: enrolled subjects, searched coarsely by their cylinders and read for the exact comparison.

A search works on a `Snapshot`, so what it says holds for one version of the gallery, named in its result.
Writers never change an array that a snapshot has seen: enrolling writes rows beyond its end, expunging copies
without the subject's rows. So an expunged subject's templates are gone when the last earlier snapshot is.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from sluicegate.errors import Missing, TemplateError, quoted
from sluicegate.ridge.fusion import POSITIONS
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.screen import Block, rows_of, screen
from sluicegate.ridge.template import Template, digest, encode, require_same


class Snapshot(Protocol):
    """A gallery as it stood at one version; readable from any thread, unchanged by later writes."""

    @property
    def version(self) -> str:
        """Names the state: two snapshots with one version give the same answers."""

    def __len__(self) -> int:
        """How many subjects there are."""

    def screen(self, probe: Template, *, keep: int) -> tuple[str, ...]:
        """Stage 1: at most `keep` subjects worth an exact comparison, the likeliest first.

        Raises:
            TemplateError: the probe was made by another extractor than the gallery.
        """

    def references(self, subject: str) -> tuple[Template, ...]:
        """The subject's templates, oldest first; empty if there is no such subject."""

    def holders(self, template_digest: str) -> tuple[str, ...]:
        """The subjects enrolled with exactly this template, by name."""


class Gallery(Protocol):
    """Where subjects are enrolled. Callable from any thread; a write is visible on return."""

    @property
    def version(self) -> str:
        """Changes with every write: a count and a digest over the history of writes."""

    @property
    def extractor(self) -> tuple[str, str] | None:
        """Extractor and parameters digest of every template here; None while empty of history."""

    def __len__(self) -> int:
        """How many subjects there are."""

    def enrol(self, subject: str, template: Template) -> None:
        """Add a template to a subject, who may be new.

        Raises:
            TemplateError: the template was made by another extractor than the gallery's.
        """

    def expunge(self, subject: str) -> None:
        """Forget a subject and every template of theirs.

        Raises:
            Missing: there is no such subject.
        """

    def replace(self, subject: str, templates: Iterable[Template]) -> None:
        """Put these templates in the place of all the subject has, in one write.

        Raises:
            Missing: there is no such subject. TemplateError: as for `enrol`, or no template is given.
        """

    def snapshot(self) -> Snapshot:
        """The gallery as it stands now."""


@dataclass(frozen=True, slots=True)
class History:
    """All writes to a gallery, in a count and a digest: galleries with one history have one version."""

    writes: int = 0
    digest: str = hashlib.sha256(b"gallery").hexdigest()

    @property
    def version(self) -> str:
        """What a gallery calls its state."""
        return f"{self.writes}-{self.digest[:16]}"

    def after(self, what: str, subject: str, *marks: str) -> History:
        """The history with one write more: what was done, to whom, with the templates of these digests."""
        line = "\0".join((self.digest, what, subject, *marks))
        return History(self.writes + 1, hashlib.sha256(line.encode()).hexdigest())


@dataclass(frozen=True, slots=True, eq=False)
class _Enrolled:
    serial: int
    templates: tuple[Template, ...]
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _MemorySnapshot:
    version: str
    maker: Template | None
    subjects: Mapping[str, _Enrolled]
    names: Mapping[int, str]
    blocks: Mapping[int, Block]
    by_digest: Mapping[str, tuple[str, ...]]
    parameters: Parameters

    def __len__(self) -> int:
        return len(self.subjects)

    def screen(self, probe: Template, *, keep: int) -> tuple[str, ...]:
        if self.maker is None:
            return ()
        require_same(probe, self.maker)
        if len(self.subjects) <= keep:
            return tuple(sorted(self.subjects))
        return screen(probe, self.blocks, self.names, self.parameters, keep=keep)

    def references(self, subject: str) -> tuple[Template, ...]:
        enrolled = self.subjects.get(subject)
        return enrolled.templates if enrolled else ()

    def holders(self, template_digest: str) -> tuple[str, ...]:
        return tuple(sorted(self.by_digest.get(template_digest, ())))


class MemoryGallery:
    """A gallery in this process's memory: about 4 kB a finger, cylinders and minutiae."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._lock = threading.Lock()
        self._subjects: dict[str, _Enrolled] = {}
        self._names: dict[int, str] = {}
        self._blocks = {position: Block.empty(parameters.screen.stored) for position in POSITIONS}
        self._by_digest: dict[str, tuple[str, ...]] = {}
        self._maker: Template | None = None
        self._serial = 0
        self._history = History()
        self._snapshot: _MemorySnapshot | None = None

    @property
    def version(self) -> str:
        with self._lock:
            return self._history.version

    @property
    def extractor(self) -> tuple[str, str] | None:
        with self._lock:
            return (self._maker.extractor, self._maker.parameters) if self._maker else None

    def __len__(self) -> int:
        with self._lock:
            return len(self._subjects)

    def enrol(self, subject: str, template: Template) -> None:
        with self._lock:
            mark = self._checked(template)
            self._add(subject, template, mark)
            self._written("enrol", subject, mark)

    def expunge(self, subject: str) -> None:
        with self._lock:
            self._remove(subject)
            self._written("expunge", subject)

    def replace(self, subject: str, templates: Iterable[Template]) -> None:
        with self._lock:
            given = tuple(templates)
            if not given:
                raise TemplateError("a subject without templates is expunged, not replaced")
            marks = [self._checked(template) for template in given]
            self._remove(subject)
            for template, mark in zip(given, marks, strict=True):
                self._add(subject, template, mark)
            self._written("replace", subject, *marks)

    def snapshot(self) -> Snapshot:
        with self._lock:
            if self._snapshot is None:
                self._snapshot = _MemorySnapshot(
                    version=self._history.version,
                    maker=self._maker,
                    subjects=MappingProxyType(dict(self._subjects)),
                    names=MappingProxyType(dict(self._names)),
                    blocks={position: block.view() for position, block in self._blocks.items()},
                    by_digest=MappingProxyType(dict(self._by_digest)),
                    parameters=self._parameters,
                )
            return self._snapshot

    def _checked(self, template: Template) -> str:
        """The template's digest, once it is known to be whole and of this gallery's extractor."""
        if self._maker is not None:
            require_same(template, self._maker)
        return digest(encode(template))

    def _add(self, subject: str, template: Template, mark: str) -> None:
        before = self._subjects.get(subject)
        if before is None:
            self._serial += 1
            before = _Enrolled(self._serial, (), ())
            self._names[before.serial] = subject
        for position, row in rows_of(template, self._parameters):
            self._blocks[position].append(row, before.serial)
        after = _Enrolled(before.serial, (*before.templates, template), (*before.digests, mark))
        self._subjects[subject] = after
        self._by_digest[mark] = tuple(sorted({*self._by_digest.get(mark, ()), subject}))
        # Only who made it is kept of the first template: not one of its minutiae outlives an expunction.
        self._maker = self._maker or Template(template.extractor, template.parameters, ())

    def _remove(self, subject: str) -> None:
        enrolled = self._subjects.pop(subject, None)
        if enrolled is None:
            raise Missing(f"no subject {quoted(subject)} is enrolled here")
        del self._names[enrolled.serial]
        for block in self._blocks.values():
            block.drop(enrolled.serial)
        for mark in enrolled.digests:
            left = tuple(name for name in self._by_digest.get(mark, ()) if name != subject)
            if left:
                self._by_digest[mark] = left
            else:
                self._by_digest.pop(mark, None)

    def _written(self, what: str, subject: str, *marks: str) -> None:
        self._history = self._history.after(what, subject, *marks)
        self._snapshot = None
