# SPDX-License-Identifier: Apache-2.0
"""Identify, in plain NumPy: one person's probe against galleries, with candidates, evidence and a band.

The story is `identify`: every gallery is screened; the survivors' first fingers are compared exactly; the
best of them are compared on all fingers; what follows from the sums is decided in `deciding`. The same probe,
galleries and parameters give the same answer. `fast` tells the same story with native code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sluicegate.ridge.compare import compare_built
from sluicegate.ridge.cylinders import Cylinders
from sluicegate.ridge.deciding import (
    Asked,
    Band,
    Candidate,
    Search,
    Work,
    answers,
    band_of,
    candidate_from,
    is_promising,
)
from sluicegate.ridge.fusion import FingerMatch, Pairing, by_position, fused, pairings, together
from sluicegate.ridge.gallery import Gallery, Snapshot
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.screen import built
from sluicegate.ridge.template import Template, digest, encode

__all__ = [
    "Band",
    "Candidate",
    "Engine",
    "NullEngine",
    "PlainEngine",
    "Search",
    "Work",
    "classify",
    "identify",
]

ENGINE = "sluicegate-plain-1"


class Engine(Protocol):
    """Searches galleries. May be called from any thread at once; holds no state between calls."""

    @property
    def name(self) -> str:
        """Names the method and its numbers, so that the search can be repeated."""

    def identify(self, probe: Template, galleries: Sequence[Gallery], *, limit: int = 20) -> Search:
        """The at most `limit` likeliest subjects of all the galleries together.

        Raises:
            TemplateError: a gallery was made by another extractor than the probe.
        """

    def classify(self, search: Search) -> Band:
        """What this engine's thresholds say of a search that it made."""


@dataclass(frozen=True, slots=True)
class PlainEngine:
    """The engine in plain NumPy; the reference that faster ones are compared with."""

    parameters: Parameters

    @property
    def name(self) -> str:
        return _engine_name(self.parameters)

    def identify(self, probe: Template, galleries: Sequence[Gallery], *, limit: int = 20) -> Search:
        return identify(probe, galleries, self.parameters, limit=limit)

    def classify(self, search: Search) -> Band:
        return classify(search, self.parameters)


@dataclass(frozen=True, slots=True)
class NullEngine:
    """Finds only subjects enrolled with exactly the probe's template, byte for byte.

    It compares no fingers. It exists to measure the pipeline around a search, with the null extractor.
    """

    @property
    def name(self) -> str:
        return "sluicegate-null"

    def identify(self, probe: Template, galleries: Sequence[Gallery], *, limit: int = 20) -> Search:
        mark = digest(encode(probe))
        snapshots = [gallery.snapshot() for gallery in galleries]
        where: dict[str, int] = {}
        for index, snapshot in enumerate(snapshots):
            for subject in snapshot.holders(mark):
                where.setdefault(subject, index)
        candidates = tuple(
            Candidate(subject, 1.0, {}, {}, {}, rank, where[subject], ("same template",))
            for rank, subject in enumerate(sorted(where)[:limit], start=1)
        )
        return Search(candidates, self.name, tuple(s.version for s in snapshots))

    def classify(self, search: Search) -> Band:
        return Band.ACCEPT if len(search.candidates) == 1 else Band.GREY if search.candidates else Band.NONE


def identify(
    probe: Template, galleries: Sequence[Gallery], parameters: Parameters, limit: int = 20
) -> Search:
    """The at most `limit` likeliest subjects; one enrolled in several galleries is named once, at their best.

    Raises:
        TemplateError: a gallery was made by another extractor than the probe.
        UsageError: `limit` is less than 1.
    """
    snapshots = [gallery.snapshot() for gallery in galleries]
    work = Work()

    def searched(asked: Sequence[Asked], most: int, least: int) -> list[list[Candidate]]:
        nonlocal work
        found: list[list[Candidate]] = []
        for one in asked:
            candidates, done = _searched(one.probe, snapshots, parameters, limit=most, least=least)
            work += done
            found.append(candidates)
        return found

    (candidates,) = answers([probe], searched, parameters, limit=limit, keep=parameters.screen.keep)
    return Search(candidates, _engine_name(parameters), tuple(s.version for s in snapshots), work)


def classify(search: Search, parameters: Parameters) -> Band:
    """What the thresholds for the number of fingers compared say: see `deciding.band_of`."""
    return band_of(search.candidates, parameters)


def _engine_name(parameters: Parameters) -> str:
    return f"{ENGINE}+{parameters.digest()[:12]}"


def _searched(
    probe: Template, snapshots: Sequence[Snapshot], parameters: Parameters, *, limit: int, least: int
) -> tuple[list[Candidate], Work]:
    """Candidates of all galleries, in no order, and what it took."""
    ours = {i: built(finger, parameters) for i, finger in enumerate(probe.fingers)}
    found: list[Candidate] = []
    work = Work()
    for index, snapshot in enumerate(snapshots):
        keep = max(least, round(parameters.screen.share * len(snapshot)))
        survivors = [
            _Faced(probe, ours, subject, snapshot.references(subject), parameters)
            for subject in snapshot.screen(probe, keep=keep)
        ]
        for faced in survivors:
            faced.compare_fingers(parameters.screen.first)
        survivors.sort(key=lambda faced: (-faced.similarity(), faced.subject))
        for place, faced in enumerate(survivors[:limit]):
            if place < parameters.screen.finish or faced.is_promising():
                faced.compare_fingers(None)
                found.append(faced.candidate(index))
        screened = len(by_position(probe)) * len(snapshot) if len(snapshot) > keep else 0
        work += Work(len(snapshot), screened, sum(faced.compared for faced in survivors))
    return found, work


class _Faced:
    """A probe face to face with one subject: fingers are compared when asked for, once."""

    def __init__(
        self,
        probe: Template,
        ours: dict[int, Cylinders],
        subject: str,
        references: Sequence[Template],
        parameters: Parameters,
    ) -> None:
        self.subject = subject
        self.compared = 0
        self._probe = probe
        self._ours = ours
        self._references = references
        self._parameters = parameters
        self._matches: dict[int, FingerMatch] = {}
        self._built: dict[tuple[int, int], Cylinders] = {}
        self._open: dict[int, list[tuple[int, Pairing]]] = {}
        for template, reference in enumerate(references):
            for pairing in pairings(probe, reference):
                self._open.setdefault(pairing.position, []).append((template, pairing))

    def compare_fingers(self, most: int | None) -> None:
        """Compare `most` of the fingers not compared yet, those with most minutiae in the probe first."""
        telling = sorted(self._open, key=lambda p: (-self._minutiae(p), p))
        for position in telling[:most]:
            matches = [self._match(template, pairing) for template, pairing in self._open.pop(position)]
            self._matches[position] = max(matches, key=lambda m: (m.comparison.similarity, -m.template))

    def similarity(self) -> float:
        return fused(together(self._probe, self._matches, self._parameters.fusion.separation))

    def is_promising(self) -> bool:
        return is_promising(self.similarity(), len(self._matches), self._parameters)

    def candidate(self, gallery: int) -> Candidate:
        return candidate_from(self._probe, self.subject, self._matches, gallery, self._parameters)

    def _minutiae(self, position: int) -> int:
        return max(len(self._probe.fingers[pairing.probe].minutiae) for _, pairing in self._open[position])

    def _match(self, template: int, pairing: Pairing) -> FingerMatch:
        reference = self._reference(template, pairing.reference)
        self.compared += 1
        comparison = compare_built(self._ours[pairing.probe], reference, self._parameters.compare)
        return FingerMatch(pairing.probe, template, pairing.reference, comparison)

    def _reference(self, template: int, finger: int) -> Cylinders:
        key = (template, finger)
        if key not in self._built:
            self._built[key] = built(self._references[template].fingers[finger], self._parameters)
        return self._built[key]
